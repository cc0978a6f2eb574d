"""The contract of executors on a Dask cluster, and what only a cluster can do wrong."""

import os
import signal
import time

import pytest

from benchmarks.chaos import starts, under_fire
from data.errors import UserError
from engine.runs import cancel, launch, list_runs, open_run, submit, wait
from engine.runs.cluster.clients import connect
from engine.runs.cluster.executor import DaskExecutor
from engine.runs.cluster.workers import list_workers
from engine.runs.folder.files import write_json
from engine.runs.folder.writer import RunWriter
from engine.runs.process import is_alive
from engine.runs.queueing.needs import Needs
from engine.runs.queueing.queue import QUEUE, attend

PATIENCE = 90.0


def until(condition, patience=PATIENCE):
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < patience, "it never happened"
        time.sleep(0.02)


@pytest.fixture
def start(home, kinds, cluster):
    def begin(kind, **spec):
        spec = {"kind": kind, "threads": 1, **spec}
        return open_run(home, submit(home, spec, f"dask:{cluster.address}", kinds=kinds).id)

    yield begin
    for record in list_runs(home):
        if record.active:
            cancel(home, record.id)


def at_work(run):
    until(lambda: run.record().progress or not run.record().active)
    assert run.record().active, run.log_tail()
    return run


def test_a_run_is_worked_on_by_a_process_of_its_own(start, cluster):
    run = start("report_environment", threads=None)
    record = wait(run, PATIENCE)
    assert record.state == "done", run.log_tail()
    assert record.executor == f"dask:{cluster.address}"
    assert record.result["session_leader"] is True
    assert record.result["threads"] == ["1", "1", "1"], "as many as it was granted"
    assert record.result["modules"] == []


def test_the_numbers_are_those_of_this_machine(start, home, kinds):
    here = submit(home, {"kind": "count", "seed": 4, "threads": 1}, "inline", kinds=kinds)
    there = wait(start("count", seed=4), PATIENCE)
    assert there.result == here.result


def test_a_failure_is_on_record_and_the_place_is_free_again(start):
    for _ in range(3):  # more than there are workers
        run = start("crash")
        record = wait(run, PATIENCE)
        assert record.state == "failed"
        assert "singular" in record.error["sentence"]
        assert "Traceback" in run.log_tail()


def test_what_no_worker_can_do_is_refused_before_there_is_a_run(start, home):
    with pytest.raises(UserError, match="needs 2 threads, the worker has 1"):
        start("count", threads=2)
    with pytest.raises(UserError, match="needs GPU=1, the worker offers 0"):
        start("count", device="cuda")
    assert list_runs(home) == []


def test_nobody_answers_at_an_address(home, kinds, monkeypatch):
    monkeypatch.setattr("engine.runs.cluster.clients._TIMEOUT", 0.5)
    with pytest.raises(UserError, match=r"127\.0\.0\.1:9 does not answer"):
        submit(home, {"kind": "count"}, "dask:tcp://127.0.0.1:9", kinds=kinds)
    assert list_runs(home) == []


def test_workers_that_do_not_see_the_home(cluster, monkeypatch, tmp_path):
    monkeypatch.setattr("pathlib.Path.touch", lambda *_: None)
    with pytest.raises(UserError, match="cannot see the folder"):
        DaskExecutor(cluster.address).accept(Needs(), tmp_path / "home")


def test_a_stop_and_a_kill_reach_the_process_and_free_its_place(start, home, cluster):
    runs = [at_work(start(kind)) for kind in ("survive_errors", "hang_in_library")]
    processes = [run.stored().process for run in runs]
    _, workers = list_workers(home, cluster.address)
    assert sorted(run for worker in workers for run in worker.runs) == sorted(r.id for r in runs)
    began = time.monotonic()
    assert cancel(home, runs[0].id).state == "cancelled"
    assert time.monotonic() - began < 5.0
    assert cancel(home, runs[1].id, grace=0.1).state == "cancelled"
    assert [is_alive(process) for process in processes] == [False, False]
    again = [start("count"), start("count")]
    assert [wait(run, PATIENCE).state for run in again] == ["done", "done"]


def test_a_run_that_waits_for_a_worker_can_be_cancelled(start, home):
    for _ in range(2):
        at_work(start("survive_errors"))
    waiting = start("count")
    assert waiting.record().state == "queued"
    assert waiting.record().active
    assert cancel(home, waiting.id).state == "cancelled"
    assert waiting.result() is None


def test_priorities(start, home, kinds, cluster):
    blockers = [at_work(start("survive_errors")) for _ in range(2)]
    runs = [
        submit(
            home,
            {"kind": "count", "threads": 1},
            f"dask:{cluster.address}",
            kinds=kinds,
            priority=rank,
        )
        for rank in (0, 7, 3)
    ]
    assert {run.holder for run in runs} == {QUEUE}, "until a worker is free"
    cancel(home, blockers[0].id)
    until(lambda: not any(record.holder == QUEUE for record in attend(home, kinds)))
    ended = [wait(open_run(home, run.id), PATIENCE) for run in runs]
    cancel(home, blockers[1].id)
    assert ended[1].started < ended[2].started < ended[0].started


def test_a_process_that_is_killed_under_a_living_worker_is_told(start, home, kinds):
    run = at_work(start("survive_errors"))
    os.kill(run.stored().pid, signal.SIGKILL)
    until(lambda: run.stored().state == "interrupted", 15.0)
    assert "its worker is still running" in run.record().error["sentence"]
    assert run.record().holder == ""


def test_lost_workers_cost_nothing_but_what_came_after_the_checkpoint(
    home, kinds, cluster, monkeypatch
):
    """The full size is `python -m benchmarks.chaos`."""
    specs = [
        {"kind": "count", "threads": 1, "seed": seed, "steps": 30, "pause": 0.1}
        for seed in range(6)
    ]
    calm = [
        submit(home.with_name("calm"), {**spec, "pause": 0.0}, "inline", kinds=kinds).result
        for spec in specs
    ]
    runs, kills, _ = under_fire(
        home,
        cluster.address,
        cluster.client,
        specs,
        kinds=kinds,
        every=2.5,
        seconds=9.0,
        seed=3,
        patience=PATIENCE,
    )
    assert kills >= 2
    assert [run.record().state for run in runs] == ["done"] * len(runs)
    totals = [run.record().result["total"] for run in runs]
    assert totals == pytest.approx([result["total"] for result in calm], rel=1e-12)
    counts = [starts(run) for run in runs]
    assert sum(resumed for _, resumed, _ in counts) >= 1
    assert [zero for _, _, zero in counts] == [0] * len(runs)


def test_a_second_task_for_the_same_run_finds_nothing_to_do(start, cluster, home):
    from engine.runs.cluster.task import work

    run = at_work(start("count", steps=40, pause=0.05))
    other = cluster.client.submit(work, str(run.path), "run_jobs:count", "another key", 1)
    assert other.result(timeout=PATIENCE) == "running"
    record = wait(run, PATIENCE)
    assert (record.state, record.attempt) == ("done", 1)


def test_what_another_scheduler_held_is_handed_over_again(home, kinds, cluster, monkeypatch):
    """A scheduler that was started anew at its address knows none of the tasks of the old one."""
    monkeypatch.setattr("engine.runs.queueing.queue._SETTLING", 0.0)
    held = made(home, f"dask:{cluster.address}", holder=cluster.address, task="x-1-Scheduler-old")
    assert held.record().state == "queued"
    attend(home, kinds)
    record = wait(held, PATIENCE)
    assert (record.state, record.attempt) == ("done", 2)


def test_what_the_scheduler_gave_up_is_interrupted_and_can_be_resumed(
    home, kinds, cluster, monkeypatch
):
    scheduler = connect(cluster.address).scheduler_id
    run = made(home, f"dask:{cluster.address}", holder=cluster.address, task=f"x-1-{scheduler}")
    attend(home, kinds)
    assert run.record().state == "queued", "it may be on its way at this moment"
    monkeypatch.setattr("engine.runs.queueing.queue._SETTLING", 0.0)
    attend(home, kinds)
    assert run.record().state == "interrupted"
    assert "gave the run up" in run.record().error["sentence"]
    launch.resume(home, run.id, kinds=kinds)
    assert wait(run, PATIENCE).state == "done"


def test_a_lost_scheduler_leaves_the_run_waiting_and_says_so(home, kinds, monkeypatch):
    monkeypatch.setattr("engine.runs.cluster.clients._TIMEOUT", 0.5)
    lost = "tcp://127.0.0.1:9"
    run = made(home, f"dask:{lost}", holder=lost, task="x-1-Scheduler-gone")
    attend(home, kinds)
    assert run.record().state == "queued"
    assert "does not answer" in run.record().message
    assert cancel(home, run.id).state == "cancelled"


def test_a_run_that_comes_after_another_goes_to_the_cluster_when_that_is_done(
    start, home, kinds, cluster
):
    first = start("count", steps=10, pause=0.1)
    spec = {"kind": "count", "threads": 1}
    second = submit(home, spec, f"dask:{cluster.address}", kinds=kinds, after=[first.id])
    assert second.holder == QUEUE
    attend(home, kinds)
    assert open_run(home, second.id).record().message.startswith("Waits for run")
    wait(first, PATIENCE)
    attend(home, kinds)
    assert wait(open_run(home, second.id), PATIENCE).state == "done"


def made(home, executor, **fields):
    """A run that has been queued for a minute, as its record says."""
    from engine.runs.folder.directory import new_run_directory
    from engine.runs.folder.record import RunRecord

    run = new_run_directory(home, "count")
    long_ago = time.time() - 60
    spec = {"kind": "count", "threads": 1}
    record = RunRecord(
        run.id, "count", spec, created=long_ago, queued=long_ago, executor=executor, **fields
    )
    write_json(run.record_file, record.to_file())
    with RunWriter(run):
        pass
    return run
