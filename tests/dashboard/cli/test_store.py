from __future__ import annotations

from pathlib import Path

import pytest

from tests.dashboard.synthetic_runs import make_run

from .conftest import Cli

COLUMNS = "source_id,ra,dec,parallax,pmra,pmdec,radial_velocity"


@pytest.fixture
def stars(tmp_path: Path) -> Path:
    """Five rows: two whole ones, one without velocity, one behind us, one without a place."""
    rows = [
        "1,10.0,20.0,2.0,1.0,-1.0,30.0",
        "2,11.0,21.0,1.0,2.0,-2.0,-30.0",
        "3,12.0,22.0,1.0,2.0,-2.0,",
        "4,13.0,23.0,-1.0,2.0,-2.0,5.0",
        "5,,24.0,1.0,2.0,-2.0,5.0",
    ]
    file = tmp_path / "stars.csv"
    file.write_text("\n".join([COLUMNS, *rows]) + "\n")
    return file


def test_ingest_counts_every_row(cli: Cli, stars: Path) -> None:
    answer = cli("ingest", stars, "--json")
    assert answer.status == 0, answer.out
    told = answer.json
    assert {"catalogue", "rows", "dropped", "with_6d", "not_6d"} <= set(told)
    assert {"table", "tables", "columns", "remarks"} <= set(told)
    assert told["rows"] + sum(told["dropped"].values()) == 5
    assert told["with_6d"] == 2
    assert sum(told["not_6d"].values()) == told["rows"] - told["with_6d"] == 2

    (listed,) = cli("catalogues", "--json").json
    assert listed["catalogue"] == told["catalogue"]
    assert listed["name"] == "stars"
    assert told["catalogue"] in cli("catalogues").out


def test_ingest_with_names_and_units_of_ones_own(cli: Cli, stars: Path) -> None:
    text = stars.read_text().replace("parallax", "plx").replace("radial_velocity", "vlos")
    stars.write_text(text)
    words = ["--column", "parallax=plx", "--column", "radial_velocity=vlos", "--unit", "plx=mas"]
    answer = cli("ingest", stars, *words, "--name", "mine", "--json")
    assert answer.status == 0, answer.out
    assert answer.json["with_6d"] == 2
    assert cli("catalogues", "--json").json[0]["name"] == "mine"


def test_ingest_in_text(cli: Cli, stars: Path) -> None:
    answer = cli("ingest", stars)
    assert answer.status == 0
    assert "with_6d" in answer.out
    assert "100%" in answer.err


@pytest.mark.parametrize("content", [None, b"", b"a,b\n1,2\n", b"\x80\x04\x95pickle"])
def test_bad_tables_are_a_sentence_and_change_nothing(
    cli: Cli, home: Path, tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "bad.csv"
    if content is not None:
        file.write_bytes(content)
    answer = cli("ingest", file, "--json")
    assert answer.status == 1
    assert answer.json["error"]
    assert cli("catalogues", "--json").json == []
    assert not list(home.rglob("*.arrow"))


def test_delete_a_catalogue(cli: Cli, catalogue: str) -> None:
    assert cli("catalogues", "delete", "ball", "--json").json == {"deleted": [catalogue]}
    assert cli("catalogues", "delete", "ball", "--json").status == 1
    assert "No catalogue yet" in cli("catalogues").out


def test_a_catalogue_that_is_worked_on_stays(cli: Cli, home: Path, catalogue: str) -> None:
    run = make_run(home, "running", spec={"catalogue": catalogue})
    answer = cli("catalogues", "delete", "ball")
    assert answer.status == 1
    assert run.id in answer.err
    assert "runs cancel" in answer.err
    assert "ball" in cli("catalogues").out


def test_a_mock_galaxy(cli: Cli) -> None:
    words = ["mock", "galaxy", "--stars", "1000", "--seed", "3", "--name", "small", "--json"]
    answer = cli(*words, "--threads", "1")
    assert answer.status == 0, answer.out
    assert answer.json["rows"] == answer.json["with_6d"] == 1000
    assert answer.json["dropped"] == {}
    again = cli(*words)
    assert again.json["catalogue"] == answer.json["catalogue"], "a seed gives the same stars"


def test_a_potential_that_does_not_exist(cli: Cli) -> None:
    answer = cli("mock", "galaxy", "--potential", "cheese", "--json")
    assert answer.status == 1
    assert "cheese" in answer.json["error"]
