"""Reasons for distrust that can be read off a tracer population before anything is trained.

A density model cannot tell a fall in the number of stars from a fall in the chance to see them,
so a selection that depends on the place of a star imitates an acceleration. The tests here ask
for that dependence: in the cuts of the selection, in the apparent magnitudes and in the
distribution over distance and sky. They are made to stay silent on any complete sample of a
smooth galaxy, thin discs included; what they do not see is not thereby proven complete.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from data.frames import Floats
from data.population import sky_coverage as sky
from data.population.selection_effects import selection_reasons
from data.reason import Reason
from data.selection import Tree

if TYPE_CHECKING:
    from data.catalogue.store import Catalogue
    from data.population.population import Volume

__all__ = [
    "UNCURED",
    "Reason",
    "incomplete",
    "population_reasons",
    "selection_reasons",
    "spatial_reasons",
]

UNCURED = ("selection_in_velocity",)
"""Reasons against a population that p(v|x) does not answer: all others are selections by place
or brightness, which leave the velocities at each place alone. A cut in motion at a place, such as
one in energy, is among these: it cuts off a part of p(v|x) itself."""

_FAINT = 0.05  # share of nearby tracers that may be fainter than the faint end far away
_CONCENTRATED = 0.2  # share within a quarter of the radius; a razor-thin disc has 1/16
_MIN_STARS = 500
_ENOUGH = (
    1_000_000  # stars that show any effect worth a word; of more, evenly spaced rows are asked
)


def incomplete(magnitude: Floats, distance: Floats, band: str = "G") -> Reason | None:
    """Find the mark of a limit in apparent magnitude: faint tracers are missing far away.

    In a complete sample the faint end of the absolute magnitudes is the same at all distances.
    The faint end of the farthest tenth of the tracers (its 99th percentile; of 500 tracers where
    a tenth is fewer) is compared with the nearest quarter, of which 1% should be fainter.

    Parameters
    ----------
    magnitude
        Apparent magnitudes of the tracers, shape (n,); missing ones are left out.
    distance
        kpc, shape (n,).
    band
        What to call the magnitude.
    """
    known = np.isfinite(magnitude) & (distance > 0.0)
    if np.count_nonzero(known) < _MIN_STARS:
        return None
    apparent, d = magnitude[known], distance[known]
    absolute = apparent - 5.0 * np.log10(d) - 10.0
    share_far = max(0.1, min(0.4, _MIN_STARS / d.size))
    near_limit, far_limit = np.quantile(d, [0.25, 1.0 - share_far])
    faint_end = float(np.quantile(absolute[d >= far_limit], 0.99))
    near = absolute[d <= near_limit]
    lost = float(np.mean(near > faint_end))
    if lost <= _FAINT + 3.0 * np.sqrt(_FAINT / near.size):
        return None
    limit = float(np.quantile(apparent, 0.99))
    return Reason(
        "incomplete",
        f"The tracers end near {band} = {limit:.1f}, so faint ones are missing far away and the"
        f" density falls with distance for that alone: {lost:.0%} of those within"
        f" {near_limit:.2g} kpc are fainter than M_{band} = {faint_end:.1f}, the faint end beyond"
        f" {far_limit:.2g} kpc.",
    )


def spatial_reasons(offset: Floats, radius: float) -> list[Reason]:
    """Find edges, gaps and steps in the distribution of the tracers round the Sun.

    Parameters
    ----------
    offset
        Positions relative to the centre of the volume, in kpc, along axes parallel to the
        Galactocentric ones, shape (n, 3).
    radius
        Radius of the volume in kpc.

    Returns
    -------
    list of Reason
        ``concentrated``, ``sky_gaps``, ``sharp_edges``, ``longitude_steps``.
    """
    distance = np.linalg.norm(offset, axis=1)
    seen = distance > 0.0
    sine = offset[seen, 2] / distance[seen]
    longitude = np.degrees(np.arctan2(-offset[seen, 1], -offset[seen, 0])) % 360.0
    found = [
        _concentrated(distance, radius),
        _sky_gaps(longitude, sine),
        _sharp_edges(distance, sine, offset[:, 2], radius),
        _longitude_steps(longitude),
    ]
    return [reason for reason in found if reason is not None]


def _concentrated(distance: Floats, radius: float) -> Reason | None:
    share = float(np.mean(distance <= radius / 4.0))
    if share <= _CONCENTRATED:
        return None
    return Reason(
        "concentrated",
        f"{share:.0%} of the tracers lie within {radius / 4.0:.2g} kpc of the centre, 1/64 of the"
        " volume: their number falls with the distance from the Sun as in a sample limited in"
        " brightness, not as in a galaxy.",
    )


def _sky_gaps(longitude: Floats, sine: Floats) -> Reason | None:
    broken = bool(sky.latitude_edges(sine))
    share = sky.gap_fraction(sky.sky_counts(longitude, sine), broken=broken)
    if share < sky.MIN_GAP:
        return None
    return Reason(
        "sky_gaps",
        f"{share:.0%} of the sky as seen from the centre of the volume hold no tracers, or next to"
        " none, right beside parts that hold many: the volume is not filled.",
    )


def _sharp_edges(distance: Floats, sine: Floats, height: Floats, radius: float) -> Reason | None:
    latitudes = np.degrees(np.arcsin(sky.latitude_edges(sine)))
    places = [
        *(f"b = {edge:+.0f} deg" for edge in latitudes),
        *(f"a distance of {edge:.2g} kpc" for edge in sky.distance_edges(distance, radius)),
        *(f"a height of {edge:+.2g} kpc" for edge in sky.height_edges(height, radius)),
    ]
    if not places:
        return None
    return Reason(
        "sharp_edges",
        f"The number of tracers breaks off by more than a factor of {sky.BREAK:.0f} at about "
        f"{' and '.join(places[:6])}; an edge inside the volume mimics an acceleration.",
    )


def _longitude_steps(longitude: Floats) -> Reason | None:
    steps = sky.longitude_steps(longitude)
    if not steps:
        return None
    place, size = max(steps.items(), key=lambda item: abs(item[1]))
    return Reason(
        "longitude_steps",
        f"The number of tracers jumps from one side to the other at {len(steps)} Galactic"
        f" longitude{'s' * (len(steps) > 1)}, far beyond chance, most at l = {place:.0f} deg by a"
        f" factor of {np.exp(abs(size)):.2f}: the selection differs from one part of the sky to"
        " the next.",
    )


def population_reasons(
    catalogue: Catalogue,
    tree: Tree,
    filled: npt.NDArray[np.bool_],
    rows: npt.NDArray[np.int64],
    volume: Volume,
    sun: Floats,
) -> list[Reason]:
    """Collect every reason to distrust a population.

    Parameters
    ----------
    catalogue, tree
        The stars, and the validated selection.
    filled
        Which stars have 6D coordinates inside the volume, selected or not, shape (n,).
    rows
        Row numbers of the tracers.
    volume
        The ball that they should fill.
    sun
        Position of the Sun in kpc, shape (3,).
    """
    found = selection_reasons(catalogue, tree, filled, rows.size)
    rows = rows[:: -(-rows.size // _ENOUGH)]
    for column, band in (("phot_g_mean_mag", "G"), ("grvs_mag", "G_RVS")):
        if catalogue.has(column):
            reason = incomplete(_doubles(catalogue, column, rows),
                                _doubles(catalogue, "distance", rows), band)  # fmt: skip
            found += [reason] if reason else []
            break
    centre = np.asarray(volume.centre)
    # Elsewhere the galaxy's own centre may dominate a part of the sky or the inner shells.
    round_the_sun = float(np.linalg.norm(centre - sun)) < 0.1 * volume.radius
    if round_the_sun and volume.radius < 0.75 * float(np.hypot(sun[0], sun[1])):
        places = np.stack([_doubles(catalogue, name, rows) for name in "xyz"], axis=1)
        found += spatial_reasons(places - centre, volume.radius)
    return found


def _doubles(catalogue: Catalogue, name: str, rows: npt.NDArray[Any]) -> Floats:
    values: Floats = catalogue.column(name)[rows].astype(np.float64)
    return values
