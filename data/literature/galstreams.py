"""Tracks of known streams, read straight from the files of galstreams.

galstreams (Mateu 2023, MNRAS 520, 5225; BSD-3) keeps each track as two ECSV files. Its own loader
needs versions of pandas and gala that exclude the rest of this program's, so the files are read
as they are: from an unpacked or packed source archive, or from an installed package, which is
never imported. A thinned copy of all tracks comes with the program (`data.literature.tracks`);
``python -m data.literature.galstreams SOURCE`` makes it anew from a newer release.
"""

from __future__ import annotations

import importlib.util
import sys
import tarfile
import tempfile
from pathlib import Path

import numpy as np
from astropy import units
from astropy.coordinates import SkyCoord
from astropy.table import Table

from data.errors import UserError
from data.frames import Floats, sky_triad
from data.literature.tracks import LATITUDE, PACKAGED, StreamTrack, write_tracks

__all__ = ["installed_galstreams", "read_galstreams", "thinned"]

_CONSTANT = 1.0
"""Distance (kpc) that stands for "unknown" where a whole track has it, whatever its flags say.

68 tracks, those of Ibata et al. 2024, are given so.
"""

_THINNEST = 0.01  # deg: below it a "width" is rounding
_SPACING = 1.0  # deg between the places of a thinned track


def installed_galstreams() -> Path | None:
    """Find an installed galstreams without importing it; None where there is none."""
    spec = importlib.util.find_spec("galstreams")
    places = list(spec.submodule_search_locations or []) if spec else []
    return Path(places[0]) if places else None


def read_galstreams(source: str | Path) -> list[StreamTrack]:
    """Read all tracks.

    Parameters
    ----------
    source
        Folder of galstreams (or one that holds it), or its source archive ``.tar.gz``.

    Raises
    ------
    UserError
        If there are no tracks, or a file cannot be read.
    """
    source = Path(source)
    if source.is_file():
        with tempfile.TemporaryDirectory() as folder:
            try:
                with tarfile.open(source) as archive:
                    archive.extractall(folder, filter="data")
            except tarfile.TarError as error:
                raise UserError(f"{source} is not a galstreams archive.") from error
            return _read_folder(Path(folder))
    return _read_folder(source)


def _read_folder(folder: Path) -> list[StreamTrack]:
    logs = sorted(folder.rglob("master_log.txt"))
    files = sorted(folder.rglob("track.*.ecsv"))
    summaries = {file.name: file for file in files if file.name.endswith(".summary.ecsv")}
    tracks = [file for file in files if file.name not in summaries]
    if not logs or not tracks:
        raise UserError(
            f"No galstreams tracks in {folder}.",
            "Give the folder or the source archive of galstreams, for example "
            "galstreams-1.2.1.tar.gz.",
        )
    listed = _master_log(logs[0])
    found = []
    for file in tracks:
        key = file.name.removesuffix(".ecsv")
        if key in listed:
            found.append(_read_track(file, summaries[f"{key}.summary.ecsv"], *listed[key]))
    return found


def _master_log(file: Path) -> dict[str, tuple[str, str, str, bool, float]]:
    """Read by file: names of the track, stream and reference, default, width (deg or NaN)."""
    listed = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        words = line.split()
        if len(words) >= 5 and words[1] in {"0", "1"}:
            kind, default, track, stream, reference = words[:5]
            listed[f"track.{kind}.{stream}.{reference}"] = (
                track, stream, reference, default == "1", _positive(words[8:9]),
            )  # fmt: skip
    return listed


def _read_track(
    file: Path, summary: Path, name: str, stream: str, reference: str, default: bool,
    width: float,
) -> StreamTrack:  # fmt: skip
    try:
        table = Table.read(file, format="ascii.ecsv")
        row = Table.read(summary, format="ascii.ecsv")[0]
        columns = {
            ours: _column(table, theirs)
            for ours, theirs in (
                ("ra", "ra"), ("dec", "dec"), ("distance", "distance"),
                ("pmra", "pm_ra_cosdec"), ("pmdec", "pm_dec"),
                ("radial_velocity", "radial_velocity"),
            )
        }  # fmt: skip
        flags, measured = str(row["InfoFlags"]).zfill(4), float(row["width_phi2"])
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{file.name} cannot be read as a track: {error}.") from error
    missing = np.full(len(columns["ra"]), np.nan)
    if flags[1] == "0" or _is_placeholder(columns["distance"]):
        columns["distance"] = missing
    if flags[2] == "0":
        columns["pmra"] = columns["pmdec"] = missing
    if flags[3] == "0":
        columns["radial_velocity"] = missing
    off_plane = np.abs(_galactic_latitude(columns["ra"], columns["dec"])) > LATITUDE
    return StreamTrack(
        name=name, stream=stream, reference=reference, default=default,
        width=_width(width, measured), off_plane=round(float(np.mean(off_plane)), 4), **columns,
    )  # fmt: skip


def _positive(words: list[str]) -> float:
    """Read a width of the list; NaN where it says that there is none, with a negative one."""
    try:
        value = float(words[0])
    except (IndexError, ValueError):
        return np.nan
    return value if value > 0 else np.nan


def _width(listed: float, measured: float) -> float:
    """Choose the listed width, else that measured on members; a track has none by itself."""
    if np.isnan(listed) and measured > _THINNEST:
        return round(measured, 3)
    return listed


def _galactic_latitude(ra: Floats, dec: Floats) -> Floats:
    places = SkyCoord(ra * units.deg, dec * units.deg, frame="icrs")
    return np.asarray(places.galactic.b.deg, dtype=np.float64)


def _column(table: Table, name: str) -> Floats:
    column = table[name]
    values = getattr(column, "value", column)
    return np.asarray(np.ma.filled(np.ma.asarray(values), np.nan), dtype=np.float64)


def _is_placeholder(distance: Floats) -> bool:
    """Tell whether a distance is 1 kpc throughout: a value that means that there is none."""
    return bool(np.all(np.abs(distance - _CONSTANT) < 1e-6))


def thinned(track: StreamTrack, spacing: float = _SPACING) -> StreamTrack:
    """Keep places of a track at most a spacing (deg) apart, in the order along it."""
    sight = sky_triad(track.ra, track.dec)[2]
    steps = np.degrees(2.0 * np.arcsin(np.clip(0.5 * _lengths(np.diff(sight, axis=0)), 0, 1)))
    along = np.concatenate([[0.0], np.cumsum(steps)])
    wanted = np.linspace(0.0, along[-1], max(int(np.ceil(along[-1] / spacing)) + 1, 2))
    rows = np.unique(np.clip(np.searchsorted(along, wanted), 0, len(along) - 1))
    return track.at(rows)


def _lengths(vectors: Floats) -> Floats:
    return np.asarray(np.sqrt((vectors**2).sum(axis=1)))


if __name__ == "__main__":
    every = read_galstreams(sys.argv[1])
    write_tracks([thinned(track) for track in every], PACKAGED)
    print(f"{len(every)} tracks in {PACKAGED}", file=sys.stderr)  # noqa: T201
