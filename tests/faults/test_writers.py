"""Two users and two programs at the same run, the same view, the same name."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from dashboard.services.services import Services
from dashboard.session.session import Session
from data.errors import UserError
from engine.runs import list_runs, open_run, submit
from engine.runs.folder.writer import RunWriter
from engine.runs.kinds import Kind

CUT = {"kind": "range", "column": "z", "min": 0.0, "max": None}
DOCUMENT = {"version": 1, "page": "explore", "catalogue": "disc-01234567"}


def test_row_12_two_users_delete_the_same_run(
    services: Services, kinds: Mapping[str, Kind]
) -> None:
    """One does it, the other is told; none of them sees a traceback."""
    run = submit(services.home, {"kind": "count", "threads": 1}, "inline", kinds=kinds)
    said: list[object] = []
    barrier = threading.Barrier(4)

    def delete() -> None:
        session = Session(services)
        barrier.wait()
        try:
            session.acts.delete(run.id)
            said.append("deleted")
        except UserError as error:
            said.append(error.sentence)

    threads = [threading.Thread(target=delete) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said.count("deleted") == 1, said
    assert len(said) == 4
    assert list_runs(services.home) == []
    assert [p for p in (services.home / "runs").iterdir() if not p.name.startswith(".")] == []


def test_row_12_a_second_writer_is_refused_and_changes_nothing(
    home: Path, kinds: Mapping[str, Kind]
) -> None:
    run = open_run(home, submit(home, {"kind": "count", "threads": 1}, "inline", kinds=kinds).id)
    with RunWriter(run):
        before = run.record_file.read_bytes()
        with pytest.raises(UserError, match="Another process"):
            RunWriter(run, patience=0.1).__enter__()
        assert run.record_file.read_bytes() == before


def test_row_12_many_write_views_and_selections_at_once(services: Services) -> None:
    """Nothing is lost, nothing is half written, and every session sees all of it."""
    barrier = threading.Barrier(6)
    troubles: list[BaseException] = []

    def write(number: int) -> None:
        acts = Session(services).acts
        barrier.wait()
        try:
            for turn in range(5):
                acts.views.add(f"{number}-{turn}", "", DOCUMENT)
                acts.selections.keep(f"{number}-{turn}", CUT)
                acts.selections.keep("shared", {**CUT, "min": float(number)})
        except BaseException as error:  # what happened in a thread is told below
            troubles.append(error)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert troubles == []
    acts = Session(services).acts
    views, damaged = acts.views.list()
    assert (len(views), damaged) == (30, [])
    kept, damaged = acts.selections.list()
    assert (len(kept), damaged) == (31, [])


def test_row_12_sessions_are_their_own(services: Services) -> None:
    """What one selects, undoes or is told, the other does not see."""
    first, second = Session(services), Session(services)
    first.select(CUT)
    first.notify("only for the first")
    assert second.selection is None
    assert second.notices.column.objects == []
    second.undo()
    assert first.selection == CUT
