"""A search with a run for each patch on a cluster whose workers are killed."""

import os
import signal
import time

import pytest

from data.mocks.streams.injection import Injection
from data.mocks.streams.patch import make_stream
from engine.runs import open_run, submit
from engine.runs.queueing.queue import attend
from engine.streams.search.reading import read_search
from engine.streams.search.sweep import submit_patches
from tests.engine.streams.search.test_job import SPEC as ONE

PATIENCE = 240.0
SPEC = {**ONE, "search": {**ONE["search"], "draws": 20, "fewest": 20}}
PATCHES = ["146.0,24.2,7", "151.0,24.2,7", "148.6,27.0,7"]


@pytest.fixture(scope="module")
def patches(tmp_path_factory):
    home = tmp_path_factory.mktemp("patches")
    catalogue = make_stream(
        home, stars=8_000, members=300, seed=2, streams=(Injection(angle=30.0, offset=1.0),)
    )
    return home, {**SPEC, "catalogue": catalogue.id, "patches": PATCHES}


def test_a_search_over_patches_goes_on_where_its_workers_were_killed(patches, cluster):
    home, spec = patches
    calm = submit(home, spec, "inline")
    assert str(calm.state) == "done", calm.error
    whole = read_search(open_run(home, calm.id).path)

    group = submit_patches(home, spec, f"dask:{cluster.address}")
    paths = [open_run(home, run.id).path for run in group.runs]
    assert len(paths) == len(PATCHES)
    kills, partial, began = 0, False, time.monotonic()
    while any(record.active for record in attend(home)):
        assert time.monotonic() - began < PATIENCE, "the search does not end"
        found = read_search(*paths)
        scored = sum(len(state.scored) for state in found.patches)
        partial |= 0 < scored < found.about()["windows"] and bool(found.lines())
        if scored > kills and kills < 2:  # once a window of a patch is kept, and once more
            pids = cluster.client.run(os.getpid, on_error="ignore").values()
            os.kill(sorted(pids)[0], signal.SIGKILL)
            kills += 1
        time.sleep(0.05)
    assert kills == 2
    assert partial, "what is found so far can be read while it goes on"
    again = read_search(*paths)
    assert [open_run(home, run.id).record().state for run in group.runs] == ["done"] * 3
    assert max(open_run(home, run.id).record().attempt for run in group.runs) > 1
    assert {s.patch.name for s in again.patches} == {s.patch.name for s in whole.patches}
    keys = ("patch", "sigma", "theta", "r", "stars")
    rows = [sorted(tuple(row[key] for key in keys) for row in f.candidates())
            for f in (whole, again)]  # fmt: skip
    assert rows[0] == rows[1]
    assert rows[0]
