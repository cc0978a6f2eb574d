"""The chain from scores to candidates, on fields where the truth is known."""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy import stats

from data.errors import UserError
from engine.streams.candidates import SearchSettings, candidates, chain_maximum
from engine.streams.chain import conditional_null, lay_out, run_chain
from engine.streams.clumps import find_clumps
from engine.streams.fiducial import FiducialCuts
from engine.streams.merging import merge_patches
from engine.streams.patches import Patch, separation
from engine.streams.regions import regions
from engine.streams.significance import p_value
from engine.streams.stability import same_line
from engine.streams.stars import PatchStars
from engine.streams.windows import Window, windows

SETTINGS = SearchSettings(draws=20, step=3.0, cuts=FiducialCuts(height=None), mask_known=False)
PATCH = Patch.at(150.0, 25.0)


@dataclass
class Scores:
    window: Window
    index: np.ndarray
    log_r: np.ndarray
    log_r_sd: np.ndarray
    n_seeds: int = 1
    by_seed: np.ndarray | None = None


def field(rng, n=6000, k=0, *, shape="disc", patch=PATCH):
    """A patch with a gradient and `k` stars of a stream at (-6, 4) mas/yr; truth is 0 or 1."""
    lon, lat = (
        11
        * np.sqrt(rng.random(3 * n))
        * np.exp(2j * np.pi * rng.random(3 * n)).view(float).reshape(-1, 2).T
    )
    keep = rng.random(len(lon)) < np.exp(0.05 * (lat - 11))
    if shape == "strip":
        keep &= np.abs(lat - 0.2 * lon) < 3
    lon, lat = lon[keep][: n - k], lat[keep][: n - k]
    mu = rng.normal(0, 5, (2, len(lon)))
    mu[1] += 0.1 * lat  # the motion drifts with the place, as a disc's does
    along, across = rng.uniform(-9, 9, k), rng.normal(2.0, 0.25, k)
    theta = 0.6
    lon = np.append(lon, along * np.cos(theta) + across * np.sin(theta))
    lat = np.append(lat, along * np.sin(theta) - across * np.cos(theta))
    mu = np.append(mu, rng.normal(0, 0.3, (2, k)) + np.array([[-6.0], [4.0]]), axis=1)
    n = len(lon)
    ra, dec = patch.to_icrs(lon, lat)
    table = {
        "lon": lon, "lat": lat, "mu_lon": mu[0], "mu_lat": mu[1], "ra": ra, "dec": dec,
        "g": rng.uniform(17, 20, n), "bp_rp": rng.uniform(0.55, 0.95, n),
        "source_id": np.arange(n),
    }  # fmt: skip
    return PatchStars(table), np.append(np.zeros(n - k), np.ones(k))


def scan(table, truth, rng, *, power=2.5, seeds=3, both=True):
    """Scores as a classifier's: noise, and what sets the stream apart where the window has it."""
    own = rng.normal(size=len(table)) + power * truth
    found = []
    for name in ("mu_lat", "mu_lon") if both else ("mu_lat",):
        for window in windows(name, np.clip(table[name], -12, 12), 6.0, 2.0):
            index = np.flatnonzero(window.contains(table[name]))
            if len(index) > 300:
                noise = 0.7 * rng.normal(size=(seeds, len(index)))
                by_seed = own[index] + noise
                found.append(
                    Scores(window, index, by_seed.mean(0), by_seed.std(0), seeds, by_seed)
                )
    return found


@pytest.fixture(scope="module")
def with_stream():
    rng = np.random.default_rng(1)
    table, truth = field(rng, k=60)
    return table, truth, candidates(scan(table, truth, rng), table, SETTINGS, patch=PATCH)


def test_a_stream_is_found(with_stream):
    table, truth, found = with_stream
    first = {name: values[0] for name, values in found.table.items()}
    assert same_line(np.radians(first["theta"]), first["r"], 0.6, 2.0, turn=0.1, shift=0.6)
    assert first["p"] < 1e-3
    assert (first["p_basis"], first["p_kind"]) == ("scores", "fitted tail")
    assert first["stability"] == 1.0
    assert first["accepted"]
    assert truth[found.members[0]].mean() > 0.6
    assert truth[found.members[0]].sum() > 40
    assert (first["mu_lon"], first["mu_lat"]) == (
        pytest.approx(-6, abs=0.4),
        pytest.approx(4, abs=0.4),
    )
    assert first["sigma_duplicates"] > first["sigma"] > 8
    assert not found.table["accepted"][1:].any()
    track = found.tracks[0]
    assert separation(track["ra"][5], track["dec"][5], *PATCH.to_icrs(
        np.array([track["lon"][5]]), np.array([track["lat"][5]])))[0] < 1e-6  # fmt: skip
    # Motions in ICRS give those of the patch again.
    back = PATCH.local(track["ra"], track["dec"], track["pmra"], track["pmdec"])
    np.testing.assert_allclose(back["mu_lon"], track["mu_lon"], atol=1e-9)
    del table


def test_the_cube_and_the_members(with_stream):
    table, _, found = with_stream
    cube = found.to_xarray()
    assert cube.sizes["candidate"] == len(found)
    assert cube["theta"].attrs["units"] == "deg"
    assert cube.sizes["region"] == len(found.regions["sigma"]) > 20
    members = found.members_table()
    np.testing.assert_array_equal(members["source_id"], table["source_id"][members["row"]])
    assert [count["cut"] for count in found.counts][:4] == ["all", "inner", "faintest", "colour"]


@pytest.mark.parametrize("shape", ["disc", "strip"])
def test_p_of_the_whole_chain_is_uniform_without_streams(shape):
    """25 fields with gradients, each with its own null of 9 exchanges: ranks are even."""
    rng = np.random.default_rng(7)
    settings = SETTINGS.changed({"draws": 9, "clumps": False, "fewest": 150})
    p = []
    for seed in range(25):
        table, truth = field(rng, n=2500, shape=shape)
        scored = scan(table, truth, rng, seeds=1, both=False)
        laid = lay_out(scored, table, settings, patch=PATCH)
        chain = run_chain(scored, table, laid, settings)
        null = conditional_null(scored, table, laid, settings.changed({"seed": seed}))
        p.append((1 + (null >= chain.statistic).sum() - rng.random()) / 10)
    assert stats.kstest(p, "uniform").pvalue > 0.01


def test_without_a_stream_nothing_is_accepted():
    rng = np.random.default_rng(3)
    table, truth = field(rng)
    scored = scan(table, truth, rng)
    found = candidates(scored, table, SETTINGS, patch=PATCH)
    assert not len(found) or not found.table["accepted"].any()
    # The statistic is the best candidate's, and a null from elsewhere says so.
    best = chain_maximum(scored, table, SETTINGS, patch=PATCH)
    null = np.random.default_rng(0).normal(best, 0.3, 50)
    again = candidates(scored, table, SETTINGS, patch=PATCH, null=null)
    if len(again):
        assert again.table["sigma"][0] == pytest.approx(best)
        assert again.table["p_basis"][0] == "before training"
        assert again.table["p"][0] == pytest.approx(p_value(best, null).value)


def test_a_strip_without_patch_works():
    """Coordinates of a strip: the area is learnt, and nothing needs a place on the sky."""
    rng = np.random.default_rng(5)
    table, truth = field(rng, n=4000, k=50, shape="strip")
    strip = PatchStars({k: v for k, v in table.columns.items() if k not in {"ra", "dec"}})
    settings = SETTINGS.changed({"cuts.inner": None, "cuts.height": None, "cuts.colour": None})
    found = candidates(scan(strip, truth, rng), strip, settings)
    assert found.table["p"][0] < 0.01
    assert truth[found.members[0]].sum() > 25
    assert found.table["known_name"][0] == ""


def test_windows_without_scores_give_no_candidates():
    """A window that was passed over has none; a patch of such windows has no candidate."""
    table, _ = field(np.random.default_rng(6), n=1000)
    empty = Scores(Window("mu_lat", 0.0, 6.0), np.array([]), np.array([]), np.array([]))
    found = candidates([empty], table, SETTINGS, patch=PATCH)
    assert len(found) == 0
    assert found.to_xarray().sizes["candidate"] == found.to_xarray().sizes["region"] == 0
    assert len(found.members_table()["row"]) == 0
    assert chain_maximum([empty], table, SETTINGS, patch=PATCH) == 0.0


def test_the_published_recipe_joins_regions_of_any_significance():
    rng = np.random.default_rng(9)
    table, truth = field(rng, n=1500)
    settings = SETTINGS.changed({"seed_sigma": 0.0, "draws": 0, "fewest": 120})
    scored = scan(table, truth, rng, seeds=1, both=False)
    laid = lay_out(scored, table, settings, patch=PATCH)
    chain = run_chain(scored, table, laid, settings)
    joined = sorted(number for cluster in chain.clusters for number in cluster.regions)
    assert joined == list(range(len(chain.regions)))
    assert any(len(cluster.regions) > 1 for cluster in chain.clusters)


def test_regions_keep_the_highest_scores():
    rng = np.random.default_rng(4)
    table, truth = field(rng, n=3000)
    mask = table["g"] < 19.5
    scored = scan(table, truth, rng, seeds=1)[:3]
    for region in regions(scored, table, mask, SETTINGS):
        scores = next(one for one in scored if one.window == region.window)
        inside = region.other.contains(table["mu_lon"][scores.index]) & mask[scores.index]
        assert region.stars == inside.sum() >= 100
        least = np.sort(scores.log_r[inside])[-len(region.index)]
        assert len(region.index) == 100
        assert (region.log_r >= least).all()
        assert mask[region.index].all()


def test_clusters_never_join_one_training_with_itself(with_stream):
    table, truth, _ = with_stream
    rng = np.random.default_rng(1)
    scored = scan(table, truth, rng)
    laid = lay_out(scored, table, SETTINGS, patch=PATCH)
    chain = run_chain(scored, table, laid, SETTINGS)
    for cluster, line in zip(chain.clusters, chain.lines, strict=True):
        own = [chain.regions[number].window for number in cluster.regions]
        assert len(own) == len(set(own))
        rows = np.concatenate([chain.regions[number].index for number in cluster.regions])
        counts = laid.grid.votes(table.lon[rows], table.lat[rows])
        np.testing.assert_array_equal(counts, cluster.counts)
        assert cluster.sigma == pytest.approx(laid.grid.scores(counts, len(rows)).max())
        assert len(np.unique(line.members)) == len(line.members)
        assert line.n <= 100


def test_clumps_are_found_and_lines_are_not():
    rng = np.random.default_rng(2)
    r, angle = 10 * np.sqrt(rng.random(90)), 2 * np.pi * rng.random(90)
    x, y = r * np.cos(angle), r * np.sin(angle)
    clump = rng.normal(0, 0.15, (2, 12)) + np.array([[3.0], [-2.0]])
    found = find_clumps(np.append(x, clump[0]), np.append(y, clump[1]), np.pi * 100)
    assert len(found) == 1
    assert np.hypot(found[0].x - 3, found[0].y + 2) < 0.2
    flagged = 0
    for _ in range(50):
        line = rng.uniform(-10, 10, 70), rng.normal(0, 0.2, 70)
        even = rng.uniform(-7, 7, (2, 30))
        flagged += len(
            find_clumps(np.append(line[0], even[0]), np.append(line[1], even[1]), 314.0)
        )
    assert flagged <= 2


def test_a_cluster_is_cut_out_of_the_search():
    rng = np.random.default_rng(8)
    table, _ = field(rng, n=5000)
    clump = np.arange(40)
    lon, lat = table.lon.copy(), table.lat.copy()
    mu_lon, mu_lat = table["mu_lon"].copy(), table["mu_lat"].copy()
    lon[clump], lat[clump] = rng.normal(2, 0.1, 40), rng.normal(3, 0.1, 40)
    mu_lon[clump], mu_lat[clump] = rng.normal(5, 0.2, 40), rng.normal(-5, 0.2, 40)
    table = table.replaced(lon=lon, lat=lat, mu_lon=mu_lon, mu_lat=mu_lat)
    truth = np.zeros(len(table))
    truth[clump] = 1
    scored = scan(table, truth, rng)
    laid = lay_out(scored, table, SETTINGS, patch=PATCH)
    assert any(np.hypot(c.x - 2, c.y - 3) < 0.3 for c in laid.clumps)
    assert laid.mask[clump].sum() <= 2
    kept = lay_out(scored, table, SETTINGS.changed({"clumps": False}), patch=PATCH)
    assert not kept.clumps
    assert laid.grid.area.total < kept.grid.area.total


def test_a_stream_in_two_patches_is_one():
    """The same sky seen from two centres 12 deg apart."""
    rng = np.random.default_rng(11)
    table, truth = field(rng, n=6000, k=70)
    other = Patch.at(150.0 + 6.0, 25.0 + 3.0)
    sky = table.columns
    # Motions of the first patch as ICRS ones, and seen in the second.
    east, north = (
        PATCH.local(sky["ra"], sky["dec"], *unit)
        for unit in ((np.ones(len(table)), np.zeros(len(table))),
                     (np.zeros(len(table)), np.ones(len(table))))
    )  # fmt: skip
    pmra = table["mu_lon"] * east["mu_lon"] + table["mu_lat"] * east["mu_lat"]
    pmdec = table["mu_lon"] * north["mu_lon"] + table["mu_lat"] * north["mu_lat"]
    second = PatchStars.of(other, {**sky, "pmra": pmra, "pmdec": pmdec})
    one = candidates(scan(table, truth, rng), table, SETTINGS, patch=PATCH)
    two = candidates(scan(second, truth, rng), second, SETTINGS, patch=other)
    streams = merge_patches([(PATCH, one), (other, two)])
    assert set(streams[0].candidates) >= {(0, 0), (1, 0)}
    best = one.table["sigma"][0], two.table["sigma"][0]
    assert streams[0].sigma == pytest.approx(np.hypot(*best))
    assert streams[0].p < 0.01
    assert sum(len(stream.candidates) for stream in streams) == len(one) + len(two)
    far = merge_patches([(PATCH, one), (Patch.at(190.0, 25.0), two)])
    assert all(len({patch for patch, _ in stream.candidates}) == 1 for stream in far)


@pytest.mark.parametrize("wrong", [{"top": 3}, {"width": 0.0}, {"step": 7.0}])
def test_settings_that_make_no_search_are_refused(wrong):
    with pytest.raises(UserError):
        SearchSettings.parse(wrong)


def test_settings_come_back():
    settings = SearchSettings(cuts=FiducialCuts(colour=None), top=80)
    assert SearchSettings.parse(settings.to_dict()) == settings
    with pytest.raises(UserError, match="Unknown setting"):
        SearchSettings.parse({"tops": 3})
