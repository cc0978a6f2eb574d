"""The truth about a mock: what a map made from it should show.

Views and benchmarks read it; the engine never does.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data.constants import ACCELERATION_UNIT, DENSITY_UNIT, G
from data.errors import UserError
from data.mocks.potentials import GalaxyPotential

__all__ = ["Truth"]

FloatArray = npt.NDArray[np.float64]

FORMAT = 1
"""Version of truth.json; raised when an older program could misread a newer file."""


class Truth:
    """Acceleration and density of the galaxy that a mock was drawn from.

    Parameters
    ----------
    galaxy
        The model galaxy.
    record
        What else truth.json says: how the stars were drawn.
    """

    def __init__(self, galaxy: GalaxyPotential, record: dict[str, Any] | None = None) -> None:
        self.galaxy = galaxy
        self.record = dict(record or {})

    @property
    def components(self) -> list[str]:
        """Names of the components, for `density`."""
        return list(self.galaxy.components)

    def acceleration(self, x: npt.ArrayLike) -> FloatArray:
        """Acceleration at `x` (n, 3) kpc: (n, 3) km^2 s^-2 kpc^-1, Galactocentric."""
        return self.galaxy.acceleration(_points(x))

    def potential(self, x: npt.ArrayLike) -> FloatArray:
        """Gravitational potential at `x` (n, 3) kpc: (n,) km^2 s^-2."""
        return self.galaxy.potential(_points(x))

    def density(self, x: npt.ArrayLike, component: str | None = None) -> FloatArray:
        """Mass density at `x` (n, 3) kpc: (n,) Msun pc^-3, of one component or of all."""
        return self.galaxy.density(_points(x), component)

    def circular_velocity(self, R: npt.ArrayLike, phi: float = 0.0) -> FloatArray:  # noqa: N803
        """sqrt(R |a_R|) in the plane at radii `R` (n,) kpc: (n,) km/s.

        `phi` is the azimuth (rad, 0 at the Sun, positive along Galactic rotation); it matters
        where the galaxy is not axisymmetric.
        """
        # Galactic rotation is clockwise seen from +z, the mathematical azimuth the other way.
        return self.galaxy.circular_velocity(np.asarray(R, dtype=np.float64), -phi)

    def to_dict(self) -> dict[str, Any]:
        """JSON form of truth.json."""
        return {
            "format": FORMAT,
            "galaxy": self.galaxy.to_dict(),
            "frame": "Galactocentric, right-handed, Sun at +x, disc turns towards -y",
            "units": {
                "position": "kpc",
                "acceleration": ACCELERATION_UNIT,
                "density": DENSITY_UNIT,
            },
            "G": {"value": G, "unit": "kpc km2 s-2 Msun-1"},
            **self.record,
        }

    @classmethod
    def from_dict(cls, tree: dict[str, Any]) -> Truth:
        """Build the truth from the JSON form of `to_dict`."""
        known = {"format", "galaxy", "frame", "units", "G"}
        record = {key: value for key, value in tree.items() if key not in known}
        return cls(GalaxyPotential.from_dict(tree["galaxy"]), record)

    @classmethod
    def read(cls, path: str | Path) -> Truth:
        """Read truth.json.

        Raises
        ------
        UserError
            If there is no such file or it is damaged or of a newer program.
        """
        path = Path(path)
        try:
            tree = json.loads(path.read_text(encoding="utf-8"))
            newer = int(tree["format"]) > FORMAT
            truth = cls.from_dict(tree)
        except OSError as error:
            raise UserError(
                f"The truth file {path} cannot be read ({error.strerror}).",
                "Only mock catalogues have one.",
            ) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(
                f"The truth file {path} is damaged.", "Make the mock catalogue again."
            ) from error
        if newer:
            raise UserError(
                f"The truth file {path} was written by a newer version of Via Obscura.",
                "Update this program.",
            )
        return truth


def _points(x: npt.ArrayLike) -> FloatArray:
    """Positions as an (n, 3) array of doubles."""
    points = np.atleast_2d(np.asarray(x, dtype=np.float64))
    if points.ndim != 2 or points.shape[1] != 3:
        raise ValueError(f"positions must have shape (n, 3), not {points.shape}")
    return points
