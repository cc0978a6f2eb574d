"""What a magnitude limit and a largest distance make of the selected stars, for the screen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dashboard.policy.brushes import all_of, cuts
from dashboard.policy.panels import axis_label, opening_range
from dashboard.services.pictures import all_columns, equalise, unit_of
from dashboard.services.rasters import RasterCache
from dashboard.views.binning import Plane, fill
from dashboard.views.phase_space import Frame, Panel
from data.columns.derived import column as column_of
from data.columns.derived import sun_position
from data.errors import UserError
from data.quality.completeness import (
    Completeness,
    absolute_limit,
    completeness_map,
    distance_modulus,
)
from data.quality.luminosity import luminosity_function
from data.selection import parse
from data.selection.masks import Bits, count_bits, from_bits

if TYPE_CHECKING:
    from data.catalogue.store import Catalogue

__all__ = ["BANDS", "Assessment", "Question", "assess", "bands_of", "complete_cut", "dust_columns",
           "usual_limit", "with_cut"]  # fmt: skip

#: Columns of apparent magnitudes: what they are called, and their absolute magnitude.
BANDS = {"grvs_mag": ("G_RVS", "absolute_grvs"), "phot_g_mean_mag": ("G", "absolute_g")}
#: Cells of the pictures before and after.
SIZE = (130, 110)
PLANES = (("x", "y"), ("x", "z"))

_PREFIX = "complete to "
_ENOUGH = 1_000_000  # stars that tell a luminosity function; of more, evenly spaced rows are asked
_FAINT_END = 0.98

Tree = dict[str, Any] | None


@dataclass(frozen=True)
class Question:
    """What is asked.

    Parameters
    ----------
    band
        A key of `BANDS`.
    limit
        Apparent magnitude to which stars are seen.
    distance
        Largest distance, kpc.
    dust
        A column of extinctions in that band, mag; None for none.
    """

    band: str
    limit: float
    distance: float
    dust: str | None = None


@dataclass
class Assessment:
    """The answer.

    Parameters
    ----------
    question
        What was asked.
    absolute
        Absolute magnitude that is seen to the largest distance.
    selected, kept
        Stars within the distance, and those of them that the limit keeps.
    before, after
        Pictures of the stars: colours and magnitudes where there is a colour, else distances
        and magnitudes; then the planes x-y and x-z.
    complete_before, complete_after
        The share of the population that is seen, of all selected stars and of those that the
        limit keeps.
    """

    question: Question
    absolute: float
    selected: int
    kept: int
    before: list[Panel]
    after: list[Panel]
    complete_before: Completeness
    complete_after: Completeness


def bands_of(catalogue: Catalogue) -> dict[str, str]:
    """Give the magnitudes that a catalogue has, by the words for them."""
    return {words: name for name, (words, _) in BANDS.items() if catalogue.has(name)}


def dust_columns(catalogue: Catalogue) -> list[str]:
    """Name the columns that may hold an extinction."""
    found = []
    for name in catalogue.columns:
        words = name.lower()
        if words.startswith(("ag", "a_", "av", "a0", "azero", "extinction")) and not (
            words.endswith(("_lower", "_upper", "_error"))
        ):
            found.append(name)
    return found


def usual_limit(catalogue: Catalogue, band: str) -> float:
    """Give a limit to begin with: half a magnitude brighter than where the stars end."""
    values = catalogue.column(band)
    sample = np.asarray(values[:: max(values.size // 200_000, 1)], dtype=float)
    sample = sample[np.isfinite(sample)]
    return 13.5 if not sample.size else float(np.floor(2 * np.quantile(sample, 0.99)) / 2 - 0.5)


def complete_cut(question: Question) -> dict[str, Any]:
    """Give the cut that keeps the stars that are seen to the largest distance.

    Raises
    ------
    UserError
        If the distance is not positive.
    """
    limit = absolute_limit(question.limit, question.distance)
    words, absolute = BANDS[question.band]
    text = f"{absolute} <= {limit:.4f}"
    if question.dust:
        column = f'column("{question.dust}")'
        text = f"{question.band} - 5 * log10(distance) - 10 - {column} <= {limit:.4f}"
    name = f"{_PREFIX}{question.distance:g} kpc, {words} < {question.limit:g}"
    node = parse(f'named("{name}", {text})')
    assert node is not None  # noqa: S101  the text is not empty
    return node


def with_cut(tree: Tree, question: Question) -> Tree:
    """Give the selection with the cut, in place of an earlier one of this kind."""
    return all_of([*_others(tree), complete_cut(question)])


def _others(tree: Tree) -> list[dict[str, Any]]:
    return [cut for cut in cuts(tree) if not str(cut.get("name", "")).startswith(_PREFIX)]


def assess(cache: RasterCache, catalogue: Catalogue, tree: Tree, question: Question) -> Assessment:
    """Find out what the limit keeps, and how complete the selection is without and with it.

    An earlier cut of this kind in the selection is left out before, and replaced after.

    Raises
    ------
    UserError
        If the catalogue has no such columns, too few stars are brighter than the limit, or the
        selection cannot be evaluated.
    """
    limit = absolute_limit(question.limit, question.distance)
    near = {"kind": "range", "column": "distance", "min": None, "max": question.distance}
    others = _others(tree)
    bits = cache.masks.bits({"kind": "and", "of": [*others, near]}, catalogue)
    kept = cache.masks.bits(
        {"kind": "and", "of": [*others, near, complete_cut(question)]}, catalogue
    )
    rows = _rows(bits, catalogue.n_rows)
    if not rows.size:
        raise UserError("The selection keeps no star within this distance.", "Widen one of them.")
    numbers = _numbers(catalogue, question, rows)
    function = luminosity_function(numbers["magnitude"], numbers["modulus"], question.limit)
    faint = numbers["magnitude"][numbers["magnitude"] + numbers["modulus"] <= question.limit]
    faintest = min(float(np.quantile(faint, _FAINT_END)), float(function.magnitude[-1]))
    sun = sun_position(catalogue)
    dust = None
    if question.dust:
        places = np.column_stack([column_of(catalogue, n)[rows].astype(float) for n in "xyz"])
        dust = (places, numbers["dust"])
    before, after = (
        completeness_map(
            function, faintest=end, sun=sun, radius=question.distance, extinction=dust
        )
        for end in (faintest, min(limit, float(function.magnitude[-1])))
    )
    pictures = _pictures(cache, catalogue, question, limit, (bits, kept))
    return Assessment(
        question, limit, count_bits(bits), count_bits(kept), *pictures, before, after
    )


def _rows(bits: Bits, n_rows: int) -> np.ndarray:
    rows = np.flatnonzero(from_bits(bits, n_rows))
    return rows[:: max(1, -(-rows.size // _ENOUGH))]


def _numbers(catalogue: Catalogue, question: Question, rows: np.ndarray) -> dict[str, np.ndarray]:
    """Give absolute magnitudes and effective distance moduli of some stars."""
    apparent = column_of(catalogue, question.band)[rows].astype(float)
    modulus = distance_modulus(column_of(catalogue, "distance")[rows])
    found: Mapping[str, np.ndarray] = {}
    if question.dust:
        found = {"dust": column_of(catalogue, question.dust)[rows].astype(float)}
        modulus = modulus + found["dust"]
    return {"magnitude": apparent - modulus, "modulus": modulus, **found}


def _pictures(
    cache: RasterCache,
    catalogue: Catalogue,
    question: Question,
    limit: float,
    masks: tuple[Bits, Bits],
) -> tuple[list[Panel], list[Panel]]:
    """Count the stars before and after, in colours and magnitudes and in space."""
    absolute = BANDS[question.band][1]
    there = set(all_columns(catalogue))
    colour = next((name for name in ("bp_rp", "g_rp") if name in there), "distance")
    axes = [(colour, absolute), *PLANES]
    frames = [_frame(cache, catalogue, pair, question) for pair in axes]
    frames[0] = _reaching(frames[0], limit)
    planes = [
        Plane(*(column_of(catalogue, n) for n in pair), f.x, f.y, (f.height, f.width))
        for pair, f in zip(axes, frames, strict=True)
    ]
    counted = [[b.count for b in fill(planes, catalogue.n_rows, bits)] for bits in masks]
    lines = [_line(frames[0], limit), *(_circle(catalogue, question, plane) for plane in PLANES)]
    columns = []
    for which, numbers in enumerate(counted):
        columns.append([
            Panel(frame, cells, counted[0][i] if which else None, [lines[i]],
                  tuple(axis_label(n, unit_of(catalogue, n)) for n in pair),  # type: ignore[arg-type]
                  down=i == 0)
            for i, (pair, frame, cells) in enumerate(zip(axes, frames, numbers, strict=True))
        ])  # fmt: skip
    return columns[0], columns[1]


def _frame(
    cache: RasterCache, catalogue: Catalogue, pair: tuple[str, str], question: Question
) -> Frame:
    if pair in PLANES:
        centre, r = sun_position(catalogue), 1.1 * question.distance
        spans = [(float(c - r), float(c + r)) for c in (centre["xyz".index(n)] for n in pair)]
        return equalise(Frame(spans[0], spans[1], *SIZE))
    x, y = cache.get(
        ("range", catalogue.id, pair),
        lambda: opening_range(pair, lambda name: column_of(catalogue, name)),
    )
    return Frame((x[0], x[1]), (y[0], y[1]), *SIZE)


def _reaching(frame: Frame, limit: float) -> Frame:
    """Widen the magnitudes so that the line of the limit can be seen."""
    low, high = frame.y
    margin = 0.05 * (high - low)
    return Frame(frame.x, (min(low, limit - margin), max(high, limit + margin)),
                 frame.width, frame.height)  # fmt: skip


def _line(frame: Frame, limit: float) -> np.ndarray:
    return np.array([[frame.x[0], limit], [frame.x[1], limit]])


def _circle(catalogue: Catalogue, question: Question, plane: tuple[str, str]) -> np.ndarray:
    angle = np.linspace(0.0, 2.0 * np.pi, 181)
    centre = sun_position(catalogue)
    a, b = ("xyz".index(name) for name in plane)
    return np.column_stack([centre[a] + question.distance * np.cos(angle),
                            centre[b] + question.distance * np.sin(angle)])  # fmt: skip
