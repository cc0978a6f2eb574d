"""What the page Sweeps says about its runs."""

import math
from dataclasses import replace

import holoviews as hv
import pytest

from dashboard.components.theme import figure_colours
from dashboard.pages.streams.page import StreamsPage
from dashboard.pages.sweeps.page import SweepsPage
from dashboard.policy.sweeps import (
    RESULTS,
    SweepPoint,
    numbers,
    points,
    rows,
    suggested_cut,
    verdict,
)
from dashboard.services.pictures import all_columns
from dashboard.views.sweeps import sweep_plot
from data.errors import UserError
from data.mocks.streams.patch import make_stream
from engine.runs.folder.record import RunRecord, RunState
from engine.runs.sweeps import find_sweeps
from tests.dashboard.stars import make_catalogue


def run(value, state="done", **at_sun):
    result = None
    if state == "done":
        told = {
            "acceleration": [-6000.0, 30.0, -80.0],
            "acceleration_sd": [60.0, 20.0, 10.0],
            "trusted": True,
            "density_dark_gev_cm3": 0.4,
            "density_dark_gev_cm3_sd": 0.05,
        }
        result = {"at_sun": {**told, **at_sun}, "population": {"tracers": 12345}}
    record = RunRecord(
        id=f"run-{value}",
        kind="map",
        spec={"sweep": {"name": "s1", "cut": "q > {}", "value": value}},
        created=1.0,
        queued=1.0,
        executor="local",
    )
    return replace(record, state=RunState(state), result=result)


def sweep(*runs):
    (found,) = find_sweeps(runs)
    return found


def test_results_are_in_the_units_that_are_named():
    found = sweep(run(3.0), run(5.0))
    assert points(found, "x")[0].value == pytest.approx(-6000 / 3085.68, rel=1e-4)
    size = points(found, "size")[0]
    assert size.value == pytest.approx(math.hypot(6000, 30, 80) / 3085.68, rel=1e-4)
    assert size.sd == pytest.approx(60 / 3085.68, rel=1e-2)
    assert points(found, "dark")[0].value == 0.4
    assert set(RESULTS) == {"size", "x", "y", "z", "dark"}


def test_a_run_that_is_not_done_has_a_line_and_no_number():
    found = sweep(run(3.0), run(5.0, "queued"))
    assert math.isnan(points(found, "size")[1].value)
    assert rows(found, "size")[1][2:] == ("—", "queued")
    assert rows(found, "size")[0][1] == "12,345"
    assert "two of the runs" in verdict(points(found, "size"))


def test_a_run_without_dark_matter_has_none():
    found = sweep(run(3.0, density_dark_gev_cm3_sd=None), run(5.0))
    assert math.isnan(points(found, "dark")[0].sd)
    record = run(7.0)
    del record.result["at_sun"]["density_dark_gev_cm3"]
    assert math.isnan(points(sweep(record), "dark")[0].value)


@pytest.mark.parametrize(
    ("values", "words"),
    [((1.0, 1.1), "does not depend"), ((1.0, 1.2), "may depend"), ((1.0, 1.5), "depends on")],
)
def test_the_verdict_weighs_the_errors(values, words):
    found = [SweepPoint(k, value, 0.1, True) for k, value in enumerate(values)]
    assert words in verdict(found)


def test_seeds_are_not_judged_as_cuts():
    near = [SweepPoint(1, 2.0, 0.2, True), SweepPoint(2, 2.3, 0.2, True)]
    assert verdict(near, "seed").startswith("Seeds agree within the errors")
    far = [SweepPoint(1, 2.0, 0.1, True), SweepPoint(2, 3.0, 0.1, True)]
    assert verdict(far, "seed").startswith("Seeds differ by more")
    assert verdict(far, "members").startswith("The result depends on the members")


def test_doubtful_runs_say_so_and_are_drawn_hollow():
    found = sweep(run(3.0, trusted=False), run(5.0))
    assert rows(found, "size")[0][3] == "done, unreliable"
    plot = sweep_plot(points(found, "size"), found.cut, "|a|", "u", figure_colours(dark=True))
    filled, hollow = (layer for layer in plot if type(layer).__name__ == "Scatter")
    assert (len(filled), len(hollow)) == (1, 1)


@pytest.mark.parametrize(("values", "between"), [((21.0, 22.0), 1.0), ((0.5, 1.0), 0.0)])
def test_there_are_no_seeds_between_two_seeds(values, between):
    made = [SweepPoint(cut=v, value=2.0, sd=0.1, trusted=True) for v in values]
    plot = sweep_plot(made, "seed", "|a|", "u", figure_colours(dark=True))
    figure = hv.render(plot, backend="bokeh")
    assert figure.xaxis[0].ticker.min_interval == between


def test_an_empty_sweep_can_be_drawn():
    sweep_plot([], "q > {}", "|a|", "u", figure_colours(dark=False))


def test_values_are_numbers_and_ranges():
    assert numbers("3, 5;10") == [3, 5, 10]
    assert numbers("2:10:5") == [2, 4, 6, 8, 10]
    assert numbers("  ") == []
    for bad in ("three", "1:2", "1:2:1", "1:2:x"):
        with pytest.raises(UserError, match="neither a number"):
            numbers(bad)


@pytest.mark.parametrize(
    ("columns", "cut", "values"),
    [
        (["x", "parallax_over_error"], "parallax_over_error > {}", [3, 5, 10]),
        (["x", "distance_sun", "speed"], "distance_sun < {}", [2, 3, 4]),
        (["ruwe"], "ruwe < {}", [0.7, 1.05, 1.4]),
        (["x", "z"], "abs(z) < {}", [1, 2, 3]),
    ],
)
def test_the_form_begins_with_a_cut_that_the_catalogue_has(columns, cut, values):
    suggested, text = suggested_cut(columns)
    assert suggested == cut
    assert numbers(text) == pytest.approx(values)


def test_a_sweep_is_not_offered_where_no_map_can_be_made(services, session):
    page = SweepsPage(services, session)
    page.view()
    page.on_show()
    assert page._start.disabled
    assert "No catalogue here" in page._about.object
    session.open_catalogue(make_stream(services.home, stars=500, seed=1, name="patch").id)
    services.catalogues.look()
    page.on_show()
    assert page._start.disabled
    assert "no velocities" in page._about.object
    session.open_catalogue(make_catalogue(services.home, stars=300).id)
    services.catalogues.look()
    page.on_show()
    assert not page._start.disabled
    assert page._cut.value.split()[0] in all_columns(services.catalogues.open(session.catalogue))
    session.catalogue = None
    page.on_show()
    assert "Choose a catalogue" in page._about.object
    page._cut.value = "abs(z) < {}"
    page.on_show()
    assert page._cut.value == "abs(z) < {}", "what the user has written stays"


def test_catalogues_are_chosen_on_the_page_itself(services, session):
    patch = make_stream(services.home, stars=500, seed=1, name="patch")
    disc = make_catalogue(services.home, stars=300)
    services.catalogues.look()
    sweeps = SweepsPage(services, session)
    sweeps.view()
    session.page = "sweeps"
    sweeps.on_show()
    chooser = sweeps._catalogues.view
    assert list(chooser.options.values()) == ["-", disc.id], "those of which maps can be made"
    chooser.value = disc.id
    assert session.catalogue == disc.id
    assert not sweeps._start.disabled
    streams = StreamsPage(services, session)
    streams.view()
    session.page = "streams"
    streams.on_show()
    chooser = streams._starter._catalogues.view
    assert list(chooser.options.values()) == ["-", patch.id]
    assert chooser.value == "-", "what is open cannot be searched"
    chooser.get_root()
    assert session.catalogue == disc.id, "to be drawn chooses nothing"
    assert streams._starter._start.disabled
    chooser.value = patch.id
    assert session.catalogue == patch.id
    assert not streams._starter._start.disabled
    assert "patch" in streams._starter._about.object
