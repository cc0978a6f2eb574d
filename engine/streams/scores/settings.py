"""How stars are scored; free of torch, so that a request is checked without importing it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

from data.errors import UserError
from engine.density.settings import TrainingSettings

__all__ = ["METHODS", "ScoreSettings", "settings_from"]

METHODS = ("anode", "cathode", "cwola", "ideal")

_CHOICES = {
    "recipe": ("shared", "papers"),
    "classifier": ("both", "trees", "network"),
    "numerator": ("residual", "flow"),
}


@dataclass(frozen=True)
class ScoreSettings:
    """How stars are scored.

    Parameters
    ----------
    recipe
        ``shared``: one background for all windows of a patch, refitted to the sidebands of each.
        ``papers``: a new conditional flow for every window, as in the talks.
    classifier
        Of CATHODE, CWoLa and the idealised detector: ``trees`` (histogram gradient boosting),
        ``network`` (three layers), or ``both``: of CATHODE the mean ln R of trees and a network,
        of the others trees, of the papers' recipe their network.
    numerator
        Of ANODE with the shared background: ``residual`` fits a flow to what the background
        leaves over, ``flow`` fits the density of the whole window.
    folds
        Parts of the stars; a star's score comes from models that have not seen its part.
    flow_hidden, flow_components, flow_blocks
        Shape of the flows.
    training
        Of the flows.
    trunk_hidden, trunk_outputs
        Width of the network behind the tilt, and number of its functions.
    order
        Of the polynomials in the coordinate by which the tilt goes through the window.
    trunk_epochs
        Passes of the tilt's network over the stars.
    ridge
        Prior precision of a window's coefficients.
    pool
        Reference points for each star.
    template
        Background points for each star of the window, for classifiers,
    most_template
        and how many of them at most, unless that were fewer than two for each star.
    calibrate
        CATHODE: let the window's own stars mend its background by a quadratic surface.
    support
        Learn the borders of the table in the plane of the coordinate and each feature.
    trees, leaves, learning_rate, min_leaf
        Of the tree classifier: number, size and step of the trees, stars and background points
        in a leaf at least (less in windows of few stars). With ``template`` points for each star
        a leaf of 300 holds some 35 stars: what is smaller than that is chance.
    tree_members
        Tree classifiers averaged for each fold, each with a template of its own.
    network_steps
        Of the network's training.
    sideband
        Width on either side of the window that CWoLa compares it with, in the coordinate's
        unit; None: as wide as the window.
    epochs
        Of the networks of the papers' recipe; None: theirs, 100.
    min_window, min_sideband
        Fewer stars than this in the window, or outside of it, and it is passed over.
    device
        Where flows are trained.
    """

    recipe: str = "shared"
    classifier: str = "both"
    numerator: str = "residual"
    folds: int = 5
    flow_hidden: int = 64
    flow_components: int = 6
    flow_blocks: int = 1
    training: TrainingSettings = field(
        default_factory=lambda: TrainingSettings(epochs=20, batch=1024, patience=5)
    )
    trunk_hidden: int = 64
    trunk_outputs: int = 24
    order: int = 2
    trunk_epochs: int = 15
    ridge: float = 100.0
    pool: float = 2.0
    template: float = 8.0
    most_template: int = 60_000
    calibrate: bool = True
    support: bool = True
    trees: int = 100
    leaves: int = 15
    learning_rate: float = 0.05
    min_leaf: int = 300
    tree_members: int = 2
    network_steps: int = 5_000
    sideband: float | None = None
    epochs: int | None = None
    min_window: int = 200
    min_sideband: int = 200
    device: str = "auto"

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        for name, known in _CHOICES.items():
            if getattr(self, name) not in known:
                raise UserError(
                    f"Unknown {name} {getattr(self, name)!r}.", f"Choose {' or '.join(known)}."
                )
        for name, least in (
            ("folds", 2),
            ("order", 0),
            ("trees", 1),
            ("tree_members", 1),
            ("network_steps", 1),
            ("most_template", 1),
        ):
            if getattr(self, name) < least:
                raise UserError(
                    f"The setting {name} is {getattr(self, name)}.",
                    f"It must be at least {least}.",
                )
        for name in ("ridge", "pool", "template", "learning_rate"):
            if not getattr(self, name) > 0:
                raise UserError(
                    f"The setting {name} is {getattr(self, name)}.", "It must be positive."
                )


def settings_from(changes: dict[str, Any]) -> ScoreSettings:
    """Make settings from the defaults and some changes; ``flow_epochs`` and ``batch`` too.

    Raises
    ------
    UserError
        If a setting is unknown or its value has the wrong form.
    """
    base = ScoreSettings()
    known = {item.name for item in fields(ScoreSettings)} - {"training"}
    training = base.training
    values: dict[str, Any] = {}
    for name, value in changes.items():
        if name in ("flow_epochs", "batch"):
            chosen = int(_as(name, value, 1))
            training = replace(training, **{"epochs" if name == "flow_epochs" else name: chosen})
        elif name in known:
            values[name] = _as(name, value, getattr(base, name))
        else:
            raise UserError(
                f"Unknown setting {name!r}.",
                f"Settings are {', '.join(sorted(known | {'flow_epochs', 'batch'}))}.",
            )
    return replace(base, training=training, **values)


def _as(name: str, value: Any, like: Any) -> Any:  # noqa: ANN401
    """Give a value, perhaps a text, in the form of the default."""
    try:
        if isinstance(like, bool):
            return value if isinstance(value, bool) else {"true": True, "false": False}[value]
        if isinstance(like, int):
            return int(value)
        if isinstance(like, str):
            return str(value)
        if value is None or value in ("none", "None"):
            return None
        return int(value) if name == "epochs" else float(value)
    except (KeyError, TypeError, ValueError):
        raise UserError(
            f"Invalid value {value!r} of the setting {name}.", f"The default is {like!r}."
        ) from None
