"""The spec of a download: what is filled in, what is refused before anything is sent."""

from __future__ import annotations

import json

import pytest

from data.errors import UserError
from data.selection import parse
from engine.fetching.request import FetchRequest
from engine.runs.kinds import KINDS, load

SPEC = {"service": "gavo", "name": "near", "selection": parse("parallax > 2")}


def test_the_kind_is_known_and_its_functions_are_there():
    kind = KINDS["fetch"]
    assert kind.model() is FetchRequest
    assert callable(load(kind.job))


def test_what_is_not_said_is_filled_in(tmp_path):
    full = FetchRequest.check(dict(SPEC), tmp_path)
    assert full["service"] == "https://dc.g-vo.org/tap"
    assert full["release"]["table"] == "gaia.dr3lite"
    assert full["threads"] == 1, "it must not wait for a run that takes every core"
    assert FetchRequest.check(full, tmp_path) == full
    json.dumps(full)


def test_a_file_is_read_once_so_that_the_run_can_be_repeated(tmp_path):
    names = ("source_id", "ra", "dec", "parallax", "pmra", "pmdec")
    path = tmp_path / "r.json"
    path.write_text(json.dumps({"table": "t", "columns": {n: f"a.{n}" for n in names}}))
    full = FetchRequest.check({**SPEC, "release": str(path)}, tmp_path)
    path.unlink()
    assert full["release"]["columns"]["ra"] == "a.ra"
    assert FetchRequest.check(full, tmp_path) == full


def test_a_folder_of_hats_is_found_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    full = FetchRequest.check({"hats": "stars", "name": "h"}, tmp_path)
    assert full["hats"] == str(tmp_path / "stars")
    assert FetchRequest.check({"hats": "s3://b/h", "name": "h"}, tmp_path)["hats"] == "s3://b/h"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"service": None}, "needs a service"),
        ({"service": "nonsense"}, "Unknown TAP service"),
        ({"name": None}, "needs a name"),
        ({"name": "  "}, "needs a name"),
        ({"max_rows": 0}, "max_rows must be a positive integer or none, not 0"),
        ({"chunk_rows": 10**9}, "chunk_rows must be an integer from 1 to 5,000,000"),
        ({"chunk_rows": True}, "chunk_rows must be"),
        ({"adql": "SELECT 1"}, "not both"),
        ({"adql": "DROP x", "selection": None}, "does not begin with SELECT"),
        ({"selection": {"kind": "nonsense"}}, "unknown kind"),
        ({"selection": parse("nonsense > 3")}, "nonsense"),
        ({"release": "gaia-dr9"}, "Unknown release"),
        ({"release": 7}, "release must be a name"),
        ({"hats": "x"}, "cannot be queried like a TAP service"),
        ({"colour": 1}, "Unknown setting 'colour'"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_sent(tmp_path, change, sentence):
    with pytest.raises(UserError, match=sentence):
        FetchRequest.check({**SPEC, **change}, tmp_path)
