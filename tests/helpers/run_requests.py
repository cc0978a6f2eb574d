"""Requests of kinds of runs that tests make."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from data.declared import setting
from data.errors import UserError
from engine.runs.request import Request


class CountRequest(Request):
    """What ``run_jobs:count`` is asked for, with a limit that the home sets."""

    kind: ClassVar[str] = "count"
    thing: ClassVar[str] = "a count"

    steps: int = setting(3, "numbers that are counted", low=1, high=10, label="Steps")

    def complete(self, home: Path) -> dict[str, object]:
        """Refuse what the home has no room for."""
        if self.steps > 5:
            raise UserError(f"{home.name} has room for 5 steps, not {self.steps}.")
        return {}
