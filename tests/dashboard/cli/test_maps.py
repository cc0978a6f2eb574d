from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from data.catalogue.ingest import ingest_arrays
from data.frames import from_galactocentric
from engine.runs import cancel, list_runs, open_run, wait
from engine.runs import kinds as run_kinds
from engine.runs.kinds import find_kind

from .conftest import Cli

Choose = Callable[[str], None]


def test_map_and_wait(cli: Cli, home: Path, catalogue: str, job: Choose) -> None:
    answer = cli("map", "ball", "--wait", "--json", "--threads", "1")
    assert answer.status == 0, answer.out
    told = answer.json
    assert told["state"] == "done"
    parts = {"run", "state", "cubes", "at_sun", "population", "warnings", "remarks"}
    assert set(told) == parts
    assert told["cubes"]["acceleration"].endswith("cubes/acceleration.zarr")
    assert told["at_sun"] is None
    assert "%" in answer.err, "progress goes to standard error"
    spec = open_run(home, told["run"]).record().spec
    assert spec["catalogue"] == catalogue
    assert spec["preset"] == "quick"
    assert spec["volume"]["radius"] == 4.0  # type: ignore[index]

    text = cli("map", "ball", "--wait", "--threads", "1").out
    assert "outside the volume" in text
    assert "A part of the sky is empty." in text


def test_map_without_waiting(cli: Cli, home: Path, catalogue: str, job: Choose) -> None:
    told = cli("map", catalogue, "--json", "--threads", "1").json
    assert set(told) == {"run", "state", "warnings"}, "the ball is not seen from the Sun"
    assert told["state"] in ("queued", "running")
    assert wait(open_run(home, told["run"]), 30.0).state == "done"


@pytest.mark.parametrize(
    ("cut", "codes"),
    [
        ("circularity > 0.1", {"selection_in_position", "selection_in_velocity"}),
        ("L > 800", {"selection_in_position", "selection_in_velocity"}),
        ("E < -148000", {"selection_in_position", "selection_in_velocity"}),
        ("v_tan < 100", {"selection_in_position", "selection_in_velocity"}),
        ("phi1(gd1) > -30", {"selection_in_position"}),
        ("abs(z) < 1", {"selection_in_position"}),
    ],
)
def test_a_cut_that_a_map_depends_on_is_said_before_it_is_made(
    cli: Cli, home: Path, job: Choose, tmp_path: Path, cut: str, codes: set[str]
) -> None:
    import numpy as np

    rng = np.random.default_rng(3)
    x = np.array([8.122, 0.0, 0.0208]) + rng.normal(0.0, 0.8, (3000, 3))
    v = np.array([0.0, -100.0, 0.0]) + rng.normal(0.0, 60.0, (3000, 3))
    sky = from_galactocentric(x, v)
    del sky["distance"]
    ingest_arrays({"source_id": np.arange(3000), **sky}, home, name="sky", kind="astrometry",
                  provenance={})  # fmt: skip
    answer = cli("map", "sky", "--select", cut, "--json", "--threads", "1")
    assert answer.status == 0, answer.out
    found = {warning["code"]: warning["sentence"] for warning in answer.json["warnings"]}
    assert {code for code in found if code.startswith("selection_")} == codes
    run = open_run(home, answer.json["run"])
    cancel(home, answer.json["run"], grace=0.0)
    text = cli("map", "sky", "--select", cut, "--threads", "1", "--again")
    for code in codes:
        assert found[code] in text.err
    assert run.record().spec["selection"] is not None


def test_the_words_become_the_spec(cli: Cli, home: Path, catalogue: str, job: Choose) -> None:
    job("hang")
    answer = cli(
        "map", "ball", "--json", "--select", "abs(z) < 1", "--set", "members=2", "--seed", "7",
        "--preset", "standard", "--device", "cpu", "--threads", "1",
        "--centre", "8.0", "-0.1", "0", "--radius", "2.5",
    )  # fmt: skip
    assert answer.status == 0, answer.out
    spec = open_run(home, answer.json["run"]).record().spec
    cancel(home, answer.json["run"], grace=0.0)
    assert spec["selection"] is not None
    assert spec["overrides"] == {"members": "2"}
    assert spec["volume"] == {"centre": [8.0, -0.1, 0.0], "radius": 2.5}
    assert (spec["seed"], spec["preset"], spec["device"], spec["threads"]) == (
        7, "standard", "cpu", 1,
    )  # fmt: skip


def test_a_selection_from_a_file(cli: Cli, home: Path, catalogue: str, job: Choose) -> None:
    tree = {"kind": "range", "column": "z", "min": -1.0, "max": 1.0}
    file = home / "cut.json"
    file.write_text(json.dumps(tree))
    for given in (str(file), json.dumps(tree)):
        answer = cli("map", "ball", "--json", "--select", given, "--wait", "--threads", "1")
        assert answer.status == 0, answer.out
        spec = open_run(home, answer.json["run"]).record().spec
        assert spec["selection"]["column"] == "z"  # type: ignore[index]


@pytest.mark.parametrize(
    "words",
    [
        ["no-such-catalogue"],
        ["no/such/file.csv"],
        ["."],
        ["ball", "--preset", "huge"],
        ["ball", "--set", "no_such_setting=1"],
        ["ball", "--set", "members=many"],
        ["ball", "--select", "abs(z < 1"],
        ["ball", "--select", "no_such_column > 1"],
        ["ball", "--select", "no/such/file.json"],
        ["ball", "--select", "z > 1000"],
        ["ball", "--select", "z > 2.5"],
        ["ball", "--radius", "0.01"],
        ["ball", "--radius", "-1"],
        ["ball", "--centre", "100", "0", "0"],
        ["ball", "--seed", "-1"],
        ["ball", "--threads", "0"],
        ["ball", "--device", "abacus"],
    ],
)
def test_what_cannot_be_is_said_before_anything_starts(
    cli: Cli, home: Path, catalogue: str, words: list[str]
) -> None:
    answer = cli("map", *words, "--wait", "--json")
    assert answer.status == 1
    assert set(answer.json) == {"error", "hint"}
    assert len(answer.json["error"]) > 10
    assert list_runs(home) == []
    assert len(cli("catalogues", "--json").json) == 1


def test_a_table_is_taken_in_on_the_fly(cli: Cli, home: Path, job: Choose, tmp_path: Path) -> None:
    import numpy as np

    rng = np.random.default_rng(2)
    stars = rng.normal(0.0, 0.5, (1500, 6)) + np.array([8.1, 0, 0, 0, 200, 0])
    file = tmp_path / "table.csv"
    np.savetxt(file, stars, delimiter=",", header="x,y,z,vx,vy,vz", comments="")
    answer = cli("map", file, "--wait", "--json", "--threads", "1")
    assert answer.status == 0, answer.out
    (listed,) = cli("catalogues", "--json").json
    assert list_runs(home)[0].catalogue == listed["catalogue"]
    assert listed["rows"] == 1500


def test_a_refused_table_leaves_the_store_as_it_was(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "ten.csv"
    rows = "".join(f"{i},8.1,0,0.{i},0,-220,0\n" for i in range(10))
    file.write_text("source_id,x,y,z,vx,vy,vz\n" + rows)
    answer = cli("map", file, "--json")
    assert answer.status == 1
    assert "10 tracers" in answer.json["error"]
    assert cli("catalogues", "--json").json == []
    # what was there before stays, also when a map of it is refused
    assert cli("ingest", file, "--json").status == 0
    assert cli("map", file, "--json").status == 1
    assert len(cli("catalogues", "--json").json) == 1


def test_a_name_in_the_store_goes_before_a_folder_of_that_name(
    cli: Cli, catalogue: str, job: Choose, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ball").mkdir()
    monkeypatch.chdir(tmp_path)
    assert cli("map", "ball", "--wait", "--json", "--threads", "1").status == 0


@pytest.mark.parametrize(
    ("name", "sentence"), [("user_error", "The cut leaves ten stars."), ("crash", "ValueError")]
)
def test_a_run_that_fails_fails_the_command(
    cli: Cli, catalogue: str, job: Choose, name: str, sentence: str
) -> None:
    job(name)
    answer = cli("map", "ball", "--wait", "--json", "--threads", "1")
    assert answer.status == 1
    assert set(answer.json) == {"error", "hint", "run", "state"}
    assert sentence in answer.json["error"]
    assert answer.json["state"] == "failed"
    assert sentence in cli("map", "ball", "--wait", "--threads", "1").err


PROGRAM = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
from dashboard.cli import main
from engine.runs import kinds
kinds.KINDS["map"] = kinds.Kind("run_jobs:survive_errors", kinds.KINDS["map"].request)
sys.exit(main(sys.argv[1:]))
"""


def start_waiting(home: Path) -> tuple[subprocess.Popen[str], str]:
    words = ["map", "ball", "--wait", "--json", "--threads", "1"]
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60.0
    while not (runs := list_runs(home)) or not runs[0].progress:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return process, runs[0].id


def test_ctrl_c_stops_the_run(home: Path, catalogue: str, job: Choose) -> None:
    process, run_id = start_waiting(home)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    told = json.loads(out)
    assert told["run"] == run_id
    assert told["state"] == "cancelled"
    assert f"runs resume {run_id}" in told["hint"]
    assert "Traceback" not in err
    assert open_run(home, run_id).record().state == "cancelled"


def test_a_run_that_is_killed_ends_the_waiting(home: Path, catalogue: str, job: Choose) -> None:
    process, run_id = start_waiting(home)
    pid = open_run(home, run_id).stored().pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert json.loads(out)["state"] == "interrupted"


def test_stars_in_a_plane_are_refused_before_a_run(cli: Cli, home: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    stars = rng.normal([8.122, 0, 0, 0, -220, 0], [0.8, 0.8, 0, 30, 30, 0], (900, 6))
    table = tmp_path / "plane.csv"
    rows = [",".join(f"{value:.4f}" for value in row) for row in stars]
    table.write_text("\n".join(["x,y,z,vx,vy,vz", *rows]))
    answer = cli("map", table, "--preset", "quick", "--wait", "--json")
    assert answer.status == 1
    assert answer.json["error"] == "z and vz do not vary among the 900 tracers."
    assert not list_runs(home)


@pytest.fixture
def costly(job: Choose, monkeypatch: pytest.MonkeyPatch) -> None:
    """Maps of a job that is quick, with the estimate of real ones."""
    real, quick = find_kind("map"), run_kinds.KINDS["map"]
    cost = "engine.mapping.run_cost:map_cost"
    assert real.job == quick.job
    monkeypatch.setitem(run_kinds.KINDS, "map", replace(quick, cost=cost))  # type: ignore[arg-type]


def test_time_and_grid_are_said_before_a_map(cli: Cli, catalogue: str, costly: None) -> None:
    words = ("map", "ball", "--threads", "1", "--wait")
    four = cli(*words, "--json").json
    assert four["grid"] == {
        "spacing_kpc": 0.5, "x": 17, "y": 17, "z": 33, "cells": pytest.approx(5119, rel=0.03),
    }  # fmt: skip
    wide = cli(*words, "--json", "--radius", "14").json
    assert wide["grid"]["spacing_kpc"] == 1.75
    assert wide["estimate_s"] == pytest.approx(four["estimate_s"], rel=0.1)
    given = cli(*words, "--json", "--radius", "14", "--set", "spacing=0.5").json
    assert given["grid"]["x"] == 57
    assert given["estimate_s"] > 3 * wide["estimate_s"]
    said = cli(*words, "--radius", "13").err
    assert re.match(
        r"About \d+ (s|min) on two idle cores for 2,000 tracers, on a grid of "
        r"17 x 17 x 33 values, 1\.62 kpc apart", said,
    ), said  # fmt: skip


def test_time_is_said_before_a_sweep(
    cli: Cli, home: Path, catalogue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sum of all that are not there already; nothing is started before it is said."""
    monkeypatch.setattr("engine.runs.launch.ensure_dispatcher", lambda *_, **__: False)
    words = ("map", "ball", "--threads", "1", "--sweep", "abs(z) < {}", "--values")
    told = cli(*words, "1", "2", "--json").json
    assert told["grid"]["x"] == 17
    waiting = [float(run.needs["seconds"]) for run in list_runs(home)]  # type: ignore[arg-type]
    assert len(waiting) == 2
    assert told["estimate_s"] == pytest.approx(sum(waiting), abs=1)
    said = cli(*words, "1", "2", "2.5").err
    assert re.match(r"About \d+ (s|min) on two idle cores for [\d,]+ tracers", said), said
    assert len(list_runs(home)) == 3
    assert "for 3 runs, the longest of them" in cli(*words, "1.1", "1.2", "1.3").err
