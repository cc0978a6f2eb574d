"""Real Gaia tables through the command line: what they can tell, and what they cannot."""

import json
import os
from pathlib import Path

import pytest

from dashboard.cli import main
from data.population.population import MIN_TRACERS

FOLDER = os.environ.get("VIA_OBSCURA_TRIAL_DATA")
pytestmark = pytest.mark.skipif(
    not FOLDER, reason="VIA_OBSCURA_TRIAL_DATA does not name the folder of the trial tables"
)

SMALL = {
    "members": 2,
    "position_hidden": 24,
    "velocity_hidden": 24,
    "position_epochs": 2,
    "velocity_epochs": 2,
    "velocities": 128,
    "spacing": 1.0,
    "z_cells": 9,
}


def run(capsys, *arguments):
    status = main([*map(str, arguments), "--json"])
    return status, json.loads(capsys.readouterr().out)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("trial")


def test_archive_table_keeps_every_row_and_counts_what_lacks(home, capsys):
    table = Path(FOLDER) / "gaia-dr3-archive-schema.fits"
    status, said = run(capsys, "ingest", table, "--home", home)
    assert status == 0
    assert said["rows"] + sum(said["dropped"].values()) == 1000
    assert said["dropped"] == {}
    assert said["with_6d"] == 23
    assert said["with_6d"] + sum(said["not_6d"].values()) == said["rows"]


def test_map_of_too_few_stars_is_refused_in_a_sentence(home, capsys):
    status, said = run(
        capsys, "map", Path(FOLDER) / "gaia-dr3-archive-schema.fits", "--home", home
    )
    assert status == 1
    assert set(said) == {"error", "hint"}
    assert f"at least {MIN_TRACERS:,}" in said["error"]


@pytest.mark.slow
def test_in_plane_sample_is_mapped_and_not_trusted(home, capsys):
    """Bright, in the plane, a wedge: its selection imitates an acceleration."""
    table = Path(FOLDER) / "gaia-dr3-6d-inplane.parquet"
    settings = [f"--set={key}={value}" for key, value in SMALL.items()]
    status, said = run(capsys, "map", table, "--wait", "--home", home, *settings)
    assert status == 0, said
    assert said["state"] == "done"
    assert said["at_sun"]["trusted"] is False
    codes = {warning["code"] for warning in said["warnings"]}
    assert {"incomplete", "sky_gaps"} <= codes
    assert len(said["at_sun"]["reasons"]) >= len(codes)
    assert Path(said["cubes"]["acceleration"]).is_dir()
