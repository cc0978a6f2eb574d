"""What changes while the browser is still building a part of the page is on the screen, too."""

from __future__ import annotations

import pytest

from tests.browser.conftest import serving_command
from tests.browser.late_changes_app import PARTS
from tests.helpers.ports import free_port

#: A busy machine: each view takes a moment to build, so that the change falls in between.
SLOW_VIEWS = """(() => {
    const Component = Bokeh.Models.get("panel.models.esm.ReactComponent");
    const View = Component.prototype.default_view.prototype;
    const lazy_initialize = View.lazy_initialize;
    View.lazy_initialize = async function () {
        await lazy_initialize.call(this);
        await new Promise((resolve) => setTimeout(resolve, 30));
    };
})()"""
#: React waits for its turn between a rendering and its effects.
SLOW_TURNS = """
const post = MessagePort.prototype.postMessage;
MessagePort.prototype.postMessage = function (...words) {
    setTimeout(() => post.apply(this, words), 25);
};
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    port = free_port()
    command = ["-m", "tests.browser.late_changes_app", str(home), str(port)]
    with serving_command(command, home, port) as (address, _):
        yield address


def test_a_list_that_is_filled_while_its_view_is_built(server, open_page):
    page = open_page(server)
    page.wait_for_selector(".vo-build button")
    page.evaluate(SLOW_VIEWS)
    _build(page)


def test_a_change_between_a_rendering_and_its_effects(server, browser):
    context = browser.new_context()
    context.add_init_script(SLOW_TURNS)
    page = context.new_page()
    page.goto(server)
    page.wait_for_selector(".vo-build button")
    _build(page)
    context.close()


def _build(page):
    page.locator(".vo-build button").click()
    for number in range(PARTS):
        page.get_by_text(f"late {number}", exact=True).wait_for()
        page.get_by_text(f"after {number}", exact=True).wait_for()
