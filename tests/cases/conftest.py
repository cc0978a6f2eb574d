"""The command line in this process, with a home of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dashboard.cli import main
from data.catalogue.store import Catalogue, CatalogueStore

FILES = Path(__file__).parent


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    status: int
    told: Any
    home: Path

    @property
    def catalogue(self) -> Catalogue:
        """The catalogue that was made."""
        assert self.status == 0, self.told
        return CatalogueStore(self.home).open(self.told["catalogue"])


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Answer]:
    """Run a command with ``--json``; names of files here stand for the files."""
    home = tmp_path / "home"
    monkeypatch.setenv("VIA_OBSCURA_HOME", str(home))

    def command(*words: object) -> Answer:
        capsys.readouterr()
        texts = [str(FILES / str(w)) if (FILES / str(w)).is_file() else str(w) for w in words]
        status = main([*texts, "--json"])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return Answer(status, json.loads(captured.out, parse_constant=pytest.fail), home)

    return command
