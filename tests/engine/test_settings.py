"""Presets, changes to them, and the cost that is told before a start."""

import pytest

from data.errors import UserError
from engine.mapping.cost import estimate_cost
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
