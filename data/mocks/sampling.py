"""Stars of an equilibrium galaxy inside a ball, the same for any number of threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from data.errors import UserError
from data.mocks.ball import Ball
from data.mocks.orbits import Candidates, Mixing, candidates, choose_step
from data.mocks.potentials import GalaxyPotential
from data.mocks.tracers import TRACERS, RadialTables, Tracer, radial_tables

__all__ = ["Sample", "sample_galaxy", "share_out"]

FloatArray = npt.NDArray[np.float64]

_PROGRESS_NAMES = {"thin": "thin-disc", "thick": "thick-disc"}

CHUNK = 2048
"""Orbits drawn from one random stream. Changing it changes every mock."""

MAX_EMPTY_CHUNKS = 200
"""Chunks without a single star after which a ball counts as empty of this tracer."""


@dataclass(frozen=True)
class Sample:
    """Stars of a mock in random order.

    Parameters
    ----------
    x, v
        Positions (n, 3) kpc and velocities (n, 3) km/s, Galactocentric.
    tracer
        Label (n,) of the tracer population.
    steps
        Time step (Myr) used for each tracer, by name.
    energy_errors
        Median energy error over v_c^2 / 2 of each tracer's pilot sample, by name.
    """

    x: FloatArray
    v: FloatArray
    tracer: npt.NDArray[np.int8]
    steps: dict[str, float]
    energy_errors: dict[str, float]


def sample_galaxy(
    galaxy: GalaxyPotential,
    stars: int,
    seed: int,
    ball: Ball,
    *,
    threads: int = 1,
    mixing: Mixing | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> Sample:
    """Draw `stars` independent stars of `galaxy` inside `ball`.

    Each chunk of orbits has a random stream of its own and chunks are taken in order, so that
    the result depends on the seed and not on `threads`. Threads suffice: gala integrates
    outside the interpreter lock.
    """
    mixing = mixing or Mixing()
    tables = radial_tables(galaxy)
    done = 0
    parts: list[tuple[FloatArray, FloatArray, int]] = []
    steps: dict[str, float] = {}
    errors: dict[str, float] = {}
    with ThreadPoolExecutor(threads) as pool:
        for tracer, wanted in zip(TRACERS, share_out(stars), strict=True):
            if wanted == 0:
                continue
            step, error = choose_step(galaxy, tracer, tables, ball)
            steps[tracer.name], errors[tracer.name] = step, error
            work = _Work(galaxy, tracer, tables, ball, replace(mixing, step=step), seed)

            def report(
                kept: int, done: int = done, wanted: int = wanted, name: str = tracer.name
            ) -> None:
                if progress:
                    progress(
                        (done + min(kept, wanted)) / stars,
                        f"sampling {_PROGRESS_NAMES.get(name, name)} stars",
                    )

            x, v = _collect(work, wanted, pool, threads, report)
            parts.append((x, v, tracer.label))
            done += wanted
    x = np.concatenate([part[0] for part in parts])
    v = np.concatenate([part[1] for part in parts])
    label = np.concatenate([np.full(len(part[0]), part[2], dtype=np.int8) for part in parts])
    order = np.random.default_rng([seed, len(TRACERS)]).permutation(stars)
    return Sample(x[order], v[order], label[order], steps, errors)


def share_out(stars: int) -> list[int]:
    """Split `stars` over the tracers by their fractions; the rest goes to the first."""
    counts = [int(stars * tracer.fraction) for tracer in TRACERS]
    counts[0] += stars - sum(counts)
    return counts


@dataclass(frozen=True)
class _Work:
    """All that a chunk needs to be drawn."""

    galaxy: GalaxyPotential
    tracer: Tracer
    tables: RadialTables
    ball: Ball
    mixing: Mixing
    seed: int

    def chunk(self, index: int) -> Candidates:
        """Draw the candidates of one chunk from its own random stream."""
        rng = np.random.default_rng([self.seed, self.tracer.label, index])
        return candidates(
            self.galaxy, self.tracer, self.tables, self.ball, self.mixing, CHUNK, rng
        )

    @property
    def bound(self) -> float:
        """Largest weight that an orbit can have, 0 where that is not known beforehand."""
        return self.ball.largest_half_arc / np.pi if self.galaxy.axisymmetric else 0.0


def _collect(
    work: _Work,
    wanted: int,
    pool: ThreadPoolExecutor,
    threads: int,
    report: Callable[[int], None],
) -> tuple[FloatArray, FloatArray]:
    """Take chunks in order until `wanted` stars are kept; return those, (wanted, 3) each.

    A candidate is kept with probability weight / bound. Where no bound is known the largest
    weight so far stands for it: tickets are kept and judged again when it grows.
    """
    parts: list[Candidates] = []
    bound, kept = work.bound, 0
    for part in _chunks_in_order(work, pool, threads):
        parts.append(part)
        largest = float(part.weight.max(initial=0.0))
        if largest > bound:
            bound = largest
            kept = sum(int(np.count_nonzero(_keep(p, bound))) for p in parts)
        else:
            kept += int(np.count_nonzero(_keep(part, bound)))
        report(kept)
        if kept >= wanted:
            break
        if kept == 0 and len(parts) >= MAX_EMPTY_CHUNKS:
            raise _empty(work)
    x = np.concatenate([p.x[_keep(p, bound)] for p in parts])
    v = np.concatenate([p.v[_keep(p, bound)] for p in parts])
    return x[:wanted], v[:wanted]


def _keep(part: Candidates, bound: float) -> npt.NDArray[np.bool_]:
    """Tell which candidates (n,) are kept when `bound` is the largest weight."""
    return part.ticket * bound < part.weight


def _chunks_in_order(work: _Work, pool: ThreadPoolExecutor, threads: int) -> Iterator[Candidates]:
    """Yield chunks 0, 1, 2, ... while the pool draws the next ones."""
    pending: deque[Future[Candidates]] = deque()
    index = 0
    try:
        while True:
            while len(pending) <= threads:
                pending.append(pool.submit(work.chunk, index))
                index += 1
            yield pending.popleft().result()
    finally:
        for future in pending:
            future.cancel()


def _empty(work: _Work) -> UserError:
    centre = ", ".join(f"{c:g}" for c in work.ball.centre)
    return UserError(
        f"No orbit of the {work.tracer.name} tracers enters the ball of "
        f"{work.ball.radius:g} kpc around ({centre}) kpc.",
        "Choose a larger radius.",
    )
