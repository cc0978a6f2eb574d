"""Files of the home, cut and overwritten at every byte: a sentence, or what was there before.

Tables from users have tests of their own (`tests/data/tables/test_bad_files.py`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr

from dashboard.policy.session_document import checked
from dashboard.saved_views.shared import from_file
from dashboard.saved_views.store import SavedViews, as_view
from dashboard.services.named_selections import NamedSelections
from dashboard.services.run_listing import RunListing
from data.catalogue.ingest import ingest_arrays
from data.catalogue.store import CatalogueStore
from data.errors import UserError
from engine.cubes.store import read_cube, write_cube
from engine.density.checkpoint import load_checkpoint, save_checkpoint
from engine.runs.folder.directory import RunDirectory, run_directory
from engine.runs.folder.events import EventLog, read_since, tail
from engine.runs.folder.files import write_json
from engine.runs.folder.record import RunRecord, RunState
from engine.runs.launch import delete, list_runs

#: What a byte is overwritten with: a digit, a quote, a brace, and what is no text.
NOISE = (b"0", b'"', b"}", b"\xff")


def damages(content: bytes, every: int = 1) -> Iterator[bytes]:
    """Cut a content at every byte, and overwrite each of its bytes with one noise or another."""
    for place in range(0, len(content), every):
        yield content[:place]
        noise = NOISE[place // every % len(NOISE)]
        if content[place : place + 1] != noise:
            yield content[:place] + noise + content[place + 1 :]


def each(path: Path, read: Callable[[], Any], every: int = 1) -> tuple[int, int]:
    """Damage a file in every way and read it; gives how often it was read and refused."""
    whole = path.read_bytes()
    read_times = refused = 0
    try:
        for damaged in damages(whole, every):
            path.write_bytes(damaged)
            try:
                read()
            except UserError as error:
                assert "\n" not in error.sentence  # noqa: PT017 - or it is read
                refused += 1
            else:
                read_times += 1
    finally:
        path.write_bytes(whole)
    return read_times, refused


def make_run(home: Path, state: RunState = RunState.RUNNING, **changes: Any) -> RunDirectory:
    run = RunDirectory(home / "runs" / "20260102-030405-map-abcd")
    run.path.mkdir(parents=True)
    record = RunRecord(
        run.id, "map", {"catalogue": "disc-01234567", "preset": "quick"}, state,
        progress=0.5, created=1.7e9, queued=1.7e9, started=1.7e9,
        host="there", machine="there/boot/1", pid=77, birth="3", **changes,
    )  # fmt: skip
    write_json(run.record_file, record.to_file())
    return run


def test_row_06_the_record_of_a_run(home: Path) -> None:
    """The list is never lost, and a damaged run can be deleted."""
    run = make_run(home)

    def read() -> None:
        (listed,) = list_runs(home)
        assert listed.id == run.id
        if listed.kind == "unknown":
            assert listed.error is not None
            raise UserError(listed.error["sentence"])

    read_times, refused = each(run.record_file, read)
    assert read_times
    assert refused > read_times, "cut anywhere it is none"
    run.record_file.write_bytes(b"{")
    delete(home, run.id)
    assert list_runs(home) == []


WRONG: tuple[Any, ...] = (None, "x", [], {}, True, -1, 1e300, ["<b>"])


@pytest.mark.parametrize("field", [*RunRecord("", "", {}).to_file()])
def test_row_06_a_record_with_values_of_other_kinds(home: Path, field: str) -> None:
    """JSON that is whole and wrong: the list and what the page says of it still come."""
    from dashboard.policy import run_states

    run = make_run(home)
    make = json.loads(run.record_file.read_text())
    listing = RunListing(home)
    for value in WRONG:
        run.record_file.write_text(json.dumps({**make, field: value}))
        listing.look()
        (listed,) = listing.list()
        run_states.sentence(listed)
        run_states.progress_line(listed, 1.8e9)
        run_states.age(listed.created, 1.8e9)
        run_states.request_lines(listed, "disc", "all")
        json.dumps(listed.to_dict(), allow_nan=False)


def test_row_06_the_result_of_a_run(home: Path) -> None:
    run = make_run(home, RunState.DONE)
    write_json(run.result_file, {"cubes": {}, "at_sun": {"acceleration": [1.0, 2.0, 3.0]}})

    def read() -> None:
        result = run_directory(home, run.id).record().result
        assert result is None or isinstance(result, dict)

    read_times, refused = each(run.result_file, read)
    assert read_times
    assert refused == 0


def test_row_06_the_events_of_a_run(tmp_path: Path) -> None:
    """Lines that are whole are read, whatever stands beside them."""
    path = tmp_path / "events.jsonl"
    log = EventLog(path)
    for number in range(4):
        log.append("loss", {"epoch": number, "train": [0.5]})
    log.close()
    whole = path.read_bytes()
    for damaged in damages(whole):
        path.write_bytes(damaged)
        lines = set(whole.splitlines()) & set(damaged.splitlines())
        events = tail(path)
        assert read_since(path)[0] == events or not damaged.endswith(b"\n")
        assert len([e for e in events if e in map(json.loads, whole.splitlines())]) >= len(lines)


def test_row_06_a_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    weights = torch.arange(4.0)
    save_checkpoint({"weights": weights, "epoch": 3}, path)
    whole = path.read_bytes()
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place])
        with pytest.raises(UserError, match=r"state\.pt"):
            load_checkpoint(path)


@pytest.fixture
def cube() -> xr.Dataset:
    values = np.arange(8.0).reshape(2, 2, 2)
    axes = {name: [0.0, 1.0] for name in "xyz"}
    return xr.Dataset({"density": (("x", "y", "z"), values)}, coords=axes)


def test_row_06_a_cube(tmp_path: Path, cube: xr.Dataset) -> None:
    """Every file of a cube, at every byte: what is damaged is refused, never shown as NaN."""
    folder = write_cube(cube, tmp_path, "density")
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    assert len(files) > 5
    for path in files:
        whole = path.read_bytes()
        for place in range(0, len(whole), max(1, len(whole) // 60)):
            for damaged in (whole[:place], whole[:place] + b"\0" + whole[place + 1 :]):
                if damaged == whole:
                    continue
                path.write_bytes(damaged)
                try:
                    read = read_cube(folder)
                except UserError as error:
                    assert "density.zarr" in error.sentence  # noqa: PT017 - or what follows
                else:  # a space of the metadata
                    xr.testing.assert_identical(read.load(), cube)
        path.write_bytes(whole)
    xr.testing.assert_identical(read_cube(folder), cube)


@pytest.fixture
def catalogue(home: Path) -> Path:
    columns = {name: np.arange(3, dtype=np.float32) + 1 for name in ("x", "y", "z")}
    columns |= {name: np.ones(3, dtype=np.float32) for name in ("vx", "vy", "vz")}
    return ingest_arrays(columns, home, name="tiny", kind="simulation", provenance={}).path


def test_row_06_the_manifest_of_a_catalogue(home: Path, catalogue: Path) -> None:
    store = CatalogueStore(home)

    def read() -> None:
        store.list()
        store.open(catalogue.name).column("x")

    _, refused = each(catalogue / "manifest.json", read, every=5)
    assert refused


def test_row_06_a_column_of_a_catalogue(home: Path, catalogue: Path) -> None:
    """A column that was cut is refused; so is one whose type or length no longer fits."""
    path = next((catalogue / "columns").glob("x*"))
    whole = path.read_bytes()
    store = CatalogueStore(home)
    for place in range(0, len(whole), 3):
        path.unlink()  # others may have mapped the bytes that are there
        path.write_bytes(whole[:place])
        with pytest.raises(UserError, match="damaged"):
            store.open(catalogue.name).column("x")
    for place in range(0, len(whole), 5):
        path.unlink()
        path.write_bytes(whole[:place] + b"\xff" + whole[place + 1 :])
        try:
            values = store.open(catalogue.name).column("x")
        except UserError:
            continue
        assert values.shape == (3,)
        assert values.dtype == np.float32


DOCUMENT = {
    "version": 1,
    "catalogue": "disc-01234567",
    "page": "explore",
    "selection": {"kind": "range", "column": "z", "min": -1.0, "max": 1.0},
    "axes": [{"x": "x", "y": "y"}],
    "dark": True,
}


def test_row_06_saved_views(home: Path) -> None:
    views = SavedViews(home)
    view = views.add("The disc", "seen from above", DOCUMENT)
    other = views.add("Another", "", DOCUMENT)
    path = views.folder / f"{view.id}.json"

    def read() -> None:
        there, _ = views.list()
        assert other.id in {one.id for one in there}, "the others stay"
        checked(as_view(path).document)

    _, refused = each(path, read)
    assert refused
    order = views.folder / "order.json"

    def read_order() -> None:
        assert {one.id for one in views.list()[0]} == {view.id, other.id}

    assert each(order, read_order)[1] == 0


def test_row_06_a_view_as_a_file(home: Path) -> None:
    from dashboard.saved_views.shared import file_of

    content = file_of(SavedViews(home).add("The disc", "", DOCUMENT))[1]
    for damaged in damages(content):
        try:
            document, _, _ = from_file(damaged)
        except UserError:
            continue
        checked(document)


def test_row_06_kept_selections(home: Path) -> None:
    kept = NamedSelections(home)
    kept.keep("thin disc", DOCUMENT["selection"])  # type: ignore[arg-type]
    kept.keep("another", DOCUMENT["selection"])  # type: ignore[arg-type]
    path = next(kept.folder.glob("thin-disc*.json"))

    def read() -> None:
        assert "another" in {one.name for one in kept.list()[0]}

    read_times, refused = each(path, read)
    assert read_times
    assert refused == 0, "a damaged one is told beside the others"
