r"""Penalised likelihood of a smooth density, its sizes chosen by their evidence.

For an exponential family the data enter by the sums of the functions alone: with t = sum_i b(x_i)
over N stars the penalised log-likelihood is

    L(c) = t . c - N ln Z(c) - sum_k c_k^2 / (2 s^2 e_k),   Z = int exp(b(x) . c) dx,

concave in c (Silverman 1982, Ann. Stat. 10, 795). Newton's method takes the integral over the ball
by quadrature, so that its surface is no edge of the model: nothing is smeared across it. The
size s of each effect is that of the largest evidence in Laplace's approximation, found by
MacKay's fixed point (1992, Neural Comput. 4, 415).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.density.smooth.basis import Anova
from engine.density.smooth.coordinates import SmoothCoordinates
from engine.density.smooth.density import SmoothDensity
from engine.density.smooth.quadrature import ball_cells

__all__ = ["Effects", "SmoothFit", "excess_scatter"]

_CHUNK = 65_536
_LINEAR = 100.0
"""Prior variance of the coefficients of the linear functions."""

_SMALLEST, _LARGEST = 1e-3, 30.0
_STEPS, _TUNED = 60, 40
_COMPARED, _IN_BOX, _QUANTILE_ROWS = 200_000, 100, 100_000
_SETTLED, _CHANGE = 0.01, 0.05
"""Log-likelihood that a last step may gain, and relative change of the sizes."""


@dataclass(frozen=True)
class Effects:
    """Coefficients (K,) of one fit, the size of each effect, and ln Z."""

    coefficients: Tensor
    sizes: Tensor
    log_norm: float


class SmoothFit:
    """Fits to samples in one ball, which share functions and quadrature.

    Parameters
    ----------
    coordinates
        Those of the ball.
    """

    def __init__(self, coordinates: SmoothCoordinates) -> None:
        self.coordinates, self.basis = coordinates, Anova.of(coordinates.count)
        cells = ball_cells(coordinates)
        self._log_weight = torch.log(cells.weight)
        self._design = self.basis.design(coordinates(cells.points))
        self._spectrum = self.basis.spectrum()

    def sums(self, x: Tensor, counts: Tensor) -> Tensor:
        """Add up the functions over stars.

        Parameters
        ----------
        x
            (n, 3) kpc.
        counts
            How often each sample has each star, (S, n).

        Returns
        -------
        Tensor
            (S, K), float64.
        """
        total = torch.zeros(len(counts), len(self.basis), dtype=torch.float64)
        parts = zip(torch.split(x, _CHUNK), torch.split(counts, _CHUNK, 1), strict=True)
        for part, weight in parts:
            total += weight.double() @ self.basis.design(self.coordinates(part.double()))
        return total

    def tuned(self, sums: Tensor, stars: float, on_step: Callable[[float], None]) -> Effects:
        """Fit with sizes chosen by the evidence.

        Parameters
        ----------
        sums, stars
            The sums (K,) over so many stars.
        on_step
            Called with the finished part, 0 to 1; may raise to stop.
        """
        sizes = torch.ones(len(self.basis.blocks), dtype=torch.float64)
        found = Effects(torch.zeros_like(sums), sizes, 0.0)
        for step in range(_TUNED):
            on_step(step / _TUNED)
            found, gain, factor = self._newton(found, sums, stars)
            if gain > 1.0 and step % 3 < 2:
                continue
            changed = self._sizes(found, factor)
            settled = bool((changed / found.sizes).log().abs().max() < _CHANGE)
            found = Effects(found.coefficients, changed, found.log_norm)
            if settled and gain < 1.0:
                break
        return self.fitted(sums, stars, found)

    def fitted(self, sums: Tensor, stars: float, start: Effects) -> Effects:
        """Fit with given sizes, from a start."""
        found = start
        for _ in range(_STEPS):
            found, gain, _ = self._newton(found, sums, stars)
            if gain < _SETTLED:
                break
        return found

    def density(self, members: list[Effects]) -> SmoothDensity:
        """Put fits together to an ensemble."""
        coefficients = torch.stack([member.coefficients for member in members])
        log_norm = torch.tensor([member.log_norm for member in members], dtype=torch.float64)
        return SmoothDensity(self.coordinates, coefficients, log_norm, self.basis)

    def _precision(self, sizes: Tensor) -> Tensor:
        smooth = sizes[self.basis.block] ** 2 * self._spectrum
        linear = torch.full((self.basis.coordinates,), 1 / _LINEAR, dtype=torch.float64)
        return torch.cat([linear, 1 / smooth])

    def _value(
        self, c: Tensor, sums: Tensor, stars: float, precision: Tensor
    ) -> tuple[float, Tensor, float]:
        exponent = self._design @ c + self._log_weight
        log_norm = torch.logsumexp(exponent, 0)
        value = sums @ c - stars * log_norm - 0.5 * (precision * c**2).sum()
        return float(value), torch.exp(exponent - log_norm), float(log_norm)

    def _newton(self, found: Effects, sums: Tensor, stars: float) -> tuple[Effects, float, Tensor]:
        """Take one step, halved until it gains; give the gain and the factor of the Hessian."""
        c, precision = found.coefficients, self._precision(found.sizes)
        before, part, _ = self._value(c, sums, stars, precision)
        mean = part @ self._design
        hessian = stars * ((self._design * part[:, None]).T @ self._design)
        hessian -= stars * torch.outer(mean, mean)
        hessian += torch.diag(precision)
        factor = torch.linalg.cholesky(hessian)
        step = torch.cholesky_solve((sums - stars * mean - precision * c)[:, None], factor)[:, 0]
        length = 1.0
        while True:
            value, _, log_norm = self._value(c + length * step, sums, stars, precision)
            if value >= before - 1e-6 or length < 1e-6:
                return Effects(c + length * step, found.sizes, log_norm), value - before, factor
            length /= 2

    def _sizes(self, found: Effects, factor: Tensor) -> Tensor:
        """Give s^2 = <(c^2 + variance) / e> over the functions of each effect."""
        variance = torch.cholesky_inverse(factor).diagonal()[self.basis.coordinates :]
        square = (found.coefficients[self.basis.coordinates :] ** 2 + variance) / self._spectrum
        count = torch.bincount(self.basis.block).double()
        mean = torch.zeros_like(count).index_add_(0, self.basis.block, square) / count
        return mean.sqrt().clamp(_SMALLEST, _LARGEST)


def excess_scatter(density: SmoothDensity, x: Tensor, seed: int) -> float:
    """Tell by how much the counts of stars scatter about a density, beyond chance.

    Stars and as many draws are counted in boxes whose edges are the stars' quantiles along each
    coordinate; holes that a selection cuts show as a scatter of tens of per cent.

    Parameters
    ----------
    density
        With one member or more; the first is asked.
    x
        Stars (n, 3) kpc inside the ball.

    Returns
    -------
    float
        Relative scatter of the counts, 0 where chance explains all of it.
    """
    generator = torch.Generator().manual_seed(seed)
    n = min(len(x), _COMPARED)
    chosen = x[torch.randperm(len(x), generator=generator)[:n]].double()
    drawn = density.pick(slice(0, 1)).positions(
        torch.randn(1, n, 3, dtype=torch.float64, generator=generator)
    )[0]
    sides = int(max(2, min(8, round((n / _IN_BOX) ** (1 / 3)))))
    index = [torch.zeros(n, dtype=torch.int64) for _ in range(2)]
    for column in range(3):
        values = [density.coordinates(part)[:, column].contiguous() for part in (chosen, drawn)]
        inner = torch.arange(1, sides, dtype=torch.float64) / sides
        edges = torch.quantile(values[0][:_QUANTILE_ROWS], inner)
        for k in range(2):
            index[k] = index[k] * sides + torch.searchsorted(edges, values[k])
    seen, expected = (torch.bincount(i, minlength=sides**3).double() for i in index)
    beyond = ((seen - expected) ** 2 - seen - expected).mean()
    return float((beyond.clamp_min(0.0)).sqrt() / seen.mean())
