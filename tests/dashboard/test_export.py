"""Figures, scripts and downloads of a run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
import zipfile
from io import BytesIO

import numpy as np
import pytest

from dashboard.export.drawing import FIGURE_FORMATS, save_figure
from dashboard.export.figures import acceleration_figure, model_figure, profiles_figure
from dashboard.export.run import FORMATS, download, export_run, finished
from dashboard.export.script import acceleration_script
from dashboard.export.view import View, slice_of
from data.errors import UserError
from engine.cubes.store import MANIFEST, write_cube
from engine.runs.folder.files import write_json
from tests.dashboard.synthetic import (
    acceleration_at,
    acceleration_cube,
    model_cube,
    profiles_cube,
)
from tests.dashboard.synthetic_runs import make_map

HOSTILE = 'a $x_{ \\frac <script>alert(1)</script> "" """\nimport os\x00 \u202e--> ]]> 星'


def truth(x):
    return acceleration_at(*np.asarray(x).T).T


@pytest.fixture(scope="module")
def cube():
    return acceleration_cube(n=8, estimators=("boltzmann", "potential"))


def meshes(figure):
    """The cells that are drawn in colour, one array for each map."""
    found = [ax.collections[1] for ax in figure.axes if ax.get_title()]
    return [np.ma.filled(mesh.get_array(), np.nan) for mesh in found]


@pytest.mark.parametrize("plane", ["x-y", "x-z", "y-z"])
def test_what_is_drawn_is_the_slice_with_its_error(cube, plane):
    view = View(plane=plane, quantity="R", unit="1e-10 m/s2", estimator="potential")
    cut = slice_of(view, cube)
    value, error = meshes(acceleration_figure(cube, view, "Run x."))
    np.testing.assert_allclose(value, np.where(cut.trusted, cut.value, np.nan).T)
    np.testing.assert_allclose(error, np.where(cut.trusted, cut.relative_sd, np.nan).T)
    assert np.isfinite(value).any()
    assert np.isnan(value[np.isfinite(cut.value.T) & ~cut.trusted.T]).all()


def test_untrusted_cells_are_drawn_when_asked_for(cube):
    view = View(show_untrusted=True, relative=False)
    cut = slice_of(view, cube)
    value, error = meshes(acceleration_figure(cube, view, ""))
    np.testing.assert_allclose(value, cut.value.T)
    np.testing.assert_allclose(error, cut.sd.T)


def test_a_mock_has_its_truth_below(cube):
    *_, exact, off = meshes(acceleration_figure(cube, View(show_untrusted=True), "", truth))
    cut = slice_of(View(), cube, truth)
    np.testing.assert_allclose(exact, cut.truth.T)
    np.testing.assert_allclose(off, cut.difference("percent").T)


def test_the_plane_is_the_nearest_to_where_it_was_asked_for(cube):
    assert slice_of(View(at=2.0), cube).at == pytest.approx(
        float(cube["z"].sel(z=2.0, method="nearest"))
    )


def test_a_slice_without_a_cell_to_believe_can_be_drawn():
    grey = acceleration_cube(n=8, trusted=False)
    value, _ = meshes(acceleration_figure(grey, View(), ""))
    assert np.isnan(value).all()


@pytest.mark.parametrize("form", FIGURE_FORMATS)
def test_figures_are_raster_in_vector_and_text_is_text(form, cube, tmp_path):
    paths = [tmp_path / f"{n}.{form}" for n in range(2)]
    for path in paths:
        save_figure(lambda: acceleration_figure(cube, View(), HOSTILE, truth), path, HOSTILE, form)
    content = paths[0].read_bytes()
    assert content == paths[1].read_bytes(), "the same figure is the same file"
    start = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[form]
    assert content.startswith(start)
    if form == "svg":
        root = ET.fromstring(content)  # noqa: S314  our own file
        texts = " ".join(
            "".join(t.itertext()) for t in root.iter("{http://www.w3.org/2000/svg}text")
        )
        for shown in ("Measured", "x [kpc]", "km² s⁻² kpc⁻¹", "size of the acceleration"):
            assert shown in texts
        images = list(root.iter("{http://www.w3.org/2000/svg}image"))
        assert 4 <= len(images) <= 16
        assert not list(root.iter("{http://www.w3.org/2000/svg}script"))
        assert b"<script" not in content
    if form == "pdf":
        assert content.count(b"/Subtype /Image") >= 4
        assert b"/FontFile2" in content or b"/Type42" in content or b"/TrueType" in content


def test_profiles_and_model_are_what_their_cubes_say():
    profiles = profiles_figure(profiles_cube(), View(show_untrusted=True), HOSTILE, truth)
    line = profiles.axes[0].lines[0]
    np.testing.assert_allclose(
        line.get_ydata(), profiles_cube()["acceleration"].sel(line="x", component="x")[0]
    )
    assert len(profiles.axes) == 3
    model = model_figure(model_cube(), View(), HOSTILE)
    np.testing.assert_allclose(
        model.axes[0].patches[0].get_data().values, model_cube()["data_1d"].sel(quantity="x")
    )
    assert len(model.axes) == 12


def test_profiles_are_drawn_where_they_are_to_be_believed():
    figure = profiles_figure(profiles_cube(), View(), "")
    shown = np.isfinite(figure.axes[0].lines[0].get_ydata())
    np.testing.assert_array_equal(shown, profiles_cube()["trusted"].sel(line="x"))


@pytest.mark.parametrize("quantity", ["abs", "phi"])
def test_the_script_repeats_the_numbers_without_this_program(cube, quantity, tmp_path):
    view = View(plane="y-z", at=7.0, quantity=quantity, unit="1e-10 m/s2", estimator="potential")
    path = write_cube(cube, tmp_path / "a 'folder'", "acceleration")
    text = acceleration_script(cube, path, view, HOSTILE)
    assert text.isascii()
    script, figure = tmp_path / "again.py", tmp_path / "again.pdf"
    # What the script computes is read out at its end.
    told = "\nimport json\nprint(json.dumps([value[shown].tolist(), error[shown].tolist()]))\n"
    script.write_text(text + told)
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", str(script), str(figure)],
        capture_output=True,
        text=True,
        cwd=tmp_path,  # away from the program's packages
        env=os.environ | {"MPLBACKEND": "agg"},
    )
    assert answer.returncode == 0, answer.stderr
    assert figure.read_bytes().startswith(b"%PDF")
    value, error = json.loads(answer.stdout)
    cut = slice_of(view, cube)
    np.testing.assert_allclose(value, cut.value[cut.trusted])
    np.testing.assert_allclose(error, cut.relative_sd[cut.trusted])
    imports = set(re.findall(r"^(?:import|from) (\w+)", text, re.M))
    assert imports == {"sys", "matplotlib", "numpy", "xarray"}


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_can_be_downloaded(form, tmp_path):
    directory = make_map(tmp_path, spec={"catalogue": HOSTILE})
    name, content = download(finished(tmp_path, directory.id), "acceleration", form, View())
    assert name == f"{directory.id}-acceleration.{form}" + (".zip" if form == "zarr" else "")
    assert len(content) > 1000
    if form == "zarr":
        inside = zipfile.ZipFile(BytesIO(content)).namelist()
        assert f"{directory.id}-acceleration.zarr/{MANIFEST}" in inside


def test_cubes_with_hostile_names_stay_in_the_folder(tmp_path):
    directory = make_map(tmp_path / "home")
    name = "../../<b>out</b>"
    write_cube(profiles_cube(), directory.cubes, "odd")
    cubes = {**directory.result()["cubes"], name: "cubes/odd.zarr"}
    write_json(directory.result_file, {**directory.result(), "cubes": cubes})
    result = finished(tmp_path / "home", directory.id)
    (path,) = export_run(result, name, "nc", tmp_path / "out")
    assert path.parent == tmp_path / "out"
    assert path.name == f"{directory.id}-b-out-b.nc"
    with pytest.raises(UserError, match="no figure"):
        export_run(result, name, "pdf", tmp_path / "out")


def test_an_unknown_format_is_one_sentence(tmp_path):
    directory = make_map(tmp_path)
    with pytest.raises(UserError, match="Unknown format 'docx'"):
        export_run(finished(tmp_path, directory.id), "all", "docx", tmp_path)
