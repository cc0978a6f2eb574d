"""The network is gone for ten seconds: the page comes back by itself, where it was."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PATIENCE, SIZE
from tests.dashboard.stars import make_catalogue
from tests.dashboard.synthetic_runs import make_run

#: Milliseconds without a network.
GONE = 10_000


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    make_catalogue(folder, stars=2000)
    make_run(folder, "done", losses=20, result={})  # its curve travels in binary buffers
    return folder


#: Remembers the websockets of a page, so that they can be cut: an emulated network that is off
#: only keeps new ones from being opened.
REMEMBER = """
    const Original = window.WebSocket;
    window.__sockets = [];
    window.WebSocket = class extends Original {
        constructor(...words) { super(...words); window.__sockets.push(this); }
        cut() {  // as the network does: an emulated one that is off also stops the closing
            const told = this.onclose;
            this.onclose = null;
            this.close();
            told?.call(this, new CloseEvent("close", {code: 1006}));
        }
    };
"""


@pytest.fixture
def page(server, browser):
    context = browser.new_context(viewport=SIZE)
    context.add_init_script(REMEMBER)
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE)
    opened.goto(f"{server}/?page=runs")
    yield opened
    context.close()


def test_row_14_the_page_goes_on_after_ten_seconds_offline(home, page, keep):
    page.wait_for_selector(".vo-run-chip")
    page.evaluate("window.__mark = 1")  # a page that was loaded again has forgotten it
    page.context.set_offline(True)
    assert page.evaluate("window.__sockets.map((s) => s.cut()).length") == 1
    expect(page.locator(".vo-offline")).to_contain_text("Connection lost")
    keep(page, "offline")
    page.wait_for_timeout(GONE)
    make_run(home, "failed", order=-1)
    page.context.set_offline(False)
    expect(page.locator(".vo-run-chip")).to_have_count(2, timeout=PATIENCE)
    expect(page.locator(".vo-offline")).to_have_count(0)
    page.locator(".vo-menu").get_by_text("Sweeps", exact=True).click()
    page.wait_for_selector(".vo-sweeps")
    assert page.evaluate("[window.__mark, window.__sockets.length > 1]") == [1, True]
    keep(page, "after-ten-seconds-offline")
