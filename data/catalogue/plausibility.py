"""Remarks on the columns of a catalogue that cannot be what they are taken for.

Units that nobody stated, placeholders that could be true values, columns that were confused:
each test is made to stay silent on any clean table, mock or simulation. What is remarked on is
kept as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from data.catalogue.kinds import distance_like
from data.catalogue.manifest import Manifest
from data.catalogue.placeholders import placeholder_shaped
from data.catalogue.remarks import Remark
from data.catalogue.schema import ASTROMETRY, CARTESIAN, DERIVED, ERRORS
from data.catalogue.store import Catalogue
from data.frames import KM_S_PER_MAS_YR_KPC, Floats, to_galactocentric

__all__ = ["CODES", "plausibility"]

CODES = (
    "distance_large", "distance_small", "positions_large", "repeated_value", "fast_stars",
    "slow_stars", "ra_in_hours", "radians", "small_errors", "identical_columns",
    "not_galactic", "other_frame", "error_of_another_column", "no_distance",
    "placeholder_values",
)  # fmt: skip
"""Of the remarks that can be made here; all others were made when the cells were read."""

_ROWS = 1_000_000
_FEW = 10
_FAR, _NEAR, _FAR_SIMULATION = 100.0, 1e-3, 300.0  # kpc
_FAST, _FAST_SHARE = 1000.0, 0.02  # km/s, beyond any escape speed from the Galaxy
_SLOW = 0.5  # km/s, median across the line of sight
_REPEATED, _ABOVE_THE_NEXT = 0.01, 5
_SMALL_ERROR = 1e-3  # mas or mas/yr; Gaia's smallest are ten times as large
_APART = 5.0  # deg
_MAGNITUDES = ("phot_g_mean_mag", "phot_bp_mean_mag", "phot_rp_mean_mag", "bp_rp", "grvs_mag")


class _Sample:
    """Evenly spaced rows of a catalogue, enough for any of the statistics."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.manifest: Manifest = catalogue.manifest
        self.step = max(1, -(-catalogue.n_rows // _ROWS))
        self._columns: dict[str, Floats] = {}

    def __call__(self, name: str) -> Floats:
        """Give a column as doubles, NaN where a value is missing; empty if there is none."""
        if name not in self._columns:
            self._columns[name] = self._doubles(name)
        return self._columns[name]

    def finite(self, name: str) -> Floats:
        """Give the values of a column that are not missing."""
        values = self(name)
        return values[np.isfinite(values)]

    def _doubles(self, name: str) -> Floats:
        if not self.catalogue.has(name):
            return np.empty(0)
        values = self.catalogue.column(name)[:: self.step]
        doubles: Floats = values.astype(np.float64)
        mark = self.manifest.columns[name].missing
        if mark is not None:
            doubles[values == mark] = np.nan
        return doubles


def plausibility(catalogue: Catalogue) -> list[Remark]:
    """Look for columns that cannot be what they are taken for.

    Parameters
    ----------
    catalogue
        With its manifest; of a large one evenly spaced rows are looked at.
    """
    sample = _Sample(catalogue)
    checks = _OF_STARS if catalogue.manifest.kind == "astrometry" else _OF_SIMULATIONS
    return [remark for check in checks for remark in check(sample)]


def _far_or_near(sample: _Sample) -> Iterator[Remark]:
    distances = sample.finite("distance")
    if distances.size < _FEW:
        return
    origin = sample.manifest.origin_of_distance
    name = "parallax" if origin == "1/parallax" else origin
    unit = "arcsec" if name == "parallax" else "pc"
    median = float(np.median(distances))
    if median > _FAR:
        yield Remark(name, "distance_large", f"The median distance is {median:,.4g} kpc: is "
                     f"{name} in {unit}?", value=median)  # fmt: skip
    elif median < _NEAR:
        yield Remark(name, "distance_small", f"The median distance is {median * 1e3:.3g} pc: is "
                     f"{name} in another unit?", value=median)  # fmt: skip


def _far_particles(sample: _Sample) -> Iterator[Remark]:
    distances = sample.finite("distance")
    if distances.size >= _FEW and (median := float(np.median(distances))) > _FAR_SIMULATION:
        yield Remark("x", "positions_large", f"The median distance from the Sun is {median:,.4g} "
                     "kpc: are x, y, z in pc?", value=median)  # fmt: skip


def _repeated(sample: _Sample) -> Iterator[Remark]:
    """Find a favourite value of a quantity that varies continuously."""
    names = [*ASTROMETRY, *_MAGNITUDES, sample.manifest.origin_of_distance]
    if sample.manifest.kind == "simulation":
        names += CARTESIAN
    for name in names:
        values = sample.finite(name)
        if values.size < 2 * _FEW:
            continue
        each, counts = np.unique(values, return_counts=True)
        order = np.argsort(counts)
        top, next_one = int(counts[order[-1]]), int(counts[order[-2]]) if each.size > 1 else 0
        if top < max(5, _REPEATED * values.size) or top < _ABOVE_THE_NEXT * max(1, next_one):
            continue
        value, share = float(each[order[-1]]), top / values.size
        yield Remark(name, "repeated_value", f"{share:.0%} of the values of {name} are "
                     f"{value:.7g}: does it stand for a missing value?", top * sample.step,
                     value)  # fmt: skip


def _fast(sample: _Sample) -> Iterator[Remark]:
    speed = np.sqrt(sum(sample(name) ** 2 for name in ("vx", "vy", "vz")))
    known = np.isfinite(speed)
    n = int(np.count_nonzero(known))
    if n < _FEW:
        return
    count = int(np.count_nonzero(speed[known] > _FAST))
    if count < 3 or count <= _FAST_SHARE * n:
        return
    name = "vx"
    if sample.manifest.kind == "astrometry":
        radial = np.abs(sample("radial_velocity")[known]) > 0.9 * _FAST
        name = "radial_velocity" if 2 * np.count_nonzero(radial) > count else "pmra"
    what = {"vx": "velocities", "radial_velocity": "radial_velocity",
            "pmra": "proper motions or distances"}[name]  # fmt: skip
    yield Remark(name, "fast_stars", f"{count / n:.0%} of the stars move faster than "
                 f"{_FAST:,.0f} km/s, beyond the escape speed: look at their {what} and the "
                 "units.", count * sample.step, count / n)  # fmt: skip


def _slow(sample: _Sample) -> Iterator[Remark]:
    across = KM_S_PER_MAS_YR_KPC * np.hypot(sample("pmra"), sample("pmdec")) * sample("distance")
    across = across[np.isfinite(across)]
    if across.size >= _FEW and (median := float(np.median(across))) < _SLOW:
        yield Remark("pmra", "slow_stars", f"The median velocity across the line of sight is "
                     f"{median:.2g} km/s: are pmra and pmdec in arcsec/yr or deg/yr?",
                     value=median)  # fmt: skip


def _angles(sample: _Sample) -> Iterator[Remark]:
    """Find right ascensions in hours, and both angles in radians."""
    ra, dec = sample("ra"), sample("dec")
    known = np.isfinite(ra) & np.isfinite(dec)
    if sample.manifest.columns["ra"].unit_origin != "assumed" or known.sum() < _FEW:
        return
    ra, dec = ra[known], dec[known]
    wide, high = float(np.ptp(ra)), float(np.ptp(dec))
    turned = np.where(ra > 180.0, ra - 360.0, ra)  # radians from -pi to pi were wrapped
    if (
        np.abs(dec).max() <= 0.5 * np.pi
        and high > 1.5
        and (
            (ra.max() <= 2.0 * np.pi and wide > 5.5)
            or (np.abs(turned).max() <= np.pi and np.ptp(turned) > 5.5)
        )
    ):
        yield Remark("ra", "radians", "All of ra and dec lie within one turn in radians: are they "
                     "in rad?", value=float(np.abs(dec).max()))  # fmt: skip
    elif ra.max() <= 24.0 and (wide > 20.0 or (wide > 5.0 and high > 60.0)):
        yield Remark("ra", "ra_in_hours", f"All right ascensions lie between {ra.min():.2g} and "
                     f"{ra.max():.3g}: are they in hours (ra=hourangle)?",
                     value=float(ra.max()))  # fmt: skip


def _small_errors(sample: _Sample) -> Iterator[Remark]:
    for name in ERRORS:
        about = sample.manifest.columns.get(name)
        if name == "radial_velocity_error" or about is None or about.unit_origin != "assumed":
            continue
        values = sample.finite(name)
        if values.size >= _FEW and (median := float(np.median(values))) < _SMALL_ERROR:
            other = "arcsec or deg" if about.unit == "mas" else "arcsec/yr"
            yield Remark(name, "small_errors", f"The median of {name} is {median:.2g} "
                         f"{about.unit}: is it in {other}?", value=median)  # fmt: skip


def _identical(sample: _Sample) -> Iterator[Remark]:
    simulated = sample.manifest.kind == "simulation"
    names = [n for n in (CARTESIAN if simulated else ASTROMETRY) if sample.catalogue.has(n)]
    for i, first in enumerate(names):
        for second in names[i + 1 :]:
            a, b = sample(first), sample(second)
            finite = a[np.isfinite(a)]
            varies = finite.size >= _FEW and float(np.ptp(finite)) > 0.0
            if varies and np.array_equal(
                a.astype(np.float32), b.astype(np.float32), equal_nan=True
            ):
                yield Remark(second, "identical_columns",
                             f"{second} is the same as {first} for every star.")  # fmt: skip


def _galactic(sample: _Sample) -> Iterator[Remark]:
    """Find columns l, b that are no Galactic coordinates of ra, dec."""
    if not sample.catalogue.has("b"):
        return
    b, true = sample("b"), _latitude(sample("ra"), sample("dec"))
    apart = np.abs(b - true)
    apart = apart[np.isfinite(apart)]
    if apart.size >= _FEW and (median := float(np.median(apart))) > 1.0:
        yield Remark("b", "not_galactic", f"The column b is not the Galactic latitude of ra and "
                     f"dec ({median:.0f} deg apart): a magnitude? Store it under another name, "
                     "for example b_mag=b in the column map.", value=median)  # fmt: skip


def _latitude(ra: Floats, dec: Floats) -> Floats:
    """Galactic latitude in deg, from the pole at (192.85948, 27.12825) deg (ICRS)."""
    pole_ra, pole_dec = np.radians(192.85948), np.radians(27.12825)
    a, d = np.radians(ra), np.radians(dec)
    sine = np.sin(d) * np.sin(pole_dec) + np.cos(d) * np.cos(pole_dec) * np.cos(a - pole_ra)
    latitude: Floats = np.degrees(np.arcsin(np.clip(sine, -1.0, 1.0)))
    return latitude


def _frame(sample: _Sample) -> Iterator[Remark]:
    """Find stars of a simulation that are not where its ra and dec point."""
    ra, dec, distance = sample("ra"), sample("dec"), sample("distance")
    if not (ra.size and dec.size):
        return
    still = np.zeros_like(ra)
    seen, _ = to_galactocentric(ra, dec, distance, still, still, still, sample.manifest.sun)
    sun = np.asarray(sample.manifest.sun.position)
    mine = np.stack([sample(name) for name in ("x", "y", "z")], axis=1) - sun
    with np.errstate(invalid="ignore", divide="ignore"):
        cosine = np.einsum("ni,ni->n", mine, seen - sun) / distance**2
        apart = np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))
    apart = apart[np.isfinite(apart)]
    if apart.size >= _FEW and (median := float(np.median(apart))) > _APART:
        yield Remark("x", "other_frame", f"x, y, z lie {median:.0f} deg from the direction of ra "
                     "and dec as seen from the Sun: are they in another frame or unit? "
                     "--kind astrometry would use ra and dec.", value=median)  # fmt: skip


def _error_of_another(sample: _Sample) -> Iterator[Remark]:
    """Find an error of the table's own column beside the one that took its place."""
    manifest = sample.manifest
    for own in set(manifest.renamed) & set(ASTROMETRY) & set(manifest.columns):
        about = manifest.columns.get(f"{own}_error")
        if about is not None and about.source.lower() == f"{own}_error":
            yield Remark(f"{own}_error", "error_of_another_column", f"{own} comes from "
                         f"{manifest.columns[own].source}, but {own}_error is that of the table's "
                         f"own {own}: map it too, or leave it out.")  # fmt: skip


def _no_distance(sample: _Sample) -> Iterator[Remark]:
    manifest = sample.manifest
    if manifest.origin_of_distance != "none":
        return
    candidates = distance_like(
        [c.source or n for n, c in manifest.columns.items() if n not in DERIVED]
    )
    if candidates:
        name = candidates[0]
        column = "parallax" if name.lower().startswith(("plx", "parallax")) else "distance"
        yield Remark("distance", "no_distance", "The table has no parallax and no distance by a "
                     f"known name: is it {', '.join(candidates[:3])}? Then give a column map "
                     f"({column}={name}).")  # fmt: skip
    elif "radial_velocity" in manifest.columns:
        yield Remark("distance", "no_distance", "The table has no parallax and no distance, so no "
                     "star has a place in the Galaxy.")  # fmt: skip


def _placeholders(sample: _Sample) -> Iterator[Remark]:
    """Find -999 and the like in columns about which nothing is known."""
    for name, about in sample.manifest.columns.items():
        if name in ("source_id", "ra", "dec", *DERIVED) or about.dtype in ("bool", "uint8"):
            continue
        values = sample.finite(name)
        shaped = placeholder_shaped(values)
        count = int(np.count_nonzero(shaped))
        others = np.abs(values[~shaped])
        if count < 2 or count < 1e-3 * values.size or others.size < _FEW:
            continue
        value = float(values[shaped][0])
        signed = value < 0.0 <= float(values[~shaped].min())
        if signed or abs(value) > 3.0 * float(np.quantile(others, 0.99)):
            yield Remark(name, "placeholder_values", f"{count / values.size:.1%} of the values of "
                         f"{name} are {value:.7g}, far from all others: cut them off before the "
                         "column is used.", count * sample.step, value)  # fmt: skip


_Check = Callable[[_Sample], Iterator[Remark]]
_OF_STARS: tuple[_Check, ...] = (
    _far_or_near, _no_distance, _repeated, _fast, _slow, _angles, _small_errors, _identical,
    _galactic, _error_of_another, _placeholders,
)  # fmt: skip
_OF_SIMULATIONS: tuple[_Check, ...] = (
    _far_particles, _repeated, _fast, _identical, _frame, _placeholders,
)  # fmt: skip
