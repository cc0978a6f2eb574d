"""Explore's own page under the clock; a part of ``benchmarks/explore.py``."""

from __future__ import annotations

import re
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.path import Path as Outline
from numpy.typing import NDArray

__all__ = ["SAMPLE", "cuts", "measure", "resident"]

Array = NDArray[Any]
Node = dict[str, Any]

#: Columns in which cuts are drawn: stored and derived, with the bulk of their values.
SAMPLE = {
    "x": (4.2, 12.0), "y": (-3.8, 3.8), "R": (4.5, 12.0), "z": (-2.0, 2.0), "v_R": (-120, 120),
    "v_phi": (80, 290), "distance": (0.1, 5.0), "bp_rp": (0.8, 1.6), "ruwe": (0.9, 1.6),
}  # fmt: skip
_BOXES = (("x", "y"), ("R", "z"), ("v_R", "v_phi"))
_LASSO_CORNERS = 100


class _AtOnce(ThreadPoolExecutor):
    """Work is done where it is asked for, so that a call ends when its pictures are there."""

    def submit(self, work: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:  # type: ignore[override]  # noqa: ANN401
        future: Future[Any] = Future()
        future.set_result(work(*args, **kwargs))
        return future


def cuts(number: int, rng: np.random.Generator) -> list[Node]:
    """Draw cuts that have never been seen: boxes, ranges, comparisons and lassos in turn."""
    makers = (_box, _lasso, _range, _box, _compare)
    return [makers[i % len(makers)](rng) for i in range(number)]


def _span(name: str, rng: np.random.Generator) -> tuple[float, float]:
    low, high = SAMPLE[name]
    length = (high - low) * rng.uniform(0.2, 0.8)
    start = rng.uniform(low, high - length)
    return float(start), float(start + length)


def _range(rng: np.random.Generator, name: str | None = None) -> Node:
    name = name or str(rng.choice(list(SAMPLE)))
    low, high = _span(name, rng)
    return {"kind": "range", "column": name, "min": low, "max": high}


def _box(rng: np.random.Generator) -> Node:
    pair = _BOXES[rng.integers(len(_BOXES))]
    return {"kind": "and", "of": [_range(rng, name) for name in pair]}


def _lasso(rng: np.random.Generator) -> Node:
    pair = _BOXES[rng.integers(len(_BOXES))]
    angle = np.linspace(0, 2 * np.pi, _LASSO_CORNERS, endpoint=False)
    radius = 1 + 0.25 * np.sin(5 * angle + rng.uniform(0, 6)) + 0.05 * rng.normal(size=angle.size)
    corners = []
    for name, wave in zip(pair, (np.cos(angle), np.sin(angle)), strict=True):
        low, high = _span(name, rng)
        corners.append((low + high) / 2 + (high - low) / 2.2 * radius * wave)
    return {"kind": "polygon", "columns": list(pair), "points": np.stack(corners, 1).tolist()}


def _compare(rng: np.random.Generator) -> Node:
    low, high = _span("z", rng)
    return {"kind": "compare", "left": {"op": "abs", "of": [{"column": "z"}]}, "op": "<",
            "right": max(abs(low), abs(high))}  # fmt: skip


def resident() -> dict[str, float]:
    """Give the resident memory of this process in GB: its own, and pages of mapped files."""
    text = Path("/proc/self/status").read_text()
    found = {
        name: int(re.search(rf"{name}:\s+(\d+) kB", text)[1]) * 1024 / 1e9  # type: ignore[index]
        for name in ("RssAnon", "RssFile", "RssShmem")
    }
    return {"rss_gb": found["RssAnon"] + found["RssShmem"], "mapped_gb": found["RssFile"]}


def measure(home: Path, name: str, number: int, rng: np.random.Generator) -> dict[str, Any]:
    """Open the catalogue, show the first panels, cut, zoom and draw lassos.

    Raises
    ------
    AssertionError
        If the sum of an image differs from the brute-force count.
    """
    from dashboard.pages.explore.page import ExplorePage
    from dashboard.server.warming import warm
    from dashboard.services.services import Services
    from dashboard.session.session import Session

    clock = time.perf_counter
    found: dict[str, Any] = {}
    begun = clock()
    warm()
    found["warm_s"] = clock() - begun
    services = Services(home)
    services.executor.shutdown()
    services.executor = _AtOnce(1)
    session = Session(services)
    page = ExplorePage(services, session)
    page.view().get_root()

    begun = clock()
    catalogue = services.catalogues.open(name)
    for column in catalogue.columns:
        catalogue.column(column)
    found["open_s"] = clock() - begun
    begun = clock()
    session.open_catalogue(catalogue.id)
    page.view  # noqa: B018  the page exists already; its panels are made by the catalogue
    for panel in page._panels:
        panel._figure.pane.get_root()
    found["first_panels_s"] = clock() - begun
    found |= {f"first_{key}": value for key, value in resident().items()}

    wanted = cuts(number, rng)
    processor = time.process_time()
    times = [_timed(session, page, node) for node in wanted]
    # Of all threads together: on a machine that others use as well, what can be compared.
    found["cut_processor_s"] = (time.process_time() - processor) / max(number, 1)
    found["cut_to_panels_s"] = float(np.median(times))
    found["cut_to_panels_worst_s"] = max(times)
    found["cut_to_panels_all_s"] = [round(t, 3) for t in times]
    lassos = [t for t, node in zip(times, wanted, strict=True) if node["kind"] == "polygon"]
    found["lasso_to_panels_s"] = float(np.median(lassos)) if lassos else None
    found["refined_cut_to_panels_s"] = _refined(session, page, rng)
    session.select(wanted[0])
    found["zoom_to_panel_s"] = _zoomed(page)
    found |= resident()
    found["images_checked"] = _check(session, page, catalogue, wanted)
    return found


def _timed(session: Any, page: Any, node: Node) -> float:  # noqa: ANN401
    sources = [panel._canvas.source for panel in page._panels]
    before = [source.data["image"][0] for source in sources]
    begun = time.perf_counter()
    session.select(node)
    taken = time.perf_counter() - begun
    after = [source.data["image"][0] for source in sources]
    assert all(a is not b for a, b in zip(before, after, strict=True)), "a panel was not drawn"
    return taken


def _refined(session: Any, page: Any, rng: np.random.Generator) -> float:  # noqa: ANN401
    """Add a cut to three that are there, which is what a user does most: only one is new."""
    times = []
    for _ in range(5):
        held = [_range(rng, "distance"), _range(rng, "ruwe"), _lasso(rng)]
        session.select({"kind": "and", "of": held})
        times.append(_timed(session, page, {"kind": "and", "of": [*held, _range(rng, "z")]}))
    return float(np.median(times))


def _zoomed(page: Any) -> float:  # noqa: ANN401
    panel = page._panels[0]
    times = []
    for share in (0.8, 0.5, 0.3, 0.2, 0.1):
        spans = [
            (sum(span) / 2 - share * (span[1] - span[0]) / 2,
             sum(span) / 2 + share * (span[1] - span[0]) / 2)
            for span in panel.frame
        ]  # fmt: skip
        begun = time.perf_counter()
        panel._zoomed(*spans)
        times.append(time.perf_counter() - begun)
    return float(np.median(times))


def _check(session: Any, page: Any, catalogue: Any, wanted: list[Node]) -> int:  # noqa: ANN401
    """Compare the sum of every image of every cut with numpy's own count; lassos but one."""
    from dashboard.views import sky
    from data.columns.derived import column

    checked, lassos = 0, 0
    for node in wanted:
        lassos += node["kind"] == "polygon"
        if node["kind"] == "polygon" and lassos > 1:
            continue  # matplotlib's polygons take a minute each at full size
        session.select(None)
        session.select(node)
        mask = _brute(node, lambda name: column(catalogue, name))
        for panel in page._panels:
            x, y = (column(catalogue, name) for name in panel.axes)
            if panel.look.on_sky:
                x, y = sky.plane_columns(x, y)
            drawn = panel._panel
            inside = mask & _within(x, *drawn.frame.x) & _within(y, *drawn.frame.y)
            shown, expected = int(drawn.selected.sum()), int(inside.sum())
            assert shown == expected, f"{panel.axes}: {shown} drawn, {expected} counted, {node}"
            checked += 1
    return checked


def _within(values: Array, low: float, high: float) -> Array:
    return np.asarray((values >= np.float64(low)) & (values <= np.float64(high)))


def _brute(node: Node, column: Any) -> Array:  # noqa: ANN401
    if node["kind"] == "and":
        return np.asarray(np.logical_and.reduce([_brute(part, column) for part in node["of"]]))
    if node["kind"] == "range":
        return _within(column(node["column"]), node["min"], node["max"])
    if node["kind"] == "compare":
        return np.asarray(np.abs(column("z")) < np.float64(node["right"]))
    outline = Outline(np.array(node["points"]))
    u, v = (column(name) for name in node["columns"])
    parts = range(0, len(u), 1_000_000)
    return np.concatenate([
        outline.contains_points(np.stack([u[i : i + 1_000_000], v[i : i + 1_000_000]], 1))
        for i in parts
    ])  # fmt: skip
