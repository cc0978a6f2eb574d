"""The losses that a run has reported, followed without reading its events twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.policy.event_history import EventHistory

AT_MOST = 20_000
"""Epochs remembered for each flow; beyond it every second one is forgotten."""


@dataclass(frozen=True)
class FlowLosses:
    """What one flow has reported so far.

    Parameters
    ----------
    epochs
        Shape (n,).
    train, validation
        Loss per star, shape (n, members); NaN where a member had stopped.
    rate
        Stars per second at the last report, or None.
    """

    epochs: NDArray[np.int64]
    train: NDArray[np.float64]
    validation: NDArray[np.float64]
    rate: float | None = None


@dataclass
class LossHistory(EventHistory):
    """Losses by flow, growing as events arrive."""

    KIND = "loss"

    _rows: dict[str, dict[int, tuple[list[float], list[float]]]] = field(default_factory=dict)
    _rate: dict[str, float] = field(default_factory=dict)

    def _take(self, event: Mapping[str, Any]) -> None:
        """Keep an epoch; one that is reported again (after a resume) replaces what it said."""
        flow, epoch = str(event["flow"]), int(event["epoch"])
        train = _numbers(event["train"])
        validation = _numbers(event["validation"])
        rows = self._rows.setdefault(flow, {})
        rows[epoch] = (train, validation)
        if isinstance(event.get("rate"), (int, float)):
            self._rate[flow] = float(event["rate"])
        if len(rows) > AT_MOST:
            self._rows[flow] = {e: rows[e] for e in sorted(rows)[::2]}

    @property
    def flows(self) -> list[str]:
        """Names of the flows that have reported, in order of their first report."""
        return list(self._rows)

    def losses(self, flow: str) -> FlowLosses:
        """Give the losses of one flow in order of epochs; empty if it has not reported."""
        rows = self._rows.get(flow, {})
        epochs = np.array(sorted(rows), dtype=np.int64)
        members = max((max(len(t), len(v)) for t, v in rows.values()), default=0)
        train = np.full((epochs.size, members), np.nan)
        validation = np.full((epochs.size, members), np.nan)
        for row, epoch in enumerate(epochs):
            t, v = rows[int(epoch)]
            train[row, : len(t)], validation[row, : len(v)] = t, v
        return FlowLosses(epochs, train, validation, self._rate.get(flow))


def _numbers(values: object) -> list[float]:
    """Losses of the members as floats; a missing one is NaN."""
    if isinstance(values, (int, float)):
        values = [values]
    if not isinstance(values, (list, tuple)):
        raise TypeError("losses are a list, one number a member")
    return [float("nan") if value is None else float(value) for value in values]
