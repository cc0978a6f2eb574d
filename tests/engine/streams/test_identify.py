"""What is known where a candidate is; the Sun's reflex against astropy."""

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import CartesianDifferential, Galactocentric, SkyCoord

from data.frames import SolarParameters
from data.literature.objects import known_objects
from data.literature.tracks import known_tracks
from engine.streams.identify import identify, recall_tracks
from engine.streams.patches import Patch
from engine.streams.reflex import without_reflex
from engine.streams.sky_mask import known_discs, masked_radius

TRACKS = {track.name: track for track in known_tracks()}


def piece(name, part=slice(None)):
    track = TRACKS[name]
    return [getattr(track, column)[part] for column in ("ra", "dec", "pmra", "pmdec")]


def test_86_streams_can_be_found_again():
    assert len(recall_tracks()) == 86


@pytest.mark.parametrize(("name", "stream"), [("GD-1-PB18", "GD-1"), ("GD-1-I21", "GD-1")])
def test_a_piece_of_a_known_stream_is_known(name, stream):
    ra, dec, pmra, pmdec = piece(name, slice(20, 40))
    match = identify(ra, dec + 0.3, pmra + 0.3, pmdec)
    assert (match.name, match.kind, match.known) == (stream, "stream", True)
    assert match.separation < 0.6


def test_another_motion_or_direction_is_another_stream():
    ra, dec, pmra, pmdec = piece("GD-1-I21", slice(20, 40))
    only = [TRACKS["GD-1-I21"]]
    assert identify(ra, dec, pmra, pmdec, tracks=only, objects=[]).known
    assert not identify(ra, dec, pmra + 6.0, pmdec, tracks=only, objects=[]).known
    assert not identify(ra, dec[::-1], pmra, pmdec, tracks=only, objects=[]).known
    assert not identify(ra, dec + 4.0, pmra, pmdec, tracks=only, objects=[]).known


def test_a_track_without_motions_is_compared_by_place():
    track = next(t for t in known_tracks() if not t.has_proper_motion and len(t.ra) > 10)
    none = np.zeros(10)
    match = identify(track.ra[:10], track.dec[:10], none, none, tracks=[track], objects=[])
    assert match.known
    assert np.isnan(match.motion)


def test_a_wide_track_counts_as_wide_only_with_its_motions():
    """Cetus is 9 deg wide in a table without proper motions: a third of the sky is near it."""
    none = np.zeros(8)
    vague, wide = TRACKS["Cetus-Y13"], TRACKS["Sagittarius-A20"]
    beside = identify(vague.ra[:8] + 6, vague.dec[:8], none, none, tracks=[vague], objects=[])
    assert (beside.name, beside.known) == ("Cetus", False)
    part = slice(len(wide.ra) // 2, len(wide.ra) // 2 + 8)
    ra, dec, pmra, pmdec = (getattr(wide, c)[part] for c in ("ra", "dec", "pmra", "pmdec"))
    assert identify(ra, dec + 4, pmra, pmdec, tracks=[wide], objects=[]).known
    assert not identify(ra, dec + 4, pmra + 5, pmdec, tracks=[wide], objects=[]).known


def test_nothing_near_is_nothing():
    match = identify(
        *np.array([[10.0, 11.0], [20.0, 21.0]]), np.zeros(2), np.zeros(2), tracks=[], objects=[]
    )
    assert (match.name, match.known) == ("", False)


def test_a_clump_at_a_cluster_is_the_cluster():
    m13 = next(known for known in known_objects() if known.name == "NGC 6205")
    ra = m13.ra + np.linspace(-0.3, 0.3, 5)
    match = identify(ra, np.full(5, m13.dec), np.zeros(5), np.zeros(5), tracks=[])
    assert (match.name, match.kind, match.known) == ("NGC 6205", "globular cluster", True)


def test_known_objects_of_a_patch_are_cut_out():
    discs = {disc.name: disc for disc in known_discs(Patch.at(250.4, 36.5))}
    assert np.hypot(discs["NGC 6205"].x, discs["NGC 6205"].y) < 0.1
    assert "NGC 5139" not in discs
    for known in known_objects():
        assert 0.1 < masked_radius(known) < 20.0


def test_reflex_against_astropy():
    """A star at rest with the Galaxy moves on the sky as the Sun makes it: nothing is left."""
    sun = SolarParameters()
    v = np.array([-sun.velocity[0], -sun.velocity[1], sun.velocity[2]]) * u.km / u.s
    frame = Galactocentric(
        galcen_distance=np.hypot(sun.position[0], 0.0) * u.kpc, z_sun=sun.position[2] * u.kpc,
        galcen_v_sun=CartesianDifferential(v),
    )  # fmt: skip
    rng = np.random.default_rng(2)
    x = rng.normal(0, 8, (3, 50)) * u.kpc
    still = np.zeros((3, 50)) * u.km / u.s
    stars = SkyCoord(*x, v_x=still[0], v_y=still[1], v_z=still[2], frame=frame,
                     representation_type="cartesian").transform_to("icrs")  # fmt: skip
    unit = u.mas / u.yr
    left = without_reflex(
        stars.ra.deg, stars.dec.deg, stars.distance.to_value("kpc"),
        stars.pm_ra_cosdec.to_value(unit), stars.pm_dec.to_value(unit), sun,
    )  # fmt: skip
    size = np.hypot(stars.pm_ra_cosdec.to_value(unit), stars.pm_dec.to_value(unit))
    assert np.max(np.hypot(*left) / size) < 1e-6
