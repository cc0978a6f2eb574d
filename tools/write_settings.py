"""Write ``docs/settings.md`` from the requests and settings as they are declared.

``python tools/write_settings.py`` writes the page; a test compares it with what is declared.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from data.declared import Declared, FieldRow, field_rows  # noqa: E402 - the root goes first
from data.declared.describe import in_words  # noqa: E402
from engine.mapping.presets import PRESET_SENTENCES, PRESETS, MapSettings  # noqa: E402
from engine.runs.kinds import KINDS  # noqa: E402
from engine.streams.scores.settings import ScoreSettings  # noqa: E402
from engine.streams.settings import SearchSettings  # noqa: E402

PAGE = ROOT / "docs" / "settings.md"
_HEAD = """\
# Settings and requests

What each kind of run can be asked for, as the program checks it. This page is written by
`tools/write_settings.py` from the declarations in the code.

Settings are changed with `--set KEY=VALUE` on the command line and in the field *Settings* of a
page; `none` switches off what may be none.
"""


def settings_rows() -> Iterator[str]:
    """Give the rows of the guide's table of a map's settings: name, values, meaning."""
    for row in field_rows(MapSettings):
        values = [in_words(getattr(settings, row.name)) for settings in PRESETS.values()]
        unit = f", {row.unit}" if row.unit else ""
        yield f"| `{row.name}` | {' | '.join(values)} | {row.sentence}{unit} |"


def settings_page() -> str:
    """Give the whole page."""
    parts = [_HEAD, "## Settings of a map\n", "Presets:\n"]
    parts += [f"* `{name}`: {sentence}" for name, sentence in PRESET_SENTENCES.items()]
    names = list(PRESETS)
    parts += [
        "",
        f"| setting | {' | '.join(names)} | meaning |",
        "|---" * (len(names) + 2) + "|",
        *settings_rows(),
        "",
        "## Settings of a search for streams",
    ]
    for title, model in (
        ("Cuts, lines and candidates", SearchSettings),
        ("Scores", ScoreSettings),
    ):
        parts += ["", f"### {title}", "", *_table(model)]
    parts += [
        "",
        "## Requests",
        "",
        "The spec of a run in `run.json`, and what `engine.runs.submit` takes beside `kind`.",
    ]
    for name, kind in KINDS.items():
        request = kind.model()
        if request is not None:
            parts += ["", f"### `{name}`", "", *_table(request)]
    return "\n".join(parts) + "\n"


def _table(model: type[Declared]) -> Iterator[str]:
    yield "| name | default | what it must be | meaning |"
    yield "|---|---|---|---|"
    for row in field_rows(model):
        cells = [f"`{row.name}`", _default(row), row.requirement, row.sentence]
        yield f"| {_cells(cells)} |"


def _default(row: FieldRow) -> str:
    if row.required:
        outer, _, _ = row.name.rpartition(".")
        return f"(required in `{outer}`)" if outer else "(required)"
    text = in_words(row.default)
    return f"`{text}`" if text else ""


def _cells(cells: Sequence[str]) -> str:
    return " | ".join(cell.replace("|", "\\|") for cell in cells)


if __name__ == "__main__":
    PAGE.write_text(settings_page(), encoding="utf-8")
