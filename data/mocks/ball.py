"""The observed ball, and how an axisymmetric population is turned into it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Ball", "turn_into_ball"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Ball:
    """The observed volume: centre in the plane y = 0 at x > 0 (kpc), radius (kpc)."""

    centre: tuple[float, float, float]
    radius: float

    def contains(self, x: FloatArray) -> npt.NDArray[np.bool_]:
        """Tell which of the points `x` (..., 3) lie inside."""
        offset = x - np.array(self.centre)
        return np.asarray(np.sum(offset**2, axis=-1) < self.radius**2)

    def half_arc(self, R: FloatArray, z: FloatArray) -> FloatArray:  # noqa: N803
        """Half the azimuth (n,) in radians that the circle of radius `R` at `z` has inside.

        The circle's points lie at d^2 = R^2 + R_c^2 - 2 R R_c cos(phi) + (z - z_c)^2.
        """
        R_c, _, z_c = self.centre  # noqa: N806
        cosine = (R**2 + R_c**2 + (z - z_c) ** 2 - self.radius**2) / (2.0 * R_c * R)
        return np.asarray(np.arccos(np.clip(cosine, -1.0, 1.0)), dtype=np.float64)

    @property
    def largest_half_arc(self) -> float:
        """The maximum of `half_arc` over all R and z, radians."""
        if self.radius >= self.centre[0]:
            return float(np.pi)
        return float(np.arcsin(self.radius / self.centre[0]))


def turn_into_ball(
    x: FloatArray, v: FloatArray, ball: Ball, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Turn stars about z to a random azimuth inside the ball.

    Parameters
    ----------
    x, v
        Positions and velocities (n, 3) at any azimuth.
    ball
        The observed volume.
    rng
        Source of the azimuths, which are uniform on the arc that lies inside.

    Returns
    -------
    Positions, velocities and weights of the stars that the ball can contain; the weight is the
    share of all azimuths that lies inside. Weighted (or thinned) by it, the stars are those
    that the axisymmetric population has in the ball.
    """
    half_arc = ball.half_arc(np.hypot(x[:, 0], x[:, 1]), x[:, 2])
    turn = half_arc * rng.uniform(-1.0, 1.0, len(x)) - np.arctan2(x[:, 1], x[:, 0])
    cos, sin, one = np.cos(turn), np.sin(turn), np.ones(len(x))
    zero = np.zeros(len(x))
    rotation = np.array([[cos, -sin, zero], [sin, cos, zero], [zero, zero, one]])
    x, v = (np.einsum("ijn,nj->ni", rotation, w) for w in (x, v))
    # An arc's end may round to just outside; such a star has measure zero.
    inside = (half_arc > 0.0) & ball.contains(x)
    return x[inside], v[inside], half_arc[inside] / np.pi
