"""Density of an NFW halo whose potential, not its density, is flattened."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data.constants import G

__all__ = ["flattened_nfw_density"]


def flattened_nfw_density(
    x: npt.NDArray[np.float64], m: float, r_s: float, q: float
) -> npt.NDArray[np.float64]:
    """Mass density that belongs to an NFW potential of flattened equipotentials.

    With s^2 = x^2 + y^2 + z^2 / q^2 and Phi = -G m ln(1 + s / r_s) / s, Poisson's equation gives
    4 pi G rho = Phi''(s) |grad s|^2 + Phi'(s) Laplacian(s).

    Parameters
    ----------
    x
        Points (n, 3) relative to the centre, kpc.
    m, r_s
        Scale mass (Msun) and radius (kpc), as in gala's `NFWPotential`.
    q
        Axis ratio of the equipotentials.

    Returns
    -------
    Density (n,) in Msun kpc^-3.
    """
    s = np.sqrt(x[:, 0] ** 2 + x[:, 1] ** 2 + (x[:, 2] / q) ** 2)
    grad_s_squared = (x[:, 0] ** 2 + x[:, 1] ** 2 + x[:, 2] ** 2 / q**4) / s**2
    laplacian_s = (2.0 + 1.0 / q**2 - grad_s_squared) / s
    log = np.log1p(s / r_s)
    first = G * m * (log / s**2 - 1.0 / (s * (s + r_s)))
    second = (
        G
        * m
        * (-2.0 * log / s**3 + 1.0 / (s**2 * (s + r_s)) + (2.0 * s + r_s) / (s * (s + r_s)) ** 2)
    )
    laplacian = second * grad_s_squared + first * laplacian_s
    return np.asarray(laplacian / (4.0 * np.pi * G), dtype=np.float64)
