"""The search as a run: what it leaves, that it goes on where it was stopped, and sweeps."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest
import xarray as xr

from data.catalogue.store import CatalogueStore
from engine.cubes.store import read_cube
from engine.runs.launch import open_run, resume, submit
from engine.streams.search import job
from engine.streams.search.files import patch_folders
from engine.streams.search.reading import read_search
from engine.streams.search.sweep import find_groups, submit_patches

SPEC = {
    "kind": "streams", "method": "cwola", "coordinates": ["mu_lat"], "width": 6.0, "step": 3.0,
    "least": 0.1, "seeds": [0], "threads": 1,
    "scores": {"trees": 40, "tree_members": 1, "folds": 2},
    "search": {"draws": 30, "fewest": 40, "seed_sigma": 6.0},
}  # fmt: skip


@pytest.fixture(scope="module")
def done(patch_home):
    home, catalogue = patch_home
    record = submit(home, {**SPEC, "catalogue": catalogue}, "inline")
    assert str(record.state) == "done", record.error
    return home, record


def test_the_hidden_stream_is_the_best_candidate(done):
    home, record = done
    run = open_run(home, record.id)
    found = read_search(run.path)
    rows = found.candidates()
    assert rows
    state, members = found.members(1)
    catalogue = CatalogueStore(home).open(record.spec["catalogue"])
    label = catalogue.column("stream")[state.folder.stars()["row"][members]]
    assert np.mean(label == 1) > 0.5
    theta, r = rows[0]["theta"], rows[0]["r"]
    assert min(abs(theta - 30.0), 180 - abs(theta - 30.0)) < 8.0
    assert abs(abs(r) - 1.0) < 1.5
    assert rows[0]["p"] < 0.05
    assert rows[0]["p_basis"] == "scores"
    assert [row["candidate"] for row in rows] == list(range(1, len(rows) + 1))
    best = [row for row in state.lines if row["coordinate"] == rows[0]["coordinate"]]
    assert best[0]["sigma"] >= best[-1]["sigma"]


def test_cube_members_and_result_say_the_same(done):
    home, record = done
    run = open_run(home, record.id)
    cube = read_cube(run.path / "cubes" / "candidates.zarr")
    assert cube["sigma"].dims == ("patch", "window", "line")
    assert isinstance(cube, xr.Dataset)
    found = read_search(run.path)
    best = found.lines()[0]
    assert float(cube["sigma"].max()) == pytest.approx(best["sigma"])
    table = pq.read_table(record.result["members"])
    assert set(table["candidate"].to_pylist()) == {r["candidate"] for r in found.candidates()}
    catalogue = CatalogueStore(home).open(record.spec["catalogue"])
    rows = table["row"].to_numpy()
    np.testing.assert_array_equal(catalogue.column("source_id")[rows], table["source_id"])
    assert record.result["candidates"] == len(found.candidates())
    assert json.dumps(record.result)


def test_a_stopped_search_goes_on_and_ends_with_the_same_numbers(done, monkeypatch):
    home, record = done
    whole = read_search(open_run(home, record.id).path)
    real = job.score_patch
    stopped = []

    def stops(stars, grid, spec, on_progress):
        for number, scores in enumerate(real(stars, grid, spec, on_progress)):
            if not stopped and number == 2:
                stopped.append(number)
                raise RuntimeError("the plug was pulled")
            yield scores

    monkeypatch.setattr(job, "score_patch", stops)
    spec = {**SPEC, "catalogue": record.spec["catalogue"], "group": "again"}
    first = submit(home, spec, "inline")
    assert str(first.state) == "failed"
    part = read_search(open_run(home, first.id).path)
    assert len(part.patches[0].scored) == 2
    assert part.patches[0].lines  # there is something to see before the end
    assert part.candidates() == []
    scored = []

    def counts(stars, grid, spec, on_progress):
        scored.extend(grid)
        return real(stars, grid, spec, on_progress)

    monkeypatch.setattr(job, "score_patch", counts)
    second = resume(home, first.id, "inline")
    assert str(second.state) == "done", second.error
    again = read_search(open_run(home, first.id).path)
    assert len(scored) == len(whole.patches[0].windows) - 2
    for name in whole.patches[0].scored:
        one, two = (f.patches[0].folder.scores(name) for f in (whole, again))
        np.testing.assert_array_equal(one.log_r, two.log_r)
    assert [r["sigma"] for r in again.candidates()] == [r["sigma"] for r in whole.candidates()]


def test_exchanged_positions_give_a_null_set_that_is_counted_once(patch_home):
    home, catalogue = patch_home
    spec = {**SPEC, "catalogue": catalogue, "permutations": 2, "step": 6.0, "group": "null"}
    record = submit(home, spec, "inline")
    assert str(record.state) == "done", record.error
    (folder,) = patch_folders(open_run(home, record.id).path)
    null = folder.null_values()
    assert len(null) == 2
    assert np.isfinite(null).all()
    found = folder.found()
    assert found["searches_without_streams"] == 2
    rows = found["rows"]
    assert {row["p_basis"] for row in rows} <= {"before training"}
    assert not list((folder.path / "null" / "0000" / "scores").glob("*"))


def test_a_run_for_each_patch_is_one_search(patch_home):
    home, catalogue = patch_home
    patches = ["148.6,24.2,10", "152,24,9"]
    spec = {**SPEC, "catalogue": catalogue, "patches": patches, "step": 6.0, "least": 0.3}
    sweep = submit_patches(home, spec, "inline")
    assert [str(run.state) for run in sweep.runs] == ["done", "done"]
    assert [len(run.spec["patches"]) for run in sweep.runs] == [1, 1]
    groups = find_groups(list(sweep.runs))
    assert [group.name for group in groups] == [sweep.name]
    found = read_search(*(open_run(home, run.id).path for run in sweep.runs))
    assert found.about()["patches"] == 2
    assert found.about()["state"] == "done"
    numbers = [row["candidate"] for row in found.candidates()]
    assert numbers == list(range(1, len(numbers) + 1))
