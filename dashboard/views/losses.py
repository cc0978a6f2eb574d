"""Loss curves of the members of an ensemble, as they train."""

from __future__ import annotations

from collections.abc import Mapping

import holoviews as hv
import numpy as np

from dashboard.policy.loss_history import FlowLosses

AT_MOST = 600
"""Points drawn along a curve; longer histories are thinned evenly, the last point kept."""


def loss_plot(losses: FlowLosses, colours: Mapping[str, str]) -> hv.Overlay:
    """Draw the training loss (thin) and validation loss (bold) of every member against the epoch.

    The number of glyphs does not depend on the number of members or epochs, so that a live
    figure can be given new data without being built again.

    Parameters
    ----------
    losses
        What one flow has reported.
    colours
        As `dashboard.components.theme.figure_colours` gives them.
    """
    keep = thinned(losses.epochs.size)
    epoch = hv.Dimension("epoch", range=(0.0, float(losses.epochs.max(initial=1))))
    loss = hv.Dimension("loss", range=loss_range(losses))
    axes = [epoch, loss]
    train = _paths(losses.epochs[keep], losses.train[keep], axes, "training")
    validation = _paths(losses.epochs[keep], losses.validation[keep], axes, "validation")
    return (
        train.opts(color=colours["muted"], line_width=1.0, alpha=0.7, framewise=True)
        * validation.opts(
            color=colours["accent"],
            line_width=1.8,
            framewise=True,
            tools=["hover"],
            hover_tooltips=[("member", "@member"), ("", "@kind")],
        )
    ).opts(
        xlabel="epoch",
        ylabel="loss per star",
        legend_position="top_right",
    )


def thinned(n: int) -> np.ndarray:
    """Give the indices of at most `AT_MOST` of n points, first and last among them."""
    if n <= AT_MOST:
        return np.arange(n)
    return np.unique(np.linspace(0, n - 1, AT_MOST).round().astype(int))


def loss_range(losses: FlowLosses) -> tuple[float, float]:
    """Give the range of the loss axis: everything but the plunge of the first epochs.

    The first epochs lose more than all others together; the upper edge is the highest loss
    after a tenth of the epochs, so that what happens later can be seen.
    """
    settled = max(1, losses.epochs.size // 10)
    both = np.concatenate([losses.train, losses.validation], axis=1)
    finite = both[np.isfinite(both)]
    if finite.size == 0:
        return 0.0, 1.0
    late = both[settled:] if losses.epochs.size > settled else both
    late = late[np.isfinite(late)]
    low, high = float(finite.min()), float((late if late.size else finite).max())
    margin = 0.06 * (high - low) or 0.05
    return low - margin, high + margin


def _paths(
    epochs: np.ndarray, losses: np.ndarray, axes: list[hv.Dimension], kind: str
) -> hv.Contours:
    """Draw one path a member, shape of losses (epochs, members)."""
    paths = [
        {"epoch": epochs, "loss": column, "member": member + 1, "kind": kind}
        for member, column in enumerate(losses.T)
    ]
    return hv.Contours(paths, axes, ["member", "kind"], label=kind)
