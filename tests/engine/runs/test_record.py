from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from engine.runs import process
from engine.runs.folder.liveness import HEARTBEAT_LOST_AFTER, START_GRACE, observe
from engine.runs.folder.record import RunRecord, RunState, check_transition
from engine.runs.process import ProcessIdentity, identify, is_alive, machine_name
from engine.runs.progress import RemainingTime


def record(**changes: object) -> RunRecord:
    base = RunRecord(
        "20260101-000000-map-abcd", "map", {"catalogue": "mock-1"}, queued=time.time()
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def running(**changes: object) -> RunRecord:
    return replace(record(state=RunState.RUNNING).on(identify(os.getpid()), "here"), **changes)  # type: ignore[arg-type]


def test_the_file_gives_the_record_back() -> None:
    before = running(progress=0.25, error={"sentence": "a", "hint": "b"})
    content = json.loads(json.dumps(before.to_file()))
    assert RunRecord.from_file(content) == before


@pytest.mark.parametrize(
    "content",
    [None, [], {}, {"format": 2}, {"format": 1, "id": "x"}, {"format": 1, "id": 3, "spec": {}}],
)
def test_other_content_is_refused(content: object) -> None:
    with pytest.raises(ValueError, match=r"format|object|no id"):
        RunRecord.from_file(content)


@pytest.mark.parametrize(
    ("old", "new"),
    [("done", "queued"), ("done", "cancelled"), ("queued", "done"), ("running", "queued"),
     ("stopping", "running"), ("cancelled", "running")],
)  # fmt: skip
def test_transitions_that_there_are_not(old: str, new: str) -> None:
    with pytest.raises(ValueError, match=f"from {old} to {new}"):
        check_transition(RunState(old), RunState(new))


def test_a_living_process_is_believed() -> None:
    assert observe(running(), stop_requested=False).state == "running"
    assert observe(running(), stop_requested=True).state == "stopping"


def test_a_number_that_was_used_again_is_not_the_process() -> None:
    seen = observe(running(birth="1"), stop_requested=False)
    assert seen.state == "interrupted"
    assert seen.error is not None
    assert "Resume" in seen.error["hint"]


def test_a_process_that_is_gone_after_a_stop_was_cancelled() -> None:
    assert observe(running(birth="1"), stop_requested=True).state == "cancelled"


def test_on_another_machine_the_heartbeat_tells() -> None:
    now = time.time()
    there = {"machine": "elsewhere/1/2", "queued": now - 1000}
    assert observe(running(**there, heartbeat=now - 2), stop_requested=False).active
    late = running(**there, heartbeat=now - HEARTBEAT_LOST_AFTER - 1)
    assert observe(late, stop_requested=False).state == "interrupted"
    assert observe(running(**there), stop_requested=False).state == "interrupted"


@pytest.mark.parametrize("shift", [-1, 1])
def test_a_launch_that_never_came_is_interrupted_even_if_the_clock_jumped(shift: int) -> None:
    assert observe(record(), stop_requested=False).state == "queued"
    jumped = record(queued=time.time() + shift * (START_GRACE + 5))
    seen = observe(jumped, stop_requested=False)
    assert seen.state == "interrupted"
    assert seen.error is not None
    assert "before it began" in seen.error["sentence"]


def test_ended_runs_are_left_alone() -> None:
    done = running(state=RunState.DONE, birth="1")
    assert observe(done, stop_requested=True) is done


def test_a_zombie_is_dead() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert child.stdin is not None
    identity = identify(child.pid)
    assert is_alive(identity)
    child.stdin.close()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # dead, and not yet waited for
    os.kill(child.pid, 0)  # the number is still taken
    assert is_alive(identity) is False
    child.wait()
    assert is_alive(identity) is False


def test_another_machine_cannot_be_judged() -> None:
    assert is_alive(ProcessIdentity("elsewhere", os.getpid(), "0")) is None
    assert machine_name().count("/") in (0, 2)


def test_ps_and_proc_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_PROC", process.Path("/no/such/folder"))
    me = identify(os.getpid())
    assert me.birth
    assert is_alive(me)
    assert is_alive(replace(me, birth="Thu Jan  1 00:00:00 1970")) is False
    assert is_alive(replace(me, pid=2**22 + 1)) is False


def test_time_left() -> None:
    left = RemainingTime(window=10.0)
    assert left.add(0.0, 0.0) is None
    assert left.add(0.1, 0.5) is None  # too early to tell
    assert left.add(0.2, 2.0) == pytest.approx(8.0)
    for second in range(3, 30):  # four times slower from here on
        estimate = left.add(0.2 + 0.025 * (second - 2), float(second))
    assert estimate == pytest.approx((1 - 0.2 - 0.025 * 27) / 0.025, rel=0.05)
    assert left.add(0.1, 31.0) is None  # went back: begins anew
    assert left.add(1.0, 32.0) == 0.0


def test_an_estimate_is_believed_at_first_and_then_forgotten() -> None:
    """A wild first rate counts little; after a quarter of the expected time it counts alone."""
    left = RemainingTime(expected=400.0)
    assert left.add(0.0, 0.0) == 400.0
    assert left.add(0.001, 1.0) == pytest.approx(399.6)
    early = left.add(0.05, 5.0)  # by the rate alone 95 s
    assert 300 < early < 380
    assert left.add(0.5, 100.0) == pytest.approx(0.5 * 95 / 0.45)  # since the report before
    # What takes longer than it was expected to, and does not move, says nothing.
    assert RemainingTime(expected=10.0).add(0.0, 0.0) == 10.0
    stuck = RemainingTime(expected=10.0)
    stuck.add(0.0, 0.0)
    assert stuck.add(0.001, 60.0) is None


def test_the_history_of_time_left_is_bounded() -> None:
    left = RemainingTime(window=1.0)
    for step in range(2000):
        left.add(step / 2000, step * 0.5)
    assert len(left._history) < 1100
