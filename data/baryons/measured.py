"""A measured quantity of a baryon model: its value, its error and where they come from."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

__all__ = ["Measured"]


@dataclass(frozen=True)
class Measured:
    """A number of a baryon model, in the unit of its field (``data.baryons.component.FIELDS``).

    Parameters
    ----------
    value, error
        The number and its standard error; neither is negative.
    source
        Where the number stands, or how it was chosen.
    verified
        Whether somebody has held it against that source.
    group
        Quantities of one group err together: they are one guess or one measurement (the scale
        length of all stellar components, say). Empty: it errs by itself.
    """

    value: float
    error: float = 0.0
    source: str = ""
    verified: bool = False
    group: str = ""

    def scaled(self, factor: float) -> Measured:
        """Multiply the value and its error."""
        return replace(self, value=self.value * factor, error=self.error * factor)

    def realised(self, deviate: float) -> Measured:
        """Give one possible true value, without an error.

        The distribution is log-normal with ``value`` as its mean and ``error`` as its standard
        deviation, so that no density and no length comes out negative and the mean is not
        biased: ln q ~ N(ln value - s^2/2, s^2) with s^2 = ln(1 + (error/value)^2).

        Parameters
        ----------
        deviate
            Standard normal deviate.
        """
        if self.value == 0.0 or self.error == 0.0:
            return replace(self, error=0.0)
        variance = math.log1p((self.error / self.value) ** 2)
        logarithm = math.sqrt(variance) * deviate - 0.5 * variance
        return replace(self, value=self.value * math.exp(logarithm), error=0.0)
