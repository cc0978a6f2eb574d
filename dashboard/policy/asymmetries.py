"""Which asymmetries can be looked at, and what their joint tests mean in plain words."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scipy import stats

from dashboard.policy.verdicts import figures
from engine.cubes.quantities import Quantity, Unit

__all__ = [
    "ASYMMETRIES",
    "TESTS",
    "Asymmetry",
    "Question",
    "answer",
    "judge",
    "mean_text",
    "p_text",
    "read_tests",
    "strongest",
    "verdict",
    "word",
]

CLEAR = 1e-3
"""A p-value below this is called an asymmetry: with a dozen looks, one in a hundred maps of a
symmetric galaxy would show one by chance."""
HINT = 1e-2
"""Below this it is called a hint."""

PERCENT = Unit("percent", "%", 100.0)
DEGREES = Unit("deg", "°", 1.0)


@dataclass(frozen=True)
class Asymmetry:
    """A field of the ``asymmetry`` cube as it is drawn.

    Parameters
    ----------
    variable, component
        Where it stands in the cube; the component is empty for a scalar field.
    quantity, unit
        What it is called and drawn in.
    northern
        Whether it compares a cell with its mirror cell, and so is given at z > 0 only.
    """

    variable: str
    component: str
    quantity: Quantity
    unit: Unit
    northern: bool


def _of(
    key: str, variable: str, component: str, label: str, description: str, unit: Unit, north: bool
) -> Asymmetry:
    quantity = Quantity(key, label, description, signed=True)
    return Asymmetry(variable, component, quantity, unit, north)


_SUM = "relative to |a(z)| + |a(−z)|"

ASYMMETRIES: dict[str, Asymmetry] = {
    item.quantity.key: item
    for item in (
        _of("size", "north_south_size", "", "N − S of |a|",
            f"the pull in the north minus that in the south, {_SUM}", PERCENT, True),
        _of("x", "north_south", "x", "N − S of a_x",
            f"a_x(z) − a_x(−z), {_SUM}", PERCENT, True),
        _of("y", "north_south", "y", "N − S of a_y",
            f"a_y(z) − a_y(−z), {_SUM}", PERCENT, True),
        _of("z", "north_south", "z", "N + S of a_z",
            f"a_z(z) + a_z(−z), which a symmetric galaxy makes zero, {_SUM}", PERCENT, True),
        _of("density", "north_south_density", "", "N − S of ρ",
            "the density in the north minus that in the south, relative to their sum", PERCENT,
            True),
        _of("azimuthal", "azimuthal", "", "a_φ / |a_R|",
            "the pull along Galactic rotation relative to the pull towards the axis", PERCENT,
            False),
        _of("tilt", "tilt", "", "tilt",
            "how far south of the Galactic centre the pull points; a flat galaxy tilts north and "
            "south oppositely", DEGREES, False),
        _of("mirror_tilt", "mirror_tilt", "", "tilt, N + S",
            "half the sum of the tilts at z and −z, which a symmetric galaxy makes zero, however "
            "flat", DEGREES, True),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Question:
    """What is asked of a joint test, and how its answer is said.

    Parameters
    ----------
    question
        As a row of a table.
    differ
        What is the case where the answer is yes, as the beginning of a sentence.
    unit
        Unit of the mean; empty where the test has several components and so no mean.
    relative
        Whether the mean is compared with the mean size of the acceleration.
    """

    question: str
    differ: str
    unit: str
    relative: bool = False


_ACCELERATION = "km² s⁻² kpc⁻¹"

TESTS: dict[str, Question] = {
    "north_south": Question("North and south: the whole vector", "north and south differ", ""),
    "north_south_x": Question(
        "North and south: a_x", "north and south differ in a_x", _ACCELERATION, True
    ),
    "north_south_y": Question(
        "North and south: a_y", "north and south differ in a_y", _ACCELERATION, True
    ),
    "north_south_z": Question(
        "North and south: a_z", "north and south differ in a_z", _ACCELERATION, True
    ),
    "north_south_density": Question(
        "North and south: density", "north and south differ in density", "M☉ pc⁻³"
    ),
    "azimuthal": Question(
        "Around the axis: a_φ", "the field is not axisymmetric", _ACCELERATION, True
    ),
    "mirror_tilt": Question(
        "Tilt: north and south together", "the pull does not point into the plane z = 0", "°"
    ),
}


def read_tests(attributes: Mapping[str, Any]) -> dict[str, dict[str, float | None]]:
    """Read the joint tests of an ``asymmetry`` cube by name; none where they cannot be read."""
    try:
        stored = json.loads(attributes.get("significance", "{}"))
    except (TypeError, ValueError):
        return {}
    if not isinstance(stored, dict):
        return {}
    return {str(name): test for name, test in stored.items() if isinstance(test, dict)}


def _number(test: Mapping[str, float | None], name: str) -> float:
    value = test.get(name)
    return math.nan if value is None else float(value)


def judge(test: Mapping[str, float | None]) -> str:
    """Judge a test: ``clear``, ``hint``, ``none`` or ``unknown``.

    The joint test looks in every direction, the mean in one; an asymmetry of one sign shows in
    the mean first, so the smaller of the two p-values decides.
    """
    smallest = _smallest(test)
    if not math.isfinite(smallest):
        return "unknown"
    return "clear" if smallest < CLEAR else "hint" if smallest < HINT else "none"


def _smallest(test: Mapping[str, float | None]) -> float:
    """Give the smaller of the joint p-value and that of the mean; NaN where neither is known."""
    known = [p for p in (_number(test, "p_value"), _mean_p(test)) if math.isfinite(p)]
    return min(known, default=math.nan)


def _mean_p(test: Mapping[str, float | None]) -> float:
    """Give the two-sided p-value of the mean."""
    pull = _number(test, "mean_significance")
    return 2.0 * float(stats.norm.sf(abs(pull))) if math.isfinite(pull) else math.nan


def strongest(tests: Mapping[str, Mapping[str, float | None]], names: Sequence[str]) -> str | None:
    """Give the name of the test that speaks most against symmetry; None if none was made."""
    there = [name for name in names if name in tests]
    known = {name: _smallest(tests[name]) for name in there}
    finite = {name: p for name, p in known.items() if math.isfinite(p)}
    if not finite:
        return there[0] if there else None
    # The first that was asked for speaks where nothing is found.
    worst = min(finite, key=lambda name: finite[name])
    return worst if finite[worst] < HINT else next(iter(finite))


def word(name: str, test: Mapping[str, float | None]) -> str:
    """Give the answer in a word or two."""
    clear, none = _WORDS.get(name, ("seen", "none seen"))
    return {"clear": clear, "hint": "a hint", "none": none, "unknown": "not known"}[judge(test)]


_WORDS = {
    "north_south": ("differ", "alike"),
    "azimuthal": ("uneven", "even"),
    "mirror_tilt": ("tilted", "not tilted"),
}


def answer(name: str, test: Mapping[str, float | None]) -> str:
    """Say what a test found, without numbers."""
    return {
        "clear": TESTS[name].differ,
        "hint": "a hint of an asymmetry",
        "none": "no asymmetry beyond the errors",
        "unknown": "the errors are known by too few draws for a test",
    }[judge(test)]


def verdict(name: str, test: Mapping[str, float | None], scale: float = math.nan) -> str:
    """Say what a test found, as one sentence without its full stop.

    Parameters
    ----------
    name
        A key of `TESTS`.
    test
        As the cube's attribute ``significance`` has it.
    scale
        Mean size of the acceleration, for means in per cent of it; km2 s-2 kpc-1.
    """
    found = judge(test)
    said = answer(name, test)
    if found == "unknown":
        return said
    p = _number(test, "p_value")
    mean = mean_text(name, test, scale)
    if found == "none" or not mean or not _mean_p(test) < HINT:
        return f"{said}: {p_text(p)}"
    mean = f"mean difference {mean}, {abs(_number(test, 'mean_significance')):.1f} σ"
    if p < HINT:
        return f"{said}: {p_text(p)}, {mean}"
    return f"{said}: {mean} (all cells together: {p_text(p)})"


def p_text(p: float) -> str:
    """Write a p-value: ``p = 0.42``, ``p = 0.003``, ``p = 1e-5``."""
    if not math.isfinite(p):
        return "p unknown"
    if p < 1e-12:
        return "p < 1e−12"
    if p < 1e-3:
        mantissa, exponent = f"{p:.0e}".split("e")
        return f"p = {mantissa}e−{abs(int(exponent))}"
    return f"p = {p:.1g}" if p < 0.01 else f"p = {p:.2f}"


def mean_text(name: str, test: Mapping[str, float | None], scale: float = math.nan) -> str:
    """Write the mean of a test with its error and unit, in per cent of the scale where it fits.

    Empty where the test has none.
    """
    kind, mean, sd = TESTS[name], _number(test, "mean"), _number(test, "mean_sd")
    if not kind.unit or not math.isfinite(mean):
        return ""
    if kind.relative and math.isfinite(scale) and scale > 0:
        return f"({figures(100 * mean / scale, 100 * sd / scale)})%"
    text = figures(mean, sd)
    return f"({text})°" if kind.unit == "°" else f"{text} {kind.unit}"
