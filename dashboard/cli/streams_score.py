"""The command ``streams score``: scores of the stars of a window, or of every window of a scan."""

from __future__ import annotations

import argparse
import hashlib
import json
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.cli.output import Output, table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.streams.scores.scan import WindowScores
    from engine.streams.windows import Window

from dashboard.cli.options import add_settings
from dashboard.cli.versions_grammar import add_table

__all__ = ["add_score", "score"]


def add_score(
    kinds: Any,  # noqa: ANN401 - argparse keeps the class of sub-parsers to itself
    command: Callable[..., argparse.ArgumentParser],
) -> None:
    """Add the grammar of ``score`` to the sub-parsers of ``streams``."""
    about = "Score stars: how much more of them a window holds than its background explains."
    parser = command(kinds, "score", about, "streams_score:score")
    parser.add_argument("catalogue", metavar="CATALOGUE", help="an id, a name, or a table file")
    parser.add_argument(
        "--coordinate", required=True, metavar="COLUMN", help="the proper motion that is scanned"
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--window", type=float, nargs=2, metavar=("LOW", "HIGH"))
    what.add_argument("--scan", action="store_true", help="every window of the grid")
    parser.add_argument(
        "--width", type=float, default=6.0, help="of a scan's windows (default: 6)"
    )
    parser.add_argument("--step", type=float, default=1.0, help="of a scan (default: 1)")
    parser.add_argument(
        "--features", required=True, metavar="COLUMN,COLUMN,...", help="what stars are judged by"
    )
    parser.add_argument(
        "--errors",
        default="",
        metavar="COLUMN,...",
        help="measurement errors that join the features as logarithms",
    )
    parser.add_argument(
        "--method", default="cathode", help="anode, cathode, cwola or ideal (default: cathode)"
    )
    parser.add_argument("--label", metavar="COLUMN", help="true for stream stars; for ideal only")
    parser.add_argument(
        "--seeds", type=int, nargs="+", default=[0, 1, 2], metavar="S", help="default: 0 1 2"
    )
    add_settings(parser, "change a setting; may be repeated")
    add_table(parser)
    parser.add_argument("--id", default="source_id", metavar="COLUMN", help="default: source_id")
    parser.add_argument(
        "--out", default="scores.parquet", metavar="FILE", help=".parquet, .csv or .fits"
    )
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="default: 1")


def score(arguments: Namespace, output: Output) -> int:
    """Score the stars of a window or of a scan and write a table."""
    import numpy as np

    from dashboard.cli.progress import ProgressLine
    from dashboard.cli.store import parse_pairs
    from data.errors import UserError
    from engine.device import limit_threads
    from engine.streams.scores.scan import score_windows
    from engine.streams.scores.settings import ScoreSettings
    from engine.streams.scores.table import WRITTEN, write_table
    from engine.streams.windows import Window, windows

    out = Path(arguments.out)
    if out.suffix.lower() not in WRITTEN:
        raise UserError(f"Scores cannot be written as {out.name}.", f"Use {', '.join(WRITTEN)}.")
    if not out.absolute().parent.is_dir():
        raise UserError(f"There is no folder {out.absolute().parent}.", "Make it first.")
    settings = ScoreSettings().changed(parse_pairs("--set", arguments.settings))
    names, columns, label = _columns(arguments)
    coordinate = np.asarray(columns[arguments.coordinate], float)
    features = _features(columns, names, _list(arguments.errors))
    if arguments.scan:
        grid = windows(arguments.coordinate, coordinate, arguments.width, arguments.step)
    else:
        grid = [Window(arguments.coordinate, *arguments.window)]
    parts = _Parts(out, arguments, columns) if arguments.scan else None
    found = parts.read(grid) if parts else {}
    missing = [window for window in grid if window not in found]
    limit_threads(arguments.threads)
    with ProgressLine() as progress:
        for scores in score_windows(
            features,
            [*names, *_list(arguments.errors)],
            coordinate,
            missing,
            method=arguments.method,
            settings=settings,
            seeds=arguments.seeds,
            background=None if label is None else ~label,
            on_progress=progress,
        ):
            found[scores.window] = scores
            if parts:
                parts.keep(scores)
    done = [found[window] for window in grid]
    if not arguments.scan and done[0].reason:
        raise UserError(
            f"The window {done[0].window} cannot be scored: {done[0].reason}.",
            f"{arguments.coordinate} runs from {np.nanmin(coordinate):g} to "
            f"{np.nanmax(coordinate):g}: choose a window that holds more of its stars.",
        )
    write_table(_rows(done, columns.get(arguments.id), scan=arguments.scan), out)
    if parts:
        parts.clear()
    _say(done, out, len(coordinate), arguments, output)
    return 0


def _list(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _columns(
    arguments: Namespace,
) -> tuple[list[str], dict[str, Any], NDArray[np.bool_] | None]:
    """Read what is needed from a file or from the store."""
    import numpy as np

    from data.catalogue.store import CatalogueStore
    from data.errors import UserError
    from data.home import home
    from data.readers import SUFFIXES
    from engine.streams.scores.table import read_catalogue_columns, read_columns

    names = _list(arguments.features)
    if not names:
        raise UserError("No feature is named.", "Use --features phi1,phi2,pm_phi2, for example.")
    if arguments.coordinate in names:
        raise UserError(
            f"{arguments.coordinate} is the coordinate of the windows and a feature at once.",
            "Leave it out of --features: it enters the scores as the condition.",
        )
    label = [arguments.label] if arguments.label else []
    needed = [arguments.coordinate, *names, *_list(arguments.errors), *label]
    path = Path(arguments.catalogue)
    if path.is_file() or path.name.lower().endswith(tuple(SUFFIXES)):
        columns = read_columns(path, needed, arguments.id, arguments.table)
    else:
        catalogue = CatalogueStore(home(arguments.home)).open(arguments.catalogue)
        columns = read_catalogue_columns(catalogue, needed, [arguments.id])
    if arguments.id != "source_id" and arguments.id not in columns:
        raise UserError(f"There is no column {arguments.id} to name stars by.", "Check --id.")
    if arguments.method == "ideal" and not label:
        raise UserError(
            "The idealised detector needs to know which stars belong to the stream.",
            "Name the column with --label, or choose another method.",
        )
    if not label:
        return names, columns, None
    values = np.asarray(columns[arguments.label], float)
    return names, columns, np.nan_to_num(values) > 0.5


def _features(columns: dict[str, Any], names: list[str], errors: list[str]) -> NDArray[np.float64]:
    """Put features and the logarithms of errors side by side, (N, F)."""
    import numpy as np

    parts = [np.asarray(columns[name], float) for name in names]
    for name in errors:
        values = np.asarray(columns[name], float)
        parts.append(np.log(np.where(values > 0, values, np.nan)))
    return np.stack(parts, 1)


def _rows(done: list[WindowScores], ids: Any, *, scan: bool) -> dict[str, Any]:  # noqa: ANN401
    """Make the table that is written: the contract's columns, and the window in a scan."""
    import numpy as np

    index = np.concatenate([scores.index for scores in done])
    rows: dict[str, Any] = {
        "source_id": index if ids is None else ids[index],
        "log_r": np.concatenate([scores.log_r for scores in done]),
        "log_r_sd": np.concatenate([scores.log_r_sd for scores in done]),
        "n_seeds": np.concatenate(
            [np.full(len(scores.index), scores.n_seeds, np.int32) for scores in done]
        ),
    }
    if scan:
        for name in ("low", "high"):
            edges = [np.full(len(s.index), getattr(s.window, name)) for s in done]
            rows[f"window_{name}"] = np.concatenate(edges)
    return rows


def _say(
    done: list[WindowScores], out: Path, rows: int, arguments: Namespace, output: Output
) -> None:
    each = [
        {
            "low": scores.window.low,
            "high": scores.window.high,
            "stars": len(scores.index),
            "skipped": scores.reason,
            "highest_log_r": round(float(scores.log_r.max()), 4) if len(scores.index) else None,
            "seconds": round(scores.seconds, 2),
        }
        for scores in done
    ]
    told = {
        "file": str(out.absolute()),
        "method": arguments.method,
        "coordinate": arguments.coordinate,
        "rows": sum(len(scores.index) for scores in done),
        "table_rows": rows,
        "seeds": list(arguments.seeds),
        "windows": each,
    }
    text = table(each, "No window.") + f"\n{told['rows']:,} scores in {out}"
    output.result(told, text)


class _Parts:
    """Scores of single windows beside the result, so that a scan that was stopped goes on."""

    def __init__(self, out: Path, arguments: Namespace, columns: dict[str, Any]) -> None:
        import numpy as np

        keys = ["coordinate", "features", "errors", "method", "label", "seeds", "settings"]
        keys += ["width", "step"]
        digest = hashlib.sha256(
            json.dumps({key: getattr(arguments, key) for key in keys}).encode()
        )
        for name, values in sorted(columns.items()):
            plain = np.ma.filled(values) if np.ma.isMaskedArray(values) else values
            content = repr(plain.tolist()).encode() if plain.dtype == object else plain.tobytes()
            digest.update(name.encode() + content)
        self.folder = out.with_name(f".{out.name}.{digest.hexdigest()[:16]}.parts")

    def _path(self, window: Window) -> Path:
        return self.folder / f"{window.low:+.6f}.npz"

    def keep(self, scores: WindowScores) -> None:
        """Write one window, whole or not at all."""
        import numpy as np

        self.folder.mkdir(exist_ok=True)
        building = self.folder / "building.npz"
        np.savez(
            building,
            index=scores.index,
            by_seed=scores.by_seed,
            log_r=scores.log_r,
            log_r_sd=scores.log_r_sd,
            n_seeds=scores.n_seeds,
            reason=scores.reason,
            seconds=scores.seconds,
        )
        building.replace(self._path(scores.window))

    def read(self, grid: list[Window]) -> dict[Window, WindowScores]:
        """Give the windows that were done before."""
        import zipfile

        import numpy as np

        from engine.streams.scores.scan import WindowScores

        found = {}
        for window in grid:
            try:
                with np.load(self._path(window), allow_pickle=False) as kept:
                    found[window] = WindowScores(
                        window=window,
                        index=kept["index"],
                        log_r=kept["log_r"],
                        log_r_sd=kept["log_r_sd"],
                        n_seeds=int(kept["n_seeds"]),
                        by_seed=kept["by_seed"],
                        reason=str(kept["reason"]),
                        seconds=float(kept["seconds"]),
                    )
            except (OSError, KeyError, ValueError, zipfile.BadZipFile):
                continue  # not done yet, or damaged: scored again
        return found

    def clear(self) -> None:
        """Remove the parts: the result is there."""
        import shutil

        shutil.rmtree(self.folder, ignore_errors=True)
