"""What runs and numbers say of themselves."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from dashboard.pages.runs.page import selection_caption
from dashboard.policy import run_states
from dashboard.policy.captions import (
    distrust_lines,
    provenance_sentence,
    trust_alert,
    trusted_share,
)
from dashboard.policy.map_choice import choose
from dashboard.policy.published import PUBLISHED, AtSun, pull, speed_to_acceleration
from dashboard.policy.verdicts import classifier_verdict, figures, pulls_verdict
from engine.cubes.trust_words import reasons_of_cells
from engine.runs.folder.record import RunRecord, RunState
from tests.dashboard.synthetic import acceleration_cube


def run(state, name="a", **changes):
    return RunRecord(id=name, kind="map", spec={}, state=RunState(state), **changes)


@pytest.mark.parametrize("state", list(RunState))
def test_every_state_has_a_look_and_a_line(state):
    record = run(state)
    assert state in run_states.LOOKS
    assert run_states.progress_line(record, now=10.0)
    sentence, hint = run_states.sentence(record)
    assert bool(sentence) == bool(run_states.look(record).severity) == bool(hint)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("queued", {"cancel"}),
        ("running", {"cancel"}),
        ("stopping", set()),
        ("done", {"open", "delete"}),
        ("failed", {"resume", "delete"}),
        ("cancelled", {"resume", "delete"}),
        ("interrupted", {"resume", "delete"}),
    ],
)
def test_what_can_be_done_with_a_run(state, expected):
    assert run_states.actions(run(state)) == expected


def test_progress_never_reads_full_before_the_end():
    assert run_states.percent(run("running", progress=0.9999)) == 99
    assert run_states.percent(run("running")) is None
    assert run_states.percent(run("done")) == 100


def test_a_running_run_says_how_far_it_is_and_how_long_it_takes():
    record = run("running", progress=0.42, eta_s=75.0, started=0.0)
    assert run_states.progress_line(record, now=60.0) == "42% · 1 min 15 s left"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (42.4, "42 s"), (59.6, "1 min 00 s"), (125, "2 min 05 s"), (1800, "30 min"),
     (7800, "2 h 10 min"), (93_600, "1 d 2 h")],
)  # fmt: skip
def test_lengths_of_time(seconds, text):
    assert run_states.duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(3, "just now"), (50, "1 min ago"), (7200, "2 h ago"), (1e6, "11 d ago")]
)
def test_ages(seconds, text):
    assert run_states.age(1000.0, 1000.0 + seconds) == text


def test_a_clock_that_was_put_back_makes_no_negative_age():
    assert run_states.age(1000.0, 900.0) == "just now"
    assert run_states.elapsed(run("running", started=1000.0), now=900.0) == 0


def test_the_named_run_is_chosen_else_the_newest_finished_else_the_active():
    runs = [run("running", "new"), run("done", "late"), run("done", "early"), run("failed", "bad")]
    assert choose(runs, "early").run.id == "early"
    assert choose(runs, None).run.id == "late"
    assert choose(runs, "gone").run.id == "late"
    assert choose(runs, "new").state == "waiting"
    assert choose(runs, "bad").state == "unfinished"
    assert [r.id for r in choose(runs, None).ready] == ["late", "early"]
    assert choose(runs[:1], None).run.id == "new"
    assert choose([], None).state == "none"
    assert choose([replace(runs[1], kind="sweep")], None).state == "none"


@pytest.mark.parametrize(
    ("auc", "sd", "severity"),
    [(0.503, 0.004, "success"), (0.515, 0.004, "success"), (0.53, 0.004, "info"),
     (0.56, 0.004, "warning"), (0.8, 0.004, "error"), (0.47, 0.02, "success"),
     (float("nan"), 0.1, "info")],
)  # fmt: skip
def test_verdict_of_the_classifier(auc, sd, severity):
    assert classifier_verdict(auc, sd)[0] == severity


@pytest.mark.parametrize(
    ("value", "sd", "text"),
    [(1.94, 0.22, "1.94 ± 0.22"), (-6200.0, 150.0, "−6,200 ± 150"), (0.5, 0.0, "0.5"),
     (float("nan"), 1.0, "—"), (-0.0, 60.0, "0 ± 60"), (229.0, 0.2, "229.00 ± 0.20")],
)  # fmt: skip
def test_values_are_written_to_the_precision_of_their_error(value, sd, text):
    assert figures(value, sd) == text


def test_pulls_of_pure_chance_are_called_so():
    pulls = np.random.default_rng(0).standard_normal(600)
    value, note = pulls_verdict(pulls)
    assert float(value) == pytest.approx(1, abs=0.1)
    assert "chance" in note
    assert pulls_verdict(np.array([np.nan]))[0] == "—"


def test_the_circular_speed_gives_the_acceleration_and_back():
    value, error = speed_to_acceleration(229.0, 0.2, 8.122)
    assert value == pytest.approx(2.0925, abs=1e-3)
    assert error / value == pytest.approx(2 * 0.2 / 229)
    sun = AtSun((-(229.0**2) / 8.122, 0.0, 0.0), (10.0, 1.0, 1.0), 8.122, True, ())
    assert sun.circular_speed[0] == pytest.approx(229)
    assert sun.size == pytest.approx((229.0**2 / 8.122, 10.0))


def test_an_outward_pull_has_no_circular_speed():
    assert np.isnan(AtSun((10.0, 0, 0), (1.0, 1, 1), 8.122, True, ()).circular_speed[0])
    assert AtSun((0.0, 0, 0), (1.0, 1, 1), 8.122, True, ()).size[0] == 0


def test_a_difference_is_counted_in_both_errors():
    assert pull((1.94, 0.0), PUBLISHED[0]) == 0
    assert pull((2.16, 0.22), PUBLISHED[0]) == pytest.approx(1 / np.sqrt(2))


def test_reasons_are_given_for_each_cell_and_for_the_whole():
    cube = acceleration_cube(n=9)
    words = reasons_of_cells(cube["trust_flags"])
    believed = cube["trusted"].transpose("x", "y", "z").to_numpy()
    inside = np.isfinite(cube["acceleration"].isel(estimator=0, component=0).to_numpy())
    assert ((words == "yes") == believed)[inside].all()
    share = trusted_share(cube)
    assert share == pytest.approx(believed[inside].mean())
    assert trust_alert(cube, ()) is None or share < 0.5
    assert any("edge" in text for text, _ in distrust_lines(cube))


def test_a_map_that_nothing_in_should_be_believed_says_so():
    cube = acceleration_cube(n=9, trusted=False)
    severity, sentence, hint = trust_alert(cube, ("The sample has steps in longitude.",))
    assert severity == "warning"
    assert "No cell" in sentence
    assert "longitude" in hint
    assert trust_alert(acceleration_cube(n=9), ("Careful.",))[0] == "warning"


def test_provenance_names_run_catalogue_and_stars():
    attributes = {**acceleration_cube(n=9).attrs, "tracers": 180_000, "preset": "quick", "seed": 7}
    text = provenance_sentence(attributes, "demo")
    for part in ("map-synthetic", "demo", "180,000 tracers", "quick", "seed 7", "All stars"):
        assert part in text


@pytest.mark.parametrize(
    "module",
    ["captions", "loss_history", "map_choice", "published", "run_states", "verdicts"],
)
def test_policy_does_not_import_a_toolkit(module):
    """What to say must be testable, and usable, without a browser."""
    code = (
        f"import sys, dashboard.policy.{module}\n"
        "print([m for m in ('panel', 'holoviews', 'bokeh') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_download_is_described_by_where_it_comes_from():
    spec = {"service": "https://example.org/tap", "selection": None, "name": "near"}
    record = RunRecord(id="a", kind="fetch", spec=spec, state=RunState.DONE)
    lines = dict(run_states.request_lines(record, "near-1234", selection_caption(record)))
    assert lines == {"Catalogue": "near", "From": "https://example.org/tap · All stars."}


def test_what_was_asked_of_a_map_and_of_a_search_is_listed():
    spec = {
        "volume": {"centre": [8.0, 0.0, 0.5], "radius": 3.0}, "preset": "quick", "seed": 7,
        "overrides": {"members": "8", "spacing": 0.25}, "device": "cpu", "threads": None,
    }  # fmt: skip
    record = RunRecord(id="a", kind="map", spec=spec)
    assert run_states.request_lines(record, "near", "All stars.") == [
        ("Catalogue", "near"), ("Stars", "All stars."), ("Volume", "3 kpc around (8, 0, 0.5) kpc"),
        ("Preset", "quick"), ("members", "8"), ("spacing", "0.25"), ("Seed", "7"),
        ("Device", "cpu"),
    ]  # fmt: skip
    spec = {
        "patches": [{"name": f"p{n}"} for n in range(6)], "method": "anode", "width": 6,
        "step": 0.5, "seeds": [0, 1], "permutations": 2,
    }  # fmt: skip
    lines = run_states.request_lines(RunRecord(id="a", kind="streams", spec=spec), "c", "All.")
    assert lines[2:] == [
        ("Patches", "p0, p1, p2, p3 and 2 more"), ("Method", "anode"),
        ("Window width", "6 mas/yr"), ("Window step", "0.5 mas/yr"), ("Seeds", "0, 1"),
        ("Permutations", "2"),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["map", "streams", "fetch", "another"])
def test_a_spec_of_another_shape_is_listed_all_the_same(kind):
    for spec in ({}, {"volume": 3, "overrides": [1], "patches": 3, "seeds": None, "name": {}},
                 {"volume": {}, "patches": [1, None], "preset": ["<b>"]}):  # fmt: skip
        lines = run_states.request_lines(RunRecord(id="a", kind=kind, spec=spec), "c", "All.")
        assert all(isinstance(text, str) for pair in lines for text in pair)
        assert "Undefined" not in str(lines)
