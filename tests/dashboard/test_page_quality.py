"""The page Quality: what it counts against brute force, what it makes of the selection."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.table import Table

from dashboard.pages.quality.artefacts import failing
from dashboard.pages.quality.page import QualityPage
from dashboard.services.completeness import Question, assess, complete_cut, with_cut
from dashboard.services.rasters import RasterCache
from data.errors import UserError
from data.selection import mask, parse
from tests.dashboard.measured import make_measured

QUESTION = Question("grvs_mag", 13.0, 3.0)


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    return make_measured(tmp_path_factory.mktemp("measured"), 12_000)


def test_what_the_limit_keeps_is_counted(measured):
    answer = assess(RasterCache(), measured, None, QUESTION)
    d = measured.column("distance").astype(float)
    m = measured.column("grvs_mag") - 5 * np.log10(d) - 10
    near = d <= 3.0
    assert answer.absolute == pytest.approx(13.0 - 5 * np.log10(300.0))
    assert answer.selected == near.sum()
    bound = near & (m <= answer.absolute)
    assert abs(answer.kept - bound.sum()) <= 2  # single precision at the bound
    for panel in answer.before[1:]:
        assert panel.selected.sum() == answer.selected
    for before, after in zip(answer.before, answer.after, strict=True):
        assert after.selected.sum() <= before.selected.sum()
        assert (after.everything == before.selected).all()
    assert answer.complete_after.lowest == 1.0
    assert answer.complete_before.lowest < 0.9


def test_extinction_moves_the_limit_and_the_map(tmp_path):
    from data.catalogue.ingest import ingest_arrays
    from tests.dashboard.measured import measured_columns

    columns = measured_columns(12_000)
    columns["ag_gspphot"] = np.full(12_000, 0.8)
    dusty = ingest_arrays(columns, tmp_path, name="d", kind="astrometry", provenance={})
    clear = assess(RasterCache(), dusty, None, QUESTION)
    dust = assess(RasterCache(), dusty, None, Question("grvs_mag", 13.0, 3.0, "ag_gspphot"))
    # what is seen through 0.8 mag is brighter by as much: the same stars, the same share
    assert dust.kept == pytest.approx(
        np.sum(mask(parse(f"grvs_mag - 5 * log10(distance) - 10.8 <= {clear.absolute:.4f}"
                          " and distance <= 3"), dusty)), abs=2)  # fmt: skip
    np.testing.assert_allclose(dust.complete_before.extinction, 0.8, atol=1e-6)
    assert dust.complete_before.mean == pytest.approx(clear.complete_before.mean, abs=0.02)


def test_the_cut_takes_the_place_of_an_earlier_one(measured):
    tree = with_cut(parse("ruwe < 1.4"), QUESTION)
    assert tree["of"][-1] == complete_cut(QUESTION)
    other = Question("grvs_mag", 12.5, 2.0)
    again = with_cut(tree, other)
    assert [cut.get("name") for cut in again["of"]] == [None, "complete to 2 kpc, G_RVS < 12.5"]
    before = assess(RasterCache(), measured, tree, other)
    assert before.selected == mask(parse("ruwe < 1.4 and distance <= 2"), measured).sum()


def test_a_question_without_an_answer_is_a_sentence(measured):
    with pytest.raises(UserError, match="too few"):
        assess(RasterCache(), measured, None, Question("grvs_mag", 3.0, 3.0))
    with pytest.raises(UserError, match="no star"):
        assess(RasterCache(), measured, parse("nothing"), QUESTION)


def test_stars_that_artefacts_take_out(measured):
    tree = parse("bp_rp > 0.5")
    selected, out = failing(RasterCache(), measured, tree)
    kept = measured.column("bp_rp") > 0.5
    assert selected == kept.sum()
    assert out["signal in the RVS"] == np.sum(
        kept & ~(measured.column("rv_expected_sig_to_noise") >= 5)
    )
    assert 0 < out["signal in the RVS"] < selected


@pytest.fixture
def quality(services, session, wait):
    make_measured(services.home, 6_000)
    services.catalogues.look()
    page = QualityPage(services, session)
    page.view().get_root()
    session.page = "quality"
    session.open_catalogue(services.catalogues.open("measured").id)
    page.on_show()
    wait(lambda: not page._latest.working and page._completeness._answer is not None)
    return page


def test_keeping_the_stars_edits_the_selection_and_the_volume(quality, session, wait):
    tool = quality._completeness
    tool._distance.view.value = "2.5"
    wait(lambda: tool._answer.question.distance == 2.5)
    kept = tool._answer.kept
    tool._keep()
    assert session.selection["name"].startswith("complete to 2.5 kpc")
    assert session.volume["radius"] == 2.5
    wait(lambda: not quality._latest.working)
    near = mask({"kind": "and", "of": [session.selection, parse("distance <= 2.5")]},
                quality._catalogue)  # fmt: skip
    assert near.sum() == kept
    session.undo()
    assert session.selection is None


def test_a_switch_is_a_cut_and_follows_the_selection(quality, session, wait):
    switch = quality._artefacts._switches["signal in the RVS"]
    switch.value = True
    assert session.selection["name"] == "signal in the RVS"
    session.undo()
    assert not switch.value
    wait(lambda: not quality._latest.working)


def test_the_zero_point_makes_a_version_and_keeps_the_selection(quality, session, services, wait):
    session.select(parse("ruwe < 1.3"))
    versions = quality._versions
    versions._zero_point.value = True
    assert not versions._revise.disabled
    versions._begin_revise()
    old = session.catalogue

    def done():
        quality.refresh()
        return session.catalogue != old

    wait(done)
    new = services.catalogues.open(session.catalogue)
    assert new.has("parallax_zero_point")
    assert session.selection == parse("ruwe < 1.3")
    assert versions._zero_point.value
    assert versions._revise.disabled


def test_a_joined_table_says_what_it_met(quality, session, tmp_path, wait):
    ids = quality._catalogue.column("source_id")[:100]
    Table({"source_id": ids, "feh": np.zeros(100)}).write(tmp_path / "metals.fits")
    quality._versions._path.value = str(tmp_path / "metals.fits")
    quality._versions._begin_join()
    old = session.catalogue

    def done():
        quality.refresh()
        return session.catalogue != old

    wait(done)
    told = session.notices.column.objects[-1].object
    assert "100 stars matched, 5,900 unmatched" in told
