"""Runs whose processes, disks and neighbours misbehave."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from data.errors import UserError
from engine.runs import cancel, ending, launch, list_runs, open_run, submit, wait
from engine.runs.folder.directory import RunDirectory
from engine.runs.folder.writer import RunWriter
from engine.runs.kinds import Kind
from engine.runs.process import identify, is_alive
from engine.runs.queueing.executors import find_executor

Kinds = Mapping[str, Kind]
PATIENCE = 60.0


def until(condition: Callable[[], object], patience: float = PATIENCE) -> float:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < patience, "it never happened"
        time.sleep(0.02)
    return time.monotonic() - began


def start(home: Path, kinds: Kinds, kind: str, **spec: object) -> RunDirectory:
    record = submit(home, {"kind": kind, "threads": 1, **spec}, kinds=kinds)
    run = open_run(home, record.id)
    until(lambda: run.record().progress or not run.record().active)
    assert run.record().active, run.log_tail()
    return run


def send(run: RunDirectory, number: signal.Signals) -> None:
    pid = run.stored().pid
    assert pid
    os.kill(pid, number)


def test_sigkill_is_seen_within_seconds_and_the_run_resumes_to_the_same_numbers(
    home: Path, kinds: Kinds
) -> None:
    spec: dict[str, object] = {"steps": 60, "pause": 0.02, "seed": 5}
    undisturbed = submit(home, {"kind": "count", "threads": 1, **spec}, "inline", kinds=kinds)
    run = start(home, kinds, "count", **spec)
    until(lambda: len(run.tail(kinds={"loss"})) >= 5)
    send(run, signal.SIGKILL)
    assert until(lambda: run.record().state == "interrupted", 3.0) < 3.0
    assert [record.state for record in list_runs(home) if record.id == run.id] == ["interrupted"]
    error = run.record().error
    assert error is not None
    assert "Resume" in error["hint"]

    done_before = len(run.tail(kinds={"loss"}))
    launch.resume(home, run.id, kinds=kinds)
    record = wait(run, PATIENCE)
    assert record.state == "done", run.log_tail()
    assert record.result is not None
    assert undisturbed.result is not None
    assert record.result["total"] == undisturbed.result["total"]
    began_at = int(str(record.result["began_at"]))
    assert done_before - 1 <= began_at <= done_before + 1, "more than a checkpoint was lost"


def test_sigterm_interrupts_in_order(home: Path, kinds: Kinds) -> None:
    run = start(home, kinds, "survive_errors")
    send(run, signal.SIGTERM)
    record = wait(run, 5.0)
    assert record.state == "interrupted"
    assert run.stored().state == "interrupted", "the worker itself put it on record"
    assert record.error is not None
    assert "SIGTERM" in record.error["sentence"]
    assert run.tail(1)[0]["state"] == "interrupted"


def test_sigterm_ends_a_job_that_ignores_it(home: Path, kinds: Kinds) -> None:
    run = start(home, kinds, "hang")
    send(run, signal.SIGTERM)
    assert wait(run, 10.0).state == "interrupted"
    until(lambda: not find_executor("local").poll(run), 5.0)


def test_cancel_ends_a_job_that_ignores_everything(
    home: Path, kinds: Kinds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ending, "_TERM_PATIENCE", 0.5)
    run = start(home, kinds, "hang_in_library")
    worker = run.stored().process
    until((run.path / "helper.json").exists)
    helper = identify(json.loads((run.path / "helper.json").read_text()))
    assert worker is not None
    assert is_alive(helper)
    assert cancel(home, run.id, grace=0.3).state == "cancelled"
    assert is_alive(worker) is False
    until(lambda: not is_alive(helper), 5.0)


def test_a_run_outlives_the_process_that_started_it(home: Path, kinds: Kinds) -> None:
    starter = f"""
from pathlib import Path
from engine.runs import submit
from engine.runs.kinds import Kind
spec = {{"kind": "count", "steps": 40, "pause": 0.05, "threads": 1}}
print(submit(Path({str(home)!r}), spec, kinds={{"count": Kind("run_jobs:count")}}).id, flush=True)
import time; time.sleep(60)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", starter],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    run = open_run(home, process.stdout.readline().strip())
    until(lambda: run.record().progress)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    before = run.record().progress
    assert run.record().state == "running"
    until(lambda: run.record().progress != before)
    assert wait(run, PATIENCE).state == "done"


def test_dead_children_leave_no_zombies(home: Path, kinds: Kinds) -> None:
    run = start(home, kinds, "hang")
    pid = run.stored().pid
    send(run, signal.SIGKILL)
    until(lambda: not Path(f"/proc/{pid}").exists(), 5.0)


def test_a_worker_that_dies_before_it_begins(
    home: Path, kinds: Kinds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONHOME", "/no/such/folder")  # its interpreter cannot start
    record = submit(home, {"kind": "count", "threads": 1}, kinds=kinds)
    run = open_run(home, record.id)
    record = wait(run, 10.0)
    assert record.state == "interrupted"
    assert record.error is not None
    assert "before it began" in record.error["sentence"]
    monkeypatch.delenv("PYTHONHOME")
    launch.resume(home, run.id, kinds=kinds)
    assert wait(run, PATIENCE).state == "done"


def test_a_process_that_cannot_be_started(
    home: Path, kinds: Kinds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(UserError, match="Could not start a process"):
        submit(home, {"kind": "count"}, kinds=kinds)
    (record,) = list_runs(home)
    assert record.state == "failed"
    assert record.error is not None


def test_a_run_that_works_is_neither_resumed_nor_deleted_nor_written_to(
    home: Path, kinds: Kinds
) -> None:
    run = start(home, kinds, "survive_errors")
    with pytest.raises(UserError, match="still running"):
        launch.delete(home, run.id)
    with pytest.raises(UserError, match="Another process"):
        RunWriter(run, patience=0.2).__enter__()
    with pytest.raises(UserError, match="cannot be resumed: it is running"):
        launch.resume(home, run.id, kinds=kinds)
    assert run.record().state == "running"
    cancel(home, run.id)


def test_a_second_worker_on_a_run_gives_up(home: Path, kinds: Kinds) -> None:
    record = submit(home, {"kind": "count", "threads": 1}, "inline", kinds=kinds)
    run = open_run(home, record.id)
    before = run.record_file.read_bytes()
    answer = subprocess.run(
        [sys.executable, "-m", "engine.runs.worker", str(run.path), "--job", "run_jobs:count"],
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 1
    assert "is not queued for this process" in answer.stderr
    assert run.record_file.read_bytes() == before


def test_a_cancelled_run_whose_canceller_died_is_shown_as_cancelled(
    home: Path, kinds: Kinds
) -> None:
    run = start(home, kinds, "hang")
    run.request_stop()
    assert run.record().state == "stopping"
    send(run, signal.SIGKILL)
    assert wait(run, 5.0).state == "cancelled"
    launch.resume(home, run.id, kinds=kinds)
    assert not run.stop_requested()
    cancel(home, run.id, grace=0.1)


def test_an_interrupted_run_can_be_given_up(home: Path, kinds: Kinds) -> None:
    run = start(home, kinds, "hang")
    send(run, signal.SIGKILL)
    until(lambda: run.record().state == "interrupted", 5.0)
    assert cancel(home, run.id).state == "cancelled"
    assert run.stored().state == "cancelled"


def test_a_full_disk_is_said_and_the_last_checkpoint_stays(
    home: Path, kinds: Kinds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writing fails from the third step on, except into the room that was kept back."""
    real = os.write
    written = 0

    def write(descriptor: int, data: bytes) -> int:
        nonlocal written
        written += 1
        name = Path(f"/proc/self/fd/{descriptor}").readlink().name
        if name == "events.jsonl" and written > 3:
            raise OSError(errno.ENOSPC, "No space left on device", name)
        return real(descriptor, data)

    monkeypatch.setattr(os, "write", write)
    record = submit(home, {"kind": "count", "steps": 50, "threads": 1}, "inline", kinds=kinds)
    monkeypatch.undo()
    assert record.state == "failed"
    assert record.error is not None
    assert record.error["sentence"].startswith("The disk is full")
    run = open_run(home, record.id)
    assert json.loads((run.checkpoints / "sum.json").read_text())[0] >= 1
    assert not (run.path / ".reserve").exists()


def test_a_read_only_home_is_a_sentence(tmp_path: Path, kinds: Kinds) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o555)
    if os.access(home, os.W_OK):
        pytest.skip("this user may write anywhere")
    with pytest.raises(UserError, match="Cannot create a run"):
        submit(home, {"kind": "count"}, "inline", kinds=kinds)
    assert list_runs(home) == []
