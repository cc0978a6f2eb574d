"""Fixtures of the browser tests: a real server process, a real chromium, kept screenshots."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.browser import chromium
from tests.dashboard.stars import make_catalogue
from tests.helpers.ports import free_port
from tests.helpers.skipped import say_skipped

ROOT = Path(__file__).parents[2]
SIZE = {"width": 1440, "height": 900}
#: Milliseconds to wait for anything that the page promises; a busy machine is slow.
PATIENCE = 120_000


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(item.path).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.browser)


def pytest_terminal_summary(terminalreporter):
    """Say in the last lines that there was no browser."""
    advice = (
        f"{chromium.find().reason}. Install chromium (Debian: apt-get install chromium) and run "
        "the tests again."
    )
    say_skipped(terminalreporter, "no browser:", "BROWSER TESTS", advice)


@pytest.fixture(scope="session")
def launch_browser():
    """Start a chromium with more flags: ``launch_browser(*flags)``; skips where there is none.

    One Playwright serves all tests: a second one cannot be started while the first is running.
    """
    found = chromium.find()
    if not found.there:
        pytest.skip(f"no browser: {found.reason}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:

        def launch(*flags):
            return playwright.chromium.launch(
                executable_path=found.path, args=[*chromium.FLAGS, *flags]
            )

        yield launch


@pytest.fixture(scope="session")
def browser(launch_browser):
    """A running chromium."""
    running = launch_browser()
    yield running
    running.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """The home folder of this module's server; override it to fill it differently."""
    folder = tmp_path_factory.mktemp("home")
    make_catalogue(folder, stars=20_000)
    return folder


@contextmanager
def serving(home, *options):
    """Run the real program on a free port; gives the address."""
    with serving_on(home, free_port(), *options) as (address, _):
        yield address


@contextmanager
def serving_on(home, port, *options, environment=None):
    """Run the real program with more options; gives the address and the process."""
    program = ["-c", "from dashboard.cli import main; raise SystemExit(main())"]
    command = [*program, "--home", str(home), "serve", "--port", str(port), *options]
    with serving_command(command, home, port, environment) as served:
        yield served


@contextmanager
def serving_command(command, home, port, environment=None):
    """Run a Python command that serves on a port; gives the address and the process."""
    log = home / "server.log"
    with log.open("a") as stream:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env=os.environ | {"OMP_NUM_THREADS": "1"} | (environment or {}),
        )
        try:
            _answers(f"http://localhost:{port}", process, log)
            yield f"http://localhost:{port}", process
        finally:
            process.terminate()
            process.wait(30)


def _answers(address, process, log):
    end = time.monotonic() + PATIENCE / 1000
    while True:
        try:
            urllib.request.urlopen(address, timeout=60).close()  # noqa: S310  our own server
        except OSError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.3)
        else:
            return


@pytest.fixture(scope="module")
def server(home):
    """The address of a server process on ``home``."""
    with serving(home) as address:
        yield address


@contextmanager
def opening(browser):
    """Open addresses, each in a browser of its own; an error in a page fails the test."""
    contexts, troubles = [], []

    def opened(address):
        context = browser.new_context(viewport=SIZE)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: troubles.extend(_grave(error)))
        page.on("dialog", lambda dialog: (troubles.append("a dialog fired"), dialog.dismiss()))
        page.on("request", lambda request: troubles.extend(_foreign(request.url, address)))
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not troubles, troubles


@pytest.fixture
def open_page(browser):
    """Open an address for one test."""
    with opening(browser) as opened:
        yield opened


@pytest.fixture(scope="module")
def open_module_page(browser):
    """Open an address for all tests of a module."""
    with opening(browser) as opened:
        yield opened


def _grave(error):
    """Give the text of an error that matters.

    Bokeh 3.9 may measure a figure that a React component has not rendered yet ("top_panel" of
    a layout that is undefined); it measures again when the figure is there.
    """
    return [] if "'top_panel'" in str(error) else [f"{error}\n{error.stack}"]


def _foreign(url, address):
    """Nothing may be loaded from anywhere else: the page works without a network."""
    origin = "/".join(address.split("/")[:3])
    own = (origin, origin.replace("http", "ws"), "data:", "blob:")
    return [] if url.startswith(own) else [f"loads {url}"]


@pytest.fixture
def keep(request):
    """Keep a screenshot: ``keep(page, name)``."""
    folder = Path(os.environ.get("VIA_OBSCURA_ARTEFACTS", ROOT / "test-artefacts"))
    folder.mkdir(parents=True, exist_ok=True)

    def kept(page, name):
        # Bokeh draws in the next animation frames; a moment suffices.
        page.wait_for_timeout(800)
        page.screenshot(path=folder / f"{re.sub(r'[^a-z0-9-]+', '-', name.lower())}.png")

    return kept


@pytest.fixture(scope="session")
def drawn():
    """Wait until the four panels of Explore are drawn and the layout is at rest."""

    def wait(page):
        for number in range(4):
            page.wait_for_selector(f".vo-panel-{number} .bk-Figure")
        page.wait_for_function(
            """() => {
                const find = (root) => {
                    const here = [...root.querySelectorAll('*')];
                    return here.concat(
                        ...here.filter((e) => e.shadowRoot).map((e) => find(e.shadowRoot)));
                };
                const sizes = find(document).filter((e) => e.classList.contains('bk-Figure'))
                    .map((e) => Math.round(e.getBoundingClientRect().height));
                const now = JSON.stringify(sizes);
                const calm = sizes.length >= 4 && sizes.every((h) => h > 150);
                if (!calm || window.__sizes !== now) {
                    window.__sizes = now;
                    window.__since = Date.now();
                    return false;
                }
                return Date.now() - window.__since > 1500;
            }""",
            polling=200,
        )

    return wait
