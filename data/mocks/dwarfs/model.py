r"""Spherical dwarf galaxies in equilibrium and their distribution functions.

The family of Cuddeford (1991, MNRAS 253, 414): f = L^(-2 b0) f0(Q) with
Q = psi - v^2/2 - L^2/(2 r_a^2) and beta(r) = (b0 + r^2/r_a^2) / (1 + r^2/r_a^2). b0 = 0 is
Osipkov-Merritt, an infinite r_a a constant anisotropy. With k = 1 + r^2/r_a^2 and
h = r^(2 b0) k^(1 - b0) n,

    f0 = d^m I^a[h] / (C dpsi^m),   a = m - 3/2 + b0,   C = (2 pi)^(3/2) 2^(-b0) Gamma(1 - b0),

where I^a is the fractional integral of order a; as h vanishes at the edge, the derivatives go
onto h. At a radius the velocity (v_r, sqrt(k) v_t) has a size u with the density
f0(psi - u^2/2) u^(2 - 2 b0) and a direction with sin^2 distributed as Beta(1 - b0, 1/2).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.interpolate import CubicSpline
from scipy.special import gamma as gamma_function

from data.constants import G
from data.errors import UserError
from data.mocks.dwarfs.halo import ZhaoHalo

__all__ = ["DwarfModel"]

FloatArray = npt.NDArray[np.float64]

_INNER, _OUTER, _PER_E_FOLD = 1e-5, 1e5, 40
_NODES = 200
_IGNORED_SHARE = 1e-4
"""Share of the stars whose distribution function may come out negative and be held constant."""


@dataclass(frozen=True)
class DwarfModel:
    """Tracers in a halo.

    Parameters
    ----------
    halo
        The halo, which alone has mass.
    r_star
        Radius at which the tracers' density bends, kpc.
    inner, outer, sharpness
        Slopes of the tracers' density n ~ y^-inner (1 + y^sharpness)^((inner - outer)/sharpness),
        y = r/r_star; (0, 5, 2) is a Plummer sphere.
    beta
        Anisotropy in the centre, b0: above -1.45 and at most 0.5.
    r_a
        Anisotropy radius, kpc; infinite for a constant anisotropy.

    Raises
    ------
    UserError
        If a parameter is out of range.
    """

    halo: ZhaoHalo
    r_star: float
    inner: float = 0.0
    outer: float = 5.0
    sharpness: float = 2.0
    beta: float = 0.0
    r_a: float = np.inf

    def __post_init__(self) -> None:
        if not (np.isfinite(self.r_star) and self.r_star > 0 and self.r_a > 0):
            raise UserError(
                f"Radii of {self.r_star:g} kpc (tracers) and {self.r_a:g} kpc (anisotropy) are "
                "not possible.",
                "Both are positive; an infinite anisotropy radius keeps the anisotropy constant.",
            )
        if not (0 <= self.inner < 2.5 and 3 < self.outer <= 12 and 0.3 <= self.sharpness <= 10):
            raise UserError(
                "The slopes of the tracers are not possible.",
                "The inner one is 0 to below 2.5, the outer one above 3 to 12.",
            )
        if not -1.45 < self.beta <= 0.5:
            raise UserError(
                f"An anisotropy of {self.beta:g} in the centre cannot be drawn.",
                "It is above -1.45 and at most 0.5.",
            )

    def tracer_density(self, r: FloatArray) -> FloatArray:
        """Density of the tracers at radii (n,) kpc, in an arbitrary unit."""
        y = r / self.r_star
        power = (self.inner - self.outer) / self.sharpness
        value: FloatArray = y**-self.inner * (1 + y**self.sharpness) ** power
        return value

    def anisotropy(self, r: FloatArray) -> FloatArray:
        """Anisotropy beta at radii (n,) kpc."""
        far = (r / self.r_a) ** 2
        return np.asarray((self.beta + far) / (1 + far), dtype=np.float64)

    def stretch(self, r: FloatArray) -> FloatArray:
        """K = 1 + r^2/r_a^2 at radii (n,) kpc."""
        return np.asarray(1 + (r / self.r_a) ** 2, dtype=np.float64)

    @cached_property
    def radii(self) -> FloatArray:
        """Radii of the tables, kpc."""
        count = int(_PER_E_FOLD * np.log(_OUTER / _INNER))
        return self.r_star * np.geomspace(_INNER, _OUTER, count)

    @cached_property
    def enclosed(self) -> FloatArray:
        """Part of the tracers within `radii`, 0 to 1."""
        s = np.log(self.radii)
        shell = self.tracer_density(self.radii) * self.radii**3
        within = CubicSpline(s, shell).antiderivative()(s) + shell[0] / (3 - self.inner)
        return np.asarray(within / within[-1], dtype=np.float64)

    def dispersion(self, r: FloatArray) -> FloatArray:
        """Radial dispersion (n,) km/s at radii (n,) kpc, from the Jeans equation."""
        return np.asarray(np.exp(self._ln_dispersion(np.log(r))), dtype=np.float64)

    def projected_dispersion(self, R: FloatArray) -> FloatArray:  # noqa: N803
        """Line-of-sight dispersion (n,) km/s at projected radii (n,) kpc."""
        t = np.linspace(0, 14, 1500)
        r = R[:, None] * np.cosh(t)
        r = np.minimum(r, self.radii[-2])
        n = self.tracer_density(r) * r
        squares = (1 - self.anisotropy(r) * (R[:, None] / r) ** 2) * self.dispersion(r) ** 2
        return np.asarray(
            np.sqrt(np.trapezoid(n * squares, t) / np.trapezoid(n, t)), dtype=np.float64
        )

    def half_light_radius(self) -> float:
        """Projected radius (kpc) that holds half of the tracers."""
        R = self.r_star * np.geomspace(0.01, 100, 300)  # noqa: N806
        middle = np.sqrt(self.radii[1:] * self.radii[:-1])
        # of a shell at r > R, sqrt(1 - R^2/r^2) lies outside the cylinder
        outside = np.sqrt(np.maximum(1 - (R[:, None] / middle) ** 2, 0))
        within = 1 - (outside * np.diff(self.enclosed)).sum(1)
        return float(np.exp(np.interp(0.5, within, np.log(R))))

    @cached_property
    def _ln_dispersion(self) -> CubicSpline:
        r = self.radii
        s = np.log(r)
        weight = r ** (2 * self.beta) * self.stretch(r) ** (1 - self.beta) * self.tracer_density(r)
        ln = CubicSpline(s, np.log(weight * self._pull(r)))
        x, w = np.polynomial.legendre.leggauss(4)
        step = np.diff(s)[:, None]
        pieces = (np.exp(ln(s[:-1, None] + 0.5 * step * (x + 1))) * w * 0.5 * step).sum(1)
        inwards = np.cumsum(pieces[::-1])[::-1]
        return CubicSpline(s[:-1], 0.5 * np.log(inwards / weight[:-1]))

    def _pull(self, r: FloatArray) -> FloatArray:
        """G M / r at radii (n,) kpc, (km/s)^2."""
        return np.asarray(G * self.halo.mass(r) / r, dtype=np.float64)

    @cached_property
    def _ln_r(self) -> CubicSpline:
        """Spline of ln r in ln(depth/psi)."""
        r = self.radii
        return CubicSpline(np.log(self.halo.depth(r)) - np.log(self.halo.psi(r)), np.log(r))

    def radius_at(self, depth: FloatArray, psi: FloatArray) -> FloatArray:
        """Radius (kpc) where psi and psi(0) - psi have these values: both, for the digits."""
        return np.asarray(np.exp(self._ln_r(np.log(depth) - np.log(psi))), dtype=np.float64)

    def _derivatives(self) -> tuple[int, FloatArray]:
        """Order m and h^(m) (G M/r)^m / h at `radii`."""
        r = self.radii
        y = (r / self.r_star) ** self.sharpness
        bend = (self.outer - self.inner) * y / (1 + y)
        one = -self.inner - bend
        two = -self.sharpness * bend / (1 + y)
        three = -(self.sharpness**2) * bend * (1 - y) / (1 + y) ** 2
        k, b = self.stretch(r), self.beta
        one += 2 * b + (1 - b) * 2 * (k - 1) / k
        two += (1 - b) * 4 * (k - 1) / k**2
        three += (1 - b) * 8 * (k - 1) * (2 - k) / k**3
        growth = 4 * np.pi * self.halo.density(r) * r**3 / self.halo.mass(r)
        tilt, turn = growth - 1, growth * (3 + self.halo.slope(r) - growth)
        first = -one
        second = two - (one - tilt) * first
        if b >= 0:
            return 2, second
        slope = three + (one - tilt) * two - (two - turn) * first
        return 3, -(slope + (one - 2 * tilt) * second)

    @cached_property
    def _ln_f0(self) -> CubicSpline:
        """Spline of ln f0(psi(r)) in ln r."""
        m, ratio = self._derivatives()
        smooth, b = CubicSpline(np.log(self.radii), ratio), self.beta
        order = m - 1.5 + b
        r = self.radii[:: _PER_E_FOLD // 10]
        q, depth = self.halo.psi(r)[:, None], self.halo.depth(r)[:, None]
        x, weight = np.polynomial.legendre.leggauss(_NODES)
        w, weight = 0.5 * (x + 1), 0.5 * weight
        # Q - psi = Q sin^2 B with B = (pi/2) w^p: p takes the kernel's pole away
        p = max(1.0, 1.0 / (2 * order))
        angle = 0.5 * np.pi * w**p
        jacobian = 0.5 * np.pi * p * w ** (p - 1)
        sin, cos = np.sin(angle), np.cos(angle)
        at = self.radius_at(depth + q * sin**2, q * cos**2)
        h = at ** (2 * b) * self.stretch(at) ** (1 - b) * self.tracer_density(at)
        derivative = smooth(np.log(at)) * h / self._pull(at) ** m
        kernel = 2 * q**order * sin ** (2 * order - 1) * cos * jacobian
        integral = (kernel * derivative) @ weight / gamma_function(order)
        constant = (2 * np.pi) ** 1.5 * 2**-b * gamma_function(1 - b)
        values = integral / constant
        return CubicSpline(np.log(r), np.log(self._admissible(r, values)))

    def _admissible(self, r: FloatArray, values: FloatArray) -> FloatArray:
        """Refuse a function that is negative, but for a centre that next to no star reaches."""
        bad = np.flatnonzero(~(values > 0))
        if not bad.size:
            return values
        last = int(bad[-1])
        share = np.interp(r[last], self.radii, self.enclosed)
        if bad.size <= last or share > _IGNORED_SHARE or last + 1 == len(r):
            raise UserError(
                "No equilibrium has such tracers: their distribution function is negative.",
                "A core of tracers cannot be isotropic in a cusp, and radial orbits need a cusp "
                "of tracers: raise their inner slope, make the orbits more tangential, or take a "
                "larger anisotropy radius.",
            )
        return np.where(r <= r[last], values[last + 1], values)

    def f0(self, r_of_q: FloatArray) -> FloatArray:
        """f0 at Q = psi(r_of_q); L^(-2 b0) f0 d^3v integrates to the tracers' density.

        Raises
        ------
        UserError
            If it is negative somewhere: no such galaxy can be in equilibrium.
        """
        return np.asarray(np.exp(self._ln_f0(np.log(r_of_q))), dtype=np.float64)
