"""The windows of a patch, scored one coordinate after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from engine.streams.scores.scan import score_windows
from engine.streams.scores.settings import ScoreSettings
from engine.streams.search.table import feature_table
from engine.streams.stars import PatchStars
from engine.streams.windows import Window

__all__ = ["score_patch"]


def score_patch(
    stars: PatchStars,
    grid: list[Window],
    spec: Mapping[str, Any],
    on_progress: Callable[[float, str], None] = lambda part, text: None,
) -> Iterator[Any]:
    """Score windows, one coordinate after the other.

    Parameters
    ----------
    stars
        Of a patch.
    grid
        The windows that are wanted.
    spec
        Of a search.
    on_progress
        Called with the part of this grid that is done and a word; it may raise to stop.

    Yields
    ------
    The scores of a window, as they come.
    """
    done = 0
    for coordinate in spec["coordinates"]:
        todo = [window for window in grid if window.coordinate == coordinate]
        if not todo:
            continue
        features, names = feature_table(dict(stars.columns), coordinate, spec["features"])

        def told(part: float, text: str, begun: int = done, many: int = len(todo)) -> None:
            on_progress((begun + part * many) / len(grid), text)

        yield from score_windows(
            features,
            names,
            stars[coordinate],
            todo,
            method=spec["method"],
            settings=ScoreSettings().changed(spec["scores"]),
            seeds=tuple(spec["seeds"]),
            on_progress=told,
        )
        done += len(todo)
