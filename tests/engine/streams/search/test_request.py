"""What is asked of a search, and which patches it means."""

import numpy as np
import pytest

from data.catalogue.store import CatalogueStore
from data.errors import UserError
from data.mocks.galaxy import make_galaxy
from engine.streams.patches import sky_patches
from engine.streams.search.places import patch_of, patches_of, round_the_stars
from engine.streams.search.request import StreamsRequest
from engine.streams.search.table import feature_table, kept_rows, patch_stars


def asked(home, catalogue, **more):
    return StreamsRequest.check({"kind": "streams", "catalogue": catalogue, **more}, home)


def test_one_patch_round_the_stars_is_the_default_and_is_found_again(patch_home):
    home, catalogue = patch_home
    full = asked(home, catalogue)
    (patch,) = [patch_of(one) for one in full["patches"]]
    assert np.hypot(*np.subtract(patch.centre, (148.6, 24.2))) < 0.3
    assert patch.radius == pytest.approx(15.0, abs=0.2)
    assert full == StreamsRequest.check(full, home)  # its full form is itself


def test_the_centre_is_the_middle_of_the_extent_not_of_the_crowd():
    rng = np.random.default_rng(0)
    lon, lat = rng.uniform(-10, 10, (2, 20_000))
    lat = np.where(rng.random(20_000) < 0.8, -np.abs(lat), lat)  # most in the south
    from data.mocks.streams.field import patch_matrix, to_sky

    patch = round_the_stars(*to_sky(patch_matrix(40.0, 0.0), lon, lat))
    assert patch.centre == pytest.approx((40.0, 0.0), abs=0.15)


def test_stars_that_reach_too_far_get_the_patches_of_the_sky_that_hold_enough():
    rng = np.random.default_rng(1)
    ra, dec = rng.uniform(150, 220, 60_000), np.degrees(np.arcsin(rng.uniform(0, 0.9, 60_000)))
    assert round_the_stars(ra, dec) is None
    chosen = patches_of(ra, dec, fewest=1_000)
    names = {patch.name for patch in sky_patches()}
    assert 3 < len(chosen) < 90
    assert {patch.name for patch in chosen} <= names
    for patch in chosen:
        assert np.sum(patch.contains(ra, dec)) >= 1_000


def test_a_patch_is_given_by_name_by_hand_or_in_full():
    named = sky_patches()[5]
    assert patch_of(named.name) == named
    by_hand = patch_of("148.6, 24.2, 9")
    assert by_hand.centre == pytest.approx((148.6, 24.2))
    assert (by_hand.radius, by_hand.inner) == (9.0, 6.0)
    assert patch_of([148.6, 24.2]).radius == 15.0
    for wrong in ("nowhere", [1.0], "10,100", {"a": 1}, 3):
        with pytest.raises(UserError):
            patch_of(wrong)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"windows": 3}, "Unknown setting"),
        ({"method": "magic"}, "method"),
        ({"width": 0.0}, "width"),
        ({"width": 2.0, "step": 3.0}, "gaps"),
        ({"least": 2}, "least"),
        ({"seeds": []}, "seeds"),
        ({"seeds": [1, 1]}, "different"),
        ({"permutations": -1}, "permutations"),
        ({"coordinates": ["ra"]}, "mu_lat"),
        ({"threads": 0}, "threads"),
        ({"group": "a b"}, "group"),
        ({"features": ["phi", "colour of the eyes"]}, "Unknown feature"),
        ({"search": {"tops": 3}}, "Unknown setting"),
        ({"search": {"cuts.inner": "wide"}}, "cuts.inner"),
        ({"scores": {"forests": 3}}, "Unknown setting"),
        (
            {"selection": {"kind": "range", "column": "stream", "min": 1, "max": 1}},
            "label of stream members",
        ),
        ({"patches": ["10,-60"]}, "contains"),
        ({"patches": ["148.6,24.2", "148.6,24.2"]}, "twice"),
        ({"patches": []}, "list"),
        ({"catalogue": None}, "catalogue"),
    ],
)
def test_what_cannot_be_is_refused_with_its_name(patch_home, wrong, said):
    home, catalogue = patch_home
    with pytest.raises(UserError, match=said):
        asked(home, **{"catalogue": catalogue, **wrong})


def test_a_simulation_has_no_proper_motions_to_search(tmp_path):
    galaxy = make_galaxy(tmp_path, stars=600, threads=1)
    with pytest.raises(UserError, match="simulation"):
        asked(tmp_path, galaxy.id)


def test_labels_never_reach_the_stars_that_are_searched(patch_home):
    home, catalogue = patch_home
    stored = CatalogueStore(home).open(catalogue)
    rows = kept_rows(stored, None)
    patch = patch_of([148.6, 24.2])
    stars, chosen = patch_stars(stored, rows, patch)
    assert not {"stream", "tracer"} & set(stars.columns)
    np.testing.assert_array_equal(stars.columns["ra"], stored.column("ra")[chosen])
    values, names = feature_table(dict(stars.columns), "mu_lat", None)
    assert names == ["phi", "lambda", "pm", "g", "bp_rp"]
    np.testing.assert_array_equal(values[:, 2], stars["mu_lon"])
    values, names = feature_table(dict(stars.columns), "mu_lon", ["pm", "parallax"])
    np.testing.assert_array_equal(values[:, 0], stars["mu_lat"])
    values, names = feature_table(dict(stars.columns), "mu_lon", ["pm_error", "parallax_error"])
    assert names == ["pm_error", "parallax_error"]
    errors = np.stack([stars["pmra_error"], stars["pmdec_error"]])
    np.testing.assert_allclose(values[:, 0] ** 2, (errors**2).mean(0), rtol=1e-5)
    np.testing.assert_array_equal(values[:, 1], stars["parallax_error"])
