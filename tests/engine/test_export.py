"""Cubes in the formats of others say what the cube says."""

from __future__ import annotations

import json
import warnings

import astropy.units as u
import numpy as np
import pytest
import xarray as xr
from astropy.io import fits

from data.errors import UserError
from engine.cubes.store import MANIFEST, read_cube, write_cube
from engine.export.cubes import DATA_FORMATS, export_cube
from engine.export.files import place, safe_name
from tests.dashboard.synthetic import acceleration_cube, model_cube, profiles_cube

CUBES = {
    "acceleration": lambda: acceleration_cube(n=6, estimators=("boltzmann", "potential")),
    "profiles": profiles_cube,
    "model": lambda: model_cube(n_bins=8),
}


@pytest.fixture(scope="module", params=CUBES)
def source(request, tmp_path_factory):
    """The folder of a cube, as a run would have written it."""
    cube = CUBES[request.param]().astype(np.float32, casting="unsafe", keep_attrs=True)
    original = CUBES[request.param]()
    for name in original.data_vars:  # float32 as in real cubes; flags and masks as they are
        if original[name].dtype.kind != "f":
            cube[name] = original[name]
    cube.attrs["note"] = "naïve σ <b>markup</b>\nsecond line"
    cube.attrs["truth"] = True
    cube.attrs["seed"] = 2**40
    return write_cube(cube, tmp_path_factory.mktemp("run"), request.param)


def test_netcdf_is_the_cube(source, tmp_path):
    cube, path = read_cube(source), export_cube(source, tmp_path / "a.nc", "nc")
    with xr.open_dataset(path, engine="scipy") as opened:
        back = opened.load()
    assert set(back.variables) == set(cube.variables)
    for name, variable in cube.variables.items():
        assert back[name].dims == variable.dims
        values = back[name].to_numpy()
        if variable.dtype.kind in "OUT":
            assert values.astype(str).tolist() == variable.to_numpy().astype(str).tolist()
        else:
            assert values.dtype == variable.dtype
            np.testing.assert_array_equal(values, variable.to_numpy())
        if "units" in variable.attrs:
            assert u.Unit(back[name].attrs["units"]) == u.Unit(variable.attrs["units"])
    for name, value in cube.attrs.items():
        assert str(back.attrs[name]) == str(int(value) if isinstance(value, bool) else value)


def test_fits_is_the_cube(source, tmp_path):
    cube, path = read_cube(source), export_cube(source, tmp_path / "a.fits", "fits")
    with warnings.catch_warnings(), fits.open(path) as hdus:
        warnings.simplefilter("error")
        hdus.verify("exception")
        for name, array in cube.data_vars.items():
            hdu = hdus[name]
            np.testing.assert_array_equal(hdu.data, array.to_numpy())
            axes = [hdu.header[f"CTYPE{n}"] for n in range(array.ndim, 0, -1)]
            assert tuple(axes) == array.dims
            if "units" in array.attrs:
                assert u.Unit(hdu.header["BUNIT"]) == u.Unit(array.attrs["units"])
        for name, array in cube.coords.items():
            table = hdus[name]
            values = table.data["value"].reshape(array.shape)
            np.testing.assert_array_equal(values, array.to_numpy().astype(values.dtype))
        told = {(row["variable"], row["name"]): row["json"] for row in hdus["ATTRIBUTES"].data}
    for name, value in cube.attrs.items():
        assert json.loads(told["", name]) == value


def test_fits_tells_in_its_header_where_it_comes_from(tmp_path):
    cube = acceleration_cube(n=6)
    cube["x"].attrs["units"] = "kpc"
    path = export_cube(write_cube(cube, tmp_path, "a"), tmp_path / "a.fits", "fits")
    with fits.open(path) as hdus:
        header = hdus[0].header
        assert header["RUN_ID"] == "map-synthetic"
        assert any("demo-0123abcd" in line for line in header["HISTORY"])
        image = hdus["acceleration"].header
        number = next(n for n in range(1, 6) if image[f"CTYPE{n}"] == "x")
        assert image[f"CUNIT{number}"] == "kpc"
        pixel = np.arange(6) + 1 - image[f"CRPIX{number}"]
        axis = image[f"CRVAL{number}"] + image[f"CDELT{number}"] * pixel
        np.testing.assert_allclose(axis, cube["x"])
        z = next(n for n in range(1, 6) if image[f"CTYPE{n}"] == "z")
        assert f"CDELT{z}" not in image, "z is not evenly spaced"
        np.testing.assert_allclose(hdus["z"].data["value"], cube["z"])


def test_zarr_is_the_cube(source, tmp_path):
    copy = export_cube(source, tmp_path / "a.zarr", "zarr")
    xr.testing.assert_identical(read_cube(copy), read_cube(source))


@pytest.mark.parametrize("form", DATA_FORMATS)
def test_nothing_is_overwritten_silently(form, tmp_path):
    source = write_cube(profiles_cube(), tmp_path / "run", "profiles")
    target = tmp_path / f"a.{form}"
    target.write_text("dear")
    with pytest.raises(UserError, match="already exists"):
        export_cube(source, target, form)
    assert target.read_text() == "dear"
    export_cube(source, target, form, overwrite=True)
    export_cube(source, target, form, overwrite=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == [target.name, "run"]


def test_a_link_to_nowhere_is_not_written_through(tmp_path):
    target = tmp_path / "a.nc"
    target.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="already exists"):
        place(target, lambda path: path.write_text("x"))
    place(target, lambda path: path.write_text("x"), overwrite=True)
    assert not target.is_symlink()
    assert not (tmp_path / "elsewhere").exists()


def test_a_failed_export_leaves_nothing(tmp_path):
    def fail(path):
        path.write_text("half")
        raise UserError("No.")

    with pytest.raises(UserError, match="No"):
        place(tmp_path / "new" / "a.nc", fail)
    assert not list((tmp_path / "new").iterdir())


def test_a_folder_that_is_a_file_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "deep"):
        with pytest.raises(UserError):
            place(folder / "a.nc", lambda path: path.write_text("x"))


@pytest.mark.parametrize("form", DATA_FORMATS)
def test_a_damaged_cube_is_not_exported(form, tmp_path):
    source = write_cube(profiles_cube(), tmp_path / "run", "profiles")
    (source / MANIFEST).unlink()
    with pytest.raises(UserError, match="is incomplete"):
        export_cube(source, tmp_path / "out" / "a", form)
    assert not list((tmp_path / "out").iterdir())


def test_an_unknown_format_names_the_known(tmp_path):
    with pytest.raises(UserError, match="nc, zarr, fits"):
        export_cube(tmp_path, tmp_path / "a", "docx")


@pytest.mark.parametrize(
    "parts",
    [
        ("../../etc/passwd", "acceleration"), ("..", ".."), ("", ""), ("/",), ("a\x00b",),
        ("<img src=x onerror=alert(1)>", "$x$"), ("C:\\x",), ("é" * 300,), ("a" * 500,),
        (".hidden",), ("run\n", "x"),
    ],
)  # fmt: skip
def test_names_stay_in_their_folder(parts, tmp_path):
    name = safe_name(*parts, suffix=".nc")
    assert (tmp_path / name).resolve().parent == tmp_path.resolve()
    assert name.endswith(".nc")
    assert not name.startswith((".", "-"))
    assert not set(name) & set("/\\<>$\x00\n: ")
    assert len(name) < 130


def test_a_plain_name_is_kept():
    assert safe_name("20261122-map-a1b2", "dark_matter", suffix=".pdf") == (
        "20261122-map-a1b2-dark_matter.pdf"
    )
