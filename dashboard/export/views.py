"""Saved views as files: one PDF with a page a view, or one HTML file with a slide a view.

The HTML file holds pictures, drawn by the same code as the PDF, and not live Bokeh figures: it
needs no library of five megabytes, opens wherever a browser is, prints, and shows the same
colours in ten years. What has to be pointed at is shown by the program itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure

from dashboard.export import result_figures
from dashboard.export.drawing import DPI, drawing, finish, printable
from dashboard.export.figures import acceleration_figure, model_figure, profiles_figure
from dashboard.export.run import finished
from dashboard.export.slides import html_slides
from dashboard.export.view import View
from dashboard.policy.captions import provenance_sentence
from dashboard.saved_views.opening import runs_of
from dashboard.saved_views.store import SavedView
from dashboard.services.catalogues import CatalogueListing
from dashboard.services.results import MapResult
from data.errors import UserError
from engine.cubes.slices import grid_values, take_slice
from engine.cubes.store import read_cube

__all__ = ["VIEW_FORMATS", "export_views", "view_figure"]

VIEW_FORMATS = ("pdf", "html")

_NOTE_LINE = 0.19
"""Height of a line of a note, inches."""
Controls = Mapping[str, Any]


def export_views(home: Path, views: list[SavedView], form: str) -> bytes:
    """Write saved views into one file.

    A view whose run or catalogue is not here becomes a page that says so.

    Parameters
    ----------
    home
        Folder that holds the runs.
    views
        In their order.
    form
        One of `VIEW_FORMATS`.

    Returns
    -------
    bytes
        The content of the file.

    Raises
    ------
    UserError
        If there is no view, or the format is unknown.
    """
    if form not in VIEW_FORMATS:
        raise UserError(f"Unknown format {form!r}.", f"The formats are {', '.join(VIEW_FORMATS)}.")
    if not views:
        raise UserError("There are no saved views.", "“Save view” on a page makes one.")
    with drawing():
        figures = [_drawn(home, view) for view in views]
        return _pdf(views, figures) if form == "pdf" else _html(views, figures)


def _pdf(views: list[SavedView], figures: list[Figure]) -> bytes:
    for view, figure in zip(views, figures, strict=True):
        _head(figure, view)
    wide, high = (
        max(sizes) for sizes in zip(*(f.get_size_inches() for f in figures), strict=True)
    )
    content = BytesIO()
    metadata = {"Title": "Saved views", "Creator": "Via Obscura", "CreationDate": None}
    with PdfPages(content, metadata=metadata) as pages:
        for figure in figures:
            _grow(figure, high - figure.get_size_inches()[1])
            figure.set_size_inches(wide, high)
            pages.savefig(figure, dpi=DPI)
    return content.getvalue()


def _html(views: list[SavedView], figures: list[Figure]) -> bytes:
    pictures = []
    for figure in figures:
        figure.suptitle("")
        content = BytesIO()
        figure.savefig(content, format="svg", dpi=200, metadata={"Date": None})
        pictures.append(content.getvalue())
    return html_slides([(v.title, v.note) for v in views], pictures).encode()


def _drawn(home: Path, view: SavedView) -> Figure:
    """Draw a view, or a page that says why it cannot be drawn."""
    try:
        return view_figure(home, view)
    except UserError as error:
        figure = Figure(figsize=(7.1, 3.0), layout="constrained")
        figure.subplots().set_axis_off()
        finish(figure, "This view cannot be shown here", str(error))
        return figure


def view_figure(home: Path, view: SavedView) -> Figure:
    """Draw the figure of a view.

    Raises
    ------
    UserError
        If its run or its catalogue is not here, or its page has no figure on paper.
    """
    controls = view.document.get("controls") or {}
    draw = _PAGES.get(view.page)
    if draw is None:
        raise UserError(f"The page {view.page!r} has no figure on paper.")
    return draw(home, view, controls)


# --- pages ------------------------------------------------------------------------------------


def _run(home: Path, view: SavedView, place: int = 0) -> tuple[MapResult, str]:
    """Give the run of a view and the sentence on where it comes from."""
    runs = runs_of(view.document)
    if len(runs) <= place:
        raise UserError("This view names no run.")
    result = finished(home, runs[place])
    known = next((read_cube(path).attrs for path in result.paths.values()), {})
    sentence = provenance_sentence({**known, "run_id": result.record.id}, result.catalogue_name)
    return result, sentence[:1].upper() + sentence[1:]


def _cube(result: MapResult, name: str) -> Any:  # noqa: ANN401  an xarray.Dataset
    if name not in result.paths:
        raise UserError(f"Run {result.record.id} has no cube named {name!r}.")
    return read_cube(result.paths[name])


def _view(controls: Controls, cube: Any) -> View:  # noqa: ANN401
    """Give what the controls of a page of maps say, as far as they say it."""
    plane = str(controls.get("vo-plane", "x-y"))
    return View(
        plane=plane,
        at=_at(controls, cube, plane),
        quantity=str(controls.get("vo-quantity", "abs")),
        unit=str(controls.get("vo-unit", "km2/s2/kpc")),
        estimator=controls.get("vo-estimator"),
        show_untrusted=bool(controls.get("vo-show-untrusted")),
        relative=controls.get("vo-relative", "percent") == "percent",
        difference=str(controls.get("vo-difference", "percent")),
        arrows=bool(controls.get("vo-arrows")),
    )


def _at(controls: Controls, cube: Any, plane: str) -> float | None:  # noqa: ANN401
    """Give the place of a slider's label (``+0.52 kpc``), kept on the grid."""
    try:
        at = float(str(controls["vo-slice"]).split()[0])
        values = grid_values(cube, plane)
    except (KeyError, ValueError, IndexError):
        return None
    return float(values[np.abs(values - at).argmin()])


def _acceleration(home: Path, view: SavedView, controls: Controls) -> Figure:
    result, sentence = _run(home, view)
    shown = _view(controls, _cube(result, "acceleration"))
    if view.figure == "vo-profiles":
        return profiles_figure(_cube(result, "profiles"), shown, sentence, result.truth)
    return acceleration_figure(_cube(result, "acceleration"), shown, sentence, result.truth)


def _density(home: Path, view: SavedView, controls: Controls) -> Figure:
    from dashboard.export.density_figure import density_figure

    del controls
    result, sentence = _run(home, view)
    return density_figure(_cube(result, "density"), View(), sentence, result.truth)


def _dark_matter(home: Path, view: SavedView, controls: Controls) -> Figure:
    from dashboard.export.density_figure import dark_matter_figure

    del controls
    result, sentence = _run(home, view)
    return dark_matter_figure(_cube(result, "dark_matter"), View(), sentence, result.truth)


def _asymmetry(home: Path, view: SavedView, controls: Controls) -> Figure:
    from dashboard.views.asymmetry_maps import offered, planes_with_values, take_asymmetry
    from dashboard.views.rotation_curves import take_curves
    from data.literature.rotation_curves import published_curve, published_curves

    result, sentence = _run(home, view)
    if view.figure == "vo-curves":
        curves = take_curves(_cube(result, "circular_velocity"))
        published = [published_curve(name) for name in published_curves()]
        everything = controls.get("vo-radii") == "all"
        return result_figures.curves_figure(
            curves, published, sentence, result.truth, everything=everything
        )
    cube, acceleration = _cube(result, "asymmetry"), _cube(result, "acceleration")
    plane, key = str(controls.get("vo-plane", "x-z")), str(controls.get("vo-quantity"))
    key = key if key in offered(cube) else offered(cube)[0]
    indices = planes_with_values(cube, plane, key)
    values = grid_values(cube, plane)[indices]
    at = _at(controls, cube, plane)
    index = int(indices[np.abs(values - (0.0 if at is None else at)).argmin()])
    beside = str(controls.get("vo-beside", "error"))
    truth = result.truth if beside == "truth" else None
    cut = take_asymmetry(cube, acceleration, plane, index, key, truth)
    shown = bool(controls.get("vo-show-untrusted"))
    return result_figures.asymmetry_figure(
        cut, acceleration, beside, sentence, show_untrusted=shown
    )


def _compare(home: Path, view: SavedView, controls: Controls) -> Figure:
    from dashboard.export.view import plane_index
    from engine.cubes.compare import check_comparable

    (first, said), (second, also) = (_run(home, view, place) for place in (0, 1))
    cubes = [_cube(result, "acceleration") for result in (first, second)]
    check_comparable(*cubes, "acceleration")
    shown = _view(controls, cubes[0])
    index = plane_index(shown, cubes[0])
    cuts = [
        take_slice(cube, shown.plane, index, shown.quantity, shown.unit, shown.estimator)
        for cube in cubes
    ]
    return result_figures.compare_figure(
        *cuts, cubes[0], f"A: {said} B: {also}", show_untrusted=shown.show_untrusted
    )


def _model(home: Path, view: SavedView, controls: Controls) -> Figure:
    result, sentence = _run(home, view)
    cube = _cube(result, "model")
    if view.figure in ("", "vo-pairs"):
        names = [str(name) for name in cube["pair"].to_numpy()]
        pair = str(controls.get("vo-pair", names[0]))
        pair = pair if pair in names else names[0]
        return result_figures.pairs_figure(cube, pair, sentence)
    return model_figure(cube, View(), sentence)


def _explore(home: Path, view: SavedView, controls: Controls) -> Figure:
    from dashboard.services.pictures import draw, look_of, opening_axes
    from dashboard.services.rasters import RasterCache
    from data.selection import caption

    del controls
    document = view.document
    catalogue = CatalogueListing(home).open(str(document.get("catalogue")))
    axes = document.get("axes") or opening_axes(catalogue)
    tree = document.get("selection")
    looks = [look_of(pair, 520, 380) for pair in axes]
    picture = draw(RasterCache(), catalogue, tree, looks)
    words = caption(tree) if tree else "All stars."
    return result_figures.stars_figure(
        picture.panels,
        str(document.get("colour", "equalised")),
        f"Catalogue {catalogue.name}, {picture.selected:,} of {catalogue.n_rows:,} stars. {words}",
    )


_PAGES: dict[str, Callable[[Path, SavedView, Controls], Figure]] = {
    "explore": _explore,
    "tracers": _explore,
    "model": _model,
    "acceleration": _acceleration,
    "density": _density,
    "dark_matter": _dark_matter,
    "asymmetry": _asymmetry,
    "compare": _compare,
}


# --- a page of the PDF ------------------------------------------------------------------------


def _head(figure: Figure, view: SavedView) -> None:
    """Give a figure the title of its view, and the note below everything."""
    import textwrap

    title = figure.suptitle(printable(view.title), fontsize=13, fontweight="bold")
    title.set_parse_math(False)
    width = float(figure.get_size_inches()[0])
    lines = [
        part
        for line in view.note.splitlines()
        for part in textwrap.wrap(printable(line), int(width * 12)) or [""]
    ]
    if not lines:
        return
    room = _NOTE_LINE * len(lines) + 0.15
    _grow(figure, room)
    height = float(figure.get_size_inches()[1])
    figure.text(
        0.12 / width, (room - 0.02) / height, "\n".join(lines), va="top", fontsize=10,
        linespacing=1.25, parse_math=False,
    )  # fmt: skip


def _grow(figure: Figure, room: float) -> None:
    """Add room at the foot of a figure, inches; what is there keeps its size."""
    if room <= 0:
        return
    width, height = (float(size) for size in figure.get_size_inches())
    share = height / (height + room)
    engine = figure.get_layout_engine()
    left, bottom, wide, high = engine.get()["rect"]
    engine.set(rect=(left, 1 - share + bottom * share, wide, high * share))
    for text in figure.texts:
        if text is not figure._suptitle:  # noqa: SLF001, RUF100  matplotlib has no other way
            x, y = text.get_position()
            text.set_position((x, 1 - share + y * share))
    figure.set_size_inches(width, height + room)
