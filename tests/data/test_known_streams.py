"""Known streams: the packaged tracks, files of galstreams as they are, and the 1 kpc trap."""

import tarfile

import numpy as np
import pytest
from astropy.table import Table

from data.errors import UserError
from data.literature.galstreams import read_galstreams, thinned
from data.literature.objects import known_objects
from data.literature.tracks import known_tracks, read_tracks, write_tracks


def test_the_packaged_tracks_are_those_of_galstreams():
    tracks = known_tracks()
    default = [track for track in tracks if track.default]
    assert len(tracks) == 217
    assert len(default) == len({track.stream for track in default}) == 141
    assert sum(track.has_proper_motion for track in default) == 106
    assert sum(track.off_plane > 0.5 for track in default) == 118
    gd1 = next(track for track in default if track.stream == "GD-1")
    assert gd1.name == "GD-1-I21"
    assert gd1.has_distance


def test_a_constant_kiloparsec_is_no_distance():
    tracks = known_tracks()
    # 68 of the 85 tracks of this set claim a distance, and have none.
    ibata = [track for track in tracks if track.reference == "ibata2024"]
    assert len(ibata) == 85
    assert not any(track.has_distance for track in ibata)
    for track in tracks:
        assert not np.all(np.abs(track.distance - 1.0) < 1e-6)


def test_clusters_and_dwarfs():
    named = {known.name: known for known in known_objects()}
    kinds = [known.kind for known in known_objects()]
    assert kinds.count("globular cluster") == 157
    assert {"LMC", "SMC", "Draco", "Sagittarius dSph"} <= set(named)
    omega = named["NGC 5139"]
    assert (omega.ra, omega.dec) == (
        pytest.approx(201.697, abs=0.01),
        pytest.approx(-47.48, abs=0.01),
    )
    assert (omega.l, omega.b) == (pytest.approx(309.1, abs=0.1), pytest.approx(14.97, abs=0.1))


def written(folder, *, distance, flags="1111"):
    """A track in the two files and the list that galstreams has."""
    lib, tracks = folder / "galstreams" / "lib", folder / "galstreams" / "tracks"
    lib.mkdir(parents=True)
    tracks.mkdir()
    n = 200
    Table(
        {
            "ra": np.linspace(100, 130, n), "dec": np.linspace(40, 50, n),
            "distance": np.broadcast_to(distance, n), "pm_ra_cosdec": np.linspace(-3, -5, n),
            "pm_dec": np.full(n, -8.0), "radial_velocity": np.zeros(n),
        }
    ).write(tracks / "track.st.Test.one2020.ecsv", format="ascii.ecsv")  # fmt: skip
    Table({"InfoFlags": [flags], "width_phi2": [0.3]}).write(
        tracks / "track.st.Test.one2020.summary.ecsv", format="ascii.ecsv"
    )
    (lib / "master_log.txt").write_text(
        "# Imp On Track Name\n  st  1  Test-O20 Test one2020 - - 1 -1.0\n"
    )
    return folder


def test_files_are_read_as_they_are(tmp_path):
    (track,) = read_galstreams(written(tmp_path / "a", distance=np.linspace(7, 9, 200)))
    assert (track.name, track.stream, track.default, track.width) == (
        "Test-O20",
        "Test",
        True,
        0.3,
    )
    assert track.has_distance
    few = thinned(track)
    assert 20 < len(few.ra) < 40
    assert (few.ra[0], few.ra[-1]) == (100.0, 130.0)
    # An archive holds the same.
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "a", "galstreams-9")
    (again,) = read_galstreams(tmp_path / "a.tar.gz")
    np.testing.assert_array_equal(again.pmra, track.pmra)
    # Written and read again.
    write_tracks([few], tmp_path / "few.ecsv")
    (back,) = read_tracks(tmp_path / "few.ecsv")
    np.testing.assert_allclose(back.dec, few.dec, atol=1e-4)
    assert (back.name, back.default, back.width) == (few.name, True, 0.3)


@pytest.mark.parametrize(
    ("distance", "flags", "missing"),
    [(1.0, "1111", "distance"), (8.0, "1011", "distance"), (8.0, "1101", "pmra"),
     (8.0, "1110", "radial_velocity")],
)  # fmt: skip
def test_what_is_missing_is_missing(tmp_path, distance, flags, missing):
    (track,) = read_galstreams(written(tmp_path / "b", distance=distance, flags=flags))
    for name in ("distance", "pmra", "radial_velocity"):
        assert np.isnan(getattr(track, name)).all() == (name == missing)


def test_a_folder_without_tracks_is_refused(tmp_path):
    with pytest.raises(UserError, match="No galstreams tracks"):
        read_galstreams(tmp_path)
    (tmp_path / "x.tar.gz").write_text("nothing")
    with pytest.raises(UserError, match="not a galstreams archive"):
        read_galstreams(tmp_path / "x.tar.gz")
