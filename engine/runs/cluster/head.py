"""The process that keeps a cluster of our own: ``python -m engine.runs.cluster.head HOME``.

It holds the scheduler, and starts and stops workers. It belongs to nobody: the dashboard and the
command line may come and go. What it is stands in ``cluster.json`` of the home.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from data.errors import UserError
from engine.runs.cluster.configuration import ClusterSettings, read_cluster
from engine.runs.cluster.offers import Offer
from engine.runs.folder.files import read_json, write_json
from engine.runs.folder.lock import FileLock
from engine.runs.process import ProcessIdentity, host_name, identify, is_alive

__all__ = [
    "NO_DASHBOARD",
    "cluster_address",
    "main",
    "promised",
    "running_cluster",
    "start",
    "stop",
]

NO_DASHBOARD: dict[str, Any] = {
    "dashboard_address": None,
    "scheduler_kwargs": {"dashboard_address": "localhost:0"},
}
"""Dask's own pages are off. Its scheduler would listen for them all the same, at port 8787 of
every address of the machine, and a second one would complain."""

_BACK_AGAIN = "300s"  # that a worker has to be back after its death
_START_PATIENCE = 60.0  # seconds that a scheduler may take to be there


def cluster_address(home: Path, *, wake: bool = False) -> str:
    """Give the address of the scheduler of a home's configuration, which is started if need be.

    Parameters
    ----------
    home
        The folder that holds catalogues and runs.
    wake
        Start it even if it was stopped by hand: somebody asks for it now.

    Raises
    ------
    UserError
        No cluster is configured, or it cannot be started, or it was stopped and nobody asks.
    """
    settings = read_cluster(home)
    if settings.address:
        return settings.address
    found = running_cluster(home)
    if found is None and not wake and _stopped(home).exists():
        raise UserError("The cluster was stopped.", "Start it with `via-obscura cluster start`.")
    return str((found or start(home))["address"])


def running_cluster(home: Path) -> dict[str, Any] | None:
    """Read what the cluster of a home is like, if there is one at work."""
    try:
        content = read_json(_file(home))
    except (OSError, ValueError):
        return None
    if not isinstance(content, dict) or "address" not in content:
        return None
    process = ProcessIdentity(
        str(content.get("machine")), int(str(content.get("pid", 0))), str(content.get("birth"))
    )
    return None if is_alive(process) is False else content


def promised(home: Path, address: str) -> list[Offer]:
    """Give what workers of our own cluster will have, though none may be there at this moment."""
    found = running_cluster(home)
    if found is None or found.get("address") != address:
        return []
    offer = found["offer"]
    one = Offer(offer["threads"], offer["memory_gb"], offer["resources"])
    return [one] * int(found.get("workers", 1))


def start(home: Path) -> dict[str, Any]:
    """Start the cluster of a home's configuration in a process of its own, and wait for it.

    Raises
    ------
    UserError
        It cannot be started.
    """
    read_cluster(home)
    _stopped(home).unlink(missing_ok=True)
    log = home / "cluster.log"
    with log.open("ab") as stream:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-P", "-m", "engine.runs.cluster.head", str(home)],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    threading.Thread(target=process.wait, name="reaper-cluster", daemon=True).start()
    deadline = time.monotonic() + _START_PATIENCE
    while (found := running_cluster(home)) is None:
        if process.poll() not in (None, 0) or time.monotonic() > deadline:
            words = log.read_text(errors="replace").strip().splitlines()
            reason = words[-1][:300] if words else "it did not begin in time"
            raise UserError(f"The cluster did not start: {reason}.", f"Its log is {log}.")
        time.sleep(0.05)
    return found


def stop(home: Path, patience: float = 30.0) -> bool:
    """End the cluster of a home, until somebody asks for it again; False if there was none.

    Its runs go back to the queue.
    """
    found = running_cluster(home)
    _stopped(home).touch()
    if found is None:
        return False
    process = ProcessIdentity(found["machine"], found["pid"], found["birth"])
    if is_alive(process) is None:
        raise UserError(
            f"The cluster is managed by a process on {found['host']}.", "Stop it there."
        )
    os.kill(process.pid, signal.SIGTERM)
    deadline = time.monotonic() + patience
    while is_alive(process):
        if time.monotonic() > deadline:
            os.killpg(process.pid, signal.SIGKILL)
        time.sleep(0.05)
    return True


def make_cluster(settings: ClusterSettings, home: Path) -> Any:  # noqa: ANN401
    """Start a Dask cluster.

    Raises
    ------
    UserError
        A package is missing, or the cluster refuses.
    """
    import dask

    dask.config.set(
        {
            "distributed.scheduler.allowed-failures": settings.allowed_failures,
            # On a busy machine a worker that died needs longer than Dask's 15 s to be back; after
            # that it would be closed for good, with the run that it has begun meanwhile.
            "distributed.deploy.lost-worker-timeout": _BACK_AGAIN,
        }
    )
    if settings.kind == "local":
        cluster = _class("distributed", "LocalCluster")(
            n_workers=settings.workers,
            threads_per_worker=settings.cores,
            memory_limit=f"{settings.memory_gb}GB",
            resources=settings.resources,
            **NO_DASHBOARD,
        )
    elif settings.kind == "cuda":
        cluster = _class("dask_cuda", "LocalCUDACluster", "cuda")(
            threads_per_worker=settings.cores,
            resources=settings.resources,
            **NO_DASHBOARD,
        )
    else:
        name = {"slurm": "SLURMCluster", "pbs": "PBSCluster"}[settings.kind]
        cluster = _class("dask_jobqueue", name)(**_job(settings, home))
        cluster.adapt(minimum=settings.minimum, maximum=settings.workers)
    return cluster


def _job(settings: ClusterSettings, home: Path) -> dict[str, Any]:
    """Give what dask-jobqueue writes a job script from."""
    resources = " ".join(f"{name}={amount:g}" for name, amount in settings.resources.items())
    seconds = _seconds(settings.walltime)
    # A worker leaves in order before the batch system takes it away; not all at the same moment.
    life = ["--lifetime", f"{max(30, seconds - 120)}s", "--lifetime-stagger", f"{seconds // 20}s"]
    job: dict[str, Any] = {
        "cores": settings.cores,
        "processes": 1,
        "memory": f"{settings.memory_gb}GB",
        "walltime": settings.walltime,
        "job_extra_directives": settings.options,
        "worker_extra_args": ["--resources", f'"{resources}"', *life],
        "log_directory": str(home / "cluster-logs"),
        "local_directory": "/tmp",  # noqa: S108 - each worker makes a folder of its own there
        "python": sys.executable,
        "scheduler_options": dict(NO_DASHBOARD["scheduler_kwargs"]),
    }
    chosen = {name: getattr(settings, name) for name in ("queue", "account", "interface")}
    return job | {name: value for name, value in chosen.items() if value}


def _seconds(walltime: str) -> int:
    try:
        hours, minutes, seconds = (int(part) for part in walltime.split(":"))
    except ValueError:
        raise UserError(f"The wall time {walltime!r} is not of the form HH:MM:SS.") from None
    return 3600 * hours + 60 * minutes + seconds


def _class(module: str, name: str, extra: str = "cluster") -> Any:  # noqa: ANN401
    try:
        return getattr(importlib.import_module(module), name)
    except ImportError as error:
        raise UserError(
            f"{module} is not installed.", f"Install it: pip install -e '.[{extra}]'."
        ) from error


def _stopped(home: Path) -> Path:
    """Give the file which says that the cluster was stopped by hand: the queue then waits."""
    return home / "cluster.stopped"


def _file(home: Path) -> Path:
    return home / "cluster.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Keep the cluster of a home until SIGTERM."""
    parser = argparse.ArgumentParser(prog="engine.runs.cluster.head", description=__doc__)
    parser.add_argument("home", type=Path)
    home = parser.parse_args(arguments).home
    lock = FileLock(home / ".cluster.lock")
    if not lock.try_acquire():
        return 0  # somebody was quicker
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    try:
        settings = read_cluster(home)
        cluster = make_cluster(settings, home)
    except (UserError, OSError, RuntimeError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    here = identify(os.getpid())
    offer = settings.offer
    told = {
        "address": cluster.scheduler_address,
        "kind": settings.kind,
        "workers": settings.workers,
        "host": host_name(),
        "machine": here.machine,
        "pid": here.pid,
        "birth": here.birth,
        "offer": {
            "threads": offer.threads,
            "memory_gb": offer.memory_gb,
            "resources": dict(offer.resources),
        },
    }
    write_json(_file(home), told)
    try:
        while not over.wait(1.0):
            if settings.kind == "local" and len(cluster.workers) < settings.workers:
                cluster.scale(settings.workers)
    finally:
        _file(home).unlink(missing_ok=True)
        with contextlib.suppress(Exception):
            cluster.close(timeout=20)
        lock.release()
    return 0


if __name__ == "__main__":
    sys.exit(main())
