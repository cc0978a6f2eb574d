"""A DaCHS server with 200,000 stars of a mock galaxy; the tests skip where there can be none."""

from __future__ import annotations

import io
import json

import numpy as np
import pyarrow as pa
import pytest
from pyarrow.csv import WriteOptions, write_csv

from data.archives.jobs import Jobs
from data.archives.polite import Patience, PoliteSession
from data.archives.releases import from_document
from data.frames import SolarParameters
from data.mocks.gaia_errors import observe
from data.mocks.galaxy import make_galaxy
from tests.archives_server import dachs, proxy
from tests.helpers.skipped import say_skipped

STARS = 200_000
COPIES = 10
SINGLE = ("radial_velocity", "phot_g_mean_mag", "bp_rp", "grvs_mag")
UNITS = {
    "ra": "deg", "dec": "deg", "parallax": "mas", "pmra": "mas/yr", "pmdec": "mas/yr",
    "radial_velocity": "km/s", "phot_g_mean_mag": "mag", "bp_rp": "mag", "grvs_mag": "mag",
}  # fmt: skip
QUICK = Patience(attempts=3, first=0.05, pause=0.0, poll=0.05, slowest_poll=0.3, timeout=60.0)


def pytest_terminal_summary(terminalreporter):
    """Say in the last lines that there was no server."""
    advice = (
        f"{dachs.find().reason}. Debian: apt-get install postgresql, start it, apt-get install "
        "gavodachs2-server."
    )
    say_skipped(terminalreporter, "no TAP server:", "TAP SERVER TESTS", advice)


@pytest.fixture(scope="session")
def stars(tmp_path_factory):
    """Columns of the table as masked arrays: the mock, each star seen by ten observers."""
    found = dachs.find()
    if not found.there:
        pytest.skip(f"no TAP server: {found.reason}")
    folder = tmp_path_factory.mktemp("mock")
    mock = make_galaxy(folder, stars=STARS // COPIES, seed=8, radius=5.0, threads=1)
    x, v = (
        np.stack([mock.column(name) for name in names], axis=1).astype(float)
        for names in (("x", "y", "z"), ("vx", "vy", "vz"))
    )
    rng = np.random.default_rng(8)
    seen = observe(np.tile(x, (COPIES, 1)), np.tile(v, (COPIES, 1)), SolarParameters(), rng)
    columns = {}
    cell = (seen["ra"].astype(np.int64) * 181 + (seen["dec"] + 90).astype(np.int64)) << 45
    columns["source_id"] = np.ma.array(cell + rng.permutation(STARS))
    columns["random_index"] = np.ma.array(rng.permutation(STARS).astype(np.int64))
    for name, values in seen.items():
        single = name in SINGLE or name.endswith("_error")
        columns[name] = np.ma.array(values.astype(np.float32 if single else np.float64))
    # Far stars with bad parallaxes, and holes as in the real table.
    columns["parallax"][::7] += rng.normal(0, 1, len(columns["parallax"][::7]))
    for name, share in (("radial_velocity", 0.3), ("parallax", 0.02), ("bp_rp", 0.01)):
        hole = rng.random(STARS) < share
        columns[name] = np.ma.masked_array(columns[name], hole)
    for name in ("pmra", "pmdec", "parallax_error", "pmra_error", "pmdec_error"):
        columns[name] = np.ma.masked_array(columns[name], np.ma.getmaskarray(columns["parallax"]))
    return columns


def as_csv(columns):
    """Write every digit, so that the table holds the same numbers to the last bit."""
    arrays = [
        pa.array(np.ma.getdata(values), mask=np.ma.getmaskarray(values))
        for values in columns.values()
    ]
    out = io.BytesIO()
    options = WriteOptions(include_header=False, quoting_style="none")
    write_csv(pa.Table.from_arrays(arrays, names=list(columns)), out, options)
    return out.getvalue().decode()


@pytest.fixture(scope="session")
def tap(stars, tmp_path_factory):
    """The address of the TAP service."""
    columns = {name: (v.dtype.name, UNITS.get(name, "")) for name, v in stars.items()}
    with dachs.serving(columns, as_csv(stars), tmp_path_factory.mktemp("dachs")) as address:
        yield address


@pytest.fixture
def front(tap):
    """The service behind a proxy that misbehaves on demand."""
    with proxy.in_front_of(tap) as made:
        yield made


@pytest.fixture(scope="session")
def document(stars):
    """The description of the table as a release."""
    columns = {name: name for name in stars if name != "random_index"}
    return {"name": "mock", "table": dachs.TABLE, "columns": columns, "key": "source_id"}


@pytest.fixture(scope="session")
def release(document):
    return from_document(document, "the test")


@pytest.fixture
def release_file(document, tmp_path):
    path = tmp_path / "release.json"
    path.write_text(json.dumps(document))
    return path


@pytest.fixture
def jobs_at():
    """Jobs of a service, made by an impatient session."""
    sessions = []

    def make(address, patience=QUICK):
        sessions.append(PoliteSession(patience))
        return Jobs(address, sessions[-1])

    yield make
    for session in sessions:
        session.close()
