"""Noise of the scores pulls a least-squares solution to zero; the members tell how much."""

import pytest
import torch

from engine.estimators.attenuation import unattenuated
from engine.estimators.boltzmann import least_squares

TRUTH = torch.tensor([-6000.0, 300.0, -2000.0], dtype=torch.float64)


def scores(members, *, shared, own, twins=0, velocities=4000, positions=6, seed=0):
    """Scores of normal velocities with noise that all members share and noise of their own."""
    random = torch.Generator().manual_seed(seed)

    def normal(*size):
        return torch.randn(*size, generator=random, dtype=torch.float64)

    sigma = torch.tensor([40.0, 30.0, 20.0], dtype=torch.float64)
    v = sigma * normal(positions, velocities, 3)
    g = -v / sigma**2
    s = -(g @ TRUTH)
    resampling = shared * normal(members, positions, velocities, 3)
    resampling[1 : 2 * twins : 2] = resampling[0 : 2 * twins : 2]
    noise = shared * normal(1, positions, velocities, 3) + resampling
    noise = (noise + own * normal(members, positions, velocities, 3)) / sigma
    weight = torch.full((positions, velocities), 1 / velocities, dtype=torch.float64)
    return g + noise, s.expand(members, -1, -1), weight


def test_without_noise_nothing_changes():
    design, target, weight = scores(4, shared=0.0, own=0.0)
    for resampled in (True, False):
        found = unattenuated(design, target, weight, resampled=resampled)
        torch.testing.assert_close(found, TRUTH.expand_as(found), rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize(("shared", "own", "resampled"), [(0.0, 0.4, False), (0.3, 0.2, True)])
def test_the_pull_is_taken_out(shared, own, resampled):
    twins = 3 if resampled else 0
    design, target, weight = scores(12, shared=shared, own=own, twins=twins)
    plain = least_squares(design, target, weight.expand(12, -1, -1)).solution.mean(0)
    found = unattenuated(design, target, weight, resampled=resampled, twins=twins).mean(0)
    before = ((plain - TRUTH) / TRUTH).mean(0)
    after = ((found - TRUTH) / TRUTH).mean(0)
    assert (before < -0.1).all()
    assert (after.abs() < 0.03).all()


def test_noise_larger_than_what_is_known_cannot_turn_the_answer_round():
    design, target, weight = scores(4, shared=1.5, own=1.0)
    found = unattenuated(design, target, weight, resampled=True).mean(0)
    together = least_squares(design.mean(0), target[0], weight).solution
    assert ((found / together).mean(0) > 1.1).all()
    assert ((found / together).mean(0) < 1 / (1 - 0.3) + 0.02).all()


def test_units_of_the_unknowns_do_not_matter():
    design, target, weight = scores(4, shared=0.2, own=0.2)
    units = torch.tensor([1.0, 1e3, 1e-4], dtype=torch.float64)
    found = unattenuated(design, target, weight, resampled=True)
    other = unattenuated(design * units, target, weight, resampled=True) * units
    torch.testing.assert_close(other, found, rtol=1e-7, atol=1e-5)


def test_a_singular_problem_is_nan_and_one_member_is_refused():
    design, target, weight = scores(3, shared=0.1, own=0.1)
    design[..., 2] = 0.0
    assert torch.isnan(unattenuated(design, target, weight, resampled=True)).any()
    with pytest.raises(ValueError, match="single member"):
        unattenuated(design[:1], target[:1], weight, resampled=True)
