"""What runs take on the disk, and where they are at work."""

from __future__ import annotations

import pytest

from dashboard.policy.housekeeping import cleanable, count_line, disk_line, measure, size_words
from dashboard.policy.machines import machines
from engine.runs.launch import list_runs
from engine.runs.process import host_name
from tests.dashboard.synthetic_runs import make_every_state, make_run


def test_every_byte_is_counted_once(tmp_path):
    run = make_run(tmp_path, "failed", log="x" * 1000)
    (run.checkpoints / "state.pt").write_bytes(bytes(5000))
    (run.path / "link").symlink_to("/etc/passwd")
    files = [p for p in run.path.rglob("*") if p.is_file() and not p.is_symlink()]
    links = len("/etc/passwd")
    usage = measure(tmp_path)
    assert usage.of[run.id] == sum(p.stat().st_size for p in files) + links
    assert usage.free > 0


def test_a_run_that_has_ended_is_measured_once(tmp_path):
    run = make_run(tmp_path, "failed")
    before = measure(tmp_path)
    (run.path / "more").write_bytes(bytes(100))
    assert measure(tmp_path, before, frozenset({run.id})).of == before.of
    assert measure(tmp_path, before).total() == before.total() + 100
    assert measure(tmp_path / "no" / "home").of == {}


def test_only_what_ended_without_a_result_goes(tmp_path):
    make_every_state(tmp_path)
    records = list_runs(tmp_path)
    gone = {str(r.state) for r in records if r.id in cleanable(records)}
    assert gone == {"failed", "cancelled", "interrupted"}
    assert count_line(records).startswith("1 running")


def test_machines_and_their_runs(tmp_path):
    make_run(tmp_path, "running", spec={"device": "cuda:1"})
    (here,) = machines(tmp_path, list_runs(tmp_path))
    assert here.name == f"{host_name()} (this one)"
    assert here.cells()[3] == "cuda:1"
    assert len(here.runs) == 1
    assert machines(tmp_path, [])[0].cells()[4] == "nothing"


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 kB"), (2e7, "20 MB"), (3.2e9, "3.2 GB"),
     (5e12, "5.0 TB")],
)  # fmt: skip
def test_sizes_in_words(size, words):
    assert size_words(size) == words


def test_before_the_first_look():
    assert "Adding up" in disk_line(None)
