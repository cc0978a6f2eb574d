"""Lasso, kept selections and shared addresses in the real program, each against brute force."""

from __future__ import annotations

import io
import json
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from dashboard.saved_views.store import SavedViews
from dashboard.services.named_selections import NamedSelections
from data.catalogue.store import CatalogueStore
from data.selection import mask, parse
from tests.browser.conftest import PATIENCE
from tests.dashboard.stars import make_catalogue

STARS = 20_000


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    make_catalogue(folder, stars=STARS)
    return folder


@pytest.fixture(scope="module")
def shared(server, open_module_page, drawn):
    """One page for the whole module: to load it costs more than any of these tests."""
    page = open_module_page(server)
    drawn(page)
    return page


@pytest.fixture
def explore(shared, drawn):
    drawn(shared)
    reset = shared.locator(".vo-explore .vo-reset button")
    if reset.is_enabled():
        reset.click()
    expect_count(shared, STARS)
    return shared


def big(page):
    return page.locator(".vo-explore .vo-count .big")


def expect_count(page, stars):
    expect(big(page)).to_have_text(f"{stars:,}", timeout=PATIENCE)


def field(page):
    return page.locator(".vo-explore .vo-selection-text textarea").first


def write(page, text):
    field(page).fill(text)
    page.locator(".vo-explore .vo-selection-apply button").click()


def by_brute_force(home, text):
    (manifest,) = CatalogueStore(home).list()
    return int(mask(parse(text), CatalogueStore(home).open(manifest.id)).sum())


def expect_brute_force(page, home):
    """The count is that of the text in the field, which is that of the selection."""
    expect_count(page, by_brute_force(home, field(page).input_value()))


def lasso(page, number, corners):
    """Draw a closed line with the lasso tool, in fractions of the figure."""
    choose_tool(page, number, "Lasso Select")
    box = page.locator(f".vo-panel-{number} .bk-Figure").bounding_box()
    points = [(box["x"] + u * box["width"], box["y"] + v * box["height"]) for u, v in corners]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=6)
    page.mouse.up()
    choose_tool(page, number, "Box Select")


def choose_tool(page, number, name):
    """Make a tool of a panel's figure the active one, as a click in its toolbar does."""
    page.evaluate(
        """([number, name]) => {
            const find = (root) => [...root.querySelectorAll('*')].flatMap((e) =>
                [e, ...(e.shadowRoot ? find(e.shadowRoot) : [])]);
            const inside = find(document).find((e) => e.classList.contains(`vo-panel-${number}`));
            const host = [...find(inside), ...(inside.shadowRoot ? find(inside.shadowRoot) : [])]
                .find((e) => e.classList.contains('bk-Figure'));
            const views = (view) => [view, ...(view.child_views ?? []).flatMap(views)];
            const view = Object.values(Bokeh.index.roots ?? Bokeh.index)
                .flatMap(views).find((v) => v.el === host);
            const tool = view.model.toolbar.tools.find((t) => t.tool_name === name);
            tool.active = true;
        }""",
        [number, name],
    )


def zoom(page, number):
    """Turn the wheel over a panel, as long as it takes to see half of it."""
    box = page.locator(f".vo-panel-{number} .bk-Figure").bounding_box()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.45 * box["height"])
    for _ in range(4):
        page.mouse.wheel(0, -160)
        page.wait_for_timeout(300)


def reset_figure(page, number):
    """Do what the button *Reset* in a panel's toolbar does."""
    page.evaluate(
        """(number) => {
            const find = (root) => [...root.querySelectorAll('*')].flatMap((e) =>
                [e, ...(e.shadowRoot ? find(e.shadowRoot) : [])]);
            const inside = find(document).find((e) => e.classList.contains(`vo-panel-${number}`));
            const host = [...find(inside), ...(inside.shadowRoot ? find(inside.shadowRoot) : [])]
                .find((e) => e.classList.contains('bk-Figure'));
            const views = (view) => [view, ...(view.child_views ?? []).flatMap(views)];
            Object.values(Bokeh.index.roots ?? Bokeh.index)
                .flatMap(views).find((v) => v.el === host).reset();
        }""",
        number,
    )


def shared_axes(home, address):
    """Give the panels of a shared view, as they lie on the disk."""
    id_ = address.rsplit("=", 1)[1]
    return json.loads((home / "views" / "shared" / f"{id_}.json").read_text())["document"]["axes"]


def pixels(page, number):
    """A panel's figure in coarse cells of colour, shape (24, 32, 3).

    Coarser than the cells in which stars are counted: their size follows that of the figure to
    a few pixels, so two browsers may count the same stars in slightly different cells.
    """
    shot = page.locator(f".vo-panel-{number} .bk-Figure").screenshot()
    picture = Image.open(io.BytesIO(shot)).convert("RGB").resize((32, 24), Image.Resampling.BOX)
    return np.asarray(picture, dtype=float)


def apart(one, two):
    """Mean distance of two pictures, of 255."""
    return np.abs(one - two).mean()


def at_rest(page):
    page.mouse.move(5, 5)
    page.wait_for_timeout(2000)


def test_a_lasso_selects_what_lies_inside_and_is_undone(explore, home, keep):
    lasso(explore, 0, [(0.35, 0.3), (0.6, 0.25), (0.65, 0.55), (0.5, 0.7), (0.4, 0.6)])
    expect(big(explore)).not_to_have_text(f"{STARS:,}", timeout=PATIENCE)
    expect(field(explore)).to_have_value(re.compile(r"^polygon\(x, y"), timeout=PATIENCE)
    expect_brute_force(explore, home)
    selected = big(explore).inner_text()
    keep(explore, "explore-lasso")
    explore.locator(".vo-explore .vo-undo button").click()
    expect_count(explore, STARS)
    explore.locator(".vo-explore .vo-redo button").click()
    expect(big(explore)).to_have_text(selected, timeout=PATIENCE)


@pytest.mark.parametrize(
    ("way", "meant"),
    [
        ("And", "R > 8 and abs(z) < 0.3"),
        ("Or", "R > 8 or abs(z) < 0.3"),
        ("Xor", "xor(R > 8, abs(z) < 0.3)"),
        ("Without", "R > 8 and not abs(z) < 0.3"),
    ],
)
def test_a_kept_selection_is_combined_with_another(explore, home, keep, way, meant):
    door = explore.locator(".vo-explore .vo-kept-door button")
    name = explore.locator(".vo-explore .vo-kept-name input")
    if not name.is_visible():
        door.click()
    if not NamedSelections(home).list()[0]:
        write(explore, "abs(z) < 0.3")
        expect_count(explore, by_brute_force(home, "abs(z) < 0.3"))
        name.fill("thin disc")
        explore.locator(".vo-explore .vo-kept-keep button").click()
        expect(explore.locator(".vo-explore .vo-kept-select")).to_contain_text("thin disc")
    write(explore, "R > 8")
    expect_count(explore, by_brute_force(home, "R > 8"))
    explore.locator(".vo-explore .vo-kept-way").get_by_text(way, exact=True).click()
    expect(explore.locator(".vo-explore .vo-kept-words")).to_contain_text(f"{way}:")
    explore.locator(".vo-explore .vo-kept-use button").click()
    expect_count(explore, by_brute_force(home, meant))
    expect(field(explore)).to_have_value(re.compile("thin disc"))
    keep(explore, f"kept-{way}")
    explore.locator(".vo-explore .vo-undo button").click()
    expect_count(explore, by_brute_force(home, "R > 8"))


def test_a_wrong_text_shows_its_place(explore, keep):
    write(explore, "R > 8 and foo(z) < 1")
    mark = explore.locator(".vo-explore .vo-selection-error mark")
    expect(mark).to_have_text("foo(z)", timeout=PATIENCE)
    expect(explore.locator(".vo-notice-error")).to_have_count(1)
    keep(explore, "selection-error")
    write(explore, "R > 8")
    expect(mark).to_be_hidden(timeout=PATIENCE)


def share(page):
    page.locator(".vo-share button").click()
    address = page.locator(".vo-share-address input")
    expect(address).to_have_value(re.compile(r"^http://.*\?view=[0-9a-f]{8}$"), timeout=PATIENCE)
    return address.input_value()


def test_a_shared_address_shows_the_same_picture_in_a_second_browser(
    home, server, open_page, drawn, keep
):
    """A screen with panels and colours of its own, and a lasso drawn on it."""
    (manifest,) = CatalogueStore(home).list()
    pairs = [("z", "v_z"), ("x", "y"), ("R", "v_phi"), ("l", "b")]
    document = {
        "version": 1,
        "page": "explore",
        "catalogue": manifest.id,
        "axes": [{"x": x, "y": y} for x, y in pairs],
        "colour": "log",
    }
    begun = SavedViews(home).add("Panels of my own", "", document)
    page = open_page(f"{server}/?view={begun.id}")
    drawn(page)
    lasso(page, 1, [(0.4, 0.3), (0.7, 0.3), (0.6, 0.7)])
    expect(field(page)).to_have_value(re.compile("polygon"), timeout=PATIENCE)
    expect_brute_force(page, home)
    zoom(page, 0)
    zoom(page, 1)  # of equal axes (x, y)
    page.wait_for_timeout(3000)
    address = share(page)
    axes = shared_axes(home, address)
    assert [("ranges" in panel) for panel in axes] == [True, True, False, False], axes
    low, high = axes[0]["ranges"][0]
    assert 0 < high - low < 0.8 * 2 * 4  # the ball has a radius of 4 kpc
    keep(page, "share")
    page.keyboard.press("Escape")
    expect(page.locator(".vo-share-address")).to_be_hidden(timeout=PATIENCE)

    other = open_page(address)
    drawn(other)
    expect(field(other)).to_have_value(field(page).input_value(), timeout=PATIENCE)
    expect(big(other)).to_have_text(big(page).inner_text(), timeout=PATIENCE)
    at_rest(page)
    at_rest(other)
    keep(other, "shared-address")
    before, after = ([pixels(p, number) for number in range(4)] for p in (page, other))
    same = [apart(one, two) for one, two in zip(before, after, strict=True)]
    different = [apart(one, two) for one, two in zip(before, after[1:] + after[:1], strict=True)]
    assert max(same) < 4, (same, different)
    assert min(different) > 8, (same, different)

    # *Reset* goes to where the panel would have opened, not to where it was shared.
    reset_figure(other, 0)
    reset_figure(other, 1)
    other.wait_for_timeout(3000)
    again = shared_axes(home, share(other))
    assert [("ranges" in panel) for panel in again] == [False, False, False, False], again
    other.keyboard.press("Escape")
    expect(other.locator(".vo-share-address")).to_be_hidden(timeout=PATIENCE)

    # The second browser has a selection of its own from here on.
    other.locator(".vo-explore .vo-reset button").click()
    expect_count(other, STARS)
    expect_brute_force(page, home)


def test_a_view_travels_as_a_file(explore, home, open_page, server, drawn, tmp_path):
    write(explore, "abs(z) < 0.5")
    expect_count(explore, by_brute_force(home, "abs(z) < 0.5"))
    share(explore)
    with explore.expect_download(timeout=PATIENCE) as download:
        explore.locator(".vo-share-save button").click()
    explore.keyboard.press("Escape")
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    document = json.loads(path.read_text())["document"]
    assert document["selection"] == parse("abs(z) < 0.5")

    other = open_page(server)
    drawn(other)
    other.locator(".vo-share button").click()
    other.locator(".vo-share-open input[type=file]").set_input_files(path)
    expect_count(other, by_brute_force(home, "abs(z) < 0.5"))
    expect(other.locator(".vo-notice-success")).to_contain_text("is open", timeout=PATIENCE)


def test_a_view_of_a_catalogue_that_is_not_here_is_told(explore, home, server, open_page, keep):
    saved = SavedViews(home)
    (manifest,) = CatalogueStore(home).list()
    document = {"version": 1, "page": "explore", "catalogue": "elsewhere-0badf00d"}
    view = saved.add("Elsewhere", "", document)
    page = open_page(f"{server}/?view={view.id}")
    alert = page.locator(".vo-notice-error")
    expect(alert).to_contain_text("elsewhere-0badf00d", timeout=PATIENCE)
    expect(alert).to_contain_text("not on this machine")
    expect(page.locator(".vo-explore .vo-catalogue")).to_contain_text(manifest.name)
    keep(page, "view-without-catalogue")
