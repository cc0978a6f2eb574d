"""Oort's constants from the acceleration in the plane.

For a streaming velocity (v_R, v_phi), phi counted along Galactic rotation, and R the distance from
the axis (Ogrodnikov 1932; Chandrasekhar 1942; signs of Olling & Dehnen 2003),

    A = 1/2 ( v_phi/R - dv_phi/dR - dv_R/(R dphi))     shear
    B = 1/2 (-v_phi/R - dv_phi/dR + dv_R/(R dphi))     vorticity
    C = 1/2 (-v_R/R + dv_R/dR - dv_phi/(R dphi))       shear towards the vertex
    K = 1/2 ( v_R/R + dv_R/dR + dv_phi/(R dphi))       divergence

Here v_phi = v_c(R, phi) = sqrt(-R a_R) and v_R = 0: the speed at which the local force holds a
circular orbit. Then A = 1/2 (v_c/R - dv_c/dR), B = -1/2 (v_c/R + dv_c/dR), and C = -K =
-1/2 dv_c/(R dphi). A and B are those that stars on cold orbits would show in an axisymmetric
galaxy. C and K vanish there; elsewhere they measure how the force changes along the circle, not
what real streams do, whose v_R a force at one place does not determine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.frames import DEFAULT_SUN
from engine.cubes.grid import Grid
from engine.dark_matter.geometry import apply_linear, interpolation_weights, trusted_cells
from engine.draws import Draws, map_draws

__all__ = ["OortConstants", "circular_speed", "oort_constants"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_FEWEST_NODES = 12
"""Four numbers are fitted; fewer nodes than that are no patch."""


@dataclass(frozen=True)
class OortConstants:
    """Oort's constants, all () km s^-1 kpc^-1; NaN where too few nodes are trusted.

    Parameters
    ----------
    A, B, C, K
        See the module.
    speed
        Circular velocity, () km/s.
    slope
        dv_c/dR, () km s^-1 kpc^-1.
    nodes, wanted
        Number of places of the patch that were used, and that it has.
    """

    A: Draws
    B: Draws
    C: Draws
    K: Draws
    speed: Draws
    slope: Draws
    nodes: int
    wanted: int


def circular_speed(acceleration: Floats, points: Floats) -> Floats:
    """Give v_c = sqrt(-R a_R), the speed of a circular orbit in the local force.

    Parameters
    ----------
    acceleration
        (..., P, 3) km^2 s^-2 kpc^-1.
    points
        (P, 3) kpc.

    Returns
    -------
    (..., P) km/s; NaN where the force points outwards.
    """
    pull = -(acceleration[..., 0] * points[:, 0] + acceleration[..., 1] * points[:, 1])
    speed: Floats = np.sqrt(np.where(pull >= 0.0, pull, np.nan))
    return speed


def oort_constants(
    acceleration: Draws,
    grid: Grid,
    *,
    sun: tuple[float, float] = DEFAULT_SUN.position[:2],
    z: float = 0.0,
    reach: float = 1.0,
    trusted: Bools | None = None,
) -> OortConstants:
    """Fit the circular velocity over a patch of the plane and give Oort's constants.

    v_c = v_0 + s (R - R_0) + t R_0 phi + u (R - R_0)^2 by least squares at the nodes of a polar
    patch, to which the acceleration is interpolated. The quadratic term keeps curvature out of
    v_0.

    Parameters
    ----------
    acceleration
        At the cells, (P, 3) km^2 s^-2 kpc^-1.
    grid
        The cells.
    sun
        Where the constants are wanted, x and y in kpc.
    z
        Height of the patch, kpc.
    reach
        Half the extent of the patch along R and along the circle, kpc: short is noisy, long is
        an average.
    trusted
        Cells that may be used, (P,); None for all.
    """
    radius, azimuth = float(np.hypot(*sun)), float(np.arctan2(-sun[1], sun[0]))
    offset, angle = (
        axis.ravel()
        for axis in np.meshgrid(
            np.linspace(-reach, reach, 9), np.linspace(-reach, reach, 9) / radius, indexing="ij"
        )
    )
    ring, phi = radius + offset, azimuth + angle
    points = np.stack([ring * np.cos(phi), -ring * np.sin(phi), np.full(len(ring), z)], axis=1)
    usable = trusted_cells(acceleration, trusted)
    weights, valid = interpolation_weights(grid, usable, points)
    field = apply_linear(weights[np.flatnonzero(valid)], acceleration)
    design = np.stack([np.ones_like(offset), offset, radius * angle, offset**2], axis=1)[valid]
    enough = valid.sum() >= _FEWEST_NODES and np.linalg.matrix_rank(design) == design.shape[1]
    inverse = np.linalg.pinv(design) if enough else np.full((4, len(design)), np.nan)

    def fitted(value: Floats) -> Floats:
        coefficients: Floats = (inverse @ circular_speed(value, points[valid]))[:3]
        return coefficients if enough else np.full(3, np.nan)

    fit = map_draws(fitted, field)

    def combine(per_radius: float, along_radius: float, along_circle: float) -> Draws:
        row = 0.5 * np.array([per_radius / radius, along_radius, along_circle])
        return Draws(np.asarray(fit.mean @ row), fit.deviations @ row)

    return OortConstants(
        A=combine(1.0, -1.0, 0.0),
        B=combine(-1.0, -1.0, 0.0),
        C=combine(0.0, 0.0, -1.0),
        K=combine(0.0, 0.0, 1.0),
        speed=Draws(fit.mean[0], fit.deviations[:, 0]),
        slope=Draws(fit.mean[1], fit.deviations[:, 1]),
        nodes=int(valid.sum()),
        wanted=len(valid),
    )
