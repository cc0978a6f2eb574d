"""The members of candidates as a table in a file, as ADQL, and the panels of one as a figure."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from astropy import units as u
from astropy.table import Table

from dashboard.views.streams_panels import RegionPicture
from data.catalogue.schema import KNOWN
from data.errors import UserError
from engine.streams.search.reading import Found

__all__ = ["FORMATS", "candidate_figure", "members_adql", "members_bytes", "members_table",
           "write_members"]  # fmt: skip

FORMATS = {"vot": "votable", "fits": "fits", "csv": "ascii.csv", "parquet": ""}
"""Suffixes of files and astropy's names of their formats."""

_UNITS = {"lon": "deg", "lat": "deg", "mu_lon": "mas / yr", "mu_lat": "mas / yr", "g": "mag"}
_ABOUT = {
    "lon": "longitude offset from the centre of the patch",
    "lat": "latitude offset from the centre of the patch",
    "mu_lon": "proper motion along the patch's longitude, times cos(lat)",
    "mu_lat": "proper motion along the patch's latitude",
    "candidate": "number of the candidate",
    "row": "row in the catalogue",
}
_LONGEST_ADQL = 20_000


def members_table(found: Found, candidates: Sequence[int]) -> Table:
    """Give the members of candidates, a row a member, with units and provenance.

    Raises
    ------
    UserError
        If there is no such candidate, or none at all.
    """
    parts: dict[str, list[npt.NDArray[Any]]] = {}
    for number in candidates:
        state, index = found.members(number)
        stars = state.folder.stars()
        columns = {"candidate": np.full(len(index), number, dtype=np.int32)}
        columns |= {name: values[index] for name, values in stars.items() if values.ndim == 1}
        for name, values in columns.items():
            parts.setdefault(name, []).append(values)
    if not parts:
        raise UserError("There are no candidates whose members could be written.")
    rows = sum(len(part) for part in parts["candidate"])
    table = Table()
    for name, arrays in parts.items():
        joined = np.concatenate(arrays)
        if len(joined) != rows:  # a column that not every patch has
            continue
        spec = KNOWN.get(name)
        unit = spec.unit if spec else _UNITS.get(name, "")
        table[name] = joined
        table[name].unit = u.Unit(unit) if unit else None
        table[name].description = spec.description if spec else _ABOUT.get(name, "")
    about = found.about()
    table.meta.update(
        {"run": about["run"], "catalog": about["catalogue"], "method": about["method"]}
    )
    return table


def members_bytes(found: Found, candidates: Sequence[int], suffix: str) -> bytes:
    """Give the members of candidates as the content of a file.

    Raises
    ------
    UserError
        If the format is not known.
    """
    if suffix not in FORMATS:
        raise UserError(
            f"Members cannot be written as .{suffix}.", f"Choose one of {', '.join(FORMATS)}."
        )
    table = members_table(found, candidates)
    if suffix == "parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        sink = pa.BufferOutputStream()
        arrays = {name: np.ascontiguousarray(table[name].data) for name in table.colnames}
        pq.write_table(pa.table(arrays), sink)
        return bytes(sink.getvalue())
    stream = io.BytesIO() if suffix != "csv" else io.StringIO()
    table.write(stream, format=FORMATS[suffix])
    content = stream.getvalue()
    return content.encode() if isinstance(content, str) else content


def write_members(found: Found, candidates: Sequence[int], path: Path) -> int:
    """Write the members of candidates to a file, by its suffix; give the number of rows.

    Raises
    ------
    UserError
        If the format is not known or the file cannot be written.
    """
    content = members_bytes(found, candidates, path.suffix.lstrip(".").lower())
    try:
        path.write_bytes(content)
    except OSError as error:
        raise UserError(f"The file {path} cannot be written: {error.strerror}.") from error
    return len(members_table(found, candidates))


def members_adql(source_ids: npt.NDArray[np.int64], table: str = "gaiadr3.gaia_source") -> str:
    """Give ADQL that fetches stars by their identifiers, with every digit.

    Raises
    ------
    UserError
        If there are none.
    """
    if not len(source_ids):
        raise UserError("There are no members to ask for.")
    ids = [str(int(number)) for number in source_ids[:_LONGEST_ADQL]]
    lines = [", ".join(ids[at : at + 5]) for at in range(0, len(ids), 5)]
    inside = ",\n  ".join(lines)
    return f"SELECT *\nFROM {table}\nWHERE source_id IN (\n  {inside}\n)\n"


def candidate_figure(
    picture: RegionPicture, title: str, caption: str, target: io.BytesIO | Path, form: str
) -> None:
    """Draw the four panels of a candidate for a paper.

    Parameters
    ----------
    picture
        What they show.
    title, caption
        Above and below; text from outside has no meaning in them.
    target
        Where the figure goes.
    form
        ``png``, ``svg`` or ``pdf``.
    """
    from matplotlib.figure import Figure

    from dashboard.export.drawing import DPI, drawing, finish, printable

    with drawing():
        figure = Figure(figsize=(7.2, 6.2), layout="constrained")
        axes = figure.subplots(2, 2)
        _paper_panels(axes, picture)
        finish(figure, printable(title), caption)
        figure.savefig(target, format=form, dpi=DPI)


def _paper_panels(axes: Any, picture: RegionPicture) -> None:  # noqa: ANN401
    names = (
        ("sky", "longitude offset [deg]", "latitude offset [deg]"),
        ("motion", "proper motion in longitude [mas/yr]", "in latitude [mas/yr]"),
        ("colour", "BP − RP [mag]", "G [mag]"),
    )
    for axis, (name, xlabel, ylabel) in zip(axes.flat, names, strict=False):
        axis.set(xlabel=xlabel, ylabel=ylabel)
        plane = getattr(picture, name)
        if plane is None:
            axis.text(0.5, 0.5, "no colours", transform=axis.transAxes, ha="center")
            continue
        limits = [np.percentile(np.concatenate(pair), [0.3, 99.7])
                  for pair in zip(plane.all, plane.high, strict=True)]  # fmt: skip
        axis.hist2d(*plane.all, bins=80, range=limits, cmap="Greys", cmin=1, rasterized=True)
        others = ~plane.members
        axis.plot(plane.high[0][others], plane.high[1][others], "o", ms=2.5, mfc="none",
                  mec="#33508f", mew=0.6)  # fmt: skip
        axis.plot(plane.high[0][plane.members], plane.high[1][plane.members], "o", ms=3,
                  color="#c2571a", mec="w", mew=0.3)  # fmt: skip
    axes[0, 0].invert_xaxis()
    axes[0, 0].set_aspect("equal")
    axes[1, 0].invert_yaxis()
    axis = axes[1, 1]
    axis.set(xlabel="angle θ [deg]", ylabel="distance r [deg]")
    if picture.hough is not None:
        scores, theta, r = picture.hough
        drawn = axis.pcolormesh(theta, r, scores.T, cmap="viridis", rasterized=True, vmin=0.0)
        axis.figure.colorbar(drawn, ax=axis, label=r"$\sigma_\mathrm{L}$")
        if picture.line is not None:
            axis.plot(
                np.degrees(picture.line[0]), picture.line[1], "o", ms=11, mfc="none", mec="w"
            )
