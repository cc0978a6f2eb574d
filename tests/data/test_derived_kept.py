"""Derived columns kept beside a catalogue: the same numbers, and no trust in any others."""

import numpy as np
import pytest

from data.catalogue.ingest import ingest_arrays
from data.catalogue.store import CatalogueStore
from data.columns import derived
from data.columns import kept as derived_kept


@pytest.fixture
def stars(tmp_path, monkeypatch):
    monkeypatch.setattr(derived_kept, "LARGE", 100)
    rng = np.random.default_rng(3)
    table = {n: rng.normal(size=500) for n in ("x", "y", "z", "vx", "vy", "vz")}
    made = ingest_arrays(table, tmp_path, name="s", kind="simulation", provenance={})
    fresh(monkeypatch)
    return made


def fresh(monkeypatch):
    """Forget what this process holds, as a new one would."""
    monkeypatch.setattr(derived, "_cache", derived.ColumnCache())
    monkeypatch.setattr(derived, "_kept", derived_kept.KeptColumns())


def folder(stars):
    return stars.path / derived_kept.FOLDER


def test_kept_once_and_mapped_after(stars, tmp_path, monkeypatch):
    first = derived.column(stars, "v_phi")
    (file,) = folder(stars).iterdir()
    fresh(monkeypatch)
    monkeypatch.setattr(derived, "_calculate", None)  # nothing is calculated again
    again = derived.column(CatalogueStore(tmp_path).open("s"), "v_phi")
    np.testing.assert_array_equal(first, again)
    assert not again.flags.writeable
    assert file.stat().st_size > 500 * 4
    assert derived._cache.n_bytes == 0


def test_a_damaged_file_is_made_again(stars, monkeypatch):
    expected = derived.column(stars, "R").copy()
    (file,) = folder(stars).iterdir()
    file.write_bytes(file.read_bytes()[:100])
    fresh(monkeypatch)
    np.testing.assert_array_equal(derived.column(stars, "R"), expected)
    fresh(monkeypatch)
    np.testing.assert_array_equal(derived.column(stars, "R"), expected)


def test_other_code_takes_no_old_numbers(stars, monkeypatch):
    derived.column(stars, "R")
    (old,) = folder(stars).iterdir()
    fresh(monkeypatch)
    monkeypatch.setattr(derived_kept, "_code", lambda: "another version")
    derived.column(stars, "R")
    (new,) = folder(stars).iterdir()  # the old one is gone
    assert new != old


def test_names_that_are_alike_are_told_apart(stars):
    names = ("v_R", "R", "phi1(gd1)", "phi1(pal5)", "E", "E(bovy)")
    values = {name: derived.column(stars, name) for name in names}
    assert len(list(folder(stars).iterdir())) == len(names)
    for name in names:
        np.testing.assert_array_equal(derived.column(stars, name), values[name])
    assert not np.array_equal(values["phi1(gd1)"], values["phi1(pal5)"])


def test_where_nothing_can_be_written_it_is_calculated(stars, monkeypatch):
    expected = derived.column(stars, "R").copy()
    fresh(monkeypatch)
    for file in folder(stars).iterdir():
        file.unlink()
    monkeypatch.setattr(derived_kept, "_ROOM", 10**15)
    np.testing.assert_array_equal(derived.column(stars, "R"), expected)
    assert not list(folder(stars).iterdir())


def test_small_catalogues_keep_nothing(stars, monkeypatch):
    monkeypatch.setattr(derived_kept, "LARGE", 501)
    derived.column(stars, "R")
    assert not folder(stars).exists()
