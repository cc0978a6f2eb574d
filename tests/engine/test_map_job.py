"""The map as a run: its cubes and what they say of themselves."""

import json

import astropy.units as u
import numpy as np
import pytest
import xarray as xr

from data.catalogue.ingest import ingest_arrays
from data.catalogue.store import CatalogueStore
from data.errors import UserError
from data.frames import SolarParameters, from_galactocentric
from data.selection import parse
from engine.cubes.store import DIGEST, read_cube
from engine.cubes.trust import FLAGS
from engine.mapping.presets import resolve
from engine.runs.launch import open_run, submit

TINY = {
    "members": 2,
    "position_hidden": 16,
    "velocity_hidden": 16,
    "position_epochs": 3,
    "velocity_epochs": 3,
    "batch": 512,
    "velocities": 64,
    "spacing": 1.0,
    "z_cells": 7,
}


def warm_disc(rows, seed=0):
    """Stars of no particular equilibrium that fill the ball: enough to run the job."""
    rng = np.random.default_rng(seed)
    direction = rng.normal(size=(rows, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    x = direction * 3.9 * rng.uniform(size=(rows, 1)) ** (1 / 3) + SolarParameters().position
    v = rng.normal(size=(rows, 3)) * [40, 30, 20] + [0, -220, 0]
    names = ("x", "y", "z", "vx", "vy", "vz")
    columns = dict(zip(names, np.hstack([x, v]).T.astype(np.float32), strict=True))
    return {"source_id": np.arange(rows), **columns}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    ingest_arrays(warm_disc(6000), folder, name="ball", kind="simulation", provenance={})
    return folder


def spec(**changes):
    wanted = {"kind": "map", "catalogue": "ball", "preset": "quick", "seed": 3, "threads": 1}
    return {**wanted, "overrides": {**TINY, **changes.pop("overrides", {})}, **changes}


@pytest.fixture(scope="module")
def record(home):
    return submit(home, spec(), executor="inline")


@pytest.fixture(scope="module")
def cubes(record):
    assert record.state == "done", record.error
    return {name: read_cube_at(path) for name, path in record.result["cubes"].items()}


def read_cube_at(path):
    from pathlib import Path

    return read_cube(Path(path))


def test_all_cubes_are_there_and_open_with_plain_xarray(record, cubes):
    derived = {"density", "dark_matter", "asymmetry", "circular_velocity"}
    assert set(cubes) == {"acceleration", "draws", "profiles", "model"} | derived
    for name, path in record.result["cubes"].items():
        with xr.open_zarr(path) as plain:
            loaded = plain.load()
        assert loaded.attrs.pop(DIGEST)
        xr.testing.assert_identical(loaded, cubes[name])


def test_acceleration_cube_keeps_its_contract(cubes):
    cube = cubes["acceleration"]
    vector = ("estimator", "component", "x", "y", "z")
    assert cube["acceleration"].dims == vector == cube["acceleration_sd"].dims
    assert cube["residual"].dims == ("estimator", "x", "y", "z")
    for name in ("condition", "n_tracers", "edge_distance", "trust_flags", "trusted"):
        assert cube[name].dims == ("x", "y", "z"), name
    assert cube["component"].values.tolist() == ["x", "y", "z"]
    assert cube.attrs["default_estimator"] in cube["estimator"].values
    assert u.Unit(cube["acceleration"].units) == u.km**2 / u.s**2 / u.kpc
    inside = cube["edge_distance"].notnull()
    assert inside.any()
    assert np.isfinite(cube["acceleration"].where(inside, 0)).all()
    assert cube["acceleration"].where(~inside).isnull().all()
    assert (cube["acceleration_sd"].where(inside, 1) > 0).all()
    assert not cube["trusted"].where(~inside, False).any()
    flags = cube["trust_flags"]
    assert len(flags.attrs["flag_masks"]) == len(flags.attrs["flag_meanings"].split())
    for name in cube["acceleration"].attrs["ancillary_variables"].split():
        assert name in cube


def test_the_potential_is_the_default_and_stands_beside_the_pointwise_solution(cubes):
    for name in ("acceleration", "profiles"):
        found = cubes[name]["estimator"].values.tolist()
        assert found[:2] == ["potential", cubes["acceleration"].attrs["potential_from"]]
        assert set(found) == {"potential", "boltzmann", "jeans", "conditional"}
        assert cubes[name].attrs["default_estimator"] == "potential"


def test_density_cube_keeps_its_contract(cubes):
    cube, map_cube = cubes["density"], cubes["acceleration"]
    inside = map_cube["edge_distance"].notnull()
    for kind, dims in (("total", 4), ("baryon", 3), ("dark", 4)):
        for name in (f"density_{kind}", f"density_{kind}_sd"):
            assert cube[name].ndim == dims
            assert u.Unit(cube[name].units) == u.Msun / u.pc**3
            assert np.isfinite(cube[name].where(inside, 0)).all()
        assert (cube[f"density_{kind}_sd"].where(inside, 1) > 0).all()
    difference = cube["density_total"] - cube["density_baryon"] - cube["density_dark"]
    assert np.abs(difference.where(inside, 0)).max() < 1e-6
    assert not (cube["trusted"] & ~map_cube["trusted"]).any()
    reach = cube.attrs["kernel_truncation"] * max(cube.attrs["kernel_bandwidths_kpc"])
    assert not cube["trusted"].where(map_cube["edge_distance"] < reach, False).any()


def test_every_estimator_has_a_density_and_the_dark_matter_says_what_it_lacks(cubes):
    cube, dark = cubes["density"], cubes["dark_matter"]
    assert cube["estimator"].values.tolist() == cubes["acceleration"]["estimator"].values.tolist()
    assert cube.attrs["default_estimator"] == dark.attrs["estimator"]
    assert dark["density_dark"].dims == ("r",) == dark["density_dark_sd"].dims
    for variable in dark.values():
        for other in str(variable.attrs.get("ancillary_variables", "")).split():
            assert other in dark
    assert all(text.endswith(".") for text in json.loads(dark.attrs["missing"]).values())


def test_cubes_say_where_they_come_from(record, cubes, home):
    catalogue = CatalogueStore(home).open("ball")
    for cube in cubes.values():
        assert cube.attrs["run_id"] == record.id
        assert cube.attrs["catalogue_id"] == catalogue.id
        assert json.loads(cube.attrs["sun"])["position"] == list(SolarParameters().position)
        assert json.loads(cube.attrs["settings"])["members"] == 2
        assert cube.attrs["tracers"] == 6000
        assert "torch" in json.loads(cube.attrs["versions"])


def test_cubes_say_why_their_tracers_are_distrusted(home):
    """A cut in motion at a place is answered by no estimator, the conditional included."""
    record = submit(home, spec(selection=parse("circularity > 0.8")), executor="inline")
    assert record.state == "done", record.error
    codes = {warning["code"] for warning in record.result["warnings"]}
    assert {"selection_in_position", "selection_in_velocity"} <= codes
    for path in record.result["cubes"].values():
        assert json.loads(read_cube_at(path).attrs["warnings"]) == record.result["warnings"]
    cube = read_cube_at(record.result["cubes"]["acceleration"])
    inside = cube["edge_distance"].notnull()
    marked = (cube["trust_flags_by"] & FLAGS["population"][0]) > 0
    assert marked.where(inside, True).all()
    assert not cube["trusted"].any()


def test_at_sun_has_the_acceleration_and_its_reasons(record):
    at_sun = record.result["at_sun"]
    assert len(at_sun["acceleration"]) == 3 == len(at_sun["acceleration_sd"])
    assert at_sun["trusted"] is (at_sun["reasons"] == [])


def test_model_cube_counts_stars(cubes):
    cube = cubes["model"]
    assert cube["data_1d"].sum("bin").values == pytest.approx(np.full(6, 6000 * 0.996), rel=2e-3)
    assert cube["model_1d"].sum("bin").values == pytest.approx(np.full(6, 6000), rel=0.1)
    assert 0.4 < cube.attrs["auc"] < 1.0
    assert 0 < cube.attrs["auc_sd"] < 0.1


def test_losses_are_recorded_for_every_member(record, home):
    losses = open_run(home, record.id).tail(kinds={"loss"})
    settings = resolve("quick", TINY)
    epochs = {"position": 2, "velocity": settings.training("velocity", 6000).epochs}
    expected = [(flow, number + 1) for flow, last in epochs.items() for number in range(last)]
    assert [(e["flow"], e["epoch"]) for e in losses] == expected
    assert all(len(e["train"]) == 2 == len(e["validation"]) for e in losses)


def test_the_same_spec_gives_the_same_numbers(home, cubes):
    again = submit(home, spec(), executor="inline")
    cube = read_cube_at(again.result["cubes"]["acceleration"])
    assert cube["acceleration"].equals(cubes["acceleration"]["acceleration"])


def test_volume_without_the_sun_has_no_at_sun(home):
    wanted = {"centre": [10.6, 0.0, 0.0], "radius": 2.45}
    record = submit(home, spec(volume=wanted, overrides={"spacing": 0.5}), executor="inline")
    assert record.state == "done", record.error
    assert record.result["at_sun"] is None


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"member": 3}, "Unknown setting 'member'"),
        ({"members": "many"}, "integer"),
        ({"members": 0}, "from 1 to 256"),
        ({"members": 2.5}, "integer"),
        ({"bootstrap": "maybe"}, "true"),
    ],
)
def test_bad_settings_are_refused_before_the_start(home, overrides, words):
    with pytest.raises(UserError, match=words):
        submit(home, spec(overrides=overrides), executor="inline")


@pytest.fixture(scope="module")
def noisy_record(tmp_path_factory):
    """Stars with errors that are large enough to heat the velocities."""
    folder = tmp_path_factory.mktemp("noisy")
    disc = warm_disc(5000, seed=1)
    x = np.stack([disc[n] for n in "xyz"], 1)
    v = np.stack([disc[n] for n in ("vx", "vy", "vz")], 1)
    sky = from_galactocentric(x, v)
    del sky["distance"]
    errors = {
        "parallax_error": 0.05 * sky["parallax"],
        "pmra_error": np.full(5000, 0.5),
        "pmdec_error": np.full(5000, 0.5),
        "radial_velocity_error": np.full(5000, 5.0),
    }
    table = {"source_id": np.arange(5000), **sky, **errors}
    ingest_arrays(table, folder, name="sky", kind="astrometry", provenance={})
    wanted = spec(catalogue="sky", overrides={"members": 3, "noise_levels": 1})
    return submit(folder, wanted, executor="inline")


def test_errors_of_the_stars_become_a_source_and_a_bias(noisy_record, cubes):
    assert noisy_record.state == "done", noisy_record.error
    cube = read_cube_at(noisy_record.result["cubes"]["acceleration"])
    inside = cube["edge_distance"].notnull()
    assert cube["source"].values.tolist() == ["initialisation", "sample", "noise"]
    parts = cube["acceleration_sd_by"].where(inside, 0)
    total = np.sqrt((parts**2).sum("source"))
    np.testing.assert_allclose(total, cube["acceleration_sd"].where(inside, 0), rtol=1e-3)
    assert (parts.sel(source="noise").where(inside).median() > 0).item()
    assert (np.abs(cube["acceleration_bias"]).where(inside).median() > 0).item()
    # without errors there is nothing to take away
    still = cubes["acceleration"]
    assert np.abs(still["acceleration_bias"]).max() == 0
    assert still["acceleration_sd_by"].sel(source="noise").max() == 0


def test_each_estimator_has_its_own_reasons(cubes):
    cube = cubes["acceleration"]
    default = cube.attrs["default_estimator"]
    assert cube["trust_flags"].equals(cube["trust_flags_by"].sel(estimator=default, drop=True))
    assert cube["disagreement"].sel(estimator=default).max() == 0
    assert (cube["disagreement"].sel(estimator="jeans") > 0).any()
    assert (cube["inflation"].where(cube["edge_distance"].notnull(), 2) > 0.99).all()


def test_the_sun_is_told_by_every_estimator(record):
    told = record.result["at_sun"]["by_estimator"]
    assert set(told) == {"potential", "boltzmann", "jeans", "conditional"}
    assert told["potential"]["acceleration"] == record.result["at_sun"]["acceleration"]
