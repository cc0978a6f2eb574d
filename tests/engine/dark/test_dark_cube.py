"""The dark_matter cube against exact fields, and where pieces are impossible."""

import json

import astropy.units as u
import numpy as np
import pytest

from data.baryons import packaged, truth_baryons
from engine.dark_matter.cube import dark_matter_cube, local_values
from engine.dark_matter.smoothed import smoothed_baryons
from engine.dark_matter.summary import MapFields, dark_matter
from engine.draws import Draws
from engine.lattice import Lattice
from engine.smoothing import Kernel
from tests.engine.dark.fields import SUN, ball, exact, truth

KERNEL = Kernel()


def common(values, share=0.02, count=24):
    """Numbers that are all too large or too small by one factor."""
    factors = share * np.random.default_rng(3).standard_normal(count)
    return Draws(values, np.multiply.outer(factors, values))


def fields_of(name="milky-way", grid=None, errors=common, radius=4.0, centre=SUN):
    model, grid = truth(name), grid or ball()
    field = errors(model.acceleration(grid.points))
    density = Lattice.of(grid, field).density(KERNEL)
    total = Draws(density.mean[grid.inside], density.deviations[:, grid.inside])
    edge = radius - np.linalg.norm(grid.points - np.array(centre), axis=1)
    return model, MapFields(
        grid, field, total, edge > 0.2, edge > KERNEL.reach, pointwise=field,
        mass=errors(model.density(grid.points)),
    )  # fmt: skip


def summary(name="milky-way", own=True, **changes):
    model, fields = fields_of(name, **changes)
    baryons = truth_baryons(model) if own else packaged()
    smooth = smoothed_baryons(baryons, fields.grid.points, KERNEL, 0)
    return model, fields, dark_matter(fields, smooth, baryons)


@pytest.fixture(scope="module")
def milky_way():
    return summary()


@pytest.mark.parametrize("name", ["milky-way", "flattened-halo", "lopsided"])
def test_the_average_at_the_sun_is_that_of_the_halo_in_the_same_cells(name):
    """Kernel, lattice and lost cells together: half a per cent, before any noise."""
    model, fields, found = summary(name)
    halo = exact(model.density(fields.grid.points, "halo"))
    weights = dark_matter(
        MapFields(fields.grid, fields.acceleration, halo, fields.trusted, fields.trusted_density),
        exact(np.zeros_like(halo.mean)), packaged(),
    )  # fmt: skip
    wanted = weights.local.msun_pc3[0]
    assert found.local.msun_pc3[0] == pytest.approx(wanted, rel=5e-3)
    known = np.isfinite(found.shells.density.mean)
    assert known.sum() >= 10
    np.testing.assert_allclose(
        found.shells.density.mean[known], weights.shells.density.mean[known], rtol=6e-3
    )


def test_the_pieces_add_up_and_agree_with_the_galaxy(milky_way):
    model, _, found = milky_way
    local = found.local.msun_pc3[0]
    assert found.local_total.msun_pc3[0] - found.local_baryons.msun_pc3[0] == pytest.approx(local)
    speed = model.circular_velocity(np.array([8.122]))[0]
    assert found.oort.speed.mean == pytest.approx(speed, rel=5e-3)
    assert found.oort.A.mean - found.oort.B.mean == pytest.approx(speed / 8.122, rel=5e-3)
    assert abs(found.gauss.relative) < 0.02
    z = np.linspace(-1.1, 1.1, 2001)
    column = model.density(np.stack([np.full_like(z, 8.122), 0 * z, z], 1))
    wanted = 1e3 * np.trapezoid(column, z)
    assert found.surface.total.mean == pytest.approx(wanted, rel=0.01)
    assert found.missing == {}


def test_the_cube_keeps_its_contract(milky_way):
    model, fields, found = milky_way
    cube = dark_matter_cube(found, fields, {"run_id": "map-1", "baryon_model": "truth"})
    assert cube["density_dark"].dims == ("r",) == cube["density_dark_sd"].dims
    assert u.Unit(cube["density_dark"].units) == u.Msun / u.pc**3
    for variable in cube.values():
        for other in str(variable.attrs.get("ancillary_variables", "")).split():
            assert other in cube
    wanted = model.density([[8.122, 0, 0]], "halo")[0]
    assert float(cube["local_density_dark"]) == pytest.approx(wanted, rel=0.01)
    assert 0.005 < float(cube["local_density_dark_sd"] / cube["local_density_dark"]) < 0.2
    assert cube["posterior"].dims == ("model", "sample", "parameter")
    middle = cube["posterior"].sel(model="nfw", parameter="rho_sun").median()
    assert float(middle) == pytest.approx(wanted, rel=0.03)
    assert json.loads(cube.attrs["missing"]) == {}
    parts = cube["surface_density"]
    assert float(parts.sel(part="dark")) == pytest.approx(
        float(parts.sel(part="total") - parts.sel(part="baryon"))
    )
    assert bool((np.diff(cube["band"].sel(model="gnfw").to_numpy(), axis=0) >= 0).all())


def test_the_values_for_the_result_of_a_run(milky_way):
    values = local_values(dark_matter_cube(milky_way[2], milky_way[1], {}))
    assert {"density_dark", "density_dark_sd", "density_total", "density_baryon"} <= set(values)
    assert values["density_dark_gev_cm3"] == pytest.approx(
        values["density_dark"] * 37.96, rel=1e-3
    )
    json.dumps(values, allow_nan=False)
    assert local_values(None) == {}


def test_a_volume_without_the_sun_says_what_is_missing_and_why():
    centre = (14.0, 0.0, 0.0208)
    grid = ball(centre=centre)
    _, fields, found = summary(grid=grid, centre=centre)
    cube = dark_matter_cube(found, fields, {})
    missing = json.loads(cube.attrs["missing"])
    assert {"local", "vertical", "surface", "oort"} <= set(missing)
    assert all(sentence.endswith(".") for sentence in missing.values())
    assert "oort" not in cube
    assert "local_density_dark" not in cube
    assert np.isfinite(cube["density_dark"]).any()
    assert local_values(cube) == {}


def test_no_errors_and_no_trust_are_no_failure():
    _, fields, found = summary(errors=exact, grid=ball(spacing=1.0, z_cells=13))
    assert set(found.missing) == {"fit"}
    cube = dark_matter_cube(found, fields, {})
    assert local_values(cube)["density_dark_sd"] is None
    nobody = np.zeros(len(fields.grid.points), np.bool_)
    fields = MapFields(fields.grid, fields.acceleration, fields.total, nobody, nobody)
    found = dark_matter(fields, exact(0 * fields.total.mean), packaged())
    cube = dark_matter_cube(found, fields, {})
    assert np.isnan(cube["density_dark"]).all()
    assert set(json.loads(cube.attrs["missing"])) == {
        "fit", "local", "vertical", "surface", "oort", "gauss",
    }  # fmt: skip
