"""Maps of the share of a population that a magnitude limit leaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import colorcet
import holoviews as hv
import numpy as np

from dashboard.views.style import styled
from data.quality.completeness import Completeness

__all__ = ["completeness_slice"]

FRAME = 170
"""Pixels along a side; both ranges are equally long, so scales are too."""

_WORDS = "share seen"


def completeness_slice(
    completeness: Completeness, plane: tuple[str, str], colours: Mapping[str, str]
) -> Any:  # noqa: ANN401  as `styled`
    """Draw a plane through the Sun.

    Parameters
    ----------
    completeness
        Over a ball.
    plane
        The two axes.
    colours
        Of the page, as `dashboard.components.theme.figure_colours` gives them.

    Returns
    -------
    holoviews.Image
        From 0 (dark) to 1 (bright); nothing outside the ball.
    """
    x, y = (completeness.axes["xyz".index(name)] for name in plane)
    values = completeness.slice(plane).T
    label = [hv.Dimension(name, label=f"{name} (kpc)") for name in plane]
    image = hv.Image((x, y, np.asarray(values)), kdims=label, vdims=["seen"]).opts(
        cmap=colorcet.CET_L8,
        clim=(0.0, 1.0),
        colorbar=True,
        clabel=_WORDS,
        clipping_colors={"NaN": (0, 0, 0, 0)},
        tools=["hover"],
        default_tools=[],
        frame_width=FRAME,
        frame_height=FRAME,
    )
    return styled(image, colours, grid=False)
