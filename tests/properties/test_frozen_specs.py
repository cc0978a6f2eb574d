"""Requests are written down as they always were, so that finished runs still answer for them.

``frozen_specs.json`` holds requests, what became of them and the hash of that, from
November 2026. It may grow; what is in it must not change, or maps of years are computed anew. Ids
of catalogues are names there, for the last bits of a mock depend on the machine.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from data.catalogue.store import CatalogueStore
from data.mocks.galaxy import make_galaxy
from data.mocks.streams.injection import Injection
from data.mocks.streams.patch import make_stream
from engine.runs.folder.record import RunRecord, RunState
from engine.runs.kinds import KINDS
from engine.runs.same import spec_hash

FROZEN = json.loads(Path(__file__).with_name("frozen_specs.json").read_text(encoding="utf-8"))


def make_home(home):
    """Put the catalogues of the requests into a home."""
    make_galaxy(home, stars=1_500, seed=1, threads=1, name="ball")
    stream = Injection(angle=30.0, offset=1.0)
    make_stream(home, stars=3_000, members=200, seed=2, name="patch", streams=(stream,))


def checked(request, home):
    """Check a request as ``submit`` does; the catalogue of its spec goes by its name."""
    spec = KINDS[request["kind"]].check(dict(request), home)
    if "catalogue" in spec:
        spec["catalogue"] = CatalogueStore(home).open(spec["catalogue"]).name
    return spec


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    make_home(folder)
    return folder


@pytest.mark.parametrize("name", FROZEN)
def test_a_request_is_written_down_as_ever(home, name):
    entry = FROZEN[name]
    spec = checked(entry["request"], home)
    written = json.dumps(spec, sort_keys=True)
    assert written == json.dumps(entry["spec"], sort_keys=True)  # 6 and 6.0 are not the same text
    assert spec_hash(spec) == entry["hash"]


@pytest.mark.parametrize("name", FROZEN)
def test_what_was_written_down_is_read_again_as_it_is(home, name):
    """A run of before is resumed, changed and looked for by its spec."""
    entry = FROZEN[name]
    assert checked(entry["spec"], home) == entry["spec"]
    stored = RunRecord(id="r", kind=entry["spec"]["kind"], spec=entry["spec"], state=RunState.DONE)
    assert spec_hash(stored.spec) == entry["hash"]


def test_hashes_differ_where_specs_do():
    ignored = ("threads", "sweep", "kind")
    specs = {
        json.dumps({k: v for k, v in entry["spec"].items() if k not in ignored}, sort_keys=True)
        for entry in FROZEN.values()
    }
    assert len({entry["hash"] for entry in FROZEN.values()}) == len(specs) > 20
