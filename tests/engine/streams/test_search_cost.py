"""What a search is said to take, and what it takes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from data.mocks.streams.patch import make_stream
from engine.runs import submit
from engine.runs.kinds import find_kind
from engine.runs.launch import list_runs
from engine.runs.queueing.needs import Needs
from engine.streams.search.request import StreamsRequest
from engine.streams.search.run_cost import search_cost, search_factor


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    make_stream(folder, stars=6_000, seed=3, name="patch")
    return folder


def spec_of(home, **changes):
    return StreamsRequest.check(
        {"kind": "streams", "catalogue": "patch", "coordinates": ["mu_lat"], "step": 3.0,
         "least": 0.05, "seeds": [0], "threads": 1, "method": "cwola", **changes}, home
    )  # fmt: skip


def test_what_is_asked_for_twice_costs_twice(home):
    one = search_cost(spec_of(home), home)
    seeds = search_cost(spec_of(home, seeds=[0, 1]), home)
    null = search_cost(spec_of(home, permutations=9), home)
    assert one["stars"] > 5_000
    assert one["windows"] == seeds["windows"] > 3
    assert 1.7 * one["seconds"] < seeds["seconds"] <= 2 * one["seconds"]
    assert null["seconds"] == pytest.approx(10 * one["seconds"])
    assert one["seconds"] < search_cost(spec_of(home, method="anode"), home)["seconds"]


def test_patches_add_up(home):
    both = [[148.6, 24.2, 14.0], [149.6, 24.2, 13.0]]
    alone = [search_cost(spec_of(home, patches=[one]), home) for one in both]
    together = search_cost(spec_of(home, patches=both), home)
    assert together["patches"] == 2
    assert together["stars"] == sum(one["stars"] for one in alone)
    assert together["seconds"] == pytest.approx(sum(one["seconds"] for one in alone))


def test_the_machine_tells_how_fast_it_is(home):
    spec = spec_of(home, search={"draws": 0})
    before = search_cost(spec, home)["seconds"]
    record = submit(home, spec, "inline")
    assert record.needs["seconds"] == pytest.approx(before)
    factor = search_factor(list_runs(home))
    assert factor == pytest.approx(record.result["timing"]["search"] / record.result["expected"])
    after = search_cost(spec, home)["seconds"]
    assert after == pytest.approx(record.result["timing"]["search"], rel=0.01)
    again = replace(record, attempt=2)
    assert search_factor([again]) == 1.0  # a search that was stopped tells nothing


def test_the_queue_knows_it(home):
    spec = spec_of(home)
    needs = Needs.of(spec, find_kind("streams").estimate(spec, home))
    assert needs.seconds > 1
    assert 0.5 < needs.memory_gb < 4
    assert 0 < needs.disk_gb < 1
    assert np.isfinite(needs.seconds)
