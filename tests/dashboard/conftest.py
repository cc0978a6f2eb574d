"""Fixtures of the dashboard's tests: services on a temporary home, sessions, patience."""

from __future__ import annotations

import time

import pytest

from dashboard.services import Services
from dashboard.session import Session
from tests.dashboard.stars import make_catalogue


@pytest.fixture
def services(tmp_path):
    """Services on an empty home."""
    made = Services(tmp_path)
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
