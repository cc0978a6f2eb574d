"""Names, markup, files, selections and old documents that mean harm: the page stays inert.

Every page is visited with all of it in the home; what is on the disk is the same afterwards.
"""

from __future__ import annotations

import hashlib
import json
import shutil

import pytest

from dashboard.pages.registry import PAGES
from dashboard.saved_views.store import SavedViews
from engine.runs.folder.files import write_json
from tests.browser.conftest import PATIENCE
from tests.dashboard.stars import make_catalogue
from tests.dashboard.synthetic_runs import make_map, make_run

#: Each tries to run code, to load something, or to put an element where text should be.
HOSTILE = (
    '<img src=x onerror="window.__hit=1;alert(1)"><b class=vo-injected>x</b>',
    "<script>window.__hit=2;alert(2)</script><i class=vo-injected>x</i>",
    '"><svg onload="window.__hit=3;alert(3)"><u class=vo-injected>x</u>',
    "[x](javascript:alert(4)) ![y](https://evil.invalid/z.png) <a class=vo-injected>z</a>",
    "{{constructor.constructor('window.__hit=5')()}} ${window.__hit=5} <%= 1 %>",
    "</pre></textarea></style></title><iframe class=vo-injected srcdoc='<script>1</script>'>",
    "$$\\href{javascript:alert(6)}{x}$$ \u202egnp.exe &lt;b class=vo-injected&gt;",
)


def tree(folder):
    """Hash of everything in the home but what the server itself writes."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in {"server.log", ".server-secret", "dispatcher.lock"}
    }


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    every = " ".join(HOSTILE)
    made = make_catalogue(folder, stars=2000, name=HOSTILE[0])
    make_catalogue(folder, stars=1500, seed=4, name=every[:200])
    spec = {"catalogue": made.id, "preset": "quick"}
    for order, text in enumerate(HOSTILE):
        error = {"sentence": text, "hint": text}
        run = make_run(folder, "failed", order=order, error=error, stage=text, message=text,
                       log=every, losses=2, spec={"catalogue": text, "preset": text,
                       "overrides": {text: text}, "seed": text, "selection": {"x": text},
                       "volume": text, "name": text})  # fmt: skip
        run.path.rename(run.path.with_name(f"{run.path.name}-{order}"))
        run = type(run)(run.path.with_name(f"{run.path.name}-{order}"))
        record = json.loads(run.record_file.read_text())
        write_json(run.record_file, {**record, "id": run.id})
        write_json(run.environment_file, {text: text})
    tag = {"name": HOSTILE[0], "cut": HOSTILE[1], "value": 3.0}
    make_run(folder, "cancelled", order=20, spec={**spec, "sweep": tag})
    warnings = [{"code": HOSTILE[0], "sentence": HOSTILE[1]}]
    make_map(folder, order=30, warnings=warnings, spec=spec)
    views = SavedViews(folder)
    cut = {"kind": "range", "column": "z", "min": 0.0, "max": None, "name": HOSTILE[0]}
    for text in HOSTILE:
        views.add(text, text, {"version": 1, "page": "explore", "catalogue": made.id,
                               "selection": {**cut, "name": text[:60]},
                               "axes": [{"x": "x", "y": text[:150]}],
                               "controls": {text[:60]: text}})  # fmt: skip
    for number, text in enumerate(HOSTILE):
        path = folder / "selections" / f"hostile-{number}.json"
        path.parent.mkdir(exist_ok=True)
        name = "".join(c for c in text if c.isprintable())[:60].strip()
        path.write_text(json.dumps(
            {"version": 1, "name": name, "changed": 1.0, "selection": {**cut, "name": name}}
        ))  # fmt: skip
    (folder / "views" / "deadbeef.json").write_text(every)
    (folder / "views" / "0badcafe.json").write_text("[" * 100_000)
    shutil.copytree(folder / "runs", folder / "runs" / "<b>no run<b>")
    return folder


INJECTED = """() => {
    const find = (root) => [...root.querySelectorAll('*')].flatMap(
        (e) => [e, ...(e.shadowRoot ? find(e.shadowRoot) : [])]);
    const bad = find(document).filter((e) => e.classList?.contains('vo-injected')
        || e.getAttribute?.('onerror') || e.getAttribute?.('onload')
        || (e.tagName === 'IFRAME') || /^javascript:/i.test(e.getAttribute?.('href') ?? '')
        || /evil\\.invalid/.test(e.getAttribute?.('src') ?? ''));
    return [window.__hit ?? null, bad.map((e) => e.outerHTML.slice(0, 200))];
}"""


def inert(page):
    hit, bad = page.evaluate(INJECTED)
    assert hit is None
    assert bad == []


def test_row_10_every_page_is_inert_and_the_home_unchanged(home, server, open_module_page):
    """No dialog, no foreign request, no error (`open_module_page`), no element out of a text."""
    before = tree(home)
    page = open_module_page(server)
    page.wait_for_selector(".vo-menu", timeout=PATIENCE)
    for entry in PAGES:
        page.locator(".vo-menu").get_by_text(entry.title, exact=True).click(timeout=PATIENCE)
        page.wait_for_selector(f".vo-page-{entry.slug}", timeout=PATIENCE)
        page.wait_for_timeout(1500)
        inert(page)
    assert tree(home) == before


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_row_10_a_hostile_view_opens_or_is_refused(home, server, open_module_page, number):
    before = tree(home)
    view = SavedViews(home).list()[0][number]
    page = open_module_page(f"{server}/?view={view.id}")
    page.wait_for_selector(".vo-menu", timeout=PATIENCE)
    page.wait_for_timeout(1500)
    inert(page)
    page.context.close()
    assert tree(home) == before


def test_row_10_a_hostile_address_is_a_sentence(server, open_module_page):
    for argument in ("view=<script>alert(1)</script>", "view=../../etc", "page=<b>x</b>",
                     "page=javascript:alert(1)"):  # fmt: skip
        page = open_module_page(f"{server}/?{argument}")
        page.wait_for_selector(".vo-menu", timeout=PATIENCE)
        page.wait_for_timeout(500)
        inert(page)
        page.context.close()
