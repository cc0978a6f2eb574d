"""A sweep is several ordinary maps that know what they belong to."""

import numpy as np
import pytest

from data.errors import UserError
from data.ingest import ingest_arrays
from data.selection import mask
from data.store import CatalogueStore
from engine.runs.launch import list_runs, submit
from engine.runs.sweeps import cut_at, find_sweeps, submit_sweep


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
        ("abs(z) < {}", [1], "2 to 100"),
        ("abs(z) < {}", [1, float("nan")], "cannot be made"),
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
