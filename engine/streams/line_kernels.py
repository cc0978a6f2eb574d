"""Compiled loops of the line finder: votes of stars for boxes, and the score of every box.

A box is a few steps wide in theta and in r; boxes slide by single steps. Directions theta and
theta + pi are the same line with r of the other sign, which is how the grid goes on at its ends.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data.frames import Floats
from data.selection.compiled import compiled

__all__ = ["Counts", "add_votes", "box_background", "box_scores", "voters"]

Counts = npt.NDArray[np.int32]


@compiled
def _reach(
    x: float, y: float, i: int, sine: Floats, cosine: Floats, half: int, low: float, step: float
) -> tuple[float, float]:
    """Give the least and largest r, in steps from the first edge, of a star within a theta box.

    The sinusoid's extremum between two edges of a step is missed by 0.01% of the star's distance.
    """
    least, most = 1e300, -1e300
    for k in range(i, i + 2 * half + 2):  # edges of the box; the table begins `half` steps early
        r = (x * sine[k] - y * cosine[k] - low) / step
        least, most = min(least, r), max(most, r)
    return least, most


@compiled
def add_votes(
    x: Floats, y: Floats, sine: Floats, cosine: Floats, half_theta: int, half_r: int,
    low: float, step: float, counts: Counts,
) -> None:  # fmt: skip
    """Let every star vote once for each box that its sinusoid enters.

    Parameters
    ----------
    x, y
        Degrees, (n,).
    sine, cosine
        Of the edges of the steps in theta, from ``half_theta`` steps before the first on.
    half_theta, half_r
        Steps of a box on either side of its middle one.
    low, step
        First edge and width of the steps in r, degrees.
    counts
        Votes by theta and r, (n_theta, n_r); they are added to.
    """
    n_theta, n_r = counts.shape
    row = np.zeros(n_r + 1, dtype=np.int32)
    for i in range(n_theta):
        row[:] = 0
        for s in range(len(x)):
            least, most = _reach(x[s], y[s], i, sine, cosine, half_theta, low, step)
            first = max(0, int(np.floor(least)) - half_r)
            last = min(n_r - 1, int(np.floor(most)) + half_r)
            if first <= last:
                row[first] += 1
                row[last + 1] -= 1
        total = 0
        for j in range(n_r):
            total += row[j]
            counts[i, j] += total


@compiled
def voters(
    x: Floats, y: Floats, i: int, j: int, sine: Floats, cosine: Floats, half_theta: int,
    half_r: int, low: float, step: float,
) -> npt.NDArray[np.bool_]:  # fmt: skip
    """Tell which stars vote for the box (i, j), (n,)."""
    found = np.zeros(len(x), dtype=np.bool_)
    for s in range(len(x)):
        least, most = _reach(x[s], y[s], i, sine, cosine, half_theta, low, step)
        found[s] = int(np.floor(least)) - half_r <= j <= int(np.floor(most)) + half_r
    return found


@compiled
def _add(target: Floats, source: Floats, sign: float) -> None:
    """Add one row to another: a loop plain enough for vector instructions."""
    for j in range(len(target)):
        target[j] += sign * source[j]


@compiled
def box_scores(
    counts: Counts, area: Floats, reach: int, hole: int, width_theta: int, width_r: int
) -> tuple[Floats, Floats, Floats]:
    """Score every box against a lattice of boxes round it that do not overlap.

    Parameters
    ----------
    counts, area
        Votes and areas (square degrees) of the boxes, (n_theta, n_r); boxes of area 0 are left
        out everywhere.
    reach, hole
        The lattice has 2 reach + 1 boxes a side, without the middle 2 hole + 1.
    width_theta, width_r
        Steps of a box: the lattice constants.

    Returns
    -------
    sigma, sigma_vm1, background
        Each (n_theta, n_r): (S - B)/sqrt(B + dB^2 + 1), (S - B)/sqrt(B) (with B = 1 where there
        is none) and B in stars; -inf and NaN where there is nothing to compare with.
    """
    n_theta, n_r = counts.shape
    pad, side = reach * width_theta, reach * width_r
    rows = n_theta + 2 * pad
    # Per row and over the lattice along r: how many boxes, their densities and those squared;
    # then the same of the boxes that are left out. Inner loops run along r without branches.
    whole, middle = np.zeros((3, rows, n_r)), np.zeros((3, rows, n_r))
    wide = np.zeros((3, n_r + 2 * side))
    for row in range(rows):
        i = row - pad
        turned = i < 0 or i >= n_theta
        i %= n_theta
        for j in range(n_r):
            k = side + (n_r - 1 - j if turned else j)
            a = area[i, j]
            density = counts[i, j] / a if a > 0 else 0.0
            wide[0, k] = 1.0 if a > 0 else 0.0
            wide[1, k] = density
            wide[2, k] = density * density
        for q in range(3):
            for step in range(-reach, reach + 1):
                shift = side + step * width_r
                _add(whole[q, row], wide[q, shift : shift + n_r], 1.0)
                if -hole <= step <= hole:
                    _add(middle[q, row], wide[q, shift : shift + n_r], 1.0)
    sigma, older = np.full((n_theta, n_r), -np.inf), np.full((n_theta, n_r), -np.inf)
    background = np.full((n_theta, n_r), np.nan)
    sums = np.zeros((3, n_r))
    for i in range(n_theta):
        sums[:] = 0.0
        for q in range(3):
            for step in range(-reach, reach + 1):
                row = i + pad + step * width_theta
                _add(sums[q], whole[q, row], 1.0)
                if -hole <= step <= hole:
                    _add(sums[q], middle[q, row], -1.0)
        for j in range(n_r):
            n, a = sums[0, j], area[i, j]
            if a <= 0 or n < 1.5:  # sums of differences of whole numbers: exact
                continue
            mean = sums[1, j] / n
            variance = max(sums[2, j] / n - mean * mean, 0.0)
            b, db2 = mean * a, variance / n * a * a
            background[i, j] = b
            sigma[i, j] = (counts[i, j] - b) / np.sqrt(b + db2 + 1.0)
            older[i, j] = (counts[i, j] - b) / np.sqrt(b) if b > 1e-9 else counts[i, j] - 1.0
    return sigma, older, background


@compiled
def box_background(
    counts: Counts, area: Floats, i: int, j: int, reach: int, hole: int, width_theta: int,
    width_r: int,
) -> tuple[float, float]:  # fmt: skip
    """Give B and dB (stars) of one box by the plain sum over its lattice: see `box_scores`."""
    n_theta, n_r = counts.shape
    n = total = squares = 0.0
    for a in range(-reach, reach + 1):
        for b in range(-reach, reach + 1):
            if -hole <= a <= hole and -hole <= b <= hole:
                continue
            p, q = i + a * width_theta, j + b * width_r
            if q < 0 or q >= n_r:
                continue
            if p < 0 or p >= n_theta:
                p, q = p % n_theta, n_r - 1 - q
            if area[p, q] > 0:
                density = counts[p, q] / area[p, q]
                n += 1.0
                total += density
                squares += density * density
    if n < 1.5:
        return np.nan, np.nan
    mean = total / n
    return mean * area[i, j], np.sqrt(max(squares / n - mean * mean, 0.0) / n) * area[i, j]
