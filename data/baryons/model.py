"""A baryon model: named components, each with errors, and the density that they add up to."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt
from scipy.integrate import simpson
from scipy.stats import norm, qmc

from data.baryons.component import Component
from data.baryons.measured import Measured
from data.baryons.vertical import VerticalPotential, from_force, self_consistent
from data.errors import UserError
from data.frames import DEFAULT_SUN

__all__ = ["BaryonModel", "ForceTable", "column_heights", "points_array"]

Floats = npt.NDArray[np.float64]

_NO_HALO = Measured(0.0)
_HALO_KEY = "dark halo of the vertical equilibrium"


@dataclass(frozen=True)
class ForceTable:
    """A given vertical force at the Sun.

    Parameters
    ----------
    z
        Heights in kpc, increasing from 0.
    force
        Size of K_z there, km^2 s^-2 kpc^-1.
    """

    z: tuple[float, ...]
    force: tuple[float, ...]


@dataclass(frozen=True)
class BaryonModel:
    """The baryons of the Galaxy as a list of components.

    Parameters
    ----------
    name, description
        Name by which users choose it; what it is and where it comes from, in a sentence.
    components
        The parts.
    sun_radius
        Distance of the Sun from the axis of the Galaxy, kpc: the radius at which local
        densities are given.
    halo_density
        Density of dark matter that isothermal components feel besides one another, Msun/pc^3,
        constant with height.
    force
        Vertical force that isothermal components feel; None: that of the components and
        ``halo_density`` themselves.
    """

    name: str
    description: str
    components: tuple[Component, ...]
    sun_radius: float = DEFAULT_SUN.radius
    halo_density: Measured = _NO_HALO
    force: ForceTable | None = None

    @cached_property
    def potential(self) -> VerticalPotential | None:
        """Vertical potential at the Sun; None where no component is isothermal."""
        hot = [c for c in self.components if c.profile == "isothermal"]
        if not hot:
            return None
        if self.force is not None:
            return from_force(np.asarray(self.force.z), np.asarray(self.force.force))
        rest = [c for c in self.components if c.profile != "isothermal"]
        radius = np.array([self.sun_radius])

        def others(z: float) -> float:
            height = np.array([z])
            known = (c.density(radius, height, self.sun_radius)[0] for c in rest)
            return self.halo_density.value + float(sum(known))

        dispersions = [c.value("velocity_dispersion") for c in hot]
        return self_consistent([c.midplane_density for c in hot], dispersions, others)

    @property
    def axisymmetric(self) -> bool:
        """Whether the density is the same all round the axis: it is, for all components."""
        return True

    def density(self, x: npt.ArrayLike, component: str | None = None) -> Floats:
        """Give the mass density of the best values.

        Parameters
        ----------
        x
            Galactocentric positions, (n, 3) kpc.
        component
            Name of one component; None for all.

        Returns
        -------
        (n,) Msun/pc^3.

        Raises
        ------
        UserError
            If there is no such component.
        """
        points = points_array(x)
        chosen = self.components if component is None else (self[component],)
        return self._sum(chosen, np.hypot(points[:, 0], points[:, 1]), points[:, 2])

    def table(self, radius: Floats, z: Floats, count: int, seed: int) -> Floats:
        """Give the best density and ``count`` draws of it, (1 + count, r, h) Msun/pc^3.

        For cylindrical radii (r,) and heights (h,) in kpc; a height is evaluated once for all
        radii.
        """
        models = (self, *self.realisations(count, seed))
        return np.array([model._sum(model.components, radius[:, None], z) for model in models])

    def _sum(self, chosen: tuple[Component, ...], radius: Floats, z: Floats) -> Floats:
        """Add components up at radii and heights whose shapes broadcast."""
        # the potential is dear and the isothermal components share it
        potentials = {
            part.stretch: self.potential(z / part.stretch)
            for part in chosen
            if part.profile == "isothermal" and self.potential is not None
        }
        total = np.zeros(np.broadcast_shapes(radius.shape, z.shape))
        for part in chosen:
            total += part.density(radius, z, self.sun_radius, potentials.get(part.stretch))
        return total

    def draws(self, x: npt.ArrayLike, count: int, seed: int) -> Floats:
        """Give equally likely densities, (count, n) Msun/pc^3, at positions (n, 3) kpc.

        The k-th row is the density of the k-th of ``realisations``: rows asked for at
        different places with the same count and seed belong together.
        """
        points = points_array(x)
        rows = [model.density(points) for model in self.realisations(count, seed)]
        return np.array(rows).reshape(count, len(points))

    def realisations(self, count: int, seed: int) -> tuple[BaryonModel, ...]:
        """Give equally likely models without errors.

        Every quantity is log-normal (``Measured.realised``), those of a group together. The
        deviates are a Latin hypercube (McKay, Beckman & Conover 1979): few draws already have
        the right mean and spread in every quantity.

        Parameters
        ----------
        count
            How many.
        seed
            Same seed, same models.
        """
        return _realisations(self, count, seed)

    def _realisations(self, count: int, seed: int) -> tuple[BaryonModel, ...]:
        keys = [key for part in self.components for _, key in part.keys()]  # noqa: SIM118
        unique = list(dict.fromkeys([*keys, self.halo_density.group or _HALO_KEY]))
        cube = qmc.LatinHypercube(len(unique), rng=np.random.default_rng(seed)).random(count)
        rows = norm.ppf(cube).tolist()
        return tuple(self._realised(dict(zip(unique, row, strict=True))) for row in rows)

    def local_density(
        self, count: int = 200, seed: int = 0, *, component: str | None = None
    ) -> tuple[float, float]:
        """Give the density in the plane at the Sun's radius and its error, Msun/pc^3."""
        place = [[self.sun_radius, 0.0, 0.0]]
        return self._with_error(lambda m: float(m.density(place, component)[0]), count, seed)

    def surface_density(
        self,
        z_max: float = 1.1,
        count: int = 200,
        seed: int = 0,
        *,
        component: str | None = None,
    ) -> tuple[float, float]:
        """Give the surface density within ``z_max`` kpc of the plane, Msun/pc^2, at the Sun."""
        z = column_heights(z_max)
        column = np.stack([np.full_like(z, self.sun_radius), np.zeros_like(z), z], axis=1)
        return self._with_error(
            lambda m: 1e3 * float(simpson(m.density(column, component), x=z)), count, seed
        )

    def scaled(
        self,
        *,
        scale_length: float | None = None,
        density_factor: float = 1.0,
        height_factor: float = 1.0,
        only: Collection[str] | None = None,
    ) -> BaryonModel:
        """Move the sliders: give a changed model; relative errors stay.

        Parameters
        ----------
        scale_length
            New scale length of the discs, kpc; None leaves them.
        density_factor
            Factor of the density (local or surface, whichever the component is given by).
        height_factor
            Factor of the heights of the discs. A surface density is kept, so that the density
            in the plane falls; a local density is kept, so that the surface density grows.
        only
            Names of the components to change; None for all.

        Raises
        ------
        UserError
            If a factor or length is not positive (the density may be set to zero), or a
            component is unknown.
        """
        for name, number in (("scale_length", scale_length), ("height_factor", height_factor)):
            if number is not None and not (math.isfinite(number) and number > 0.0):
                raise UserError(f"The {name} of a baryon model must be positive, not {number:g}.")
        if not (math.isfinite(density_factor) and density_factor >= 0.0):
            raise UserError(
                f"The density_factor of a baryon model must not be negative: {density_factor:g}."
            )
        chosen = {self[name].name for name in only} if only is not None else None
        parts = tuple(
            part.scaled(scale_length, density_factor, height_factor)
            if chosen is None or part.name in chosen
            else part
            for part in self.components
        )
        return replace(self, components=parts)

    def __getitem__(self, name: str) -> Component:
        """Give a component by its name; UserError where there is none."""
        for part in self.components:
            if part.name == name:
                return part
        known = ", ".join(part.name for part in self.components) or "none at all"
        raise UserError(
            f"The baryon model {self.name} has no component {str(name)[:60]!r}.",
            f"Its components are: {known}.",
        )

    def _realised(self, deviates: dict[str, float]) -> BaryonModel:
        parts = tuple(part.realised(deviates) for part in self.components)
        halo = self.halo_density.realised(deviates[self.halo_density.group or _HALO_KEY])
        return replace(self, components=parts, halo_density=halo)

    def _with_error(
        self, function: Callable[[BaryonModel], float], count: int, seed: int
    ) -> tuple[float, float]:
        best = function(self)
        drawn = np.array([function(model) for model in self.realisations(count, seed)])
        return best, float(np.sqrt(np.mean((drawn - best) ** 2))) if count else math.nan


@lru_cache(maxsize=8)
def _realisations(model: BaryonModel, count: int, seed: int) -> tuple[BaryonModel, ...]:
    """Keep the draws of a few models: each solves a vertical equilibrium once."""
    return model._realisations(count, seed)


def column_heights(z_max: float) -> Floats:
    """Heights in kpc at which a column is integrated: crowded towards the plane, (401,)."""
    heights: Floats = z_max * np.sinh(np.linspace(-4.0, 4.0, 401)) / np.sinh(4.0)
    return heights


def points_array(x: npt.ArrayLike) -> Floats:
    """Positions as doubles, (n, 3)."""
    points = np.asarray(x, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 3:
        raise ValueError(f"positions must have shape (n, 3), not {points.shape}")
    return points
