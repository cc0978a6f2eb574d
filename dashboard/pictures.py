"""What Explore and Tracers show: masks and images, counted off the event loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dashboard.policy.brushes import SKY, outlines
from dashboard.policy.panels import PRESETS, axis_label, opening_range
from dashboard.rasters import RasterCache
from dashboard.views.phase_space import Frame, Panel, counts, panel_columns, weights
from data.derived import DERIVED, available
from data.derived import column as column_of
from data.selection import mask as mask_of
from data.selection import selection_hash

if TYPE_CHECKING:
    from data.store import Catalogue

__all__ = ["Look", "Picture", "all_columns", "draw", "equalise", "selection_mask", "unit_of"]

#: Pixels along a cell's side for catalogues of at least so many stars: cells of one pixel show
#: the noise of a small catalogue, large cells blur a big one.
CELLS = ((10_000_000, 1), (1_000_000, 2), (60_000, 3), (0, 4))

Tree = dict[str, Any] | None


@dataclass(frozen=True)
class Look:
    """What one panel looks at: axes, size, and ranges where the user has chosen them."""

    axes: tuple[str, str]
    width: int = 420
    height: int = 320
    ranges: tuple[tuple[float, float], tuple[float, float]] | None = None


@dataclass
class Picture:
    """All panels of one selection, and how many stars it keeps."""

    panels: list[Panel]
    selected: int
    selected_6d: int


def all_columns(catalogue: Catalogue) -> list[str]:
    """List the columns that an axis can show: stored numbers and what can be derived."""
    derived = list(available(catalogue))
    hidden = {"has_6d", "not_6d_reason", "source_id"}
    stored = [name for name in catalogue.columns if name not in hidden | set(derived)]
    return derived + stored


def unit_of(catalogue: Catalogue, name: str) -> str:
    """Give the unit of a column, stored or derived."""
    if name in DERIVED and name in available(catalogue):
        return DERIVED[name][0].unit
    return catalogue.columns[name].unit if catalogue.has(name) else ""


def selection_mask(cache: RasterCache, catalogue: Catalogue, tree: Tree) -> np.ndarray:
    """Give the mask of a selection, shape (n_rows,), evaluated once for all sessions."""
    key = ("mask", catalogue.id, selection_hash(tree))
    return cache.get(key, lambda: mask_of(tree, catalogue))


def draw(cache: RasterCache, catalogue: Catalogue, tree: Tree, looks: Sequence[Look]) -> Picture:
    """Count the stars of a selection for several panels.

    Parameters
    ----------
    cache
        Shared by all sessions; keys are ids, hashes and ranges.
    catalogue, tree
        Whose stars, and which.
    looks
        What each panel looks at.

    Raises
    ------
    UserError
        If the selection or an axis names a column that the catalogue does not have.
    """
    mask = selection_mask(cache, catalogue, tree)
    panels = [_panel(cache, catalogue, tree, look) for look in looks]
    with_6d = _six(catalogue)
    return Picture(panels, int(mask.sum()), int((mask & with_6d).sum()))


def _six(catalogue: Catalogue) -> np.ndarray:
    if catalogue.has("has_6d"):
        return catalogue.column("has_6d").astype(bool, copy=False)
    return np.ones(catalogue.n_rows, dtype=bool)


def _panel(cache: RasterCache, catalogue: Catalogue, tree: Tree, look: Look) -> Panel:
    frame = _frame(cache, catalogue, look)
    everything = _counts(cache, catalogue, None, look.axes, frame)
    selected = everything if tree is None else _counts(cache, catalogue, tree, look.axes, frame)
    labels = tuple(axis_label(name, unit_of(catalogue, name)) for name in look.axes)
    return Panel(
        frame,
        selected,
        None if tree is None else everything,
        outlines(tree, look.axes, (frame.x, frame.y)),
        labels,  # type: ignore[arg-type]  two axes, two labels
        is_sky=look.axes == SKY,
    )


def _frame(cache: RasterCache, catalogue: Catalogue, look: Look) -> Frame:
    """Give the ranges of a look, and as many cells as its pixels and the stars allow."""
    cell = next(size for stars, size in CELLS if catalogue.n_rows >= stars)
    frame = _ranged(cache, catalogue, look)
    return replace(frame, width=max(look.width // cell, 8), height=max(look.height // cell, 8))


def _ranged(cache: RasterCache, catalogue: Catalogue, look: Look) -> Frame:
    if look.ranges is not None:
        return Frame(*look.ranges, look.width, look.height)
    key = ("range", catalogue.id, look.axes)
    x, y = cache.get(
        key, lambda: opening_range(look.axes, lambda name: column_of(catalogue, name))
    )
    frame = Frame((x[0], x[1]), (y[0], y[1]), look.width, look.height)
    preset = next((p for p in PRESETS if p.axes == look.axes), None)
    return equalise(frame) if preset is not None and preset.equal else frame


def equalise(frame: Frame) -> Frame:
    """Widen one range so that a unit is as long in x as in y."""
    per_pixel = max(
        (frame.x[1] - frame.x[0]) / frame.width, (frame.y[1] - frame.y[0]) / frame.height
    )
    x_middle, y_middle = sum(frame.x) / 2, sum(frame.y) / 2
    half_x, half_y = per_pixel * frame.width / 2, per_pixel * frame.height / 2
    return replace(
        frame,
        x=(x_middle - half_x, x_middle + half_x),
        y=(y_middle - half_y, y_middle + half_y),
    )


def _counts(
    cache: RasterCache, catalogue: Catalogue, tree: Tree, axes: tuple[str, str], frame: Frame
) -> np.ndarray:
    selection = selection_hash(tree)
    key = ("counts", catalogue.id, selection, axes, frame)

    def count() -> np.ndarray:
        x, y = _plane(cache, catalogue, axes)
        weight = None
        if tree is not None:
            mask = selection_mask(cache, catalogue, tree)
            weight = cache.get(("weight", catalogue.id, selection), lambda: weights(mask))
        return counts(x, y, frame, weight)

    return cache.get(key, count)


def _plane(
    cache: RasterCache, catalogue: Catalogue, axes: tuple[str, str]
) -> tuple[np.ndarray, np.ndarray]:
    x, y = (column_of(catalogue, name) for name in axes)
    if axes != SKY:
        return x, y
    key = ("sky", catalogue.id)
    return cache.get(key, lambda: panel_columns(x, y, is_sky=True), size=8 * catalogue.n_rows)
