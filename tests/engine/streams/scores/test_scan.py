"""Scores of windows: every method through the one interface."""

import numpy as np
import pytest
import torch

from data.errors import UserError
from engine.streams.scores import classify, methods, papers
from engine.streams.scores.quality import area_under_curve
from engine.streams.scores.scan import WindowScores, score_windows
from engine.streams.scores.settings import ScoreSettings
from engine.streams.windows import Window

NAMES = ["phi1", "phi2", "mu2"]
WINDOW = Window("mu1", -1.0, 1.0)
SMALL = ScoreSettings().changed(
    {
        "folds": 2, "flow_epochs": 6, "trunk_epochs": 4, "flow_hidden": 16, "flow_components": 2,
        "trunk_hidden": 16, "trunk_outputs": 8, "tree_members": 1, "trees": 40, "batch": 512,
        "epochs": 2, "template": 2.0, "min_leaf": 20, "device": "cpu", "ridge": 30.0,
    }
)  # fmt: skip


def patch(stars: int = 4000, members: int = 150) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Make a smooth patch, whose mu2 drifts with mu1, with a stream in it."""
    rng = np.random.default_rng(11)
    m = np.r_[rng.normal(0, 2, stars), rng.normal(0.2, 0.2, members)]
    p1 = rng.uniform(-10, 10, stars + members)
    p2 = np.r_[rng.uniform(-5, 5, stars), rng.normal(1, 0.3, members)]
    u = np.r_[rng.normal(0.3 * m[:stars], 2), rng.normal(-0.5, 0.3, members)]
    order = rng.permutation(stars + members)
    truth = np.arange(stars + members) >= stars
    return np.stack([p1, p2, u], 1)[order], m[order], truth[order]


def run(method: str, settings: ScoreSettings = SMALL, **more: object) -> WindowScores:
    """Score the window of the patch."""
    features, m, truth = patch()
    options: dict = {"background": ~truth if method == "ideal" else None} | more
    return next(
        score_windows(features, NAMES, m, [WINDOW], method=method, settings=settings, **options)
    )


@pytest.mark.parametrize(
    ("method", "changes", "least"),
    [
        ("cathode", {}, 0.8),
        ("cathode", {"classifier": "trees"}, 0.8),
        ("cathode", {"classifier": "network", "epochs": 20}, 0.7),
        ("anode", {}, 0.7),
        ("anode", {"numerator": "flow"}, 0.0),
        ("cwola", {}, 0.7),
        ("ideal", {}, 0.85),
        ("cathode", {"recipe": "papers"}, 0.0),
        ("anode", {"recipe": "papers"}, 0.0),  # two epochs teach nothing: form alone
    ],
)
def test_methods_find_the_stream(method: str, changes: dict, least: float) -> None:
    """Members outrank the field, for every method and recipe; all stars have finite scores."""
    settings = SMALL.changed(changes)
    scores = run(method, settings)
    _, m, truth = patch()
    assert np.array_equal(scores.index, np.flatnonzero(WINDOW.contains(m)))
    assert np.isfinite(scores.log_r).all()
    assert scores.by_seed.shape == (1, len(scores.index))
    assert area_under_curve(scores.log_r, truth[scores.index]) > least


def test_no_star_is_scored_by_a_model_that_saw_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every classifier is asked about stars that it has not learnt from."""
    trees, networks, asked_in_all = methods.log_odds, methods.network_odds, 0

    def look(stars, asked):
        nonlocal asked_in_all
        learnt = {row.tobytes() for row in stars}
        assert not any(row.tobytes() in learnt for row in asked)
        asked_in_all += len(asked)

    def watch(stars, background, weight, asked, settings, seed):
        look(stars, asked)
        return trees(stars, background, weight, asked, settings, seed)

    def watch_several(problems, settings, seed, on_progress):
        for one in problems:
            look(one.stars, one.asked)
        return networks(problems, settings, seed, on_progress)

    monkeypatch.setattr(methods, "log_odds", watch)
    monkeypatch.setattr(methods, "network_odds", watch_several)
    for method in ("cathode", "cwola", "ideal"):
        asked_in_all = 0
        scores = run(method)
        classifiers = 2 if method == "cathode" else 1  # trees and a network
        assert asked_in_all == classifiers * len(scores.index)


def test_both_classifiers_are_averaged() -> None:
    """The usual score is the mean of what trees and a network say of the same background."""
    both, trees, network = (
        run("cathode", SMALL.changed({"classifier": kind})).log_r
        for kind in ("both", "trees", "network")
    )
    np.testing.assert_allclose(both, (trees + network) / 2, atol=1e-6)
    assert np.corrcoef(trees, network)[0, 1] < 0.99


def test_a_crowded_window_takes_fewer_points_and_as_many_stars_a_leaf(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Background points are limited, to two for each star at least; leaves shrink with them."""
    true, seen = methods.log_odds, []

    def watch(stars, background, weight, asked, settings, seed):
        seen.append((len(stars), len(background), settings.min_leaf))
        return true(stars, background, weight, asked, settings, seed)

    monkeypatch.setattr(methods, "log_odds", watch)
    words = {"classifier": "trees", "template": 8.0, "min_leaf": 90}
    for most, each in ((1_000_000, 8), (1, 2)):
        seen.clear()
        run("cathode", SMALL.changed({**words, "most_template": most}))
        for stars, points, leaf in seen:
            assert points <= each * stars  # those beyond the borders are left out
            assert points > 0.8 * each * stars
            expected = 90 * (1 + points / stars) / 9
            assert leaf == pytest.approx(expected, abs=0.6)


def test_bins_keep_the_order_and_tell_apart_what_is_crowded() -> None:
    """Trees see places among the points; equal values stay equal, and none is out of range."""
    rng = np.random.default_rng(5)
    x = np.stack([rng.standard_normal(5000) ** 3, np.repeat(np.arange(10.0), 500)], 1)
    asked = np.concatenate([x[:50], [[-1e9, -1.0], [1e9, 99.0]]])
    bins, where = classify._binned(x, asked)
    assert len(np.unique(bins[:, 0])) == 255
    assert np.bincount(bins[:, 0].astype(int)).max() <= 21  # a 255th of 5,000, and a little
    order = np.argsort(x[:, 0])
    assert (np.diff(bins[order, 0]) >= 0).all()
    assert len(np.unique(bins[:, 1])) == 10
    np.testing.assert_array_equal(where[:50], bins[:50])
    assert where[50, 0] == 0
    assert where[51, 0] == 254


def test_a_window_does_not_depend_on_company() -> None:
    """The same seed gives the same numbers, whichever other windows are scored."""
    features, m, _ = patch()
    alone = run("cathode")
    both = list(
        score_windows(
            features, NAMES, m, [Window("mu1", -3, -1), WINDOW], method="cathode", settings=SMALL
        )
    )
    np.testing.assert_array_equal(alone.log_r, both[1].log_r)
    other = run("cathode", seeds=(1,))
    assert np.corrcoef(alone.log_r, other.log_r)[0, 1] < 0.999


def test_missing_values_windows_without_stars_and_stopping() -> None:
    """Stars without a feature are left out; empty windows say why; progress may stop it."""
    features, m, _ = patch()
    features[::7, 1] = np.nan
    grid = [Window("mu1", 40, 42), WINDOW]
    told: list[float] = []
    first, second = score_windows(
        features, NAMES, m, grid, method="cwola", settings=SMALL, seeds=(0, 1),
        on_progress=lambda part, _text: told.append(part),
    )  # fmt: skip
    assert "fewer than" in first.reason
    assert len(first.index) == len(first.log_r) == 0
    assert not (second.index % 7 == 0).any()
    assert second.n_seeds == 2
    np.testing.assert_allclose(second.log_r, second.by_seed.mean(0))
    np.testing.assert_allclose(second.log_r_sd, second.by_seed.std(0, ddof=1))
    assert told == sorted(told)
    assert told[-1] == 1.0

    def stop(_part: float, _text: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        next(score_windows(features, NAMES, m, [WINDOW], settings=SMALL, on_progress=stop))


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"method": "magic"}, "Unknown method"),
        ({"seeds": ()}, "Seeds"),
        ({"names": ["phi1"]}, "shape"),
        ({"names": ["phi1", "phi1", "mu2"]}, "twice"),
        ({"method": "ideal"}, "idealised"),
        ({"rows": 300}, "Only"),
        ({"constant": True}, "for every star"),
    ],
)
def test_refusals(changes: dict, word: str) -> None:
    """Bad input is refused with a sentence before anything is trained."""
    features, m, _ = patch()
    rows = changes.pop("rows", len(m))
    if changes.pop("constant", False):
        features[:, 0] = 1.0
    names = changes.pop("names", NAMES)
    with pytest.raises(UserError, match=word):
        next(score_windows(features[:rows], names, m[:rows], [WINDOW], settings=SMALL, **changes))


def test_the_papers_flows_do_not_see_how_far_out_stars_are() -> None:
    """Affine layers overflow at eighty standard deviations: coordinates end at five."""
    features, _, _ = patch()
    features[:3, 2] = [300.0, -400.0, 500.0]
    scaling = papers._Scaling.fit(features)
    z = scaling.forward(features)
    assert float(z.abs().max()) == 5.0
    inner = np.abs(features[:, 2]) < 10
    np.testing.assert_allclose(scaling.inverse(z)[inner], features[inner], rtol=1e-4, atol=1e-3)


def test_papers_flows_that_diverge_are_an_error() -> None:
    """A flow that has broken down would give all stars the same score."""
    z, t = torch.randn(600, 2), torch.zeros(600, 1)
    z[5] = torch.nan
    with pytest.raises(UserError, match="diverged in epoch 1"):
        papers._states(z, t, SMALL, 0, lambda _: None)
