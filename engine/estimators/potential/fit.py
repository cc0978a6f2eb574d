"""Fitting the potential to the pointwise accelerations.

The pointwise solution gives three noisy numbers at each position and knows nothing of its
neighbours. Here a gradient of one potential is fitted to all of them at once,

    a(x) = sum_k M_k A_k(x) + sum_j c_j R_j(x),   M_k ~ |N(0, s_k^2)|,   c_j ~ N(0, prior_j),

by generalised least squares with the errors' spread and correlation (``noise``). The masses of
the Gaussians are not negative (``gaussians``), and each is expected to make a small part of the
whole only: without that, noise is explained by a few of them, and the density has their form. The
smooth rest is free (``residual``), and the data choose its size by their evidence, the Gaussians
at their best.
Errors come from simulation: data drawn from the fit, from the residual's prior and from the
noise are fitted in the same way, and their distance from what they were drawn from is kept. So
the constraint M >= 0 and the prior's pull are part of the error.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.linalg as sl
from numpy.typing import NDArray
from scipy.optimize import nnls

from engine.draws import Draws
from engine.estimators.potential.field import PotentialField
from engine.estimators.potential.gaussians import gaussian_dictionary
from engine.estimators.potential.noise import Heights, fit_correlation, smoothed_spread
from engine.estimators.potential.residual import SmoothResidual

__all__ = ["DRAWS", "fit_potential"]

Floats = NDArray[np.float64]

DRAWS = 64
"""Simulated fits from which errors come."""

_MOST = 2000
"""Positions used at most: nearer ones share their errors, and the cost grows with the cube."""

_FLOOR = 5.0
"""km2 s-2 kpc-1; no pointwise acceleration is taken for better than this."""

_UNSEEN = 2.5
"""Errors of the pointwise solution in those that the members tell by their differences. They share
one sample and one form of the densities: on mocks the errors are 1 to 2 times, at single heights
up to 3 times the spread. Data taken for better than they are make the rest swallow their ripples.
"""

_COMMON, _FAR = 0.008, 0.004
"""Errors relative to the acceleration that the flows of all members make everywhere, which their
differences do not show: of its size, and in any direction, homogeneous and tidal, which takes no
mass. Measured on mocks, as what the density is right without and the acceleration is not."""

_SIMULATED, _SCATTERED = 1.8, 0.8
"""Factors on the errors of the simulated fits and on the scatter of the fits to each member. The
first know the prior's pull and the constraint M >= 0, the others what the noise model does not:
errors of the flows that reach over the whole volume. Measured on mocks (``benchmarks/coverage``).
"""

_CENTRE = 1.5
"""A further factor on all errors in a volume that holds the centre: what is wrong there is wrong
all round, on whole shells, and all members share the form of the velocity ellipsoid. Measured on
spherical mocks of 1,000 to 100,000 stars (``benchmarks/spherical``)."""

_EXPECTED, _EXPECTED_CENTRE = 0.04, 0.15
"""Expected acceleration by a Gaussian of the dictionary relative to the whole, in a volume beside
the centre, where a few tens of its ninety share the work, and in one that holds the centre, where
fewer do and a smaller number pulls noisy data down. Twice or half as much changes densities by a
per cent or two."""

_SIZES = (20.0, 40.0, 80.0, 160.0, 320.0, 640.0, 1280.0)
_LENGTH = 2.0
"""Of the rest's correlation in radii of the volume; shorter ones follow ripples."""

_PART, _NATS = 0.98, 50.0
_JITTER = 1e-10


def fit_potential(
    points: Floats,
    accelerations: Floats,
    usable: NDArray[np.bool_],
    *,
    centre: tuple[float, float, float],
    radius: float,
    seed: int,
    naive: Floats | None = None,
) -> PotentialField:
    """Fit the potential.

    Parameters
    ----------
    points
        Positions (P, 3) kpc.
    accelerations
        Pointwise solutions of M >= 2 members, (M, P, 3) km2 s-2 kpc-1.
    usable
        (P,), false where the pointwise solution is not to be used at all.
    centre, radius
        The ball of the tracers, kpc.
    seed
        Of the positions used for the correlation and of the simulated fits.
    naive
        The same solutions (M, P, 3) before the bias by measurement errors was taken away; by
        default there is none.

    Raises
    ------
    ValueError
        If there is but one member, or fewer than 30 positions are usable.
    """
    if len(accelerations) < 2:
        raise ValueError("the errors of a single member are not known")
    rows = np.flatnonzero(usable & np.isfinite(accelerations).all((0, 2)))
    if len(rows) < 30:
        raise ValueError(f"{len(rows)} positions are too few for a potential")
    random = np.random.default_rng([seed, 7])
    if len(rows) > _MOST:
        rows = np.sort(random.choice(rows, _MOST, replace=False))
    where, values = points[rows], accelerations[:, rows]
    mean = values.mean(0)
    heights = Heights.of(centre, radius)
    spread = smoothed_spread(where, values.std(0, ddof=1), heights)
    spread = np.hypot(spread, _FLOOR)
    coordinates = heights.coordinates(where)
    correlations = fit_correlation(coordinates, values - mean, spread, seed)
    factors = [_UNSEEN * sl.cholesky(c.matrix(coordinates), lower=True) for c in correlations]

    gaussians, residual = gaussian_dictionary(centre, radius), SmoothResidual(centre, radius)
    mass = gaussians.acceleration(where)
    inside = float(np.linalg.norm(centre)) < radius
    expected = (_EXPECTED_CENTRE if inside else _EXPECTED) * _rms(mean) / _rms(mass)
    system = _System.whiten(mass, residual.acceleration(where), mean, spread, factors, expected)
    solver, size = _choose(system, residual)
    masses, rest = solver.solve(system.data)

    def fitted(data: Floats) -> Floats:
        return np.concatenate(solver.solve(_whiten(data[..., None], spread, factors)[:, 0]))

    coefficients = np.concatenate([masses, rest])
    members = np.stack([fitted(member) for member in values])
    biased = values if naive is None else naive[:, rows]
    deviations = np.stack([solver.simulate(masses, random) for _ in range(DRAWS)])
    scattered = Draws(coefficients, members - members.mean(0)).resized(DRAWS, seed).deviations
    widened = _CENTRE if inside else 1.0
    deviations = widened * (
        _SIMULATED * deviations
        + _SCATTERED * np.sqrt(len(members) / (len(members) - 1)) * scattered
    )
    return PotentialField(
        gaussians=gaussians,
        residual=residual,
        coefficients=coefficients,
        deviations=deviations,
        misfit=float(np.mean((system.data - system.mass @ masses - system.rest @ rest) ** 2)),
        residual_size=size,
        residual_length=_LENGTH * radius,
        common=widened * _COMMON * random.standard_normal(DRAWS),
        far=_harmonic(float(widened * _FAR * _rms(mean)), random),
        members=members,
        naive_members=members if naive is None else np.stack([fitted(m) for m in biased]),
        naive=coefficients if naive is None else fitted(biased.mean(0)),
    )


def _rms(accelerations: Floats) -> Floats:
    """Give the typical size of accelerations (P, 3, ...) over positions, (...)."""
    rms: Floats = np.sqrt((accelerations**2).sum(1).mean(0))
    return rms


def _harmonic(size: float, random: np.random.Generator) -> tuple[Floats, Floats]:
    """Draw homogeneous fields (DRAWS, 3) and tides (DRAWS, 3, 3) of a size: no mass in them."""
    tide = random.standard_normal((DRAWS, 3, 3))
    tide = (tide + tide.transpose(0, 2, 1)) / 2
    tide -= np.trace(tide, axis1=1, axis2=2)[:, None, None] / 3 * np.eye(3)
    return size * random.standard_normal((DRAWS, 3)), size * tide


def _choose(system: _System, residual: SmoothResidual) -> tuple[_Solver, float]:
    """Give the solver with the smallest residual that the data ask for, and its size.

    What Gaussians about the centre cannot say is found by a small and smooth residual already.
    Larger ones gain evidence slowly and without end, as they swallow ripples that the noise
    model does not describe to the last; so the best evidence is not asked for but a large part
    of its gain. There always is a residual: without it the errors would take for granted that
    the Galaxy is symmetric.
    """
    length = _LENGTH * residual.radius
    floor = _Solver(system, residual.prior(0.0, length)).evidence()
    solvers = {size: _Solver(system, residual.prior(size, length)) for size in _SIZES}
    gains = {size: solver.evidence() - floor for size, solver in solvers.items()}
    enough = _PART * max(gains.values()) - _NATS
    size = next(size for size, gain in gains.items() if gain >= enough or enough <= 0)
    return solvers[size], size


@dataclass(frozen=True)
class _System:
    """Design and data with white noise, (N, Kg), (N, Kr) and (N,), N = 3 P; expected masses."""

    mass: Floats
    rest: Floats
    data: Floats
    expected: Floats

    @classmethod
    def whiten(
        cls,
        mass: Floats,
        rest: Floats,
        data: Floats,
        spread: Floats,
        factors: list[Floats],
        expected: Floats,
    ) -> _System:
        mass, rest = (_whiten(part, spread, factors) for part in (mass, rest))
        return cls(mass, rest, _whiten(data[..., None], spread, factors)[:, 0], expected)

    @cached_property
    def grams(self) -> tuple[Floats, Floats, Floats]:
        """Give rest' rest, rest' mass and mass' mass, which all priors share."""
        return self.rest.T @ self.rest, self.rest.T @ self.mass, self.mass.T @ self.mass


def _whiten(values: Floats, spread: Floats, factors: list[Floats]) -> Floats:
    """Give values (P, 3, K) in units of the noise, with its correlation taken out, (3 P, K)."""
    parts = [
        sl.solve_triangular(factor, values[:, i] / spread[:, i, None], lower=True)
        for i, factor in enumerate(factors)
    ]
    return np.concatenate(parts)


class _Solver:
    """The fit for one prior of the residual, with the residual integrated out."""

    def __init__(self, system: _System, prior: Floats) -> None:
        self.system, self.scale = system, np.sqrt(prior)
        rest, cross, mass = system.grams
        square = rest * self.scale[:, None] * self.scale
        square[np.diag_indices_from(square)] += 1
        self._factor = sl.cholesky(square, lower=True, check_finite=False)
        self._cross = self._forward(self.scale[:, None] * cross)
        effective = mass - self._cross.T @ self._cross
        effective[np.diag_indices_from(effective)] += system.expected**-2.0
        self._unit = np.sqrt(np.maximum(np.diag(effective), 1e-300))
        effective /= self._unit[:, None] * self._unit
        size, vectors = np.linalg.eigh(effective)
        root = np.sqrt(np.maximum(size, _JITTER * size[-1]))
        self._root, self._inverse = root[:, None] * vectors.T, vectors.T / root[:, None]

    def _forward(self, values: Floats) -> Floats:
        solved: Floats = sl.solve_triangular(self._factor, values, lower=True, check_finite=False)
        return solved

    def solve(self, data: Floats) -> tuple[Floats, Floats]:
        """Give the masses (Kg,) and the coefficients of the residual (Kr,)."""
        projected = self._forward(self.scale * (self.system.rest.T @ data))
        right = (self.system.mass.T @ data - self._cross.T @ projected) / self._unit
        masses = nnls(self._root, self._inverse @ right, maxiter=50 * len(right))[0] / self._unit
        left = projected - self._cross @ masses
        rest = sl.solve_triangular(self._factor, left, lower=True, trans="T")
        return masses, self.scale * rest

    def evidence(self) -> float:
        """Give ln p(data, masses) at the best masses, with the residual integrated out."""
        masses, _ = self.solve(self.system.data)
        left = self.system.data - self.system.mass @ masses
        explained = self._forward(self.scale * (self.system.rest.T @ left))
        logdet = 2 * np.log(np.diag(self._factor)).sum()
        expected = np.sum((masses / self.system.expected) ** 2)
        return float(-0.5 * (left @ left - explained @ explained + logdet + expected))

    def simulate(self, masses: Floats, random: np.random.Generator) -> Floats:
        """Fit data drawn from the fit and give the distance from what they were drawn from."""
        truth = self.scale * random.standard_normal(len(self.scale))
        data = self.system.mass @ masses + self.system.rest @ truth
        data += random.standard_normal(len(data))
        found, rest = self.solve(data)
        return np.concatenate([found - masses, rest - truth])
