"""The fields of the ``acceleration`` cube, each declared once.

What is stored, with its unit and meaning, and how it is shown on a plane follow from the
declaration: a new field is one entry of `FIELDS`, and stands in the cube, in the menu of
diagnostics, on the map and in the hover text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from data.constants import ACCELERATION_UNIT
from engine.cubes.curl import relative_curl
from engine.cubes.field import CubeField, Floats, Shown, SolvedGrid, Values
from engine.cubes.lengths import neighbourhood
from engine.cubes.parts import flag_attributes, note
from engine.estimators.base import DEFAULT
from engine.estimators.budget import SOURCES, Budget

__all__ = ["FIELDS", "SHOWN", "error_attributes", "quantity_attributes"]

SPACE = ("x", "y", "z")
EACH = ("estimator", *SPACE)
VECTOR = ("estimator", "component", *SPACE)
ACCELERATION_LABEL = "km² s⁻² kpc⁻¹"


def quantity_attributes(name: str) -> dict[str, str]:
    """Give the attributes of a gravitational quantity in units of acceleration."""
    return {
        "units": ACCELERATION_UNIT,
        "long_name": f"gravitational {name}",
        "ancillary_variables": f"{name}_sd trust_flags",
    }


_ERRORS = {"potential": "from simulated fits and fits to each member"}
_MEMBERS = "from the members of the ensemble, by source"
"""Where the errors of an estimator come from, for the attributes of the cube."""


def error_attributes(quantity: str, estimators: Iterable[str]) -> dict[str, str]:
    """Give the attributes of the standard error of a quantity in units of acceleration."""
    meaning = "; ".join(f"{name}: {_ERRORS.get(name, _MEMBERS)}" for name in estimators)
    return {
        "units": ACCELERATION_UNIT,
        "long_name": f"standard error of the {quantity} ({meaning})",
    }


def _on_grid(solved: SolvedGrid, values: Floats) -> Values:
    return solved.grid.fill(values.astype(np.float32), np.nan)


def _by_estimator(of_budget: Callable[[Budget], Floats]) -> Callable[[SolvedGrid], Values]:
    """Lay (..., P) of each estimator out along the dimension ``estimator``."""

    def values(solved: SolvedGrid) -> Values:
        return np.stack([_on_grid(solved, of_budget(b)) for b in solved.budgets.values()])

    return values


def _sd_by_source(solved: SolvedGrid) -> Values:
    budgets = solved.budgets.values()
    rows = range(len(SOURCES))
    return np.stack([[_on_grid(solved, b.by_source[row].T) for b in budgets] for row in rows])


def _disagreement(solved: SolvedGrid) -> Values:
    """Give |a - a_default| / |a_default|."""
    default = next(iter(solved.budgets.values())).field.mean
    size = np.maximum(np.linalg.norm(default, axis=1), 1e-12)
    return _by_estimator(lambda b: np.linalg.norm(b.field.mean - default, axis=1) / size)(solved)


def _curl(solved: SolvedGrid) -> Values:
    fields = (budget.field for budget in solved.budgets.values())
    return np.stack([_on_grid(solved, relative_curl(solved.grid, f.mean)) for f in fields])


def _residual(solved: SolvedGrid) -> Values:
    """Give the residual of each estimator; a field's is that of the one it is fitted to."""
    residual = solved.pointwise.residual
    rows = (residual.get(name, residual[solved.source]) for name in solved.budgets)
    return np.stack([_on_grid(solved, np.median(values, 0)) for values in rows])


def _selection(solved: SolvedGrid) -> Floats:
    extras = solved.pointwise.extras
    gradient: Floats = extras["density_gradient"] - extras["true_gradient"]
    return gradient


def _scatter(values: Floats) -> Floats:
    """Give the standard deviation over the members (M, ...), NaN for a single one."""
    if len(values) < 2:
        return np.full(values.shape[1:], np.nan)
    scatter: Floats = values.std(0, ddof=1)
    return scatter


def _default_flags(solved: SolvedGrid) -> NDArray[np.int32]:
    return solved.flags_by[next(iter(solved.budgets))]


def _flags_by(solved: SolvedGrid) -> Values:
    return np.stack([solved.grid.fill(solved.flags_by[name], -1) for name in solved.budgets])


def _error_from(source: str, meaning: str) -> Shown:
    select = (("source", source),)
    return Shown(source, f"error from {source}", ACCELERATION_LABEL, meaning, select)


FIELDS: tuple[CubeField, ...] = (
    CubeField(
        "acceleration",
        VECTOR,
        _by_estimator(lambda budget: budget.field.mean.T),
        quantity_attributes("acceleration"),
    ),
    CubeField(
        "acceleration_sd",
        VECTOR,
        _by_estimator(lambda budget: budget.field.sd.T),
        lambda solved: error_attributes("acceleration", solved.budgets),
    ),
    CubeField(
        "disagreement",
        EACH,
        _disagreement,
        note("difference from the default estimator, relative to the acceleration"),
        (
            Shown(
                "disagreement",
                "disagreement",
                "%",
                "How far the chosen estimator is from the default one. Where two that err in "
                "different ways agree, both are more likely to be right.",
                percent=True,
            ),
        ),
    ),
    CubeField(
        "residual",
        EACH,
        _residual,
        note(
            "residual of the Boltzmann equation with the pointwise acceleration,"
            " relative to its size at a = 0"
        ),
        (
            Shown(
                "residual",
                "residual of the Boltzmann equation",
                "%",
                "What no acceleration explains: disequilibrium, and errors of the density model.",
                percent=True,
            ),
        ),
    ),
    CubeField(
        "curl",
        EACH,
        _curl,
        note("size of the curl relative to that of the gradient of the acceleration"),
        (
            Shown(
                "curl",
                "curl",
                "%",
                "Size of the curl relative to the gradient. No gravity has any: it shows errors.",
                percent=True,
            ),
        ),
    ),
    CubeField(
        "acceleration_sd_by",
        ("source", *VECTOR),
        _sd_by_source,
        {
            "units": ACCELERATION_UNIT,
            "long_name": "standard error of the acceleration from each source alone",
        },
        (
            _error_from("initialisation", "What another start of the training would change."),
            _error_from("sample", "What another sample of as many stars would change."),
            _error_from("noise", "What other measurement errors of the same size would change."),
        ),
    ),
    CubeField(
        "acceleration_bias",
        VECTOR,
        _by_estimator(lambda budget: budget.bias.T),
        {
            "units": ACCELERATION_UNIT,
            "long_name": "what measurement errors had added to the acceleration;"
            " it is taken away already",
        },
        (
            Shown(
                "bias",
                "bias taken away",
                ACCELERATION_LABEL,
                "What measurement errors had added to the acceleration, before it was taken away.",
            ),
        ),
    ),
    CubeField(
        "inflation",
        ("component", *SPACE),
        lambda solved: _on_grid(solved, np.median(solved.pointwise.extras["inflation"], 0).T),
        note("errors of the conditional estimator in units of those of boltzmann"),
        (
            Shown(
                "inflation",
                "inflation",
                "",
                "Errors of the estimator conditional in units of those of boltzmann: the price of "
                "not knowing which stars are seen.",
                largest=True,
            ),
        ),
    ),
    CubeField(
        "selection_gradient",
        ("component", *SPACE),
        lambda solved: _on_grid(solved, _selection(solved).mean(0).T),
        {
            "units": "kpc-1",
            "long_name": "gradient of the logarithm of the chance that a star is seen,"
            " from the conditional estimator",
            "ancillary_variables": "selection_gradient_sd",
        },
        (
            Shown(
                "selection",
                "selection gradient",
                "kpc⁻¹",
                "How fast the chance to see a star changes with place, as conditional finds it: "
                "dust, magnitude limits. Zero for a complete sample.",
            ),
        ),
    ),
    CubeField(
        "selection_gradient_sd",
        ("component", *SPACE),
        lambda solved: _on_grid(solved, _scatter(_selection(solved)).T),
        {"units": "kpc-1", "long_name": "scatter of the selection gradient over the members"},
    ),
    CubeField(
        "condition",
        SPACE,
        lambda solved: _on_grid(solved, np.median(solved.pointwise.condition[DEFAULT], 0)),
        note("condition number of the scaled information matrix"),
        (
            Shown(
                "condition",
                "condition number",
                "",
                "Large where the velocities leave a component open.",
            ),
        ),
    ),
    CubeField(
        "n_tracers",
        SPACE,
        lambda solved: solved.grid.fill(solved.tracers, 0),
        lambda solved: note(f"tracers within {neighbourhood(solved.radius):g} kpc"),
        (
            Shown(
                "tracers",
                "stars nearby",
                "",
                "Tracers within 0.5 kpc; in small volumes, within a quarter of their radius.",
            ),
        ),
    ),
    CubeField(
        "edge_distance",
        SPACE,
        lambda solved: _on_grid(solved, solved.edge_distance),
        {"units": "kpc", "long_name": "distance to the edge of the volume"},
        (Shown("edge", "distance to the edge", "kpc", "To the surface of the volume."),),
    ),
    CubeField(
        "trust_flags",
        SPACE,
        lambda solved: solved.grid.fill(_default_flags(solved), -1),
        flag_attributes(),
    ),
    CubeField("trust_flags_by", EACH, _flags_by, flag_attributes()),
    CubeField(
        "trusted",
        SPACE,
        lambda solved: solved.grid.fill(_default_flags(solved) == 0, outside=False),
        note("true where no reason against the cell is known"),
    ),
)
"""In the order of the menu of diagnostics."""

SHOWN: dict[str, tuple[CubeField, Shown]] = {
    shown.key: (field, shown) for field in FIELDS for shown in field.shown
}
"""What can be shown on a plane, by key."""
