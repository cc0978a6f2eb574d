"""The page Archives: what it asks, what it says, and that bad input is a sentence."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest

from dashboard.pages.archives import form as archives_form
from dashboard.pages.archives.form import OTHER
from dashboard.pages.archives.page import ArchivesPage
from dashboard.policy.downloads import download_line, size_in_words, source_line
from data.errors import UserError
from data.selection import parse
from engine.runs.folder.record import RunRecord, RunState


@pytest.fixture
def page(services, session):
    made = ArchivesPage(services, session)
    made.view()
    made.on_show()
    return made


@pytest.fixture
def asked(monkeypatch):
    """What the service is asked; it counts 1,234,567 stars."""
    specs = []

    def count(spec, home):
        specs.append(spec)
        return {"rows": 1_234_567, "bytes": 250_000_000, "adql": "", "left_out": []}

    monkeypatch.setattr(archives_form, "count_rows", count)
    return specs


def press(button):
    button.clicks += 1


def test_the_selection_is_shown_in_adql_and_what_it_cannot_say_is_named(page, session):
    session.select(parse("parallax > 2 and speed < 300"))
    form = page._form
    assert form._preview.value.endswith("FROM gaiadr3.gaia_source\nWHERE parallax > 2")
    assert form._cut_here.visible
    assert "speed &lt; 300" in form._cut_here.object
    assert "parallax > 2" in form._caption.object.replace("&gt;", ">")
    session.select(parse("parallax > 2"))
    assert not form._cut_here.visible


def test_the_release_follows_the_service(page):
    form = page._form
    form._service.value = "gavo"
    assert form._release.value == "gaia-dr3-lite"
    assert "FROM gaia.dr3lite" in form._preview.value
    form._service.value = "aip"
    assert form._release.value == "gaia-dr3"


def test_stars_are_counted_and_the_room_is_said(page, session, asked):
    session.select(parse("parallax > 2"))
    form = page._form
    press(form._count)
    assert "1,234,567" in form._rows.object
    assert "625.0 MB" in form._disk.object
    assert "are free" in form._disk.object
    assert form._tiles.visible
    (spec,) = asked
    assert spec["service"] == "esa"
    assert spec["selection"] == session.selection
    session.select(parse("parallax > 3"))
    assert not form._tiles.visible, "the number belongs to another selection"


def test_an_answer_that_comes_late_is_not_shown(page, session, asked, monkeypatch):
    form, waiting = page._form, []
    monkeypatch.setattr(
        session, "background", lambda work, done, failed: waiting.append((work, done, failed))
    )
    press(form._count)
    session.select(parse("parallax > 3"))
    (work, done, _), *_ = waiting
    done(work())
    assert not form._tiles.visible
    assert not form._count.loading


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"_service": OTHER, "_address": "nonsense"}, "Unknown TAP service"),
        (
            {"_service": OTHER, "_address": "https://me:secret@x.org/tap"},
            "user name or a password",
        ),
        ({"_what": "text", "_text": "DROP TABLE x"}, "does not begin with SELECT"),
        ({"_what": "text", "_text": ""}, "ADQL text is empty"),
        ({"_release": "gaia-dr9"}, "Unknown release"),
        ({"_release": "/nowhere/<b>.json"}, "cannot be read"),
    ],
)
def test_bad_input_is_a_sentence(page, session, fields, sentence):
    form = page._form
    for name, value in fields.items():
        getattr(form, name).value = value
    press(form._count)
    assert form._error.visible
    assert sentence in form._error.object
    assert "<b>.json" not in form._error.object


def test_what_the_service_says_is_escaped(page, monkeypatch):
    def refuse(spec, home):
        raise UserError("It says <script>alert(1)</script>.", "<i>Try</i>")

    monkeypatch.setattr(archives_form, "count_rows", refuse)
    press(page._form._count)
    assert "<script>" not in page._form._error.object
    assert "<i>" not in page._form._error.object
    assert not page._form._count.loading


def test_a_download_needs_a_name_and_is_then_started(page, session, monkeypatch):
    form, specs = page._form, []
    monkeypatch.setattr(session.acts, "submit", specs.append)
    session.select(parse("parallax > 2"))
    press(form._start)
    assert "needs a name" in form._error.object
    assert not specs
    form._name.value = "near"
    press(form._start)
    assert not form._error.visible
    assert specs[0]["name"] == "near"
    assert specs[0]["kind"] == "fetch"
    json.dumps(specs)


def record(state="running", **more):
    spec = {
        "kind": "fetch",
        "service": "https://gea.esac.esa.int/tap-server/tap",
        "release": {"table": "gaiadr3.gaia_source"},
        "selection": parse("parallax > 2"),
        "adql": None,
        "name": "near",
    }
    made = RunRecord("20260101-000000-fetch-abcd", "fetch", spec, created=1.0, started=1.0)
    return replace(made, state=RunState(state), **more)


def test_a_download_tells_what_it_does_and_what_came_of_it():
    now = time.time()
    line = download_line(record(progress=0.25, stage="downloading", message="part 2 of 8"), now)
    assert line == "25% · downloading · part 2 of 8"
    result = {"catalogue": "near-1", "rows": 1000, "with_6d": 400, "dropped": {"no position": 3}}
    line = download_line(record("done", result=result, ended=61.0), now)
    assert line == (
        "1,000 stars, 400 of them with position and velocity, 3 rows without a position dropped"
        " · 1 min 00 s"
    )
    assert source_line(record()).startswith("ESA Gaia Archive · gaiadr3.gaia_source · Stars with")
    assert size_in_words(2.5e9) == "2.5 GB"


def test_a_finished_download_opens_in_explore(page, session, services, catalogue, monkeypatch):
    done = record("done", result={"catalogue": catalogue.id, "rows": 5, "with_6d": 5}, ended=5.0)
    monkeypatch.setattr(services.runs, "list", lambda: [done])
    page._seen = ()
    page.refresh()
    (card,) = page._list._cards.values()
    assert card._buttons["open"].visible
    assert not card._buttons["cancel"].visible
    press(card._buttons["open"])
    assert session.catalogue == catalogue.id
    assert session.page == "explore"


def test_a_failed_download_says_why_and_can_go_on(page, services, monkeypatch):
    told = {"sentence": "The service is <b>busy</b>.", "hint": "Resume later."}
    monkeypatch.setattr(services.runs, "list", lambda: [record("failed", error=told, ended=5.0)])
    page._seen = ()
    page.refresh()
    (card,) = page._list._cards.values()
    assert card._problem.visible
    assert "<b>busy" not in card._problem.object
    assert card._buttons["resume"].visible
    assert not card._buttons["open"].visible
