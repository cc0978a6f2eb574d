from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.errors import UserError
from engine.runs import delete, launch, list_runs, open_run, submit
from engine.runs.folder import directory
from engine.runs.folder.directory import new_run_directory
from engine.runs.folder.files import write_json
from engine.runs.folder.record import RunRecord, RunState
from engine.runs.kinds import Kind

Kinds = Mapping[str, Kind]


def test_ids_sort_by_time_and_are_never_given_twice(home: Path) -> None:
    ids = [new_run_directory(home, "map").id for _ in range(50)]
    assert len(set(ids)) == 50
    assert all(len(run_id) == len("20261121-220531-map-x7qk") for run_id in ids)
    stamps = [run_id[:15] for run_id in ids]
    assert stamps == sorted(stamps)


def test_an_unknown_kind_starts_nothing(home: Path) -> None:
    for spec in ({"kind": "sweep"}, {}, {"kind": ["map"]}):
        with pytest.raises(UserError, match="Unknown kind of run"):
            submit(home, dict(spec))
    assert not home.exists()


def test_a_spec_that_is_refused_starts_nothing(home: Path, kinds: Kinds) -> None:
    checked = {"count": replace(kinds["count"], request="run_requests:CountRequest")}
    for spec, words in (
        ({"steps": 11}, "steps must be an integer from 1 to 10, not 11"),
        ({"steps": 6}, "has room for 5 steps, not 6"),
        ({"step": 3}, "Unknown setting 'step' of a count. Did you mean steps"),
    ):
        with pytest.raises(UserError, match=words):
            submit(home, {"kind": "count", **spec}, kinds=checked)
    with pytest.raises(UserError, match="cannot be saved"):
        submit(home, {"kind": "count", "selection": object()}, kinds=kinds)
    assert not home.exists()


def test_a_home_that_is_a_file_is_a_sentence(tmp_path: Path, kinds: Kinds) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="Cannot create a run"):
        submit(tmp_path / "file", {"kind": "count"}, "inline", kinds=kinds)


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../runs", "a/b", "/etc", ".hidden", "-x", "a\0b", "a\nb", "é", "ｒun",
     "x" * 65, "CON ", "<script>"],
)  # fmt: skip
def test_hostile_ids_are_refused(home: Path, name: str) -> None:
    (home / "runs").mkdir(parents=True)
    for action in (open_run, delete, launch.cancel, launch.resume):
        with pytest.raises(UserError, match="not found"):
            action(home, name)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text())
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "runs").mkdir(exist_ok=True)
    (tmp_path / "secret").mkdir(exist_ok=True)
    with pytest.raises(UserError):
        open_run(tmp_path, f"../{name}")
    with pytest.raises(UserError):
        open_run(tmp_path, name)


def test_a_link_is_not_a_run(home: Path, tmp_path: Path, kinds: Kinds) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (home / "runs").mkdir(parents=True)
    (home / "runs" / "link").symlink_to(precious)
    with pytest.raises(UserError):
        delete(home, "link")
    assert list_runs(home) == []
    assert precious.exists()


def test_deleting(home: Path, kinds: Kinds) -> None:
    first = submit(home, {"kind": "count"}, "inline", kinds=kinds)
    second = submit(home, {"kind": "count"}, "inline", kinds=kinds)
    delete(home, first.id)
    assert [record.id for record in list_runs(home)] == [second.id]
    with pytest.raises(UserError, match="not found"):
        delete(home, first.id)
    assert [item.name for item in (home / "runs").iterdir() if first.id in item.name] == []


def test_the_list_survives_damaged_records(home: Path, kinds: Kinds) -> None:
    good = submit(home, {"kind": "count", "catalogue": "c-1"}, "inline", kinds=kinds)
    content = open_run(home, good.id).record_file.read_bytes()
    damages = [b"", b"{", content[:-5], b"\xff\xfe", b"[]", b'{"format": 1}', content]
    for number, damage in enumerate(damages):
        folder = home / "runs" / f"damaged-{number}"
        folder.mkdir()
        (folder / "run.json").write_bytes(damage)
    (home / "runs" / "empty").mkdir()
    (home / "runs" / "a-file").write_text("no run")
    records = {record.id: record for record in list_runs(home)}
    assert len(records) == len(damages) + 2
    assert records[good.id].summary() == {
        "run": good.id,
        "kind": "count",
        "state": "done",
        "progress": 1.0,
        "eta_s": 0.0,
        "catalogue": "c-1",
    }
    for run_id, record in records.items():
        if run_id != good.id:
            assert record.state == "failed"
            assert record.error is not None
            delete(home, run_id)


def test_the_record_is_json_as_a_whole(home: Path, kinds: Kinds) -> None:
    record = submit(home, {"kind": "numpy_result"}, "inline", kinds=kinds)
    content = json.loads(json.dumps(record.to_dict(), allow_nan=False))
    assert content["state"] == "done"
    assert content["result"]["value"] == 2.5


def test_a_list_of_many_runs_reads_only_the_records_that_changed(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The seconds of a list of a thousand are in `python -m benchmarks.runs`."""
    long_ago = time.time() - 100
    for number in range(100):
        path = home / "runs" / f"20260101-{number:06d}-map-abcd"
        path.mkdir(parents=True)
        record = RunRecord(path.name, "map", {"catalogue": "c-1"}, RunState.FAILED)
        write_json(path / "run.json", record.to_file())
        os.utime(path / "run.json", (long_ago, long_ago))
    first = list_runs(home)
    assert len(first) == 100
    assert first[0].id > first[-1].id
    read, real = [], directory.read_json

    def counted(path: Path) -> object:
        read.append(path.parent.name)
        return real(path)

    monkeypatch.setattr(directory, "read_json", counted)
    assert list_runs(home) == first
    assert read == []
    changed = replace(first[7], message="changed")
    for content in (changed, replace(changed, message="CHANGED")):  # of the same size at once
        write_json(home / "runs" / changed.id / "run.json", content.to_file())
        assert list_runs(home)[7] == content
    assert read == [changed.id] * 2
