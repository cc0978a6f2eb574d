"""A figure that is built once and then given new numbers in place."""

from __future__ import annotations

from collections.abc import Callable

import holoviews as hv
import panel as pn

__all__ = ["LiveFigure"]

_Version = hv.streams.Stream.define("Version", version=0)


class LiveFigure:
    """A place on the screen for what a function draws.

    Exchanging a figure while the browser still puts its surroundings in place breaks the
    layout of the page, and building one costs ten times what new numbers cost. So the figure
    is built by the first `update`, before its place is on the screen, and kept.

    Parameters
    ----------
    draw
        Gives what is to be seen now.
    linked_axes
        Whether it moves with other figures of the same axes.
    """

    def __init__(
        self, draw: Callable[[], hv.Element | hv.Overlay], *, linked_axes: bool = False
    ) -> None:
        self._draw = draw
        self._stream = _Version()
        self.pane = pn.pane.HoloViews(None, margin=(0, 2), linked_axes=linked_axes)

    def update(self) -> None:
        """Draw again."""
        if self.pane.object is None:
            self.pane.object = hv.DynamicMap(
                lambda version: self._draw(),
                streams=[self._stream],
            )
        else:
            self._stream.event(version=self._stream.version + 1)
