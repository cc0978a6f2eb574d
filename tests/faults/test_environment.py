"""Clocks that jump, languages, and homes that cannot be written: a sentence, never a crash."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from engine.runs import launch, list_runs, open_run, submit
from engine.runs.kinds import Kind
from tests.dashboard.stars import make_catalogue
from tests.faults import tmpfs

ROOT = Path(__file__).parents[2]
PROGRAM = "from dashboard.cli import main; raise SystemExit(main())"


def program(home: Path, *words: str, **environment: str) -> tuple[int, object]:
    """Run the command line; gives its status and what it says with ``--json``."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "--json", "--home", str(home), *words],
        cwd=ROOT,
        capture_output=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"} | environment,
        check=False,
    )
    said = done.stdout.decode("utf-8", errors="replace")
    assert b"Traceback" not in done.stderr, done.stderr.decode(errors="replace")
    return done.returncode, json.loads(said)


LANGUAGES = (
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"LC_ALL": "POSIX", "PYTHONIOENCODING": "ascii"},
    {"LC_ALL": "tr_TR.UTF-8", "LANG": "de_DE.ISO-8859-1", "TZ": "Pacific/Kiritimati"},
    {"LC_ALL": "xx_XX.nonsense", "TZ": ":/no/such/zone"},
)


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda one: one["LC_ALL"])
def test_row_18_languages_and_zones(tmp_path: Path, language: Mapping[str, str]) -> None:
    """Names of the home and of a catalogue that the language has no letters for."""
    home = tmp_path / "Größe für Güneş 銀河"
    made = make_catalogue(home, name="Işık – 銀河", stars=50)  # type: ignore[no-untyped-call]
    status, told = program(home, "catalogues", **language)
    assert status == 0
    assert made.id in json.dumps(told)
    assert program(home, "runs", **language) == (0, [])
    status, told = program(home, "map", made.id, "--select", "abs(z) < 0", **language)
    assert status == 1
    assert isinstance(told, dict)
    assert set(told) == {"error", "hint"}


@pytest.mark.parametrize("jump", [-86_400.0 * 400, -60.0, 60.0, 86_400.0 * 400])
def test_row_18_clocks_that_jump(
    home: Path, kinds: Mapping[str, Kind], monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    """A run that was made before the jump is judged by its process and goes on afterwards."""
    from dashboard.policy import run_states
    from dashboard.services.run_listing import RunListing

    record = submit(home, {"kind": "count", "threads": 1, "steps": 3}, "inline", kinds=kinds)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + jump)
    listing = RunListing(home)
    listing.look()
    (seen,) = listing.list()
    assert seen.state == "done"
    now = time.time()
    for text in (run_states.age(seen.created, now), run_states.progress_line(seen, now)):
        assert "-" not in text
        assert "nan" not in text
    again = submit(
        home, {"kind": "count", "threads": 1, "steps": 2, "seed": 9}, "inline", kinds=kinds
    )
    assert again.state == "done"
    assert {r.id for r in list_runs(home)} == {record.id, again.id}
    launch.delete(home, again.id)


def test_row_18_a_jump_while_a_run_is_at_work(
    home: Path, kinds: Mapping[str, Kind], monkeypatch: pytest.MonkeyPatch
) -> None:
    spec: dict[str, object] = {"kind": "survive_errors", "threads": 1}
    run = open_run(home, submit(home, spec, kinds=kinds).id)
    end = time.monotonic() + 60
    while not run.record().progress:
        assert time.monotonic() < end, run.log_tail()
        time.sleep(0.02)
    real = time.time
    for jump in (-1e7, -30.0, 30.0, 1e7):
        monkeypatch.setattr(time, "time", lambda jump=jump: real() + jump)
        assert run.record().state == "running", "its process lives, whatever the clock says"
    assert launch.cancel(home, run.id, grace=0.5).state == "cancelled"


@pytest.fixture
def read_only(tmp_path: Path, kinds: Mapping[str, Kind]) -> Iterator[Path]:
    """A home with a catalogue and a run, on a file system that not even root can write."""
    if not tmpfs.can_mount():
        pytest.skip("this user may not mount a small file system")
    with contextlib.ExitStack() as stack:
        try:
            home = stack.enter_context(tmpfs.mounted(tmp_path / "home", 16))
        except PermissionError as error:
            pytest.skip(f"no small file system can be mounted here: {error}")
        make_catalogue(home, stars=50)  # type: ignore[no-untyped-call]
        submit(home, {"kind": "count", "threads": 1}, "inline", kinds=kinds)
        tmpfs.make_read_only(home)
        yield home


def test_row_18_a_read_only_home_can_be_looked_at(
    read_only: Path, kinds: Mapping[str, Kind]
) -> None:
    from dashboard.services.services import Services
    from dashboard.session.session import Session
    from dashboard.shell import Shell
    from data.errors import UserError

    assert program(read_only, "catalogues")[0] == 0
    status, told = program(read_only, "runs")
    assert status == 0
    assert isinstance(told, list)
    assert [run["state"] for run in told] == ["done"]
    status, told = program(read_only, "mock", "galaxy", "--stars", "100", "--name", "x")
    assert status == 1
    assert isinstance(told, dict)
    assert told["error"]
    with pytest.raises(UserError, match="Read-only"):
        submit(read_only, {"kind": "count"}, "inline", kinds=kinds)
    services = Services(read_only)
    try:
        services.runs.look()
        session = Session(services, page="runs")
        shell = Shell(services, session)
        shell.page.get_root()
        for refused in (
            lambda: session.acts.views.add("x", "", {"version": 1}),
            lambda: session.acts.selections.keep(
                "x", {"kind": "range", "column": "z", "min": 0.0, "max": None}
            ),
            lambda: session.acts.delete(services.runs.list()[0].id),
        ):
            with pytest.raises(UserError):
                refused()
        assert [str(run.state) for run in services.runs.list()] == ["done"]
    finally:
        services.close()
