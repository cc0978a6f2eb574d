"""The page Streams without a browser: what it shows, says, keeps and hands on."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table

from dashboard.components.theme import figure_colours
from dashboard.export.streams import candidate_figure, members_adql, members_bytes
from dashboard.pages.streams.page import StreamsPage
from dashboard.pages.streams.table import CandidateTable, shown_rows
from dashboard.policy.streams import candidate_lines, members_tree, verdict_on_p
from dashboard.services.services import Services
from dashboard.services.streams_remarks import Remark, Remarks
from dashboard.session.session import Session
from dashboard.views.streams_panels import PANELS, chord, panel_data
from dashboard.views.streams_region import RegionFigures
from dashboard.views.streams_sky import PatchMark, TrackMark, circle, sky_of_patches
from data.catalogue.store import CatalogueStore
from data.errors import UserError
from data.selection import mask, validate
from engine.streams.search.reading import read_search
from tests.dashboard.conftest import OneAtATime
from tests.dashboard.synthetic_streams import make_patch, make_search


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """A home with a finished search, its run and its catalogue."""
    home = tmp_path_factory.mktemp("searched")
    catalogue = make_patch(home, stars=6_000, members=160)
    return home, make_search(home, catalogue, draws=20), catalogue


@pytest.fixture
def page(searched):
    services = Services(searched[0])
    services.executor.shutdown()
    services.executor = OneAtATime(1)
    services.runs.look()
    services.catalogues.look()
    session = Session(services)
    made = StreamsPage(services, session)
    made.view()
    made.on_show()
    yield made
    services.close()


def test_the_best_candidate_is_on_the_screen_and_is_the_hidden_stream(page, searched):
    shown = page._candidate_view._shown
    assert shown is not None
    assert shown.line is not None
    _, run, catalogue = searched
    (state,) = read_search(run.path).patches
    label = catalogue.column("stream")[state.folder.stars()["row"]]
    assert np.mean(label[shown.index[shown.line.members]] == 1) > 0.6
    assert len(page._table.rows) == len(page._found.candidates())
    assert page._detail.visible
    assert not page._empty.visible


def test_the_form_says_what_a_search_takes_and_what_cannot_be(page, searched):
    page.session.catalogue = searched[2].id
    page.on_show()
    once = page._starter._cost.object
    assert re.search(r"\*\*About .* for \d+ windows in one patch with [\d,]+ stars", once)
    page._starter._null.value = 99
    assert page._starter._cost.object != once  # a hundred times as long
    page._starter._patches.value = "nowhere"
    assert "nowhere" in page._starter._cost.object
    assert not page.session.notices.column.objects  # said where it is, not on top of the page
    page._starter._patches.value = ""
    assert "one patch" in page._starter._cost.object
    page._starter._width.value, page._starter._step.value = 0.1, 0.1
    assert "No window" in page._starter._cost.object
    assert page._starter._start.disabled
    page._starter._width.value = 6.0
    assert not page._starter._start.disabled


def test_the_search_of_a_run_that_is_asked_for_is_shown_until_another_is_chosen(tmp_path):
    catalogue = make_patch(tmp_path, stars=3_000, members=90)
    runs = [make_search(tmp_path, catalogue, draws=5, order=n) for n in (1, 2)]
    services = Services(tmp_path)
    services.executor.shutdown()
    services.executor = OneAtATime(1)
    session = Session(services)
    page = StreamsPage(services, session)
    page.view()
    for run in (*runs, runs[0]):
        session.run = run.id  # as Runs does, which opens results
        page.on_show()
        assert page._choice.group.runs[0].id == run.id
        assert page._found.runs[0][0].id == run.id
    page._choice.choose(runs[1].id)
    make_search(tmp_path, catalogue, draws=5, order=3)  # the list has changed
    page.on_show()
    assert page._choice.group.runs[0].id == runs[1].id
    services.close()


def test_the_search_s_own_cuts_give_the_line_of_the_search_again(page):
    row = page._candidate_view._row
    line = page._candidate_view._shown.line
    same = [one for one in page._found.lines()
            if (one["low"], one["other_low"]) == (row["low"], row["other_low"])]  # fmt: skip
    assert line.sigma == pytest.approx(same[0]["sigma"])
    assert np.degrees(line.theta) == pytest.approx(same[0]["theta"])


def test_a_slider_acts_on_the_stored_scores(page):
    view = page._candidate_view
    before = view._shown
    view._sliders.top.value = 40
    assert len(view._shown.index) == 40
    assert view._shown.threshold > before.threshold
    assert set(view._shown.index) < set(before.index)
    view._sliders._faint.value = 18.0
    stars = page._found.patches[0].folder.stars()
    assert stars["g"][view._shown.index].max() < 18.0
    view._sliders._on["faint"].value = False
    assert stars["g"][view._shown.index].max() > 18.0


def test_too_few_stars_are_said_and_no_line_is_drawn(page):
    view = page._candidate_view
    view._sliders._faint.value = 16.0
    view._sliders._colour.value = (-0.5, -0.45)
    assert view._shown.line is None
    assert "fewer than 10" in view._said.object
    with pytest.raises(UserError, match="No line"):
        view._explore()


def test_its_stars_go_to_explore_as_a_selection_that_is_kept(page, searched):
    home, _, catalogue = searched
    view = page._candidate_view
    members = view._members()
    view._explore()
    session = page.session
    assert session.page == "explore"
    assert session.catalogue == catalogue.id
    kept = mask(session.selection, catalogue)
    rows = page._found.patches[0].folder.stars()["row"][members]
    np.testing.assert_array_equal(np.flatnonzero(kept), np.sort(rows))
    kept_names = [one.name for one in session.acts.selections.list()[0]]
    assert any(name.startswith("Candidate 1") for name in kept_names)
    assert (Path(home) / "selections").is_dir()


def test_stars_of_a_deleted_catalogue_do_not_become_those_of_another(page, monkeypatch):
    def gone(name):
        raise UserError(f"Catalogue {name} not found.")

    monkeypatch.setattr(page.services.catalogues, "open", gone)
    before = page.session.selection
    with pytest.raises(UserError, match="not found"):
        page._candidate_view._explore()
    assert page.session.selection == before


def test_a_verdict_is_kept_with_its_note_and_shown_in_the_table(page, searched):
    _, run, _ = searched
    view = page._candidate_view
    view._verdict.value, view._note.value = "keep", "looks <b>real</b>"
    view._remark()
    assert Remarks(run.path).all()[view._row["key"]].note == "looks <b>real</b>"
    assert page._table.rows[0]["verdict"] == "kept ✎"
    assert "kept ✎" in page._table._table.object
    view._verdict.value, view._note.value = "", ""
    view._remark()
    assert Remarks(run.path).all() == {}


def test_remarks_survive_a_damaged_file_and_refuse_a_novel(tmp_path):
    remarks = Remarks(tmp_path)
    remarks.put("a", "reject", "no")
    assert remarks.all()["a"].verdict == "reject"
    (tmp_path / "remarks.json").write_text("{")
    assert remarks.all() == {}
    with pytest.raises(UserError, match="characters"):
        remarks.put("a", "", "x" * 3_000)
    assert Remark().verdict == ""


@pytest.mark.parametrize(
    ("suffix", "form"), [("vot", "votable"), ("fits", "fits"), ("csv", "csv")]
)
def test_members_are_the_same_in_every_format(searched, suffix, form):
    _, run, _ = searched
    found = read_search(run.path)
    content = members_bytes(found, [1], suffix)
    table = Table.read(io.BytesIO(content), format={"csv": "ascii.csv"}.get(form, form))
    state, members = found.members(1)
    np.testing.assert_array_equal(table["source_id"], state.folder.stars()["source_id"][members])
    np.testing.assert_allclose(table["ra"], state.folder.stars()["ra"][members])
    if suffix != "csv":
        assert str(table["pmra"].unit) == "mas / yr"
    with pytest.raises(UserError, match=r"\.doc"):
        members_bytes(found, [1], "doc")
    with pytest.raises(UserError, match="no candidate"):
        members_bytes(found, [99], suffix)


def test_adql_has_every_digit_of_an_identifier():
    text = members_adql(np.array([1635721458409799680, 1635721458409799681]))
    assert "1635721458409799680, 1635721458409799681" in text
    with pytest.raises(UserError):
        members_adql(np.array([], dtype=np.int64))


def test_the_figure_of_a_candidate_is_a_pdf(page):
    stream = io.BytesIO()
    candidate_figure(page._candidate_view._shown.picture, "C $1$", "σ_L < 3", stream, "pdf")
    assert stream.getvalue().startswith(b"%PDF")


def test_panels_keep_their_sources_and_hold_the_members(page):
    view = page._candidate_view
    picture = view._shown.picture
    for name in PANELS:
        _, parts, top = panel_data(name, picture)
        assert top > 0
        if name != "hough":
            members = parts["members"]["x"]
            assert len(members) == view._shown.line.stars
    figures = RegionFigures({**dict.fromkeys(
        ("background", "frame", "text", "muted", "grid", "accent", "series", "truth"), "#333333"
    )}, dark=False)  # fmt: skip
    before = {name: id(figure) for name, figure in figures.figures.items()}
    figures.update(picture)
    assert before == {name: id(figure) for name, figure in figures.figures.items()}


def test_the_dark_and_the_light_page_show_the_same_numbers(page):
    before = page._candidate_view._shown
    page.session.dark = not page.session.dark
    assert page._candidate_view._shown is before


def test_another_theme_paints_the_figures_and_puts_none_in_their_place(page):
    view, session = page._candidate_view, page.session
    figures = dict(view._figures.figures)
    seen = {}
    for dark in (True, False):
        session.dark = dark
        colours = figure_colours(dark=dark)
        assert view._figures.figures == figures
        assert all(pane.object is figures[name] for name, pane in view._panes.items())
        for figure in figures.values():
            assert figure.background_fill_color == colours["background"]
        discs = figures["sky"].renderers[-1].glyph
        assert (discs.fill_color, discs.line_color) == (colours["accent"], colours["background"])
        seen[dark] = figures["hough"].renderers[0].glyph.color_mapper.palette
    assert seen[True] != seen[False]


def test_a_search_that_goes_on_shows_its_lines_and_no_candidates(tmp_path, searched):
    catalogue = make_patch(tmp_path, stars=4_000, members=120)
    run = make_search(tmp_path, catalogue, done=False, scored=2)
    found = read_search(run.path)
    assert found.about()["scored"] == 2
    assert found.candidates() == []
    assert found.lines()
    assert np.isfinite(found.patches[0].best)


def test_words_about_p_say_what_it_rests_on():
    row = {"p": 2e-4, "p_low": 1e-4, "p_high": 4e-4, "p_basis": "scores"}
    assert "given the scores only" in verdict_on_p(row)
    assert "permutation" in verdict_on_p({**row, "p_basis": "before training"})
    assert verdict_on_p({"p": None}) == "not known"
    told = dict(candidate_lines({"sigma": 6.0, "stars": 20, "background": None, "theta": None}))
    assert told["Stars on the line"] == "20"
    assert "Line" not in told


def test_the_table_sorts_with_what_is_missing_last():
    rows = shown_rows(
        [
            {"candidate": 1, "patch": "a", "sigma": 5.0, "stars": 20, "p": 1e-5},
            {"candidate": 2, "patch": "b", "sigma": 9.0, "stars": 10, "p": None},
            {"candidate": 3, "patch": "<b>", "sigma": 7.0, "stars": 30, "p": 1e-7,
             "known_name": "GD-1", "known_known": True},
        ],
        {},
    )  # fmt: skip
    table = CandidateTable(lambda number: None)
    table.show(rows, 1)

    def order():
        return [int(n) for n in re.findall(r"<tr[^>]*><td[^>]*>(\d+)</td>", table._table.object)]

    assert order() == [3, 1, 2]
    table.sort.value = "σ_L, largest first"
    assert order() == [2, 3, 1]
    table.sort.value = "Known as"
    assert order()[0] == 3
    assert "<b>" not in table._table.object


def test_a_chosen_candidate_is_shown():
    told = []
    table = CandidateTable(told.append)
    rows = shown_rows([{"candidate": n, "patch": "a", "sigma": 5.0} for n in (1, 2)], {})
    table.show(rows, 1)
    assert told == []
    table.select.value = 2
    assert told == [2]


def test_members_as_a_selection_are_exactly_these_stars(searched):
    home, _, catalogue = searched
    stored = CatalogueStore(home).open(catalogue.id)
    ids = stored.column("source_id")[[3, 50, 777]]
    tree = validate(members_tree(ids, "three"))
    np.testing.assert_array_equal(np.flatnonzero(mask(tree, stored)), [3, 50, 777])


def test_geometry_of_lines_and_circles():
    ends = chord(0.6, 2.0, 10.0)
    np.testing.assert_allclose(np.hypot(*ends.T), 10.0)
    np.testing.assert_allclose(ends[:, 0] * np.sin(0.6) - ends[:, 1] * np.cos(0.6), 2.0)
    lon, lat = (np.radians(a) for a in circle(350.0, 80.0, 15.0))
    centre = np.radians([350.0, 80.0])
    cosine = np.sin(lat) * np.sin(centre[1]) + np.cos(lat) * np.cos(centre[1]) * np.cos(
        lon - centre[0]
    )
    np.testing.assert_allclose(np.degrees(np.arccos(cosine)), 15.0)


def test_the_sky_has_as_many_layers_with_candidates_as_without():
    colours = dict.fromkeys(
        ("background", "frame", "text", "muted", "grid", "accent", "series", "truth"), "#333333"
    )
    lon, lat = np.linspace(170.0, 190.0, 9), np.linspace(-5.0, 5.0, 9)  # across the map's edge
    tracks = [TrackMark("a", lon, lat, known=True), TrackMark("1", lon, lat, chosen=True)]
    patch = PatchMark("p", 180.0, 40.0, 10.0, 0.5, float("nan"))
    empty = sky_of_patches([], [], colours, dark=True)
    full = sky_of_patches([patch], tracks, colours, dark=True)
    assert [type(layer) for layer in empty] == [type(layer) for layer in full]
    for layer in list(full)[3:]:
        for piece in layer.split():
            assert np.abs(np.diff(piece.dimension_values(0))).max(initial=0.0) < 1.5
