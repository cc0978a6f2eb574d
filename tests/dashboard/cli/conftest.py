"""Fixtures for the command line: a home with a small catalogue, and a map that is quick."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dashboard.cli import main
from data.catalogue.ingest import ingest_arrays
from engine.runs import kinds as run_kinds
from engine.runs.kinds import Kind

HELPERS = Path(__file__).parents[2] / "helpers"


@dataclass(frozen=True)
class Answer:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one object on standard output, and nothing else."""
        assert self.out.count("\n") == 1
        return json.loads(self.out, parse_constant=pytest.fail)


Cli = Callable[..., Answer]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    monkeypatch.setenv("VIA_OBSCURA_HOME", str(folder))
    return folder


@pytest.fixture
def cli(home: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    def run(*words: object) -> Answer:
        capsys.readouterr()
        status = main([str(word) for word in words])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return Answer(status, captured.out, captured.err)

    return run


@pytest.fixture
def catalogue(home: Path) -> str:
    """The id of a catalogue of 2,000 stars round the Sun, named ``ball``."""
    rng = np.random.default_rng(1)
    positions = rng.normal(0.0, 0.8, (3, 2000)) + np.array([[8.122], [0.0], [0.0208]])
    velocities = rng.normal(0.0, 30.0, (3, 2000))
    names = ("x", "y", "z", "vx", "vy", "vz")
    columns = dict(zip(names, np.concatenate([positions, velocities]), strict=True))
    made = ingest_arrays(
        columns, home, name="ball", kind="simulation", provenance={"made": "here"}
    )
    return made.id


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let maps be made by a job of ``run_jobs``; what is checked before stays as it is."""

    def choose(name: str) -> None:
        request = run_kinds.KINDS["map"].request
        monkeypatch.setitem(run_kinds.KINDS, "map", Kind(f"run_jobs:{name}", request))  # type: ignore[arg-type]

    monkeypatch.syspath_prepend(HELPERS)
    paths = [str(HELPERS), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
    choose("slow_map")
    return choose
