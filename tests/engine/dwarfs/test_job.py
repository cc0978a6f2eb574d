"""A run of the kind dwarf, from the catalogue to its cube."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from data.mocks.dwarfs.catalogue import make_dwarf
from engine.cubes.store import read_cube
from engine.dwarfs import fit
from engine.dwarfs.fit import FitSettings
from engine.dwarfs.sampler import Sampling
from engine.runs.launch import submit


@pytest.fixture
def short(monkeypatch):
    """Make the preset quick a matter of seconds."""
    small = FitSettings(Sampling(chains=4, warmup=12, draws=12, evidence=20), 16, 12, 20, 4, 40)
    monkeypatch.setitem(fit.PRESETS, "quick", small)


def test_a_run_writes_its_cube_and_says_that_it_has_not_converged(tmp_path, short):
    catalogue = make_dwarf(tmp_path, stars=60, seed=1, halo="core", distance=84.0)
    record = submit(tmp_path, {"kind": "dwarf", "catalogue": catalogue.id}, "inline")
    assert record.state == "done", record.error
    result = record.result
    assert result["converged"] is False
    assert any("has not converged" in reason for reason in result["reasons"])
    cube = read_cube(Path(result["cubes"]["dwarf"]))
    for name in ("tracer_density", "dispersion", "anisotropy", "mass", "density", "log_slope",
                 "v_circ"):  # fmt: skip
        assert cube[name].dims == ("draw", "r")
        assert np.isfinite(cube[name]).all(), name
        assert cube[name].attrs["ancillary_variables"] == f"{name}_sd"
    assert (np.diff(cube["mass"], axis=1) > 0).all()
    assert cube["density_by_family"].shape == (2, 5, cube.sizes["r"])
    assert (np.diff(cube["density_by_family"], axis=1) >= 0).all()
    scalars = result["scalars"]
    for name in ("rho_150pc", "mass_1p8_half", "slope_at_half", "j_factor_0p5deg"):
        one = scalars[name]
        assert one["lo95"] <= one["lo68"] <= one["value"] <= one["hi68"] <= one["hi95"]
    assert scalars["j_factor_0p5deg"]["within_kpc"] == pytest.approx(
        float(catalogue.column("radius").max()), rel=0.5
    )
    assert 0 <= scalars["probability_core"]["value"] <= 1
    assert json.loads(cube.attrs["scalars"]) == scalars
    assert sum(one["weight"] for one in result["families"]) == pytest.approx(1)


def test_a_table_in_kpc_has_no_j_factor(tmp_path, short):
    catalogue = make_dwarf(tmp_path, stars=60, seed=1)
    spec = {"kind": "dwarf", "catalogue": catalogue.id, "beta": "free"}
    record = submit(tmp_path, spec, "inline")
    assert record.result["scalars"]["j_factor_0p5deg"] is None
    assert record.result["notes"]
    assert record.result["families"][0]["family"] == "general"
