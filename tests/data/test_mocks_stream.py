"""Mock patches with streams: sky, errors, shares, tracks, and what the store makes of them."""

import json

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord, SkyOffsetFrame
from astropy.table import Table

from dashboard.cli import main
from data.catalogue.store import CatalogueStore
from data.errors import UserError
from data.frames import SolarParameters, to_galactocentric
from data.mocks.gaia_errors import proper_motion_error
from data.mocks.streams.field import FIELDS, Field, draw_field, patch_matrix, to_patch, to_sky
from data.mocks.streams.injection import Injection, draw_stream, great_circle
from data.mocks.streams.patch import WINDOW, draw_patch, make_stream
from data.mocks.streams.photometry import POPULATIONS, draw_photometry, share_brighter

PATCH = (148.6, 24.2, 15.0)


def local(columns, patch=PATCH):
    names = ("ra", "dec", "pmra", "pmdec")
    return to_patch(patch_matrix(*patch[:2]), *(columns[name] for name in names))


def test_the_frame_of_a_patch_is_astropy_s_sky_offset_frame():
    rng = np.random.default_rng(0)
    ra, dec = rng.uniform(100, 200, 50), rng.uniform(-20, 70, 50)
    pmra, pmdec = rng.normal(size=(2, 50))
    given = SkyCoord(ra * u.deg, dec * u.deg, pm_ra_cosdec=pmra * u.mas / u.yr,
                     pm_dec=pmdec * u.mas / u.yr)  # fmt: skip
    there = given.transform_to(SkyOffsetFrame(origin=SkyCoord(148.6 * u.deg, 24.2 * u.deg)))
    want = (
        there.lon.wrap_at(180 * u.deg).deg,
        there.lat.deg,
        there.pm_lon_coslat.value,
        there.pm_lat.value,
    )
    matrix = patch_matrix(148.6, 24.2)
    found = to_patch(matrix, ra, dec, pmra, pmdec)
    np.testing.assert_allclose(found, want, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(to_sky(matrix, found[0], found[1]), (ra, dec), rtol=1e-9)


def test_smooth_stars_follow_the_density_along_a_ray_and_fill_the_cap_evenly():
    """In a cone so narrow that only the distance varies: dN/dln d ~ d^3 rho N(<M_lim)."""
    stars = draw_field(60_000, 30.0, 60.0, 0.5, seed=3)
    halo = stars.distance[stars.tracer == 2]
    edges = np.geomspace(2.0, 60.0, 13)
    counts = np.histogram(halo, edges)[0]
    fine = np.geomspace(2.0, 60.0, 12 * 40 + 1)
    zero = np.zeros_like(fine)
    x = to_galactocentric(zero + 30.0, zero + 60.0, fine, zero, zero, zero)[0]
    modulus = 5 * np.log10(100 * fine)
    rate = (
        fine**3 * FIELDS["halo"].density(x) * share_brighter(POPULATIONS["halo"], 20.7 - modulus)
    )
    mass = (0.5 * (rate[1:] + rate[:-1])).reshape(12, 40).sum(1)
    expected = mass / mass.sum() * counts.sum()
    assert expected.min() > 20
    assert np.sum((counts - expected) ** 2 / expected) < 30.0  # chi^2 of 11: p = 0.0016 at 30
    lon, lat = to_patch(patch_matrix(30.0, 60.0), stars.ra, stars.dec, stars.ra * 0, stars.ra * 0)[
        :2
    ]
    within = np.hypot(lon, lat) < 0.25
    assert abs(within.mean() - 0.25) < 0.01


def test_velocities_have_the_ellipsoid_s_moments():
    from data.mocks.streams import field as stream_field

    x = np.tile([[5.0, -3.0, 2.0]], (40_000, 1))
    thin = Field(0, 1.0, 2.6, 0.3, 225.0, (35.0, 25.0, 18.0))
    v = stream_field._velocities(thin, x, np.random.default_rng(1))
    radial = (v @ [5.0, -3.0, 0.0]) / np.hypot(5, 3)
    along = (v @ [-3.0, -5.0, 0.0]) / np.hypot(5, 3)  # (y, -x): positive along the rotation
    np.testing.assert_allclose(
        [radial.mean(), along.mean(), v[:, 2].mean()], [0, 225, 0], atol=0.8
    )
    np.testing.assert_allclose([radial.std(), along.std(), v[:, 2].std()], [35, 25, 18], rtol=0.02)


@pytest.mark.parametrize("name", POPULATIONS)
def test_photometry_follows_ridge_line_and_counts(name):
    population = POPULATIONS[name]
    rng = np.random.default_rng(2)
    magnitude, colour = draw_photometry(population, np.full(40_000, 8.0), rng)
    assert magnitude.max() <= 8.0
    main = (magnitude > 1.5) & (magnitude < 8.0)
    off = colour[main] - np.interp(magnitude[main], *np.transpose(population.ridge))
    assert abs(np.median(off)) < 0.005
    assert np.std(off) == pytest.approx(population.spread, rel=0.03)
    share = np.mean(magnitude < 5.0)
    want = share_brighter(population, 5.0) / share_brighter(population, 8.0)
    assert share == pytest.approx(float(want), abs=0.01)


def test_stars_scatter_about_the_track_and_move_along_it():
    stream = Injection(angle=60.0, offset=-3.0, width=0.4, distance=12.0, speed=180.0, seed=4)
    stars, track = draw_stream(stream, 4000, PATCH, 20.7)
    lon, lat = local({n: getattr(stars, n) for n in ("ra", "dec", "pmra", "pmdec")})[:2]
    angle = np.radians(60.0)
    r = lon * np.sin(angle) - lat * np.cos(angle)
    assert np.median(r) == pytest.approx(-3.0, abs=0.06)
    assert 0.35 < np.std(r) < 0.5  # the great circle is not quite straight in the flat patch
    # at rest in the Galaxy the middle moves along the track with the speed given
    v = to_galactocentric(
        track.ra, track.dec, track.distance, track.pmra, track.pmdec, np.zeros(len(track.ra))
    )[1]
    x = to_galactocentric(track.ra, track.dec, track.distance, 0 * track.ra, 0 * track.ra,
                          0 * track.ra)[0]  # fmt: skip
    sight = x - np.array(SolarParameters().position)
    sight /= np.linalg.norm(sight, axis=1, keepdims=True)
    tangent = np.gradient(sight, axis=0)
    tangent -= np.sum(tangent * sight, 1, keepdims=True) * sight
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    sky = v - np.sum(v * sight, 1, keepdims=True) * sight
    np.testing.assert_allclose(np.sum(sky * tangent, 1)[5:-5], 180.0, rtol=2e-3)


def test_a_share_of_the_window_is_what_was_asked_for():
    patch = draw_patch(stars=20_000, seed=5, fraction=0.02)
    (truth,) = patch.streams
    mu_lat = local(patch.columns)[3]
    inside = np.abs(mu_lat - truth["pm_lambda"]) < WINDOW / 2
    share = np.mean(patch.columns["stream"][inside] == 1)
    assert share == pytest.approx(0.02, rel=0.1)
    assert truth["share_of_window"] == pytest.approx(0.02, rel=0.05)
    assert np.sum(patch.columns["stream"] == 1) == truth["members"]


def test_the_same_seed_gives_the_same_patch_and_streams_change_no_smooth_star():
    one = draw_patch(stars=3000, seed=6)
    again = draw_patch(stars=3000, seed=6)
    for name, values in one.columns.items():
        np.testing.assert_array_equal(values, again.columns[name])
    assert not np.array_equal(
        one.columns["ra"][:100], draw_patch(stars=3000, seed=7).columns["ra"][:100]
    )
    field = draw_field(3000, 148.6, 24.2, 15.0, 6)
    smooth = one.columns["stream"] == 0
    # places are blurred by mas only: the smooth stars are those that a patch without has
    assert np.allclose(np.sort(one.columns["ra"][smooth]), np.sort(field.ra), atol=1e-5)


def test_measured_columns_scatter_by_their_errors():
    patch = draw_patch(
        stars=500, seed=8, members=500,
        streams=(Injection(pm=(-3.0, 1.0), dispersion=0.0, width=0.0),),
    )  # fmt: skip
    stream = patch.columns["stream"] == 1
    error = patch.columns["pmra_error"][stream]
    np.testing.assert_allclose(
        error, proper_motion_error(patch.columns["phot_g_mean_mag"][stream])[0], rtol=0.02
    )
    track = patch.streams[0]["track"]
    order = np.argsort(track["ra"])
    true = np.interp(patch.columns["ra"][stream], np.array(track["ra"])[order],
                     np.array(track["pmra"])[order])  # fmt: skip
    pull = (patch.columns["pmra"][stream] - true) / error
    assert abs(pull.mean()) < 0.15
    assert 0.92 < pull.std() < 1.08


def test_a_track_of_galstreams_is_followed_and_1_kpc_throughout_is_unknown(tmp_path):
    circle = great_circle(Injection(angle=20.0, offset=1.0), PATCH)
    table = Table(
        {
            "ra": circle.ra * u.deg,
            "dec": circle.dec * u.deg,
            "distance": np.ones(len(circle.ra)) * u.kpc,
            "pm_ra_cosdec": circle.pmra * u.mas / u.yr,
            "pm_dec": circle.pmdec * u.mas / u.yr,
        }
    )
    path = tmp_path / "track.st.X.ecsv"
    table.write(path, format="ascii.ecsv")
    stars, _ = draw_stream(Injection(track=str(path), distance=7.0), 300, PATCH, 20.7)
    assert np.median(stars.distance) == pytest.approx(7.0, rel=0.01)
    lon, lat = local({n: getattr(stars, n) for n in ("ra", "dec", "pmra", "pmdec")})[:2]
    angle = np.radians(20.0)
    assert np.median(lon * np.sin(angle) - lat * np.cos(angle)) == pytest.approx(1.0, abs=0.1)
    with pytest.raises(UserError, match="does not pass"):
        draw_stream(Injection(track=str(path)), 10, (10.0, -60.0, 5.0), 20.7)
    with pytest.raises(UserError, match="cannot be read"):
        draw_stream(Injection(track=str(tmp_path / "none.ecsv")), 10, PATCH, 20.7)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"stars": 0}, "stars"),
        ({"seed": -1}, "seed"),
        ({"radius": 80.0}, "radius"),
        ({"fraction": 1.0}, "share|make"),
        ({"members": 0}, "members"),
        ({"centre": (0.0, 95.0)}, "position"),
        ({"streams": (Injection(width=-1.0),)}, "width"),
        ({"streams": (Injection(offset=20.0),)}, "misses"),
        ({"streams": (Injection(distance=0.0),)}, "distance"),
        ({"streams": (Injection(gradient=-2.0),)}, "Sun"),
        ({"streams": (Injection(track="x", spray=True),)}, "not both"),
    ],
)
def test_what_makes_no_sense_is_refused(wrong, said):
    with pytest.raises(UserError, match=said):
        draw_patch(**{"stars": 200, **wrong})


def test_a_patch_comes_into_the_store_without_velocities_and_with_its_truth(tmp_path, capsys):
    words = ["mock", "stream", "--stars", "2000", "--members", "40", "--seed", "3"]
    assert main([*words, "--home", str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["rows"] == 2040
    assert told["with_6d"] == 0
    catalogue = CatalogueStore(tmp_path).open(told["catalogue"])
    assert catalogue.name == "mock-stream-2000-s3"
    assert int(np.sum(catalogue.column("stream") == 1)) == 40
    truth = json.loads(catalogue.truth_path.read_text())
    assert truth["streams"][0]["members"] == 40
    assert main(["mock", "stream", "--smooth", "--stars", "500", "--home", str(tmp_path)]) == 0


def test_without_a_stream_nobody_is_a_member(tmp_path):
    catalogue = make_stream(tmp_path, stars=400, streams=())
    assert catalogue.name == "mock-smooth-400-s0"
    assert not catalogue.column("stream").any()


def test_a_sprayed_stream_lies_along_the_orbit_of_its_cluster():
    stream = Injection(spray=True, angle=10.0, offset=0.0, distance=15.0, seed=1)
    stars, track = draw_stream(stream, 60, PATCH, 20.7)
    lon, lat = local({n: getattr(stars, n) for n in ("ra", "dec", "pmra", "pmdec")})[:2]
    spread = np.linalg.svd(np.stack([lon, lat], 1) - [lon.mean(), lat.mean()])[1]
    assert spread[0] > 4 * spread[1]  # long and thin
    direction = np.degrees(np.arctan2(*np.polyfit(lon, lat, 1)[:1], 1.0))
    assert abs(direction - 10.0) < 12.0
    assert len(track.ra) > 3
