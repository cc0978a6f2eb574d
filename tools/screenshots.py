"""Draw the README's pictures again, from the real application in a real browser.

    make screenshots

Works on a home of its own (``build/screenshots`` unless ``--home`` says otherwise), which keeps
the demonstration catalogue and its map for the next time. The picture of a real sample needs the
trial tables (``VIA_OBSCURA_TRIAL_DATA``) and is left as it is without them.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402

from dashboard.services.demonstration import NAME, make_if_missing  # noqa: E402
from data.catalogue.ingest import ingest  # noqa: E402
from data.catalogue.store import CatalogueStore  # noqa: E402
from data.mocks.streams.patch import make_stream  # noqa: E402
from engine.runs.launch import list_runs, open_run, submit, wait  # noqa: E402
from tests.browser import chromium  # noqa: E402
from tests.browser.conftest import serving  # noqa: E402

IMAGES = ROOT / "docs" / "images"
PAGES = (
    "explore", "tracers", "runs", "model", "acceleration", "density", "dark_matter", "asymmetry",
)  # fmt: skip
PATCH_PAGES = ("quality", "streams")
HEIGHTS = {"acceleration": 1250, "streams": 1400}
PATCH = "patch"
SAMPLE = "gaia-dr3-6d-inplane"


def say(*words: object) -> None:
    """Tell how far it is."""
    print("screenshots:", *words, file=sys.stderr, flush=True)  # noqa: T201


def mapped(home: Path, name: str) -> None:
    """Make sure that the newest finished run is a quick map of a catalogue."""
    catalogue = CatalogueStore(home).open(name)
    for record in list_runs(home):
        if record.state == "done":
            if record.catalogue == catalogue.id:
                return
            break
    say(f"mapping {name}, this takes some minutes")
    spec: dict[str, Any] = {"kind": "map", "catalogue": catalogue.id, "preset": "quick"}
    record = wait(open_run(home, submit(home, spec).id))
    if record.state != "done":
        sys.exit(f"the map of {name} ended {record.state}: {record.error}")


def searched(home: Path) -> None:
    """Make sure that a mock patch with a stream has been searched."""
    if any(record.kind == "streams" and record.state == "done" for record in list_runs(home)):
        return
    say("searching a mock patch, this takes some minutes")
    if not any(manifest.name == PATCH for manifest in CatalogueStore(home).list()):
        make_stream(home, stars=20_000, members=250, name=PATCH)
    spec: dict[str, Any] = {
        "kind": "streams", "catalogue": PATCH, "step": 3.0, "scores": {"classifier": "trees"},
    }  # fmt: skip
    record = wait(open_run(home, submit(home, spec).id))
    if record.state != "done":
        sys.exit(f"the search ended {record.state}: {record.error}")


def tour(browser: Browser, home: Path, slugs: Sequence[str]) -> None:
    """Serve a home and keep pictures of pages."""
    with serving(home) as address:
        page = browser.new_page()
        page.goto(address)
        page.wait_for_selector(".vo-panel-3 .bk-Figure", timeout=120_000)
        for slug in slugs:
            visit(page, slug, slug, HEIGHTS.get(slug, 900))


def visit(page: Page, slug: str, file: str, height: int) -> None:
    """Open a page of the application and keep its picture."""
    page.set_viewport_size({"width": 1440, "height": height})
    page.get_by_text(slug.replace("_", " ").capitalize(), exact=True).first.click()
    page.wait_for_selector(f".vo-page-{slug} .bk-Figure", timeout=120_000)
    page.wait_for_timeout(8000)  # the other figures of the page drawn, too, and at rest
    page.screenshot(path=IMAGES / f"{file}.png")
    say(f"docs/images/{file}.png")


def main() -> None:
    """Make what is missing, serve it, and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home", type=Path, default=ROOT / "build" / "screenshots")
    home: Path = parser.parse_args().home.resolve()
    found = chromium.find()
    if not found.there:
        sys.exit(f"There is no browser: {found.reason}.")
    home.mkdir(parents=True, exist_ok=True)
    IMAGES.mkdir(parents=True, exist_ok=True)
    make_if_missing(home, lambda done, stage: None)
    patches = home / "patches"  # of its own: the newest catalogue of a home is the one on show
    searched(patches)
    mapped(home, NAME)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found.path, args=[*chromium.FLAGS])
        tour(browser, home, PAGES)
        tour(browser, patches, PATCH_PAGES)
        tables = os.environ.get("VIA_OBSCURA_TRIAL_DATA")
        if tables:
            ingest(Path(tables) / f"{SAMPLE}.parquet", home)
            mapped(home, SAMPLE)
            with serving(home) as address:
                page = browser.new_page()
                page.goto(address)
                page.wait_for_selector(".vo-panel-3 .bk-Figure", timeout=120_000)
                visit(page, "acceleration", "real-sample", 900)
        browser.close()


if __name__ == "__main__":
    main()
