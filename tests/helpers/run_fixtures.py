"""Fixtures for tests of runs and of their faults: a home, and kinds whose jobs are small."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.runs.kinds import Kind

HELPERS = Path(__file__).parent
JOBS = (
    "count",
    "report_environment",
    "print_and_log",
    "user_error",
    "crash",
    "out_of_memory",
    "torch_out_of_memory",
    "full_disk",
    "wrong_result",
    "numpy_result",
    "hang",
    "hang_in_library",
    "survive_errors",
    "slow_map",
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch) -> dict[str, Kind]:
    """Kinds named after the jobs of run_jobs, importable here and in worker processes."""
    monkeypatch.syspath_prepend(HELPERS)
    paths = [str(HELPERS), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
    return {name: Kind(f"run_jobs:{name}") for name in JOBS}
