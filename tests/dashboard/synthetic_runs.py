"""Run directories in every state, with cubes and events, made without training anything."""

from __future__ import annotations

import json
import math
import os
import time
from dataclasses import replace

from engine.cubes.store import write_cube
from engine.runs.folder.directory import RunDirectory
from engine.runs.folder.files import write_json
from engine.runs.folder.record import RunRecord, RunState
from engine.runs.process import host_name, identify
from tests.dashboard.synthetic import acceleration_cube, model_cube, profiles_cube

SPEC = {
    "kind": "map",
    "catalogue": "demo-0123abcd",
    "selection": None,
    "volume": None,
    "preset": "quick",
    "overrides": {},
    "seed": 0,
    "device": "auto",
    "threads": None,
}
RESULT_AT_SUN = {
    "acceleration": [-6200.0, 80.0, -30.0],
    "acceleration_sd": [150.0, 90.0, 60.0],
    "unit": "km2 s-2 kpc-1",
    "trusted": True,
    "reasons": [],
}


def make_run(home, state, *, order=0, result=None, cubes=None, losses=0, log="", **changes):
    """Write one run directory and give its `RunDirectory`.

    ``order`` counts back in minutes; an active run is worked on by this very process.
    """
    now = time.time() - 60 * order
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now))
    directory = RunDirectory(home / "runs" / f"{stamp}-map-{state[:4]}")
    directory.path.mkdir(parents=True)
    directory.cubes.mkdir()
    directory.checkpoints.mkdir()
    record = RunRecord(
        id=directory.id,
        kind="map",
        spec={**SPEC, **changes.pop("spec", {})},
        state=RunState(state),
        created=now - 200,
        queued=now - 200,
        started=None if state == "queued" else now - 190,
        ended=now if state in ("done", "failed", "cancelled", "interrupted") else None,
    )
    if record.active:
        record = record.on(identify(os.getpid()), host_name())
    write_json(directory.record_file, replace(record, **changes).to_file())
    if result is not None:
        write_json(directory.result_file, result)
    for name, cube in (cubes or {}).items():
        write_cube(cube, directory.cubes, name)
    add_losses(directory, losses)
    directory.append_log(log)
    write_json(directory.environment_file, {"python": "3.11.9", "torch": "2.13", "seed": 0})
    return directory


def add_losses(directory, epochs, start=0, members=4):
    """Append loss events of both flows, an exponential decay."""
    with directory.events_file.open("a") as file:
        for epoch in range(start, start + epochs):
            for flow, floor in (("position", 3.1), ("velocity", 14.2)):
                train = [floor + 0.02 * m + math.exp(-epoch / 3) for m in range(members)]
                event = {
                    "t": time.time(),
                    "kind": "loss",
                    "flow": flow,
                    "epoch": epoch,
                    "train": train,
                    "validation": [loss + 0.03 for loss in train],
                    "rate": 52_000.0,
                    "lr": 1e-3,
                }
                file.write(json.dumps(event) + "\n")


def make_map(
    home, *, order=0, trusted=True, warnings=(), estimators=("boltzmann",), more=None, **changes
):
    """Write a finished map with its three cubes, and ``more`` cubes by name."""
    cubes = {
        "acceleration": acceleration_cube(n=16, trusted=trusted, estimators=estimators),
        "profiles": profiles_cube(estimators=estimators),
        "model": model_cube(),
        **(more or {}),
    }
    at_sun = dict(RESULT_AT_SUN)
    if not trusted:
        reasons = ["the selection of the tracers mimics an acceleration"]
        at_sun.update(trusted=False, reasons=reasons)
    result = {
        "cubes": {name: f"cubes/{name}.zarr" for name in cubes},
        "at_sun": at_sun,
        "population": {"catalogue": 200_000, "selected": 200_000, "tracers": 180_000},
        "warnings": list(warnings),
        "timing": {"seconds": 130.0},
    }
    return make_run(
        home, "done", order=order, result=result, cubes=cubes, losses=12, log="done", **changes
    )


def make_every_state(home):
    """Write one run of each state, the finished map last in time."""
    trouble = {
        "sentence": "Only 10 stars are left for the map.",
        "hint": "At least 1,000 are needed: widen the selection.",
    }
    make_run(home, "queued", order=0)
    make_run(
        home, "running", order=1, progress=0.42, eta_s=75.0, stage="training", losses=8,
        message="velocity flow, epoch 4 of 10", log="200,000 stars\nposition flow trained",
    )  # fmt: skip
    make_run(home, "stopping", order=2, progress=0.2, stage="training", losses=2)
    make_run(
        home, "failed", order=3, error=trouble,
        log='Traceback (most recent call last):\n  File "job.py", line 1\nUserError: ten stars',
    )  # fmt: skip
    make_run(home, "cancelled", order=4, losses=4, progress=0.3)
    make_run(home, "interrupted", order=5, losses=6, progress=0.6)
    return make_map(home, order=6)
