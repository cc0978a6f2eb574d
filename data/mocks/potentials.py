"""Named model galaxies: analytic potentials with the symmetries that each one has.

Units throughout: kpc, km/s, (km/s)^2 for potentials, km^2 s^-2 kpc^-1 for accelerations,
Msun pc^-3 for densities. The frame is the design's: Galactocentric, right-handed, Sun at +x.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import astropy.units as u
import gala.potential as gp
import numpy as np
import numpy.typing as npt
from gala.units import galactic

from data.errors import UserError
from data.mocks.flattened_nfw import flattened_nfw_density
from data.mocks.halo import Halo, distances

__all__ = ["DEFAULT", "KM_S_PER_KPC_MYR", "Component", "GalaxyPotential", "named", "names"]

FloatArray = npt.NDArray[np.float64]

DEFAULT = "milky-way"

KM_S_PER_KPC_MYR: float = float((1 * u.kpc / u.Myr).to_value(u.km / u.s))
"""One kpc/Myr, gala's unit of velocity, in km/s."""

MSUN_PER_PC3: float = 1e-9
"""One Msun/kpc^3, gala's unit of density, in Msun/pc^3."""

KINDS: dict[str, tuple[type, dict[str, u.UnitBase]]] = {
    "miyamoto-nagai": (gp.MiyamotoNagaiPotential, {"m": u.Msun, "a": u.kpc, "b": u.kpc}),
    "hernquist": (gp.HernquistPotential, {"m": u.Msun, "c": u.kpc}),
    "plummer": (gp.PlummerPotential, {"m": u.Msun, "b": u.kpc}),
    "power-law-cutoff": (
        gp.PowerLawCutoffPotential,
        {"m": u.Msun, "alpha": u.one, "r_c": u.kpc},
    ),
    "nfw": (gp.NFWPotential, {"m": u.Msun, "r_s": u.kpc, "c": u.one}),
    "logarithmic": (
        gp.LogarithmicPotential,
        {"v_c": u.km / u.s, "r_h": u.kpc, "q1": u.one, "q2": u.one, "q3": u.one},
    ),
    "generalised-nfw": (Halo, {"rho0": u.Msun / u.kpc**3, "r_s": u.kpc, "gamma": u.one}),
}
"""Kinds of component: gala's class and the unit of each parameter (those of gala's docs); the
last one is not gala's."""


@dataclass(frozen=True)
class Component:
    """One analytic part of a galaxy.

    Parameters
    ----------
    kind
        A key of `KINDS`.
    parameters
        Values by gala's names, in the units of `KINDS`.
    origin
        Centre of the component, kpc.
    """

    kind: str
    parameters: dict[str, float]
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @cached_property
    def halo(self) -> Halo | None:
        """The formulae of a component that gala does not have, else None."""
        return Halo(**self.parameters) if KINDS[self.kind][0] is Halo else None

    @cached_property
    def gala(self) -> gp.PotentialBase:
        """The component as a gala potential in gala's `galactic` units."""
        potential, units = KINDS[self.kind]
        quantities = {name: value * units[name] for name, value in self.parameters.items()}
        return potential(**quantities, units=galactic, origin=np.array(self.origin) * u.kpc)

    def density(self, x: FloatArray) -> FloatArray:
        """Mass density in Msun pc^-3 at `x` (n, 3) kpc."""
        if self.halo is not None:
            kpc3 = self.halo.density(distances(x - np.array(self.origin)))
        elif self.kind == "nfw" and self.parameters.get("c", 1.0) != 1.0:
            # gala has no density for an NFW potential that is flattened: NaN.
            p = self.parameters
            kpc3 = flattened_nfw_density(x - np.array(self.origin), p["m"], p["r_s"], p["c"])
        else:
            kpc3 = self.gala.density(x.T * u.kpc).to_value(u.Msun / u.kpc**3)
        return np.asarray(kpc3 * MSUN_PER_PC3, dtype=np.float64)

    def to_dict(self) -> dict[str, Any]:
        """JSON form: kind, parameters with their units, origin in kpc."""
        units = {name: str(KINDS[self.kind][1][name]) for name in self.parameters}
        return {
            "kind": self.kind,
            "parameters": dict(self.parameters),
            "units": units,
            "origin": list(self.origin),
        }


@dataclass(frozen=True)
class GalaxyPotential:
    """A static model galaxy made of analytic components.

    Parameters
    ----------
    name
        Name by which users choose it.
    description
        One sentence: what it is made of and where the numbers come from.
    components
        Components by name (`disc`, `bulge`, `halo`, ...).
    axisymmetric
        Whether the potential does not depend on azimuth: stars may be turned about z.
    mirror_z
        Whether the potential is even in z: stars may be mirrored in the plane.
    """

    name: str
    description: str
    components: dict[str, Component] = field(hash=False)
    axisymmetric: bool = True
    mirror_z: bool = True

    @cached_property
    def gala(self) -> gp.CCompositePotential:
        """Gala's components as one potential with a C implementation."""
        composite = gp.CCompositePotential()
        for name, component in self._of_gala.items():
            composite[name] = component.gala
        return composite

    @property
    def _of_gala(self) -> dict[str, Component]:
        return {name: part for name, part in self.components.items() if part.halo is None}

    @property
    def _others(self) -> list[tuple[Halo, FloatArray]]:
        parts = self.components.values()
        return [(part.halo, np.array(part.origin)) for part in parts if part.halo is not None]

    def potential(self, x: FloatArray) -> FloatArray:
        """Gravitational potential at `x` (n, 3) kpc, in (km/s)^2, shape (n,)."""
        value = np.zeros(len(np.atleast_2d(x)))
        if self._of_gala:
            value += self.gala.energy(_columns(x) * u.kpc).to_value(u.km**2 / u.s**2)
        for halo, origin in self._others:
            value -= halo.psi(distances(np.atleast_2d(x) - origin))
        return value

    def acceleration(self, x: FloatArray) -> FloatArray:
        """Minus the gradient of the potential at `x` (n, 3) kpc: (n, 3) km^2 s^-2 kpc^-1."""
        value = np.zeros(np.atleast_2d(x).shape)
        if self._of_gala:
            unit = u.km**2 / u.s**2 / u.kpc
            value += self.gala.acceleration(_columns(x) * u.kpc).to_value(unit).T
        for halo, origin in self._others:
            value += halo.acceleration(np.atleast_2d(x) - origin)
        return value

    def density(self, x: FloatArray, component: str | None = None) -> FloatArray:
        """Mass density in Msun pc^-3 at `x` (n, 3) kpc, shape (n,).

        `component` names one part; without it the parts are added up.
        """
        points = np.ascontiguousarray(_columns(x).T)
        if component is not None:
            return self._component(component).density(points)
        total = np.zeros(len(points))
        for part in self.components.values():
            total += part.density(points)
        return total

    def circular_velocity(self, R: FloatArray, phi: float = 0.0) -> FloatArray:  # noqa: N803
        """sqrt(R |a_R|) in km/s in the plane z = 0 at radii `R` (n,) kpc and azimuth `phi`."""
        radii = np.atleast_1d(np.asarray(R, dtype=np.float64))
        outward = np.array([np.cos(phi), np.sin(phi), 0.0])
        inward_pull = -self.acceleration(radii[:, None] * outward) @ outward
        return np.asarray(np.sqrt(np.clip(radii * inward_pull, 0.0, None)), dtype=np.float64)

    def _component(self, name: str) -> Component:
        if name not in self.components:
            raise UserError(
                f"The model galaxy {self.name!r} has no component {name!r}.",
                f"Its components are {', '.join(self.components)}.",
            )
        return self.components[name]

    def to_dict(self) -> dict[str, Any]:
        """JSON form from which `from_dict` builds the same galaxy."""
        return {
            "name": self.name,
            "description": self.description,
            "components": {n: c.to_dict() for n, c in self.components.items()},
            "symmetries": {"axisymmetric": self.axisymmetric, "mirror_z": self.mirror_z},
        }

    @classmethod
    def from_dict(cls, tree: dict[str, Any]) -> GalaxyPotential:
        """Build a galaxy from the JSON form of `to_dict`."""
        components = {
            name: Component(part["kind"], dict(part["parameters"]), tuple(part["origin"]))
            for name, part in tree["components"].items()
        }
        symmetries = tree["symmetries"]
        return cls(
            tree["name"],
            tree["description"],
            components,
            bool(symmetries["axisymmetric"]),
            bool(symmetries["mirror_z"]),
        )


def _columns(x: FloatArray) -> FloatArray:
    """Points (n, 3) or (3,) as gala's (3, n) columns."""
    return np.ascontiguousarray(np.atleast_2d(np.asarray(x, dtype=np.float64)).T)


_DISC = Component("miyamoto-nagai", {"m": 6.8e10, "a": 3.0, "b": 0.28})
_BULGE = Component("hernquist", {"m": 5.0e9, "c": 1.0})
_HALO = Component("nfw", {"m": 5.4e11, "r_s": 15.62})

_GALAXIES = (
    GalaxyPotential(
        DEFAULT,
        "Miyamoto-Nagai disc, Hernquist bulge and spherical NFW halo, with the parameters of "
        "gala's MilkyWayPotential (v_c about 230 km/s at the Sun).",
        {"disc": _DISC, "bulge": _BULGE, "halo": _HALO},
    ),
    GalaxyPotential(
        "bovy",
        "MWPotential2014 of Bovy (2015, ApJS 216, 29): Miyamoto-Nagai disc, bulge with an "
        "exponential cut-off, spherical NFW halo, scaled to 220 km/s at 8 kpc. The bulge makes "
        "its orbits several times slower to follow than the others'.",
        {
            "disc": Component("miyamoto-nagai", {"m": 6.81939e10, "a": 3.0, "b": 0.28}),
            "bulge": Component("power-law-cutoff", {"m": 4.501365e9, "alpha": 1.8, "r_c": 1.9}),
            "halo": Component("nfw", {"m": 4.3683325e11, "r_s": 16.0}),
        },
    ),
    GalaxyPotential(
        "two-discs",
        "A thin and a thick Miyamoto-Nagai disc of 4.8e10 and 1.9e10 Msun, Hernquist bulge "
        "and spherical NFW halo.",
        {
            "thin_disc": Component("miyamoto-nagai", {"m": 4.8e10, "a": 3.2, "b": 0.25}),
            "thick_disc": Component("miyamoto-nagai", {"m": 1.9e10, "a": 2.4, "b": 0.8}),
            "bulge": Component("hernquist", {"m": 6.0e9, "c": 0.8}),
            "halo": Component("nfw", {"m": 6.0e11, "r_s": 17.0}),
        },
    ),
    GalaxyPotential(
        "flattened-halo",
        "The default disc and bulge in an NFW halo whose equipotentials are flattened to 0.85.",
        {
            "disc": _DISC,
            "bulge": _BULGE,
            "halo": Component("nfw", {"m": 5.4e11, "r_s": 15.62, "c": 0.85}),
        },
    ),
    GalaxyPotential(
        "logarithmic-halo",
        "The default disc and bulge in a cored logarithmic halo of 180 km/s and flattening 0.95.",
        {
            "disc": _DISC,
            "bulge": _BULGE,
            "halo": Component(
                "logarithmic", {"v_c": 180.0, "r_h": 8.0, "q1": 1.0, "q2": 1.0, "q3": 0.95}
            ),
        },
    ),
    GalaxyPotential(
        "lopsided",
        "The default disc and bulge in an NFW halo whose centre is displaced by 1.5 kpc, also "
        "out of the plane: neither axisymmetric nor even in z.",
        {
            "disc": _DISC,
            "bulge": _BULGE,
            "halo": Component("nfw", {"m": 5.4e11, "r_s": 15.62}, (0.9, 1.2, 0.25)),
        },
        axisymmetric=False,
        mirror_z=False,
    ),
)

_BY_NAME = {galaxy.name: galaxy for galaxy in _GALAXIES}


def names() -> list[str]:
    """Names of the model galaxies, the default first."""
    return list(_BY_NAME)


def named(name: str) -> GalaxyPotential:
    """Return the model galaxy called `name`; `UserError` lists the names if there is none."""
    if name not in _BY_NAME:
        raise UserError(
            f"Unknown model galaxy {name!r}.",
            f"Choose one of {', '.join(_BY_NAME)}.",
        )
    return _BY_NAME[name]
