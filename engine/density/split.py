"""Which stars a member learns from, and which it is judged by."""

from __future__ import annotations

from collections.abc import Sequence
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
    streams
        For each member the number that decides the order of its batches; by default its own.
    """

    train: Tensor
    validation: Tensor
    streams: tuple[int, ...] = ()

    def stream(self, member: int) -> int:
        """Give the number that decides the order of a member's batches."""
        return self.streams[member] if self.streams else member


def split_members(
    stars: int, members: int, fraction: float, seed: int, *, bootstrap: bool, twins: int = 0
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
    twins
        So many pairs of members, (0, 1), (2, 3) and so on, learn from the same stars in
        another order: they differ by where they started alone.
    """
    held_out = max(1, round(fraction * stars))
    train, validation = [], []
    for member in range(members):
        known = member - member % 2 if member < 2 * twins else member
        generator = torch.Generator().manual_seed(_mix(seed, known))
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


def epoch_permutations(seed: int, epoch: int, streams: Sequence[int], rows: int) -> Tensor:
    """Give the order in which each member sees its training rows in an epoch, (M, rows).

    The order depends on (seed, epoch, stream) alone, so that a resumed training goes on
    exactly as the undisturbed one.
    """
    orders = []
    for stream in streams:
        generator = torch.Generator().manual_seed(_mix(seed, epoch, stream))
        orders.append(torch.randperm(rows, generator=generator))
    return torch.stack(orders)
