"""Which panels Explore offers for a catalogue, and the ranges that they open with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from dashboard.policy.brushes import SKY
from dashboard.views import sky

__all__ = ["PRESETS", "Preset", "axis_label", "default_axes", "opening_range", "presets_for"]


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
    down
        Let y grow downwards, as magnitudes do.
    """

    label: str
    x: str
    y: str
    equal: bool = False
    down: bool = False

    @property
    def axes(self) -> tuple[str, str]:
        """The two columns."""
        return self.x, self.y


PRESETS = (
    Preset("Face-on: x, y", "x", "y", equal=True),
    Preset("Meridional: R, z", "R", "z", equal=True),
    Preset("Velocities: v_R, v_φ", "v_R", "v_phi", equal=True),
    Preset("Sky: l, b", *SKY, equal=True),
    Preset("Colour-magnitude", "bp_rp", "absolute_g", down=True),
    Preset("Edge-on: x, z", "x", "z", equal=True),
    Preset("Side-on: y, z", "y", "z", equal=True),
    Preset("Spiral: z, v_z", "z", "v_z"),
    Preset("Rotation: R, v_φ", "R", "v_phi"),
    Preset("Toomre: v_φ, v_⊥", "v_phi", "v_toomre"),
    Preset("Azimuth: φ, L_z", "phi", "L_z"),
    Preset("Proper motions", "pmra", "pmdec", equal=True),
)

_SYMBOLS = {
    "v_phi": "v_φ",
    "phi": "φ",
    "absolute_g": "M_G",
    "bp_rp": "G_BP − G_RP",
    "v_toomre": "√(v_R² + v_z²)",
    "vx": "v_x",
    "vy": "v_y",
    "vz": "v_z",
}
_UNITS = {"km / s": "km/s", "mas / yr": "mas/yr", "kpc km / s": "kpc km/s"}

#: Share of the stars that may lie outside the range with which an axis opens, on each side.
_TAIL = 5e-4
_SAMPLE = 200_000
_MARGIN = 0.03


def presets_for(columns: Iterable[str]) -> list[Preset]:
    """Give the presets that a catalogue with these columns (stored and derived) can draw."""
    there = set(columns)
    return [preset for preset in PRESETS if {preset.x, preset.y} <= there]


def default_axes(columns: Iterable[str]) -> list[dict[str, str]]:
    """Choose the four panels with which a catalogue opens.

    Space from above and from the side, velocities and the sky, which every catalogue with
    six dimensions has; what is missing is made up from the other presets.
    """
    chosen = presets_for(columns)[:4]
    return [{"x": preset.x, "y": preset.y} for preset in chosen]


def axis_label(name: str, unit: str) -> str:
    """Write the label of an axis: symbol and unit."""
    symbol = _SYMBOLS.get(name, name)
    return f"{symbol} ({_UNITS.get(unit, unit)})" if unit else symbol


def opening_range(axes: tuple[str, str], column: Callable[[str], np.ndarray]) -> list[list[float]]:
    """Give the ranges of x and y that show a panel's stars without its far outliers.

    The full range is taken where the tails do not stretch it to more than twice the bulk.

    Parameters
    ----------
    axes
        Columns of the panel.
    column
        Gives a column by name, shape (n,).
    """
    if axes == SKY:
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
