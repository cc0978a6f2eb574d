"""Findings keep their form: a head, pinned packages, an entry in the index. They are not run."""

import os
import re
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "findings"
SCRIPTS = sorted(FOLDER.glob("*.sh"))
PARTS = ("What", "Package", "Expected", "Happens", "Matters", "Instead")


def head(script):
    """The parts of a script's comment, by name; lines that go on are joined."""
    parts, name = {}, None
    for line in script.read_text().splitlines()[1:]:
        if not line.startswith("#"):
            break
        start = re.match(r"# ([A-Z][a-z]+): +(\S.*)$", line)
        if start:
            name = start[1]
            parts[name] = start[2]
        elif name:
            parts[name] += " " + line.lstrip("# ")
    return parts


def installed(script):
    """What follows ``pip install``, with its lines joined and the options left out."""
    text = script.read_text().replace("\\\n", " ")
    words = [word for line in re.findall(r"pip\" install (.*)", text) for word in line.split()]
    return [word for word in words if not word.startswith("--")]


def indexed():
    """The rows of the README's table: a script's name, its packages, two sentences."""
    rows = [line.strip("|").split("|") for line in (FOLDER / "README.md").read_text().splitlines()]
    named = {re.search(r"\(([^)]+\.sh)\)", row[0]): row for row in rows if len(row) == 4}
    return {match[1]: [cell.strip() for cell in row] for match, row in named.items() if match}


def test_there_are_findings():
    assert len(SCRIPTS) >= 10


def test_the_index_lists_the_scripts_and_no_others():
    rows = indexed()
    assert sorted(rows) == [script.name for script in SCRIPTS]
    assert all(all(cells) for cells in rows.values())


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
class TestScript:
    def test_is_an_executable_script_that_stops_at_errors(self, script):
        lines = script.read_text().splitlines()
        assert lines[0] == "#!/usr/bin/env bash"
        assert "set -euo pipefail" in lines
        assert os.access(script, os.X_OK)
        done = subprocess.run(["bash", "-n", str(script)], capture_output=True, check=False)
        assert done.returncode == 0, done.stderr

    def test_has_every_part_of_the_head(self, script):
        parts = head(script)
        assert tuple(parts) == PARTS
        assert all(len(parts[name]) > 20 for name in ("What", "Expected", "Happens", "Matters"))

    def test_pins_what_it_installs_and_names_it_in_head_and_index(self, script):
        pins = installed(script)
        assert pins
        assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][0-9a-z.]*", pin) for pin in pins)
        concerned = head(script)["Package"].split(", ")
        assert set(concerned) <= set(pins)
        assert indexed()[script.name][1].split(", ") == concerned

    def test_works_in_a_temporary_folder_and_says_what_changed(self, script):
        text = script.read_text()
        assert "trap 'rm -rf \"$folder\"' EXIT" in text
        assert 'sys.exit(f"CHANGED: ' in text or 'sys.exit("CHANGED: ' in text
        assert "SEEN: " in text

    def test_does_without_our_code(self, script):
        own = r"^\s*(from|import) (data|engine|dashboard)\b"
        assert not re.search(own, script.read_text(), re.MULTILINE)
