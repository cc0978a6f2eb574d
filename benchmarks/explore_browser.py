"""From the release of the mouse to the last panel drawn; a part of ``benchmarks/explore.py``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["WATCH", "measure"]

WATCH = """() => {
    window.__drawn = {};
    window.__released = null;
    document.addEventListener('pointerup', () => { window.__released = performance.now(); }, true);
    for (const doc of Bokeh.documents) for (const model of doc._all_models.values())
        if (model.type === 'ColumnDataSource' && 'image' in model.data)
            model.properties.data.change.connect(() =>
                requestAnimationFrame(() => requestAnimationFrame(() => {
                    window.__drawn[model.id] = performance.now();
                })));
}"""
"""Notes when the data of each image has changed and the next frame after it is painted."""

_READY = """() => Object.values(window.__drawn).filter((t) => t > window.__released).length >= 4"""
_TAKEN = """() => Math.max(...Object.values(window.__drawn)) - window.__released"""


def measure(home: Path, name: str, number: int, rng: np.random.Generator) -> dict[str, Any]:
    """Drag boxes on the first panel of the real application in a real browser."""
    from playwright.sync_api import sync_playwright

    from data.catalogue.store import CatalogueStore
    from tests.browser import chromium
    from tests.browser.conftest import serving

    there = chromium.find()
    if not there.there:
        return {"browser_cut_s": None, "browser": f"not measured: {there.reason}"}
    newest = CatalogueStore(home).list()[0]
    if newest.name != name:
        return {"browser_cut_s": None, "browser": f"not measured: {newest.name} opens first"}
    times = []
    with sync_playwright() as playwright, serving(home) as address:
        browser = playwright.chromium.launch(executable_path=there.path, args=list(chromium.FLAGS))
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(300_000)
        page.goto(address)
        for panel in range(4):
            page.wait_for_selector(f".vo-panel-{panel} .bk-Figure")
        page.wait_for_timeout(8000)
        page.evaluate(WATCH)
        for _ in range(number):
            _drag(page, rng)
            page.wait_for_function(_READY)
            page.wait_for_timeout(700)
            times.append(page.evaluate(_TAKEN) / 1000)
        browser.close()
    return {
        "browser_cut_s": float(np.median(times)),
        "browser_cut_worst_s": max(times),
        "browser_all_s": [round(t, 3) for t in times],
    }


def _drag(page: Any, rng: np.random.Generator) -> None:  # noqa: ANN401
    """Draw a box somewhere in the middle of the first panel."""
    box = page.locator(".vo-panel-0 .bk-Figure").bounding_box()
    start, end = rng.uniform(0.25, 0.45, 2), rng.uniform(0.55, 0.75, 2)
    for share, press in ((start, page.mouse.down), (end, page.mouse.up)):
        x, y = box["x"] + share[0] * box["width"], box["y"] + share[1] * box["height"]
        page.mouse.move(x, y, steps=5)
        press()
