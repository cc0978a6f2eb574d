"""A table that takes its reader down: the server lives, says so, and nothing is left of it."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from dashboard.server.limits import UPLOAD_LIMIT
from dashboard.server.uploads import keep_upload
from dashboard.services import errand_worker
from dashboard.services.services import Services
from dashboard.session.session import Session
from data.errors import UserError


def children() -> set[int]:
    """Processes that this one has started."""
    return {
        int(n)
        for n in Path("/proc/self/task").joinpath(str(os.getpid()), "children").read_text().split()
    }


@pytest.mark.skipif(sys.platform != "linux", reason="children are found in /proc")
def test_row_06_a_reader_that_is_killed_is_told(services: Services, session: Session) -> None:
    before = children()
    errand = session.acts.upload("stars.csv", b"x,y,z\n" + b"1,2,3\n" * 200_000, {})
    (worker,) = children() - before
    os.kill(worker, signal.SIGKILL)
    end = time.monotonic() + 60
    while not errand.finished:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert errand.state == "failed"
    assert errand.error is not None
    assert "ended unexpectedly" in errand.error.sentence
    assert services.catalogues.list() == []


def test_row_06_what_is_too_large_is_refused_before_it_is_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "dashboard.server.uploads.tempfile.mkdtemp", lambda **_: pytest.fail("written")
    )
    with pytest.raises(UserError, match="larger than 100 MB"):
        keep_upload("stars.csv", bytes(UPLOAD_LIMIT + 1))


def test_row_05_no_room_for_an_upload_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("dashboard.server.uploads.tempfile.mkdtemp", full)
    with pytest.raises(UserError, match="No space left"):
        keep_upload("stars.csv", b"x")


def test_row_06_a_reader_of_an_upload_has_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that unpacks to more than it may is stopped by the system."""
    set_: dict[int, tuple[int, int]] = {}
    monkeypatch.setattr(errand_worker.resource, "getrlimit", lambda _: (-1, -1))
    monkeypatch.setattr(errand_worker.resource, "setrlimit", set_.__setitem__)
    errand_worker._set_bounds()
    assert {most for most, _ in set_.values()} == {
        errand_worker.MOST_WRITTEN,
        errand_worker.MOST_SECONDS,
    }
