"""Which panels Explore offers for a catalogue, and the ranges that they open with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dashboard.policy.brushes import SKY
from dashboard.views import sky

__all__ = ["NUMBERS", "PRESETS", "STATISTICS", "Preset", "axis_label", "colour_words",
           "default_axes", "opening_range", "points_down", "preset_of", "presets_for",
           "some_axes"]  # fmt: skip

#: How many panels a page may have.
NUMBERS = (2, 4, 6)

#: What the colour of a cell stands for, by the word on the screen.
STATISTICS = {"count": "Number of stars", "mean": "Mean of", "spread": "Spread of"}


@dataclass(frozen=True)
class Preset:
    """A pair of axes with a name.

    Parameters
    ----------
    label
        What the chooser of a panel shows.
    x, y
        Columns, stored or derived.
    equal
        Draw both axes at one scale.
    sky
        Draw the two columns, a longitude and a latitude, as a map of the sky.
    """

    label: str
    x: str
    y: str
    equal: bool = False
    sky: bool = False

    @property
    def axes(self) -> tuple[str, str]:
        """The two columns."""
        return self.x, self.y


def _along(words: str, stream: str) -> tuple[Preset, Preset]:
    """Give the two views of a stream's own coordinates: the whole sky, and plain axes."""
    x, y = f"phi1({stream})", f"phi2({stream})"
    sky_map = Preset(f"Sky along {words}", x, y, equal=True, sky=True)
    return sky_map, Preset(f"{words}: φ₁, φ₂", x, y)


PRESETS = (
    Preset("Face-on: x, y", "x", "y", equal=True),
    Preset("Meridional: R, z", "R", "z", equal=True),
    Preset("Velocities: v_R, v_φ", "v_R", "v_phi", equal=True),
    Preset("Sky: l, b", *SKY, equal=True, sky=True),
    Preset("Colour-magnitude", "bp_rp", "absolute_g"),
    Preset("Edge-on: x, z", "x", "z", equal=True),
    Preset("Side-on: y, z", "y", "z", equal=True),
    Preset("Spiral: z, v_z", "z", "v_z"),
    Preset("Rotation: R, v_φ", "R", "v_phi"),
    Preset("Toomre: v_φ, v_⊥", "v_phi", "v_toomre"),
    Preset("Azimuth: φ, L_z", "phi", "L_z"),
    Preset("Proper motions", "pmra", "pmdec", equal=True),
    Preset("Colour-magnitude: G", "bp_rp", "phot_g_mean_mag"),
    Preset("Colour-magnitude: G − RP", "g_rp", "absolute_g"),
    Preset("Colour-magnitude: G − RP, G", "g_rp", "phot_g_mean_mag"),
    Preset("Sky: ra, dec", "ra", "dec", equal=True, sky=True),
    Preset("Places: ra, dec", "ra", "dec"),
    *_along("GD-1", "gd1"),
    *_along("Palomar 5", "pal5"),
    *_along("Orphan", "orphan"),
    *_along("Sagittarius", "sagittarius"),
)

#: What is observed of every star, on plain axes that a small patch fills.
_OBSERVED = (("ra", "dec"), ("pmra", "pmdec"), ("bp_rp", "phot_g_mean_mag"), ("l", "b"))

_SYMBOLS = {
    "v_phi": "v_φ",
    "phi": "φ",
    "absolute_g": "M_G",
    "absolute_grvs": "M_G_RVS",
    "bp_rp": "G_BP − G_RP",
    "v_toomre": "√(v_R² + v_z²)",
    "vx": "v_x",
    "vy": "v_y",
    "vz": "v_z",
    "g_rp": "G − G_RP",
    "phot_g_mean_mag": "G",
    "pmra": "μ_α*",
    "pmdec": "μ_δ",
}
_CALLS = {"pm_phi": "μ_φ", "phi1": "φ₁", "phi2": "φ₂"}
_UNITS = {"km / s": "km/s", "mas / yr": "mas/yr", "kpc km / s": "kpc km/s",
          "km2 / s2": "km²/s²"}  # fmt: skip
_MAGNITUDES = {"absolute_g", "grvs_mag", "phot_g_mean_mag", "phot_bp_mean_mag",
               "phot_rp_mean_mag"}  # fmt: skip

#: Share of the stars that may lie outside the range with which an axis opens, on each side.
_TAIL = 5e-4
_SAMPLE = 200_000
_MARGIN = 0.03


def presets_for(columns: Iterable[str]) -> list[Preset]:
    """Give the presets that a catalogue with these columns (stored and derived) can draw."""
    there = set(columns)
    return [preset for preset in PRESETS if {preset.x, preset.y} <= there]


def default_axes(columns: Iterable[str], *, six_d: bool = True) -> list[dict[str, Any]]:
    """Choose the four panels with which a catalogue opens.

    Space from above and from the side, velocities and the sky, which every catalogue with
    six dimensions has; what is missing is made up from the other presets.

    Parameters
    ----------
    columns
        Stored and derived ones.
    six_d
        Whether enough of the stars have a position and a velocity; without them the panels are
        those in which streams are looked for: places, proper motions, magnitudes.
    """
    known = list(columns)
    first = [] if six_d else [{"x": x, "y": y} for x, y in _OBSERVED if {x, y} <= set(known)]
    return some_axes(known, first, 4)


def some_axes(
    columns: Iterable[str], kept: Sequence[dict[str, Any]], number: int
) -> list[dict[str, Any]]:
    """Give so many panels: those that are there, and then presets that are not among them."""
    there = {(panel.get("x"), panel.get("y")) for panel in kept}
    more = [p for p in presets_for(columns) if p.axes not in there]
    return [*kept, *({"x": p.x, "y": p.y} | ({"sky": True} if p.sky and p.axes != SKY else {})
                     for p in more)][:number]  # fmt: skip


def preset_of(axes: tuple[str, str], *, on_sky: bool) -> Preset | None:
    """Give the preset of a panel; None where the user has put the axes together."""
    return next((p for p in PRESETS if p.axes == axes and p.sky == on_sky), None)


def points_down(name: str) -> bool:
    """Say whether an upright axis of this column grows downwards, as magnitudes do."""
    return name in _MAGNITUDES


def colour_words(statistic: str, value: str | None, unit: str = "") -> str:
    """Say what the colour of a cell stands for, with the unit."""
    if statistic == "count" or value is None:
        return "stars in each cell"
    return f"{'mean' if statistic == 'mean' else 'spread'} of {axis_label(value, unit)}"


def axis_label(name: str, unit: str) -> str:
    """Write the label of an axis: symbol and unit."""
    symbol = _SYMBOLS.get(name, name)
    for word, letter in _CALLS.items():
        symbol = symbol.replace(word, letter, 1) if name.startswith(word) else symbol
    return f"{symbol} ({_UNITS.get(unit, unit)})" if unit else symbol


def opening_range(
    axes: tuple[str, str], column: Callable[[str], np.ndarray], *, on_sky: bool | None = None
) -> list[list[float]]:
    """Give the ranges of x and y that show a panel's stars without its far outliers.

    The full range is taken where the tails do not stretch it to more than twice the bulk.

    Parameters
    ----------
    axes
        Columns of the panel.
    column
        Gives a column by name, shape (n,).
    on_sky
        The panel is a map of the sky; by default where its columns are `SKY`.
    """
    if axes == SKY if on_sky is None else on_sky:
        return [
            [-1.04 * sky.HALF_WIDTH, 1.04 * sky.HALF_WIDTH],
            [-1.04 * sky.HALF_HEIGHT, 1.04 * sky.HALF_HEIGHT],
        ]
    return [_range_of(column(name)) for name in axes]


def _range_of(values: np.ndarray) -> list[float]:
    sample = np.asarray(values[:: max(len(values) // _SAMPLE, 1)], dtype=float)
    sample = sample[np.isfinite(sample)]
    if not sample.size:
        return [0.0, 1.0]
    low, high = np.quantile(sample, [_TAIL, 1 - _TAIL])
    full_low, full_high = sample.min(), sample.max()
    if full_high - full_low <= 2 * (high - low):
        low, high = full_low, full_high
    if low == high:
        low, high = low - 0.5, high + 0.5
    margin = _MARGIN * (high - low)
    return [float(low - margin), float(high + margin)]
