"""The panels of Explore in a browser: axes, statistics, colour scales, maps of the sky."""

from __future__ import annotations

import re

import pytest

#: Reads a panel of the page from Bokeh's models: the image, the axes and the colour bar.
PANEL = """(number) => {
    const find = (root, name) => [...root.querySelectorAll('*')].flatMap((e) =>
        [...(e.classList.contains(name) ? [e] : []),
         ...(e.shadowRoot ? find(e.shadowRoot, name) : [])]);
    const panel = find(document, `vo-panel-${number}`)[0];
    if (!panel) return null;
    const place = panel.getBoundingClientRect();
    const views = (view) => [view, ...(view.child_views ?? []).flatMap(views)];
    const inside = (box) => box.left >= place.left - 2 && box.right <= place.right + 2
        && box.top >= place.top - 2 && box.bottom <= place.bottom + 2;
    const figure = Object.values(Bokeh.index).length === 0 ? null :
        Bokeh.index.roots.flatMap(views).filter((v) => v.model.type === 'Figure'
            && inside(v.el.getBoundingClientRect())).map((v) => v.model)[0];
    if (!figure) return null;
    const image = figure.renderers.find((r) => r.glyph.type === 'Image');
    const bar = figure.right.find((m) => m.type === 'ColorBar');
    const cells = image.data_source.data.image[0];
    let sum = 0;
    for (const level of cells) sum = (sum * 31 + level) % 1000003;
    return {
        x: figure.below[0].axis_label, y: figure.left[0].axis_label,
        down: figure.y_range.start > figure.y_range.end, axes: figure.below[0].visible,
        words: figure.renderers.filter((r) => r.glyph.type === 'Text').length
            ? [...figure.renderers.find((r) => r.glyph.type === 'Text').data_source.data.text]
            : [],
        cells: sum, ticks: [...bar.ticker.ticks],
        numbers: bar.ticker.ticks.map((t) => bar.major_label_overrides.get
            ? bar.major_label_overrides.get(t) : bar.major_label_overrides[t]),
    };
}"""


@pytest.fixture(scope="module")
def explore(server, open_module_page, drawn):
    """Explore with its four panels, for the whole module."""
    page = open_module_page(server)
    drawn(page)
    return page


def panel(page, number):
    found = page.evaluate(PANEL, number)
    assert found is not None, f"no figure in panel {number}"
    return found


def choose(page, number, widget, text):
    """Take an entry of one of the choosers of a panel."""
    page.locator(f".vo-panel-{number} .{widget} [role=combobox]").click()
    page.get_by_text(text, exact=True).last.click()


def wait_for(page, number, condition):
    """Wait until what `PANEL` reads fulfils a JavaScript condition on ``p``; gives it."""
    page.wait_for_function(
        f"(number) => {{ const p = ({PANEL})(number); return p && ({condition}); }}", arg=number
    )
    return panel(page, number)


def test_other_axes_draw_another_picture(explore, keep):
    before = panel(explore, 0)
    choose(explore, 0, "vo-panel-preset", "Rotation: R, v_φ")
    after = wait_for(explore, 0, "p.x === 'R (kpc)' && p.y === 'v_φ (km/s)'")
    assert after["cells"] != before["cells"]
    keep(explore, "explore-axes")


def test_every_colour_scale_has_its_own_colours_and_its_own_bar(explore):
    seen = {}
    for name in ("Log", "Linear", "Equalised"):
        before = panel(explore, 1)
        explore.locator(".vo-colour").get_by_text(name, exact=True).click()
        # Cells and bar come one after the other.
        changed = f"p.cells !== {before['cells']} && `${{p.ticks}}` !== `${{{before['ticks']}}}`"
        seen[name] = wait_for(explore, 1, changed)
    assert len({found["cells"] for found in seen.values()}) == 3
    assert len({tuple(found["ticks"]) for found in seen.values()}) == 3
    # Whatever the scale, the end of the bar is the fullest cell.
    assert len({found["numbers"][-1] for found in seen.values()}) == 1
    assert seen["Log"]["numbers"][0] == "1"


def test_a_mean_has_colours_a_unit_and_a_bar_of_its_own(explore, keep):
    before = panel(explore, 1)
    explore.locator(".vo-panel-1 .vo-panel-more button").click()
    choose(explore, 1, "vo-statistic", "Mean of")
    after = wait_for(explore, 1, f"p.cells !== {before['cells']}")
    explore.get_by_text("Colour: mean of v_φ (km/s)").wait_for()
    numbers = [float(text.replace("−", "-").strip("≤≥ ")) for text in after["numbers"]]
    assert numbers == sorted(numbers)
    assert 150 < numbers[len(numbers) // 2] < 300  # the disc turns with 225 km/s
    keep(explore, "explore-mean")


def test_the_cursor_reads_place_and_count(explore):
    box = explore.locator(".vo-panel-2 .bk-Figure").bounding_box()
    explore.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.4 * box["height"])
    explore.mouse.move(box["x"] + 0.45 * box["width"], box["y"] + 0.45 * box["height"], steps=3)
    said = re.compile(r"v_R −?\d+ km/s, v_φ −?\d+ km/s: [\d,]+ stars?")
    explore.locator(".vo-panel-2 .vo-readout").get_by_text(said).wait_for()


def test_the_sky_in_another_system_has_its_own_graticule(explore, keep):
    before = panel(explore, 3)
    assert not before["axes"]
    assert "300°" in before["words"]
    choose(explore, 3, "vo-panel-preset", "Sky along GD-1")
    after = wait_for(explore, 3, f"p.cells !== {before['cells']} && p.words.length > 5")
    assert not after["axes"]
    keep(explore, "explore-sky")


def test_more_and_fewer_panels(explore):
    explore.locator(".vo-number").get_by_text("6", exact=True).click()
    explore.wait_for_selector(".vo-panel-5 .bk-Figure")
    explore.locator(".vo-number").get_by_text("2", exact=True).click()
    explore.locator(".vo-panel-2").wait_for(state="detached")
    # What the first one shows has stayed.
    wait_for(explore, 0, "p.x === 'R (kpc)' && p.y === 'v_φ (km/s)'")
