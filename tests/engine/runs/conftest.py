"""The fixtures that tests of runs and of faults share."""

from tests.helpers.run_fixtures import home, kinds

__all__ = ["home", "kinds"]
