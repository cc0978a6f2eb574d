"""What of a finished run can be exported, and its export."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import xarray as xr
from matplotlib.figure import Figure

from dashboard.export.density_figure import dark_matter_figure, density_figure
from dashboard.export.drawing import FIGURE_FORMATS, save_figure
from dashboard.export.figures import acceleration_figure, model_figure, profiles_figure
from dashboard.export.script import acceleration_script
from dashboard.export.view import View
from dashboard.policy.captions import provenance_sentence
from dashboard.services.catalogues import CatalogueListing
from dashboard.services.results import MapResult, load_map
from data.errors import UserError
from engine.cubes.slices import Field
from engine.cubes.store import read_cube
from engine.export.cubes import DATA_FORMATS, export_cube
from engine.export.files import check_free, place, safe_name
from engine.runs import open_run

__all__ = ["FIGURES", "FORMATS", "download", "export_run", "finished", "planned"]

Draw = Callable[[xr.Dataset, View, str, Field | None], Figure]

FIGURES: dict[str, Draw] = {
    "acceleration": acceleration_figure,
    "profiles": profiles_figure,
    "density": density_figure,
    "dark_matter": dark_matter_figure,
    "model": model_figure,
}
"""Cubes that have a figure."""
SCRIPTS = ("acceleration",)
"""Cubes that have a script."""
FORMATS = (*FIGURE_FORMATS, *DATA_FORMATS, "py")


def finished(home: Path, run: str) -> MapResult:
    """Find what a finished map has to export; no cube is read yet.

    Raises
    ------
    UserError
        If there is no such run, it is not done, or it is not a map.
    """
    record = open_run(home, run).record()
    if record.kind != "map":
        raise UserError(f"Run {record.id} is not a map.", "Only maps can be exported.")
    if str(record.state) != "done":
        raise UserError(
            f"Run {record.id} is {record.state}: there is nothing to export.",
            "`via-obscura runs` lists the runs and their states.",
        )
    return load_map(home, record, CatalogueListing(home), ())


def export_run(
    result: MapResult,
    what: str,
    form: str,
    folder: Path,
    view: View | None = None,
    *,
    overwrite: bool = False,
) -> list[Path]:
    """Export cubes of a run, as figures, as data or as a script.

    Parameters
    ----------
    result
        The run.
    what
        Name of a cube, or ``all``: every cube that the format can express.
    form
        One of `FORMATS`.
    folder
        Where the files go; it is made where it is missing.
    view
        What figures and scripts show.
    overwrite
        Whether older files give way.

    Returns
    -------
    list
        What was written.

    Raises
    ------
    UserError
        If the format or the cube is unknown, the cube has no figure or is damaged, or a file
        exists already; all names are tried before the first file is written.
    """
    targets = planned(result, what, form, folder)
    check_free(list(targets.values()), overwrite=overwrite)
    for name, target in targets.items():
        if form in DATA_FORMATS:
            export_cube(result.paths[name], target, form, overwrite=overwrite)
        else:
            write = _writer(result, name, form, view or View())
            place(target, write, overwrite=overwrite)
    return list(targets.values())


def planned(result: MapResult, what: str, form: str, folder: Path) -> dict[str, Path]:
    """Give the files that `export_run` would write, by cube; raises as it does."""
    return {
        name: folder / safe_name(result.record.id, name, suffix=f".{form}")
        for name in _wanted(result, what, form)
    }


def download(result: MapResult, what: str, form: str, view: View) -> tuple[str, bytes]:
    """Give one export as the name and the content of a file; a folder comes zipped."""
    with tempfile.TemporaryDirectory(prefix="via-obscura-") as folder:
        (path,) = export_run(result, what, form, Path(folder), view)
        if path.is_file():
            return path.name, path.read_bytes()
        packed = path.with_name(path.name + ".zip")
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(path.rglob("*")):
                archive.write(file, file.relative_to(path.parent))
        return packed.name, packed.read_bytes()


def _wanted(result: MapResult, what: str, form: str) -> list[str]:
    """Give the names of the cubes to export."""
    if form not in FORMATS:
        raise UserError(f"Unknown format {form!r}.", f"The formats are {', '.join(FORMATS)}.")
    able = [name for name in result.paths if form in DATA_FORMATS or name in _drawable(form)]
    if what == "all":
        if not able:
            raise UserError(f"Run {result.record.id} has nothing to export as {form}.")
        return able
    if what not in result.paths:
        raise UserError(
            f"Run {result.record.id} has no cube named {what!r}.",
            f"It has: {', '.join(result.paths) or 'none'}.",
        )
    if what not in able:
        raise UserError(
            f"{what} has no {'script' if form == 'py' else 'figure'}.",
            f"Its data can be exported as {', '.join(DATA_FORMATS)}.",
        )
    return [what]


def _drawable(form: str) -> tuple[str, ...]:
    return SCRIPTS if form == "py" else tuple(FIGURES)


def _writer(result: MapResult, name: str, form: str, view: View) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        cube = read_cube(result.paths[name])
        # Only some cubes know their run; the record does for all.
        known = {**cube.attrs, "run_id": result.record.id}
        sentence = provenance_sentence(known, result.catalogue_name)
        sentence = sentence[:1].upper() + sentence[1:]
        if form == "py":
            text = acceleration_script(cube, result.paths[name], view, sentence)
            path.write_text(text, encoding="utf-8")
            return
        save_figure(
            lambda: FIGURES[name](cube, view, sentence, result.truth),
            path,
            f"{name} of run {result.record.id}",
            form,
        )

    return write
