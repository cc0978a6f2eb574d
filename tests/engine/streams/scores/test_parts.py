"""The parts that scores are made of, each against truth."""

import numpy as np
import torch
from scipy import stats
from sklearn.metrics import roc_auc_score

from engine.streams.scores.calibrate import quadratic_weights
from engine.streams.scores.classify import log_odds
from engine.streams.scores.network import Problem, network_odds
from engine.streams.scores.quality import area_under_curve, improvement, purity
from engine.streams.scores.ranks import RankNormal
from engine.streams.scores.reference import fold_numbers, fold_split, resampled
from engine.streams.scores.settings import ScoreSettings
from engine.streams.scores.support import Support
from engine.streams.scores.tilt import fit_heads, hats


def turning_box(stars: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw from a box in (m, u) that turns with a place p: features (p, u), m, and the truth."""
    rng = np.random.default_rng(seed)
    p, m, u = rng.uniform(-1, 1, stars), rng.uniform(-4, 4, stars), rng.uniform(-4, 4, stars)
    angle = 0.6 + 0.4 * p
    a, b = m * np.cos(angle) + u * np.sin(angle), u * np.cos(angle) - m * np.sin(angle)
    return np.stack([p, u], 1), m, (np.abs(a) < 2.5) & (np.abs(b) < 2)


def test_support_follows_slanted_edges_that_turn() -> None:
    """No star lies outside; what is inside exceeds the true box by a rim alone."""
    features, m, inside = turning_box(30_000, 0)
    support = Support.fit(features[inside], m[inside])
    assert support.contains(features[inside], m[inside]).all()
    others, other_m, truth = turning_box(20_000, 1)
    found = support.contains(others, other_m)
    assert (truth & ~found).sum() < 0.01 * truth.sum()
    assert (found & ~truth).sum() < 0.10 * truth.sum()
    # A bounding rectangle in (m, u) would take in far more.
    box = (np.abs(others[:, 1]) < np.abs(features[inside, 1]).max()) & (
        np.abs(other_m) < np.abs(m[inside]).max()
    )
    assert (box & ~truth).sum() > 0.5 * truth.sum()


def test_ranks_are_normal_and_go_back() -> None:
    """Uniform, heavy-tailed and rounded features become standard normal; the map inverts."""
    rng = np.random.default_rng(2)
    values = np.stack(
        [
            rng.uniform(-7, 3, 20_000),
            rng.standard_t(2, 20_000),
            rng.normal(18, 1, 20_000).round(2),
        ],
        1,
    )
    ranks = RankNormal.fit(values)
    z = ranks.forward(values)
    for column in z.T:
        assert stats.kstest(column, "norm").statistic < 0.02
    assert np.abs(ranks.inverse(z) - values).max() < 1e-6 * np.ptp(values, 0).max()
    assert (np.diff(ranks.knots, axis=1) > 0).all()


def test_folds_share_nothing() -> None:
    """Models of a fold learn from none of its stars, and are judged by other ones still."""
    fold = fold_numbers(1003, 5, 3)
    assert np.ptp(np.bincount(fold)) <= 1
    split = fold_split(fold, 5, 3)
    again = resampled(split, np.linspace(0.1, 1, 1003), 3)
    for k in range(5):
        for one in (split, again):
            learn, held = (set(part[k].tolist()) for part in (one.train, one.validation))
            assert not learn & held
            assert not (fold[list(learn | held)] == k).any()


def test_resampling_follows_weights() -> None:
    """A star of three times the weight is drawn three times as often."""
    fold = np.arange(20_000) % 2
    weight = np.where(np.arange(20_000) % 4 < 2, 1.0, 3.0)
    rows = resampled(fold_split(fold, 2, 0), weight, 0).train.numpy()
    heavy = (rows % 4 >= 2).mean()
    assert abs(heavy - 0.75) < 0.01


def test_hats_interpolate() -> None:
    """Hat functions reproduce a line and sum to one."""
    nodes = torch.tensor([-2.0, -0.5, 0.0, 3.0])
    m = torch.linspace(-2, 3, 50)
    basis = hats(m, nodes)
    torch.testing.assert_close(basis.sum(-1), torch.ones(50))
    torch.testing.assert_close(basis @ nodes, m)


def test_heads_pass_through_a_window_that_was_left_out() -> None:
    """x ~ N(m/2, 1) against N(0, 1): the tilt is x m/2 - m^2/8, also between the sidebands."""
    rng = np.random.default_rng(4)
    m = rng.uniform(-2, 2, 60_000)
    keep = np.abs(m) > 0.7
    m = m[keep]
    x = rng.normal(0.5 * m, 1)
    ref_m, ref = rng.permutation(m), rng.normal(size=len(m))
    both_m = torch.from_numpy(np.r_[m, ref_m].astype(np.float32))
    both = torch.from_numpy(np.r_[x, ref].astype(np.float32))
    is_star = torch.cat([torch.ones(len(m)), torch.zeros(len(m))])
    theta = fit_heads(
        torch.stack([both, both**2], 1),
        both_m,
        torch.ones(len(both)),
        is_star,
        torch.linspace(-2, 2, 9),
        order=2,
        ridge=1.0,
    )
    expected = torch.tensor([[0.0, 0.5, 0.0], [0.0, 0.0, 0.0]])
    assert (theta - expected).abs().max() < 0.05


def test_calibration_mends_a_slope_and_leaves_a_bump() -> None:
    """Factors undo a tilted background; a narrow bump of 5% of the stars moves them little."""
    rng = np.random.default_rng(6)
    points = rng.normal(size=(40_000, 2))
    smooth = rng.normal([0.3, 0.0], 1, (10_000, 2))
    bump = rng.normal([-1, 1], 0.1, (500, 2))
    factor = quadratic_weights(np.concatenate([smooth, bump]), points, np.ones(len(points)))
    mean = np.average(points[:, 0], weights=factor)
    assert abs(mean - (0.3 * 10_000 - 500) / 10_500) < 0.02
    truth = np.exp(0.3 * points[:, 0] - 0.045)
    here = np.hypot(points[:, 0] + 1, points[:, 1] - 1) < 0.2
    assert (factor / truth)[here].mean() < 1.25  # the bump itself is an excess of many times


def test_figures_of_merit_by_brute_force() -> None:
    """Area under the curve with ties, improvement with its floor, purity."""
    rng = np.random.default_rng(5)
    signal = rng.random(600) < 0.2
    score = np.round(rng.normal(size=600) + signal, 1)
    assert np.isclose(area_under_curve(score, signal), roc_auc_score(signal, score))
    best = max(
        (signal & (score >= cut)).sum() / signal.sum()
        / np.sqrt((~signal & (score >= cut)).sum() / (~signal).sum())
        for cut in np.unique(score)
        if (~signal & (score >= cut)).sum() >= 10
    )  # fmt: skip
    assert np.isclose(improvement(score, signal), best)
    assert purity(signal.astype(float), signal, 50) == 1.0
    # No information: cutting at chance gains nothing.
    assert improvement(np.zeros(600), signal) == 1.0


def test_settings_from_text() -> None:
    """Settings come as words of the command line."""
    made = ScoreSettings().changed(
        {"folds": "3", "support": "false", "flow_epochs": "2", "sideband": "1.5"}
    )
    assert (made.folds, made.support, made.training.epochs, made.sideband) == (3, False, 2, 1.5)


def test_leaves_are_smaller_in_windows_of_few_stars() -> None:
    """A hundred stars of a clump stand out, though a leaf should hold three times as many."""
    rng = np.random.default_rng(3)
    settings = ScoreSettings()
    stars, field = rng.normal(0, 0.3, (100, 2)), rng.uniform(-3, 3, (200, 2))
    assert len(stars) + len(field) <= settings.min_leaf
    odds = log_odds(
        stars, field, np.ones(200), np.array([[0.0, 0.0], [2.5, -2.5]]), settings, seed=0
    )
    assert odds[0] > odds[1] + 1


def two_normals(rng: np.random.Generator, stars: int) -> tuple[Problem, np.ndarray]:
    """Make stars ~ N(0, 1) on a background ~ N(0, 1.2), the latter of two weights; ln R asked."""
    background = rng.normal(0, 1.2, (4 * stars, 2))
    asked = rng.normal(0, 1, (500, 2))
    truth = 2 * np.log(1.2) - 0.5 * (asked**2).sum(1) * (1 - 1 / 1.44)
    return Problem(rng.normal(size=(stars, 2)), background, np.full(4 * stars, 7.0), asked), truth


def test_networks_of_all_folds_give_the_ratio_of_two_normals() -> None:
    """Every fold finds the known ratio, also with rows that differ in number."""
    rng = np.random.default_rng(8)
    made = [two_normals(rng, stars) for stars in (3000, 3050)]
    settings = ScoreSettings(network_steps=1500)
    for odds, (_, truth) in zip(
        network_odds([problem for problem, _ in made], settings, 0), made, strict=True
    ):
        assert odds.shape == truth.shape
        assert np.corrcoef(odds, truth)[0, 1] > 0.9
        assert abs((odds - truth).mean()) < 0.1


def test_a_network_is_not_moved_by_those_beside_it() -> None:
    """A fold has the scores that it has alone: networks share the steps, and no star."""
    rng = np.random.default_rng(9)
    problems = [two_normals(rng, 400)[0] for _ in range(3)]
    settings, told = ScoreSettings(epochs=2), []
    together = network_odds(problems, settings, 0, told.append)
    assert told == [0.5, 1.0]
    for problem, odds in zip(problems, together, strict=True):
        np.testing.assert_allclose(network_odds([problem], settings, 0)[0], odds, atol=1e-3)
