"""Which streams a blind search finds: put into patches that it has searched without them.

    python benchmarks/streams_recovery.py --smooth 4 --seeds 0
    python benchmarks/streams_completeness.py --fields 3 --vary members=40,80,160 --vary width=0.5

A stream of 100 stars among 100,000 changes little of what a search learns of the others. So the
members of a stream are added to a patch without one: windows that hold three of them or more are
scored anew, with the patch's shared background as it was and coefficients from the sidebands as
they are now; the others keep their scores, whose members are left out. Then follows the chain as
ever. A trial costs a fifth of a whole search.

What is not varied is as in `LIKE`: members are stars that the catalogue shows.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from benchmarks.streams_recovery import (
    CENTRE,
    RADIUS,
    common_arguments,
    injection,
    outcome,
    prefix,
    report_of,
    scores_folder,
    searched,
    smooth_patch,
    specification,
    tell,
    visible,
    without_track,
)
from data.home import home
from data.mocks.streams.patch import WINDOW, MockPatch, draw_patch
from engine.streams.patches import Patch
from engine.streams.recovery import append_row, read_rows, rows_file
from engine.streams.scores.background import Background, prepare
from engine.streams.scores.scan import score_windows, usable_rows
from engine.streams.scores.settings import ScoreSettings
from engine.streams.search.files import StoredScores, window_name
from engine.streams.search.grid import scan_grid
from engine.streams.search.table import feature_table
from engine.streams.stars import PatchStars

VARIED = {"members": "", "width": " deg wide", "length": " deg long", "distance": " kpc",
          "speed": " km/s along the track"}  # fmt: skip
LIKE = {"members": 150.0}
FEWEST = 3
"""Members in a window from which on it is scored anew."""


@dataclass
class Field:
    """A patch without a stream whose windows are scored.

    Parameters
    ----------
    mock, stars
        The patch and its stars.
    scores
        Of each window by name.
    backgrounds
        What windows share, by coordinate and seed; made when it is asked for.
    """

    mock: MockPatch
    stars: PatchStars
    scores: dict[str, StoredScores]
    backgrounds: dict[tuple[str, int], Background]

    @classmethod
    def read(cls, stars: int, number: int, folder: Path, spec: dict[str, Any]) -> Field:
        """Give the field of a number; windows whose scores are not in the folder are scored."""
        mock = smooth_patch(stars, number)
        own, kept = searched(mock, folder, spec)
        return cls(mock, own, {window_name(one.window): one for one in kept.all_scores()}, {})

    def shared(
        self, coordinate: str, spec: Mapping[str, Any], stars: int
    ) -> dict[int, Background]:
        """Give the field's backgrounds for so many usable stars, its own the first of them."""
        table, _ = feature_table(dict(self.stars.columns), coordinate, spec["features"])
        rows = usable_rows(table, self.stars[coordinate])
        settings, made = ScoreSettings().changed(spec["scores"]), {}
        for seed in spec["seeds"]:
            if (coordinate, seed) not in self.backgrounds:
                self.backgrounds[coordinate, seed] = prepare(
                    table[rows], self.stars[coordinate][rows], settings, seed
                )
            one = self.backgrounds[coordinate, seed]
            more = stars - len(one.fold)
            fold = np.random.default_rng([seed, 61]).integers(settings.folds, size=more)
            made[seed] = replace(one, fold=np.r_[one.fold, fold])
        return made


def with_stream(field: Field, number: int, changes: Mapping[str, float]) -> MockPatch:
    """Add the members of a stream to the stars of a field, which stay as they are."""
    given = {**LIKE, **changes}
    members = int(given.pop("members"))
    alone = draw_patch(
        stars=max(1000, members), seed=number, centre=CENTRE, radius=RADIUS, members=members,
        streams=(injection(number, **given),),
    )  # fmt: skip
    own = alone.columns["stream"] > 0
    columns = {
        name: np.concatenate([values, alone.columns[name][own]])
        for name, values in field.mock.columns.items()
    }
    return MockPatch(columns, alone.streams)


def scored_again(
    field: Field, own: PatchStars, label: np.ndarray, spec: Mapping[str, Any]
) -> Iterator[StoredScores]:
    """Give the scores of all windows, of those that hold the stream from models of their own."""
    grid = {window_name(window): window for window in scan_grid(field.stars, dict(spec))}
    for coordinate in spec["coordinates"]:
        held = {
            name: window
            for name, window in grid.items()
            if window.coordinate == coordinate
            and (window.contains(own[coordinate]) & (label > 0)).sum() >= FEWEST
        }
        yield from (
            replace(field.scores[name], seconds=0.0)
            for name, window in grid.items()
            if window.coordinate == coordinate and name not in held
        )
        if not held:
            continue
        table, names = feature_table(dict(own.columns), coordinate, spec["features"])
        usable = len(usable_rows(table, own[coordinate]))
        yield from score_windows(
            table,
            names,
            own[coordinate],
            held.values(),
            method=spec["method"],
            settings=ScoreSettings().changed(spec["scores"]),
            seeds=tuple(spec["seeds"]),
            prepared=field.shared(coordinate, spec, usable),
        )


def trial(
    key: str, field: Field, number: int, changes: Mapping[str, float], spec: dict[str, Any]
) -> dict[str, Any]:
    """Search a field with a stream in it."""
    mock = with_stream(field, number, changes)
    own = PatchStars.of(Patch.at(*CENTRE, RADIUS), visible(mock))
    label = mock.columns["stream"]
    scored = list(scored_again(field, own, label, spec))
    return {
        "key": key,
        "group": group(changes),
        "smooth": False,
        "stars": len(field.stars),
        "seed": number,
        "method": spec["method"],
        "streams": [without_track(one) | share(own, label, one) for one in mock.streams],
        **outcome(scored, own, label, spec),
    }


def share(own: PatchStars, label: np.ndarray, stream: Mapping[str, Any]) -> dict[str, float]:
    """Give the share of the stars in the stream's window, `WINDOW` wide as that of a mock."""
    inside = np.abs(own["mu_lat"] - stream["pm_lambda"]) < WINDOW / 2
    return {"share_of_window": float((label > 0)[inside].mean())}


def group(changes: Mapping[str, float]) -> str:
    """Name what trials have in common."""
    given = {**LIKE, **changes}
    about = [f"{given.pop('members'):g} members"]
    return ", ".join(about + [f"{value:g}{VARIED[name]}" for name, value in given.items()])


def variations(texts: list[str]) -> list[dict[str, float]]:
    """Read ``NAME=VALUE,VALUE``, several of them one after the other."""
    found: list[dict[str, float]] = []
    for text in texts:
        name, _, values = text.partition("=")
        if name not in VARIED or not values:
            sys.exit(f"--vary takes NAME=VALUE,..., with one of {', '.join(VARIED)}")
        found += [{name: float(value)} for value in values.split(",")]
    return found or [{}]


def main() -> None:
    """Run what is missing, field by field, and print the table."""
    parser = common_arguments(__doc__.splitlines()[0], ["anode", "cathode"])
    parser.add_argument("--fields", type=int, default=3, help="patches that get each stream once")
    parser.add_argument("--vary", metavar="NAME=VALUES", action="append", default=[])
    arguments = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    folder = home(arguments.home)
    spec = specification(arguments.method, arguments.trainings)
    about = prefix(arguments)
    there = {row["key"] for row in read_rows(folder)}
    for number in [] if arguments.table else range(arguments.fields):
        todo = [
            (f"{about}added/{group(changes)}/{number}", changes)
            for changes in variations(arguments.vary)
        ]
        todo = [(key, changes) for key, changes in todo if key not in there]
        if not todo:
            continue
        smooth = f"{about}smooth/{number}"
        if smooth not in there:
            sys.exit(
                f"The patch {smooth} is not searched yet: "
                f"benchmarks/streams_recovery.py --smooth {number + 1} --seeds 0"
            )
        field = Field.read(arguments.stars, number, scores_folder(folder, smooth), spec)
        for key, changes in todo:
            row = trial(key, field, number, changes, spec)
            append_row(rows_file(folder), row)
            tell(row)
    report_of(arguments, folder)


if __name__ == "__main__":
    main()
