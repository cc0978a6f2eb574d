"""The line finder of Via Machinae 2: the strip that holds more stars than those round it.

A star at (x, y) votes for the lines r = x sin(theta) - y cos(theta) through it. Votes are counted
in overlapping boxes of 5.4 deg by 1.0 deg, divided by the area of the strip, and compared with
boxes round about that do not overlap:

    sigma_L = (S - B) / sqrt(B + dB^2 + 1).

It is the largest of some ten thousand numbers and no Gaussian significance: 100 stars without
any line give 3.4 +- 0.4. See `engine.streams.significance` for what it is worth.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import model_validator
from scipy import stats

from data.declared import Settings, setting
from data.errors import UserError
from data.frames import Floats
from engine.streams.area import SkyArea
from engine.streams.line_kernels import Counts, add_votes, box_background, box_scores, voters

__all__ = ["Line", "LineGrid", "LineSettings", "Statistic", "best_line", "find_lines", "line_grid"]

Integers = npt.NDArray[np.int64]
Statistic = Literal["vm2", "vm1", "binomial"]

_LEAST_AREA = 0.1  # of the largest box: less is rim, where densities mean nothing


class LineSettings(Settings):
    """How lines are looked for; the defaults are those of Via Machinae 2."""

    thing: ClassVar[str] = "the line finder"

    theta_steps: int = setting(100, "steps in angle, over 180 degrees", low=1, group="lines")
    r_step: float = setting(
        0.2, "step in the distance from the centre", above=0, unit="deg", group="lines"
    )
    box_theta: int = setting(3, "steps of a box in angle; odd", low=1, group="lines")
    box_r: int = setting(5, "steps of a box in distance; odd", low=1, group="lines")
    reach: int = setting(
        3, "boxes of the background lattice on either side of the tested one", low=1, group="lines"
    )
    hole: int = setting(1, "boxes left out of it on either side", low=0, group="lines")
    statistic: Statistic = setting(
        "vm2",
        "what is maximised: `vm2` (sigma_L), `vm1` ((S - B)/sqrt(B) against a lattice of 5 "
        "by 5) or `binomial` (the smallest binomial tail)",
        group="lines",
    )

    @model_validator(mode="after")
    def _boxes_fit(self) -> Self:
        if self.box_theta % 2 == 0 or self.box_r % 2 == 0:
            raise UserError(
                f"A box of {self.box_theta} by {self.box_r} steps has no centre.",
                "box_theta and box_r must be odd.",
            )
        if self.theta_steps < self.box_theta * (2 * self.reach + 1):
            raise UserError(
                f"{self.theta_steps} steps in angle are too few for the boxes around a box.",
                f"theta_steps must be at least {self.box_theta * (2 * self.reach + 1)}.",
            )
        return self


@dataclass(frozen=True, eq=False)
class LineGrid:
    """Boxes in theta and r over an area, with their areas.

    Parameters
    ----------
    area
        Where stars can be.
    settings
        Of the boxes.
    """

    area: SkyArea
    settings: LineSettings = field(default_factory=LineSettings)

    @property
    def n_r(self) -> int:
        """Steps in r, over the diameter of the area."""
        return 2 * int(np.ceil(self.area.radius / self.settings.r_step - 1e-9))

    @property
    def low(self) -> float:
        """First edge in r, degrees."""
        return -0.5 * self.n_r * self.settings.r_step

    @cached_property
    def theta(self) -> Floats:
        """Middle directions of the boxes, rad, (n_theta,)."""
        n = self.settings.theta_steps
        return np.asarray(np.pi / n * (np.arange(n) + 0.5), dtype=np.float64)

    @cached_property
    def r(self) -> Floats:
        """Middle distances of the boxes, degrees, (n_r,)."""
        middle = self.low + self.settings.r_step * (np.arange(self.n_r) + 0.5)
        return np.asarray(middle, dtype=np.float64)

    @cached_property
    def waves(self) -> tuple[Floats, Floats]:
        """Sine and cosine of the edges in theta, from half a box before the first on."""
        n, half = self.settings.theta_steps, self.settings.box_theta // 2
        edges = np.pi / n * np.arange(-half, n + half + 1)
        return np.sin(edges), np.cos(edges)

    @cached_property
    def areas(self) -> Floats:
        """Areas of the strips of the boxes, square degrees, (n_theta, n_r); 0 where unusable.

        Boxes that reach over the largest r are not used, nor are those that have next to no area.
        """
        n, half = self.settings.theta_steps, self.settings.box_r // 2
        edges = np.append(self.r, self.r[-1] + self.settings.r_step) - 0.5 * self.settings.r_step
        narrow = self.area.strips(self.theta, edges)
        total = np.cumsum(np.pad(narrow, ((0, 0), (1, 0))), axis=1)
        found = np.zeros((n, self.n_r))
        found[:, half : self.n_r - half] = (
            total[:, self.settings.box_r :] - total[:, : -self.settings.box_r]
        )
        # Over the steps in theta that the box spans; beyond the ends r changes its sign.
        side = self.settings.box_theta // 2
        padded = np.concatenate([found[n - side :, ::-1], found, found[:side, ::-1]])
        mean = np.mean([padded[k : k + n] for k in range(2 * side + 1)], axis=0)
        mean[mean < _LEAST_AREA * mean.max()] = 0.0
        return np.ascontiguousarray(mean)

    @cached_property
    def fractions(self) -> Floats:
        """Chance that a star of the area votes for a box, (n_theta, n_r)."""
        grid = self.area.grid
        weight = grid.weight if grid.weight is not None else np.ones((1, 1))
        # Coarser cells do: the chance is a ratio of areas many cells wide.
        i, j = np.nonzero(weight)
        keep = slice(None, None, max(1, len(i) // 20_000))
        x = grid.origin[0] + (i[keep] + 0.5) * grid.cell
        y = grid.origin[1] + (j[keep] + 0.5) * grid.cell
        share = weight[i[keep], j[keep]]
        times = np.maximum(np.rint(share / share.mean() * 4), 0).astype(np.int64)
        counts = self.votes(np.repeat(x, times), np.repeat(y, times))
        return np.asarray(counts / max(int(times.sum()), 1))

    def votes(self, x: Floats, y: Floats) -> Counts:
        """Count the votes of stars at x, y (deg) by theta and r, (n_theta, n_r)."""
        counts = np.zeros((self.settings.theta_steps, self.n_r), dtype=np.int32)
        add_votes(
            np.ascontiguousarray(x, dtype=np.float64), np.ascontiguousarray(y, dtype=np.float64),
            *self.waves, self.settings.box_theta // 2, self.settings.box_r // 2,
            self.low, self.settings.r_step, counts,
        )  # fmt: skip
        return counts

    def voters(self, x: Floats, y: Floats, i: int, j: int) -> Integers:
        """Rows of the stars that vote for a box."""
        chosen = voters(
            np.ascontiguousarray(x, dtype=np.float64), np.ascontiguousarray(y, dtype=np.float64),
            i, j, *self.waves, self.settings.box_theta // 2, self.settings.box_r // 2,
            self.low, self.settings.r_step,
        )  # fmt: skip
        return np.flatnonzero(chosen)

    def scores(self, counts: Counts, n: int, statistic: Statistic | None = None) -> Floats:
        """Score every box, (n_theta, n_r): larger is more of a line; -inf where unusable.

        Parameters
        ----------
        counts
            Votes, (n_theta, n_r).
        n
            Stars that voted.
        statistic
            That of the settings by default.
        """
        statistic = statistic or self.settings.statistic
        if statistic == "binomial":
            return -self.log_binomial(counts, n)
        return self.compared(counts, older=statistic == "vm1")[1 if statistic == "vm1" else 0]

    def compared(self, counts: Counts, *, older: bool = False) -> tuple[Floats, Floats, Floats]:
        """Compare boxes with those round them: sigma of VM2, of VM1, and the background B.

        With ``older`` the lattice is that of VM1 (5 by 5 without its middle): see
        `line_kernels.box_scores`.
        """
        reach, hole = (2, 0) if older else (self.settings.reach, self.settings.hole)
        found: tuple[Floats, Floats, Floats] = box_scores(
            counts, self.areas, reach, hole, self.settings.box_theta, self.settings.box_r
        )
        return found

    def background(
        self, counts: Counts, i: int, j: int, *, older: bool = False
    ) -> tuple[float, float]:
        """Give B and dB of one box, stars."""
        reach, hole = (2, 0) if older else (self.settings.reach, self.settings.hole)
        width = (self.settings.box_theta, self.settings.box_r)
        b, db = box_background(counts, self.areas, i, j, reach, hole, *width)
        return float(b), float(db)

    def log_binomial(self, counts: Counts, n: int) -> Floats:
        """Give the log of the chance of S or more votes of n stars that are even in the area.

        P(k >= S | n, q), with q the chance that a star votes for the box; inf where unusable.
        """
        tail = stats.binom.logsf(counts - 1, n, np.clip(self.fractions, 1e-12, 1.0))
        return np.where(self.areas > 0, tail, np.inf)


@dataclass(frozen=True)
class Line:
    """The best line through stars.

    Parameters
    ----------
    theta, r
        Direction (rad, in [0, pi)) and signed distance from the origin (deg):
        r = x sin(theta) - y cos(theta).
    stars, background
        Votes S for the box and those expected from round about, B.
    sigma
        sigma_L of VM2.
    members
        Rows of the stars that vote for the box, (S,).
    n
        Stars in all.
    sigma_vm1
        The older (S - B)/sqrt(B) of the same box.
    log_p_binomial
        Natural logarithm of the chance of S or more of n even stars in this box alone: no trials
        factor.
    box
        Indices of the box in theta and r.
    """

    theta: float
    r: float
    stars: int
    background: float
    sigma: float
    members: Integers
    n: int
    sigma_vm1: float
    log_p_binomial: float
    box: tuple[int, int]

    def of_rows(self, rows: Integers) -> Line:
        """Give the same line with members as rows of a larger table, rows (n,)."""
        return replace(self, members=np.asarray(rows)[self.members])

    @property
    def p_binomial(self) -> float:
        """The binomial tail; 0 below what a float can hold."""
        return float(np.exp(self.log_p_binomial))


@lru_cache(maxsize=64)
def line_grid(area: SkyArea, settings: LineSettings) -> LineGrid:
    """Give the boxes of an area; the same ones for the same area (by identity)."""
    return LineGrid(area, settings)


def find_lines(
    x: Floats, y: Floats, area: SkyArea, *, settings: LineSettings | None = None
) -> Line:
    """Find the best line through stars.

    Parameters
    ----------
    x, y
        Offsets, degrees, (n,).
    area
        Where stars can be; none of them should lie outside.
    settings
        Of the boxes and of what makes the best line.

    Raises
    ------
    UserError
        If there are no stars, or they have no finite positions.
    """
    x, y = (np.asarray(a, dtype=np.float64) for a in (x, y))
    if len(x) == 0 or not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise UserError(
            "A line needs stars with known positions.",
            "Exclude stars without a position, or loosen the cuts.",
        )
    return best_line(line_grid(area, settings or LineSettings()), x, y)


def best_line(grid: LineGrid, x: Floats, y: Floats) -> Line:
    """Find the best line through stars at x, y (deg), over boxes that are already laid out."""
    counts, n = grid.votes(x, y), len(x)
    scores = grid.scores(counts, n)
    box = np.unravel_index(np.argmax(scores), scores.shape)
    i, j = int(box[0]), int(box[1])
    (b, db), stars = grid.background(counts, i, j), int(counts[i, j])
    b_vm1 = grid.background(counts, i, j, older=True)[0]
    q = max(float(grid.fractions[i, j]), 1e-12)
    return Line(
        theta=float(grid.theta[i]),
        r=float(grid.r[j]),
        stars=stars,
        background=b,
        sigma=(stars - b) / np.sqrt(b + db**2 + 1.0),
        members=grid.voters(x, y, i, j),
        n=n,
        sigma_vm1=(stars - b_vm1) / np.sqrt(b_vm1) if b_vm1 > 1e-9 else stars - 1.0,
        log_p_binomial=float(stats.binom.logsf(stars - 1, n, q)),
        box=(i, j),
    )
