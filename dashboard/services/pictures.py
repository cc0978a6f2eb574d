"""What Explore and Tracers show: selections and images, made off the event loop.

A changed cut costs the evaluation of what is new in it and one walk over the stars for all
panels together; images of all stars, which stand behind as context, change with the frame alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dashboard.policy.brushes import outlines
from dashboard.policy.panels import (
    axis_label,
    colour_words,
    default_axes,
    opening_range,
    points_down,
)
from dashboard.services.rasters import RasterCache
from dashboard.session.panel_view import Look, equalise, has_equal_axes, look_of, resized
from dashboard.views import sky
from dashboard.views.binning import Binned, Plane, fill
from dashboard.views.phase_space import Frame, Panel, Ranges
from data.columns.derived import available, described
from data.columns.derived import column as column_of
from data.selection import selection_hash
from data.selection.masks import Bits, count_bits, to_bits

if TYPE_CHECKING:
    from data.catalogue.store import Catalogue

__all__ = ["Look", "Picture", "all_columns", "draw", "equalise", "has_column", "has_equal_axes",
           "has_velocities", "look_of", "opening_axes", "resized", "unit_of",
           "units_of"]  # fmt: skip

#: Pixels along a cell's side for catalogues of at least so many stars: cells of one pixel show
#: the noise of a small catalogue, large cells blur a big one.
CELLS = ((10_000_000, 1), (1_000_000, 2), (60_000, 3), (0, 4))
#: Pixels along a cell's side where it shows a mean or a spread, which takes some stars.
VALUE_CELLS = ((10_000_000, 2), (1_000_000, 4), (60_000, 6), (0, 10))

#: Share of the stars with position and velocity below which a catalogue opens with what is
#: observed, and stars that this is looked up for.
_ENOUGH_6D, _SAMPLE = 0.02, 100_000

Tree = dict[str, Any] | None


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


def has_column(catalogue: Catalogue, name: object) -> bool:
    """Say whether a name from a document is a column here, stored or derived."""
    return isinstance(name, str) and (
        catalogue.has(name) or described(catalogue, name) is not None
    )


def unit_of(catalogue: Catalogue, name: str) -> str:
    """Give the unit of a column, stored or derived."""
    way = described(catalogue, name)
    if way is not None:
        return way.unit
    return catalogue.columns[name].unit if catalogue.has(name) else ""


def units_of(catalogue: Catalogue | None) -> dict[str, str]:
    """Give the unit of each stored column, for captions; none where there is no catalogue."""
    if catalogue is None:
        return {}
    return {name: unit_of(catalogue, name) for name in catalogue.columns}


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
    frames = [_frame(cache, catalogue, look) for look in looks]
    bits = None if tree is None else cache.masks.bits(tree, catalogue)
    everyone = [replace(look, statistic="count", value=None) for look in looks]
    everything = _binned(cache, catalogue, None, "all", everyone, frames)
    selected = _binned(cache, catalogue, bits, selection_hash(tree), looks, frames)
    panels = [
        replace(
            _panel(catalogue, tree, look, frame, kept, context), home=_home(cache, catalogue, look)
        )
        for look, frame, kept, context in zip(looks, frames, selected, everything, strict=True)
    ]
    six = _six(cache, catalogue)
    if bits is None:
        return Picture(panels, catalogue.n_rows, count_bits(six))
    return Picture(panels, count_bits(bits), count_bits(np.bitwise_and(bits, six)))


def opening_axes(catalogue: Catalogue) -> list[dict[str, Any]]:
    """Choose the panels with which a catalogue opens, by what is known of its stars."""
    return default_axes(all_columns(catalogue), six_d=has_velocities(catalogue))


def has_velocities(catalogue: Catalogue) -> bool:
    """Tell whether more than a few stars of a catalogue have a position and a velocity."""
    if not catalogue.has("has_6d"):
        return True
    known = catalogue.column("has_6d")[:: max(1, catalogue.n_rows // _SAMPLE)]
    return len(known) > 0 and float(np.mean(known)) >= _ENOUGH_6D


def _six(cache: RasterCache, catalogue: Catalogue) -> Bits:
    """Give the stars with position and velocity, as bits."""

    def make() -> Bits:
        if catalogue.has("has_6d"):
            return to_bits(catalogue.column("has_6d").astype(bool, copy=False))
        return to_bits(np.ones(catalogue.n_rows, dtype=bool))

    return cache.get(("six", catalogue.id), make)


def _panel(
    catalogue: Catalogue, tree: Tree, look: Look, frame: Frame, kept: Binned, context: Binned
) -> Panel:
    labels = tuple(axis_label(name, unit_of(catalogue, name)) for name in look.axes)
    shown = look.shown
    unit = unit_of(catalogue, shown) if shown else ""
    # The context of a mean: its cells may have stars that do not have the quantity.
    alone = tree is None and shown is None
    return Panel(
        frame,
        context.count if alone else kept.count,
        None if alone else context.count,
        outlines(tree, look.axes, (frame.x, frame.y), on_sky=look.on_sky),
        labels,  # type: ignore[arg-type]  two axes, two labels
        is_sky=look.on_sky,
        value=None if shown is None else kept.mean if look.statistic == "mean" else kept.spread,
        down=points_down(look.axes[1]) and not look.on_sky,
        words=colour_words(look.statistic, shown, unit),
    )


def _frame(cache: RasterCache, catalogue: Catalogue, look: Look) -> Frame:
    """Give the ranges of a look, and as many cells as its pixels and the stars allow."""
    sizes = CELLS if look.shown is None else VALUE_CELLS
    cell = next(size for stars, size in sizes if catalogue.n_rows >= stars)
    frame = _ranged(cache, catalogue, look)
    return replace(frame, width=max(look.width // cell, 8), height=max(look.height // cell, 8))


def _ranged(cache: RasterCache, catalogue: Catalogue, look: Look) -> Frame:
    if look.ranges is not None:
        return Frame(*look.ranges, look.width, look.height)
    key = ("range", catalogue.id, look.axes, look.on_sky)
    x, y = cache.get(
        key,
        lambda: opening_range(
            look.axes, lambda name: column_of(catalogue, name), on_sky=look.on_sky
        ),
    )
    frame = Frame((x[0], x[1]), (y[0], y[1]), look.width, look.height)
    return equalise(frame) if has_equal_axes(look) else frame


def _home(cache: RasterCache, catalogue: Catalogue, look: Look) -> Ranges:
    """Give the ranges with which a panel of this size opens."""
    frame = _ranged(cache, catalogue, replace(look, ranges=None))
    return frame.x, frame.y


def _binned(
    cache: RasterCache,
    catalogue: Catalogue,
    bits: Bits | None,
    selection: str,
    looks: Sequence[Look],
    frames: Sequence[Frame],
) -> list[Binned]:
    """Give the cells of all panels; those that are not held are filled in one walk."""
    keys = [
        ("cells", catalogue.id, selection, look.axes, look.on_sky, look.shown, frame)
        for look, frame in zip(looks, frames, strict=True)
    ]
    found = {key: cache.peek(key) for key in keys}
    wanted = {
        key: _plane(cache, catalogue, look, frame)
        for key, look, frame in zip(keys, looks, frames, strict=True)
        if found[key] is None
    }
    if wanted:
        made = fill(list(wanted.values()), catalogue.n_rows, bits)
        for key, binned in zip(wanted, made, strict=True):
            found[key] = cache.get(key, lambda binned=binned: binned, size=binned.nbytes)
    return [found[key] for key in keys]


def _plane(cache: RasterCache, catalogue: Catalogue, look: Look, frame: Frame) -> Plane:
    if look.on_sky:
        key = ("sky", catalogue.id, look.axes)
        x, y = cache.get(
            key,
            lambda: sky.plane_columns(*(column_of(catalogue, name) for name in look.axes)),
            size=8 * catalogue.n_rows,
        )
    else:
        x, y = (column_of(catalogue, name) for name in look.axes)
    value = None if look.shown is None else column_of(catalogue, look.shown)
    return Plane(x, y, frame.x, frame.y, (frame.height, frame.width), value)
