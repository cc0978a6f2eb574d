"""Documents that travel: short ids, files, other machines, and documents that mean harm."""

from __future__ import annotations

import json

import pytest

from dashboard.policy.session_document import LARGEST, READS, VERSION, checked
from dashboard.saved_views.opening import at_home, open_document
from dashboard.saved_views.shared import SharedViews, file_of, from_file
from dashboard.saved_views.store import SavedViews
from dashboard.services.services import Services
from dashboard.session.session import Session
from dashboard.shell import Shell
from data.errors import UserError
from tests.dashboard.stars import make_catalogue
from tests.dashboard.synthetic_runs import make_map

CUT = {"kind": "range", "column": "z", "min": -1.0, "max": 1.0}


@pytest.fixture
def document(session, catalogue):
    session.open_catalogue(catalogue.id)
    session.select(CUT)
    session.colour = "log"
    session.axes = [{"x": "R", "y": "z", "ranges": [[4.0, 12.0], [-2.0, 2.0]]}]
    return session.document()


def texts(session):
    return " ".join(alert.object for alert in session.notices.column.objects)


# --- addresses ----------------------------------------------------------------------------------


def test_the_same_screen_has_the_same_short_id(tmp_path, document):
    one, two = SharedViews(tmp_path / "a"), SharedViews(tmp_path / "b")
    first = one.add(document, "Explore")
    assert len(first.id) == 8
    assert one.add(dict(reversed(document.items()))).id == first.id
    assert two.add(document).id == first.id
    assert len(list(one.folder.iterdir())) == 1
    assert one.add({**document, "colour": "linear"}).id != first.id


def test_two_screens_whose_ids_begin_alike_are_two(tmp_path, document):
    shared = SharedViews(tmp_path)
    first = shared.add(document)
    path = shared.folder / f"{first.id}.json"
    stored = json.loads(path.read_text())
    stored["document"]["colour"] = "linear"
    path.write_text(json.dumps(stored))
    second = shared.add(document)
    assert len(second.id) == 16
    assert shared.get(second.id).document == document
    assert SavedViews(tmp_path).get(second.id).document == document


def test_a_shared_view_opens_like_a_saved_one_and_is_in_no_list(services, document):
    view = SharedViews(services.home).add(document)
    saved = SavedViews(services.home)
    assert saved.list() == ([], [])
    other = Session(services)
    open_document(saved.get(view.id).document, services, other)
    assert other.document() == document


def test_a_document_has_no_more_than_its_known_fields(tmp_path, document):
    view = SharedViews(tmp_path).add({**document, "secret": "x", "home": "/etc"})
    assert set(view.document) == {"version", *Session.FIELDS}


def test_the_button_shares_what_is_on_the_screen(services, session, document):
    shell = Shell(services, session)
    shell._share.button.param.trigger("clicks")
    (path,) = (services.home / "views" / "shared").iterdir()
    assert shell._share._address.value == f"?view={path.stem}"
    shell._share._copied(f"http://localhost/?view={path.stem}", True)
    assert "clipboard" in shell._share._note.object
    shell._share._save.param.trigger("_clicks")
    assert shell._share._save.filename == f"view-{path.stem}.json"
    session.page = "present"
    shell._share.button.param.trigger("clicks")
    assert not shell._share._here.visible
    assert "no address" in shell._share._note.object


# --- files, other machines ----------------------------------------------------------------------


def test_a_file_opens_on_another_machine_that_has_the_catalogue(tmp_path, document):
    name, content = file_of(SharedViews(tmp_path / "a").add(document, "My <b>screen</b>", "n"))
    assert name.endswith(".json")
    services = Services(tmp_path / "elsewhere")
    make_catalogue(services.home, name="another name")  # the same content
    session = Session(services)
    shell = Shell(services, session)
    shell._share._open.value = content
    (manifest,) = services.catalogues.list()
    assert session.catalogue == manifest.id
    assert session.catalogue != document["catalogue"]
    assert session.selection == CUT
    assert "is open" in texts(session)
    assert "<b>s" not in texts(session)
    services.close()


def test_a_missing_catalogue_is_told_and_nothing_is_lost(tmp_path, document):
    _, content = file_of(SharedViews(tmp_path / "a").add(document))
    services = Services(tmp_path / "empty")
    session = Session(services)
    shell = Shell(services, session)
    before = session.document()
    shell._share._open.value = content
    assert session.document() == before
    assert document["catalogue"] in texts(session).replace("&#45;", "-")
    assert "kept" in texts(session)
    # Once the table is there, the address opens.
    make_catalogue(services.home)
    (path,) = (services.home / "views" / "shared").iterdir()
    open_document(SavedViews(services.home).get(path.stem).document, services, session)
    assert session.selection == CUT
    services.close()


def test_another_catalogue_of_the_same_name_is_not_taken(tmp_path, document):
    services = Services(tmp_path / "other")
    make_catalogue(services.home, seed=99)
    session = Session(services)
    with pytest.raises(UserError, match="not on this machine"):
        open_document(document, services, session)
    assert session.catalogue is None
    services.close()


def test_a_result_is_shown_without_its_catalogue(tmp_path, services, session, document):
    make_map(services.home, order=1)
    services.runs.look()
    run = services.runs.list()[0].id
    shown = {**document, "page": "acceleration", "run": run, "catalogue": "gone-01234567"}
    open_document(shown, services, session)
    assert session.run == run
    assert session.catalogue == document["catalogue"]  # what the session had
    assert "gone-01234567" in texts(session).replace("&#45;", "-")
    with pytest.raises(UserError, match="is not on this machine"):
        open_document({**shown, "run": "20200101-000000-map-none"}, services, session)


def test_stars_are_shown_without_the_run(services, session, document):
    fitting, remarks = at_home({**document, "run": "20200101-000000-map-none"}, services)
    assert fitting["run"] is None
    assert "run" in remarks[0]


def test_another_catalogue_while_stars_are_selected(services, session, catalogue):
    """Several fields change at once; every page that is built must take that."""
    other = make_catalogue(services.home, name="second", seed=5)
    shell = Shell(services, session)
    session.open_catalogue(catalogue.id)
    for page in ("tracers", "acceleration", "explore"):
        session.page = page
    session.select(CUT)
    session.open_catalogue(other.id)
    assert session.selection is None
    assert texts(session) == ""
    document = {**session.document(), "colour": "linear", "dark": False, "selection": CUT}
    session.restore({**document, "catalogue": catalogue.id})
    assert session.selection == CUT
    assert texts(session) == ""
    assert shell._shown == "explore"


# --- undo ---------------------------------------------------------------------------------------


def test_opening_a_view_can_be_undone(session, document):
    session.select(None)
    session.restore(document)
    assert session.selection == CUT
    session.undo()
    assert session.selection is None


# --- documents that mean harm -------------------------------------------------------------------

DEEP = {"kind": "not", "of": {}}
for _ in range(300):
    DEEP = {"kind": "not", "of": DEEP}

BAD = {
    "nothing": None,
    "list": [],
    "text": "x",
    "no version": {},
    "version 0": {"version": 0},
    "later version": {"version": VERSION + 1},
    "version true": {"version": True},
    "version text": {"version": "1"},
    "selection of a wrong kind": {"version": 1, "selection": {"kind": "__import__"}},
    "selection as text": {"version": 1, "selection": "x > 1"},
    "deep selection": {"version": 1, "selection": DEEP},
    "wide selection": {"version": 1, "selection": {"kind": "or", "of": [CUT] * 3000}},
    "volume without centre": {"version": 1, "volume": {"radius": 1}},
    "infinite volume": {"version": 1, "volume": {"centre": [0, 0, float("inf")], "radius": 1}},
    "negative volume": {"version": 1, "volume": {"centre": [0, 0, 0], "radius": -1}},
    "run as path": {"version": 1, "run": "../../etc/passwd"},
    "catalogue as path": {"version": 1, "catalogue": "/etc/passwd"},
    "catalogue as number": {"version": 1, "catalogue": 7},
    "axes as text": {"version": 1, "axes": "xy"},
    "axes of numbers": {"version": 1, "axes": [{"x": 1, "y": 2}]},
    "axes without y": {"version": 1, "axes": [{"x": "R"}]},
    "a thousand panels": {"version": 1, "axes": [{"x": "R", "y": "z"}] * 1000},
    "unknown colour": {"version": 1, "colour": "pink"},
    "colour with markup": {"version": 1, "colour": "<script>"},
    "dark as text": {"version": 1, "dark": "yes"},
    "page as path": {"version": 1, "page": "../x"},
    "page as number": {"version": 1, "page": 3},
    "controls as list": {"version": 1, "controls": []},
    "deep controls": {"version": 1, "controls": {"a": {"b": {"c": {"d": {"e": 1}}}}}},
    "nan in controls": {"version": 1, "controls": {"a": float("nan")}},
    "huge control": {"version": 1, "controls": {"a": "x" * 100_000}},
    "huge": {"version": 1, "filler": "x" * (LARGEST + 1)},
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_document_is_refused_and_changes_nothing(session, catalogue, name):
    session.open_catalogue(catalogue.id)
    session.select(CUT)
    before, could = session.document(), session.history.can_go_back
    good = {"page": "tracers", "selection": None, "dark": False}
    bad = {**good, **BAD[name]} if isinstance(BAD[name], dict) else BAD[name]
    with pytest.raises(UserError) as refusal:
        session.restore(bad)
    assert session.document() == before
    assert session.history.can_go_back == could
    assert len(refusal.value.sentence) < 300


@pytest.mark.parametrize("name", [name for name in BAD if name != "unknown colour"])
def test_a_bad_file_is_refused(tmp_path, name):
    with pytest.raises(UserError):
        from_file(json.dumps({"version": 1, "document": BAD[name]}).encode())
    for content in (b"", b"\xff", b"[]", b"{", b"[" * 100_000, b'{"version": 2, "document": {}}'):
        with pytest.raises(UserError):
            from_file(content)


def test_markup_in_names_stays_text(services, session, catalogue):
    hostile = "<img src=x onerror=alert(1)>"
    document = {
        "version": 1,
        "catalogue": catalogue.id,
        "page": "explore",
        "selection": {**CUT, "name": hostile},
        "axes": [{"x": hostile, "y": "z"}],
        "controls": {hostile: hostile},
    }
    open_document(document, services, session)
    shell = Shell(services, session)
    page = shell._pages["explore"]
    assert session.selection["name"] == hostile
    assert "<img" not in page._editor._caption.object
    assert "<img" not in texts(session)
    assert {"x": hostile, "y": "z"} not in session.axes  # no such column


def test_every_version_that_is_read_is_read():
    assert READS[-1] == VERSION
    for version in READS:
        assert checked({"version": version, "dark": True, "unknown": 1}) == {"dark": True}
