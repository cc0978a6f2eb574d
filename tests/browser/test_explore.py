"""Explore in a browser: what is drawn on one panel changes the others, the count and the words."""

from __future__ import annotations

import re

import pytest

from data.catalogue.store import CatalogueStore
from data.selection import mask, parse


def count(page):
    return int(page.locator(".vo-explore .vo-count .big").inner_text().replace(",", ""))


def picture(page, number):
    """The pixels of a panel."""
    return page.locator(f".vo-panel-{number} .bk-Figure").screenshot()


def drag(page, number, start, end):
    """Drag across a panel, from and to fractions of its figure."""
    box = page.locator(f".vo-panel-{number} .bk-Figure").bounding_box()
    points = [
        (box["x"] + fx * box["width"], box["y"] + fy * box["height"]) for fx, fy in (start, end)
    ]
    page.mouse.move(*points[0])
    page.mouse.down()
    page.mouse.move(*points[1], steps=8)
    page.mouse.up()


def wait_for_count(page, condition):
    page.wait_for_function(
        """([wanted]) => {
            const find = (root) => [...root.querySelectorAll('*')].flatMap((e) =>
                [...(e.classList.contains('big') ? [e] : []),
                 ...(e.shadowRoot ? find(e.shadowRoot) : [])]);
            const shown = find(document).map((e) => Number(e.textContent.replace(/,/g, '')));
            return shown.some((n) => eval(wanted)(n));
        }""",
        arg=[condition],
    )


@pytest.fixture(scope="module")
def shared(server, open_module_page, drawn):
    """One page for the whole module: to load it costs more than any of these tests."""
    page = open_module_page(server)
    drawn(page)
    return page


@pytest.fixture
def explore(shared, drawn):
    """The shared page on Explore, with every star selected."""
    shared.get_by_text("Explore", exact=True).first.click()
    drawn(shared)
    reset = shared.locator(".vo-explore .vo-reset button")
    if reset.is_enabled():
        reset.click()
    wait_for_count(shared, "(n) => n === 20000")
    return shared


def test_a_box_on_one_panel_changes_the_others_and_the_count(explore, home, keep):
    keep(explore, "explore")
    before = [picture(explore, number) for number in range(4)]
    drag(explore, 0, (0.35, 0.25), (0.6, 0.6))
    wait_for_count(explore, "(n) => n > 0 && n < 20000")
    explore.mouse.move(5, 5)
    explore.wait_for_timeout(1500)
    after = [picture(explore, number) for number in range(4)]
    assert all(old != new for old, new in zip(before, after, strict=True))

    # The count is that of the selection that stands in the text field, by brute force.
    text = explore.locator(".vo-explore .vo-selection-text textarea").first.input_value()
    catalogue = CatalogueStore(home).open("disc")
    assert count(explore) == mask(parse(text), catalogue).sum()
    caption = explore.locator(".vo-explore .vo-caption").get_by_text("Stars with").inner_text()
    assert re.search(r"x between [\d.]+ and [\d.]+ kpc and y between", caption)
    keep(explore, "explore-box")


def test_undo_redo_and_reset(explore):
    drag(explore, 0, (0.35, 0.25), (0.6, 0.6))
    wait_for_count(explore, "(n) => n > 0 && n < 20000")
    selected = count(explore)
    explore.locator(".vo-explore .vo-undo button").click()
    wait_for_count(explore, "(n) => n === 20000")
    explore.locator(".vo-explore .vo-redo button").click()
    wait_for_count(explore, f"(n) => n === {selected}")
    explore.locator(".vo-explore .vo-reset button").click()
    wait_for_count(explore, "(n) => n === 20000")


def test_a_selection_can_be_typed_and_a_bad_one_is_told(explore):
    field = explore.locator(".vo-explore .vo-selection-text textarea").first
    field.fill("abs(z) < 0.5 and R > 8")
    explore.locator(".vo-explore .vo-selection-apply button").click()
    wait_for_count(explore, "(n) => n > 0 && n < 20000")
    typed = count(explore)
    field.fill("abs(z < 0.5")
    explore.locator(".vo-explore .vo-selection-apply button").click()
    explore.wait_for_selector(".vo-notice-error")
    assert "Traceback" not in explore.content()
    assert count(explore) == typed


def test_two_browsers_have_two_selections(explore, server, open_page, drawn):
    other = open_page(server)
    drawn(other)
    drag(explore, 0, (0.35, 0.25), (0.6, 0.6))
    wait_for_count(explore, "(n) => n > 0 && n < 20000")
    other.wait_for_timeout(1500)
    assert count(other) == 20_000


def test_light_and_dark(explore, keep):
    dark = explore.evaluate("getComputedStyle(document.body).backgroundColor")
    explore.get_by_label("Toggle theme").click()
    explore.wait_for_function(f"getComputedStyle(document.body).backgroundColor !== {dark!r}")
    explore.wait_for_timeout(2500)
    keep(explore, "explore-light")


def test_a_table_that_cannot_be_read_gives_one_sentence(explore, home):
    table = home / "empty.csv"
    table.write_text("")
    explore.locator(".vo-add button").click()
    explore.locator(".vo-ingest-path input").fill(str(table))
    explore.locator(".vo-ingest-start button").click()
    explore.wait_for_selector(".vo-ingest-error .MuiAlert-message")
    text = explore.locator(".vo-ingest-error .MuiAlert-message").inner_text()
    assert "empty.csv" in text
    assert "Traceback" not in text
    assert len(CatalogueStore(home).list()) == 1
    explore.locator(".vo-ingest-close button").click()
    explore.locator(".vo-ingest-path input").wait_for(state="hidden")


def test_tracers_say_what_a_run_costs(explore, keep):
    explore.locator(".vo-to-tracers button").click()
    explore.wait_for_selector(".vo-before-after .bk-Figure")
    explore.locator(".vo-cost").get_by_text("About").wait_for()
    explore.locator(".vo-cut-speed input").fill("240")
    explore.locator(".vo-cut-speed input").press("Enter")
    explore.locator(".vo-funnel").get_by_text("not in the selection").wait_for()
    explore.wait_for_timeout(2500)
    keep(explore, "tracers")
    assert explore.locator(".vo-start button").is_enabled()
