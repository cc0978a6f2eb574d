"""Which stars a member learns from, and which it is judged by."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["MemberSplit", "split_members"]


@dataclass(frozen=True)
class MemberSplit:
    """Row numbers for every member.

    Parameters
    ----------
    train
        (M, n_train) int64; with ``bootstrap`` a sample with replacement, so that a star's
        multiplicity is its bootstrap weight.
    validation
        (M, n_validation) int64; never one of the member's training stars.
    """

    train: Tensor
    validation: Tensor


def split_members(
    stars: int, members: int, fraction: float, seed: int, *, bootstrap: bool
) -> MemberSplit:
    """Split the stars once for each member, by the member's own generator.

    The split comes first and the bootstrap draws from the training part alone: a duplicate can
    therefore never stand on both sides. Both flows of a member, p(x) and p(v|x), use one split.

    Parameters
    ----------
    stars, members
        Numbers of stars and members.
    fraction
        Part of the stars held out, between 0 and 1.
    seed
        Seed of the ensemble; member m uses (seed, m).
    bootstrap
        Draw the training stars with replacement (Efron 1979).
    """
    held_out = max(1, round(fraction * stars))
    train, validation = [], []
    for member in range(members):
        generator = torch.Generator().manual_seed(_mix(seed, member))
        order = torch.randperm(stars, generator=generator)
        rows = order[held_out:]
        if bootstrap:
            rows = rows[torch.randint(len(rows), (len(rows),), generator=generator)]
        train.append(rows)
        validation.append(order[:held_out])
    return MemberSplit(torch.stack(train), torch.stack(validation))


def _mix(*parts: int) -> int:
    """Hash small integers to one seed, so that (1, 0) and (0, 1) differ."""
    value = 0x9E3779B97F4A7C15
    for part in parts:
        value = (value ^ (part + 0x632BE59BD9B4E019)) * 0xBF58476D1CE4E5B9 % 2**63
        value ^= value >> 29
    return value


def epoch_permutations(seed: int, epoch: int, members: int, rows: int) -> Tensor:
    """Give the order in which each member sees its training rows in an epoch, (M, rows).

    The order depends on (seed, epoch, member) alone, so that a resumed training goes on
    exactly as the undisturbed one.
    """
    orders = []
    for member in range(members):
        generator = torch.Generator().manual_seed(_mix(seed, epoch, member))
        orders.append(torch.randperm(rows, generator=generator))
    return torch.stack(orders)
