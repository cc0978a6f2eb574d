"""How stars are scored; free of torch, so that a request is checked without importing it."""

from __future__ import annotations

from typing import ClassVar, Literal

from data.declared import Settings, setting
from engine.density.settings import TrainingSettings
from engine.runs.request import device_setting

__all__ = ["METHODS", "ScoreSettings"]

METHODS = ("anode", "cathode", "cwola", "ideal")


class ScoreSettings(Settings):
    """How stars are scored."""

    thing: ClassVar[str] = "a search"

    recipe: Literal["shared", "papers"] = setting(
        "shared",
        "`shared`: one background for all windows of a patch, refitted to the sidebands "
        "of each; `papers`: a new conditional flow for every window, as in the talks",
        group="method",
    )
    classifier: Literal["both", "trees", "network"] = setting(
        "both",
        "of CATHODE, CWoLa and the idealised detector: `trees` (histogram gradient "
        "boosting), `network` (three layers), or `both`: of CATHODE the mean ln R of trees and a "
        "network, of the others trees, of the papers' recipe their network",
        group="method",
    )
    numerator: Literal["residual", "flow"] = setting(
        "residual",
        "of ANODE with the shared background: `residual` fits a flow to the excess "
        "over the background, `flow` fits the density of the whole window",
        group="method",
    )
    folds: int = setting(
        5,
        "parts of the stars; a star's score comes from models that have not seen its part",
        low=2,
        high=100,
        group="method",
    )
    flow_hidden: int = setting(64, "width of the flows' networks", low=1, group="flows")
    flow_components: int = setting(
        6, "Gaussians in each conditional of the flows", low=1, group="flows"
    )
    flow_blocks: int = setting(
        1, "residual blocks of two layers in the flows' networks", low=1, group="flows"
    )
    flow_epochs: int = setting(20, "maximum number of epochs of a flow", low=1, group="flows")
    flow_patience: int = setting(
        5,
        "training of a flow stops after this many epochs without a lower validation loss",
        low=1,
        group="flows",
    )
    batch: int = setting(1024, "stars per step in the training of flows", low=1, group="flows")
    trunk_hidden: int = setting(
        64, "width of the network behind the tilt of the background", low=1, group="background"
    )
    trunk_outputs: int = setting(24, "number of its functions", low=1, group="background")
    order: int = setting(
        2,
        "order of the polynomials in the coordinate by which the tilt varies in the window",
        low=0,
        group="background",
    )
    trunk_epochs: int = setting(15, "epochs of the tilt's network", low=1, group="background")
    ridge: float = setting(
        100.0, "prior precision of a window's coefficients", above=0, group="background"
    )
    pool: float = setting(2.0, "reference points per star", above=0, group="background")
    template: float = setting(
        8.0,
        "background points per star of the window, for classifiers",
        above=0,
        group="background",
    )
    most_template: int = setting(
        60_000,
        "maximum number of these points, unless that were fewer than two per star",
        low=1,
        group="background",
    )
    calibrate: bool = setting(
        True,
        "CATHODE: correct the background with the window's own stars by a quadratic surface",
        group="background",
    )
    support: bool = setting(
        True,
        "learn the borders of the table in the plane of the coordinate and each feature",
        group="background",
    )
    trees: int = setting(100, "number of trees of a classifier", low=1, group="classifier")
    leaves: int = setting(15, "maximum number of leaves of a tree", low=2, group="classifier")
    learning_rate: float = setting(0.05, "step of the trees", above=0, group="classifier")
    min_leaf: int = setting(
        300,
        "minimum number of stars and background points in a leaf, less in windows of few "
        "stars; with `template` points per star a leaf of 300 holds about 35 stars, and what is "
        "smaller than that is chance",
        low=1,
        group="classifier",
    )
    tree_members: int = setting(
        2,
        "tree classifiers averaged in each fold, each with its own template",
        low=1,
        group="classifier",
    )
    network_steps: int = setting(5_000, "training steps of the network", low=1, group="classifier")
    sideband: float | None = setting(
        None,
        "CWoLa: width of the sideband on either side of the window; none: as wide as the window",
        above=0,
        unit="mas/yr",
        group="windows",
    )
    epochs: int | None = setting(
        None,
        "epochs of the networks of the papers' recipe; none: theirs, 100",
        low=1,
        group="classifier",
    )
    min_window: int = setting(200, "a window with fewer stars is skipped", low=1, group="windows")
    min_sideband: int = setting(
        200, "a window with fewer stars outside of it is skipped", low=1, group="windows"
    )
    device: str = device_setting()

    @property
    def training(self) -> TrainingSettings:
        """Training of the flows."""
        return TrainingSettings(
            epochs=self.flow_epochs, batch=self.batch, patience=self.flow_patience
        )
