"""The words of the commands on streams: ``mock stream`` and ``streams ...``."""

from __future__ import annotations

from typing import Any

from dashboard.cli.options import AddCommand, add_scheduler, add_settings

__all__ = ["add_mock_stream", "add_streams"]


def add_mock_stream(kinds: Any, command: AddCommand) -> None:  # noqa: ANN401
    """Add ``mock stream``."""
    parser = command(
        kinds,
        "stream",
        "A patch of sky as Gaia sees it, with a stream whose members are known.",
        "store:mock_stream",
    )
    parser.add_argument("--stars", type=int, default=100_000, metavar="N", help="smooth stars")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    parser.add_argument("--name", help="what to call the catalogue")
    parser.add_argument(
        "--centre",
        type=float,
        nargs=2,
        default=(148.6, 24.2),
        metavar=("RA", "DEC"),
        help="centre of the patch, degrees (default: a patch that GD-1 crosses)",
    )
    parser.add_argument("--radius", type=float, default=15.0, metavar="DEG")
    parser.add_argument("--smooth", action="store_true", help="without a stream")
    size = parser.add_mutually_exclusive_group()
    size.add_argument(
        "--fraction",
        type=float,
        default=0.009,
        metavar="F",
        help="share of the stream among the stars of its window of proper motion (default: that "
        "of GD-1, 0.009)",
    )
    size.add_argument("--members", type=int, metavar="N", help="number of its stars instead")
    stream = parser.add_argument_group("the stream")
    stream.add_argument(
        "--angle", type=float, default=35.0, metavar="DEG", help="of its line in the patch"
    )
    stream.add_argument(
        "--offset", type=float, default=2.0, metavar="DEG", help="by which it misses the centre"
    )
    stream.add_argument(
        "--width", type=float, default=0.25, metavar="DEG", help="standard deviation across it"
    )
    stream.add_argument(
        "--length", type=float, metavar="DEG", help="of its track (default: through the patch)"
    )
    stream.add_argument("--distance", type=float, default=8.5, metavar="KPC")
    stream.add_argument(
        "--gradient", type=float, default=0.0, metavar="KPC/DEG", help="of the distance"
    )
    motion = stream.add_mutually_exclusive_group()
    motion.add_argument(
        "--speed",
        type=float,
        default=-200.0,
        metavar="KM/S",
        help="Galactocentric velocity along the track, from which the proper motions follow",
    )
    motion.add_argument(
        "--pm",
        type=float,
        nargs=2,
        metavar=("ALONG", "ACROSS"),
        help="proper motions along and across the track, mas/yr, instead",
    )
    stream.add_argument(
        "--dispersion", type=float, default=2.0, metavar="KM/S", help="of the velocities"
    )
    kind = stream.add_mutually_exclusive_group()
    kind.add_argument(
        "--track", metavar="FILE", help="a track of galstreams (ECSV) instead of a great circle"
    )
    kind.add_argument(
        "--spray", action="store_true", help="particles that leave a cluster on its orbit instead"
    )


def add_streams(commands: Any, command: AddCommand) -> None:  # noqa: ANN401
    """Add ``streams``."""
    from dashboard.cli.streams_score import add_score

    about = "Search for stellar streams."
    parser = commands.add_parser("streams", help=about, description=about, allow_abbrev=False)
    kinds = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    _add_scan(kinds, command)
    add_score(kinds, command)
    _add_results(kinds, command)


def _add_scan(kinds: Any, command: AddCommand) -> None:  # noqa: ANN401
    about = "Search the patches of a catalogue for streams, blindly."
    parser = command(kinds, "scan", about, "streams:scan")
    parser.add_argument("catalogue", metavar="CATALOGUE", help="an id, a name, or a table file")
    parser.add_argument(
        "--patches",
        nargs="+",
        metavar="PATCH",
        help="all, names such as l195.0b+33.7, or RA,DEC[,RADIUS] in degrees (default: one patch "
        "round the stars if they fit into it, else all that hold stars)",
    )
    parser.add_argument("--method", default="cathode", choices=["anode", "cathode", "cwola"])
    parser.add_argument("--select", metavar="FILE|TEXT", help="a selection, as for map")
    parser.add_argument(
        "--features", metavar="A,B,...", help="what scores look at (default: phi, lambda, the "
        "other proper motion, magnitude and colour, as far as there are)",
    )  # fmt: skip
    parser.add_argument("--width", type=float, default=6.0, metavar="MAS/YR", help="of a window")
    parser.add_argument("--step", type=float, default=1.0, metavar="MAS/YR", help="between two")
    parser.add_argument(
        "--coordinate",
        choices=["both", "mu_lat", "mu_lon"],
        default="both",
        help="proper motion in which windows are cut",
    )
    parser.add_argument(
        "--again", action="store_true", help="search even if the same search is already there"
    )
    parser.add_argument("--seeds", type=int, default=2, metavar="N", help="trainings a window")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="the first of them")
    parser.add_argument(
        "--permutations",
        type=int,
        default=0,
        metavar="N",
        help="searches with positions exchanged before training, for p-values that are valid "
        "without conditions; each costs as much as the search",
    )
    add_settings(parser, "change a setting of the search or of the scores; may be repeated")
    parser.add_argument(
        "--apart",
        action="store_true",
        help="a run of its own for each patch, so that a cluster does many at a time",
    )
    parser.add_argument(
        "--threads", type=int, metavar="N", help="default: every core, with --apart one"
    )
    add_scheduler(parser)
    parser.add_argument("--wait", action="store_true", help="wait for the candidates")


def _add_results(kinds: Any, command: AddCommand) -> None:  # noqa: ANN401
    lines = command(
        kinds, "lines", "List the best lines of a search, one for each region.", "streams:lines"
    )
    lines.add_argument("run", metavar="RUN|CATALOGUE", help="a search, or a catalogue's newest")
    lines.add_argument("--top", type=int, default=20, metavar="N")
    found = command(kinds, "candidates", "List the candidates of a search.", "streams:candidates")
    found.add_argument("run", metavar="RUN|CATALOGUE", help="a search, or a catalogue's newest")
    found.add_argument(
        "--members", metavar="FILE", help="write the members (.vot, .fits, .csv or .parquet)"
    )
    found.add_argument("--max-p", type=float, metavar="P", help="only those with a smaller p")
    parser = found.add_argument_group("the members of one candidate")
    parser.add_argument("--candidate", type=int, metavar="N", help="its number (default: all)")
