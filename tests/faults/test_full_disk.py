"""A disk that is really full: a file system of a megabyte or two, filled to a few kilobytes.

What a full disk does where no file system can be mounted is tested with patched writes in
`tests/faults/test_runs.py`, `tests/data/tables/test_store.py` and `tests/engine/test_cubes.py`.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from dashboard.saved_views.shared import SharedViews
from dashboard.saved_views.store import SavedViews
from dashboard.services.named_selections import NamedSelections
from data.catalogue.ingest import ingest_arrays
from data.catalogue.store import CatalogueStore
from data.errors import UserError
from engine.cubes.store import read_cube, write_cube
from engine.density.checkpoint import load_checkpoint, save_checkpoint
from engine.runs import launch, list_runs, open_run, submit, wait
from engine.runs.kinds import Kind
from tests.faults import tmpfs

CUT = {"kind": "range", "column": "z", "min": 0.0, "max": None}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """The home, on a file system of two megabytes."""
    if not tmpfs.can_mount():
        pytest.skip("this user may not mount a small file system")
    with contextlib.ExitStack() as stack:
        try:
            place = stack.enter_context(tmpfs.mounted(tmp_path / "disk", 2))
        except PermissionError as error:
            pytest.skip(f"no small file system can be mounted here: {error}")
        yield place


def files(folder: Path) -> dict[str, bytes]:
    """Everything that is there, but for what fills the disk."""
    found = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != "filler")
    return {str(p.relative_to(folder)): p.read_bytes() for p in found}


def stars(n: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        name: rng.normal(size=n).astype(np.float32) for name in ("x", "y", "z", "vx", "vy", "vz")
    }


def put(home: Path, n: int, name: str) -> str:
    return ingest_arrays(stars(n), home, name=name, kind="simulation", provenance={}).id


def test_row_05_an_ingest(disk: Path) -> None:
    first = put(disk, 1000, "first")
    tmpfs.fill(disk, 120)
    before = files(disk)
    with pytest.raises(UserError, match=r"disk|room|space"):
        put(disk, 50_000, "second")
    assert files(disk) == before, "nothing half-written stays"
    assert [manifest.id for manifest in CatalogueStore(disk).list()] == [first]
    assert CatalogueStore(disk).open(first).column("x").shape == (1000,)


def test_row_05_a_cube_and_a_checkpoint(disk: Path) -> None:
    import torch

    def cube(n: int, value: float) -> xr.Dataset:
        return xr.Dataset({"density": (("x",), np.full(n, value))})

    folder = write_cube(cube(100, 1.0), disk / "cubes", "density")
    save_checkpoint({"epoch": 1}, disk / "state.pt")
    tmpfs.fill(disk, 40)
    before = files(disk)
    noise = np.random.default_rng(0).normal(size=50_000)  # nothing that compresses
    with pytest.raises(OSError, match="No space left"):
        write_cube(cube(50_000, 0.0) + noise, disk / "cubes", "density")
    with pytest.raises((OSError, RuntimeError)):
        save_checkpoint({"epoch": 2, "weights": torch.zeros(100_000)}, disk / "state.pt")
    assert files(disk) == before
    assert float(read_cube(folder)["density"][0]) == 1.0
    assert load_checkpoint(disk / "state.pt") == {"epoch": 1}


def test_row_05_a_run_in_a_process(disk: Path, kinds: Mapping[str, Kind]) -> None:
    """The run says that the disk is full, keeps its checkpoint, and goes on when there is room."""
    spec: dict[str, object] = {"kind": "fill", "threads": 1}
    own = {"fill": Kind("run_jobs:fill_the_disk"), **kinds}
    run = open_run(disk, submit(disk, spec, kinds=own).id)
    record = wait(run, 60.0)
    assert record.state == "failed", run.log_tail()
    assert record.error is not None
    assert "disk is full" in record.error["sentence"]
    assert run.record_file.stat().st_size > 100, "the record is whole"
    assert json.loads((run.checkpoints / "sum.json").read_text()) == [1]
    assert [listed.state for listed in list_runs(disk)] == ["failed"]
    (run.path / "filler").unlink()
    launch.resume(disk, run.id, kinds=own)
    assert wait(run, 60.0).state == "done", run.log_tail()


def test_row_05_no_run_is_begun_without_room(disk: Path, kinds: Mapping[str, Kind]) -> None:
    tmpfs.fill(disk, 0)
    with pytest.raises(UserError):
        submit(disk, {"kind": "count", "threads": 1}, "inline", kinds=kinds)
    assert not [r for r in list_runs(disk) if r.active or r.state == "done"]


def test_row_05_views_and_selections(disk: Path) -> None:
    document = {"version": 1, "page": "explore", "catalogue": "disc-01234567", "selection": CUT}
    views, kept = SavedViews(disk), NamedSelections(disk)
    view = views.add("first", "", document)
    kept.keep("first", CUT)
    tmpfs.fill(disk, 0)
    before = files(disk)
    note = "a long note " * 300
    with pytest.raises(UserError, match="No space left"):
        views.add("second", note, document)
    with pytest.raises(UserError, match="No space left"):
        views.change(view.id, note=note)
    with pytest.raises(UserError, match="No space left"):
        SharedViews(disk).add(document)
    with pytest.raises(UserError, match="No space left"):
        kept.keep("second", {"kind": "polygon", "columns": ["x", "y"],
                             "points": [[float(i), i * i / 7.0] for i in range(300)]})  # fmt: skip
    assert files(disk) == before
    assert views.get(view.id) == view
