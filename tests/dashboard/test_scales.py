"""Colour scales of a quantity: they grow, they fill the bar, and the bar says what is true."""

from __future__ import annotations

import json

import numpy as np
import pytest

from dashboard.views.scales import Scale, count_scale, ticks, value_scale
from dashboard.views.shading import CONTEXT_LEVELS, LEVELS, palette, shade

HOW = ("linear", "log", "equalised")


@pytest.fixture
def speeds():
    values = np.random.default_rng(6).normal(-12, 40, size=(50, 60))
    values[:5] = np.nan
    return values


@pytest.mark.parametrize("how", HOW)
def test_scales_of_a_quantity_grow_and_fill_the_bar(speeds, how):
    scale = value_scale(speeds, how)
    places = scale(np.linspace(-300, 300, 999))
    assert (np.diff(places) >= 0).all()
    assert places[0] == 0
    assert places[-1] == pytest.approx(1)


@pytest.mark.parametrize("how", HOW)
def test_numbers_on_the_bar_stand_where_their_colour_is(speeds, how):
    scale = value_scale(speeds, how)
    found = ticks(scale, whole=False)
    assert len(found) >= 4
    for place, text in found.items():
        number = float(text.replace("−", "-").strip("≤≥ "))
        step = (scale.high - scale.low) / 100
        near = scale(np.array([number - step, number + step]))
        assert near[0] - 1e-9 <= place <= near[1] + 1e-9


def test_every_colour_of_an_equalised_quantity_covers_the_same_area(speeds):
    places = value_scale(speeds, "equalised")(speeds[np.isfinite(speeds)])
    shares = np.histogram(places, bins=10, range=(0, 1))[0] / places.size
    assert shares == pytest.approx(0.1, abs=0.01)


def test_equalised_counts_cover_the_same_area_where_counts_are_many():
    """More levels than nodes are kept: the scale must be the rank all the same."""
    counts = np.random.default_rng(7).integers(1, 200_000, size=(200, 200))
    places = count_scale(counts, "equalised")(counts)
    shares = np.histogram(places, bins=10, range=(0, 1))[0] / counts.size
    assert shares == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize("how", HOW)
def test_a_kept_scale_gives_the_same_colours_to_the_same_numbers(speeds, how):
    scale = value_scale(speeds, how)
    again = Scale.from_dict(json.loads(json.dumps(scale.to_dict())))
    assert again == scale
    ones = np.ones((1, 1), int)
    alone = shade(ones, None, again, np.array([[-12.0]]))[0, 0]
    with_all = shade(np.ones_like(speeds, int), None, scale, np.where(speeds > 1e9, 0, -12.0))
    assert alone == with_all[0, 0]


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"how": "log"},
        {"how": "steep", "low": 0, "high": 1},
        {"how": "log", "low": "a", "high": 1},
        {"how": "log", "low": float("nan"), "high": 1},
        {"how": "equalised", "low": 0, "high": 1, "nodes": [0, 1], "places": [1]},
        {"how": "equalised", "low": 0, "high": 1, "nodes": [1, 0], "places": [0, 1]},
    ],
)
def test_a_damaged_scale_of_a_document_is_none(document):
    assert Scale.from_dict(document) is None


def test_a_cell_without_the_quantity_is_grey_and_an_empty_one_is_empty():
    counts, value = np.array([[4, 4, 4, 0]]), np.array([[1.0, 2.0, np.nan, np.nan]])
    index = shade(counts, None, "linear", value)
    assert index[0, 3] == 0
    assert 1 <= index[0, 2] <= CONTEXT_LEVELS < index[0, 0] < index[0, 1] == LEVELS - 1


@pytest.mark.parametrize("dark", [True, False])
def test_a_quantity_has_colours_of_its_own(dark):
    assert len(palette(dark=dark, quantity=True)) == LEVELS - 1
    assert palette(dark=dark, quantity=True) != palette(dark=dark)


@pytest.mark.parametrize("value", [np.nan, 3.0])
@pytest.mark.parametrize("how", HOW)
def test_a_flat_quantity_has_a_scale(how, value):
    flat = np.full((4, 4), value)
    scale = value_scale(flat, how)
    assert (shade(np.ones((4, 4), int), None, scale, flat) > 0).all()
    assert len(ticks(scale, whole=False)) == 1
