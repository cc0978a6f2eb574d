"""Grids, trust and the store of cubes."""

import hashlib
import json
import warnings

import numpy as np
import pytest
import xarray as xr

from data.errors import UserError
from engine.cubes.grid import make_grid, make_lines
from engine.cubes.lengths import grid_step
from engine.cubes.store import DIGEST, MANIFEST, read_cube, write_cube
from engine.cubes.trust import FLAGS, neighbours, reasons, trust_flags
from engine.mapping.presets import resolve

SUN = (8.122, 0.0, 0.0208)


def test_grid_covers_the_ball_and_compares_north_with_south():
    grid = make_grid(SUN, 4.0, spacing=0.5, z_cells=33)
    np.testing.assert_allclose(grid.z, -grid.z[::-1], atol=1e-12)
    assert np.all(np.diff(grid.z) > 0)
    assert np.diff(grid.z).min() < 0.12 < 0.5 < np.diff(grid.z).max()
    radius = np.linalg.norm(grid.points - np.array(SUN), axis=1)
    assert radius.max() < 4.0
    # every position within 3 kpc has all its neighbours inside, so that it can be interpolated
    for axis, values in zip((0, 1, 2), (grid.x, grid.y, grid.z), strict=True):
        assert values[0] <= SUN[axis] - 3.5 <= SUN[axis] + 3.5 <= values[-1]


def test_grid_away_from_the_plane_is_even():
    grid = make_grid((0.0, 0.0, 80.0), 1.0, spacing=0.25, z_cells=9)
    np.testing.assert_allclose(np.diff(grid.z), 0.25)
    assert grid.inside[4, 4, 4]


def test_fill_puts_values_where_they_belong():
    grid = make_grid(SUN, 4.0, spacing=1.0, z_cells=9)
    full = grid.fill(grid.points.T)
    assert np.isnan(full[:, ~grid.inside]).all()
    x, y, z = np.meshgrid(grid.x, grid.y, grid.z, indexing="ij")
    for axis, wanted in enumerate((x, y, z)):
        np.testing.assert_array_equal(full[axis][grid.inside], wanted[grid.inside])


def test_lines_run_where_their_names_say():
    lines = {line.name: line for line in make_lines(SUN, 4.0, SUN, 41)}
    np.testing.assert_allclose(lines["x"].points[20], SUN)
    assert np.ptp(lines["z"].points[:, 0]) == 0
    arc = lines["arc"]
    rows = np.isfinite(arc.points).all(1)
    np.testing.assert_allclose(np.hypot(arc.points[rows, 0], arc.points[rows, 1]), SUN[0])
    np.testing.assert_allclose(arc.points[20], SUN, atol=1e-12)
    ahead = arc.points[rows & (arc.s > 5)]
    assert (ahead[:, 1] < 0).all()  # rotation turns towards -y


def test_arc_outside_the_volume_is_empty():
    arc = make_lines((0.0, 0.0, 80.0), 1.0, SUN, 11)[2]
    assert np.isnan(arc.points).any(1).all()


def test_neighbours_are_counted():
    tracers = np.array([[0, 0, 0], [0.4, 0, 0], [0.6, 0, 0]], dtype=np.float32)
    assert neighbours(tracers, np.zeros((1, 3)), 0.5).tolist() == [2]
    assert neighbours(tracers, np.zeros((1, 3)), 0.7).tolist() == [3]
    assert neighbours(tracers, np.zeros((0, 3)), 0.5).tolist() == []


GOOD = {
    "acceleration": np.array([[-6000.0, 0.0, 0.0]]),
    "spread": np.array([[100.0, 100.0, 100.0]]),
    "condition": np.array([10.0]),
    "residual": np.array([0.2]),
    "tracers": np.array([500]),
    "edge_distance": np.array([2.0]),
    "radius": 4.0,
    "distrust_population": False,
}


def test_good_cell_is_trusted():
    assert trust_flags(**GOOD).tolist() == [0]
    assert reasons(0) == []


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("population", {"distrust_population": True}),
        ("near_edge", {"edge_distance": np.array([0.1])}),
        ("few_tracers", {"tracers": np.array([3])}),
        ("ill_conditioned", {"condition": np.array([1e6])}),
        ("ill_conditioned", {"condition": np.array([np.nan])}),
        ("large_spread", {"spread": np.array([[3000.0, 0, 0]])}),
        ("large_spread", {"spread": np.array([[np.nan] * 3])}),
        ("disequilibrium", {"residual": np.array([0.95])}),
    ],
)
def test_each_fault_has_its_own_flag(name, change):
    (word,) = trust_flags(**(GOOD | change))
    assert word == FLAGS[name][0]
    assert reasons(int(word)) == [FLAGS[name][1]]


def test_nan_is_never_trusted():
    (word,) = trust_flags(**(GOOD | {"acceleration": np.array([[np.nan, 0, 0]])}))
    assert word & FLAGS["not_finite"][0]


def test_the_grid_of_the_default_volume_is_as_ever():
    """Its numbers, to the last bit, are those of every map that was made before."""
    settings = resolve("quick", {}, 4.0)
    grid = make_grid(SUN, 4.0, grid_step(settings.spacing, 4.0), settings.z_cells)
    offset = 0.5 * np.arange(-8, 9)
    assert np.array_equal(grid.x, SUN[0] + offset)
    assert np.array_equal(grid.y, offset)
    z = (4.0 + SUN[2]) * np.sinh(2.5 * np.linspace(-1, 1, 33)) / np.sinh(2.5)
    assert np.array_equal(grid.z, z)
    assert grid.inside.sum() == 5119


@pytest.fixture
def cube():
    values = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32)
    return xr.Dataset(
        {"a": (("component", "x", "y"), values, {"units": "km2 s-2 kpc-1"})},
        {"component": ["x", "y"], "x": np.arange(3.0), "y": np.arange(4.0)},
        {"run_id": "r", "flag": 3},
    )


def test_cube_round_trip_and_replacement(tmp_path, cube):
    path = write_cube(cube, tmp_path, "acceleration")
    xr.testing.assert_identical(read_cube(path), cube)
    assert write_cube(cube + 1, tmp_path, "acceleration") == path
    xr.testing.assert_allclose(read_cube(path), cube + 1)
    assert [p.name for p in tmp_path.iterdir()] == ["acceleration.zarr"]


def test_folder_without_manifest_is_no_cube(tmp_path, cube):
    path = write_cube(cube, tmp_path, "acceleration")
    (path / MANIFEST).unlink()
    with pytest.raises(UserError, match="is incomplete"):
        read_cube(path)


def test_missing_or_damaged_chunk_is_found(tmp_path, cube):
    """zarr itself would open the store and give NaN."""
    path = write_cube(cube, tmp_path, "acceleration")
    chunk = next(p for p in (path / "a").rglob("*") if p.is_file() and p.name != "zarr.json")
    content = chunk.read_bytes()
    chunk.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(UserError, match="damaged"):
        read_cube(path)
    chunk.unlink()
    with pytest.raises(UserError, match="damaged"):
        read_cube(path)


def test_damaged_manifest_is_found(tmp_path, cube):
    path = write_cube(cube, tmp_path, "acceleration")
    document = json.loads((path / MANIFEST).read_text())
    (path / MANIFEST).write_text("{")
    with pytest.raises(UserError, match="manifest"):
        read_cube(path)
    for wrong in ({"version": 1}, document | {"attributes": {}}):
        (path / MANIFEST).write_text(json.dumps(wrong))
        with pytest.raises(UserError, match="not a whole cube"):
            read_cube(path)
    document["attributes"]["flag"] = 4
    (path / MANIFEST).write_text(json.dumps(document))
    with pytest.raises(UserError, match="files changed"):
        read_cube(path)


def test_a_file_too_many_is_found(tmp_path, cube):
    path = write_cube(cube, tmp_path, "acceleration")
    (path / "a" / "c" / "9").write_bytes(b"1")
    with pytest.raises(UserError, match="files changed"):
        read_cube(path)


@pytest.mark.parametrize("consolidated", [None, True, False])
def test_xarray_opens_a_cube_without_a_warning(tmp_path, cube, consolidated):
    """zarr warns about every file in a group that is not its own."""
    text = xr.Dataset({"name": ("n", np.array(["ab", "c"]))}, attrs={"where": "d\u00e9j\u00e0"})
    path = write_cube(xr.merge([cube, text], combine_attrs="no_conflicts"), tmp_path, "c")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # that fixed-length text is not in zarr's standard yet is no matter of the cube's files
        warnings.filterwarnings("ignore", message=".*does not have a Zarr V3 specification")
        with xr.open_zarr(path, consolidated=consolidated) as opened:
            loaded = opened.load()
    assert len(loaded.attrs.pop(DIGEST)) == 32
    xr.testing.assert_identical(loaded, read_cube(path))
    assert loaded.attrs["where"] == "d\u00e9j\u00e0"


def test_a_cube_of_an_earlier_version_still_opens(tmp_path, cube):
    """Before, the manifest was a file of its own, cube.json, with the hash of every file."""
    path = tmp_path / "old.zarr"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cube.to_zarr(path, mode="w", consolidated=True, zarr_format=3)
    files = {
        file.relative_to(path).as_posix(): [
            file.stat().st_size,
            hashlib.blake2b(file.read_bytes(), digest_size=8).hexdigest(),
        ]
        for file in path.rglob("*")
        if file.is_file()
    }
    manifest = path / "cube.json"
    manifest.write_text(json.dumps({"version": 1, "files": files}, indent=1))
    xr.testing.assert_identical(read_cube(path), cube)
    chunk = next(p for p in (path / "a").rglob("*") if p.is_file() and p.name != "zarr.json")
    content = chunk.read_bytes()
    chunk.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(UserError, match="files changed"):
        read_cube(path)
    chunk.write_bytes(content)
    manifest.write_text("[]")
    with pytest.raises(UserError, match="manifest"):
        read_cube(path)
    manifest.unlink()
    with pytest.raises(UserError, match="not a whole cube"):
        read_cube(path)


def test_failed_write_keeps_the_older_cube(tmp_path, cube, monkeypatch):
    path = write_cube(cube, tmp_path, "acceleration")

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(xr.Dataset, "to_zarr", full)
    with pytest.raises(OSError, match="No space"):
        write_cube(cube + 1, tmp_path, "acceleration")
    xr.testing.assert_identical(read_cube(path), cube)
    assert [p.name for p in tmp_path.iterdir()] == ["acceleration.zarr"]
