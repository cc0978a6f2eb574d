"""Saved views as one PDF and as one HTML file."""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import replace

import numpy as np
import pytest

from dashboard.export.drawing import drawing
from dashboard.export.views import _grow, export_views, view_figure
from dashboard.saved_views.store import SavedViews
from data.errors import UserError
from engine.cubes.store import read_cube
from tests.dashboard.stars import make_catalogue
from tests.dashboard.synthetic_runs import make_map

HOSTILE = 'a $x_{ </script><script>alert(1)</script> "quoted" \u202e'
CONTROLS = {"vo-plane": "x-z", "vo-slice": "+0.00 kpc", "vo-quantity": "z"}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    make_catalogue(folder, stars=2000)
    make_map(folder, order=1)
    make_map(folder, order=5)
    return folder


@pytest.fixture(scope="module")
def runs(home):
    return sorted(path.name for path in (home / "runs").iterdir())


@pytest.fixture(scope="module")
def view(home, runs):
    document = {"version": 1, "page": "acceleration", "run": runs[0], "controls": CONTROLS}
    return SavedViews(home).add(HOSTILE, "first line\n" + HOSTILE, document, "vo-maps")


def of(view, page, figure="", **changes):
    return replace(view, figure=figure, document={**view.document, "page": page, **changes})


def test_the_controls_say_what_is_drawn(home, runs, view):
    with drawing():
        figure = view_figure(home, view)
    cube = read_cube(home / "runs" / runs[0] / "cubes" / "acceleration.zarr")
    flat = cube.sel(component="z", estimator="boltzmann").isel(
        y=int(np.abs(cube["y"].to_numpy()).argmin())
    )
    wanted = flat["acceleration"].where(flat["trusted"]).transpose("z", "x").to_numpy()
    drawn = np.ma.filled(figure.axes[0].collections[1].get_array(), np.nan)
    np.testing.assert_allclose(drawn, wanted)


@pytest.mark.parametrize(
    ("page", "figure", "axes"),
    [("acceleration", "vo-profiles", 3), ("model", "vo-pairs", 6), ("model", "vo-histograms", 12)],
)
def test_every_figure_of_a_page_can_be_drawn(home, view, page, figure, axes):
    with drawing():
        assert len(view_figure(home, of(view, page, figure)).axes) == axes


def test_a_comparison_and_the_stars_can_be_drawn(home, runs, view):
    pair = {f"vo-compare-{side}": run for side, run in zip("ab", runs, strict=True)}
    catalogue = next((home / "catalogues").iterdir()).name
    cut = {"kind": "range", "column": "z", "min": -1.0, "max": 1.0}
    with drawing():
        both = view_figure(home, of(view, "compare", controls={**CONTROLS, **pair}))
        stars = view_figure(home, of(view, "explore", catalogue=catalogue, selection=cut))
    assert all(
        any(run in text.get_text().replace("\n", "") for text in both.texts) for run in runs
    )
    assert len([ax for ax in stars.axes if ax.images]) == 4


def test_one_pdf_has_a_page_a_view(home, view):
    lost = of(view, "acceleration", run="not-here")
    content = export_views(home, [view, of(view, "model"), lost], "pdf")
    assert content.startswith(b"%PDF")
    assert len(re.findall(rb"/Type /Page\b", content)) == 3
    assert content.count(b"/Subtype /Image") >= 2
    sizes = set(re.findall(rb"/MediaBox \[[^\]]*\]", content))
    assert len(sizes) == 1, "pages of one size"


def test_one_html_file_needs_nothing_else_and_obeys_no_text(home, view):
    text = export_views(home, [view, of(view, "model")], "html").decode()
    assert text.count("<section") == 2
    assert "<script>alert" not in text
    assert text.count("<script>") == 1
    assert not re.findall(r"(?:src|href)=\"(?!data:)", text)
    assert "default-src 'none'" in text
    for picture in re.findall(r"base64,([^\"]+)\"", text):
        svg = b64decode(picture)
        assert svg.startswith(b"<?xml")
        assert b"<script" not in svg
        assert b"<image" in svg


def test_a_note_makes_a_page_longer_and_nothing_smaller(home, view):
    with drawing():
        figure = view_figure(home, view)
        height = figure.get_size_inches()[1]
        (caption,) = [text for text in figure.texts if text is not figure._suptitle]
        below = caption.get_position()[1] * height
        _grow(figure, 1.5)
    assert figure.get_size_inches()[1] == pytest.approx(height + 1.5)
    assert caption.get_position()[1] * (height + 1.5) == pytest.approx(below + 1.5)


def test_what_cannot_be_exported_is_one_sentence(home, view):
    with pytest.raises(UserError, match="Unknown format 'docx'"):
        export_views(home, [view], "docx")
    with pytest.raises(UserError, match="no saved views"):
        export_views(home, [], "pdf")
    with pytest.raises(UserError, match="no figure on paper"):
        view_figure(home, of(view, "runs"))
