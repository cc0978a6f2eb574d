"""What a dwarf's fit is asked for, which stars it takes, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from data.declared import field_rows
from data.dwarfs.store import ingest_dwarf, stars_of
from data.dwarfs.table import make_table
from data.errors import UserError
from data.mocks.dwarfs.catalogue import make_dwarf
from engine.dwarfs.request import DwarfRequest
from engine.dwarfs.run_cost import dwarf_cost
from engine.dwarfs.sample import families_of, make_sample


def table(n=120, **more):
    rng = np.random.default_rng(1)
    columns = {
        "x": rng.normal(0, 0.2, n),
        "y": rng.normal(0, 0.2, n),
        "v_los": rng.normal(110, 9, n),
        "v_los_error": np.full(n, 2.0),
    }
    return make_table(columns | more, None)


def request(**fields):
    return DwarfRequest(catalogue="a", **fields)


def test_a_request_is_checked_and_written_out(tmp_path):
    catalogue = make_dwarf(tmp_path, stars=60, name="small")
    full = DwarfRequest.check(
        {"kind": "dwarf", "catalogue": "small", "beta": " OM:0.2 "}, tmp_path
    )
    assert full["catalogue"] == catalogue.id
    assert full["beta"] == "om:0.2"
    assert DwarfRequest.check(full, tmp_path) == full
    json.dumps(full)
    assert dwarf_cost(full, tmp_path)["seconds"] > 0


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"beta": "isotropic"}, "beta"),
        ({"beta": "1.0"}, "below 1"),
        ({"beta": "om:-2"}, "beta"),
        ({"beta": "om:0"}, "om:R"),
        ({"beta": "1e"}, "beta"),
        ({"preset": "paper"}, "preset"),
        ({"seed": -1}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"populations": 3}, "populations"),
        ({"max_error": 0.0}, "max_error"),
        ({"half_light": float("nan")}, "half_light"),
        ({"wish": 1}, "Unknown setting 'wish'"),
        ({"catalogue": "unknown"}, "unknown"),
    ],
)
def test_requests_that_cannot_be_are_refused_in_a_sentence(fields, words, tmp_path):
    make_dwarf(tmp_path, stars=60, name="small")
    with pytest.raises(UserError, match=words):
        DwarfRequest.check({"kind": "dwarf", "catalogue": "small"} | fields, tmp_path)


def test_every_field_has_a_sentence():
    assert all(row.sentence for row in field_rows(DwarfRequest))


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({}, ["osipkov-merritt", "constant"]),
        ({"preset": "standard"}, ["osipkov-merritt", "constant", "cuddeford"]),
        ({"beta": "-0.5"}, ["beta=-0.5"]),
        ({"beta": "free"}, ["general"]),
        ({"beta": "om:0.2"}, ["osipkov-merritt given"]),
    ],
)
def test_families(fields, names):
    assert [family.name for family in families_of(request(**fields), 0.1)] == names
    assert len(families_of(request(beta="scan"), 0.1)) > 4
    assert families_of(request(beta="0.9"), 0.1)[0].gaussian  # has no distribution function here


def test_members_errors_and_outliers_are_cut_and_counted():
    p = np.linspace(0.5, 1.0, 120)
    error = np.where(np.arange(120) % 10 == 9, 8.0, 2.0)
    velocity = np.random.default_rng(1).normal(110, 9, 120)
    velocity[-2] = 400.0
    sample = make_sample(table(p_member=p, v_los_error=error, v_los=velocity), request())
    left_out = sample.counts["dropped"]
    assert left_out["error above 5 km/s"] == 12
    assert left_out["membership not above 0.9"] == int((p[error < 5] <= 0.9).sum())
    assert left_out["more than 6 dispersions from the mean"] == 1
    assert sample.counts["stars"] == 120 - sum(left_out.values())
    assert np.median(sample.populations[0].radius) == pytest.approx(1, abs=0.1)


def test_a_foreground_is_modelled_where_no_membership_is_published(tmp_path):
    catalogue = make_dwarf(tmp_path, stars=400, foreground=0.5, seed=2)
    sample = make_sample(stars_of(catalogue), request())
    population = sample.populations[0]
    assert sample.counts["expected_members"] == pytest.approx(400, rel=0.08)
    assert population.membership.max() > 0.9 > 0.4 > population.membership.min()
    clean = make_sample(stars_of(make_dwarf(tmp_path, stars=400, seed=2)), request())
    assert (clean.populations[0].membership == 1).all()


def test_two_populations_are_split_by_metallicity():
    metallicity = np.concatenate([np.full(60, -1.5), np.full(60, -2.1)])
    sample = make_sample(table(metallicity=metallicity), request(populations=2))
    assert len(sample.populations) == 2 or sample.counts["stars"] < 120
    with pytest.raises(UserError, match="no metallicities"):
        make_sample(table(), request(populations=2))


def test_stars_that_are_no_dwarf_are_refused():
    rng = np.random.default_rng(3)
    with pytest.raises(UserError, match="not the stars of a dwarf"):
        make_sample(table(v_los=rng.normal(30, 120, 120)), request())
    with pytest.raises(UserError, match="Only 1 star "):
        make_sample(table(n=1), request())
    with pytest.raises(UserError, match="membership not above"):
        make_sample(table(p_member=np.full(120, 0.2)), request())


def test_only_dwarfs_are_fitted(tmp_path):
    file = tmp_path / "stars.csv"
    file.write_text("x,y,v_los,v_los_error\n" + "0.1,0.2,110,2\n" * 3)
    catalogue = ingest_dwarf(file, tmp_path)
    assert catalogue.n_rows == 1
    with pytest.raises(UserError, match="Only 1 star "):
        DwarfRequest.check({"catalogue": catalogue.id}, tmp_path)
