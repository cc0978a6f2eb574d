"""A HATS catalogue written by lsdb's own tools: opened, filtered, brought into the store."""

from __future__ import annotations

import builtins
import threading
import warnings
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from data.archives import hats
from data.archives.hats import SAMPLED, expected_hats_rows, fetch_hats, hats_request
from data.archives.pushdown import Box, Cone, ball_on_the_sky, filters_of, sky_box
from data.catalogue.ingest import ingest_arrays
from data.errors import UserError
from data.frames import from_galactocentric
from data.mocks.gaia_errors import observe
from data.selection import mask, parse

lsdb = pytest.importorskip("lsdb", reason="lsdb is not installed: no HATS")
STARS = 12_000


@pytest.fixture(scope="module")
def columns():
    """Stars of a ball round the Sun, observed with errors, some without a radial velocity."""
    from data.frames import SolarParameters

    rng = np.random.default_rng(6)
    x = rng.normal(size=(STARS, 3))
    x *= 3.0 * rng.random(STARS)[:, None] ** (1 / 3) / np.linalg.norm(x, axis=1)[:, None]
    x += SolarParameters().position
    v = rng.normal(size=(STARS, 3)) * 30 - [0, 225, 0]
    seen = observe(x, v, SolarParameters(), rng)
    for name in ("radial_velocity", "phot_g_mean_mag", "bp_rp", "grvs_mag"):
        seen[name] = seen[name].astype(np.float32)
    seen["radial_velocity"][rng.random(STARS) < 0.3] = np.nan
    return {"source_id": rng.permutation(STARS).astype(np.int64) + (7 << 50), **seen}


@pytest.fixture(scope="module")
def written(columns, tmp_path_factory):
    """The stars as a HATS catalogue of several partitions."""
    import dask
    import pandas as pd

    folder = tmp_path_factory.mktemp("hats") / "mock"
    with warnings.catch_warnings(), dask.config.set(scheduler="synchronous"):
        warnings.simplefilter("ignore")
        catalogue = lsdb.from_dataframe(
            pd.DataFrame(columns), ra_column="ra", dec_column="dec", partition_rows=2000,
            margin_threshold=None,
        )  # fmt: skip
        catalogue.write_catalog(folder, catalog_name="mock")
    assert catalogue.npartitions > 8
    return folder


@pytest.fixture(scope="module")
def direct(columns, tmp_path_factory):
    """The same stars in the store without the detour."""
    return ingest_arrays(
        columns, tmp_path_factory.mktemp("home"), name="d", kind="astrometry", provenance={}
    )


SELECTIONS = (
    "everything",
    "parallax_over_error > 5 and abs(z) < 0.5",
    "radial_velocity > 10.1 and 0.9 <= bp_rp <= 1.3",
    "350 <= ra <= 30 and -20 <= dec <= 40",
    "polygon(ra, dec, (100, 0), (200, 10), (150, 60)) and speed > 200",
    "not (bp_rp > 1.2) or phot_g_mean_mag < 10",
    "dec > 89.99",
)


@pytest.mark.parametrize("text", SELECTIONS[:-1])
def test_rows_are_identical(written, direct, tmp_path, text):
    tree = parse(text)
    request = hats_request(str(written), tree)
    catalogue = fetch_hats(request, tmp_path / "home", tmp_path / "parts", name="h")
    keep = mask(tree, direct)
    assert keep.sum() > 0
    mine = np.argsort(catalogue.column("source_id"))
    theirs = np.flatnonzero(keep)[np.argsort(direct.column("source_id")[keep])]
    assert catalogue.n_rows == keep.sum()
    for name in direct.columns:
        found, wanted = catalogue.column(name)[mine], direct.column(name)[theirs]
        assert found.dtype == wanted.dtype, name
        assert np.array_equal(found, wanted, equal_nan=found.dtype.kind == "f"), name
    assert catalogue.manifest.provenance["source"] == "HATS"
    assert not list((tmp_path / "parts").glob("*.parquet"))


def test_cuts_are_pushed_down_to_the_files(written, direct):
    """Less is read: fewer rows for a filter, fewer partitions for a part of the sky."""
    everything = hats_request(str(written), None)
    assert STARS <= expected_hats_rows(everything) < 1.6 * STARS
    tree = parse("radial_velocity > 10.1 and speed > 3")
    cut = hats_request(str(written), tree)
    assert [f[:2] for f in cut.filters] == [("radial_velocity", ">=")]
    opened = cut.opened()
    rows = sum(len(hats._computed(p, "")) for p in opened.to_delayed())
    assert rows == int(np.sum(direct.column("radial_velocity") > 10.1))
    box = hats_request(str(written), parse("350 <= ra <= 30 and -20 <= dec <= 40"))
    assert box.sky == Box(
        (pytest.approx(350), pytest.approx(30)), (pytest.approx(-20), pytest.approx(40))
    )
    assert len(box.opened().to_delayed()) < len(everything.opened().to_delayed())


def test_bounds_in_single_precision_lose_no_star():
    """0.1 lies between two singles; a reader that rounds it must not drop the upper one."""
    tree = parse(
        "bp_rp > 0.1 and 0.3 >= parallax and source_id >= 9007199254740995 and -1 < b < 2"
    )
    names = ("bp_rp", "parallax", "source_id")
    found = {
        column: (op, bound)
        for column, op, bound in filters_of(tree, dict(zip(names, names, strict=True)))
    }
    assert found["bp_rp"][0] == ">="
    assert np.float32(found["bp_rp"][1]) < np.float32(0.1)
    assert found["parallax"][0] == "<="
    assert np.float32(found["parallax"][1]) > np.float32(0.3)
    assert found["source_id"] == (">=", 9007199254740995)
    assert filters_of(parse("bp_rp > 1 or dec > 3"), {"bp_rp": "bp_rp"}) == []
    assert filters_of(parse("350 <= ra <= 10"), {"ra": "ra"}) == []


def test_what_is_seen_of_the_sky(direct):
    assert sky_box(parse("abs(z) < 1")) is None
    assert sky_box(parse("10 <= ra <= 380 and dec > 3")) == Box(
        (0.0, 360.0), (pytest.approx(3), 90)
    )
    # Every star of a ball lies in its cone, and the cone is no wider than it must be.
    rng = np.random.default_rng(1)
    centre, radius = (6.0, 3.0, 1.0), 1.2
    cone = ball_on_the_sky(centre, radius)
    assert isinstance(cone, Cone)
    shift = rng.normal(size=(20_000, 3))
    shift *= radius / np.linalg.norm(shift, axis=1)[:, None]
    from data.frames import SolarParameters

    sky = from_galactocentric(shift + centre, np.zeros_like(shift), SolarParameters())
    a, d = np.radians(sky["ra"]), np.radians(sky["dec"])
    a0, d0 = np.radians([cone.ra, cone.dec])
    cosine = np.sin(d) * np.sin(d0) + np.cos(d) * np.cos(d0) * np.cos(a - a0)
    angles = np.degrees(np.arccos(cosine))
    assert angles.max() <= cone.radius
    assert angles.max() == pytest.approx(cone.radius, rel=1e-3)
    assert ball_on_the_sky((8.0, 0.0, 0.0), 1.0) is None


def test_a_cone_reads_only_its_stars(written, direct, tmp_path):
    request = hats_request(str(written), None, cone=Cone(200.0, 20.0, 25.0))
    catalogue = fetch_hats(request, tmp_path / "home", tmp_path / "parts", name="cone")
    a, d = np.radians(direct.column("ra")), np.radians(direct.column("dec"))
    a0, d0 = np.radians([200.0, 20.0])
    cosine = np.sin(d) * np.sin(d0) + np.cos(d) * np.cos(d0) * np.cos(a - a0)
    inside = np.degrees(np.arccos(cosine)) < 25.0
    assert sorted(catalogue.column("source_id")) == sorted(direct.column("source_id")[inside])


def test_an_interrupted_reading_goes_on(written, tmp_path, monkeypatch):
    request = hats_request(str(written), None)

    def stop(done, stage, message):
        if done > 0.3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch_hats(request, tmp_path / "home", tmp_path / "parts", name="h", say=stop)
    left = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "parts").glob("partition-*")}
    assert len(left) >= 3
    written_again, write = [], hats._write

    def noted(frame, names, path):
        written_again.append(path.name)
        write(frame, names, path)

    monkeypatch.setattr(hats, "_write", noted)
    catalogue = fetch_hats(request, tmp_path / "home", tmp_path / "parts", name="h")
    assert catalogue.n_rows == STARS
    assert written_again
    assert not set(written_again) & set(left)
    other = hats_request(str(written), parse("bp_rp > 1"))
    with pytest.raises(UserError, match="another request"):
        fetch_hats(other, tmp_path / "home", tmp_path / "parts", name="h")


def test_what_does_not_fit_is_refused_before_it_is_read(written, tmp_path, monkeypatch):
    from types import SimpleNamespace

    request = hats_request(str(written), None)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1_000_000))
    with pytest.raises(UserError, match=r"rows need about .* GB"):
        fetch_hats(request, tmp_path / "home", tmp_path / "parts", name="h")
    assert not list((tmp_path / "parts").glob("partition-*"))


def test_nothing_selected_and_nothing_there(written, tmp_path):
    request = hats_request(str(written), parse("bp_rp > 90"))
    with pytest.raises(UserError, match="No star of the HATS catalogue"):
        fetch_hats(request, tmp_path / "home", tmp_path / "parts", name="h")
    with pytest.raises(UserError, match="There is no HATS catalogue at"):
        hats_request(str(tmp_path / "nowhere"), None)
    with pytest.raises(UserError, match=r"neither|no column|nonsense"):
        hats_request(str(written), parse("nonsense > 3"))


def test_without_lsdb_a_sentence_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.split(".")[0] == "lsdb":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UserError, match="need the package lsdb"):
        hats_request("/nowhere", None)


def test_a_catalogue_over_http_is_the_same(written, tmp_path):
    tree = parse("radial_velocity > 10 and -10 <= dec <= 30")
    local = fetch_hats(
        hats_request(str(written), tree), tmp_path / "home", tmp_path / "a", name="local"
    )
    with served(written.parent) as address:
        request = hats_request(f"{address}/{written.name}", tree)
        remote = fetch_hats(request, tmp_path / "home", tmp_path / "b", name="remote")
        with pytest.raises(UserError, match="There is no HATS catalogue at http"):
            hats_request(f"{address}/nowhere", tree)
    assert remote.manifest.content_hash == local.manifest.content_hash
    assert remote.manifest.provenance["address"].startswith("http://127.0.0.1")


@contextmanager
def served(folder):
    """Serve a folder on loopback."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def sky(tmp_path_factory):
    """Stars all over the sky, many next to the poles and on both sides of ra = 0."""
    import dask
    import pandas as pd

    rng = np.random.default_rng(8)
    ra = np.concatenate([rng.uniform(0, 360, 1500), rng.uniform(-4, 4, 200) % 360])
    dec = np.degrees(np.arcsin(rng.uniform(-1, 1, 1700)))
    cap = 90 - np.abs(rng.normal(0, 3, 300))
    ra = np.concatenate([ra, rng.uniform(0, 360, 300)])
    dec = np.concatenate([dec, cap * rng.choice([-1, 1], 300)])
    table = pd.DataFrame(
        {
            "SOURCE_ID": np.arange(2000, dtype=np.int64) + 1, "ra": ra, "dec": dec,
            "parallax": rng.uniform(0.5, 5, 2000), "pmra": rng.normal(0, 5, 2000),
            "pmdec": rng.normal(0, 5, 2000), "radial_velocity": rng.normal(0, 30, 2000),
            "z": rng.uniform(1000, 1100, 2000), "B": rng.uniform(12, 15, 2000),
        }
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("hats") / "sky"
    with warnings.catch_warnings(), dask.config.set(scheduler="synchronous"):
        warnings.simplefilter("ignore")
        catalogue = lsdb.from_dataframe(
            table, ra_column="ra", dec_column="dec", lowest_order=1, highest_order=4,
            partition_rows=120, margin_threshold=None,
        )  # fmt: skip
        catalogue.write_catalog(folder, catalog_name="sky")
    home = tmp_path_factory.mktemp("home")
    columns = {name: np.asarray(table[name]) for name in table if name not in ("z", "B")}
    columns["source_id"] = columns.pop("SOURCE_ID")
    return folder, ingest_arrays(columns, home, name="d", kind="astrometry", provenance={})


REGIONS = (
    "dec > 60",
    "dec < -60",
    "dec > 88",
    "dec <= -89",
    "350 <= ra <= 10",
    "350 <= ra <= 10 and dec > 70",
    "ra > 350",
    "ra < 5 and dec < 0",
    "0 <= ra <= 359.9999999",
    "10 <= ra <= 350",
    "100 <= ra <= 280 and 80 <= dec <= 90",
    "359 <= ra <= 1 and -1 <= dec <= 1",
    "44.9 <= ra <= 45.1",
    "-0.2 <= dec <= 0.2",
    "dec > 60 or dec < -60",
    "b > 70",
    "-20 <= l <= 20 and -10 <= b <= 10",
    "polygon(ra, dec, (100, 50), (200, 85), (300, 60))",
    "polygon(l, b, (100, -50), (200, 45), (300, -20))",
    "abs(z) < 0.1",
    "dec > -95",
)


@pytest.mark.parametrize("text", REGIONS)
def test_every_part_of_the_sky_has_all_of_its_stars(sky, tmp_path, text):
    """lsdb's own box search finds 216 of 223 stars of a cap; every region against brute force."""
    folder, direct = sky
    tree = parse(text)
    keep = mask(tree, direct)
    assert keep.sum() > 0
    request = hats_request(str(folder), tree)
    catalogue = fetch_hats(request, tmp_path / "home", tmp_path / "parts", name="h")
    assert sorted(catalogue.column("source_id")) == sorted(direct.column("source_id")[keep])


@pytest.mark.parametrize(
    "cone",
    [Cone(0.0, 0.0, 3.0), Cone(10, 90, 5), Cone(7, -89, 4), Cone(359.5, 60, 20), Cone(1, 2, 170)],
)
def test_every_cone_has_all_of_its_stars(sky, tmp_path, cone):
    from astropy import units as u
    from astropy.coordinates import SkyCoord

    folder, direct = sky
    place = SkyCoord(direct.column("ra") * u.deg, direct.column("dec") * u.deg)
    inside = place.separation(SkyCoord(cone.ra * u.deg, cone.dec * u.deg)).deg <= cone.radius
    request = hats_request(str(folder), None, cone=cone)
    catalogue = fetch_hats(request, tmp_path / "home", tmp_path / "parts", name="h")
    assert sorted(catalogue.column("source_id")) == sorted(direct.column("source_id")[inside])


def test_less_is_read_for_a_part_of_the_sky(sky):
    folder, _ = sky
    everything = len(hats_request(str(folder), None).opened().to_delayed())
    cap = hats_request(str(folder), parse("dec > 80"))
    assert 0 < len(cap.opened().to_delayed()) == len(cap.tiles) < everything / 2
    nothing = hats_request(str(folder), parse("dec > 89.9999999 and 3 <= ra <= 3.0001"))
    assert expected_hats_rows(nothing) == 0


def test_names_in_capitals_are_known_and_a_redshift_is_no_height(sky):
    folder, _ = sky
    request = hats_request(str(folder), parse("abs(z) < 0.1 and b > 0 and parallax > 1"))
    assert request.columns["source_id"] == "SOURCE_ID"
    assert not {"z", "b"} & request.columns.keys()
    assert {ref for ref, _, _ in request.filters} == {"parallax"}


def test_a_count_of_a_hats_catalogue_is_called_an_estimate(sky, tmp_path):
    from engine.fetching.job import count_rows

    folder, direct = sky
    tree = parse("dec > 86")
    assert len(hats_request(str(folder), tree).tiles) <= SAMPLED, "all of them are looked at"
    told = count_rows({"hats": str(folder), "selection": tree}, tmp_path)
    assert told["estimate"] is True
    assert told["rows"] == int((direct.column("dec") > 86).sum())
