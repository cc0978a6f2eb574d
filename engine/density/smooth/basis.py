r"""Functions that make up the logarithm of a density: an analysis of variance in sines.

    ln p(x) = sum_d a_d q_d + sum_d f_d(q_d) + sum_(d<e) f_de(q_d, q_e) + f_123(q) - ln Z

Each f is a Gaussian process, written in the sines of a wider interval (Solin & Sarkka 2020, Stat.
Comput. 30, 419). Its kernel is the squared exponential, but along the height above a disc, beside
the Galactic axis, Matern's of order 7/2: a disc bends within 200 pc of its plane and hardly at
all beyond, which the first kernel takes for so improbable that the gradient rings. Main effects,
pairs and the triple have each a size of their own: what all stars at one height say together is
not blurred by what a few of them could say of their azimuth.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

__all__ = ["Anova"]

_PAD = 1.6
"""Half of the interval of the sines in half-widths of the coordinates."""

_PLANE, _FINE = (7, 5, 4), {3: (24, 14, 5), 4: (12, 9, 5)}
_LENGTH, _FINE_LENGTH = 0.7, {3: 0.5, 4: 0.35}
"""Sines of a coordinate alone, in pairs and in the triple, and correlation lengths; the fine
coordinates, of 3 or 4, are those of height and distance. Of a coordinate alone and in pairs the
kernels leave less than a thousandth of the variance beyond these orders."""

_ROUGHNESS = 3.5
"""Order of Matern's kernel."""


@dataclass(frozen=True)
class Anova:
    """The basis for D = 3 (two of the plane, a fine one) or 4 (two fine) coordinates.

    Parameters
    ----------
    coordinates
        D.
    fine
        Sines of a fine coordinate alone, in pairs and in the triple.
    """

    coordinates: int
    fine: tuple[int, int, int]

    @classmethod
    def of(cls, coordinates: int) -> Anova:
        """Choose the sines for D coordinates."""
        return cls(coordinates, _FINE[coordinates])

    @property
    def kinds(self) -> tuple[str, ...]:
        """Whether each coordinate is one of the plane or a fine one."""
        return ("plane", "plane", "fine", "fine")[: self.coordinates]

    def _highest(self, coordinate: int, together: int) -> int:
        """Give the highest order of a coordinate in effects of so many."""
        return (_PLANE if self.kinds[coordinate] == "plane" else self.fine)[together - 1]

    @cached_property
    def blocks(self) -> list[tuple[int, ...]]:
        """The coordinates of each effect."""
        singles = [(d,) for d in range(self.coordinates)]
        return [*singles, *itertools.combinations(range(self.coordinates), 2), (0, 1, 2)]

    @cached_property
    def _table(self) -> tuple[Tensor, Tensor]:
        rows, block = [], []
        for number, effect in enumerate(self.blocks):
            spans = [range(1, self._highest(d, len(effect)) + 1) for d in effect]
            for orders_of in itertools.product(*spans):
                row = [0] * self.coordinates
                for d, order in zip(effect, orders_of, strict=True):
                    row[d] = order
                rows.append(row)
                block.append(number)
        return torch.tensor(rows), torch.tensor(block)

    @property
    def orders(self) -> Tensor:
        """Order of each function's sine in each coordinate, 0 where it has none, (K, D)."""
        return self._table[0]

    @property
    def block(self) -> Tensor:
        """The effect that each function belongs to, (K,)."""
        return self._table[1]

    def __len__(self) -> int:
        """Give the number of functions, the linear ones included."""
        return self.coordinates + len(self.orders)

    def spectrum(self) -> Tensor:
        """Give the prior variances (K,) of the coefficients of the sines for effects of size 1."""
        lengths = torch.full((self.coordinates,), _LENGTH, dtype=torch.float64)
        fine = torch.tensor([kind == "fine" for kind in self.kinds])
        lengths[fine] = _FINE_LENGTH[self.coordinates]
        reach2 = (self.orders * (math.pi / (2 * _PAD)) * lengths) ** 2
        smooth = torch.exp(-0.5 * reach2)
        rough = (1 + reach2 / (2 * _ROUGHNESS)) ** -(_ROUGHNESS + 0.5)
        decay = torch.where(fine & (self.coordinates == 3), rough, smooth)
        # at zero, of the squared exponential; Matern's is 3% smaller, which the sizes make up
        level = torch.where(self.orders > 0, math.sqrt(2 * math.pi) * lengths, 1.0)
        return (decay * level).prod(-1)

    def lines(self, q: Tensor) -> list[Tensor]:
        """Give 1 and the sines of each coordinate: D tensors (..., 1 + orders)."""
        found = []
        for d in range(self.coordinates):
            order = torch.arange(1, self._highest(d, 1) + 1, dtype=q.dtype, device=q.device)
            sine = torch.sin((q[..., d : d + 1] + _PAD) * (order * math.pi / (2 * _PAD)))
            found.append(torch.cat([torch.ones_like(sine[..., :1]), sine / math.sqrt(_PAD)], -1))
        return found

    def design(self, q: Tensor) -> Tensor:
        """Give all functions at coordinates (..., D): (..., K + D), the linear ones first."""
        lines, orders = self.lines(q), self.orders.to(q.device)
        value = lines[0][..., orders[:, 0]]
        for d in range(1, self.coordinates):
            value = value * lines[d][..., orders[:, d]]
        return torch.cat([q, value], -1)

    def value(self, q: Tensor, coefficients: Tensor) -> Tensor:
        """Give ``design(q) @ coefficients`` (n,) at q (n, D), without writing the design down.

        Each effect is a sum over products of sines of single coordinates, so that it takes two
        small matrix products; that is some ten times faster than the design.
        """
        total = q @ coefficients[: self.coordinates]
        lines, begin = self.lines(q), self.coordinates
        for effect in self.blocks:
            highest = [self._highest(d, len(effect)) for d in effect]
            end = begin + math.prod(highest)
            first, *others = (
                lines[d][:, 1 : order + 1] for d, order in zip(effect, highest, strict=True)
            )
            for other in others[:-1]:
                first = (first[:, :, None] * other[:, None]).flatten(1)
            block = coefficients[begin:end].reshape(first.shape[1], -1)
            mixed = first @ block
            total = total + (mixed[:, 0] if not others else (mixed * others[-1]).sum(-1))
            begin = end
        return total
