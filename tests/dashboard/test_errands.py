"""Errands: tables and mocks come into the store through processes of their own."""

from __future__ import annotations

import numpy as np
import pytest

from dashboard.services import errands as module
from tests.dashboard.stars import disc


@pytest.fixture
def table(tmp_path):
    columns = disc(1500)
    path = tmp_path / "stars.csv"
    rows = np.column_stack(list(columns.values()))
    np.savetxt(path, rows, delimiter=",", header=",".join(columns), comments="")
    return path


UNITS = dict.fromkeys("xyz", "kpc") | dict.fromkeys(("vx", "vy", "vz"), "km/s")


def test_a_table_is_read_and_an_upload_is_removed(services, table, wait):
    errand = services.errands.ingest(
        table, shown="stars.csv", owned=True, kind="simulation", units=UNITS
    )
    wait(lambda: errand.finished)
    assert errand.state == "done", errand.error
    assert services.catalogues.open(errand.catalogue).n_rows == 1500
    wait(lambda: not table.exists())


def test_a_table_of_the_user_stays(services, table, wait):
    errand = services.errands.ingest(table, shown="stars.csv", kind="simulation", units=UNITS)
    wait(lambda: errand.finished)
    assert table.exists()


def test_a_bad_table_gives_its_sentence_and_leaves_the_store(services, tmp_path, wait):
    path = tmp_path / "broken.fits"
    path.write_bytes(b"SIMPLE  =")
    errand = services.errands.ingest(path, shown="broken.fits")
    wait(lambda: errand.finished)
    assert errand.state == "failed"
    assert "broken.fits" in errand.error.sentence
    assert services.catalogues.list() == []


def test_a_process_that_dies_is_told_calmly(services, tmp_path, wait, monkeypatch, capsys):
    monkeypatch.setattr(module.sys, "executable", "/bin/false")
    errand = services.errands.ingest(tmp_path / "any.csv", shown="any.csv")
    wait(lambda: errand.finished)
    assert errand.state == "failed"
    assert "ended unexpectedly" in errand.error.sentence


def test_a_mock_galaxy_is_made_with_progress(services, wait):
    errand = services.errands.mock_galaxy(stars=1000, name="tiny")
    seen = set()
    wait(lambda: seen.add(errand.fraction) or errand.finished, seconds=300)
    assert errand.state == "done", errand.error
    catalogue = services.catalogues.open(errand.catalogue)
    assert catalogue.truth_path is not None
    assert len(seen) > 2
