"""Energies, stream coordinates and errors against gala, astropy and finite differences."""

from __future__ import annotations

import warnings

import astropy.coordinates as coord
import astropy.units as u
import gala.coordinates as gc
import gala.potential as gp
import numpy as np
import pytest

from data.catalogue.ingest import ingest_arrays
from data.catalogue.schema import CORRELATIONS
from data.columns.covariance import cartesian_covariance
from data.columns.derived import available, column, described, unit
from data.columns.energy import POTENTIALS
from data.columns.errors import CORRELATED
from data.columns.families import call_name, is_call, listed
from data.columns.stream_frames import STREAMS, from_points, from_pole
from data.errors import UserError
from data.frames import SolarParameters, to_galactocentric
from data.mocks.potentials import named
from data.selection import caption, columns, mask, parse, to_text

SPACE = ("x", "y", "z", "vx", "vy", "vz")


class Table:
    def __init__(self, **columns):
        self.columns = columns
        self.n_rows = len(next(iter(columns.values())))

    def has(self, name):
        return name in self.columns

    def column(self, name):
        return self.columns[name]


@pytest.fixture(scope="module")
def stars():
    rng = np.random.default_rng(1)
    place = rng.normal([8.0, 0.0, 0.0], 4.0, (400, 3))
    motion = rng.normal([0.0, -180.0, 0.0], 90.0, (400, 3))
    return Table(**dict(zip(SPACE, np.hstack([place, motion]).T, strict=True)))


@pytest.fixture(scope="module")
def sky():
    rng = np.random.default_rng(2)
    n = 300
    return {
        "ra": rng.uniform(0, 360, n),
        "dec": np.degrees(np.arcsin(rng.uniform(-0.99, 0.99, n))),
        "parallax": rng.uniform(0.1, 4.0, n),
        "pmra": rng.normal(0, 10, n),
        "pmdec": rng.normal(0, 10, n),
        "radial_velocity": rng.normal(0, 80, n),
    }


def phase_space(stars):
    return (
        np.stack([stars.column(name) for name in names], axis=1)
        for names in (SPACE[:3], SPACE[3:])
    )


# --- energy and angular momentum --------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in POTENTIALS if name != "mw2022"])
def test_energy_is_that_of_the_mocks_potential(stars, name):
    x, v = phase_space(stars)
    truth = named(name.replace("_", "-")).potential(x) + 0.5 * (v**2).sum(axis=1)
    np.testing.assert_allclose(column(stars, f"E({name})"), truth, rtol=3e-7, atol=0.02)


@pytest.mark.parametrize(
    ("name", "version"),
    [("E", "v1"), ("E(mw2022)", "v2")],
)
def test_energy_is_that_of_gala(stars, name, version):
    x, v = phase_space(stars)
    potential = gp.MilkyWayPotential(version=version)
    parts = [part for key, part in potential.items() if (name, key) != ("E", "nucleus")]
    phi = sum(part.energy(x.T * u.kpc).to_value(u.km**2 / u.s**2) for part in parts)
    truth = phi + 0.5 * (v**2).sum(axis=1)
    np.testing.assert_allclose(column(stars, name), truth, rtol=1e-5, atol=1.0)


def test_energy_at_the_centre_and_far_away_is_finite():
    for name in POTENTIALS:
        # Gala's power law with a cut-off has no value at the very centre.
        at = Table(**{key: np.array([0.0 if name != "bovy" else 1e-6, 1e4]) for key in SPACE})
        assert np.isfinite(column(at, f"E({name})")).all(), name


def test_angular_momentum(stars):
    x, v = phase_space(stars)
    momentum = np.cross(x, v)
    np.testing.assert_allclose(column(stars, "L"), np.linalg.norm(momentum, axis=1), rtol=1e-6)
    np.testing.assert_allclose(column(stars, "L_perp"), np.hypot(*momentum.T[:2]), rtol=1e-6)
    np.testing.assert_allclose(column(stars, "L_z"), -momentum[:, 2], rtol=1e-6, atol=1e-3)


@pytest.mark.parametrize("name", ["milky_way", "flattened_halo", "logarithmic_halo"])
def test_circular_orbits_have_circularity_one(name):
    radius = np.array([0.01, 0.3, 2.0, 8.0, 25.0, 100.0])
    speed = named(name.replace("_", "-")).circular_velocity(radius)
    turn = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    zero = np.zeros(6)
    for sense in (1.0, -1.0):
        table = Table(
            x=radius * np.cos(turn),
            y=-radius * np.sin(turn),
            z=zero,
            vx=-sense * speed * np.sin(turn),
            vy=-sense * speed * np.cos(turn),
            vz=zero,
        )
        found = column(table, f"circularity({name})")
        np.testing.assert_allclose(found, sense, atol=2e-4)


def test_no_bound_star_rotates_faster_than_a_circle(stars):
    found = column(stars, "circularity")
    bound = column(stars, "E") < -2e3
    assert bound.sum() > 300
    assert np.abs(found[bound]).max() <= 1 + 1e-4
    fast = Table(**{name: np.array([900.0 if name == "vy" else 1.0]) for name in SPACE})
    assert np.isnan(column(fast, "circularity")[0])


# --- streams ------------------------------------------------------------------------------------


def measured(sky):
    return Table(**sky, distance=1.0 / sky["parallax"])


def in_frame(sky, frame):
    """Transform with astropy."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        at = coord.SkyCoord(
            sky["ra"] * u.deg,
            sky["dec"] * u.deg,
            distance=1.0 / sky["parallax"] * u.kpc,
            pm_ra_cosdec=sky["pmra"] * u.mas / u.yr,
            pm_dec=sky["pmdec"] * u.mas / u.yr,
            radial_velocity=sky["radial_velocity"] * u.km / u.s,
        )
        return at.transform_to(frame)


def compare(table, circle, truth, suffix=""):
    representation = truth.spherical
    velocity = truth.sphericalcoslat.differentials["s"]
    phi1 = representation.lon.wrap_at(180 * u.deg).deg
    difference = (column(table, f"phi1({circle})") - phi1 + 180) % 360 - 180
    across = np.cos(representation.lat.rad)
    assert np.abs(difference * across).max() < 3e-5
    assert np.abs(column(table, f"phi2({circle})") - representation.lat.deg).max() < 3e-5
    for name, proper in (("pm_phi1", velocity.d_lon_coslat), ("pm_phi2", velocity.d_lat)):
        found = column(table, f"{name}{suffix}({circle})")
        np.testing.assert_allclose(found, proper.to_value(u.mas / u.yr), rtol=2e-5, atol=2e-4)


@pytest.mark.parametrize("stream", STREAMS)
def test_stream_coordinates_are_those_of_gala(sky, stream):
    frame = getattr(gc, STREAMS[stream][0])()
    compare(measured(sky), stream, in_frame(sky, frame))


def test_gd1_is_the_matrix_of_koposov():
    """Koposov et al. 2010, appendix A: the three rows of the matrix, to its six digits."""
    from data.columns.stream_frames import rotation_of

    printed = [
        [-0.4776303088, -0.1738432154, 0.8611897727],
        [0.510844589, -0.8524449229, 0.111245042],
        [0.7147776536, 0.4930681392, 0.4959603976],
    ]
    np.testing.assert_allclose(rotation_of("gd1"), printed, atol=1e-6)


def test_solar_reflex_is_that_of_astropy(sky):
    """As gala.coordinates.reflex_correct: the Sun's velocity added in the Galaxy's frame."""
    sun = SolarParameters()
    v_sun = np.array([-sun.velocity[0], -sun.velocity[1], sun.velocity[2]])
    frame = coord.Galactocentric(
        galcen_coord=coord.ICRS(266.4051 * u.deg, -28.936175 * u.deg),
        galcen_distance=sun.position[0] * u.kpc,
        z_sun=sun.position[2] * u.kpc,
        galcen_v_sun=coord.CartesianDifferential(v_sun * u.km / u.s),
        roll=0 * u.deg,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        observed = in_frame(sky, frame)
        motion = observed.velocity.d_xyz.to(u.km / u.s) + v_sun[:, None] * u.km / u.s
        moved = observed.cartesian.without_differentials().with_differentials(
            coord.CartesianDifferential(motion)
        )
        truth = coord.SkyCoord(frame.realize_frame(moved)).transform_to(gc.GD1Koposov10())
    compare(measured(sky), "gd1", truth, "_rest")


@pytest.mark.parametrize(
    "circle", ["gd1", "sagittarius", "pole, 34.6, 29.8", "points, 1, 2, 50, -8"]
)
def test_a_simulation_is_seen_from_its_sun(sky, circle):
    """The same stars as positions and velocities, and as what is measured of them."""
    sun = SolarParameters()
    x, v = to_galactocentric(
        sky["ra"], sky["dec"], 1.0 / sky["parallax"], sky["pmra"], sky["pmdec"],
        sky["radial_velocity"],
    )  # fmt: skip
    from data.frames import galactocentric_rotation

    # Measured stars are placed round the frame's exact origin, 0.03 pc off the nominal Sun.
    x = x + np.asarray(sun.position) - galactocentric_rotation(sun)[1]
    simulated = Table(**dict(zip(SPACE, np.hstack([x, v]).T, strict=True)))
    for name in ("phi1", "phi2", "pm_phi1", "pm_phi2", "pm_phi1_rest", "pm_phi2_rest"):
        one, two = (column(t, f"{name}({circle})") for t in (measured(sky), simulated))
        np.testing.assert_allclose(one, two, rtol=2e-5, atol=2e-4)


def test_a_great_circle_by_its_pole_is_that_of_gala(sky):
    pole = coord.SkyCoord(34.5987 * u.deg, 29.7331 * u.deg)
    # The meridian of 200 degrees and its other half both meet the circle: gala must be told which.
    near = coord.SkyCoord(200 * u.deg, 0 * u.deg)
    frame = gc.GreatCircleICRSFrame.from_pole_ra0(pole, 200 * u.deg, origin_disambiguate=near)
    compare(measured(sky), "pole, 34.5987, 29.7331, 200", in_frame(sky, frame))


def test_a_great_circle_through_two_points_is_that_of_gala(sky):
    one, two = (coord.SkyCoord(*at * u.deg) for at in (np.array([130, 10]), np.array([210, 55])))
    frame = gc.GreatCircleICRSFrame.from_endpoints(one, two)
    compare(measured(sky), "points, 130, 10, 210, 55", in_frame(sky, frame))
    ends = Table(ra=np.array([130.0, 210.0]), dec=np.array([10.0, 55.0]))
    np.testing.assert_allclose(column(ends, "phi2(points, 130, 10, 210, 55)"), 0, atol=1e-6)
    first, last = column(ends, "phi1(points, 130, 10, 210, 55)")
    assert first == pytest.approx(-last)
    assert last > 0


def test_a_pole_alone_starts_where_the_circle_rises():
    for ra, dec in ((34.6, 29.8), (0.0, 90.0), (120.0, -45.0)):
        matrix = from_pole(ra, dec)
        np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-12)
        a, d = np.radians([ra, dec])
        pole = [np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)]
        np.testing.assert_allclose(matrix[2], pole, atol=1e-12)
        assert abs(matrix[0][2]) < 1e-12
        assert matrix[1][2] >= -1e-12  # phi1 grows towards the north there
    with pytest.raises(UserError, match="coincide"):
        from_points(10, 20, 10, 20)


# --- errors -------------------------------------------------------------------------------------


def with_errors(sky, *, correlated):
    rng = np.random.default_rng(9)
    n = len(sky["ra"])
    table = dict(sky)
    for name in sky:
        table[f"{name}_error"] = rng.uniform(0.01, 0.03, n)
    table["radial_velocity_error"] = rng.uniform(0.5, 3.0, n)
    if correlated:
        noise = rng.normal(size=(n, 5, 12))
        spread = noise @ np.swapaxes(noise, 1, 2)
        sd = np.sqrt(np.einsum("nii->ni", spread))
        rho = spread / sd[:, :, None] / sd[:, None, :]
        names = list(sky)
        for a, b in CORRELATIONS:
            table[f"{a}_{b}_corr"] = rho[:, names.index(a), names.index(b)]
    return table


@pytest.mark.parametrize("correlated", [True, False])
def test_errors_are_those_of_the_covariance(sky, tmp_path, correlated):
    table = with_errors(sky, correlated=correlated)
    stars = ingest_arrays(table, tmp_path, name="drawn", kind="astrometry", provenance={})
    covariance = cartesian_covariance(stars)
    for i, name in enumerate(SPACE):
        truth = np.sqrt(covariance[:, i, i])
        np.testing.assert_allclose(column(stars, f"{name}_error"), truth, rtol=2e-5)
    # Those of functions of them: the covariance carried by derivatives taken numerically.
    values = np.stack([stars.column(name) for name in SPACE], axis=1).astype(float)
    for name in ("R", "v_R", "v_phi", "v_z", "speed", "L_z"):
        gradient = np.stack([slope(name, values, i) for i in range(6)], axis=1)
        truth = np.sqrt(np.einsum("ni,nij,nj->n", gradient, covariance, gradient))
        np.testing.assert_allclose(column(stars, f"{name}_error"), truth, rtol=1e-3)
    np.testing.assert_allclose(
        column(stars, "distance_error"),
        table["parallax_error"] / table["parallax"] ** 2,
        rtol=1e-5,
    )


def slope(name, values, i, step=1e-4):
    formulae = {
        "R": lambda x, y, z, vx, vy, vz: np.hypot(x, y),
        "v_R": lambda x, y, z, vx, vy, vz: (x * vx + y * vy) / np.hypot(x, y),
        "v_phi": lambda x, y, z, vx, vy, vz: (y * vx - x * vy) / np.hypot(x, y),
        "v_z": lambda x, y, z, vx, vy, vz: vz,
        "speed": lambda x, y, z, vx, vy, vz: np.sqrt(vx**2 + vy**2 + vz**2),
        "L_z": lambda x, y, z, vx, vy, vz: y * vx - x * vy,
    }
    up, down = values.copy(), values.copy()
    up[:, i] += step
    down[:, i] -= step
    return (formulae[name](*up.T) - formulae[name](*down.T)) / (2 * step)


def test_the_error_of_the_proper_motion_is_that_of_draws():
    rng = np.random.default_rng(3)
    table = Table(
        pmra=np.array([3.0]), pmdec=np.array([-4.0]), pmra_error=np.array([0.2]),
        pmdec_error=np.array([0.1]), pmra_pmdec_corr=np.array([-0.7]),
    )  # fmt: skip
    spread = [[0.04, -0.014], [-0.014, 0.01]]
    drawn = np.hypot(*rng.multivariate_normal([3.0, -4.0], spread, 200_000).T)
    # a standard deviation of 200,000 draws is known to 0.16%
    assert column(table, "pm_error")[0] == pytest.approx(drawn.std(), rel=0.01)


def test_errors_are_not_offered_where_the_distance_is_not_the_parallax(sky, tmp_path):
    table = with_errors(sky, correlated=False) | {"r_med_geo": 1000.0 / sky["parallax"]}
    stars = ingest_arrays(
        table, tmp_path, name="other", kind="astrometry", provenance={}, distance="r_med_geo"
    )
    assert "v_phi" in available(stars)
    assert "v_phi_error" not in available(stars)
    with pytest.raises(UserError, match="distances of this catalogue are from r_med_geo"):
        column(stars, "v_phi_error")


def test_a_tables_own_errors_win(sky):
    own = np.full(len(sky["ra"]), 7.0)
    table = Table(**with_errors(sky, correlated=False), distance=own, distance_error=own)
    assert column(table, "distance_error")[0] == 7.0


# --- names --------------------------------------------------------------------------------------


def test_names_with_parameters_are_one_spelling():
    assert call_name("phi1", ["pole", 34.5, 29]) == "phi1(pole, 34.5, 29)"
    assert call_name("E", ["two-discs"]) == "E(two_discs)"
    for name in (*listed(), "phi2(points, 1, -2, 3.25, 4)"):
        assert is_call(name)
        text = to_text({"kind": "range", "column": name, "min": -1.0, "max": 2.0})
        assert text == f"-1 <= {name} <= 2"
        assert columns(parse(text)) == {name}
    assert not is_call("phi1( gd1 )")
    assert not is_call("abs(x)")


def test_columns_with_parameters_select(sky):
    table = measured(sky)
    kept = mask(parse('abs(phi2("gd1")) < 30 and phi1(pole, 34.5, 29) >= 0'), table)
    truth = np.abs(column(table, "phi2(gd1)")) < 30
    truth &= column(table, "phi1(pole, 34.5, 29)") >= 0
    assert 0 < truth.sum() < len(truth)
    assert (kept == truth).all()
    arc = mask(parse("170 <= phi1(sagittarius) <= 190"), table)
    phi1 = column(table, "phi1(sagittarius)")
    assert (arc == (np.abs(phi1) >= 170)).all()
    assert arc.any()


def test_units_and_captions():
    for name in (*listed(), "E", "L", "circularity", "v_R_error", "distance_error"):
        u.Unit(unit(name))
    assert caption(parse("E(bovy) < -5e4")) == "Stars with E(bovy) < -50000 km2/s2."
    assert caption(parse("-1 <= phi2(gd1) <= 1")) == "Stars with phi2(gd1) between -1 and 1 deg."
    with pytest.raises(KeyError):
        unit("E2")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("E(nowhere) < 0", "no model potential called 'nowhere'"),
        ("circularity(lopsided) > 0.5", "not axisymmetric"),
        ("phi1(unknown) < 0", "no stream called 'unknown'"),
        ("phi1(pole, 1) < 0", "great circle"),
        ("phi1() < 0", "great circle"),
        ("phi1(pole, x + 1, 2) < 0", "not a number"),
        ("E(1) < 0", "one model potential"),
    ],
)
def test_wrong_parameters_are_told(text, words):
    with pytest.raises(UserError, match=words):
        parse(text)


def test_a_damaged_name_in_a_tree_is_told(stars):
    for name in ("phi1(pole, nan, 1)", "E(nowhere)", "phi1(<b>)"):
        tree = {"kind": "range", "column": name, "min": 0, "max": 1}
        with pytest.raises(UserError):
            mask(tree, stars)
        assert caption(tree).startswith("Stars with")
        assert described(stars, name) is None


def test_choosers_offer_what_can_be_calculated(stars, sky):
    assert {"E", "E(bovy)", "phi1(gd1)", "pm_phi1_rest(gd1)"} <= set(available(stars))
    offered = available(measured(sky))
    assert {"phi1(pal5)", "pm_phi2(gd1)", "v_tan"} <= set(offered)
    assert "E" not in offered
    assert len(CORRELATED) == len(CORRELATIONS)
