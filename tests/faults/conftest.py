"""The fixtures that tests of runs, of faults and of the dashboard share."""

from tests.dashboard.conftest import catalogue, services, session, wait
from tests.helpers.run_fixtures import home, kinds

__all__ = ["catalogue", "home", "kinds", "services", "session", "wait"]
