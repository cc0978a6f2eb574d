"""The main job on a mock galaxy: the mapped acceleration against the truth."""

import argparse

import pytest

from benchmarks.acceleration import measure

OPTIONS = argparse.Namespace(
    stars=50_000,
    potential="milky-way",
    preset="quick",
    positions=200,
    set=["spacing=0.8", "z_cells=25"],  # a third of the cells, for a third of the time
)


@pytest.mark.slow
def test_quick_map_of_50000_stars_is_within_seven_percent(tmp_path):
    row = measure(tmp_path, seed=1, options=OPTIONS)
    assert row["median"] < 0.07
    assert row["p95"] < 0.35
    # errors of the right order: neither ten times too small nor too large
    assert 0.3 < row["pull_rms"] < 4.0
