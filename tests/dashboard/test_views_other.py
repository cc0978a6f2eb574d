"""Profiles, histograms and losses: what is drawn is what the cube or the run says."""

from __future__ import annotations

import holoviews as hv
import numpy as np
import pytest

from dashboard.components.theme import figure_colours
from dashboard.policy.loss_history import LossHistory
from dashboard.views.histograms import PAIRS, QUANTITIES_1D, counts_plot, pair_maps, pulls_plot
from dashboard.views.losses import AT_MOST, loss_plot, loss_range, thinned
from dashboard.views.profiles import LINES, abscissa, profile_plot, take_profile
from tests.dashboard.synthetic import acceleration_at, model_cube, profiles_cube

hv.extension("bokeh")
COLOURS = figure_colours(dark=True)


def truth(x):
    return acceleration_at(*x.T).T


@pytest.mark.parametrize("line", LINES)
def test_a_profile_is_the_cubes_line(line):
    cube = profiles_cube()
    profile = take_profile(cube, line, "z", truth=truth)
    stored = cube.sel(line=line, estimator="boltzmann", component="z")
    assert (np.diff(profile.s) > 0).all()
    np.testing.assert_allclose(np.sort(profile.value), np.sort(stored["acceleration"]))
    position = cube["position"].sel(line=line).to_numpy()
    at = abscissa(line, position)
    order = np.argsort(at)
    np.testing.assert_allclose(profile.truth, acceleration_at(*position)[2][order])


def test_a_profile_passes_over_positions_outside_the_volume():
    cube = profiles_cube().copy(deep=True)
    cube["position"][:, :, :5] = np.nan
    cube["acceleration"][:, :, :, :5] = np.nan
    profile = take_profile(cube, "x", "x")
    assert profile.s.size == cube.sizes["s"] - 5
    assert np.isfinite(profile.value).all()


def test_bands_are_the_intervals_that_they_claim():
    profile = take_profile(profiles_cube(), "x", "x")
    plot = profile_plot(profile, COLOURS, show_untrusted=True)
    wide, narrow = (np.array(band.data[0]["a"]) for band in list(plot)[:2])
    n = profile.s.size
    np.testing.assert_allclose(wide[:n] - profile.value, 1.959964 * profile.sd)
    np.testing.assert_allclose(narrow[:n] - profile.value, 0.994458 * profile.sd)


def test_a_profile_breaks_where_it_is_not_believed():
    cube = profiles_cube().copy(deep=True)
    cube["trusted"][:, 20] = False
    profile = take_profile(cube, "x", "x")
    hidden = list(profile_plot(profile, COLOURS))
    assert len(hidden[0].data) == 2  # two pieces of the band
    curve = hidden[2].dframe()
    assert curve.a.isna().sum() == (~profile.trusted).sum() > 0
    shown = list(profile_plot(profile, COLOURS, show_untrusted=True))
    assert shown[2].dframe().a.notna().all()


@pytest.mark.parametrize("quantity", QUANTITIES_1D)
def test_histograms_draw_the_counts_of_the_cube(quantity):
    cube = model_cube()
    stars, model = counts_plot(cube, quantity, COLOURS)
    one = cube.sel(quantity=quantity)
    np.testing.assert_allclose(stars.dimension_values("stars"), one["data_1d"])
    np.testing.assert_allclose(model.dimension_values("stars")[::2], one["model_1d"])
    bars = next(iter(pulls_plot(cube, quantity, COLOURS)))
    np.testing.assert_allclose(bars.dimension_values("pull"), np.clip(one["pull_1d"], -5, 5))


@pytest.mark.parametrize("pair", PAIRS)
def test_pairs_draw_the_table_of_the_cube_on_one_scale(pair):
    cube = model_cube()
    maps = pair_maps(cube, pair)
    for name, variable in (("stars", "data_2d"), ("model", "model_2d")):
        drawn = maps[name].dimension_values("counts", flat=False).T
        expected = cube[variable].sel(pair=pair).to_numpy()
        np.testing.assert_allclose(np.nan_to_num(drawn), expected)
    limits = [
        hv.Store.lookup_options("bokeh", maps[name], "plot").kwargs["clim"]
        for name in ("stars", "model")
    ]
    assert limits[0] == limits[1]


def test_uneven_bins_are_drawn_where_they_are():
    cube = model_cube().copy(deep=True)
    cube["edges_a"][0] = cube["edges_a"][0] + 0.2 * np.sin(np.arange(31))
    drawn = pair_maps(cube, "x-y")["stars"]
    np.testing.assert_allclose(drawn.interface.coords(drawn, "a", edges=True), cube["edges_a"][0])


def event(epoch, train, flow="velocity", **more):
    """A loss event whose validation losses lie one above those of the training."""
    validation = [loss + 1 if isinstance(loss, float) else loss for loss in train]
    losses = {"flow": flow, "epoch": epoch, "train": train, "validation": validation}
    return {"kind": "loss", **losses, **more}


def test_losses_follow_the_events_without_reading_twice():
    stored = [event(0, [3.0, 4.0]), event(1, [2.0, 3.0], rate=5e4)]
    history = LossHistory()

    def read_since(offset):
        return stored[offset : offset + 1], min(offset + 1, len(stored))

    assert history.follow(read_since)
    assert not history.follow(read_since)
    stored.append(event(2, [1.0, 2.0]))
    assert history.follow(read_since)
    losses = history.losses("velocity")
    np.testing.assert_array_equal(losses.epochs, [0, 1, 2])
    np.testing.assert_array_equal(losses.train, [[3, 4], [2, 3], [1, 2]])
    assert losses.rate == 5e4


def test_an_epoch_reported_again_after_a_resume_replaces_the_first():
    history = LossHistory()
    history.add([event(0, [3.0]), event(1, [9.0]), event(1, [2.0])])
    np.testing.assert_array_equal(history.losses("velocity").train, [[3], [2]])


@pytest.mark.parametrize(
    "damaged",
    [{"kind": "loss"}, event(None, [1.0]), event(0, ["x"]), event(0, [[1]]), {"kind": "x"}],
)
def test_damaged_events_are_passed_over(damaged):
    history = LossHistory()
    history.add([damaged])
    assert history.flows == []


def test_a_member_that_stopped_leaves_a_gap_not_a_zero():
    history = LossHistory()
    history.add([event(0, [3.0, 4.0]), event(1, [2.0])])
    assert np.isnan(history.losses("velocity").train[1, 1])


def test_loss_curves_are_those_of_the_members():
    history = LossHistory()
    history.add([event(i, [3.0 - i, 4.0 - i]) for i in range(3)])
    training, validation = loss_plot(history.losses("velocity"), COLOURS)
    assert len(training.data) == len(validation.data) == 2
    np.testing.assert_array_equal(training.data[1]["loss"], [4, 3, 2])
    np.testing.assert_array_equal(validation.data[0]["loss"], [4, 3, 2])


def test_an_empty_history_can_be_drawn():
    hv.render(loss_plot(LossHistory().losses("position"), COLOURS), backend="bokeh")


def test_long_histories_are_thinned_but_keep_their_ends():
    keep = thinned(10_000)
    assert keep.size <= AT_MOST
    assert keep[0] == 0
    assert keep[-1] == 9_999


def test_the_plunge_of_the_first_epochs_does_not_flatten_the_rest():
    history = LossHistory()
    history.add([event(i, [1000.0 if i == 0 else 3 + 1 / i]) for i in range(40)])
    low, high = loss_range(history.losses("velocity"))
    assert 2 < low < 4
    assert high < 10
