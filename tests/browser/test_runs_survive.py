"""The server is killed during five runs and started again: the page shows them as they are."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from engine.runs import cancel, launch, list_runs
from engine.runs.folder.record import RunState
from engine.runs.kinds import Kind
from engine.runs.process import is_alive
from tests.browser.conftest import PATIENCE, ROOT, serving_on
from tests.helpers.ports import free_port
from tests.helpers.run_fixtures import HELPERS

STARTER = """
import sys
from pathlib import Path
from engine.runs import submit
from engine.runs.kinds import Kind
home = Path(sys.argv[1])
for number in range(5):
    spec = {"kind": "map", "preset": f"run {number}", "threads": 1, "steps": 3000, "pause": 0.1}
    submit(home, spec, kinds={"map": Kind("run_jobs:count")})
"""


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    folder.mkdir()
    yield folder
    for record in list_runs(folder):
        if record.active:
            cancel(folder, record.id, grace=0.2)


@pytest.fixture
def five(home):
    """Five runs at work, each in a process of its own, none a child of this one."""
    environment = os.environ | {"PYTHONPATH": f"{HELPERS}{os.pathsep}{ROOT}"}
    subprocess.run([sys.executable, "-c", STARTER, str(home)], env=environment, check=True)
    end = time.monotonic() + 60
    while sum(bool(r.progress) for r in list_runs(home)) < 5:
        assert time.monotonic() < end, [r.state for r in list_runs(home)]
        time.sleep(0.1)
    return [record.id for record in list_runs(home)]


def shown(page):
    """What the page says now: run -> (state, line below it)."""
    return page.evaluate(
        """() => {
            const find = (root) => [...root.querySelectorAll('*')].flatMap(
                (e) => [e, ...(e.shadowRoot ? find(e.shadowRoot) : [])]);
            const text = (e, css) => find(e.shadowRoot ?? e).filter(
                (part) => part.classList.contains(css)).map((part) => part.innerText).join('');
            const out = {};
            for (const row of find(document)) {
                const name = [...(row.classList ?? [])].find((c) => /^vo-run-2\\d{7}-/.test(c));
                if (name) out[name.slice(7)] = [
                    text(row, 'vo-run-chip'), text(row, 'vo-run-line')];
            }
            return out;
        }"""
    )


def wait_until(page, condition, seconds):
    """Wait for a condition on what is shown; gives how long that took."""
    began = time.monotonic()
    while not condition(now := shown(page)):
        assert time.monotonic() - began < seconds, now
        page.wait_for_timeout(50)
    return time.monotonic() - began


def test_row_04_five_runs_in_their_true_state_within_seconds(home, five, open_page, keep):
    port = free_port()
    with serving_on(home, port) as (address, server):
        page = open_page(address)
        page.locator(".vo-menu").get_by_text("Runs", exact=True).click(timeout=PATIENCE)
        wait_until(page, lambda now: set(now) == set(five), PATIENCE / 1000)
        server.send_signal(signal.SIGKILL)
        server.wait()
        page.context.close()
    stored = {run: launch.open_run(home, run) for run in five}
    assert all(is_alive(run.stored().process) for run in stored.values()), "runs outlive servers"

    # While nobody looks: one is killed, one is cancelled; three go on.
    dead, stopped, *living = five
    os.kill(stored[dead].stored().pid, signal.SIGKILL)
    cancel(home, stopped)
    truth = {dead: "interrupted", stopped: "cancelled", **dict.fromkeys(living, "running")}

    with serving_on(home, port) as (address, _):
        began = time.monotonic()
        page = open_page(address + "/?page=runs")
        while set(now := shown(page)) != set(five) or "" in [state for state, _ in now.values()]:
            assert time.monotonic() - began < PATIENCE / 1000, now
            page.wait_for_timeout(50)
        took = time.monotonic() - began
        assert {run: state for run, (state, _) in now.items()} == truth, (
            "the first it says is true"
        )
        keep(page, "runs-after-the-server-was-killed")
        sys.stdout.write(f"five runs in their true state {took:.1f} s after the address\n")
        before = shown(page)
        wait_until(
            page,
            lambda now: all(now[run][1] != before[run][1] for run in living),
            PATIENCE / 1000,
        )
        page.context.close()  # before the server: a page without one complains
    assert {str(r.state) for r in list_runs(home)} == {"interrupted", "cancelled", "running"}
    launch.resume(home, dead, kinds={"map": Kind("run_jobs:count")})
    assert launch.open_run(home, dead).stored().state in {RunState.QUEUED, RunState.RUNNING}
