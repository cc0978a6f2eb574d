"""Energy of a star in a named model potential, and what follows from it.

The stars' orbits are those of the chosen potential, so the numbers are only as good as it is.
Potentials vanish at infinity, except the logarithmic one, which has no such place.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from data.constants import G
from data.errors import UserError
from data.frames import Floats

__all__ = ["POTENTIALS", "check_potential", "circularity", "energy", "potential_of"]

_LARGEST_R, _ORBITS = 1000.0, 20_000

POTENTIALS: dict[str, str] = {
    "milky_way": "disc, bulge and halo of gala's MilkyWayPotential (v1), without its nucleus",
    "mw2022": "gala's MilkyWayPotential2022 (Price-Whelan et al.), about 3 times slower",
    "bovy": "MWPotential2014 of Bovy (2015, ApJS 216, 29), about 10 times slower",
    "two_discs": "a thin and a thick disc, bulge and NFW halo",
    "flattened_halo": "the default with a halo whose equipotentials are flattened to 0.85",
    "logarithmic_halo": "the default disc and bulge in a logarithmic halo",
    "lopsided": "the default with a halo that is displaced by 1.5 kpc",
}
"""The model potentials by name, the default first; all but ``mw2022`` are those of the mocks."""


def check_potential(name: str, *, axisymmetric: bool = False) -> None:
    """Refuse a potential that is not known, or has no circular orbits where they are needed.

    Raises
    ------
    UserError
        With the names that can be chosen.
    """
    fitting = [known for known in POTENTIALS if not (axisymmetric and known == "lopsided")]
    if name not in POTENTIALS:
        sentence = f"There is no model potential called {name[:40]!r}."
    elif name not in fitting:
        sentence = f"The potential {name} is not axisymmetric: it has no circular orbits."
    else:
        return
    raise UserError(sentence, f"Choose one of {', '.join(fitting)}.")


def potential_of(name: str) -> Callable[[Floats, Floats, Floats], Floats]:
    """Give the potential of a model galaxy as a function of x, y, z (kpc), in (km/s)^2.

    Parameters
    ----------
    name
        A key of `POTENTIALS`.

    Raises
    ------
    UserError
        If there is no potential of that name.
    """
    check_potential(name)
    parts = _parts(name)

    def total(x: Floats, y: Floats, z: Floats) -> Floats:
        value = np.zeros_like(x)
        for part in parts:
            value += part(x, y, z)
        return value

    return total


@lru_cache(maxsize=16)
def _parts(name: str) -> tuple[Callable[[Floats, Floats, Floats], Floats], ...]:
    """Give the components: closed forms where there is one, else gala's own function."""
    if name == "mw2022":
        return (_of_gala(_milky_way_2022()),)
    from data.mocks.potentials import named

    galaxy = named(name.replace("_", "-"))
    return tuple(_component(part) for part in galaxy.components.values())


def _milky_way_2022() -> Any:  # noqa: ANN401
    import gala.potential as gp

    try:
        return gp.MilkyWayPotential(version="v2")
    except TypeError:  # before gala 1.11
        return gp.MilkyWayPotential2022()


def _component(part: Any) -> Callable[[Floats, Floats, Floats], Floats]:  # noqa: ANN401
    formula = _CLOSED.get(part.kind)
    if formula is None:
        return _of_gala(part.gala)
    ox, oy, oz = part.origin
    parameters = dict(part.parameters)

    def shifted(x: Floats, y: Floats, z: Floats) -> Floats:
        return formula(x - ox, y - oy, z - oz, **parameters)

    return shifted


def _of_gala(potential: Any) -> Callable[[Floats, Floats, Floats], Floats]:  # noqa: ANN401
    import astropy.units as u

    def value(x: Floats, y: Floats, z: Floats) -> Floats:
        where = np.ascontiguousarray(np.stack([x, y, z]))
        return np.asarray(potential.energy(where * u.kpc).to_value(u.km**2 / u.s**2))

    return value


def _miyamoto_nagai(x: Floats, y: Floats, z: Floats, *, m: float, a: float, b: float) -> Floats:
    """-G m / sqrt(R^2 + (a + sqrt(z^2 + b^2))^2) (Miyamoto & Nagai 1975)."""
    height = a + np.sqrt(z**2 + b**2)
    return -G * m / np.sqrt(x**2 + y**2 + height**2)


def _hernquist(x: Floats, y: Floats, z: Floats, *, m: float, c: float) -> Floats:
    """-G m / (r + c) (Hernquist 1990)."""
    return -G * m / (np.sqrt(x**2 + y**2 + z**2) + c)


def _plummer(x: Floats, y: Floats, z: Floats, *, m: float, b: float) -> Floats:
    """-G m / sqrt(r^2 + b^2) (Plummer 1911)."""
    return -G * m / np.sqrt(x**2 + y**2 + z**2 + b**2)


def _nfw(x: Floats, y: Floats, z: Floats, *, m: float, r_s: float, c: float = 1.0) -> Floats:
    """-(G m / r) ln(1 + r/r_s) with r^2 = x^2 + y^2 + z^2/c^2; m is the scale mass."""
    u = np.sqrt(x**2 + y**2 + (z / c) ** 2) / r_s
    near = u < 1e-6  # where the quotient is 0/0
    return -G * m / r_s * np.where(near, 1.0 - u / 2, np.log1p(u) / np.where(near, 1.0, u))


def _logarithmic(
    x: Floats, y: Floats, z: Floats, *, v_c: float, r_h: float, q1: float, q2: float, q3: float
) -> Floats:
    """v_c^2/2 ln(r_h^2 + x^2/q1^2 + y^2/q2^2 + z^2/q3^2), lengths in kpc."""
    square = r_h**2 + (x / q1) ** 2 + (y / q2) ** 2 + (z / q3) ** 2
    return 0.5 * v_c**2 * np.log(square)


_CLOSED: dict[str, Callable[..., Floats]] = {
    "miyamoto-nagai": _miyamoto_nagai,
    "hernquist": _hernquist,
    "plummer": _plummer,
    "nfw": _nfw,
    "logarithmic": _logarithmic,
}


def energy(name: str) -> Callable[..., Floats]:
    """Give E = v^2/2 + Phi(x) as a function of x, y, z, vx, vy, vz, in (km/s)^2."""

    def of_stars(
        x: Floats, y: Floats, z: Floats, vx: Floats, vy: Floats, vz: Floats, *, sun: Floats
    ) -> Floats:
        return 0.5 * (vx**2 + vy**2 + vz**2) + potential_of(name)(x, y, z)

    return of_stars


def circularity(name: str) -> Callable[..., Floats]:
    """Give L_z / L_circ(E), with L_circ that of the circular orbit in the plane at the same E.

    1 for a circular orbit along rotation, -1 against it (Abadi et al. 2003, ApJ 597, 21). NaN for
    a star that no circular orbit within 1000 kpc has the energy of: an unbound one.
    """
    of_stars = energy(name)

    def ratio(
        x: Floats, y: Floats, z: Floats, vx: Floats, vy: Floats, vz: Floats, *, sun: Floats
    ) -> Floats:
        star = of_stars(x, y, z, vx, vy, vz, sun=sun)
        root = np.interp(star, *_circular_orbits(name), right=np.nan)
        return (y * vx - x * vy) / root**2

    return ratio


@lru_cache(maxsize=16)
def _circular_orbits(name: str) -> tuple[Floats, Floats]:
    """Give E and sqrt(L_z) of circular orbits, in the order of growing energy.

    The root is nearly straight where L_z rises steeply, so a table of it is the better one.
    """
    check_potential(name, axisymmetric=True)
    phi = potential_of(name)
    radius = np.concatenate([[0.0], np.geomspace(1e-4, _LARGEST_R, _ORBITS)])
    zero = np.zeros_like(radius)
    step = np.maximum(1e-4 * radius, 1e-7)
    slope = (phi(radius + step, zero, zero) - phi(np.abs(radius - step), zero, zero)) / (2 * step)
    square = radius * slope
    at = phi(radius, zero, zero) + 0.5 * square
    return at, np.sqrt(radius * np.sqrt(np.maximum(square, 0.0)))
