"""Fixtures of the dashboard's tests: services on a temporary home, sessions, patience."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from dashboard.services.services import Services
from dashboard.session.session import Session
from tests.dashboard.stars import make_catalogue


class OneAtATime(ThreadPoolExecutor):
    """Does the work where it is asked for.

    A server brings results back to the session's loop; without one they would be delivered in
    the worker's thread, in the middle of what the test's own thread is doing.
    """

    def submit(self, work, /, *args, **kwargs):
        future = Future()
        try:
            future.set_result(work(*args, **kwargs))
        except Exception as error:  # as an executor does: it belongs to the future
            future.set_exception(error)
        return future


@pytest.fixture
def services(tmp_path):
    """Services on an empty home."""
    made = Services(tmp_path)
    made.executor.shutdown()
    made.executor = OneAtATime(1)
    yield made
    made.close()


@pytest.fixture
def catalogue(services):
    """A small catalogue in the store of ``services``."""
    made = make_catalogue(services.home)
    services.catalogues.look()
    return made


@pytest.fixture
def session(services):
    """A session without a browser: its callbacks run at once."""
    return Session(services)


@pytest.fixture
def wait():
    """Wait until a condition holds; fails with its name where it never does."""

    def until(condition, seconds=60):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"still not: {condition}"
            time.sleep(0.02)

    return until
