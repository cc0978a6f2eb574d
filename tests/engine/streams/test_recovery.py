"""Injection and recovery: who counts as found, p-values of trials, shares with intervals."""

import numpy as np
import pytest
from scipy import stats

from engine.streams.recovery import (
    append_row,
    calibrated,
    completeness,
    false_candidates,
    judge,
    read_rows,
    rows_file,
    share_of,
)


def trial(maximum, candidates=(), *, smooth=True, group="all"):
    return {
        "key": "k", "smooth": smooth, "maximum": maximum, "group": group,
        "candidates": [{"sigma": s, "is_stream": own} for s, own in candidates],
    }  # fmt: skip


def test_a_candidate_is_the_stream_when_a_third_of_it_is():
    label = np.zeros(1000, dtype=int)
    label[:40] = 1
    whole, third, few, none = judge(
        [np.arange(40), np.r_[0:10, 100:120], np.r_[0:4, 100:103], np.arange(500, 530)], label
    )
    assert (whole["purity"], whole["completeness"], whole["is_stream"]) == (1.0, 1.0, True)
    assert third["is_stream"]
    assert third["completeness"] == pytest.approx(0.25)
    assert not few["is_stream"]
    assert not none["is_stream"]
    assert judge([np.arange(10)], np.zeros(50, dtype=int))[0]["completeness"] == 0.0


def test_p_values_of_patches_without_streams_are_uniform():
    """Each is compared with the others only: the ranks of equals are uniform."""
    rng = np.random.default_rng(3)
    found = []
    for _ in range(60):
        values = stats.gumbel_r.rvs(4.0, 0.4, size=15, random_state=rng)
        rows = calibrated([trial(v, [(v, False)]) for v in values])
        found += [row["candidates"][0]["p"]["value"] for row in rows]
    assert stats.kstest(found, "uniform").statistic < 0.1  # a fifteenth is its least step
    assert np.mean(np.array(found) <= 0.2) == pytest.approx(0.2, abs=1e-9)  # the three best of 15


def test_completeness_counts_streams_below_the_limit_only():
    rng = np.random.default_rng(4)
    null = [trial(v, [(v, False)]) for v in stats.gumbel_r.rvs(4, 0.3, size=40, random_state=rng)]
    clear = [trial(12.0, [(12.0, True)], smooth=False, group="strong") for _ in range(4)]
    weak = [trial(4.5, [(4.5, True)], smooth=False, group="weak") for _ in range(3)]
    wrong = [trial(12.0, [(12.0, False), (4.0, True)], smooth=False, group="weak")]
    shares = {one.label: one for one in completeness([*null, *clear, *weak, *wrong])}
    assert (shares["strong"].hits, shares["strong"].trials) == (4, 4)
    assert (shares["weak"].hits, shares["weak"].trials) == (0, 4)
    assert false_candidates(calibrated(null)) == 0
    assert false_candidates(calibrated([*null, trial(4.0, [(12.0, False)])])) == 1


def test_few_patches_without_streams_borrow_the_form_of_the_tail():
    """Ten mocks resolve no p below a tenth; with exchanged positions beside them they do."""
    rng = np.random.default_rng(7)

    def drawn(count):
        return stats.gumbel_r.rvs(4.6, 0.35, size=count, random_state=rng)

    def with_shape(row):
        return row | {"exchanged": (drawn(100) + 0.4).tolist()}

    null = [with_shape(trial(v, [(v, False)])) for v in drawn(10)]
    stream = with_shape(trial(11.0, [(11.0, True), (5.0, False)], smooth=False))
    *_, bare = calibrated(
        [trial(float(r["maximum"])) for r in null] + [stream | {"exchanged": []}]
    )
    assert bare["candidates"][0]["p"]["kind"] == "limit"
    assert bare["candidates"][0]["p"]["value"] > 1e-3
    *_, found = calibrated([*null, stream])
    strong, weak = (one["p"] for one in found["candidates"])
    assert (strong["kind"], strong["basis"], strong["n_null"]) == ("borrowed tail", "mocks", 10)
    assert strong["value"] < 1e-3
    assert weak["value"] > 0.05
    false = 0
    for _ in range(200):
        null = [with_shape(trial(v, [(v, False)])) for v in drawn(10)]
        false += false_candidates(calibrated(null), limit=0.01)
    assert false / 2000 == pytest.approx(0.01, abs=0.008)


def test_without_patches_without_streams_nothing_is_found():
    (share,) = completeness([trial(12.0, [(12.0, True)], smooth=False)])
    assert share.hits == 0


@pytest.mark.parametrize(("hits", "trials"), [(0, 10), (3, 10), (10, 10), (1, 2)])
def test_the_interval_covers_as_it_says(hits, trials):
    one = share_of("x", hits, trials)
    assert one.low <= one.share <= one.high
    truth = np.random.default_rng(5).beta(0.5, 0.5, 20_000)
    drawn = np.random.default_rng(6).binomial(trials, truth)
    inside = (truth[drawn == hits] >= one.low) & (truth[drawn == hits] <= one.high)
    assert inside.mean() > 0.66


def test_rows_are_kept_and_a_line_that_was_cut_short_is_left_out(tmp_path):
    path = rows_file(tmp_path)
    assert read_rows(tmp_path) == []
    append_row(path, trial(4.0))
    append_row(path, {**trial(5.0), "seed": np.int64(3)})
    with path.open("a") as file:
        file.write('{"maximum": 3.0, "candi')
    assert [row["maximum"] for row in read_rows(tmp_path)] == [4.0, 5.0]
