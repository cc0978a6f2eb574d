"""The baryons of a mock galaxy, which are known exactly."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.integrate import simpson

from data.baryons.model import column_heights, points_array
from data.errors import UserError
from data.frames import DEFAULT_SUN

if TYPE_CHECKING:  # gala takes a second to import
    from data.mocks.truth import Truth

__all__ = ["KnownBaryons", "truth_baryons", "without_baryons"]

Floats = npt.NDArray[np.float64]

_DARK_KINDS = {"nfw", "logarithmic"}
_DARK_WORDS = ("halo", "dark")


@dataclass(frozen=True)
class KnownBaryons:
    """Components of a mock's truth that count as baryons; no errors.

    Parameters
    ----------
    truth
        What the mock was drawn from.
    components
        Names of the baryonic components.
    sun_radius
        Cylindrical radius at which local values are given, kpc.
    factor
        What their density is multiplied with: 1 is the truth, anything else a question.
    """

    truth: Truth
    components: tuple[str, ...]
    sun_radius: float = DEFAULT_SUN.radius
    factor: float = 1.0

    @property
    def name(self) -> str:
        """Name by which provenance refers to it."""
        return f"truth of {self.truth.galaxy.name}"

    @property
    def axisymmetric(self) -> bool:
        """Whether the density is the same all round the axis of the Galaxy."""
        parts = self.truth.galaxy.components
        return all(parts[name].origin[:2] == (0.0, 0.0) for name in self.components)

    def density(self, x: npt.ArrayLike) -> Floats:
        """Give the density at positions (n, 3) kpc, (n,) Msun/pc^3."""
        points = points_array(x)
        total = np.zeros(len(points))
        for component in self.components:
            total += self.truth.density(points, component)
        return self.factor * total

    def draws(self, x: npt.ArrayLike, count: int, seed: int) -> Floats:
        """Give the same exact density ``count`` times, (count, n)."""
        density = self.density(x)
        return np.tile(density, (count, 1))

    def table(self, radius: Floats, z: Floats, count: int, seed: int) -> Floats:
        """Give the exact density at radii (r,) and heights (h,) kpc, (1 + count, r, h)."""
        r, zz = np.meshgrid(radius, z, indexing="ij")
        points = np.stack([r.ravel(), np.zeros(r.size), zz.ravel()], axis=1)
        density = self.density(points).reshape(r.shape)
        return np.tile(density, (1 + count, 1, 1))

    def local_density(self, count: int = 0, seed: int = 0) -> tuple[float, float]:
        """Give the density in the plane at the Sun's radius, Msun/pc^3, and the error 0."""
        return float(self.density([[self.sun_radius, 0.0, 0.0]])[0]), 0.0

    def surface_density(
        self,
        z_max: float = 1.1,
        count: int = 0,
        seed: int = 0,
    ) -> tuple[float, float]:
        """Give the surface density within ``z_max`` kpc of the plane, Msun/pc^2; error 0."""
        z = column_heights(z_max)
        column = np.stack([np.full_like(z, self.sun_radius), np.zeros_like(z), z], axis=1)
        return 1e3 * float(simpson(self.density(column), x=z)), 0.0


def truth_baryons(truth: Truth, dark: Collection[str] | None = None) -> KnownBaryons:
    """Take the components of a mock that are not its dark halo as its baryons.

    Parameters
    ----------
    truth
        What the mock was drawn from.
    dark
        Names of the dark components. None: those of a halo's kind (NFW, logarithmic) or with
        ``halo`` or ``dark`` in their name.

    Raises
    ------
    UserError
        If a dark component is unknown, or none is found.
    """
    names = truth.components
    if dark is None:
        kinds = {name: part.kind for name, part in truth.galaxy.components.items()}
        found = {
            name
            for name in names
            if kinds[name] in _DARK_KINDS or any(word in name.lower() for word in _DARK_WORDS)
        }
    else:
        found = set(dark)
        unknown = sorted(found - set(names))
        if unknown:
            raise UserError(
                f"The mock has no component {', '.join(unknown)}.",
                f"Its components are {', '.join(names)}.",
            )
    if not found:
        raise UserError("The mock has no dark component.", "Name it.")
    return KnownBaryons(truth, tuple(name for name in names if name not in found))


def without_baryons(truth: Truth) -> bool:
    """Tell whether all mass of a mock is dark, as that of a dwarf galaxy's halo."""
    try:
        return not truth_baryons(truth).components
    except UserError:
        return False
