"""A real TAP server: GAVO DaCHS with PostgreSQL, as Debian packages them, on loopback.

Debian's own instance in /var/gavo is used, with one resource of ours that is removed again.
Where the packages are missing they are installed, if this is root on Debian; otherwise
`find` says why there is no server.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.helpers import apt
from tests.helpers.ports import free_port

INPUTS = Path("/var/gavo/inputs")
RESOURCE = "viaobscura"
TABLE = f"{RESOURCE}.gaia_source"
HARD_LIMIT = 120_000
PATIENCE = 120.0

TYPES = {"int64": "bigint", "float64": "double precision", "float32": "real", "int16": "smallint"}


@dataclass(frozen=True)
class Found:
    there: bool
    reason: str = ""


@functools.cache
def find() -> Found:
    """Install and start what is needed, or say why that cannot be."""
    if os.geteuid() != 0:
        return Found(False, "only root can install and start PostgreSQL and DaCHS")
    if not _installed():
        if not apt.may_install():
            return Found(False, "there is no apt-get to install gavodachs2-server with")
        # DaCHS makes its database while it is set up, so PostgreSQL must run before.
        apt.install("postgresql")
        start_postgresql()
        apt.install("gavodachs2-server")
        if not _installed():
            return Found(False, "gavodachs2-server could not be installed with apt-get")
    if not start_postgresql():
        return Found(False, "PostgreSQL does not start")
    return Found(True)


def _installed():
    return bool(shutil.which("dachs") and shutil.which("pg_ctlcluster") and INPUTS.is_dir())


def _run(command, **more):
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=900, check=False,
            **more,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(command, 1, "", str(error))


def start_postgresql() -> bool:
    """Start the newest cluster of the machine unless it runs."""
    listed = _run(["pg_lsclusters", "--no-header"]).stdout.split("\n")
    clusters = [line.split() for line in listed if line.strip()]
    if not clusters:
        return False
    version, name, _, status = clusters[-1][:4]
    if not status.startswith("online"):
        _run(["pg_ctlcluster", version, name, "start"])
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if _as("postgres", ["psql", "-c", "SELECT 1"]).returncode == 0:
            return True
        time.sleep(0.3)
    return False


def _as(user, command, **more):
    return _run(["runuser", "-u", user, "--", *command], cwd="/", **more)


def _description(columns) -> str:
    """The resource descriptor; ``columns`` maps a name to (type, unit)."""
    lines = "\n".join(
        f'<column name="{name}" type="{TYPES[dtype]}" unit="{unit}" description="{name}"'
        + (' required="True"/>' if name == "source_id" else f"{_null(dtype)}")
        for name, (dtype, unit) in columns.items()
    )
    return f"""<resource schema="{RESOURCE}" resdir="{RESOURCE}">
  <meta name="title">Mock stars</meta>
  <meta name="description">Stars of a mock galaxy, for tests.</meta>
  <meta name="creationDate">2020-01-01T00:00:00Z</meta>
  <meta name="creator">Tests</meta>
  <meta name="subject">stars</meta>
  <table id="gaia_source" onDisk="True" adql="True" primary="source_id">{lines}</table>
  <data id="import">
    <sources pattern="data/*.csv"/>
    <csvGrammar/>
    <make table="gaia_source"/>
  </data>
</resource>"""


def _null(dtype):
    return '><values nullLiteral="-1"/></column>' if dtype.startswith("int") else "/>"


@contextmanager
def serving(columns, csv: str, logs: Path):
    """Fill a table and serve it; gives the address of the TAP service.

    Parameters
    ----------
    columns
        Name to (numpy type, unit).
    csv
        The rows, without a head; an empty cell is NULL.
    logs
        A folder for what the server says.
    """
    port = free_port()
    # Not below pytest's own folder: a second pytest closes that to other users again.
    shared = Path(tempfile.mkdtemp(prefix="via-obscura-dachs-"))
    settings = shared / "gavorc"
    settings.write_text(
        f"[web]\nbindAddress: 127.0.0.1\nserverPort: {port}\n"
        f"serverURL: http://127.0.0.1:{port}\n"
        f"[async]\ndefaultMAXREC: 2000\nhardMAXREC: {HARD_LIMIT}\n"
    )
    shared.chmod(0o755)
    settings.chmod(0o644)
    with_settings = ["env", f"GAVOSETTINGS={settings}", "dachs"]
    folder = INPUTS / RESOURCE
    (folder / "data").mkdir(parents=True, exist_ok=True)
    (folder / "q.rd").write_text(_description(columns))
    # DaCHS makes the table and puts it on record with one star; COPY brings the others.
    (folder / "data" / "one.csv").write_text(",".join(columns) + "\n" + csv.split("\n", 1)[0])
    _run(["chown", "-R", "dachsroot:gavo", str(folder)])
    made = _as("dachsroot", [*with_settings, "imp", f"{RESOURCE}/q"])
    assert made.returncode == 0, made.stdout + made.stderr
    names = ", ".join(columns)
    sql = f"TRUNCATE {TABLE}; COPY {TABLE} ({names}) FROM STDIN WITH (FORMAT csv)"
    copied = _as("postgres", ["psql", "-q", "-v", "ON_ERROR_STOP=1", "gavo", "-c", sql], input=csv)
    assert copied.returncode == 0, copied.stderr
    _as("postgres", ["psql", "-q", "gavo", "-c", f"ANALYZE {TABLE}"])
    with (logs / "dachs.log").open("w") as log:
        process = subprocess.Popen(
            ["runuser", "-u", "gavo", "--", *with_settings, "serve", "debug"],
            stdout=log, stderr=subprocess.STDOUT, cwd="/", start_new_session=True,
        )  # fmt: skip
        try:
            address = f"http://127.0.0.1:{port}/tap"
            _answers(f"{address}/availability", process, logs / "dachs.log")
            yield address
        finally:
            _end(process)
            _as("dachsroot", [*with_settings, "drop", "-f", f"{RESOURCE}/q"])
            shutil.rmtree(folder, ignore_errors=True)
            shutil.rmtree(shared, ignore_errors=True)


def _answers(address, process, log):
    end = time.monotonic() + PATIENCE
    while True:
        try:
            urllib.request.urlopen(address, timeout=20).close()  # noqa: S310
        except OSError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.3)
        else:
            return


def _end(process):
    import signal

    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
