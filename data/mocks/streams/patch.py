"""`mock stream`: a smooth patch of sky with streams whose members are known, as a catalogue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data.catalogue.ingest import ingest_arrays
from data.catalogue.store import Catalogue
from data.errors import UserError
from data.mocks.gaia_errors import parallax_error, position_error, proper_motion_error
from data.mocks.streams.field import FAINTEST, Stars, draw_field, patch_matrix, to_patch
from data.mocks.streams.injection import Injection, Track, draw_stream
from data.mocks.streams.photometry import colour_error

__all__ = ["WINDOW", "MockPatch", "draw_patch", "make_stream", "members_for"]

FloatArray = npt.NDArray[np.float64]

WINDOW = 6.0
"""Width, mas/yr, of the window in which a stream's share is counted: that of the search."""

_MOST_STARS, _MOST_RADIUS = 5_000_000, 40.0
_PHOTOMETRIC_FLOOR = 0.003


@dataclass(frozen=True)
class MockPatch:
    """An observed patch.

    Parameters
    ----------
    columns
        Columns by their names in the store, (n,) each; `stream` is 0 for smooth stars and 1, 2,
        ... for the members of the streams.
    streams
        For each stream: what it is, its track, its members and their share.
    """

    columns: dict[str, npt.NDArray[Any]]
    streams: list[dict[str, Any]]


def make_stream(
    home: str | Path,
    *,
    stars: int = 100_000,
    seed: int = 0,
    centre: tuple[float, float] = (148.6, 24.2),
    radius: float = 15.0,
    streams: Sequence[Injection] = (Injection(),),
    fraction: float = 0.009,
    members: int | None = None,
    name: str | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> Catalogue:
    """Make a mock patch and store it beside its truth.

    Parameters
    ----------
    home
        The folder that holds the catalogues.
    stars, seed, centre, radius, streams, fraction, members
        As for `draw_patch`.
    name
        Name of the catalogue; by default made of stars, seed and streams.
    progress
        Called with the fraction done and a word on the stage.

    Returns
    -------
    The catalogue: ra, dec, parallax, pmra, pmdec with their errors, phot_g_mean_mag, bp_rp,
    `tracer` (0 thin, 1 thick, 2 halo, 3 stream) and `stream`. Radial velocities are not measured.

    Raises
    ------
    UserError
        If a parameter makes no sense.
    """
    if progress:
        progress(0.05, "drawing stars")
    patch = draw_patch(
        stars=stars, seed=seed, centre=centre, radius=radius, streams=streams,
        fraction=fraction, members=members,
    )  # fmt: skip
    if progress:
        progress(0.8, "storing")
    recipe = {
        "stars": stars,
        "seed": seed,
        "patch": {"ra": centre[0], "dec": centre[1], "radius": radius, "unit": "deg"},
        "faintest": {"value": FAINTEST, "unit": "mag"},
        "window": {"value": WINDOW, "unit": "mas / yr"},
    }
    catalogue = ingest_arrays(
        patch.columns,
        Path(home),
        name=name or default_name(stars, seed, len(patch.streams)),
        kind="astrometry",
        provenance={"source": "via-obscura mock stream", **recipe},
        truth={"format": 1, "mock": "stream", **recipe, "streams": patch.streams},
    )
    if progress:
        progress(1.0, "done")
    return catalogue


def default_name(stars: int, seed: int, streams: int) -> str:
    """Name of a mock whose user gave none, such as ``mock-stream-100000-s0``."""
    return f"mock-{'stream' if streams else 'smooth'}-{stars}-s{seed}"


def draw_patch(
    *,
    stars: int = 100_000,
    seed: int = 0,
    centre: tuple[float, float] = (148.6, 24.2),
    radius: float = 15.0,
    streams: Sequence[Injection] = (Injection(),),
    fraction: float = 0.009,
    members: int | None = None,
) -> MockPatch:
    """Draw an observed patch.

    Parameters
    ----------
    stars
        Smooth stars; members of streams are added to them.
    seed
        Everything random follows from it and from the seeds of the streams.
    centre, radius
        Of the patch, degrees (ICRS).
    streams
        What is injected; nothing for a patch without streams.
    fraction
        Share of each stream among the stars of its window: `WINDOW` wide in the proper motion
        along the patch's latitude, about the stream's median. GD-1's is 0.009.
    members
        Number of members of each stream instead of a share.

    Raises
    ------
    UserError
        If a parameter makes no sense, or a stream misses the patch.
    """
    ra, dec = _check(stars, seed, centre, radius, fraction, members)
    field = draw_field(stars, ra, dec, radius, seed)
    parts, told = [field], []
    for number, given in enumerate(streams, start=1):
        stream = given.checked()
        one = _seeded(stream, seed, number)
        wanted = members or members_for(one, fraction, field, (ra, dec, radius))
        found, track = draw_stream(one, wanted, (ra, dec, radius), FAINTEST)
        parts.append(found)
        told.append(_told(stream, found, track, field, (ra, dec)))
    everyone = Stars.joined(parts)
    label = np.repeat(np.arange(len(parts)), [len(part) for part in parts]).astype(np.int16)
    rng = np.random.default_rng([seed, 71])
    order = rng.permutation(len(everyone))
    columns = _observed(everyone.take(order), rng)
    columns["stream"] = label[order]
    return MockPatch(columns, told)


def members_for(
    stream: Injection, fraction: float, field: Stars, patch: tuple[float, float, float]
) -> int:
    """Give how many members make a share of the stars of the stream's window.

    With n smooth stars in the window, members = n f / (1 - f), but never less than one.
    """
    # of a sprayed stream the great circle of its cluster will do
    pilot, _ = draw_stream(replace(stream, spray=False), 400, patch, FAINTEST)
    middle = float(np.median(_latitude_motion(pilot, patch)))
    inside = int(np.sum(np.abs(_latitude_motion(field, patch) - middle) < WINDOW / 2))
    return max(1, round(inside * fraction / (1.0 - fraction)))


def _latitude_motion(stars: Stars, patch: Sequence[float]) -> FloatArray:
    matrix = patch_matrix(patch[0], patch[1])
    return to_patch(matrix, stars.ra, stars.dec, stars.pmra, stars.pmdec)[3]


def _seeded(stream: Injection, seed: int, number: int) -> Injection:
    """Give each stream of each mock random numbers of its own."""
    mixed = np.random.SeedSequence([seed, number, stream.seed]).generate_state(1)[0]
    return Injection.from_dict({**stream.to_dict(), "seed": int(mixed)})


def _told(
    stream: Injection, found: Stars, track: Track, field: Stars, patch: tuple[float, float]
) -> dict[str, Any]:
    """Say what is true about a stream."""
    matrix = patch_matrix(*patch)
    motions = to_patch(matrix, found.ra, found.dec, found.pmra, found.pmdec)[2:]
    middle = [float(np.median(motion)) for motion in motions]
    lon, lat = to_patch(matrix, track.ra, track.dec, track.pmra, track.pmdec)[:2]
    inside = int(np.sum(np.abs(_latitude_motion(field, patch) - middle[1]) < WINDOW / 2))
    own = int(np.sum(np.abs(motions[1] - middle[1]) < WINDOW / 2))
    return {
        "injection": stream.to_dict(),
        "members": len(found),
        "share_of_window": own / max(1, own + inside),
        "pm_phi": middle[0],
        "pm_lambda": middle[1],
        "track": {**track.to_dict(), "phi": lon.tolist(), "lambda": lat.tolist()},
    }


def _observed(stars: Stars, rng: np.random.Generator) -> dict[str, npt.NDArray[Any]]:
    """Observe stars as Gaia DR3 would, with independent Gaussian errors and no dust."""
    n = len(stars)
    true = {
        "ra": stars.ra, "dec": stars.dec, "parallax": 1.0 / stars.distance,
        "pmra": stars.pmra, "pmdec": stars.pmdec,
    }  # fmt: skip
    errors = {"parallax": parallax_error(stars.g)}
    errors["ra"], errors["dec"] = position_error(stars.g)
    errors["pmra"], errors["pmdec"] = proper_motion_error(stars.g)
    columns: dict[str, npt.NDArray[Any]] = {"source_id": np.arange(1, n + 1)}
    for name, value in true.items():
        shift = errors[name] * rng.normal(size=n)
        if name in ("ra", "dec"):  # errors of places are in mas, that of ra times cos(dec)
            shift = shift / 3.6e6
        if name == "ra":
            shift = shift / np.cos(np.radians(stars.dec))
        columns[name] = value + shift
        columns[f"{name}_error"] = errors[name]
    columns["ra"] = columns["ra"] % 360.0
    columns["dec"] = np.clip(columns["dec"], -90.0, 90.0)
    columns["phot_g_mean_mag"] = stars.g + _PHOTOMETRIC_FLOOR * rng.normal(size=n)
    columns["bp_rp"] = stars.colour + colour_error(stars.g) * rng.normal(size=n)
    columns["tracer"] = stars.tracer
    return columns


def _check(
    stars: int,
    seed: int,
    centre: tuple[float, float],
    radius: float,
    fraction: float,
    members: int | None,
) -> tuple[float, float]:
    """Refuse numbers that make no sense, before anything is computed."""
    if not 1 <= stars <= _MOST_STARS:
        raise UserError(f"A patch cannot have {stars:,} stars.", f"Request 1 to {_MOST_STARS:,}.")
    if seed < 0:
        raise UserError(f"The seed {seed} is negative.", "Use 0 or a positive integer.")
    ra, dec = float(centre[0]), float(centre[1])
    if not (np.isfinite(ra) and abs(dec) <= 90.0):
        raise UserError(
            f"Invalid position: ra {ra:g}, dec {dec:g}.",
            "Declinations range from -90 to 90 degrees.",
        )
    if not 0.5 <= radius <= _MOST_RADIUS:
        raise UserError(
            f"Invalid radius of the patch: {radius:g} degrees.",
            f"Choose 0.5 to {_MOST_RADIUS:g}.",
        )
    if not 0.0 < fraction < 0.9:
        raise UserError(
            f"A stream cannot make up {fraction:g} of the stars of its window.",
            "Choose more than 0 and less than 0.9, or a patch without a stream.",
        )
    if members is not None and not 1 <= members <= stars:
        raise UserError(f"A stream cannot have {members:,} members.", f"Choose 1 to {stars:,}.")
    return ra % 360.0, dec
