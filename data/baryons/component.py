"""One component of a baryon model: a disc or a spheroid with an analytic density."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from data.baryons.measured import Measured
from data.baryons.vertical import exponential, isothermal, sech2

__all__ = ["FIELDS", "KINDS", "PROFILES", "Component", "FieldSpec"]

Floats = npt.NDArray[np.float64]

KINDS = ("disc", "spheroid")
PROFILES = ("exponential", "sech2", "isothermal")


class FieldSpec(NamedTuple):
    """Unit of a quantity, and whether it may be zero."""

    unit: str
    may_be_zero: bool


FIELDS: dict[str, FieldSpec] = {
    "local_density": FieldSpec("Msun pc-3", True),
    "surface_density": FieldSpec("Msun pc-2", True),
    "scale_height": FieldSpec("kpc", False),
    "velocity_dispersion": FieldSpec("km s-1", False),
    "scale_length": FieldSpec("kpc", False),
    "slope": FieldSpec("", True),
    "core_radius": FieldSpec("kpc", True),
    "flattening": FieldSpec("", False),
}
"""Quantities of a component: the unit in which they are kept."""


@dataclass(frozen=True)
class Component:
    """A disc or a spheroid.

    A disc has ``scale_length`` and a vertical profile of the same shape at all radii:

        rho(R, z) = rho_0 p(z / stretch) exp(-(R - R_sun)/scale_length)

    with rho_0 = ``local_density``, the density in the plane at the Sun's radius, or
    ``surface_density`` (over all z) / (2 ``scale_height``). ``p`` is ``exponential`` or ``sech2``
    with ``scale_height``, or ``isothermal`` with ``velocity_dispersion`` in the model's vertical
    potential. A spheroid is a power law with a core,

        rho = local_density ((m^2 + c^2)/(R_sun^2 + c^2))^(-slope/2), m^2 = R^2 + z^2/flattening^2.

    Parameters
    ----------
    name
        Unique in its model.
    kind
        One of ``KINDS``.
    quantities
        Numbers by the names of ``FIELDS``, in the units given there.
    profile
        One of ``PROFILES``; of a disc.
    stretch
        Factor by which the vertical profile is drawn out; of an isothermal disc, whose height
        is no parameter of its own.
    """

    name: str
    kind: str
    quantities: Mapping[str, Measured] = field(hash=False)
    profile: str = "exponential"
    stretch: float = 1.0

    def value(self, name: str) -> float:
        """Give the value of a quantity; KeyError where the component has none."""
        return self.quantities[name].value

    @property
    def midplane_density(self) -> float:
        """Density in the plane at the Sun's radius, Msun/pc^3."""
        if "local_density" in self.quantities:
            return self.value("local_density")
        return self.value("surface_density") / (2e3 * self.value("scale_height"))

    def vertical(self, z: Floats, potential: Floats | None = None) -> Floats:
        """Give the vertical profile of a disc at heights (n,) kpc, 1 in the plane.

        Parameters
        ----------
        z
            Heights, kpc.
        potential
            Vertical potential at ``z / stretch``, (n,) (km/s)^2; isothermal discs need it.
        """
        if self.profile == "isothermal":
            if potential is None:
                raise ValueError("an isothermal component needs a vertical potential")
            return isothermal(potential, self.value("velocity_dispersion"))
        profile = exponential if self.profile == "exponential" else sech2
        return profile(z, self.value("scale_height"))

    def density(
        self, radius: Floats, z: Floats, sun_radius: float, potential: Floats | None = None
    ) -> Floats:
        """Give the mass density at cylindrical radii and heights.

        Parameters
        ----------
        radius, z
            (n,) kpc.
        sun_radius
            Distance of the Sun from the axis, kpc.
        potential
            Vertical potential at the Sun, at heights ``z / stretch``, (n,) (km/s)^2; isothermal
            discs need it.

        Returns
        -------
        (n,) Msun/pc^3.
        """
        if self.kind == "spheroid":
            core = self.value("core_radius") if "core_radius" in self.quantities else 0.0
            m2 = radius**2 + (z / self.value("flattening")) ** 2
            ratio = (m2 + core**2) / (sun_radius**2 + core**2)
            spheroid: Floats = self.midplane_density * ratio ** (-0.5 * self.value("slope"))
            return spheroid
        radial = np.exp(-(radius - sun_radius) / self.value("scale_length"))
        disc: Floats = self.midplane_density * self.vertical(z, potential) * radial
        return disc

    def keys(self) -> Iterator[tuple[str, str]]:
        """Name each quantity, and the deviate that it errs with."""
        for name, quantity in self.quantities.items():
            yield name, quantity.group or f"{self.name}/{name}"

    def realised(self, deviates: Mapping[str, float]) -> Component:
        """Give a possible true component, without errors; see ``Measured.realised``."""
        quantities = {
            name: self.quantities[name].realised(deviates[key]) for name, key in self.keys()
        }
        return replace(self, quantities=quantities)

    def scaled(
        self, scale_length: float | None, density_factor: float, height_factor: float
    ) -> Component:
        """Move the sliders of a component; see ``BaryonModel.scaled``."""
        quantities = dict(self.quantities)
        for name in ("local_density", "surface_density"):
            if name in quantities:
                quantities[name] = quantities[name].scaled(density_factor)
        if self.kind == "spheroid":
            return replace(self, quantities=quantities)
        if scale_length is not None:
            old = quantities["scale_length"]
            quantities["scale_length"] = old.scaled(scale_length / old.value)
        if self.profile == "isothermal":
            stretch = self.stretch * height_factor
            return replace(self, quantities=quantities, stretch=stretch)
        quantities["scale_height"] = quantities["scale_height"].scaled(height_factor)
        return replace(self, quantities=quantities)
