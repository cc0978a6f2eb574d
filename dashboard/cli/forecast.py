"""What a run will take, said before it starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dashboard.cli.output import Output
from dashboard.policy.funnel import seconds_in_words
from engine.mapping.cost import GridSize

__all__ = ["Forecast"]


class Forecast:
    """The estimates of one command's runs: to people on standard error, to scripts as fields.

    Parameters
    ----------
    output
        Where to say it.
    on
        What the time is counted on.
    """

    def __init__(self, output: Output, on: str = "two idle cores") -> None:
        self._output, self._on = output, on
        self._seconds: float | None = None
        self._grid: GridSize | None = None

    def __call__(self, cost: Mapping[str, float]) -> None:
        """Take the estimate of a run, and say it; an empty one is not known."""
        self.several([cost])

    def several(self, costs: Sequence[Mapping[str, float]]) -> None:
        """Take the estimates of runs that are started together, and say their sum."""
        known = [cost for cost in costs if "seconds" in cost]
        if not known:
            return
        self._seconds = sum(cost["seconds"] for cost in known)
        largest = max(known, key=lambda cost: cost["seconds"])
        if "cells" in largest:
            self._grid = GridSize(
                largest["spacing"],
                int(largest["across"]),
                int(largest["heights"]),
                int(largest["cells"]),
            )
        words = f"About {seconds_in_words(self._seconds)} on {self._on}"
        if len(known) > 1:
            words += f" for {len(known)} runs, the longest of them"
        self._output.note(f"{words} {self._size(largest)}".rstrip() + ".")

    def _size(self, cost: Mapping[str, float]) -> str:
        if "cells" in cost:
            return f"for {cost['tracers']:,.0f} tracers, on {self._grid}"
        if "windows" in cost:
            return f"for {cost['windows']:,.0f} windows with {cost['stars']:,.0f} stars in all"
        if "rows" in cost:
            return f"for {cost['rows']:,.0f} rows, {cost['disk_gb']:.2f} GB"
        return ""

    def fields(self) -> dict[str, object]:
        """Give ``estimate_s`` and, of a map, ``grid``; empty where nothing new was estimated."""
        if self._seconds is None:
            return {}
        fields: dict[str, object] = {"estimate_s": round(self._seconds)}
        if self._grid is not None:
            fields["grid"] = {
                "spacing_kpc": self._grid.spacing,
                "x": self._grid.across,
                "y": self._grid.across,
                "z": self._grid.heights,
                "cells": self._grid.cells,
            }
        return fields
