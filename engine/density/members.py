"""Which stars the members of a plan learn from, those with additional noise included."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.density.plan import MemberPlan
from engine.density.split import MemberSplit, split_members

__all__ = ["NoisyRows", "base_split", "noisy_split"]


def base_split(plan: MemberPlan, stars: int, fraction: float, seed: int) -> MemberSplit:
    """Split the stars for the members of a plan without additional noise."""
    return split_members(
        stars, plan.base, fraction, seed, bootstrap=plan.bootstrap, twins=plan.twins
    )


@dataclass(frozen=True)
class NoisyRows:
    """Where the stars of one member lie among all tables, once noise was added.

    Parameters
    ----------
    star
        Which star of the first table each row is, -1 for one that was outside then, (n,).
    start
        Number of the first row in all tables together.
    """

    star: NDArray[np.int64]
    start: int


def noisy_split(
    base: MemberSplit, stars: int, tables: list[NoisyRows], seed: int, streams: tuple[int, ...]
) -> MemberSplit:
    """Give the split of all members, those with additional noise included.

    A noisy member learns from the stars of its model without noise, as often as it does, as far
    as they are still in the volume; stars that came in are taken in proportion. So the two
    differ by the noise and little else.

    Parameters
    ----------
    base
        Rows of the M members without noise, in the first table.
    stars
        Rows of the first table.
    tables
        One for each further member, in the order of the members.
    seed
        Of the choice among stars that came in.
    streams
        See ``MemberSplit``.
    """
    members = len(base.train)
    train, validation = [*base.train], [*base.validation]
    for index, table in enumerate(tables):
        generator = torch.Generator().manual_seed(7919 * (seed + 1) + index)
        where = np.full(stars, -1, np.int64)
        known = np.flatnonzero(table.star >= 0)
        where[table.star[known]] = known
        came = torch.from_numpy(np.flatnonzero(table.star < 0))
        own = index % members
        held_out = base.validation.shape[1] / stars
        mixed = came[torch.randperm(len(came), generator=generator)]
        cut = round(held_out * len(came))
        for rows, new, target in (
            (base.train[own], mixed[cut:], train),
            (base.validation[own], mixed[:cut], validation),
        ):
            moved = torch.from_numpy(where[rows.numpy()])
            kept = torch.cat([moved[moved >= 0], new])
            target.append(_to_length(kept, len(rows), generator) + table.start)
    return MemberSplit(torch.stack(train), torch.stack(validation), streams)


def _to_length(rows: Tensor, length: int, generator: torch.Generator) -> Tensor:
    """Leave out or repeat rows at random until there are as many as wanted."""
    if len(rows) >= length:
        return rows[torch.randperm(len(rows), generator=generator)[:length]]
    more = torch.randint(len(rows), (length - len(rows),), generator=generator)
    return torch.cat([rows, rows[more]])
