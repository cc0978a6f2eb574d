"""A sweep is several ordinary maps that know what they belong to."""

import numpy as np
import pytest

from data.catalogue.ingest import ingest_arrays
from data.catalogue.store import CatalogueStore
from data.errors import UserError
from data.selection import mask
from engine.runs.launch import list_runs, submit
from engine.runs.sweeps import cut_at, find_sweeps, spec_at, submit_sweep


@pytest.fixture
def home(tmp_path):
    rng = np.random.default_rng(0)
    place = dict(zip("xyz", rng.normal([8.1, 0, 0], 0.5, (4000, 3)).T, strict=True))
    motion = dict(zip(("vx", "vy", "vz"), rng.normal(0, 50, (4000, 3)).T, strict=True))
    table = {"source_id": np.arange(4000), **place, **motion}
    ingest_arrays(table, tmp_path, name="box", kind="simulation", provenance={})
    return tmp_path


@pytest.fixture
def quiet(monkeypatch):
    monkeypatch.setattr("engine.runs.launch._start", lambda run, mover, kind: run.stored())
    monkeypatch.setattr("engine.runs.launch.ensure_dispatcher", lambda *_, **__: False)


def spec(**changes):
    return {"kind": "map", "catalogue": "box", **changes}


def test_each_value_is_a_run_with_its_own_selection(home, quiet):
    sweep = submit_sweep(home, spec(selection=cut_at("x < {}", 9.0)), "abs(z) < {}", [1, 0.5, 1])
    assert [value for value, _ in sweep.runs] == [0.5, 1.0]
    catalogue = CatalogueStore(home).open("box")
    z, x = catalogue.column("z"), catalogue.column("x")
    for value, run in sweep.runs:
        kept = mask(run.spec["selection"], catalogue)
        np.testing.assert_array_equal(kept, (np.abs(z) < value) & (x < 9.0))
    (found,) = find_sweeps(list_runs(home))
    assert (found.name, found.cut) == (sweep.name, "abs(z) < {}")
    assert [v for v, _ in found.runs] == [0.5, 1.0]


def test_a_sweep_begins_whole_or_not_at_all(home, quiet):
    with pytest.raises(UserError, match=r"At 0\.001") as error:
        submit_sweep(home, spec(), "abs(z) < {}", [1.0, 0.001])
    assert error.value.hint
    assert list_runs(home) == []


@pytest.mark.parametrize(
    ("cut", "values", "words"),
    [
        ("abs(z) < 1", [1, 2], "no place"),
        ("abs(z) < {}", [1], "2 to 1000"),
        ("abs(z) < {}", [1, float("nan")], "Invalid value of a cut"),
        ("abs(zz) < {}", [1, 2], "zz"),
        ("abs(z) <", [1, 2], "no place"),
    ],
)
def test_bad_sweeps_are_refused(home, quiet, cut, values, words):
    with pytest.raises(UserError, match=words):
        submit_sweep(home, spec(), cut, values)
    assert list_runs(home) == []


def test_other_runs_belong_to_no_sweep(home, quiet):
    submit(home, spec())
    assert find_sweeps(list_runs(home)) == []


def test_a_sweep_over_seeds(home, quiet):
    sweep = submit_sweep(home, spec(), "seed", [3.0, 1.0, 2.0])
    assert [run.spec["seed"] for _, run in sweep.runs] == [1, 2, 3]
    assert all(run.holder == "queue" for _, run in sweep.runs)
    assert sweep.done == 0


def test_a_sweep_over_places_settings_and_names(home, quiet):
    places = submit_sweep(home, spec(), "volume.centre", [[8.1, 0.0, 0.0], [7.9, 0.1, 0.0]])
    assert [value for value, _ in places.runs] == [0.0, 1.0]
    assert places.labels == ("8.1, 0, 0", "7.9, 0.1, 0")
    assert places.runs[1][1].spec["volume"]["centre"] == [7.9, 0.1, 0.0]
    members = submit_sweep(home, spec(), "overrides.members", [2, 4])
    assert [run.spec["overrides"] for _, run in members.runs] == [{"members": 2}, {"members": 4}]
    presets = submit_sweep(home, spec(), "preset", ["quick", "standard"])
    assert presets.labels == ("quick", "standard")
    found = {sweep.name: sweep for sweep in find_sweeps(list_runs(home))}
    for sweep in (places, members, presets):
        assert found[sweep.name].labels == sweep.labels
        assert [run.id for _, run in found[sweep.name].runs] == [run.id for _, run in sweep.runs]


def test_what_is_there_already_belongs_to_both_sweeps(home, quiet):
    first = submit_sweep(home, spec(), "seed", [1, 2])
    second = submit_sweep(home, spec(), "seed", [2, 3])
    assert len(list_runs(home)) == 3
    assert second.runs[0][1].id == first.runs[1][1].id
    found = {sweep.name: sweep for sweep in find_sweeps(list_runs(home))}
    for sweep in (first, second):
        told = [(value, run.id) for value, run in found[sweep.name].runs]
        assert told == [(value, run.id) for value, run in sweep.runs]


@pytest.mark.parametrize(
    ("key", "values", "words"),
    [
        ("threads", [1, 2], "Cannot sweep over 'threads'"),
        ("seed", [0.5, 1.5], "integer"),
        ("overrides.no_such", [1, 2], "Unknown setting 'no_such'"),
        ("preset", ["quick", "slow"], "At slow: preset must be quick, standard or paper"),
        ("volume.centre", [[8.1, 0.0, 0.0], [100.0, 0.0, 0.0]], "At 100, 0, 0"),
    ],
)
def test_what_cannot_be_varied(home, quiet, key, values, words):
    with pytest.raises(UserError, match=words):
        submit_sweep(home, spec(), key, values)
    assert list_runs(home) == []


def test_one_thing_is_changed_and_the_rest_stays():
    before = spec(volume={"centre": [1, 2, 3], "radius": 2.0}, seed=4)
    assert spec_at(before, "volume.radius", 3.5) == {
        **before,
        "volume": {"centre": [1, 2, 3], "radius": 3.5},
    }
    assert before["volume"]["radius"] == 2.0
