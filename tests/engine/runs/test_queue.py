"""Which waiting run may start: order, limits, dependencies; and who sees to it."""

import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import UserError
from engine.runs import cancel, launch, list_runs, open_run, submit, wait
from engine.runs.folder.record import RunRecord, RunState
from engine.runs.kinds import Kind
from engine.runs.queueing.dispatcher import main
from engine.runs.queueing.dispatching import ensure_dispatcher
from engine.runs.queueing.needs import Needs, Supply, check_disk, check_machine
from engine.runs.queueing.queue import QUEUE, attend, plan

SUPPLY = Supply(cores=4, memory_gb=16.0, gpus=1)
PATIENCE = 60.0


def record(name, state="queued", **fields):
    needs = {"cores": 1, **fields.pop("needs", {})}
    held = QUEUE if state == "queued" else ""
    fields = {"holder": held, "needs": needs, **fields}
    return RunRecord(name, "map", {}, RunState(state), **fields)


def steps(*records):
    return {step.run: (step.what, step.reason) for step in plan(records, {"": SUPPLY})}


def test_runs_start_by_priority_and_then_by_age():
    runs = [record(str(i), created=float(i), needs={"cores": 2}) for i in range(4)]
    told = steps(*runs[:3], replace(runs[3], priority=1))
    assert {name for name, (what, _) in told.items() if what == "start"} == {"3", "0"}
    assert told["1"] == ("wait", "Waits for cores: 4 of 4 are taken.")


@pytest.mark.parametrize(
    ("busy", "wants", "words"),
    [
        ({"cores": 3}, {"cores": 2}, "cores: 3 of 4"),
        ({"cores": 0}, {"cores": 1}, "cores: 4 of 4"),
        ({"cores": 1}, {"cores": 0}, "cores: 1 of 4"),
        ({"cores": 8}, {"cores": 1}, "cores: 4 of 4"),
        ({"memory_gb": 10.0}, {"memory_gb": 7.0}, "memory: 10.0 of 16.0 GB"),
        ({"gpus": 1}, {"gpus": 1}, "graphics processor"),
        ({"device": "cuda:1"}, {"device": "cuda:1"}, "device cuda:1"),
    ],
)
def test_limits(busy, wants, words):
    what, reason = steps(record("a", "running", needs=busy), record("b", needs=wants))["b"]
    assert what == "wait"
    assert words in reason
    assert steps(record("b", needs=wants))["b"] == ("start", "")


def test_a_large_run_is_not_passed_by_small_ones_for_ever():
    told = steps(
        record("busy", "running"),
        record("large", needs={"cores": 4}, created=1.0),
        record("small", created=2.0),
    )
    assert told["large"][0] == told["small"][0] == "wait"


@pytest.mark.parametrize(
    ("state", "what", "words"),
    [
        ("done", "start", ""),
        ("running", "wait", "Waits for run first."),
        ("queued", "wait", "Waits for run first."),
        ("interrupted", "wait", "Waits for run first."),
        ("failed", "fail", "not done: it failed"),
        ("cancelled", "fail", "was cancelled"),
    ],
)
def test_runs_that_come_after_others(state, what, words):
    first = replace(record("first", state), holder="")
    told = steps(first, record("then", after=["first"]))["then"]
    assert told[0] == what
    assert words in told[1]


def test_a_run_after_one_that_was_deleted_fails():
    assert "no longer exists" in steps(record("then", after=["first"]))["then"][1]


def test_a_cluster_gets_as_many_runs_as_it_has_places_for():
    here = record("here", "running", needs={"cores": 4})
    runs = [record(str(i), executor="dask", needs={"cores": 0}) for i in range(3)]
    told = plan([here, *runs], {"": SUPPLY, "dask": Supply(2, 0.0, 0)})
    assert [step.what for step in told] == ["start", "start", "wait"]
    unknown = plan(runs, {"": SUPPLY})
    assert [step.what for step in unknown] == ["start"] * 3, "starting them tells what is wrong"


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.floats(0, 16), st.integers(-2, 2), st.booleans()),
        max_size=12,
    )
)
def test_what_starts_together_always_fits(runs):
    """Against the plain sum, whatever waits and works."""
    records = [
        record(
            str(i),
            "running" if works else "queued",
            needs={"cores": cores, "memory_gb": memory},
            priority=rank,
            created=float(i),
        )
        for i, (cores, memory, rank, works) in enumerate(runs)
    ]
    told = steps(*records)
    begun = [r for r in records if told.get(r.id, ("",))[0] == "start"]
    busy = [r for r in records if r.state is RunState.RUNNING]
    if begun and len(begun) + len(busy) > 1:
        needs = [Needs.from_dict(r.needs) for r in [*begun, *busy]]
        assert sum(n.cores or 4 for n in needs) <= 4
        assert sum(n.memory_gb for n in needs) <= 16.0
    if records and not busy:
        assert begun, "something always starts where nothing is at work"


def test_the_queue_works_through_what_waits(home, kinds, monkeypatch):
    monkeypatch.setattr(launch, "ensure_dispatcher", lambda *_, **__: True)
    spec = {"kind": "count", "steps": 3, "threads": 1}
    first = submit(home, spec, queue=True, kinds=kinds)
    second = submit(home, spec, after=[first.id], kinds=kinds)
    third = submit(home, {**spec, "kind": "crash"}, queue=True, kinds=kinds)
    fourth = submit(home, spec, after=[second.id, third.id], kinds=kinds)
    assert {r.state for r in list_runs(home)} == {RunState.QUEUED}
    assert all(r.active for r in list_runs(home)), "however long they wait"
    deadline = time.monotonic() + PATIENCE
    while any(r.active for r in attend(home, kinds, {"": Supply(1, 0.0, 0)})):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    found = {r.id: r for r in list_runs(home)}
    assert [str(found[r.id].state) for r in (first, second, third, fourth)] == [
        "done",
        "done",
        "failed",
        "failed",
    ]
    assert found[first.id].ended <= found[second.id].started
    assert third.id in found[fourth.id].error["sentence"]
    with pytest.raises(UserError, match="is failed"):
        launch.resume(home, fourth.id, kinds=kinds)


def test_a_waiting_run_is_cancelled_at_once_and_resumed_into_the_queue(home, kinds, monkeypatch):
    monkeypatch.setattr(launch, "ensure_dispatcher", lambda *_, **__: True)
    spec = {"kind": "count", "threads": 1}
    first = submit(home, spec, queue=True, kinds=kinds)
    second = submit(home, spec, after=[first.id], kinds=kinds)
    assert cancel(home, second.id).state == "cancelled"
    attend(home, kinds)
    assert wait(open_run(home, first.id), PATIENCE).state == "done"
    assert open_run(home, second.id).record().state == "cancelled"
    assert launch.resume(home, second.id, kinds=kinds).state in ("queued", "running")
    assert wait(open_run(home, second.id), PATIENCE).state == "done"


def test_a_run_after_one_that_cannot_be_done(home, kinds):
    failed = submit(home, {"kind": "crash", "threads": 1}, "inline", kinds=kinds)
    with pytest.raises(UserError, match="is failed"):
        submit(home, {"kind": "count"}, after=[failed.id], kinds=kinds)
    with pytest.raises(UserError, match="not found"):
        submit(home, {"kind": "count"}, after=["no-such-run"], kinds=kinds)


def test_the_same_spec_is_answered_by_the_run_that_is_there(home, kinds):
    spec = {"kind": "count", "seed": 3, "threads": 1}
    first = submit(home, spec, "inline", kinds=kinds)
    again = submit(home, {**spec, "threads": 2}, "inline", kinds=kinds, reuse=True)
    assert again.id == first.id
    assert again.result == first.result
    other = submit(home, {**spec, "seed": 4}, "inline", kinds=kinds, reuse=True)
    assert other.id != first.id
    assert submit(home, spec, "inline", kinds=kinds).id != first.id, "unless it is not asked for"
    with pytest.raises(UserError):  # a wrong word is wrong whether or not there is an answer
        submit(home, spec, "inline", kinds=kinds, reuse=True, after=["20200101-000000-map-none"])


def test_a_result_of_other_versions_is_not_the_same(home, kinds, monkeypatch):
    spec = {"kind": "count", "seed": 3, "threads": 1}
    first = submit(home, spec, "inline", kinds=kinds)
    monkeypatch.setattr("engine.runs.same.package_versions", lambda: {"torch": "99"})
    assert submit(home, spec, "inline", kinds=kinds, reuse=True).id != first.id


def test_a_failed_run_answers_nothing(home, kinds):
    first = submit(home, {"kind": "crash", "threads": 1}, "inline", kinds=kinds)
    again = submit(home, {"kind": "crash", "threads": 1}, "inline", kinds=kinds, reuse=True)
    assert again.id != first.id


def test_memory_and_disk_are_looked_at_before_there_is_a_run(home, kinds, monkeypatch):
    with pytest.raises(UserError, match=r"about 20\.0 GB of memory; this machine has 16\.0 GB"):
        check_machine(Needs(memory_gb=20.0), SUPPLY)
    check_machine(Needs(memory_gb=20.0), Supply(1, 0.0, 0))  # nobody knows how much there is
    with pytest.raises(UserError, match=r"will write about 1000000\.00 GB"):
        check_disk(Needs(disk_gb=1e6), home)
    large = {"huge": Kind("run_jobs:count")}
    monkeypatch.setattr(Kind, "estimate", lambda *_: {"disk_gb": 1e6})
    with pytest.raises(UserError, match="will write"):
        submit(home, {"kind": "huge"}, "inline", kinds=large)
    assert list_runs(home) == []


def test_an_estimate_is_kept_with_the_run(home, kinds, monkeypatch):
    monkeypatch.setattr(Kind, "estimate", lambda *_: {"seconds": 12.0, "memory_gb": 0.5})
    made = submit(home, {"kind": "count", "threads": 1}, "inline", kinds=kinds)
    needs = Needs.from_dict(made.needs)
    assert (needs.seconds, needs.memory_gb, needs.cores) == (12.0, 0.5, 1)


def test_the_process_of_the_queue_comes_when_needed_and_goes_by_itself(home, monkeypatch):
    assert ensure_dispatcher(home) is False, "there is nothing to attend to"
    monkeypatch.setattr("engine.runs.queueing.dispatcher._LINGER", 0.1)
    (home / "runs").mkdir(parents=True)
    assert main([str(home)]) == 0
