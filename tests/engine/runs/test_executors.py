"""One contract for every executor, and what only a process of its own can promise."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from data.errors import UserError
from engine.runs import cancel, launch, list_runs, open_run, submit, wait
from engine.runs.folder.record import RunRecord, RunState
from engine.runs.kinds import Kind
from engine.runs.queueing.executors import EXECUTORS, find_executor

Kinds = Mapping[str, Kind]
PATIENCE = 60.0


@pytest.fixture(params=sorted(EXECUTORS))
def executor(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def do(home: Path, kinds: Kinds, executor: str, kind: str, **spec: object) -> RunRecord:
    record = submit(home, {"kind": kind, "threads": 1, **spec}, executor, kinds=kinds)
    return wait(open_run(home, record.id), PATIENCE)


def until_it_works(home: Path, run_id: str) -> None:
    run = open_run(home, run_id)
    deadline = time.monotonic() + PATIENCE
    while not run.record().progress:
        assert run.record().active, run.log_tail()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_job_is_done(home: Path, kinds: Kinds, executor: str) -> None:
    record = do(home, kinds, executor, "count", steps=4, seed=1)
    assert record.state == "done", open_run(home, record.id).log_tail()
    assert record.result is not None
    assert record.result["began_at"] == 0
    assert (record.progress, record.eta_s, record.executor) == (1.0, 0.0, executor)
    assert record.created <= record.started <= record.ended  # type: ignore[operator]
    run = open_run(home, record.id)
    states = [event["state"] for event in run.tail(kinds={"state"})]
    assert states == ["running", "done"]
    assert [event["epoch"] for event in run.tail(kinds={"loss"})] == [0, 1, 2, 3]
    deadline = time.monotonic() + 10.0
    while find_executor(executor).poll(run):
        assert time.monotonic() < deadline, "its process does not end"
        time.sleep(0.02)


def test_the_same_seed_gives_the_same_numbers(home: Path, kinds: Kinds) -> None:
    first = do(home, kinds, "inline", "count", seed=7).result
    second = do(home, kinds, "local", "count", seed=7).result
    assert first == second
    assert first != do(home, kinds, "inline", "count", seed=8).result


def test_the_environment_is_on_record(home: Path, kinds: Kinds, executor: str) -> None:
    import json

    record = do(home, kinds, executor, "count", seed=3, selection={"kind": "not"}, catalogue="c-1")
    content = json.loads(open_run(home, record.id).environment_file.read_text())
    assert content["seed"] == 3
    assert content["catalogue"] == "c-1"
    assert content["selection"] == {"kind": "not"}
    assert content["threads"] == 1
    assert content["versions"].keys() >= {"python", "numpy", "torch", "zuko"}
    assert content["platform"]


@pytest.mark.parametrize(
    ("kind", "sentence", "hint"),
    [
        ("user_error", "The cut leaves ten stars.", "Loosen it."),
        ("crash", "The run failed: ValueError: a <b>matrix</b> is singular", "log"),
        ("out_of_memory", "needed more memory", "smaller preset"),
        ("torch_out_of_memory", "needed more memory", "smaller preset"),
        ("full_disk", "The disk is full (while writing cube.zarr).", "Free up space"),
        ("wrong_result", "instead of a dict", "log"),
    ],
)
def test_a_failure_says_what_and_what_to_do(
    home: Path, kinds: Kinds, executor: str, kind: str, sentence: str, hint: str
) -> None:
    record = do(home, kinds, executor, kind)
    assert record.state == "failed"
    assert record.error is not None
    assert sentence in record.error["sentence"]
    assert hint in record.error["hint"]
    assert "Traceback" not in str(record.to_dict())
    assert "Traceback" in open_run(home, record.id).log_tail()
    assert record.resumable


def test_a_job_that_does_not_exist_fails(home: Path, executor: str) -> None:
    for job in ("no_such_module:run", "json:no_such_function", "json"):
        record = do(home, {"count": Kind(job)}, executor, "count")
        assert record.state == "failed"
        assert record.error is not None


def test_numbers_of_numpy_arrive_as_json(home: Path, kinds: Kinds, executor: str) -> None:
    record = do(home, kinds, executor, "numpy_result")
    assert record.result == {"value": 2.5, "list": [0, 1, 2], "hole": None}
    (loss,) = open_run(home, record.id).tail(kinds={"loss"})
    assert loss["train"] == [1.0, None]


def test_a_stopped_run_is_cancelled_and_goes_on_when_resumed(
    home: Path, kinds: Kinds, executor: str
) -> None:
    undisturbed = do(home, kinds, "inline", "count", steps=30).result
    spec: dict[str, object] = {"kind": "count", "steps": 30, "pause": 0.02, "threads": 1}
    if executor == "inline":  # submit returns when the run has ended: ask from the side
        canceller = threading.Timer(0.3, lambda: cancel(home, list_runs(home)[0].id))
        canceller.start()
        stopped = submit(home, spec, executor, kinds=kinds)
        canceller.join()
    else:
        stopped = submit(home, spec, executor, kinds=kinds)
        until_it_works(home, stopped.id)
        stopped = cancel(home, stopped.id)
    assert stopped.state == "cancelled"
    assert cancel(home, stopped.id).state == "cancelled"  # asking twice does no harm

    resumed = launch.resume(home, stopped.id, executor, kinds=kinds)
    resumed = wait(open_run(home, resumed.id), PATIENCE)
    assert resumed.state == "done"
    assert resumed.attempt == 2
    assert resumed.result is not None
    assert undisturbed is not None
    assert resumed.result["total"] == undisturbed["total"]
    assert int(str(resumed.result["began_at"])) > 0
    epochs = [event["epoch"] for event in open_run(home, resumed.id).tail(kinds={"loss"})]
    assert epochs == sorted(set(epochs)), "a step was done twice"
    assert len(open_run(home, resumed.id).tail(kinds={"resumed"})) == 1


def test_a_run_that_is_done_stays_done(home: Path, kinds: Kinds, executor: str) -> None:
    record = do(home, kinds, executor, "count")
    with pytest.raises(UserError, match="cannot be resumed: it is done"):
        launch.resume(home, record.id, executor, kinds=kinds)
    with pytest.raises(UserError, match="has already ended"):
        cancel(home, record.id)
    assert open_run(home, record.id).record() == record


def test_the_process_has_its_own_session_threads_and_patience(home: Path, kinds: Kinds) -> None:
    record = do(home, kinds, "local", "report_environment", threads=3)
    assert record.result is not None
    assert record.result["threads"] == ["3", "3", "3"]
    assert record.result["session_leader"] is True
    assert int(str(record.result["nice"])) >= os.nice(0)
    assert record.result["path_has_cwd"] is False
    assert record.result["modules"] == [], "a worker pays only for what its job imports"


def test_what_a_job_prints_is_in_the_log(home: Path, kinds: Kinds) -> None:
    record = do(home, kinds, "local", "print_and_log")
    run = open_run(home, record.id)
    assert "printed by the job" in run.log_tail()
    assert "said by the job" in run.log_tail()
    assert [event["text"] for event in run.tail(kinds={"log"})] == ["said by the job"]


def test_a_cooperative_stop_takes_less_than_a_second(home: Path, kinds: Kinds) -> None:
    record = submit(home, {"kind": "survive_errors", "threads": 1}, kinds=kinds)
    until_it_works(home, record.id)
    began = time.monotonic()
    assert cancel(home, record.id).state == "cancelled"
    assert time.monotonic() - began < 1.0
    assert not find_executor("local").poll(open_run(home, record.id)), "its process is gone"


def test_cancel_can_leave_the_rest_to_the_background(home: Path, kinds: Kinds) -> None:
    record = submit(home, {"kind": "survive_errors", "threads": 1}, kinds=kinds)
    until_it_works(home, record.id)
    assert cancel(home, record.id, block=False).state in ("stopping", "cancelled")
    assert wait(open_run(home, record.id), 5.0).state == "cancelled"


def test_runs_that_take_every_core_pass_one_after_the_other(home: Path, kinds: Kinds) -> None:
    spec: dict[str, object] = {"kind": "survive_errors"}
    first = submit(home, spec, kinds=kinds)
    until_it_works(home, first.id)
    second = submit(home, spec, kinds=kinds)
    run = open_run(home, second.id)
    deadline = time.monotonic() + PATIENCE
    while run.record().stage != "waiting":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert run.record().state == "queued"
    free = submit(home, {**spec, "threads": 1}, kinds=kinds)  # says how much it takes: no wait
    until_it_works(home, free.id)
    cancel(home, first.id)
    until_it_works(home, second.id)
    assert run.record().state is RunState.RUNNING
    for record in (second, free):
        cancel(home, record.id)


def test_a_run_that_waits_its_turn_can_be_cancelled(home: Path, kinds: Kinds) -> None:
    first = submit(home, {"kind": "survive_errors"}, kinds=kinds)
    until_it_works(home, first.id)
    second = submit(home, {"kind": "count"}, kinds=kinds)
    assert cancel(home, second.id).state == "cancelled"
    assert open_run(home, second.id).result() is None
    cancel(home, first.id)


def test_an_unknown_executor(home: Path, kinds: Kinds) -> None:
    with pytest.raises(UserError, match="Unknown executor 'cloud'"):
        submit(home, {"kind": "count"}, "cloud", kinds=kinds)
    assert list_runs(home) == []
