"""Presets, changes to them, and the cost that is told before a start."""

import pytest

from data.errors import UserError
from engine.cubes.grid import make_grid
from engine.mapping.cost import estimate_cost, grid_size
from engine.mapping.presets import PRESETS, resolve


def test_overrides_come_as_text_or_numbers():
    settings = resolve("quick", {"members": "3", "clip": 4, "bootstrap": "no"})
    assert (settings.members, settings.clip, settings.bootstrap) == (3, 4.0, False)
    assert settings.velocities == PRESETS["quick"].velocities


def test_unknown_names_are_answered_with_near_ones():
    with pytest.raises(UserError, match="velocity_hidden"):
        resolve("quick", {"velocity_hiden": 3})
    with pytest.raises(UserError, match="quick, standard, paper"):
        resolve("fast")


@pytest.mark.parametrize("stars", [1000, 5000, 50_000, 200_000, 5_000_000])
def test_every_flow_gets_its_steps(stars):
    """Small samples are taken in smaller batches and more passes, never in fewer steps."""
    for preset in PRESETS.values():
        for flow in ("position", "velocity"):
            chosen = preset.training(flow, stars)
            learning = stars * (1 - preset.validation)
            assert chosen.batch <= preset.batch
            assert chosen.epochs * max(1, learning // chosen.batch) >= 240
            if stars >= 200_000:
                assert chosen.batch == preset.batch


def test_cost_grows_with_what_is_asked():
    costs = [estimate_cost(PRESETS[name], 200_000).seconds for name in PRESETS]
    assert costs == sorted(costs)
    few, many = (estimate_cost(PRESETS["quick"], n) for n in (100_000, 1_000_000))
    assert few.velocity * 5 < many.velocity
    assert few.solve == many.solve
    assert few.memory_gb < many.memory_gb
    more = resolve("quick", {"velocities": 5120})
    assert estimate_cost(more, 100_000).solve == pytest.approx(10 * few.solve)


def test_quick_is_promised_within_three_minutes():
    """For 200,000 stars on two idle cores; ``benchmarks/acceleration.py`` measures it."""
    assert estimate_cost(PRESETS["quick"], 200_000).seconds < 180


@pytest.mark.parametrize("preset", PRESETS)
def test_the_spacing_follows_a_large_volume(preset):
    """From 4 kpc on the number of cells stays about the same, and so does the time."""
    settings = PRESETS[preset]
    for radius in (None, 0.3, 2.0, 4.0):
        assert resolve(preset, {}, radius) == settings
    at_four = estimate_cost(settings, 100_000, 4.0)
    for radius in (4.1, 5.0, 7.3, 14.0, 50.0, 300.0):
        wide = resolve(preset, {}, radius)
        assert wide.spacing == pytest.approx(settings.spacing * radius / 4)
        assert wide == settings.changed({"spacing": wide.spacing})
        grid = make_grid((0.0, 0.0, 0.0), radius, wide.spacing, wide.z_cells)
        four = make_grid((0.0, 0.0, 0.0), 4.0, settings.spacing, settings.z_cells)
        assert grid.inside.shape == four.inside.shape
        assert grid.inside.sum() == pytest.approx(four.inside.sum(), rel=0.02)
        assert estimate_cost(wide, 100_000, radius).solve == pytest.approx(at_four.solve, rel=0.02)


@pytest.mark.parametrize("spacing", ["0.5", 0.5, 2])
def test_a_spacing_that_is_given_stays(spacing):
    assert resolve("quick", {"spacing": spacing}, 14.0).spacing == float(spacing)
    assert resolve("quick", {"z_cells": 9}, 14.0) == resolve("quick").changed(
        {"spacing": 1.75, "z_cells": 9}
    )


@pytest.mark.parametrize(
    ("radius", "spacing", "z_cells"),
    [
        (4.0, 0.5, 33),
        (2.0, 0.5, 33),
        (0.3, 0.5, 33),
        (14.0, 1.75, 33),
        (14.0, 0.5, 33),
        (4, 0.25, 49),
    ],
)
def test_the_grid_is_foretold(radius, spacing, z_cells):
    """What is said before the start against the grid itself."""
    settings = PRESETS["quick"].changed({"spacing": spacing, "z_cells": z_cells})
    told = grid_size(settings, radius)
    grid = make_grid((8.122, 0.0, 0.0208), radius, told.spacing, z_cells)
    assert grid.inside.shape == (told.across, told.across, told.heights)
    assert told.cells == pytest.approx(grid.inside.sum(), rel=0.12)
    assert grid.x[1] - grid.x[0] == pytest.approx(told.spacing)
    assert str(told.across) in str(told)


def test_a_large_ball_on_a_fine_grid_is_foretold_to_take_long():
    given = resolve("quick", {"spacing": 0.5}, 14.0)
    wide = resolve("quick", {}, 14.0)
    fine, coarse = (estimate_cost(one, 100_000, 14.0).solve for one in (given, wide))
    assert fine == pytest.approx(12 * coarse, rel=0.1)
