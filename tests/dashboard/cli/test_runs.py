from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from engine.runs import open_run, wait
from tests.dashboard.synthetic_runs import make_every_state

from .conftest import Cli

Choose = Callable[[str], None]


def start(cli: Cli) -> str:
    return str(cli("map", "ball", "--json", "--threads", "1").json["run"])


def test_the_list(cli: Cli, catalogue: str, job: Choose) -> None:
    assert cli("runs", "--json").json == []
    assert "No runs yet" in cli("runs").out
    first = cli("map", "ball", "--wait", "--json", "--threads", "1").json["run"]
    second = cli("map", "ball", "--wait", "--json", "--threads", "1").json["run"]
    listed = cli("runs", "--json").json
    assert [run["run"] for run in listed] == [second, first]
    assert cli("runs", "list", "--json").json == listed
    for run in listed:
        assert set(run) == {"run", "kind", "state", "progress", "eta_s", "catalogue"}
        assert (run["state"], run["progress"], run["catalogue"]) == ("done", 1.0, catalogue)
    head, *lines = cli("runs").out.splitlines()
    assert head.split() == ["run", "kind", "state", "progress", "took", "left", "catalogue"]
    assert {line.index(catalogue) for line in lines} == {head.index("catalogue")}
    took = slice(head.index("took"), head.index("left"))
    assert all(re.fullmatch(r"\d+ s", line[took].strip()) for line in lines), "the time it took"


def test_show(cli: Cli, home: Path, catalogue: str, job: Choose) -> None:
    run_id = cli("map", "ball", "--wait", "--json", "--threads", "1").json["run"]
    told = cli("runs", "show", run_id, "--json").json
    assert told["state"] == "done"
    assert told["spec"]["catalogue"] == catalogue
    assert told["result"]["cubes"]
    assert told["path"] == str(home / "runs" / run_id)
    text = cli("runs", "show", run_id).out
    assert "UTC" in text
    assert "preset" in text


def test_cancel_resume_delete(cli: Cli, home: Path, catalogue: str, job: Choose) -> None:
    job("survive_errors")
    run_id = start(cli)
    refused = cli("runs", "delete", run_id, "--json")
    assert refused.status == 1
    assert refused.json["hint"] == "Cancel it first."
    assert cli("runs", "cancel", run_id, "--json").json == {"run": run_id, "state": "cancelled"}
    job("slow_map")
    answer = cli("runs", "resume", run_id, "--wait", "--json")
    assert answer.status == 0, answer.out
    assert answer.json["state"] == "done"
    again = cli("runs", "resume", run_id, "--json")
    assert again.status == 1
    assert "it is done" in again.json["error"]
    assert cli("runs", "cancel", run_id, "--json").status == 1
    assert cli("runs", "delete", run_id, "--json").json == {"deleted": [run_id]}
    assert cli("runs", "--json").json == []


def test_resume_without_waiting(cli: Cli, home: Path, catalogue: str, job: Choose) -> None:
    job("user_error")
    run_id = cli("map", "ball", "--wait", "--json", "--threads", "1").json["run"]
    job("slow_map")
    assert cli("runs", "resume", run_id, "--json").json["run"] == run_id
    assert wait(open_run(home, run_id), 30.0).state == "done"


def test_deleting_several_is_all_or_none(cli: Cli, catalogue: str, job: Choose) -> None:
    run_id = cli("map", "ball", "--wait", "--json", "--threads", "1").json["run"]
    assert cli("runs", "delete", run_id, "no-such-run", "--json").status == 1
    assert len(cli("runs", "--json").json) == 1


def test_names_that_are_none(cli: Cli) -> None:
    for action in ("show", "cancel", "resume", "delete"):
        for name in ("../../etc", "nothing", "a\x1bb"):
            answer = cli("runs", action, name)
            assert answer.status == 1
            assert "not found" in answer.err
            assert "\x1b" not in answer.err


def test_what_runs_take_and_the_clean_up(cli: Cli, home: Path) -> None:
    make_every_state(home)  # type: ignore[no-untyped-call]
    told = cli("runs", "disk", "--json").json
    assert told["total"] == sum(told["runs"].values()) > 0
    listed = cli("runs", "clean", "--json").json
    assert (len(listed["runs"]), listed["deleted"]) == (3, False)
    assert len(cli("runs", "--json").json) == 7
    assert cli("runs", "clean", "--yes", "--json").json["runs"] == listed["runs"]
    assert {run["state"] for run in cli("runs", "--json").json} == {
        "queued", "running", "stopping", "done",
    }  # fmt: skip
    assert "0 runs without a result" in cli("runs", "clean").out
