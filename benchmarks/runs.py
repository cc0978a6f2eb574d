"""What a run costs beyond its work: against bare processes, in a list, on more workers.

    python -m benchmarks.runs                  # 200 runs of one second's work each way
    python -m benchmarks.runs --runs 40 --rounds 4 --scaling 1 2 4 8 --json

A bare process has the same interpreter and the same imports and does the same work; as many are
at work at a time. The ways take turns, so that whatever else the machine does meets all of them.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.runs import RunContext, list_runs, submit
from engine.runs.cluster.head import NO_DASHBOARD
from engine.runs.folder.directory import new_run_directory
from engine.runs.folder.files import write_json
from engine.runs.folder.record import RunRecord, RunState
from engine.runs.kinds import Kind
from engine.runs.queueing.needs import Supply
from engine.runs.queueing.queue import attend

__all__ = ["burn", "main", "work"]

KINDS = {"work": Kind("benchmarks.runs:work")}
ROOT = Path(__file__).resolve().parents[1]
_BARE = "import engine.runs.worker, benchmarks.runs as b; b.burn({seconds}, {waiting})"


def burn(seconds: float, waiting: bool) -> None:
    """Work for so many seconds of the processor, or only wait for so long."""
    if waiting:
        time.sleep(seconds)
        return
    end = time.process_time() + seconds
    while time.process_time() < end:
        sum(range(1000))


def work(context: RunContext) -> dict[str, Any]:
    """Work as a job, with a report now and then."""
    seconds, waiting = float(str(context.spec["seconds"])), bool(context.spec["waiting"])
    for part in range(10):
        context.check_stop()
        burn(seconds / 10, waiting)
        context.progress((part + 1) / 10, "working")
    return {}


def bare(runs: int, at_once: int, seconds: float, waiting: bool) -> float:
    """Give the seconds that bare processes take."""
    command = [sys.executable, "-P", "-c", _BARE.format(seconds=seconds, waiting=waiting)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    began, left, living = time.monotonic(), runs, []
    while left or living:
        living = [process for process in living if process.poll() is None]
        while left and len(living) < at_once:
            # In a session of its own, as runs are: Linux shares a busy machine among sessions.
            living.append(
                subprocess.Popen(command, env=environment, start_new_session=True)  # noqa: S603
            )
            left -= 1
        time.sleep(0.01)
    return time.monotonic() - began


def through(
    executor: str, home: Path, runs: int, at_once: int, seconds: float, waiting: bool
) -> float:
    """Give the seconds that runs take through an executor, from the first request on."""
    spec: dict[str, object] = {"kind": "work", "threads": 1, "seconds": seconds}
    spec["waiting"] = waiting
    supplies = {"": Supply(at_once, 0.0, 0)} if executor == "local" else None
    began = time.monotonic()
    made = {submit(home, spec, executor, kinds=KINDS, queue=True).id for _ in range(runs)}
    while any(record.active for record in attend(home, KINDS, supplies)):
        time.sleep(0.1)  # as the process does that attends to the queue
    took = time.monotonic() - began
    for record in list_runs(home):
        if record.id in made and not record.ended_well:
            raise RuntimeError(f"{record.id} is {record.state}: {record.error}")
    return took


@contextmanager
def cluster(workers: int) -> Any:  # noqa: ANN401
    """Keep a cluster on this machine; gives the name of its executor."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        resources={"CPU": 1},
        memory_limit=0,
        **NO_DASHBOARD,
    ) as here:
        yield f"dask:{here.scheduler_address}"


def listing(runs: int) -> tuple[float, float]:
    """Give the seconds of the first and of a later list of so many runs."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for number in range(runs):
            run = new_run_directory(home, "map")
            state = RunState.DONE if number % 2 else RunState.FAILED
            record = RunRecord(run.id, "map", {"kind": "map"}, state, created=float(number))
            write_json(run.record_file, record.to_file())
            at_sun = {"acceleration": [1.0, 2.0, 3.0], "acceleration_sd": [0.1, 0.1, 0.1]}
            write_json(run.result_file, {"cubes": {"acceleration": "x"}, "at_sun": at_sun})
        first = _seconds(lambda: list_runs(home))
        return first, min(_seconds(lambda: list_runs(home)) for _ in range(5))


def scaling(workers: Sequence[int], runs: int, seconds: float, folder: Path) -> dict[str, Any]:
    """Give runs a second for several numbers of workers.

    The work only waits, so that the cores of this machine set no limit: what is measured is how
    many workers one scheduler and one queue can keep busy.
    """
    found = {}
    for count in workers:
        with cluster(count) as executor:
            took = through(executor, folder / f"scaling-{count}", runs, count, seconds, True)
        found[str(count)] = {"seconds": took, "efficiency": runs * seconds / count / took}
    return found


def _children() -> float:
    """Give the seconds of the processor that ended children took."""
    told = resource.getrusage(resource.RUSAGE_CHILDREN)
    return told.ru_utime + told.ru_stime


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def main() -> int:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5, help="turns that the ways take")
    parser.add_argument("--at-once", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seconds", type=float, default=1.0, help="work of each run")
    parser.add_argument("--waiting", action="store_true", help="the work is to wait")
    parser.add_argument("--scaling", type=int, nargs="*", default=[], metavar="WORKERS")
    parser.add_argument("--scaling-runs", type=int, default=40)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    each = max(1, chosen.runs // chosen.rounds)
    ways = {"bare": 0.0, "local": 0.0, "dask": 0.0}
    shared = (each, chosen.at_once, chosen.seconds, chosen.waiting)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with cluster(chosen.at_once) as executor:
            spent = [_children()]
            processor = {"bare": 0.0, "local": 0.0}
            for _ in range(chosen.rounds):
                ways["bare"] += bare(*shared)
                spent.append(_children())
                ways["local"] += through("local", folder / "local", *shared)
                time.sleep(0.5)  # until the last processes are gone, whose time counts
                spent.append(_children())
                processor["bare"] += spent[-2] - spent[-3]
                processor["local"] += spent[-1] - spent[-2]
                ways["dask"] += through(executor, folder / "dask", *shared)
        told: dict[str, Any] = {
            "runs": each * chosen.rounds,
            "at_once": chosen.at_once,
            "seconds": ways,
            "processor_seconds": processor,
            "local_over_bare": ways["local"] / ways["bare"],
            "dask_over_bare": ways["dask"] / ways["bare"],
        }
        told["list_of_1000_s"] = dict(zip(("first", "later"), listing(1000), strict=True))
        told["scaling"] = scaling(chosen.scaling, chosen.scaling_runs, chosen.seconds, folder)
    if chosen.json:
        print(json.dumps(told))
    else:
        for key, value in told.items():
            print(f"{key:>16}  {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
