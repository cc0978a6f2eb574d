"""Tables of dwarf galaxies: columns, repeats, projection, members, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from data.catalogue.store import CatalogueStore
from data.dwarfs.local_group import Dwarf, dwarf_names, find_dwarf
from data.dwarfs.membership import fit_mixture
from data.dwarfs.projection import circular_radius, perspective, sky_of, tangent_plane
from data.dwarfs.repeats import combine, same_stars
from data.dwarfs.store import dwarf_of, ingest_dwarf, stars_of
from data.dwarfs.table import make_table, read_dwarf
from data.errors import UserError
from data.mocks.dwarfs.catalogue import binary_velocities, make_dwarf

TRIAL = Path(os.environ.get("VIA_OBSCURA_TRIAL_DATA", "/nowhere"))


def columns(n: int = 40, **more: np.ndarray) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    return {
        "x": rng.normal(0, 0.2, n),
        "y": rng.normal(0, 0.2, n),
        "v_los": rng.normal(110, 9, n),
        "v_los_error": np.full(n, 2.0),
        **more,
    }


def test_dwarfs_are_found_however_they_are_written():
    assert find_dwarf("Leo II").name == find_dwarf("leo_2").name == find_dwarf("LEO2").name
    assert find_dwarf("sculptor_1").name == "Sculptor"
    assert all(len(find_dwarf(name).references) == 4 for name in dwarf_names())
    with pytest.raises(UserError, match="no dwarf called 'sculptr'") as caught:
        find_dwarf("sculptr")
    assert "sculptor" in caught.value.hint


@pytest.mark.parametrize(
    "bad", [{"distance": 0.0}, {"distance": np.nan}, {"dec": 95.0}, {"ellipticity": 1.0}]
)
def test_impossible_dwarfs_are_refused(bad):
    with pytest.raises(UserError):
        Dwarf(**({"name": "a", "ra": 10.0, "dec": 0.0, "distance": 80.0} | bad))


def test_the_tangent_plane_goes_both_ways_and_perspective_is_exact():
    dwarf = Dwarf("a", 227.0, 67.0, 70.0, pmra=-0.12, pmdec=0.07)
    rng = np.random.default_rng(2)
    x, y = rng.normal(0, 0.01, (2, 200))
    ra, dec = sky_of(x, y, dwarf)
    back = tangent_plane(ra, dec, dwarf)
    np.testing.assert_allclose(back, (x, y), atol=1e-12)
    # a galaxy that moves as a whole: its velocity along each sight line, from vectors
    motion = np.array([-0.12, 0.07]) * 4.740470446 * 70.0
    whole = np.array([motion[0], motion[1], -246.0])
    sight = np.stack([x, y, np.ones(200)], 1) / np.sqrt(1 + x**2 + y**2)[:, None]
    seen = sight @ whole
    assert np.ptp(seen) > 0.5
    np.testing.assert_allclose(perspective(seen, x, y, dwarf), -246.0, atol=1e-9)


def test_circularised_radii():
    r = circular_radius(np.array([0.0, 3.0]), np.array([2.0, 0.0]), 0.75, 0.0)
    np.testing.assert_allclose(r, [1.0, 6.0])  # north is the major axis


def test_repeats_are_combined_by_weight_and_inflated_where_they_scatter():
    velocity = np.array([100.0, 104.0, 90.0, 130.0, 50.0])
    error = np.array([1.0, 2.0, 1.0, 1.0, 3.0])
    one = combine(velocity, error, np.array([0, 0, 1, 1, 2]))
    np.testing.assert_allclose(one.velocity, [100.8, 110.0, 50.0])
    assert one.error[0] == pytest.approx((1 + 0.25) ** -0.5)
    assert one.error[1] == pytest.approx(20.0, rel=0.01)
    assert one.variable.tolist() == [False, True, False]
    assert one.count.tolist() == [2, 2, 1]


def test_stars_are_one_by_identifier_or_by_place():
    x = np.array([0.0, 0.0, 1.0, 1.0 + 1e-9])
    same = same_stars(x, x, 1e-6, None)
    assert same.tolist() == [0, 0, 1, 1]
    by_id = same_stars(x, x, 1e-6, np.array([4, 5, 6, 4]))
    assert by_id[0] == by_id[3] != by_id[1]


def test_duplicate_rows_are_one_star():
    twice = {name: np.tile(values, 2) for name, values in columns(20).items()}
    table = make_table(twice, None)
    assert len(table.columns["radius"]) == 20
    assert (table.columns["measurements"] == 2).all()


def bad_tables() -> list[tuple[dict[str, np.ndarray], str]]:
    base = columns()
    return [
        (base | {"v_los": np.full(40, np.nan)}, "no velocity"),
        (base | {"v_los_error": np.zeros(40)}, "error of the velocity not above 0"),
        (base | {"v_los": base["v_los"] * 1000}, "far too large"),
        (base | {"p_member": np.linspace(0, 99, 40)}, "Membership probabilities"),
    ]


@pytest.mark.parametrize(("bad", "words"), bad_tables())
def test_bad_columns_are_refused_in_a_sentence(bad, words):
    with pytest.raises(UserError, match=words):
        make_table(bad, None)


def test_rows_that_cannot_be_used_are_counted():
    some = columns()
    some["v_los"][:3] = np.nan
    some["v_los_error"][3:5] = 0
    table = make_table(some, None)
    assert table.dropped == {"no velocity": 3, "error of the velocity not above 0": 2}
    assert len(table.columns["radius"]) == 35


def test_degrees_need_a_dwarf_and_the_right_one():
    some = columns()
    sky = {"ra": 15 + some.pop("x"), "dec": -33.7 + some.pop("y"), **some}
    with pytest.raises(UserError, match="centre and distance"):
        make_table(sky, None)
    with pytest.raises(UserError, match="degrees from it"):
        make_table(sky, find_dwarf("draco"))
    table = make_table(sky, find_dwarf("sculptor"))
    assert 0.1 < np.median(table.columns["radius"]) < 1


def test_published_names_units_and_member_words(tmp_path):
    file = tmp_path / "stars.csv"
    file.write_text(
        "GaiaDR3Id,Gaia-RA,Gaia-DEC,aveVel,vel-err,aveFeH,mem\n"
        + "".join(
            f"{5003449261308998016 + i},{15 + 0.01 * i},-33.7,{110 + i},0.5,-1.{i},"
            f"{'mnb'[i % 3]}\n"
            for i in range(9)
        )
    )
    table = read_dwarf(file, find_dwarf("sculptor"))
    assert table.columns["source_id"][0] == 5003449261308998016
    assert table.columns["p_member"].tolist() == [1, 0, 0] * 3
    assert table.sources["v_los"] == "aveVel"
    file.write_text("ra,dec\n15,-33\n")
    with pytest.raises(UserError, match="no line-of-sight velocities"):
        read_dwarf(file, find_dwarf("sculptor"))


def test_a_foreground_is_told_from_the_members():
    rng = np.random.default_rng(3)
    member = rng.uniform(size=900) < 0.6
    radius = np.where(
        member, 0.2 * np.sqrt(1 / rng.uniform(0.05, 1, 900) - 1), np.sqrt(rng.uniform(0, 1, 900))
    )
    velocity = np.where(member, rng.normal(110, 9, 900), rng.normal(40, 60, 900))
    found = fit_mixture(radius, velocity, np.full(900, 2.0))
    assert found.velocity == pytest.approx(110, abs=1.5)
    assert found.dispersion == pytest.approx(9, abs=1.0)
    assert found.members == pytest.approx(member.sum(), rel=0.07)
    assert found.share[radius < 0.1].mean() > 0.9 > 0.5 > found.share[radius > 0.8].mean()


def test_a_mock_is_stored_with_its_truth_and_read_again(tmp_path):
    catalogue = make_dwarf(tmp_path, stars=200, seed=4, halo="core", distance=80.0, beta=-0.5)
    again = CatalogueStore(tmp_path).open(catalogue.id)
    assert again.manifest.kind == "dwarf"
    assert again.truth_path is not None
    assert dwarf_of(again).distance == 80
    stars = stars_of(again).columns
    assert len(stars["radius"]) == 200
    other = make_dwarf(tmp_path, stars=200, seed=4, halo="cusp", distance=80.0, beta=-0.5)
    ours = stars["radius"] / np.median(stars["radius"])
    theirs = other.column("radius") / np.median(other.column("radius"))
    assert abs(np.corrcoef(ours, theirs)[0, 1]) < 0.3  # no shared draws


def test_binaries_add_a_few_kilometres_per_second():
    added = binary_velocities(20_000, np.random.default_rng(5))
    assert 0.1 < np.median(np.abs(added)) < 3
    assert np.abs(added).max() < 60


@pytest.mark.skipif(not (TRIAL / "dwarfs").is_dir(), reason="needs the trial tables")
@pytest.mark.parametrize(
    ("file", "name", "members"),
    [("sculptor-members-tolstoy23.csv", "sculptor", 1604),
     ("dwarfs/walker_spec_carina.csv", "carina", 741),
     ("dwarfs/walker_spec_leo_2.csv", "leo_2", 181)],
)  # fmt: skip
def test_published_tables_come_in_as_they_are(file, name, members, tmp_path):
    catalogue = ingest_dwarf(TRIAL / file, tmp_path, dwarf=find_dwarf(name))
    assert int((catalogue.column("p_member") > 0.9).sum()) == members
    centre = np.median(catalogue.column("x_sky")), np.median(catalogue.column("y_sky"))
    assert np.hypot(*centre) < 0.2
