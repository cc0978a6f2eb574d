# ruff: noqa: S608 - the queries are ours
"""Downloads from a real server: whole, killed and resumed, and each thing that can go wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from data.archives.fetch import download, expected_rows
from data.archives.into_store import store_parts
from data.archives.probe import probed_query
from data.archives.queries import free_query, release_query
from data.archives.releases import from_document
from data.catalogue.store import CatalogueStore
from data.columns.formulae import galactic_latitude
from data.errors import UserError
from data.selection import parse
from engine.runs import open_run
from tests.archives_server import dachs

ROOT = Path(__file__).parents[2]
PROGRAM = [sys.executable, "-c", "from dashboard.cli import main; raise SystemExit(main())"]


def assert_same(catalogue, stars, keep=None):
    """The catalogue holds exactly these stars, every number to the last bit."""
    ids = np.ma.getdata(stars["source_id"])
    rows = np.arange(len(ids)) if keep is None else np.flatnonzero(keep)
    theirs = rows[np.argsort(ids[rows])]
    mine = np.argsort(catalogue.column("source_id"))
    assert np.array_equal(catalogue.column("source_id")[mine], ids[theirs])
    for name, values in stars.items():
        if not catalogue.has(name):
            continue
        wanted = np.ma.filled(values.astype(float), np.nan)[theirs]
        found = np.asarray(catalogue.column(name), dtype=float)[mine]
        wanted = wanted.astype(catalogue.column(name).dtype).astype(float)
        assert np.array_equal(found, wanted, equal_nan=True), name


def test_full_download_equals_the_table(tap, jobs_at, stars, release, tmp_path):
    jobs = jobs_at(tap)
    query = release_query(None, release)
    assert expected_rows(query, jobs, tmp_path / "count") == len(stars["source_id"])
    state = download(query, jobs, tmp_path / "parts", chunk_rows=100_000)
    assert state.received == len(stars["source_id"])
    assert 2 <= len([p for p in state.pieces if p.rows]) <= 6
    assert max(p.rows for p in state.pieces) <= 100_000
    assert all(len(p.sha256) == 64 for p in state.pieces if p.rows)
    catalogue = store_parts(
        list(state.files()), tmp_path / "home", name="all", tree=None,
        provenance={"jobs": state.jobs},
    )  # fmt: skip
    assert_same(catalogue, stars)
    assert catalogue.columns["parallax"].unit_origin == "stated"
    assert len(catalogue.manifest.provenance["jobs"]) == len([p for p in state.pieces if p.rows])


def via_obscura(home, *words, wait=True):
    command = [*PROGRAM, "--home", str(home), *map(str, words), "--json"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    if not wait:
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, env=environment)
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env=environment, timeout=300
    )
    return done.returncode, json.loads(done.stdout)


def until(condition, patience=90.0):
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)


def test_killed_in_the_middle_and_resumed_equals_the_table(front, stars, release_file, tmp_path):
    """SIGKILL while a part is on its way; what was finished is not fetched again."""
    home = tmp_path / "home"
    front.slow = 0.7
    status, told = via_obscura(
        home, "fetch", "--service", front.address, "--release", release_file,
        "--select", "radial_velocity > -1000", "--name", "stars", "--chunk-rows", 40_000,
    )  # fmt: skip
    assert status == 0, told
    run = open_run(home, told["run"])
    state_file = run.checkpoints / "parts" / "download.json"

    def pieces():
        return json.loads(state_file.read_text())["pieces"] if state_file.exists() else []

    until(lambda: sum(p["file"] is not None for p in pieces()) >= 2)
    until(lambda: any(p["job"] and not p["file"] for p in pieces()))
    os.kill(run.stored().pid, signal.SIGKILL)
    until(lambda: run.record().state == "interrupted")
    before = pieces()
    finished = {p["low"]: p for p in before if p["file"]}
    unfinished = [p["job"] for p in before if p["job"] and not p["file"]]
    assert len(finished) >= 2
    assert 1 <= len(unfinished) <= 2, "one on its way, one being worked on"
    results, made = len(front.results()), front.submitted()
    front.slow = 0.0

    status, told = via_obscura(home, "runs", "resume", run.id, "--wait")
    record = run.record()
    assert status == 0, (told, run.log_tail())
    assert record.state == "done"
    after = pieces()
    assert {p["low"]: p for p in after if p["low"] in finished} == finished
    left = [p for p in after if p["rows"] and p["low"] not in finished]
    # The jobs that were at work were asked for their results, not made again.
    assert front.submitted() - made == len(left) - len(unfinished)
    assert len(front.results()) - results == len(left)
    jobs = json.loads(state_file.read_text())["jobs"]
    assert len(set(jobs)) == len(jobs) == len([p for p in after if p["rows"]])
    catalogue = CatalogueStore(home).open(str(record.result["catalogue"]))
    keep = ~np.ma.getmaskarray(stars["radial_velocity"])
    assert_same(catalogue, stars, keep)
    provenance = catalogue.manifest.provenance
    assert provenance["service"] == front.address
    assert provenance["jobs"] == jobs
    assert "radial_velocity > -1000" in provenance["adql"]
    assert not list(run.checkpoints.rglob("*.parquet")), "the parts are of no more use"


def test_the_command_line_counts_fetches_and_tells(tap, stars, release_file, tmp_path):
    text = "parallax_over_error > 20 and abs(z) < 1 and speed < 260"
    words = ["fetch", "--service", tap, "--release", release_file, "--select", text]
    status, counted = via_obscura(tmp_path / "home", *words, "--count-only")
    assert status == 0, counted
    assert counted["left_out"] == ["speed < 260: speed is not a column of the archive"]
    status, told = via_obscura(tmp_path / "home", *words, "--name", "near", "--wait")
    assert status == 0, told
    parts = {"catalogue", "rows", "dropped", "with_6d", "not_6d", "remarks", "run", "state"}
    assert set(told) == parts
    manifest = CatalogueStore(tmp_path / "home").open(told["catalogue"]).manifest
    provenance = manifest.provenance
    assert provenance["rows_received"] == counted["rows"] == provenance["rows_counted"]
    assert told["rows"] + sum(told["dropped"].values()) == (
        counted["rows"] - provenance["rows_cut_here"]
    )
    assert 0 < told["rows"] < counted["rows"]
    assert told["with_6d"] == told["rows"]  # a speed needs all six
    status, told = via_obscura(
        tmp_path / "home", *words, "--name", "x", "--max-rows", 10, "--wait"
    )
    assert status == 1
    assert told["error"].endswith("more than the allowed 10.")


def test_a_query_of_ones_own_is_cut_into_parts(tap, jobs_at, stars, tmp_path):
    text = (
        f"SELECT source_id, ra, dec, parallax, pmra, pmdec, parallax / 2 AS half\n"
        f"FROM {dachs.TABLE} WHERE dec > 0 -- the north"
    )
    jobs = jobs_at(tap)
    query, size = probed_query(text, jobs, tmp_path)
    assert query.key == "source_id"
    assert size == 56
    state = download(query, jobs, tmp_path / "parts", chunk_rows=60_000)
    catalogue = store_parts(
        list(state.files()), tmp_path / "home", name="north", tree=None, provenance={}
    )
    assert_same(catalogue, stars, np.ma.getdata(stars["dec"]) > 0)
    assert np.allclose(catalogue.column("half") * 2, catalogue.column("parallax"), equal_nan=True)
    top = free_query(f"SELECT TOP 10 * FROM {dachs.TABLE}", "source_id")
    assert top.key is None, "the first ten would be others in each part"


def test_a_release_may_be_a_join_of_tables(tap, jobs_at, stars, document, tmp_path):
    """As Gaia DR4 will need: astrometry from one table, velocities from another."""
    spread = {
        name: f"r.{name}" if name.startswith("radial") else f"a.{name}"
        for name in document["columns"]
    }
    joined = from_document(
        {
            "table": f"{dachs.TABLE} AS a JOIN {dachs.TABLE} AS r ON a.source_id = r.source_id",
            "columns": spread,
            "key": "a.source_id",
        },
        "the test",
    )
    tree = parse("radial_velocity > 30 and not (bp_rp < 1.2) and abs(b) < 20")
    state = download(release_query(tree, joined), jobs_at(tap), tmp_path / "p", chunk_rows=30_000)
    catalogue = store_parts(
        list(state.files()), tmp_path / "home", name="j", tree=tree, provenance={}
    )
    rv = np.ma.filled(stars["radial_velocity"].astype(float), np.nan)
    colour = np.ma.filled(stars["bp_rp"].astype(float), np.nan)
    latitude = galactic_latitude(
        np.ma.getdata(stars["ra"]), np.ma.getdata(stars["dec"]), sun=np.zeros(3)
    )
    with np.errstate(invalid="ignore"):
        keep = (rv > 30) & ~(colour < 1.2) & (np.abs(latitude.astype(np.float32)) < 20)
    assert 1_000 < keep.sum() < 100_000
    assert_same(catalogue, stars, keep)


def test_overflow_is_an_error(tap, jobs_at, release, tmp_path):
    """The server gives at most 120,000 rows to a job, and says so only in the result."""
    query = release_query(parse("dec > -95"), release)
    with pytest.raises(UserError, match=r"sent 120,000 of 200,000 rows \(overflow\)") as error:
        download(query, jobs_at(tap), tmp_path, chunk_rows=500_000)
    assert "at most 120,000 rows with --chunk-rows" in error.value.hint


def test_a_busy_service_is_asked_again_and_then_named(front, jobs_at, release, tmp_path):
    query = release_query(parse("parallax > 4"), release)
    front.busy = 2
    state = download(query, jobs_at(front.address), tmp_path / "a")
    assert state.received == state.total > 0
    front.busy = 1000
    with pytest.raises(UserError, match=r"is busy or down .*HTTP 503, 3 attempts") as error:
        download(query, jobs_at(front.address), tmp_path / "b")
    assert "kept" in error.value.hint


def test_a_dropped_connection_is_mended_and_then_named(front, jobs_at, release, tmp_path):
    query = release_query(parse("parallax > 4"), release)
    front.cut = 2
    state = download(query, jobs_at(front.address), tmp_path / "a")
    assert state.received == state.total > 0
    front.cut = 1000
    with pytest.raises(UserError, match="closed the connection"):
        download(query, jobs_at(front.address), tmp_path / "b")
    front.cut = 0
    resumed = download(query, jobs_at(front.address), tmp_path / "b")
    assert resumed.received == state.received


def test_a_job_that_is_gone_is_made_again(front, jobs_at, release, tmp_path):
    query = release_query(parse("parallax > 4"), release)
    front_jobs = jobs_at(front.address)
    count = expected_rows(query, front_jobs, tmp_path / "count")
    lost = []

    with pytest.raises(KeyboardInterrupt):
        front_jobs.run(
            query.rows(), count + 1, tmp_path / "x.vot", keep=lost.append, say=stop_there
        )
    front.gone = {lost[0].rsplit("/", 1)[1]}
    table, _, url = front_jobs.run(query.rows(), count + 1, tmp_path / "x.vot", job=lost[0])
    assert table.n_rows == count
    assert url != lost[0]


def stop_there(phase, received):
    if received:
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f"SELECT source_id, distence FROM {dachs.TABLE}", "has no such column"),
        ("SELECT source_id, ra FROM nowhere.stars", "has no such table"),
        (f"SELECT source_id, FROM {dachs.TABLE}", "cannot parse the query"),
    ],
)
def test_what_the_service_refuses_is_said_in_a_sentence(tap, jobs_at, tmp_path, text, sentence):
    with pytest.raises(UserError, match=sentence) as error:
        probed_query(text, jobs_at(tap), tmp_path)
    assert "\n" not in error.value.sentence
    assert len(error.value.sentence) < 500


def test_a_wrong_column_of_a_release_is_named(tap, jobs_at, document, tmp_path):
    wrong = from_document(
        {**document, "columns": {**document["columns"], "ruwe": "rewe"}}, "the test"
    )
    with pytest.raises(UserError, match=r"has no such column.*rewe"):
        download(release_query(None, wrong), jobs_at(tap), tmp_path)


def test_a_table_that_needs_more_columns_is_refused_before_it_is_fetched(tap, jobs_at, tmp_path):
    with pytest.raises(UserError, match="lacks the columns pmra, pmdec"):
        probed_query(f"SELECT source_id, ra, dec FROM {dachs.TABLE}", jobs_at(tap), tmp_path)


def test_a_login_and_a_wrong_address_are_named(front, jobs_at, release, tmp_path):
    query = release_query(parse("parallax > 4"), release)
    front.login = True
    with pytest.raises(UserError, match="requires a login"):
        download(query, jobs_at(front.address), tmp_path / "a")
    front.login = False
    with pytest.raises(UserError, match="No TAP service at"):
        download(query, jobs_at(front.address + "/nothing"), tmp_path / "b")
    with pytest.raises(UserError, match="cannot be reached"):
        download(query, jobs_at("http://127.0.0.1:9/tap"), tmp_path / "c")


def test_a_full_disk_is_seen_before_the_start(front, jobs_at, release, tmp_path, monkeypatch):
    little = SimpleNamespace(total=1, used=1, free=10_000_000)
    monkeypatch.setattr("shutil.disk_usage", lambda _: little)
    query = release_query(None, release)
    with pytest.raises(UserError, match=r"200,000 rows need about 0\.1 GB"):
        download(query, jobs_at(front.address), tmp_path, bytes_per_row=200)
    assert front.submitted() == 0, "no job was begun"
