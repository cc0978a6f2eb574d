from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from data.errors import UserError
from engine.runs.folder.directory import RunDirectory, new_run_directory
from engine.runs.folder.files import write_json
from engine.runs.folder.lock import FileLock, LockedError
from engine.runs.folder.record import RunRecord, RunState
from engine.runs.folder.writer import RunWriter

HOLD = """
import sys, time
from pathlib import Path
from engine.runs.folder.lock import FileLock
FileLock(Path(sys.argv[1])).acquire()
print("held", flush=True)
time.sleep(60)
"""


def make_run(home: Path) -> RunDirectory:
    run = new_run_directory(home, "count")
    write_json(run.record_file, RunRecord(run.id, "count", {}).to_file())
    return run


def test_the_same_process_is_refused_too(tmp_path: Path) -> None:
    with FileLock(tmp_path / "lock"):
        with pytest.raises(LockedError):
            FileLock(tmp_path / "lock").acquire()
        with pytest.raises(LockedError):
            FileLock(tmp_path / "." / "lock").acquire(0.05)
    with FileLock(tmp_path / "lock"):
        pass


def test_another_process_is_refused_until_the_holder_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    assert not FileLock(path).try_acquire()
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    lock = FileLock(path)
    assert lock.try_acquire()
    lock.release()


def test_a_second_writer_is_refused_with_a_sentence(home: Path) -> None:
    run = make_run(home)
    with RunWriter(run), pytest.raises(UserError, match="Another process is writing"):
        RunWriter(run, patience=0.1).__enter__()
    with RunWriter(run) as writer:
        writer.move(RunState.RUNNING)
    assert run.stored().state is RunState.RUNNING


def test_a_writer_that_cannot_open_the_record_lets_go_of_the_lock(home: Path) -> None:
    run = make_run(home)
    good = run.record_file.read_bytes()
    run.record_file.write_bytes(good[: len(good) // 2])
    with pytest.raises(UserError, match="cannot be read"):
        RunWriter(run).__enter__()
    run.record_file.write_bytes(good)
    with RunWriter(run, patience=0.0):
        pass
