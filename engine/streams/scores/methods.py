"""One window, one seed: what each method makes of it."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from engine.streams.scores import papers
from engine.streams.scores.anode import window_log_ratio
from engine.streams.scores.background import Background
from engine.streams.scores.calibrate import quadratic_weights
from engine.streams.scores.classify import log_odds
from engine.streams.scores.network import Problem, network_odds
from engine.streams.scores.reference import fold_numbers
from engine.streams.scores.settings import ScoreSettings
from engine.streams.scores.task import WindowTask
from engine.streams.scores.window_background import WindowBackground

__all__ = ["score_once"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def score_once(
    method: str, task: WindowTask, shared: Background | None, known: Bools | None
) -> Floats:
    """Give ln R of the stars of a window, (n,), in the order of the table.

    Parameters
    ----------
    method
        See ``score_windows``.
    task
        The window.
    shared
        The background of the patch, for the shared recipe of ANODE and CATHODE.
    known
        (N,) which stars are background, for the idealised detector.
    """
    if method == "cwola":
        return _cwola(task)
    if method == "ideal":
        return _ideal(task, np.zeros(len(task.m), bool) if known is None else known)
    if shared is None:
        return papers.score(method, task)
    own = WindowBackground(shared, task.features, task.m, task.window)
    task.on_progress(0.2)
    return _anode(task, own) if method == "anode" else _cathode(task, own)


def _cathode(task: WindowTask, own: WindowBackground) -> Floats:
    """Classify stars against points of the background; both carry m, in equal distribution."""
    settings, stars = task.settings, task.stars
    fold = own.shared.fold[task.inside]
    scores = np.zeros(len(stars))
    learns = {"both": ("trees", "network")}.get(settings.classifier, (settings.classifier,))
    turns = settings.tree_members if "trees" in learns else 1
    trees = settings.changed({"classifier": "trees"})
    problems = []

    def standard(points: Floats) -> Floats:
        """Give ranks of the features, and the place in the window, (n, F + 1)."""
        ranks = own.shared.ranks.forward(points[:, :-1])
        return np.column_stack([ranks, task.place(points[:, -1])])

    for k in range(settings.folds):
        learn, asked = fold != k, fold == k
        wanted = _template_size(int(learn.sum()), settings)
        for turn in range(turns):
            seed = 97 * task.seed + turn
            drawn = own.template(k, stars[learn, -1], wanted, seed)
            points, weight = np.column_stack([drawn.features, drawn.coordinate]), drawn.weight
            if settings.calibrate:
                weight = weight * quadratic_weights(
                    standard(stars[learn]), standard(points), weight
                )
            if "trees" in learns:
                # As many stars in a leaf, whatever the number of points beside them.
                crowd = (1 + len(points) / learn.sum()) / (1 + settings.template)
                leaf = max(1, round(settings.min_leaf * min(1.0, crowd)))
                sized = trees.changed({"min_leaf": leaf})
                odds = log_odds(stars[learn], points, weight, stars[asked], sized, seed)
                scores[asked] += odds / (turns * len(learns))
        problems.append(Problem(stars[learn], points, weight, stars[asked]))
        task.on_progress(0.2 + 0.5 * (k + 1) / settings.folds)
    if "network" in learns:
        several = network_odds(
            problems, settings, 97 * task.seed, lambda part: task.on_progress(0.7 + 0.3 * part)
        )
        for k, odds in enumerate(several):
            scores[fold == k] += odds / len(learns)
    return scores


def _template_size(stars: int, settings: ScoreSettings) -> int:
    """Give the number of background points for a classifier of so many stars."""
    wanted = settings.template * stars
    return round(min(wanted, max(settings.most_template, 2 * stars)))


def _anode(task: WindowTask, own: WindowBackground) -> Floats:
    """Fit a flow to what the background leaves over, the background frozen."""
    shared, settings = own.shared, task.settings
    features, m = task.features[task.inside], task.m[task.inside]
    z = torch.from_numpy(shared.ranks.forward(features).astype(np.float32)).to(shared.pool)
    context = torch.from_numpy(task.place(m).astype(np.float32))[:, None].to(shared.pool)
    with torch.no_grad():
        log_q = shared.flow.log_prob(z.expand(settings.folds, *z.shape))
        tilt = np.stack([own.log_ratio(k, features, m) for k in range(settings.folds)])
        log_background = log_q + torch.from_numpy(tilt).to(log_q)
    return window_log_ratio(
        z,
        context,
        log_background,
        shared.fold[task.inside],
        settings,
        task.seed,
        lambda part: task.on_progress(0.2 + 0.8 * part),
    )


def _cwola(task: WindowTask) -> Floats:
    """Classify stars of the window against those beside it (Metodiev, Nachman & Thaler 2017)."""
    window, settings, m = task.window, task.settings, task.m
    width = window.width if settings.sideband is None else settings.sideband
    beside = ~task.inside & (m >= window.low - width) & (m < window.high + width)
    if beside.sum() < settings.min_sideband:
        beside = ~task.inside
    stars, others = task.features[task.inside], task.features[beside]
    fold = fold_numbers(len(stars), settings.folds, task.seed)
    scores = np.zeros(len(stars))
    for k in range(settings.folds):
        learn, asked = fold != k, fold == k
        scores[asked] = log_odds(
            stars[learn], others, np.ones(len(others)), stars[asked], settings, task.seed
        )
        task.on_progress((k + 1) / settings.folds)
    return scores


def _ideal(task: WindowTask, known: Bools) -> Floats:
    """Classify all stars of the window against those of them that are known as background."""
    settings, stars, empty = task.settings, task.stars, known[task.inside]
    fold = fold_numbers(len(stars), settings.folds, task.seed)
    scores = np.zeros(len(stars))
    for k in range(settings.folds):
        learn, asked = fold != k, fold == k
        rest = stars[learn & empty]
        scores[asked] = log_odds(
            stars[learn], rest, np.ones(len(rest)), stars[asked], settings, 97 * task.seed
        )
        task.on_progress((k + 1) / settings.folds)
    return scores
