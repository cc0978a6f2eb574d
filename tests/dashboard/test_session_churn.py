"""Thirty sessions come and go on a real server: what they held comes back, and none sees another.

In a process of its own, so that the memory of the other tests is not counted.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import weakref
from pathlib import Path

import panel as pn
import pytest

from dashboard.app import rehearsal
from dashboard.server.server import rehearse
from dashboard.session.session import Session
from dashboard.shell import Shell

#: Thirty sessions of Explore cost some 80 s of a processor.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]

#: Megabytes by which the server may have grown after thirty sessions: allocators keep pages, and
#: pages that are compiled or imported late stay. One leaked session of Explore holds about 10.
TOLERANCE = 40

SERVER = """
import ctypes, gc, json, os, sys, threading, time, urllib.request, weakref
from pathlib import Path
from dashboard.server.accounts import secret_of
home = Path(sys.argv[1])
# The session of the client that pulls must be signed as those of the server are.
os.environ |= {"BOKEH_SECRET_KEY": secret_of(home), "BOKEH_SIGN_SESSIONS": "yes"}
import panel as pn
from bokeh.client import pull_session
from dashboard.app import build_app
from dashboard.server.loop_watch import LoopWatch
from dashboard.services.services import Services
from dashboard.server.server import ServeOptions, make_server
from dashboard.session.session import Session
from tests.dashboard.stars import make_catalogue

make_catalogue(home, stars=20_000)
services = Services(home)
services.start()
pn.extension(notifications=False)
born = []

def remembering(self, *args, original=Session.__init__, **kwargs):
    original(self, *args, **kwargs)
    born.append(weakref.ref(self))

Session.__init__ = remembering
options = ServeOptions(host="127.0.0.1", port=0, unused_ms=300, check_ms=200)
server = make_server(services, lambda: build_app(services), options)
watch = LoopWatch(server.io_loop.asyncio_loop)
url = f"http://127.0.0.1:{server.port}/"

def megabytes():
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0) if sys.platform == "linux" else None
    with open("/proc/self/statm") as stream:
        return int(stream.read().split()[1]) * 4096 / 2**20

def alive():
    gc.collect()
    return sum(ref() is not None for ref in born)

def visit(number):
    # As a browser does: a document, its page built, a selection of its own; then it goes. To
    # pull the whole document into this process too costs as much again, so few of them do.
    whole = number % 5 == 0
    session = pull_session(url=url) if whole else urllib.request.urlopen(url, timeout=120)
    mine = born[-1]()
    cut = {"kind": "range", "column": "z", "min": -0.01 * (number + 1), "max": None}
    server.io_loop.add_callback(mine.select, cut)
    end = time.monotonic() + 30
    while mine.selection != cut and time.monotonic() < end:
        time.sleep(0.02)
    others = [ref() for ref in born[:-1]]
    foreign = [o.selection for o in others if o is not None and o.selection == cut]
    session.close()
    return mine.selection == cut and not foreign

def settle():
    end = time.monotonic() + 180
    while alive() and time.monotonic() < end:
        time.sleep(0.3)

def holders():
    # The way from a session that should have gone to what holds it: a module, a frame, a class.
    lost = [ref() for ref in born if ref() is not None][:1]
    parents, queue = {id(one): None for one in lost}, list(lost)
    kept = [parents, queue, lost, locals()]
    hidden = {id(one) for one in kept}
    while queue and len(parents) < 60_000:
        at = queue.pop(0)
        for other in gc.get_referrers(at):
            if id(other) in parents or id(other) in hidden or other is sys._getframe():
                continue
            parents[id(other)] = at
            is_module = isinstance(other, dict) and "__spec__" in other
            if is_module or type(other).__name__ in ("frame", "type", "coroutine", "generator"):
                chain = [other]
                while chain[-1] is not None:
                    chain.append(parents[id(chain[-1])])
                return [f"{type(o).__name__}: {str(o)[:150]}" for o in chain[:-1]]
            queue.append(other)
    return [f"no root among {len(parents)} objects"]

def work():
    result = {}
    try:
        own = [visit(number) for number in range(5)]
        settle()
        result["before"] = megabytes()
        watch.start()
        own += [visit(number) for number in range(5, 35)]
        settle()
        result["after"] = megabytes()
        result["own"], result["alive"], result["born"] = all(own), alive(), len(born)
        result["held"], result["holders"] = len(server.get_sessions()), holders()
        result["worst_wall"], result["worst_cpu"] = watch.worst_wall, watch.worst_cpu
        late = sorted(watch.found, key=lambda blocked: -blocked.cpu)[:12]
        result["late"] = [(b.wall, b.cpu, b.stack[-1500:]) for b in late]
    except BaseException as error:
        result["error"] = repr(error)
    print(json.dumps(result), flush=True)
    import os
    os._exit(0)

threading.Thread(target=work, daemon=True).start()
server.start()
server.io_loop.start()
"""


def test_nothing_of_the_process_keeps_a_session(services, catalogue):
    """The quick form: a window is built, visited and left; nothing remembers it."""

    def window():
        session = Session(services)
        shell = Shell(services, session)
        session.select({"kind": "range", "column": "z", "min": 0.0, "max": None})
        shell.refresh()
        return weakref.ref(session), weakref.ref(shell)

    watchers = len(pn.state.param.watchers.get("busy", {}).get("value", []))
    gone = window()
    gc.collect()
    assert [ref() for ref in gone] == [None, None]
    assert len(pn.state.param.watchers.get("busy", {}).get("value", [])) == watchers


def test_a_rehearsed_page_is_forgotten(services, catalogue, monkeypatch):
    born = []

    def remembering(self, *args, original=Session.__init__, **kwargs):
        original(self, *args, **kwargs)
        born.append(weakref.ref(self))

    monkeypatch.setattr(Session, "__init__", remembering)
    views = len(pn.state._views)
    rehearse(lambda: rehearsal(services))
    gc.collect()
    assert [ref() for ref in born] == [None]
    assert len(pn.state._views) == views


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    if not Path("/proc/self/statm").exists():
        pytest.skip("the memory of a process is read from /proc")
    done = subprocess.run(
        [sys.executable, "-c", SERVER, str(tmp_path_factory.mktemp("home"))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=850,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    assert lines, done.stderr[-3000:]
    found = json.loads(lines[-1])
    assert "error" not in found, (found, done.stderr[-3000:])
    return found


def test_every_session_is_freed(result):
    assert result["born"] >= 35
    assert result["alive"] == 0, result["holders"]
    assert result["held"] == 0


def test_memory_returns_to_its_level(result):
    assert result["after"] - result["before"] < TOLERANCE, result


def test_the_loop_is_free_while_pages_come_and_go(result):
    """Pages are built beside the loop: on it, each took a second or two of a processor.

    Seconds of the loop's own thread are compared, which the neighbours of a busy machine do not
    change much; on an idle one the promise is a tenth of a second.
    """
    assert result["worst_cpu"] < 0.5, result["late"][:3]


def test_no_session_saw_the_selection_of_another(result):
    assert result["own"]
