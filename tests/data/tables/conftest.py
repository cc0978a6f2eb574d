"""A small table of stars, and ways to write it in every format that is read."""

import gzip
import io
import os
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
from astropy.table import MaskedColumn, Table

UNITS = {
    "ra": "deg",
    "dec": "deg",
    "parallax": "mas",
    "pmra": "mas / yr",
    "pmdec": "mas / yr",
    "radial_velocity": "km / s",
}
FIRST_ID = 4_295_806_720_123_456_789
"""Has more digits than a float holds, as Gaia's identifiers have."""


def star_table(n=60, seed=4):
    """Give stars with gaps: one velocity, one parallax and one extra number are missing."""
    rng = np.random.default_rng(seed)
    velocity = rng.normal(0, 40, n).astype(np.float32)
    velocity[3] = np.nan
    parallax = rng.uniform(0.3, 3, n)
    parallax[5], parallax[6] = -0.2, np.nan
    magnitude = rng.uniform(8, 14, n).astype(np.float32)
    magnitude[7] = np.nan
    table = Table(
        {
            "source_id": FIRST_ID + np.arange(n),
            "ra": rng.uniform(0, 360, n),
            "dec": rng.uniform(-80, 80, n),
            "parallax": parallax,
            "pmra": rng.normal(0, 5, n),
            "pmdec": rng.normal(0, 5, n),
            "radial_velocity": velocity,
            "phot_g_mean_mag": magnitude,
            "n_visits": rng.integers(0, 100, n),
            "solution_id": np.full(n, 1_636_148_068_921_376_769),
            "variable": np.arange(n) % 3 == 0,
            "designation": [f"Gaia DR3 {FIRST_ID + i}" for i in range(n)],
        }
    )
    for name, unit in UNITS.items():
        table[name].unit = unit
    return table


def with_column(table, name, values, unit=None, mask=None):
    """Give a copy of a table with another column."""
    changed = table.copy()
    changed[name] = MaskedColumn(values, mask=mask, unit=unit) if mask is not None else values
    if unit is not None:
        changed[name].unit = unit
    return changed


def write_hdf5_columns(table, path):
    """Write one dataset a column, as vaex and many simulations do."""
    with h5py.File(path, "w") as file:
        group = file.create_group("table/columns")
        for name in table.colnames:
            values = np.asarray(table[name])
            values = values.astype(bytes) if values.dtype.kind == "U" else values
            data = group.create_dataset(f"{name}/data", data=values)
            if table[name].unit is not None:
                data.attrs["unit"] = str(table[name].unit)


def _write_gzipped(table, path):
    text = io.StringIO()
    table.write(text, format="ascii.csv")
    path.write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))


def _written_by_astropy(**options):
    return lambda table, path: table.write(path, **options)


FORMATS = {
    "fits": (".fits", _written_by_astropy(format="fits")),
    "votable": (".vot", _written_by_astropy(format="votable")),
    "votable-binary": (".xml", _written_by_astropy(format="votable", tabledata_format="binary2")),
    "ecsv": (".ecsv", _written_by_astropy(format="ascii.ecsv")),
    "ecsv-comma": (".ecsv", _written_by_astropy(format="ascii.ecsv", delimiter=",")),
    "csv": (".csv", _written_by_astropy(format="ascii.csv")),
    "csv-gz": (".csv.gz", _write_gzipped),
    "parquet": (".parquet", _written_by_astropy(format="parquet")),
    "hdf5": (".hdf5", _written_by_astropy(format="hdf5", path="stars", serialize_meta=True)),
    "hdf5-columns": (".h5", write_hdf5_columns),
}
UNITLESS = {"csv", "csv-gz"}
UNMASKED = {"hdf5-columns"}  # a plain dataset has no way to say that a cell is empty


def write(table, form, folder):
    """Write a table called ``stars`` into a folder of its own and give its path."""
    suffix, writer = FORMATS[form]
    place = folder / f"table-{len(list(folder.iterdir()))}"
    place.mkdir()
    writer(table, place / f"stars{suffix}")
    return place / f"stars{suffix}"


@pytest.fixture
def tables():
    """What this file offers, for tests that are imported one by one."""
    return SimpleNamespace(
        FIRST_ID=FIRST_ID,
        UNITLESS=UNITLESS,
        star_table=star_table,
        with_column=with_column,
        write=write,
    )


@pytest.fixture(params=sorted(FORMATS))
def form(request):
    """Each format in turn."""
    return request.param


@pytest.fixture(params=sorted(set(FORMATS) - UNITLESS))
def form_with_units(request):
    """Each format that states units."""
    return request.param


@pytest.fixture(params=sorted(set(FORMATS) - UNMASKED))
def form_with_masks(request):
    """Each format that has empty cells for integers."""
    return request.param


@pytest.fixture
def home(tmp_path):
    """A home with one catalogue in it, so that a test sees whether it stays as it was."""
    from data.catalogue.ingest import ingest_arrays

    folder = tmp_path / "home"
    x = np.random.default_rng(0).normal(size=(6, 5))
    columns = dict(zip(("x", "y", "z", "vx", "vy", "vz"), x, strict=True))
    ingest_arrays(columns, folder, name="older", kind="simulation", provenance={})
    return folder


@pytest.fixture
def trial_data():
    """The folder of real tables that are not part of the project."""
    folder = os.environ.get("VIA_OBSCURA_TRIAL_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("VIA_OBSCURA_TRIAL_DATA names no folder with the trial tables")
    return Path(folder)
