"""Small jobs for tests of runs; imported by the worker process through PYTHONPATH."""

from __future__ import annotations

import errno
import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from data.errors import UserError
from engine.runs.context import RunContext
from engine.runs.folder.files import write_json


def count(context: RunContext) -> dict[str, Any]:
    """Add up seeded random numbers, with a checkpoint at every step, as a training would."""
    steps = int(context.spec.get("steps", 5))
    pause = float(context.spec.get("pause", 0.0))
    checkpoint = context.checkpoints / "sum.json"
    done, total = 0, 0.0
    if checkpoint.exists():
        done, total = json.loads(checkpoint.read_text())
    began_at = done
    for step in range(done, steps):
        context.check_stop()
        total += random.Random(1000 * int(context.spec.get("seed", 0)) + step).gauss(0.0, 1.0)  # noqa: S311
        time.sleep(pause)
        write_json(checkpoint, [step + 1, total])
        context.event("loss", flow="position", epoch=step, train=[total], validation=[total])
        context.progress((step + 1) / steps, "counting", f"step {step + 1}")
    return {"total": total, "began_at": began_at, "attempt": context.attempt}


def report_environment(context: RunContext) -> dict[str, Any]:
    import os

    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
    return {
        "threads": [os.environ.get(name) for name in names],
        "session_leader": os.getsid(0) == os.getpid(),
        "nice": os.nice(0),
        "path_has_cwd": str(Path.cwd()) in sys.path or "" in sys.path,
        "modules": sorted(name for name in ("torch", "panel", "numpy") if name in sys.modules),
    }


def print_and_log(context: RunContext) -> dict[str, Any]:
    sys.stdout.write("printed by the job\n")
    context.log("said by the job")
    return {}


def user_error(context: RunContext) -> dict[str, Any]:
    raise UserError("The cut leaves ten stars.", "Loosen it.")


def crash(context: RunContext) -> dict[str, Any]:
    raise ValueError("a <b>matrix</b>\nis singular")


def out_of_memory(context: RunContext) -> dict[str, Any]:
    raise MemoryError


def torch_out_of_memory(context: RunContext) -> dict[str, Any]:
    class OutOfMemoryError(RuntimeError):
        """Named as torch names it."""

    raise OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")


def full_disk(context: RunContext) -> dict[str, Any]:
    raise OSError(errno.ENOSPC, "No space left on device", "cube.zarr")


def wrong_result(context: RunContext) -> Any:
    return ["not", "a", "dict"]


def numpy_result(context: RunContext) -> dict[str, Any]:
    import numpy as np

    context.event("loss", train=np.array([1.0, np.nan]), lr=np.float32(0.5))
    return {"value": np.float64(2.5), "list": np.arange(3), "hole": float("nan")}


def hang(context: RunContext) -> dict[str, Any]:
    """Look at nothing, swallow every error; SIGTERM ends it through the guard."""
    context.progress(0.1, "hanging")
    while True:
        try:
            time.sleep(0.05)
        except Exception:  # noqa: S112
            continue


def hang_in_library(context: RunContext) -> dict[str, Any]:
    """Sit in one long call with every signal blocked but SIGKILL, helper process included."""
    helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    write_json(context.path / "helper.json", helper.pid)
    context.progress(0.1, "hanging")
    # Blocked signals never reach the interpreter, as in a library that never returns.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    time.sleep(60)
    return {}


def survive_errors(context: RunContext) -> dict[str, Any]:
    """A job that goes on after every error must still obey a stop."""
    context.progress(0.1, "surviving")
    while True:
        try:
            context.check_stop()
            time.sleep(0.01)
        except Exception:  # noqa: S112
            continue


def map_saving_often(context: RunContext) -> dict[str, Any]:
    """A real map that keeps a checkpoint of every epoch, however short."""
    from engine.mapping import train
    from engine.mapping.job import run_map

    train._SAVE_EVERY = 0.0
    return run_map(context)


def slow_map(context: RunContext) -> dict[str, Any]:
    """Stands in for a map where only its run matters."""
    for step in range(20):
        context.check_stop()
        context.progress((step + 1) / 20, "training", f"epoch {step + 1} of 20")
        time.sleep(0.02)
    cubes = {name: str(context.cubes / f"{name}.zarr") for name in ("acceleration", "profiles")}
    warnings = [{"code": "sky_gaps", "sentence": "A part of the sky is empty."}]
    return {"cubes": cubes, "at_sun": None, "warnings": warnings, "timing": {"seconds": 0.4}}


def fill_the_disk(context: RunContext) -> dict[str, Any]:
    """Keep a checkpoint, then fill the disk; the second time there is room."""
    checkpoint = context.checkpoints / "sum.json"
    if checkpoint.exists():
        return {"total": 1}
    write_json(checkpoint, [1])
    with (context.path / "filler").open("wb", buffering=0) as filler:
        for size in (1 << 16, 1 << 10, 1):
            try:
                while True:
                    filler.write(bytes(size))
            except OSError:
                continue
    context.event("loss", text="x" * 100_000)
    return {}
