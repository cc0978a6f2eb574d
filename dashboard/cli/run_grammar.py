"""The words of the commands on runs: ``map``, ``runs``, ``export``."""

from __future__ import annotations

from typing import Any

from dashboard.cli.options import AddCommand, add_place, add_scheduler, add_settings

__all__ = ["add_export", "add_map", "add_runs"]


def add_map(commands: Any, command: AddCommand) -> None:  # noqa: ANN401
    """Add ``map``."""
    about = "Train a density model on a catalogue and map the acceleration."
    parser = command(commands, "map", about, "maps:make_map")
    parser.add_argument("catalogue", metavar="CATALOGUE", help="an id, a name, or a table file")
    parser.add_argument("--preset", default="quick", help="quick, standard or paper")
    parser.add_argument(
        "--select",
        metavar="FILE|TEXT",
        help="a selection: a file, JSON, or text like 'abs(z) < 1'",
    )
    add_settings(parser, "change a setting of the preset; may be repeated")
    add_place(parser, "--centre", "centre of the volume, kpc (default: the Sun)")
    parser.add_argument("--radius", type=float, metavar="KPC", help="radius of the volume")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:N or mps")
    parser.add_argument("--threads", type=int, metavar="N", help="default: all cores")
    parser.add_argument("--wait", action="store_true", help="wait for the result")
    parser.add_argument(
        "--again", action="store_true", help="recompute the map even if it already exists"
    )
    queue = parser.add_argument_group("when and where")
    queue.add_argument(
        "--queue", action="store_true", help="wait in the queue for free cores and memory"
    )
    queue.add_argument(
        "--after",
        action="append",
        default=[],
        metavar="RUN",
        help="start when this run is finished; may be repeated",
    )
    queue.add_argument(
        "--priority", type=int, default=0, metavar="N", help="priority in the queue, highest first"
    )
    add_scheduler(queue)
    sweep = parser.add_argument_group("one map per value of a cut, a seed or another setting")
    sweep.add_argument(
        "--sweep",
        metavar="WHAT",
        help="cut with {} for the value: 'parallax_over_error > {}'; or seed, volume.centre, "
        "overrides.KEY",
    )
    sweep.add_argument(
        "--values",
        type=_value,
        nargs="+",
        default=[],
        metavar="V",
        help="numbers, positions as x,y,z, or words",
    )


def add_runs(commands: Any, command: AddCommand) -> None:  # noqa: ANN401
    """Add ``runs``."""
    parser = command(commands, "runs", "List, show and control runs.", "runs:list_all")
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    command(actions, "list", "List the runs, newest first.", "runs:list_all")
    for name, about, several in (
        ("show", "Show the whole record of a run.", False),
        ("cancel", "Stop a run.", False),
        ("resume", "Resume an unfinished run.", False),
        ("delete", "Delete runs with all their results.", True),
    ):
        action = command(actions, name, about, f"runs:{name}")
        action.add_argument("run", metavar="RUN", nargs="+" if several else None)
        if name == "resume":
            add_scheduler(action)
            action.add_argument("--wait", action="store_true", help="wait for the result")
    command(actions, "disk", "Show disk usage per run.", "runs:disk")
    about = "Delete the runs that ended without a result: failed, cancelled, interrupted."
    clean = command(actions, "clean", about, "runs:clean")
    clean.add_argument(
        "--yes", action="store_true", help="delete them; otherwise they are only listed"
    )


def add_export(commands: Any, command: AddCommand) -> None:  # noqa: ANN401
    """Add ``export``."""
    about = "Export figures and data of a finished run, or the saved views."
    parser = command(commands, "export", about, "export:export")
    parser.add_argument("run", metavar="RUN", nargs="?")
    parser.add_argument(
        "--views",
        action="store_true",
        help="the saved views instead of a run: --format pdf (one page per view) or html (slides)",
    )
    parser.add_argument(
        "--what",
        default="all",
        metavar="CUBE",
        help="acceleration, profiles, model or another cube of the run (default: all)",
    )
    parser.add_argument(
        "--format",
        action="append",
        choices=["png", "svg", "pdf", "nc", "zarr", "fits", "py", "html"],
        help="figures, data, py for a script that draws the slice, or html for views; may "
        "be repeated (default: pdf)",
    )
    parser.add_argument(
        "--to", default=".", metavar="FOLDER", help="output folder (default: the current one)"
    )
    parser.add_argument("--overwrite", action="store_true", help="overwrite existing files")
    figure = parser.add_argument_group("content of figures and scripts")
    figure.add_argument("--plane", default="x-y", help="x-y, x-z or y-z")
    figure.add_argument(
        "--at", type=float, metavar="KPC", help="position of the plane (default: the Sun)"
    )
    figure.add_argument("--quantity", default="abs", help="abs, x, y, z, R or phi")
    figure.add_argument("--unit", default="km2/s2/kpc", help="km2/s2/kpc or '1e-10 m/s2'")
    figure.add_argument("--estimator", help="default: the default estimator of the cube")
    figure.add_argument("--arrows", action="store_true", help="draw the direction in the plane")
    figure.add_argument("--untrusted", action="store_true", help="also draw flagged cells")


def _value(text: str) -> float | str | list[float]:
    """Read a value of a sweep: a number, a place, or a word."""
    try:
        if "," in text:
            return [float(part) for part in text.split(",")]
        return float(text)
    except ValueError:
        return text
