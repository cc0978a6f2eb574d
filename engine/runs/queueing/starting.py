"""Starting the process that works on a run."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import engine
from data.errors import UserError
from engine.runs.folder.record import RunRecord
from engine.runs.folder.writer import RunWriter
from engine.runs.process import host_name, identify
from engine.runs.queueing.resources import CORES_VARIABLE, thread_environment

__all__ = ["start_process"]


def start_process(
    writer: RunWriter, job: str, *, cores: int | None = None, tethered: bool = False
) -> subprocess.Popen[bytes]:
    """Give a run a process of its own, and put that on record.

    The lock of the run must be held until this returns: the new process waits for it.

    Parameters
    ----------
    writer
        The open writer of the queued run.
    job
        The job function, ``module:function``.
    cores
        Cores that were granted to the run; it then takes no others and waits for nobody.
    tethered
        Whether the process has to end with this one. By default it outlives it.

    Raises
    ------
    UserError
        The process cannot be started; the run is left as it was.
    """
    run = writer.run
    command = [sys.executable, "-P", "-m", "engine.runs.worker", str(run.path), "--job", job]
    if tethered:
        command += ["--tether", str(os.getpid())]
    try:
        with run.log_file.open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=run.path,
                env=_environment(writer.record, cores),
                start_new_session=True,
            )
    except OSError as error:
        raise UserError(
            f"Could not start a process for run {run.id}: {error.strerror}.",
            "Close other programs and resume the run.",
        ) from error
    record = writer.record.on(identify(process.pid), host_name())
    writer.update(record if tethered else replace(record, holder="", task=""))
    return process


def _environment(record: RunRecord, cores: int | None) -> dict[str, str]:
    spec, granted = record.spec, {}
    if cores is not None:
        spec = {"threads": spec.get("threads") or cores}
        granted = {CORES_VARIABLE: str(cores)}
    environment = {
        **os.environ,
        **thread_environment(spec),
        **granted,
        "PYTHONUNBUFFERED": "1",
        "PYTHONFAULTHANDLER": "1",  # a crash inside a library leaves its place in the log
    }
    root = Path(engine.__file__).resolve().parents[1]
    if "site-packages" not in root.parts:  # a checkout that was not installed works as well
        paths = [environment.get("PYTHONPATH", ""), str(root)]
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    return environment
