r"""Members and foreground, told apart by place and velocity where a table does not say.

    p(R, v) ~ N_m P(R) N(v; v_m, s_m^2 + e^2) + N_b 1/A N(v; v_b, s_b^2 + e^2)

with a Plummer profile P, the area A of the field, and all else free; expectation-maximisation
from several starts, of which the most likely is kept. Velocities decide who is a member by a
Gaussian, which would cut the wings of the true distribution: a fit therefore takes the share of
members at each star's *place* and the foreground's velocities, not the probabilities as weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Mixture", "fit_mixture"]

Floats = npt.NDArray[np.float64]

_ROUNDS = 300


@dataclass(frozen=True)
class Mixture:
    """What was found, for n stars.

    Parameters
    ----------
    probability
        That each star is a member, from place and velocity, (n,).
    share
        Expected share of members at each star's place, (n,).
    background
        Density of the foreground's velocities at each star's, s/km, (n,).
    velocity, dispersion
        Of the members, km/s.
    members
        Expected number of members.
    ln_likelihood
        Of the stars.
    """

    probability: Floats
    share: Floats
    background: Floats
    velocity: float
    dispersion: float
    members: float
    ln_likelihood: float


def fit_mixture(radius: Floats, velocity: Floats, error: Floats) -> Mixture:
    """Tell members from foreground.

    Parameters
    ----------
    radius
        Projected radii, any unit, (n,).
    velocity, error
        km/s, (n,).
    """
    starts = np.quantile(velocity, [0.2, 0.35, 0.5, 0.65, 0.8])
    fits = [_from(radius, velocity, error, float(start)) for start in starts]
    return max(fits, key=lambda fit: fit.ln_likelihood)


def _from(radius: Floats, velocity: Floats, error: Floats, start: float) -> Mixture:
    """Climb from one place."""
    area = np.pi * radius.max() ** 2
    a = np.median(radius)
    v, s, share = start, 12.0, 0.5
    v_b, s_b = float(np.mean(velocity)), max(float(np.std(velocity)), 30.0)
    grid = radius.max() * np.geomspace(0.02, 2.0, 60)
    profile = 1 / (np.pi * grid[:, None] ** 2 * (1 + (radius / grid[:, None]) ** 2) ** 2)
    # normalised over the field: 1 - 1/(1 + x^2) of a Plummer sphere lies in it
    ln_profile = np.log(profile) - np.log1p(-1 / (1 + (radius.max() / grid[:, None]) ** 2))
    before = -np.inf
    chosen = int(np.argmin(np.abs(grid - a)))
    for _ in range(_ROUNDS):
        of_member = share * np.exp(ln_profile[chosen]) * _normal(velocity, v, s, error)
        of_other = (1 - share) / area * _normal(velocity, v_b, s_b, error)
        total = of_member + of_other + 1e-300
        p = of_member / total
        now = float(np.log(total).sum())
        if now - before < 1e-7 * abs(now):
            break
        before, share = now, float(np.clip(p.mean(), 1e-4, 1 - 1e-4))
        v, s = _moments(velocity, error, p, s, 1.0)
        v_b, s_b = _moments(velocity, error, 1 - p, s_b, 2 * s)
        chosen = int(np.argmax(ln_profile @ p))
    local = share * np.exp(ln_profile[chosen])
    return Mixture(
        p, local / (local + (1 - share) / area), _normal(velocity, v_b, s_b, error), v, s,
        float(p.sum()), now,
    )  # fmt: skip


def _normal(velocity: Floats, mean: float, spread: float, error: Floats) -> Floats:
    square = spread**2 + error**2
    density = np.exp(-0.5 * (velocity - mean) ** 2 / square) / np.sqrt(2 * np.pi * square)
    return np.asarray(density, dtype=np.float64)


def _moments(
    velocity: Floats, error: Floats, p: Floats, spread: float, least: float
) -> tuple[float, float]:
    """Give the next mean and dispersion of one part (an EM step with errors)."""
    square = spread**2
    gain = square / (square + error**2)
    weight = p / (square + error**2)
    mean = float((weight * velocity).sum() / max(weight.sum(), 1e-300))
    true = gain * (velocity - mean)
    second = float((p * (true**2 + gain * error**2)).sum() / max(p.sum(), 1e-300))
    return mean, max(np.sqrt(second), least)
