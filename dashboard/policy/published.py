"""The vector at the Sun next to what others have published."""

from __future__ import annotations

import math
from dataclasses import dataclass

from data.frames import DEFAULT_SUN
from engine.cubes.quantities import UNITS


@dataclass(frozen=True)
class Published:
    """A published size of the acceleration at the Sun.

    Parameters
    ----------
    label, reference
        What it is and where it stands.
    value, error
        1e-10 m/s2.
    """

    label: str
    reference: str
    value: float
    error: float


def speed_to_acceleration(speed: float, error: float, radius: float) -> tuple[float, float]:
    """Turn a circular speed (km/s) at a radius (kpc) into v^2 / R and its error, 1e-10 m/s2."""
    factor = UNITS["1e-10 m/s2"].factor
    return speed**2 / radius * factor, 2 * speed * error / radius * factor


PUBLISHED = (
    Published("Normalising flows, Gaia DR3", "arXiv:2305.13358", 1.94, 0.22),
    Published("Aberration of quasars, Gaia EDR3", "arXiv:2012.02036", 2.32, 0.16),
    Published(
        "Circular speed 229.0 ± 0.2 km/s, v²/R",
        "Eilers+ 2019, arXiv:1810.09466",
        *speed_to_acceleration(229.0, 0.2, DEFAULT_SUN.radius),
    ),
)


@dataclass(frozen=True)
class AtSun:
    """The acceleration at the Sun by one run, km2 s-2 kpc-1.

    Parameters
    ----------
    acceleration, sd
        Three components each.
    radius
        Distance of the Sun from the axis of the Galaxy, kpc.
    trusted, reasons
        Whether to believe it, and why not.
    """

    acceleration: tuple[float, float, float]
    sd: tuple[float, float, float]
    radius: float
    trusted: bool
    reasons: tuple[str, ...]

    @property
    def size(self) -> tuple[float, float]:
        """Size of the vector and its error, errors of the components taken as independent."""
        total = math.sqrt(sum(a * a for a in self.acceleration))
        if total == 0:
            return 0.0, math.sqrt(sum(s * s for s in self.sd))
        variance = sum((a * s) ** 2 for a, s in zip(self.acceleration, self.sd, strict=True))
        return total, math.sqrt(variance) / total

    @property
    def circular_speed(self) -> tuple[float, float]:
        """Speed of a circular orbit, sqrt(R |a_x|) with the Sun on the x axis, and its error."""
        inward, error = -self.acceleration[0], self.sd[0]
        if inward <= 0:
            return math.nan, math.nan
        speed = math.sqrt(self.radius * inward)
        return speed, 0.5 * speed * error / inward


def pull(ours: tuple[float, float], theirs: Published) -> float:
    """Difference of two sizes in their common standard deviation; both in 1e-10 m/s2."""
    return (ours[0] - theirs.value) / math.hypot(ours[1], theirs.error)
