"""Scoring of all stars in each window of a scan: one interface for every method."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from data.errors import UserError
from engine.streams.scores.background import Background, prepare
from engine.streams.scores.methods import score_once
from engine.streams.scores.settings import METHODS, ScoreSettings
from engine.streams.scores.task import WindowTask
from engine.streams.windows import Window

__all__ = ["WindowScores", "score_windows", "usable_rows"]

Floats = NDArray[np.float64]
Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class WindowScores:
    """What a window gave.

    Parameters
    ----------
    window
        The window.
    index
        (n,) rows of the table: stars of the window with all features finite.
    log_r, log_r_sd
        (n,) mean over the seeds of ln R = ln p_data/p_background, and their standard deviation
        (0 for one seed).
    n_seeds
        Number of seeds.
    by_seed
        (n_seeds, n) ln R of every seed.
    reason
        Why the window was passed over (all arrays are empty then); empty for a scored window.
    seconds
        Of the processor.
    """

    window: Window
    index: NDArray[np.int64]
    log_r: Floats
    log_r_sd: Floats
    n_seeds: int
    by_seed: Floats
    reason: str = ""
    seconds: float = field(default=0.0, compare=False)


def usable_rows(features: ArrayLike, coordinate: ArrayLike) -> NDArray[np.int64]:
    """Give the rows at which every feature (N, F) and the coordinate (N,) are finite."""
    table = np.column_stack([np.asarray(features, float), np.asarray(coordinate, float)])
    return np.flatnonzero(np.isfinite(table).all(1))


def score_windows(
    features: ArrayLike,
    names: Sequence[str],
    coordinate: ArrayLike,
    windows: Iterable[Window],
    *,
    method: str = "cathode",
    settings: ScoreSettings | None = None,
    seeds: Sequence[int] = (0,),
    background: ArrayLike | None = None,
    prepared: Mapping[int, Background] | None = None,
    on_progress: Progress = lambda _part, _text: None,
) -> Iterator[WindowScores]:
    """Score the stars of every window, out of fold, once for each seed.

    A window's scores depend on the table, the settings and the seeds, not on which other
    windows are asked for: a scan that was stopped goes on with the windows that are missing.

    Parameters
    ----------
    features
        (N, F) in any units; stars where one is missing are left out.
    names
        F names of the features, for messages.
    coordinate
        (N,) what the windows cut.
    windows
        Which to score.
    method
        ``anode``, ``cathode``, ``cwola`` or ``ideal``.
    settings, seeds
        How; every seed starts, deals folds and draws anew.
    background
        (N,) bool, for ``ideal`` alone: stars known to be background.
    prepared
        Shared backgrounds by seed, made by ``prepare`` on the usable rows; the missing ones are
        made here.
    on_progress
        Called with the finished part and a text; an exception that it raises ends the scan.

    Raises
    ------
    UserError
        For an unknown method, unequal lengths, constant features or too few stars.
    """
    chosen = settings or ScoreSettings()
    values, m = np.asarray(features, np.float64), np.asarray(coordinate, np.float64)
    known = None if background is None else np.asarray(background, bool)
    _check(values, names, m, method, seeds, known)
    rows = usable_rows(values, m)
    values, m = values[rows], m[rows]
    known = None if known is None else known[rows]
    _check_stars(values, names, chosen)
    todo = list(windows)
    shared = dict(prepared or {})
    needs = method in ("anode", "cathode") and chosen.recipe == "shared"
    total = len(todo) * len(seeds) + (len(seeds) if needs else 0)
    done = 0.0
    for window in todo:
        inside = window.contains(m)
        reason = _reason(inside, method, chosen)
        index = np.flatnonzero(inside)
        started, scores = time.process_time(), []
        for seed in seeds:
            if reason:
                done += 1
                continue
            text = f"{method}, {window}, seed {seed}"

            def tell(part: float, text: str = text) -> None:
                on_progress(min(1.0, (done + part) / total), text)  # noqa: B023

            if needs and seed not in shared:
                shared[seed] = prepare(values, m, chosen, seed, tell)
                done += 1
            task = WindowTask(values, m, window, chosen, seed, tell)
            scores.append(score_once(method, task, shared.get(seed), known))
            done += 1
        on_progress(min(1.0, done / max(total, 1)), str(window))
        by_seed = np.array(scores).reshape(len(scores), len(index) if scores else 0)
        several = by_seed if len(by_seed) else np.zeros((1, 0))
        yield WindowScores(
            window=window,
            index=rows[index] if scores else rows[:0],
            log_r=several.mean(0),
            log_r_sd=several.std(0, ddof=1) if len(several) > 1 else np.zeros(several.shape[1]),
            n_seeds=len(scores),
            by_seed=by_seed,
            reason=reason,
            seconds=time.process_time() - started,
        )


def _check(
    values: Floats,
    names: Sequence[str],
    m: Floats,
    method: str,
    seeds: Sequence[int],
    known: NDArray[np.bool_] | None,
) -> None:
    if method not in METHODS:
        raise UserError(f"Unknown method {method!r}.", f"Choose {', '.join(METHODS)}.")
    if not len(seeds) or len(set(seeds)) != len(seeds):
        raise UserError("Seeds must be given without repetition.", "Use, for example, 0 1 2 3 4.")
    if values.ndim != 2 or values.shape != (len(m), len(names)) or not len(names):
        raise UserError(
            f"Features of shape {values.shape} do not match {len(names)} names, {len(m)} stars.",
            "Give one row per star and one column per name.",
        )
    if len(set(names)) != len(names):
        raise UserError("A feature is listed twice.", "List each feature once.")
    if method == "ideal" and known is None:
        raise UserError(
            "The idealised detector needs labelled background stars.",
            "Give a column of labels, or choose another method.",
        )
    if known is not None and known.shape != m.shape:
        raise UserError("There must be one label for each star.")


def _check_stars(values: Floats, names: Sequence[str], settings: ScoreSettings) -> None:
    least = settings.min_window + settings.min_sideband
    if len(values) < least:
        raise UserError(
            f"Only {len(values):,} stars have values of all of {', '.join(names)}.",
            f"A scan needs at least {least:,}: choose features available for more stars.",
        )
    for name, column in zip(names, values.T, strict=True):
        if column.min() == column.max():
            raise UserError(
                f"The feature {name} is {column[0]:g} for every star.", "Leave it out."
            )


def _reason(inside: NDArray[np.bool_], method: str, settings: ScoreSettings) -> str:
    """Say why a window cannot be scored."""
    count, rest = int(inside.sum()), int((~inside).sum())
    if count < settings.min_window:
        return f"{count} stars in the window, fewer than {settings.min_window}"
    if method != "ideal" and rest < settings.min_sideband:
        return f"{rest} stars outside of the window, fewer than {settings.min_sideband}"
    return ""
