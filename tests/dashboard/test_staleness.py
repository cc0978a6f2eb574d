"""A map is marked as soon as it no longer belongs to what is selected."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from dashboard.session.staleness import differences, stale_sentence

SUN = (8.122, 0.0, 0.0208)
CUT = {"kind": "range", "column": "z", "min": -1.0, "max": 1.0}
SPEC = {"kind": "map", "catalogue": "disc-1", "selection": CUT, "volume": None}


@pytest.fixture
def at_run(session):
    """The session as it was when the run was started."""
    session.open_catalogue("disc-1")
    session.select(CUT)
    return session


def test_the_map_of_this_selection_is_not_marked(at_run):
    assert stale_sentence(at_run, SimpleNamespace(spec=SPEC), SUN) is None


def test_a_moved_cut_marks_the_map_and_undo_takes_the_mark_away(at_run):
    at_run.select({**CUT, "max": 1.5})
    sentence = stale_sentence(at_run, SimpleNamespace(spec=SPEC), SUN)
    assert "another selection" in sentence
    at_run.undo()
    assert stale_sentence(at_run, SimpleNamespace(spec=SPEC), SUN) is None


def test_another_way_to_write_the_same_selection_is_no_difference(at_run):
    at_run.select({"kind": "and", "of": [CUT]})
    assert differences(at_run, SPEC, SUN) == []


def test_a_moved_volume_marks_the_map(at_run):
    at_run.volume = {"centre": list(SUN), "radius": 3.0}
    assert differences(at_run, SPEC, SUN) == ["volume"]


def test_the_default_volume_stated_is_no_difference(at_run):
    at_run.volume = {"centre": list(SUN), "radius": 4.0}
    assert differences(at_run, SPEC, SUN) == []


def test_a_map_of_another_catalogue_says_so(at_run):
    at_run.open_catalogue("disc-2")
    assert "different catalogue" in stale_sentence(at_run, SimpleNamespace(spec=SPEC), SUN)


def test_without_a_run_there_is_nothing_to_mark(at_run):
    assert stale_sentence(at_run, None, SUN) is None
