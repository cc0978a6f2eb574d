from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.runs.folder import events as event_file
from engine.runs.folder.events import EventLog, read_since, tail


def write(path: Path, count: int, kind: str = "log") -> None:
    log = EventLog(path)
    for number in range(count):
        log.append(kind, {"number": number})
    log.close()


def test_tail_gives_the_newest_in_order(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    write(path, 50)
    assert [event["number"] for event in tail(path, 3)] == [47, 48, 49]
    assert len(tail(path, 1000)) == 50
    assert tail(path, 0) == []


def test_missing_file_has_no_events(tmp_path: Path) -> None:
    assert tail(tmp_path / "no") == []
    assert read_since(tmp_path / "no", 100) == ([], 0)


def test_tail_of_a_file_of_days_reads_its_end_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "events.jsonl"
    line = b'{"t":1.0,"kind":"loss","train":[0.1,0.2,0.3,0.4]}\n'
    with path.open("wb") as stream:
        for _ in range(64):
            stream.write(line * 20_000)  # 64 MB
    read, real = [], event_file._read

    def counted(path: Path, start: int, end: int) -> tuple[bytes, bool]:
        read.append(end - start)
        return real(path, start, end)

    monkeypatch.setattr(event_file, "_read", counted)
    events = tail(path, 100)
    assert len(events) == 100
    assert sum(read) <= 1 << 20
    assert 0 < len(tail(path, 10**9, max_bytes=1000)) <= 1000 // len(line)


def test_half_a_line_of_a_dead_process_does_not_spoil_the_next(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    write(path, 2)
    with path.open("a") as stream:
        stream.write('{"t": 1.0, "kind": "lo')
    assert len(tail(path)) == 2
    write(path, 1, kind="resumed")
    assert [event["kind"] for event in tail(path)] == ["log", "log", "resumed"]


def test_fields_cannot_forge_time_or_kind(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    log = EventLog(path)
    log.append("log", {"kind": "state", "t": 0, "text": "a\nb"})
    log.close()
    (event,) = tail(path)
    assert event["kind"] == "log"
    assert event["t"] != 0
    assert event["text"] == "a\nb"


def test_only_the_kinds_that_were_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    write(path, 3)
    write(path, 2, kind="loss")
    assert len(tail(path, kinds={"loss"})) == 2
    assert len(read_since(path, kinds={"log"})[0]) == 3


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.integers(0, 40), max_size=8), st.integers(60, 400))
def test_reading_in_steps_gives_every_event_once(
    tmp_path: Path, batches: list[int], max_bytes: int
) -> None:
    path = tmp_path / "events.jsonl"
    path.unlink(missing_ok=True)
    offset, seen = 0, []
    for batch in batches:
        write(path, batch)
        while True:
            events, after = read_since(path, offset, max_bytes=max_bytes)
            seen += [event["number"] for event in events]
            if after == offset:
                break
            offset = after
    assert seen == [number for batch in batches for number in range(batch)]


def test_a_file_that_shrank_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    write(path, 20)
    _, offset = read_since(path)
    path.unlink()
    write(path, 1)
    events, _ = read_since(path, offset)
    assert len(events) == 1


def test_a_line_without_end_does_not_stall_the_reader(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"x" * 5000)
    offset = 0
    for _ in range(10):
        _, offset = read_since(path, offset, max_bytes=1000)
    assert offset == 5000
