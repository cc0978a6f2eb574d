"""A map whose process is killed in the middle ends with the numbers of an undisturbed one."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from data.catalogue.ingest import ingest_arrays
from engine.cubes.store import read_cube
from engine.runs import RunDirectory, launch, open_run, submit, wait
from engine.runs.kinds import KINDS, Kind

PATIENCE = 300.0
TINY = {
    "members": 2,
    "position_epochs": 3,
    "velocity_epochs": 6,
    "position_hidden": 8,
    "velocity_hidden": 8,
    "batch": 256,
    "velocities": 32,
    "spacing": 2.0,
    "z_cells": 3,
}


@pytest.fixture
def catalogue(home: Path) -> str:
    rng = np.random.default_rng(1)
    positions = rng.normal(0.0, 0.8, (3, 2000)) + np.array([[8.122], [0.0], [0.0208]])
    velocities = rng.normal(0.0, 30.0, (3, 2000))
    names = ("x", "y", "z", "vx", "vy", "vz")
    columns = dict(zip(names, np.concatenate([positions, velocities]), strict=True))
    return ingest_arrays(columns, home, name="ball", kind="simulation", provenance={}).id


@pytest.fixture
def maps(kinds: dict[str, Kind]) -> dict[str, Kind]:
    """Real maps, checked as ever, that keep a checkpoint of every epoch."""
    return {"map": Kind("run_jobs:map_saving_often", KINDS["map"].request)}


def start(home: Path, catalogue: str, maps: dict[str, Kind]) -> RunDirectory:
    spec: dict[str, object] = {"kind": "map", "catalogue": catalogue, "overrides": TINY}
    return open_run(home, submit(home, {**spec, "seed": 4, "threads": 1}, kinds=maps).id)


def epochs(run: RunDirectory) -> list[tuple[object, object]]:
    return [(event["flow"], event["epoch"]) for event in run.tail(1000, kinds={"loss"})]


def result_of(run: RunDirectory) -> tuple[dict[str, object], xr.Dataset]:
    record = wait(run, PATIENCE)
    assert record.state == "done", run.log_tail()
    assert record.result is not None
    return record.result, read_cube(Path(record.result["cubes"]["acceleration"]))  # type: ignore[index]


@pytest.mark.slow
def test_the_numbers_are_those_of_an_undisturbed_run(
    home: Path, catalogue: str, maps: dict[str, Kind]
) -> None:
    killed = start(home, catalogue, maps)
    deadline = time.monotonic() + PATIENCE
    while len([flow for flow, _ in epochs(killed) if flow == "velocity"]) < 2:
        assert killed.record().active, killed.log_tail()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    pid = killed.stored().pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    assert wait(killed, 5.0).state == "interrupted"

    undisturbed = start(home, catalogue, maps)
    expected, expected_cube = result_of(undisturbed)
    launch.resume(home, killed.id, kinds=maps)
    result, cube = result_of(killed)
    assert result["at_sun"] == expected["at_sun"]
    for name in ("acceleration", "acceleration_sd", "n_tracers"):
        np.testing.assert_array_equal(cube[name].values, expected_cube[name].values)
    told = epochs(killed)
    assert set(told) == set(epochs(undisturbed))
    assert len(told) <= len(set(told)) + 1, "at most the epoch of the last checkpoint is repeated"
