"""The commands on dwarf galaxies."""

from __future__ import annotations

import json

import pytest

from dashboard.cli import main
from data.catalogue.store import CatalogueStore


def run(capsys, *words):
    status = main([*map(str, words), "--json"])
    return status, json.loads(capsys.readouterr().out)


def test_a_mock_and_a_table_come_in(tmp_path, capsys):
    home = ("--home", tmp_path / "home")
    status, made = run(capsys, "mock", "dwarf", "--stars", 30, "--halo", "core", *home)
    assert (status, made["rows"], made["with_6d"]) == (0, 30, 0)
    file = tmp_path / "stars.csv"
    rows = "".join(f"{15 + 0.01 * i},-33.7,{110 + i % 7},2\n" for i in range(20))
    file.write_text("ra,dec,vlos,e_vlos\n" + rows)
    words = ("ingest", file, "--kind", "dwarf", "--dwarf", "sculptor", *home)
    status, taken = run(capsys, *words)
    assert (status, taken["rows"]) == (0, 20)
    store = CatalogueStore(tmp_path / "home")
    assert store.open(taken["catalogue"]).manifest.kind == "dwarf"


@pytest.mark.parametrize(
    ("text", "more", "words"),
    [
        ("ra,dec\n15,-33\n", ("--dwarf", "sculptor"), "no line-of-sight velocities"),
        ("ra,dec,vlos,e_vlos\n15,-33,110,2\n", (), "centre and distance"),
        ("ra,dec,vlos,e_vlos\n15,-33,110,2\n", ("--dwarf", "nowhere"), "no dwarf called"),
        ("ra,dec,vlos,e_vlos\n15,-33,110,2\n",
         ("--centre", "15", "-33", "--dwarf-distance", "0"), "distance of 0 kpc"),
        ("x,y,vlos,e_vlos\n0.1,0.2,110,2\n", (), "Only 1 star"),
        ("x,y,vlos,e_vlos\n0.1,0.2,110000,2\n", (), "m/s"),
        ("x,y,vlos,e_vlos\n0.1,0.2,110,0\n", (), "error of the velocity not above 0"),
        ("x,y,vlos,e_vlos,p_member\n0.1,0.2,110,2,95\n", (), "Membership probabilities"),
    ],
)  # fmt: skip
def test_bad_tables_are_refused_and_leave_the_store_as_it_was(text, more, words, tmp_path, capsys):
    file = tmp_path / "stars.csv"
    file.write_text(text)
    status, said = run(capsys, "dwarf", file, *more, "--home", tmp_path / "home")
    assert status != 0
    assert words in said["error"] + said["hint"]
    assert not CatalogueStore(tmp_path / "home").list()
