"""Density panels: what is drawn is what is counted."""

from __future__ import annotations

import holoviews as hv
import numpy as np
import pytest

from dashboard.views.phase_space import Frame, Panel, counts, graticule, image, outlines
from dashboard.views.shading import CONTEXT_LEVELS, LEVELS, colour_ticks, palette, scale, shade


@pytest.fixture
def stars():
    rng = np.random.default_rng(11)
    x = rng.normal(size=20_000).astype(np.float32)
    y = rng.normal(size=20_000)
    x[:40], y[40:80] = np.nan, np.inf
    return x, y, rng.random(20_000) < 0.3


FRAME = Frame((-1.5, 2.0), (-0.7, 0.9), 57, 31)


def test_every_star_in_the_frame_is_counted_once_and_no_other(stars):
    x, y, mask = stars
    inside = (x >= -1.5) & (x <= 2.0) & (y >= -0.7) & (y <= 0.9)
    assert counts(x, y, FRAME).sum() == inside.sum()
    assert counts(x, y, FRAME, mask).sum() == (inside & mask).sum()


def test_cells_equal_a_histogram(stars):
    x, y, mask = stars
    mask &= np.isfinite(x) & np.isfinite(y)
    expected, _, _ = np.histogram2d(
        y[mask], x[mask], bins=(31, 57), range=((-0.7, 0.9), (-1.5, 2.0))
    )
    found = counts(x, y, FRAME, mask).astype(float)
    # A star within rounding of a cell's edge may be in the neighbour; no cell is off by two.
    assert np.abs(found - expected).max() <= 1
    assert np.abs(found - expected).sum() <= 4


def test_ends_of_the_frame_belong_to_it():
    corner = np.array([0.0, 1.0, 0.0, 1.0])
    assert counts(corner, corner[::-1].copy(), Frame((0.0, 1.0), (0.0, 1.0), 8, 8)).sum() == 4


def test_no_star_and_no_selected_star_give_an_empty_image():
    none = np.array([], dtype=np.float32)
    assert counts(none, none, FRAME).sum() == 0
    one = np.zeros(1, dtype=np.float32)
    assert counts(one, one, FRAME, np.array([False])).sum() == 0


def test_selection_context_and_emptiness_have_colours_of_their_own():
    everything = np.array([[0, 5, 9, 2]])
    selected = np.array([[0, 0, 9, 1]])
    index = shade(selected, everything, "log")
    assert index[0, 0] == 0
    assert 1 <= index[0, 1] <= CONTEXT_LEVELS
    assert CONTEXT_LEVELS < index[0, 3] < index[0, 2] == LEVELS - 1


@pytest.mark.parametrize("dark", [True, False])
def test_the_palette_has_a_colour_for_every_level_above_empty(dark):
    assert len(palette(dark=dark)) == LEVELS - 1


@pytest.mark.parametrize("how", ["linear", "log", "equalised"])
def test_scales_grow_with_the_count_and_fill_the_bar(how):
    image_counts = np.random.default_rng(2).poisson(3, size=(40, 40)) ** 2
    to_unit = scale(image_counts, how)
    steps = to_unit(np.arange(1, image_counts.max() + 1))
    assert (np.diff(steps) >= 0).all()
    assert steps[-1] == pytest.approx(1)
    assert 0 <= steps[0] < 0.2


@pytest.mark.parametrize("how", ["linear", "log", "equalised"])
def test_the_colour_bar_says_what_the_colours_mean(how):
    """A cell with the count of a tick has the colour at the tick's place."""
    image_counts = np.random.default_rng(5).integers(0, 60, size=(50, 50))
    image_counts[0, :5] = [1, 2, 5, 10, 20]
    for place, text in colour_ticks(image_counts, how).items():
        assert scale(image_counts, how)(np.array([int(text)]))[0] == pytest.approx(place)


@pytest.mark.parametrize("how", ["linear", "log", "equalised"])
@pytest.mark.parametrize("value", [0, 1, 7])
def test_flat_images_are_drawn(how, value):
    flat = np.full((3, 3), value)
    assert (shade(flat, None, how) > 0).all() == (value > 0)
    assert bool(colour_ticks(flat, how)) == (value > 0)


@pytest.mark.parametrize("is_sky", [True, False])
def test_views_are_elements_that_hold_the_counts(is_sky):
    panel = Panel(FRAME, np.ones((31, 57), int), None, [np.eye(2)], ("a (kpc)", "b"), is_sky)
    element = image(panel, "log", dark=True)
    assert isinstance(element, hv.Image)
    assert element.dimension_values("level").size == 31 * 57
    assert element.get_dimension("px").label == "a (kpc)"
    assert len(outlines(panel, "#fff").data) == 1
    assert len(graticule(panel, "#fff")) == 2
