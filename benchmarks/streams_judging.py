"""What can be said of a window's scores: without labels, and by labels that no method saw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.streams.area import SkyArea
from engine.streams.lines import Line, find_lines
from engine.streams.scores.classify import log_odds
from engine.streams.scores.quality import TOP, quality
from engine.streams.scores.reference import fold_numbers
from engine.streams.scores.scan import WindowScores
from engine.streams.scores.settings import ScoreSettings
from engine.streams.stability import same_line
from engine.streams.windows import Window

__all__ = ["by_labels", "judge_window", "supervised", "text"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_LINE_STARS = 100


def line_of_top(score: Floats, x: Floats, y: Floats, area: SkyArea) -> Line:
    """Find the best line through the stars of highest score."""
    top = np.argsort(-score, kind="stable")[:_LINE_STARS]
    return find_lines(x[top], y[top], area)


def judge_window(scores: WindowScores, x: Floats, y: Floats, area: SkyArea) -> dict[str, Any]:
    """Give what a method can know of a window without labels."""
    told: dict[str, Any] = {
        "low": scores.window.low,
        "high": scores.window.high,
        "stars": len(scores.index),
        "skipped": scores.reason,
    }
    if scores.reason:
        return told
    own_x, own_y = x[scores.index], y[scores.index]
    line = line_of_top(scores.log_r, own_x, own_y, area)
    again = []
    for values in scores.by_seed:
        other = line_of_top(values, own_x, own_y, area)
        again.append(
            same_line(other.theta, other.r, line.theta, line.r, turn=np.radians(9.1), shift=1.01)
        )
    told |= {
        "sigma": float(line.sigma),
        "theta": float(np.degrees(line.theta)),
        "r": float(line.r),
        "stability": float(np.mean(again)),
        "log_r_sd": float(scores.log_r_sd.mean()),
        "seconds": scores.seconds,
    }
    told["rank"] = told["sigma"] * told["stability"]
    return told


def by_labels(by_seed: Floats, signal: Bools) -> dict[str, Any]:
    """Give the figures of merit of each seed's scores: mean and standard deviation."""
    each = [quality(values, signal) for values in by_seed]
    mean = quality(by_seed.mean(0), signal)
    figures = {"auc": [q.auc for q in each], "max_sic": [q.max_sic for q in each]}
    for k, top in enumerate(TOP):
        figures[f"purity_{top}"] = [q.purity[k] for q in each]
    several = {
        name: {"mean": float(np.mean(v)), "sd": float(np.std(v, ddof=1)) if len(v) > 1 else None}
        for name, v in figures.items()
    }
    of_mean = {"auc": mean.auc, "max_sic": mean.max_sic} | {
        f"purity_{top}": mean.purity[k] for k, top in enumerate(TOP)
    }
    return {"seeds": several, "seeds_averaged": of_mean}


def supervised(
    features: Floats, m: Floats, signal: Bools, window: Window, seeds: Sequence[int]
) -> Floats:
    """Score the stars of a window by a classifier that knows the labels, (seeds, n)."""
    inside = window.contains(m)
    stars, truth = np.column_stack([features[inside], m[inside]]), signal[inside]
    settings, scores = ScoreSettings(), np.zeros((len(seeds), len(stars)))
    for row, seed in zip(scores, seeds, strict=True):
        fold = fold_numbers(len(stars), settings.folds, seed)
        for k in range(settings.folds):
            learn, asked = fold != k, fold == k
            rest = stars[learn & ~truth]
            row[asked] = log_odds(
                stars[learn & truth], rest, np.ones(len(rest)), stars[asked], settings, seed
            )
    return scores


def text(told: dict[str, Any]) -> str:
    """Lay out the table."""
    lines = []

    def row(name: str, window: str, figures: dict[str, Any], more: str = "") -> None:
        cells = []
        for key in ("auc", "max_sic", *(f"purity_{top}" for top in TOP)):
            value = figures["seeds"][key]
            cells.append(f"{value['mean']:.3f} +- {value['sd'] or 0:.3f}")
        lines.append(f"| {name} | {window} | {' | '.join(cells)} | {more} |")

    for method, entry in told["methods"].items():
        lines.append(f"\n{method}: picked {entry['picked']}, {entry['seconds']:.0f} s")
        for one in entry["windows"]:
            mark = "*" if [one["low"], one["high"]] == entry["picked"] else " "
            if one["skipped"]:
                lines.append(f" {mark} {one['low']:g} to {one['high']:g}: {one['skipped']}")
                continue
            judged = ""
            if "seeds" in one:
                sic = one["seeds"]["max_sic"]
                judged = (
                    f", {one['labelled']} labelled, AUC {one['seeds']['auc']['mean']:.3f}, "
                    f"SIC {sic['mean']:.2f} +- {sic['sd'] or 0:.2f}, "
                    f"top 100 {one['seeds']['purity_100']['mean']:.2f}"
                )
            lines.append(
                f" {mark} {one['low']:g} to {one['high']:g}: {one['stars']} stars, line "
                f"{one['sigma']:.1f}, stability {one['stability']:.2f}{judged}"
            )
    if "references" in told:
        lines.append(
            "\n| method | window | AUC | max SIC | top 50 | top 100 | top 200 | of ideal |"
        )
        lines.append("|---|---|---|---|---|---|---|---|")
        for window, reference in told["references"].items():
            row("classifier on labels", window, reference["labels"])
            row("idealised detector", window, reference["idealised"], "1")
        for method, entry in told["methods"].items():
            low, high = entry["picked"]
            one = next(w for w in entry["windows"] if w["low"] == low)
            if "seeds" in one:
                share = entry.get("share_of_idealised")
                row(method, f"{low:g} {high:g}", one, f"{share:.2f}" if share else "")
    return "\n".join(lines)
