"""Streams added to a patch that was searched without them: what is scored anew and what stays."""

import numpy as np
import pytest

from benchmarks import streams_completeness as benchmark
from benchmarks import streams_recovery
from benchmarks.streams_recovery import specification, visible
from engine.streams.patches import Patch
from engine.streams.stars import PatchStars

SMALL = {
    "folds": 2, "flow_epochs": 2, "trunk_epochs": 2, "flow_hidden": 16, "flow_components": 2,
    "trunk_hidden": 16, "trunk_outputs": 8, "tree_members": 1, "trees": 20, "batch": 512,
    "epochs": 2, "template": 2.0, "device": "cpu",
}  # fmt: skip
STARS = 3000


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """Search a small patch without a stream."""
    folder = tmp_path_factory.mktemp("field")
    spec = specification("cathode", 1) | {"scores": SMALL, "least": 0.2, "step": 3.0}
    return benchmark.Field.read(STARS, 0, folder, spec), spec


def test_a_stream_is_added_and_only_its_windows_are_scored_anew(searched):
    """The stars of the field stay; windows without members keep their scores, others see them."""
    field, spec = searched
    mock = benchmark.with_stream(field, 0, {"members": 60.0})
    for name, values in field.mock.columns.items():
        np.testing.assert_array_equal(mock.columns[name][:STARS], values)
    label = mock.columns["stream"]
    assert label[:STARS].max() == 0
    assert (label[STARS:] > 0).sum() == 60
    own = PatchStars.of(Patch.at(*benchmark.CENTRE, benchmark.RADIUS), visible(mock))
    again = {
        benchmark.window_name(one.window): one
        for one in benchmark.scored_again(field, own, label, spec)
    }
    assert set(again) == set(field.scores)
    anew = 0
    for name, one in again.items():
        inside = one.window.contains(own[one.window.coordinate])
        held = int((inside & (label > 0)).sum())
        before = field.scores[name]
        if held >= benchmark.FEWEST:
            anew += 1
            np.testing.assert_array_equal(one.index, np.flatnonzero(inside))
            assert np.isfinite(one.log_r).all()
        else:
            np.testing.assert_array_equal(one.index, before.index)
            np.testing.assert_array_equal(one.log_r, before.log_r)
    assert 0 < anew < len(again)


def test_what_is_scored_already_is_not_scored_again(searched, tmp_path, monkeypatch):
    """A field goes on with the windows that its folder has not."""
    field, spec = searched
    kept = streams_recovery.PatchFolder(tmp_path)
    first, *others = field.scores.values()
    for one in others:
        kept.write_scores(one)
    asked = []
    monkeypatch.setattr(
        streams_recovery, "score_patch", lambda _own, todo, _spec: asked.extend(todo) or [first]
    )
    again = benchmark.Field.read(STARS, 0, tmp_path, spec)
    assert [benchmark.window_name(one) for one in asked] == [benchmark.window_name(first.window)]
    assert set(again.scores) == set(field.scores)


def test_a_trial_is_a_row_like_those_of_whole_searches(searched):
    """Its row has what calibration and completeness read, and names its stream."""
    field, spec = searched
    row = benchmark.trial("k", field, 0, {"width": 0.5}, spec)
    assert row["group"] == "150 members, 0.5 deg wide"
    assert row["streams"][0]["injection"]["width"] == 0.5
    assert row["streams"][0]["members"] == 150
    # The share is that among the stars of the field, not of the mock that members were drawn with.
    middle = row["streams"][0]["pm_lambda"]
    beside = (np.abs(field.stars["mu_lat"] - middle) < 3).sum()
    assert row["streams"][0]["share_of_window"] == pytest.approx(150 / (150 + beside), rel=0.1)
    assert not row["smooth"]
    assert len(row["exchanged"])
    assert np.isfinite(row["maximum"])


def test_variations_are_read_one_after_the_other():
    """Several values of several names; nothing means the usual stream once."""
    assert benchmark.variations(["members=40,80", "width=1"]) == [
        {"members": 40.0}, {"members": 80.0}, {"width": 1.0}
    ]  # fmt: skip
    assert benchmark.variations([]) == [{}]
    with pytest.raises(SystemExit, match="--vary"):
        benchmark.variations(["height=3"])
