"""The same four panels by other means; a part of ``benchmarks/explore.py``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.explore_ours import SAMPLE, resident

__all__ = ["link_selections", "vaex"]

PANELS = (("x", "y"), ("R", "z"), ("v_R", "v_phi"), ("sky_x", "sky_y"))
_SIZE = {"width": 420, "height": 320}


def _columns(home: Path, name: str) -> dict[str, Any]:
    """Give the columns of the panels and of the cuts, as a user would have them in memory."""
    from dashboard.views import sky
    from data.catalogue.store import CatalogueStore
    from data.columns.derived import column

    catalogue = CatalogueStore(home).open(name)
    wanted = {n: np.asarray(column(catalogue, n)) for n in ("x", "y", "R", "z", "v_R", "v_phi")}
    plane = sky.plane_columns(column(catalogue, "l"), column(catalogue, "b"))
    return wanted | dict(zip(("sky_x", "sky_y"), plane, strict=True))


def _bounds(rng: np.random.Generator) -> tuple[str, float, float]:
    name = str(rng.choice(["x", "y", "R", "z", "v_R", "v_phi"]))
    low, high = SAMPLE[name]
    length = (high - low) * rng.uniform(0.2, 0.8)
    start = rng.uniform(low, high - length)
    return name, float(start), float(start + length)


def link_selections(
    home: Path, name: str, number: int, rng: np.random.Generator
) -> dict[str, Any]:
    """Draw the panels through HoloViews' ``link_selections`` on a pandas frame, rasterised.

    The clock runs from the new selection to the new images in the Bokeh figures, as for ours.
    Ranges are given and the cuts are single ranges, which is the kindest case.
    """
    import holoviews as hv
    import pandas as pd
    from holoviews.operation.datashader import rasterize
    from holoviews.selection import link_selections as linker

    hv.extension("bokeh", logo=False)
    frame = pd.DataFrame(_columns(home, name), copy=False)
    links = linker.instance()
    panels = []
    for x, y in PANELS:
        span = {
            axis: tuple(float(v) for v in np.nanquantile(frame[axis].iloc[::1000], [0.001, 0.999]))
            for axis in (x, y)
        }
        points = hv.Points(frame, kdims=[x, y])
        cells = rasterize(points, x_range=span[x], y_range=span[y], dynamic=True, **_SIZE)
        panels.append(links(cells))
    begun = time.perf_counter()
    layout = hv.Layout(panels).cols(2)
    plot = hv.renderer("bokeh").get_plot(layout)
    found: dict[str, Any] = {"link_selections_first_s": time.perf_counter() - begun}
    times = []
    for turn in range(number + 1):
        column, low, high = _bounds(rng)
        dim = hv.dim(column)
        before = _images(plot)
        begun = time.perf_counter()
        links.selection_expr = (dim >= low) & (dim <= high)
        taken = time.perf_counter() - begun
        changed = sum(a is not b for a, b in zip(before, _images(plot), strict=True))
        assert changed >= len(PANELS), f"{changed} images changed by themselves"
        if turn:  # the first cut compiles
            times.append(taken)
    found["link_selections_cut_s"] = float(np.median(times))
    found["link_selections_all_s"] = [round(t, 3) for t in times]
    found["link_selections_rss_gb"] = resident()["rss_gb"]
    return found


def _images(plot: Any) -> list[Any]:  # noqa: ANN401  a layout that HoloViews has drawn
    from bokeh.models import GlyphRenderer, Image

    drawn = [r for r in plot.state.select({"type": GlyphRenderer}) if isinstance(r.glyph, Image)]
    return [r.data_source.data["image"][0] for r in sorted(drawn, key=lambda r: r.id)]


def vaex(home: Path, name: str, number: int, rng: np.random.Generator) -> dict[str, Any]:
    """Count the same panels with vaex, where it is installed; images only, no figure."""
    try:
        import vaex as engine  # type: ignore[import-not-found]
    except ImportError as error:
        return {"vaex_cut_s": None, "vaex": f"not measured: {error}"}
    columns = _columns(home, name)
    table = engine.from_arrays(**columns)
    limits = [
        [np.nanquantile(columns[axis][::1000], [0.001, 0.999]).tolist() for axis in pair]
        for pair in PANELS
    ]
    times = []
    for turn in range(number + 1):
        column, low, high = _bounds(rng)
        begun = time.perf_counter()
        table.select(f"({column} >= {low}) & ({column} <= {high})")
        for pair, span in zip(PANELS, limits, strict=True):
            table.count(binby=list(pair), limits=span, shape=(420, 320), selection=True)
        if turn:
            times.append(time.perf_counter() - begun)
    return {"vaex_cut_s": float(np.median(times)), "vaex": engine.__version__}
