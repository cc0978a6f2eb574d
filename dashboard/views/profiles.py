"""Profiles of the acceleration along named lines, with bands of errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import holoviews as hv
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from engine.cubes.along import sample, straight
from engine.cubes.quantities import QUANTITIES, UNITS, Array, Quantity, Unit, evaluate
from engine.cubes.slices import Field

LINES: dict[str, tuple[str, str, str]] = {
    "x": ("Through the Sun towards the centre", "x [kpc]", "x"),
    "z": ("Up and down through the Sun", "z [kpc]", "z"),
    "arc": ("Along the solar arc", "azimuth [°]", "phi"),
}
"""Title, label of the abscissa, and the quantity that fits each line best."""

DRAWN = "drawn"
"""The line that a user draws."""
_WORDS = {**LINES, DRAWN: ("Along your line", "distance from the first end [kpc]", "abs")}

BANDS = ((1.959964, 0.16), (0.994458, 0.30))
"""Half widths of the central 95% and 68% of a normal distribution, and how opaque to draw."""


@dataclass(frozen=True)
class Profile:
    """One quantity along one line, in the unit of the screen.

    Parameters
    ----------
    line
        A key of `LINES`, or `DRAWN`.
    s
        Abscissa, shape (n,), rising: kpc, or degrees of azimuth along rotation for the arc.
    value, sd
        Shape (n,).
    trusted
        Shape (n,), bool.
    truth
        Shape (n,), or None where the truth is not known.
    quantity, unit
        What is drawn, and in what.
    """

    line: str
    s: Array
    value: Array
    sd: Array
    trusted: NDArray[np.bool_]
    truth: Array | None
    quantity: Quantity
    unit: Unit


def abscissa(line: str, position: Array) -> Array:
    """Where on its line a position lies, from Galactocentric positions of shape (3, n)."""
    if line == "arc":
        return np.degrees(np.arctan2(-position[1], position[0]))
    return position["xyz".index(line)]


def take_profile(
    cube: xr.Dataset,
    line: str,
    quantity: str,
    unit: str = "km2/s2/kpc",
    estimator: str | None = None,
    truth: Field | None = None,
) -> Profile:
    """Cut one profile out of a profiles cube.

    Parameters
    ----------
    cube
        A profiles cube, as `engine.cubes.store.read_cube` gives it.
    line
        A key of `LINES`.
    quantity
        A key of `engine.cubes.quantities.QUANTITIES`.
    unit
        A key of `engine.cubes.quantities.UNITS`.
    estimator
        Name of the estimator; the cube's default where None.
    truth
        Acceleration that is known to be true.
    """
    chosen = cube.sel(estimator=estimator or cube.attrs["default_estimator"], line=line)
    position = chosen["position"].transpose("component", "s").to_numpy().astype(float)
    acceleration = chosen["acceleration"].transpose("component", "s").to_numpy().astype(float)
    sd = chosen["acceleration_sd"].transpose("component", "s").to_numpy().astype(float)
    value, value_sd = evaluate(quantity, acceleration, sd, position[0], position[1])
    true_value = None
    if truth is not None:
        exact = truth(position.T).T
        true_value = evaluate(quantity, exact, np.zeros_like(exact), *position[:2])[0]
        true_value = np.where(np.isfinite(value), true_value, np.nan)
    s = abscissa(line, position)
    order = np.argsort(s, kind="stable")
    order = order[np.isfinite(s[order])]  # a line has no positions outside the volume
    factor = UNITS[unit].factor
    return Profile(
        line=line,
        s=s[order],
        value=value[order] * factor,
        sd=value_sd[order] * factor,
        trusted=chosen["trusted"].to_numpy().astype(bool)[order],
        truth=None if true_value is None else true_value[order] * factor,
        quantity=QUANTITIES[quantity],
        unit=UNITS[unit],
    )


def take_drawn_profile(
    cube: xr.Dataset,
    ends: tuple[tuple[float, float, float], tuple[float, float, float]],
    quantity: str,
    unit: str = "km2/s2/kpc",
    estimator: str | None = None,
    truth: Field | None = None,
) -> Profile:
    """Cut a profile along a straight line of one's own out of an acceleration cube.

    Parameters
    ----------
    cube
        An acceleration cube.
    ends
        Two positions, kpc; the abscissa is the distance from the first.
    quantity, unit, estimator, truth
        As for `take_profile`.
    """
    along = sample(cube, "acceleration", straight(*ends), estimator)
    x, y, _ = along.points.T
    value, sd = evaluate(quantity, along.value, along.sd, x, y)
    true_value = None
    if truth is not None:
        exact = truth(along.points).T
        true_value = evaluate(quantity, exact, np.zeros_like(exact), x, y)[0]
        true_value = np.where(np.isfinite(value), true_value, np.nan)
    factor = UNITS[unit].factor
    return Profile(
        line=DRAWN,
        s=along.s,
        value=value * factor,
        sd=sd * factor,
        trusted=along.trusted,
        truth=None if true_value is None else true_value * factor,
        quantity=QUANTITIES[quantity],
        unit=UNITS[unit],
    )


def profile_plot(
    profile: Profile, colours: Mapping[str, str], *, show_untrusted: bool = False
) -> hv.Overlay:
    """Value with its 68% and 95% bands, and the truth as a dashed line where it is known.

    Parameters
    ----------
    profile
        What to draw.
    colours
        ``series``, ``truth`` and ``muted`` of `dashboard.components.theme.figure_colours`.
    show_untrusted
        Draw also what is not to be believed.
    """
    shown = np.isfinite(profile.value) & (profile.trusted | show_untrusted)
    layers = [
        hv.Polygons(_pieces(profile, shown, width), ["s", "a"], label=label).opts(
            color=colours["series"], fill_alpha=alpha, line_alpha=0, framewise=True
        )
        for (width, alpha), label in zip(BANDS, ("95%", "68%"), strict=True)
    ]
    value = np.where(shown, profile.value, np.nan)
    columns = {
        "s": profile.s,
        "a": value,
        "sd": profile.sd,
        "believe": np.where(profile.trusted, "yes", "no"),
    }
    layers.append(
        hv.Curve(columns, "s", ["a", "sd", "believe"], label="measured").opts(
            color=colours["series"],
            line_width=2,
            framewise=True,
            tools=["hover"],
            hover_tooltips=[
                (_WORDS[profile.line][1], "@s{0.00}"),
                (profile.quantity.label, f"@a{{0.[000]a}} ± @sd{{0.[000]a}} {profile.unit.label}"),
                ("reliable", "@believe"),
            ],
        )
    )
    if profile.truth is not None:
        layers.append(
            hv.Curve((profile.s, profile.truth), "s", "a", label="truth").opts(
                color=colours["truth"], line_dash="dashed", line_width=2, framewise=True
            )
        )
    return hv.Overlay(layers).opts(
        xlabel=_WORDS[profile.line][1],
        ylabel=f"{profile.quantity.label} [{profile.unit.label}]",
        legend_position="top_left" if profile.line == "x" else "top_right",
    )


def _pieces(
    profile: Profile, shown: NDArray[np.bool_], width: float
) -> list[dict[str, list[float]]]:
    """Outlines of the band, one for each unbroken stretch of the line that is shown."""
    outlines = []
    for stretch in _stretches(shown):
        s, value, sd = profile.s[stretch], profile.value[stretch], profile.sd[stretch]
        upper, lower = value + width * sd, value - width * sd
        outlines.append(
            {"s": [*s, *s[::-1]], "a": [*upper, *lower[::-1]]},
        )
    return outlines


def _stretches(shown: NDArray[np.bool_]) -> list[slice]:
    """Slices of the unbroken runs of True."""
    padded = np.concatenate([[False], shown, [False]]).astype(np.int8)
    starts, stops = np.flatnonzero(np.diff(padded) == 1), np.flatnonzero(np.diff(padded) == -1)
    return [slice(int(a), int(b)) for a, b in zip(starts, stops, strict=True)]
