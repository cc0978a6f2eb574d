"""How figures for papers are drawn: matplotlib without a screen, one at a time."""

from __future__ import annotations

import textwrap
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

__all__ = ["DPI", "FIGURE_FORMATS", "drawing", "finish", "printable", "save_figure"]

FIGURE_FORMATS = ("png", "svg", "pdf")

DPI = 300
"""Of PNG files, and of the raster layers inside the vector axes of the others."""

_RC = {
    "font.size": 8.0,
    "axes.titlesize": 8.5,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "legend.frameon": False,
    "svg.fonttype": "none",  # text stays text, to be edited and searched
    "pdf.fonttype": 42,
    "svg.hashsalt": "via-obscura",  # the same figure is the same file
}
_LINE_HEIGHT = 0.145
"""Height of a line of the caption, inches."""

_lock = threading.Lock()  # matplotlib's settings belong to the whole process


@contextmanager
def drawing() -> Iterator[None]:
    """Draw with the settings of a paper; one at a time."""
    with _lock, mpl.rc_context(_RC), warnings.catch_warnings():
        # A name may have letters that the font lacks; they become boxes.
        warnings.filterwarnings("ignore", message="Glyph")
        yield


def save_figure(draw: Callable[[], Figure], path: Path, title: str, form: str) -> None:
    """Draw a figure and write it.

    Parameters
    ----------
    draw
        Makes the figure, with the settings of a paper.
    path
        The file.
    title
        Goes into the metadata of the file.
    form
        One of `FIGURE_FORMATS`.
    """
    title = printable(title)
    # The date would make every file another one.
    metadata: dict[str, dict[str, str | None]] = {
        "png": {"Title": title, "Software": "Via Obscura"},
        "svg": {"Title": title, "Creator": "Via Obscura", "Date": None},
        "pdf": {"Title": title, "Creator": "Via Obscura", "CreationDate": None},
    }
    with drawing():
        draw().savefig(path, format=form, dpi=DPI, metadata=metadata[form])


def finish(figure: Figure, title: str, caption: str) -> None:
    """Write the caption below the axes, as wide as the figure, and make room for it.

    Parameters
    ----------
    figure
        With constrained layout; its height grows by that of the caption.
    title
        Above the axes; ours, not escaped.
    caption
        May hold text from outside: nothing in it has a meaning.
    """
    width, height = figure.get_size_inches()
    lines = textwrap.wrap(printable(caption), int(width * 17.5)) or [""]
    room = _LINE_HEIGHT * len(lines) + 0.15
    figure.set_size_inches(width, height + room)
    share = room / (height + room)
    figure.get_layout_engine().set(rect=(0, share, 1, 1 - share))
    figure.suptitle(title, fontsize=10)
    figure.text(
        0.12 / width,
        share - 0.05 / (height + room),
        "\n".join(lines),
        va="top",
        fontsize=7,
        color="#444444",
        linespacing=1.25,
        parse_math=False,
    )


def printable(text: str) -> str:
    """Give text in one line without characters that no file can hold."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
