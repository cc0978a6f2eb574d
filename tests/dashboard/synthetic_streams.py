"""A finished search for streams, made without training: scores that know the answer a little."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np

from data.catalogue.store import CatalogueStore
from data.mocks.streams.injection import Injection
from data.mocks.streams.patch import make_stream
from engine.runs.folder.files import write_json
from engine.runs.folder.record import RunState
from engine.streams.patches import Patch
from engine.streams.search.files import PatchFolder, StoredScores, window_name
from engine.streams.search.found import covered_area, search_lines, window_lines
from engine.streams.search.grid import scan_grid
from engine.streams.search.reading import read_search
from engine.streams.search.request import StreamsRequest
from engine.streams.search.result import candidates_cube
from engine.streams.search.table import kept_rows, patch_stars
from engine.streams.settings import SearchSettings
from tests.dashboard.synthetic_runs import make_run

STREAM = Injection(angle=35.0, offset=2.0)


def make_patch(home, stars=12_000, members=220):
    """Put a mock patch into the store."""
    return make_stream(
        home, stars=stars, members=members, seed=4, name="mock-patch", streams=(STREAM,)
    )


def make_search(home, catalogue, *, done=True, scored=None, draws=30, order=0):
    """Write the run of a search whose scores are noise, higher for most of the members.

    Parameters
    ----------
    home, catalogue
        Where, and of which catalogue.
    done
        Whether the run has ended.
    scored
        How many windows are scored; all by default.
    draws
        Exchanges for the conditional p-value.
    order
        As for ``make_run``.

    Returns
    -------
    RunDirectory
    """
    asked = {
        "kind": "streams", "catalogue": catalogue.id, "coordinates": ["mu_lat"], "step": 2.0,
        "least": 0.1, "search": {"draws": draws, "fewest": 50, "seed_sigma": 6.0}, "threads": 1,
    }  # fmt: skip
    spec = StreamsRequest.check(asked, home)
    run = make_run(home, "done" if done else "running", order=order, spec=spec)
    record = run.stored()
    keys = set(spec)
    own = {name: value for name, value in record.spec.items() if name in keys} | spec
    changed = replace(
        record, kind="streams", spec=own, state=RunState("done" if done else "running")
    )
    write_json(run.record_file, changed.to_file())
    stored = CatalogueStore(home).open(catalogue.id)
    rows = kept_rows(stored, None)
    patch = Patch(**spec["patches"][0])
    stars, chosen = patch_stars(stored, rows, patch)
    grid = scan_grid(stars, spec)
    folder = PatchFolder.of(run.path, patch)
    windows = {
        window_name(w): {"coordinate": w.coordinate, "low": w.low, "high": w.high} for w in grid
    }
    about = {"patch": asdict(patch), "stars": len(chosen), "windows": windows}
    folder.write_about(about)
    folder.write_stars({**stars.columns, "row": chosen})
    label = stored.column("stream")[chosen]
    settings = SearchSettings.of(spec)
    area = covered_area(patch, stars, settings.cuts.inner)
    for number, window in enumerate(grid[:scored]):
        index = np.flatnonzero(window.contains(stars["mu_lat"]))
        rng = np.random.default_rng(number)
        by_seed = rng.normal(size=(2, len(index)))
        by_seed += 2.5 * (label[index] == 1) * (rng.random(len(index)) < 0.7)
        scores = StoredScores(
            window, index, by_seed.mean(0), by_seed.std(0), 2, by_seed, seconds=0.1
        )
        folder.write_scores(scores)
        lines = window_lines(scores, stars, patch, area, settings)
        folder.write_lines(window_name(window), lines)
    if done:
        search_lines(folder, stars, patch, spec)
        found = read_search(run.path)
        result = {"cubes": {}, "candidates": len(found.candidates()), "patches": []}
        write_json(run.result_file, result)
        assert candidates_cube(found)["sigma"].notnull().any()
    return run
