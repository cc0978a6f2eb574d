"""Commands of the search for streams: start, list, write."""

import time

import numpy as np
import pytest
from astropy.table import Table

from dashboard.cli import streams
from engine.runs.folder.record import RunRecord
from engine.runs.launch import list_runs
from tests.dashboard.synthetic_streams import make_patch, make_search


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    home = tmp_path_factory.mktemp("searched")
    catalogue = make_patch(home, stars=5_000, members=150)
    return home, make_search(home, catalogue, draws=20), catalogue


def test_candidates_are_listed_by_run_or_by_catalogue_and_their_members_written(
    searched, cli, tmp_path
):
    home, run, catalogue = searched
    by_run = cli("streams", "candidates", run.id, "--home", str(home), "--json").json
    by_name = cli("streams", "candidates", catalogue.name, "--home", str(home), "--json").json
    assert by_run == by_name
    assert by_run["scored"] == by_run["windows"] > 0
    assert by_run["candidates"][0]["candidate"] == 1
    file = tmp_path / "members.fits"
    told = cli(
        "streams", "candidates", run.id, "--home", str(home), "--members", str(file),
        "--candidate", "1", "--json",
    ).json  # fmt: skip
    table = Table.read(file)
    assert told["members"]["rows"] == len(table) > 5
    said = cli(
        "streams", "candidates", run.id, "--home", str(home), "--members", str(file),
        "--candidate", "1",
    ).out  # fmt: skip
    assert f"{len(table)} stars written to {file}." in said
    assert np.all(np.isin(table["source_id"], catalogue.column("source_id")))


def test_a_limit_in_p_leaves_out_what_is_less_significant(searched, cli):
    home, run, _ = searched
    words = ("streams", "candidates", run.id, "--home", str(home), "--json")
    assert cli(*words, "--max-p", "0").json["candidates"] == []
    assert "No candidate" in cli(*words[:-1], "--max-p", "0").out


def test_lines_come_with_the_best_first(searched, cli):
    home, run, _ = searched
    told = cli("streams", "lines", run.id, "--home", str(home), "--top", "3", "--json").json
    values = [line["sigma"] for line in told["lines"]]
    assert len(values) == 3
    assert values == sorted(values, reverse=True)


def test_what_is_no_search_is_said(searched, cli, home):
    there = str(searched[0])
    assert (
        "not found" in cli("streams", "lines", "nobody", "--home", there, "--json").json["error"]
    )
    wrong = cli("streams", "candidates", searched[1].id, "--home", there, "--members", "a.doc",
                "--json")  # fmt: skip
    assert wrong.status != 0
    assert ".doc" in wrong.json["error"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--width", "2", "--step", "5"], "gaps"),
        (["--patches", "10,-70"], "contains"),
        (["--patches", "l999b99"], "patch"),
        (["--set", "tops=3"], "setting"),
        (["--features", "phi,age"], "feature"),
        (["--select", "stream == 1"], "label of stream members"),
    ],
)
def test_a_search_that_cannot_be_is_refused_before_it_begins(searched, cli, words, said):
    home, _, catalogue = searched
    before = len(list_runs(home))
    answer = cli("streams", "scan", catalogue.name, "--home", str(home), "--json", *words)
    assert answer.status != 0
    assert said in answer.json["error"]
    assert len(list_runs(home)) == before


def test_the_same_search_is_not_done_twice_unless_asked(searched, cli, monkeypatch):
    """What is computed already is said to be there; a new search says what it takes."""
    asked = []

    def submit(folder, spec, mover=None, *, reuse=False, on_estimate=None):
        asked.append(reuse)
        created = time.time() - 3600 if reuse else time.time() + 1
        return RunRecord(
            "20261123-000000-streams-abcd", "streams", spec, created=created,
            needs={"seconds": 300.0},
        )  # fmt: skip

    monkeypatch.setattr(streams, "submit", submit)
    home, _, catalogue = searched
    there = cli("streams", "scan", catalogue.name, "--home", str(home)).out
    anew = cli("streams", "scan", catalogue.name, "--home", str(home), "--again").out
    assert asked == [True, False]
    assert "already exists" in there
    assert "5 min on one core" in anew
