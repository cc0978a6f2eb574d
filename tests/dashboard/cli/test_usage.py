from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import dashboard.cli
from dashboard.cli.output import duration, pairs, printable, table
from dashboard.cli.parser import build_parser
from dashboard.cli.progress import ProgressLine

from .conftest import Cli


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["nonsense"],
        ["map"],
        ["runs", "show"],
        ["runs", "explode", "x"],
        ["mock", "galaxy", "--stars", "many"],
        ["map", "ball", "--set", "members"],
        ["map", "ball", "--centre", "1", "2"],
        ["ingest", "x.csv", "--column", "=a"],
        ["runs", "--wai"],
    ],
)
def test_wrong_use_is_status_2(cli: Cli, words: list[str]) -> None:
    for told in (cli(*words, "--json").json, cli("--json", *words).json):
        assert set(told) == {"error", "hint"}
    answer = cli(*words)
    assert answer.status == 2
    assert answer.out == ""
    assert answer.err.startswith("error: ")


@pytest.mark.parametrize("words", [["--help"], ["map", "--help"], ["runs", "resume", "--help"]])
def test_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        build_parser().parse_args(words)
    assert end.value.code == 0
    assert "usage: via-obscura" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        dashboard.cli.main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith("via-obscura 0.")


def test_every_command_has_json_and_home_before_and_after() -> None:
    for words in (
        "serve", "mock galaxy", "ingest f", "catalogues", "catalogues list", "map c", "runs",
        "runs list", "runs show r", "runs cancel r", "runs resume r", "runs delete r",
    ):  # fmt: skip
        for line in (f"--json --home h {words}", f"{words} --json --home h"):
            chosen = build_parser().parse_args(line.split())
            assert (chosen.json, chosen.home) == (True, "h"), line
        chosen = build_parser().parse_args(words.split())
        assert (chosen.json, chosen.home) == (False, None), words


def test_the_module_is_the_program(tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "dashboard", "runs", "--json", "--home", str(tmp_path)],
        capture_output=True,
        text=True,
    )
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "[]\n", "")


def test_listing_loads_nothing_heavy(tmp_path: Path) -> None:
    program = (
        "import sys; from dashboard.cli import main; main(['runs', '--home', sys.argv[1]]);"
        "assert not {'torch', 'panel', 'holoviews', 'numba', 'gala'} & sys.modules.keys()"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True
    )
    assert answer.returncode == 0, answer.stderr


def test_a_reader_that_has_enough_is_no_error(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    answer = subprocess.run(
        [sys.executable, "-m", "dashboard", "runs", "--home", str(tmp_path)],
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(write)
    assert answer.stderr == ""


def test_an_error_that_nobody_foresaw_is_one_sentence_and_a_log(
    cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(*_: object) -> None:
        raise ZeroDivisionError("a\nb")

    monkeypatch.setattr("engine.runs.launch.list_runs", explode)
    answer = cli("runs", "--json")
    assert answer.status == 1
    assert answer.json["error"] == "Unexpected error: ZeroDivisionError: a b"
    log = home / "via-obscura.log"
    assert str(log) in answer.json["hint"]
    assert "Traceback" in log.read_text()
    assert cli("runs").err.count("\n") == 1


def test_ctrl_c(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("engine.runs.launch.list_runs", interrupt)
    assert cli("runs").status == 130


def test_a_terminal_gets_nothing_to_obey() -> None:
    hostile = "\x1b[2J\x1b]0;title\x07\r\u202eevil"
    assert printable(hostile).isprintable()
    assert "\x1b" not in table([{"name": hostile}], "none")
    assert "\x1b" not in pairs({"name": {"deep": [hostile]}})


def test_tables_are_aligned() -> None:
    text = table(
        [{"name": "a", "rows": 10, "x": None}, {"name": "long", "rows": 2000, "x": 1}], ""
    )
    assert text.splitlines() == ["name  rows  x", "a       10", "long  2000  1"]
    assert table([], "Nothing.") == "Nothing."


def test_pairs_are_indented() -> None:
    told = {
        "run": "r",
        "at": {"a": 1, "bb": None},
        "ok": True,
        "list": ["x", "y"],
        "no": {},
        "v": [1.0, 2.5],
    }
    assert pairs(told).splitlines() == [
        "run   r",
        "at    a   1",
        "      bb  -",
        "ok    yes",
        "list  x",
        "      y",
        "no    -",
        "v     1, 2.5",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, ""), (0.4, "0 s"), (59.4, "59 s"), (61, "1 min 1 s"), (900, "15 min"),
     (3599.9, "1 h 0 min"), (7800, "2 h 10 min")],
)  # fmt: skip
def test_time_spans(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_moves_on_a_terminal_and_is_sparse_in_a_log() -> None:
    terminal, log = Terminal(), io.StringIO()
    for stream in (terminal, log):
        with ProgressLine(stream) as show:
            for step in range(50):
                show(step / 50, "training", eta_s=90.0)
            show(0.99, "solving \x1b[2J")
    assert terminal.getvalue().count("\r") == 52
    assert terminal.getvalue().endswith("\r\x1b[K")
    assert "\x1b[2J" not in terminal.getvalue()
    assert log.getvalue().splitlines()[0] == "  0% training, 1 min 30 s left"
    assert len(log.getvalue().splitlines()) == 2


def test_output_is_json_even_for_numbers_that_are_not(capsys: pytest.CaptureFixture[str]) -> None:
    from dashboard.cli.output import Output

    Output(as_json=True).result({"a": float("nan"), "b": Path("x")}, "text")
    assert json.loads(capsys.readouterr().out) == {"a": None, "b": "x"}
