"""New versions of a catalogue from the command line."""

import numpy as np
import pytest
from astropy.table import Table

from .conftest import Cli

N = 40


@pytest.fixture
def stars(tmp_path):
    rng = np.random.default_rng(1)
    table = Table(
        {
            "source_id": 10**18 + np.arange(N),
            "ra": rng.uniform(0, 360, N),
            "dec": rng.uniform(-80, 80, N),
            "parallax": rng.uniform(0.2, 3, N),
            "pmra": rng.normal(0, 5, N),
            "pmdec": rng.normal(0, 5, N),
            "radial_velocity": rng.normal(0, 40, N),
            "phot_g_mean_mag": rng.uniform(8, 15, N),
            "nu_eff_used_in_astrometry": rng.uniform(1.3, 1.7, N),
            "pseudocolour": np.full(N, np.nan),
            "astrometric_params_solved": np.full(N, 31),
            "r_med_geo": rng.uniform(300, 5000, N),
        }
    )
    file = tmp_path / "stars.fits"
    table.write(file)
    return file


def test_zero_point_at_ingest_and_after_it(cli: Cli, stars) -> None:
    at_once = cli("ingest", stars, "--zero-point", "--name", "corrected", "--json")
    assert at_once.status == 0, at_once.out
    plain = cli("ingest", stars, "--json").json
    assert plain["catalogue"] != at_once.json["catalogue"]
    later = cli("revise", "stars", "--zero-point", "--name", "later", "--json")
    assert later.status == 0, later.out
    assert {"catalogue", "rows", "dropped", "with_6d", "not_6d"} <= set(later.json)
    again = cli("revise", "later", "--zero-point", "--json")
    assert again.status == 1
    assert "already" in again.json["error"]
    back = cli("revise", "later", "--no-zero-point", "--distance", "r_med_geo", "--json")
    assert back.status == 0, back.out
    assert cli("revise", "stars", "--zero-point", "--no-zero-point", "--json").status == 2


def test_join_counts_and_a_joined_distance(cli: Cli, stars, tmp_path) -> None:
    cli("ingest", stars)
    labels = tmp_path / "labels.csv"
    ids = [*range(10**18, 10**18 + 30), 10**18, 5]
    labels.write_text("id,feh,d\n" + "".join(f"{i},-0.5,{2.5}\n" for i in ids))
    words = ["--key", "id", "--unit", "d=kpc", "--distance", "d", "--json"]
    answer = cli("join", "stars", labels, *words)
    assert answer.status == 0, answer.out
    told = answer.json
    assert (told["matched"], told["unmatched"], told["duplicates"], told["elsewhere"]) == (
        30,
        10,
        1,
        1,
    )
    assert told["columns"] == ["feh", "d"]
    assert told["with_6d"] == 30
    named = cli("catalogues", "--json").json
    assert {c["name"] for c in named} == {"stars", "stars, labels"}
    refused = cli("join", "stars", labels, "--key", "source", "--json")
    assert refused.status == 1
    assert "no column source" in refused.json["error"]
    assert cli("join", "nobody", labels, "--json").status == 1
