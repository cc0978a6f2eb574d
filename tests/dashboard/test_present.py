"""Saved views on the screen: saved from a page, opened, listed, and shown as slides."""

from __future__ import annotations

import json

import pytest

import dashboard.services.results
from dashboard.pages.present.figures import page_figures
from dashboard.pages.present.page import PresentPage
from dashboard.saved_views.controls import Restoring, read_controls
from dashboard.saved_views.opening import check_openable
from dashboard.saved_views.store import SavedViews
from dashboard.session.session import Session
from dashboard.shell import Shell
from data.errors import UserError
from tests.dashboard.synthetic import acceleration_at
from tests.dashboard.synthetic_runs import make_map

HOSTILE = '<img src=x onerror="alert(1)"> **b** [a](b)'


@pytest.fixture(autouse=True)
def mock(monkeypatch):
    """Let every run's catalogue be a mock whose truth is the field of the synthetic cubes."""
    monkeypatch.setattr(
        dashboard.services.results,
        "_catalogue",
        lambda *_: ("demo", lambda x: acceleration_at(*x.T).T),
    )


@pytest.fixture
def run(services):
    made = make_map(services.home, estimators=("boltzmann", "potential"))
    services.runs.look()
    return made.id


@pytest.fixture
def shell(services, session, run):
    made = Shell(services, session)
    session.go("acceleration", run=run)
    return made


def maps(shell):
    return shell._pages["acceleration"]._maps


def classes(root, name):
    return root.select(lambda part: name in (getattr(part, "css_classes", None) or []))


def changed(shell):
    """Change every control of the maps; give the document of the screen."""
    controls = maps(shell).controls
    controls.plane.value = "x-z"
    controls.index.value = 5
    controls.quantity.value = "phi"
    controls.unit.value = "1e-10 m/s2"
    controls.estimator.value = "potential"
    controls.relative.value = "absolute"
    controls.difference.value = "sigma"
    controls.arrows.value = True
    controls.show_untrusted.value = True
    return json.loads(json.dumps(shell.session.document()))


def test_the_document_holds_the_controls_of_the_page(shell):
    controls = changed(shell)["controls"]
    assert controls["vo-plane"] == "x-z"
    assert controls["vo-slice"].endswith(" kpc")
    assert controls["vo-quantity"] == "phi"
    assert controls["vo-unit"] == "1e-10 m/s2"
    assert controls["vo-estimator"] == "potential"
    assert controls["vo-relative"] == "absolute"
    assert controls["vo-difference"] == "sigma"
    assert controls["vo-arrows"] is controls["vo-show-untrusted"] is True
    assert not any("export" in name or name == "vo-run-select" for name in controls)


def test_another_session_gets_the_same_screen(services, shell, run):
    document = changed(shell)
    wanted = maps(shell)._cut
    session = Session(services)
    other = Shell(services, session)
    session.restore(document)
    other.refresh()
    cut = maps(other)._cut
    assert (cut.plane, cut.at, cut.quantity, cut.unit) == (
        wanted.plane, wanted.at, wanted.quantity, wanted.unit,
    )  # fmt: skip
    assert session.document() == document
    assert other._restoring is None


def test_the_same_view_again_takes_back_what_was_moved_since(shell):
    document = changed(shell)
    maps(shell).controls.quantity.value = "abs"
    shell.session.restore(document)
    shell.refresh()
    assert maps(shell).controls.quantity.value == "phi"


def test_a_place_on_another_grid_is_the_nearest(shell):
    view = shell._frames["acceleration"]
    Restoring({"vo-slice": "+1.234 kpc"}).step(view)
    at = float(read_controls(view)["vo-slice"].removesuffix(" kpc"))
    every = [float(label.removesuffix(" kpc")) for label in maps(shell).controls.index.options]
    assert abs(at - 1.234) == min(abs(value - 1.234) for value in every)


@pytest.mark.parametrize(
    "values",
    [
        {"vo-plane": "x-x"},
        {"vo-plane": 3, "vo-slice": None, "vo-arrows": "yes", "vo-quantity": ["abs"]},
        {"vo-nothing": 1},
        {"vo-slice": "nowhere"},
    ],
)
def test_values_that_no_control_takes_are_given_up(shell, values):
    view = shell._frames["acceleration"]
    before = read_controls(view)
    restoring = Restoring(values)
    assert any(restoring.step(view) for _ in range(100))
    assert read_controls(view) == before


def save(shell, title="A map", note=""):
    shell._save._ask(None)
    shell._save._title.value = title
    shell._save._note.value = note
    shell._save._save(None)
    (view,) = SavedViews(shell.services.home).list()[0][-1:]
    return view


def test_save_view_pins_the_run_that_is_on_the_screen(services, run):
    session = Session(services)
    shell = Shell(services, session)
    session.go("acceleration")
    assert session.run is None
    view = save(shell)
    assert view.document["run"] == run
    assert view.figure == "vo-maps"
    assert view.id in session.notices.column.objects[-1].object


def test_figures_of_a_page_are_its_sections(shell):
    found = page_figures(shell._frames["acceleration"], "acceleration")
    titles = ["Slice", "Profiles", "Diagnostics"]
    assert [figure.label for figure in found] == titles
    assert all(figure.drawn for figure in found)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"page": "acceleration", "run": "not-here"}, "run not-here of this view is not"),
        ({"page": "acceleration", "run": None}, "names no run"),
        ({"page": "explore", "catalogue": "gone-01234567"}, "catalogue 'gone-01234567'"),
        ({"page": "tracers", "catalogue": None}, "names no catalogue"),
        ({"page": "compare", "controls": {"vo-compare-a": "x"}}, "run x of this view"),
        ({"page": "present"}, "not there"),
        ({"page": 7}, "not there"),
        ({}, "not there"),
    ],
)
def test_what_is_not_on_this_machine_is_said(services, document, said):
    with pytest.raises(UserError, match=said):
        check_openable(document, services)


@pytest.fixture
def present(services, session, shell):
    first, second = save(shell, HOSTILE, HOSTILE + "\nsecond"), save(shell, "two")
    session.go("present")
    return shell._pages["present"], first, second


def titles(services):
    return [view.title for view in SavedViews(services.home).list()[0]]


def test_the_list_is_moved_changed_and_deleted(services, present):
    page, first, second = present
    cards = page._cards.objects
    assert len(cards) == 2
    page._act("down", first.id)
    assert titles(services)[0] == "two"
    (field,) = classes(page._cards.objects[0], "vo-card-title")
    field.value = "2"
    assert titles(services)[0] == "2"
    page._act("delete", second.id)
    assert page._confirm.view.open
    assert len(titles(services)) == 2
    page._confirm._go(None)
    assert titles(services) == [first.title]
    assert len(page._cards.objects) == 1


def test_opening_a_view_goes_to_its_page(session, present):
    page, first, _ = present
    page._act("open", first.id)
    assert session.page == "acceleration"


def test_a_view_of_a_run_that_is_gone_is_said_and_the_page_stays(services, session, present):
    page, first, _ = present
    document = {**first.document, "run": "gone"}
    lost = SavedViews(services.home).add("lost", "", document)
    session.guarded(page._act)("open", lost.id)
    assert session.page == "present"
    assert "not on this machine" in session.notices.column.objects[-1].object


def test_slides_are_the_views_and_the_next_is_ready(services, session, present):
    page, first, _ = present
    SavedViews(services.home).add("lost", "", {**first.document, "run": "gone"})
    page._start(0)
    stage = page.stage
    assert stage.running
    for _ in range(60):
        stage.prepare()
    assert sorted(stage._slides) == [0, 1]
    assert all(slide.done for slide in stage._slides.values())
    slide = stage._slides[0]
    assert slide._figure.key == "vo-maps"
    assert "map-" in slide._source.object
    texts = [p.object for p in slide.view.select() if isinstance(getattr(p, "object", None), str)]
    assert not any("<img" in text or "**b**" in text for text in texts)
    assert slide.view.get_root() is not None
    stage._act("next")
    assert stage.at == 1
    stage._act("last")
    assert stage.at == 2
    refused = stage._slides[2]
    assert "not on this machine" in classes(refused.view, "vo-slide-refused")[0].object
    stage._act("next")
    assert stage.at == 2
    stage._act("first")
    stage._act("previous")
    assert stage.at == 0
    assert 2 not in stage._slides
    stage._act("leave")
    assert not stage.running
    assert not stage._slides
    assert session.document()["page"] == "present"


def test_the_session_of_the_presenter_is_left_alone(session, present):
    page, _, _ = present
    before = session.document()
    page._start(0)
    for _ in range(10):
        page.stage.prepare()
    page.stage.leave()
    assert session.document() == before


def test_an_empty_list_says_how_to_fill_it(services, session):
    page = PresentPage(services, session)
    page.view()
    page.on_show()
    assert page._empty.visible
    page._start(0)
    assert not page.stage.running


def test_a_damaged_file_is_told(services, session):
    views = SavedViews(services.home)
    views.folder.mkdir()
    (views.folder / "0badf00d.json").write_text("{")
    page = PresentPage(services, session)
    page.view()
    page.on_show()
    assert "0badf00d.json" in page._damaged.object
