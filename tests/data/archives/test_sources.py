"""Services, releases, queries, states and sentences, without any server."""

from __future__ import annotations

import io
import json
from itertools import pairwise

import pytest
import requests

from data.archives.complaints import understood
from data.archives.fetch import _parts, check_disk
from data.archives.polite import Patience, PoliteSession
from data.archives.queries import free_query, release_query
from data.archives.releases import RELEASES, find_release, from_document
from data.archives.services import SERVICES, find_service
from data.archives.state import Download, Piece
from data.catalogue.schema import CORRELATIONS, ERRORS, REQUIRED
from data.errors import UserError
from data.selection import parse

COLUMNS = {name: name for name in ("source_id", *REQUIRED["astrometry"])}


def test_services_by_name_and_address():
    assert find_service("ESA").url == "https://gea.esac.esa.int/tap-server/tap"
    assert find_service("https://dc.g-vo.org/tap/").name == "gavo"
    assert find_service("http://localhost:8080/tap/sync?x=1").url == "http://localhost:8080/tap"
    assert {service.release for service in SERVICES.values()} <= set(RELEASES)


@pytest.mark.parametrize(
    "text", ["", "esac", "ftp://x.org/tap", "http://", "file:///etc/passwd", "http://a b/tap",
             "http://[::1", "https://me:pw@x.org/tap", "http://x.org:99999/tap"],
)  # fmt: skip
def test_what_is_no_service_is_refused(text):
    with pytest.raises(UserError):
        find_service(text)


def test_the_columns_for_a_covariance_come_with_gaia():
    wanted = {f"{a}_{b}_corr" for a, b in CORRELATIONS} | set(ERRORS)
    assert wanted <= set(find_release("gaia-dr3").columns)


def test_a_light_copy_may_lack_columns_but_not_those_that_matter():
    light = RELEASES["gaia-dr3-lite"]
    there = {*COLUMNS, "phot_g_mean_mag"}
    assert set(light.narrowed(there).columns) == there
    with pytest.raises(UserError, match="no column pmdec"):
        light.narrowed(there - {"pmdec"})
    with pytest.raises(UserError, match="has no column"):
        RELEASES["gaia-dr3"].narrowed(there)


def test_a_release_is_read_from_a_file(tmp_path):
    path = tmp_path / "dr4.json"
    path.write_text(json.dumps({"table": "a JOIN b ON a.i = b.i", "columns": COLUMNS}))
    release = find_release(str(path))
    assert (release.name, release.key) == ("dr4", "source_id")
    assert from_document(release.to_dict(), "x") == release


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        {"table": "t"},
        {"table": "t", "columns": {}},
        {"table": 3, "columns": COLUMNS},
        {"table": "t; DROP TABLE x", "columns": COLUMNS},
        {"table": "t -- x", "columns": COLUMNS},
        {"table": "t", "columns": {**COLUMNS, "ra": "ra, secret"}},
        {"table": "t", "columns": {**COLUMNS, "r a": "ra"}},
        {"table": "t", "columns": COLUMNS, "key": "1 OR 1 = 1"},
        {"table": "t", "columns": COLUMNS, "extra": 1},
    ],
)
def test_what_describes_no_release_is_refused(document):
    with pytest.raises(UserError):
        from_document(document, "the file")


def test_queries_are_cut_by_their_key():
    release = from_document({"table": "t AS g", "columns": COLUMNS, "key": "g.source_id"}, "x")
    query = release_query(parse("parallax > 1 or pmra < 2"), release)
    assert query.count(3, 9) == (
        "SELECT COUNT(*) AS n\nFROM t AS g\n"
        "WHERE (parallax > 1 OR pmra < 2) AND g.source_id BETWEEN 3 AND 9"
    )
    assert "MIN(g.source_id) AS low" in query.bounds()
    assert query.rows() == query.text
    own = free_query("SELECT a FROM b -- why not;", "a")
    assert own.rows(1, 2) == (
        "SELECT *\nFROM (\nSELECT a FROM b -- why not\n) AS stars\nWHERE a BETWEEN 1 AND 2"
    )
    assert free_query("select distinct top 5 a from b", "a").key is None


@pytest.mark.parametrize("text", ["", " ; ", "DELETE FROM x", "SELECTED", "-- SELECT"])
def test_what_is_no_query_is_refused(text):
    with pytest.raises(UserError):
        free_query(text, None)


def test_pieces_cover_the_range_once():
    piece = Piece(100, 100_000, rows=990)
    parts = _parts(piece, 100)
    assert parts[0].low == 100
    assert parts[-1].high == 100_000
    assert all(a.high + 1 == b.low for a, b in pairwise(parts))
    assert len(parts) == 12
    assert _parts(Piece(5, 5, rows=990), 100) == [Piece(5, 5, rows=990)]
    assert len(_parts(Piece(5, 6, rows=990), 100)) == 2
    assert _parts(Piece(None, None, rows=990), 100) == [Piece(None, None, rows=990)]


def test_a_state_is_found_again_and_another_query_refused(tmp_path):
    state = Download(tmp_path / "d.json", "SELECT 1", total=5)
    state.pieces = [Piece(1, 2, 3, job="http://x/1"), Piece(3, 4, 2, file="part-3.parquet")]
    state.save()
    assert Download.open(tmp_path / "d.json", "SELECT 1") == state
    assert state.received == 2
    with pytest.raises(UserError, match="different query"):
        Download.open(tmp_path / "d.json", "SELECT 2")
    (tmp_path / "d.json").write_text('{"version": 1')
    with pytest.raises(UserError, match="cannot be read"):
        Download.open(tmp_path / "d.json", "SELECT 1")


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("Query Error: Field query: No such field known: distence", "has no such column"),
        ('Cannot find the column "distence"! [l.1 c.8]', "has no such column"),
        ("Unknown table gaiadr9.x", "has no such table"),
        ("relation nowhere.x does not exist", "has no such table"),
        ("canceling statement due to statement timeout", "at its time limit"),
        ("You must log in", "requires a login"),
        ("Job exceeded disk quota", "has no space left"),
        ('Encountered "FORM". Was expecting: "FROM"', "cannot parse the query"),
        ("404 Client Error: Not Found for url: x", "No TAP service"),
        ("", "no reason was given"),
        ("<html><b>oops</b></html>", "rejected the query: oops"),
    ],
)
def test_messages_become_sentences(message, words):
    error = understood("https://x.org/tap", message)
    assert words in error.sentence
    assert "<" not in error.sentence


def test_a_service_is_asked_politely(monkeypatch):
    """A pause between requests, longer and longer waits, as long as the service asks for."""
    now, slept, answers = [0.0], [], [503, 503, 200]
    monkeypatch.setattr("time.monotonic", lambda: now[0])

    def sleep(seconds):
        slept.append(seconds)
        now[0] += seconds

    monkeypatch.setattr("time.sleep", sleep)

    def answer(self, method, url, **more):
        assert more["timeout"] == 9.0
        made = requests.Response()
        made.raw = io.BytesIO()
        made.status_code = answers.pop(0)
        made.headers["Retry-After"] = "7" if len(answers) == 2 else ""
        return made

    monkeypatch.setattr(requests.Session, "request", answer)
    said = []
    patience = Patience(attempts=3, first=2.0, pause=1.0, timeout=9.0)
    with PoliteSession(patience, say=said.append) as session:
        assert session.get("http://x.org/tap").status_code == 200
    assert said == [
        "x.org is busy: next attempt in 7 s",
        "x.org is busy: next attempt in 4 s",
    ]
    assert now[0] == pytest.approx(11.0, abs=0.5)
    assert max(slept) <= 0.2, "a request to stop is seen while it waits"


def test_too_little_room_is_a_sentence(tmp_path):
    check_disk(10, 100, tmp_path)
    with pytest.raises(UserError, match=r"2,000,000,000,000 rows need about .* GB"):
        check_disk(2_000_000_000_000, 100, tmp_path)
