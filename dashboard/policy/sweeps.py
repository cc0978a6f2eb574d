"""What a sweep shows: a result of each of its runs against the value of the cut."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dashboard.policy.cuts import cuts_for
from dashboard.policy.verdicts import figures
from data.errors import UserError
from engine.cubes.quantities import UNITS
from engine.runs.folder.record import RunRecord
from engine.runs.sweeps import Sweep

__all__ = ["RESULTS", "SweepPoint", "numbers", "points", "rows", "suggested_cut", "varied",
           "verdict"]  # fmt: skip

_PLACE = "{}"
_ACCELERATION = UNITS["1e-10 m/s2"]

RESULTS: dict[str, tuple[str, str]] = {
    "size": ("|a| at the Sun", _ACCELERATION.label),
    "x": ("a_x at the Sun", _ACCELERATION.label),
    "y": ("a_y at the Sun", _ACCELERATION.label),
    "z": ("a_z at the Sun", _ACCELERATION.label),
    "dark": ("dark matter at the Sun", "GeV/cm³"),
}
"""What can be drawn: name and unit."""


@dataclass(frozen=True)
class SweepPoint:
    """One result of one run.

    Parameters
    ----------
    cut
        Value of the cut.
    value, sd
        The result and its error; NaN while there is none.
    trusted
        Whether nothing speaks against it.
    """

    cut: float
    value: float
    sd: float
    trusted: bool


def suggested_cut(columns: Iterable[str]) -> tuple[str, str]:
    """Give a cut with its values that a catalogue with these columns has, as the form's texts.

    The quality of the parallax where it is known, else the first of the usual cuts at half, three
    quarters and the whole of its usual value, else the height above the plane.
    """
    cuts = {cut.column: cut for cut in cuts_for(columns)}
    if "parallax_over_error" in cuts:
        return "parallax_over_error > {}", "3 5 10"
    if not cuts:
        return "abs(z) < {}", "1 2 3"
    cut = next(iter(cuts.values()))
    sign = "<" if cut.side == "max" else ">"
    return f"{cut.column} {sign} {{}}", " ".join(f"{cut.suggestion * f:g}" for f in (0.5, 0.75, 1))


def numbers(text: str) -> list[float]:
    """Read the values of a sweep: numbers, and ranges as ``first:last:count``.

    Raises
    ------
    UserError
        If a word is neither.
    """
    found: list[float] = []
    for word in re.split(r"[\s,;]+", text.strip()):
        if not word:
            continue
        try:
            if ":" in word:
                first, last, count = word.split(":")
                steps = int(count)
                if not 2 <= steps <= 1000:
                    raise ValueError(word)
                width = (float(last) - float(first)) / (steps - 1)
                found += [float(first) + width * step for step in range(steps)]
            else:
                found.append(float(word))
        except ValueError:
            raise UserError(
                f"{word!r} is neither a number nor a range.",
                "Write 3 5 10, or 2:10:5 for five values.",
            ) from None
    return found


def _result(record: RunRecord, name: str) -> tuple[float, float, bool]:
    """Give value, error and trust of a result of a run; NaN where it has none."""
    nothing = (math.nan, math.nan, False)
    found = (record.result or {}).get("at_sun")
    if not isinstance(found, Mapping):
        return nothing
    try:
        trusted = bool(found["trusted"])
        if name == "dark":
            sd = found["density_dark_gev_cm3_sd"]
            return float(found["density_dark_gev_cm3"]), math.nan if sd is None else sd, trusted
        a = [float(part) for part in found["acceleration"]]
        sd = [float(part) for part in found["acceleration_sd"]]
    except (KeyError, TypeError, ValueError):
        return nothing
    factor = _ACCELERATION.factor
    if name != "size":
        axis = "xyz".index(name)
        return a[axis] * factor, sd[axis] * factor, trusted
    size = math.hypot(*a)
    error = math.sqrt(sum((p * s) ** 2 for p, s in zip(a, sd, strict=True))) / max(size, 1e-12)
    return size * factor, error * factor, trusted


def points(sweep: Sweep, name: str) -> list[SweepPoint]:
    """Give a result of each run of a sweep, by rising value of the cut."""
    return [SweepPoint(value, *_result(run, name)) for value, run in sweep.runs]


def rows(sweep: Sweep, name: str) -> list[tuple[str, str, str, str]]:
    """Give the lines of the table: cut, tracers, result, state (not escaped)."""
    lines = []
    for (value, run), point in zip(sweep.runs, points(sweep, name), strict=True):
        counts = (run.result or {}).get("population")
        tracers = f"{int(counts['tracers']):,}" if isinstance(counts, Mapping) else "—"
        shown = figures(point.value, point.sd) if math.isfinite(point.value) else "—"
        state = str(run.state)
        if state == "done":
            state = "done" if point.trusted else "done, unreliable"
        lines.append((f"{value:g}", tracers, shown, state))
    return lines


def varied(sweep: Sweep | None) -> str:
    """Name what a sweep varies: ``cut``, ``seed``, ``preset``, or the setting itself."""
    if sweep is None or _PLACE in sweep.cut:
        return "cut"
    return sweep.cut.rpartition(".")[2].replace("_", " ")


def verdict(found: list[SweepPoint], what: str = "cut") -> str:
    """Say whether the result depends on what was varied.

    Runs of a sweep over a cut share most of their stars, so that chance alone moves them by less
    than their errors: a change of more than two errors is one with the cut. Seeds should not
    matter by more than the errors say.
    """
    known = [p for p in found if math.isfinite(p.value) and math.isfinite(p.sd) and p.sd > 0]
    if len(known) < 2:
        return f"At least two of the runs must be done before the {what} can be judged."
    low, high = min(known, key=lambda p: p.value), max(known, key=lambda p: p.value)
    apart = (high.value - low.value) / math.hypot(low.sd, high.sd)
    between = f"between {low.cut:g} and {high.cut:g}"
    moves = f"it moves by {apart:.1f} σ, {between}"
    if what == "seed":
        if apart < 2:
            return f"Seeds agree within the errors: {moves}."
        return f"Seeds differ by more than the errors say: {moves}. More members may help."
    if apart < 1:
        return f"The result does not depend on the {what}: {moves}."
    if apart < 2:
        return f"The result may depend on the {what}: {moves}."
    return f"The result depends on the {what}: {moves}."
