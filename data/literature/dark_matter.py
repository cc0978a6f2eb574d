"""Local densities of dark matter that others have published."""

from __future__ import annotations

from dataclasses import dataclass

from data.constants import GEV_PER_CM3

__all__ = ["PUBLISHED_DARK_MATTER", "PublishedDensity"]


@dataclass(frozen=True)
class PublishedDensity:
    """A published density of dark matter at the Sun's distance from the Galactic centre.

    Parameters
    ----------
    label, reference
        What it was measured with, and where it stands.
    value, error
        As published.
    unit
        ``GeV cm-3`` or ``Msun pc-3``, as published.
    """

    label: str
    reference: str
    value: float
    error: float
    unit: str

    @property
    def msun_pc3(self) -> tuple[float, float]:
        """Value and error in Msun/pc^3."""
        factor = 1.0 if self.unit == "Msun pc-3" else 1.0 / GEV_PER_CM3
        return self.value * factor, self.error * factor

    @property
    def gev_cm3(self) -> tuple[float, float]:
        """Value and error in GeV/cm^3."""
        value, error = self.msun_pc3
        return value * GEV_PER_CM3, error * GEV_PER_CM3


PUBLISHED_DARK_MATTER = (
    PublishedDensity(
        "Normalising flows, Gaia DR3, spherical average",
        "arXiv:2305.13358",
        0.47,
        0.05,
        "GeV cm-3",
    ),
    PublishedDensity(
        "Circular velocity, APOGEE and Gaia DR3",
        "Ou+ 2023, arXiv:2303.12838",
        0.447,
        0.004,
        "GeV cm-3",
    ),
    PublishedDensity(
        "Circular velocity, red giants", "Eilers+ 2019, arXiv:1810.09466", 0.30, 0.03, "GeV cm-3"
    ),
    PublishedDensity(
        "Vertical force and census of the disc",
        "McKee, Parravano & Hollenbach 2015, arXiv:1509.05334",
        0.013,
        0.003,
        "Msun pc-3",
    ),
)
