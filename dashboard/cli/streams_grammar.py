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
        "A patch of sky as observed by Gaia, with a stream of labelled members.",
        "store:mock_stream",
    )
    parser.add_argument(
        "--stars", type=int, default=100_000, metavar="N", help="number of field stars"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    parser.add_argument("--name", help="name of the catalogue")
    parser.add_argument(
        "--centre",
        type=float,
        nargs=2,
        default=(148.6, 24.2),
        metavar=("RA", "DEC"),
        help="centre of the patch, degrees (default: a patch that GD-1 crosses)",
    )
    parser.add_argument("--radius", type=float, default=15.0, metavar="DEG")
    parser.add_argument("--smooth", action="store_true", help="leave the stream out")
    size = parser.add_mutually_exclusive_group()
    size.add_argument(
        "--fraction",
        type=float,
        default=0.009,
        metavar="F",
        help="fraction of stream stars in its proper-motion window (default: 0.009, as for GD-1)",
    )
    size.add_argument("--members", type=int, metavar="N", help="number of stream stars instead")
    stream = parser.add_argument_group("the stream")
    stream.add_argument(
        "--angle",
        type=float,
        default=35.0,
        metavar="DEG",
        help="position angle of the stream in the patch",
    )
    stream.add_argument(
        "--offset",
        type=float,
        default=2.0,
        metavar="DEG",
        help="offset of the stream from the centre of the patch",
    )
    stream.add_argument(
        "--width",
        type=float,
        default=0.25,
        metavar="DEG",
        help="width of the stream (standard deviation)",
    )
    stream.add_argument(
        "--length",
        type=float,
        metavar="DEG",
        help="length of the stream (default: across the patch)",
    )
    stream.add_argument("--distance", type=float, default=8.5, metavar="KPC")
    stream.add_argument(
        "--gradient",
        type=float,
        default=0.0,
        metavar="KPC/DEG",
        help="distance gradient along the stream",
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
        "--dispersion", type=float, default=2.0, metavar="KM/S", help="velocity dispersion"
    )
    kind = stream.add_mutually_exclusive_group()
    kind.add_argument(
        "--track", metavar="FILE", help="a track of galstreams (ECSV) instead of a great circle"
    )
    kind.add_argument(
        "--spray",
        action="store_true",
        help="particles released from a cluster on its orbit instead",
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
    about = "Blind search for streams in the patches of a catalogue."
    parser = command(kinds, "scan", about, "streams:scan")
    parser.add_argument("catalogue", metavar="CATALOGUE", help="an id, a name, or a table file")
    parser.add_argument(
        "--patches",
        nargs="+",
        metavar="PATCH",
        help="all, names such as l195.0b+33.7, or RA,DEC[,RADIUS] in degrees (default: one patch "
        "around the stars if they fit into it, otherwise all patches with stars)",
    )
    parser.add_argument("--method", default="cathode", choices=["anode", "cathode", "cwola"])
    parser.add_argument("--select", metavar="FILE|TEXT", help="a selection, as for map")
    parser.add_argument(
        "--features", metavar="A,B,...", help="features of the scores (default: phi, lambda, "
        "the other proper motion, and magnitude and colour if available)",
    )  # fmt: skip
    parser.add_argument(
        "--width", type=float, default=6.0, metavar="MAS/YR", help="width of the windows"
    )
    parser.add_argument(
        "--step", type=float, default=1.0, metavar="MAS/YR", help="step between windows"
    )
    parser.add_argument(
        "--coordinate",
        choices=["both", "mu_lat", "mu_lon"],
        default="both",
        help="proper motion in which the windows are defined",
    )
    parser.add_argument(
        "--again", action="store_true", help="repeat the search even if it already exists"
    )
    parser.add_argument("--seeds", type=int, default=2, metavar="N", help="trainings per window")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="first seed")
    parser.add_argument(
        "--permutations",
        type=int,
        default=0,
        metavar="N",
        help="searches with positions shuffled before training, for "
        "unconditional p-values; each costs as much as the search",
    )
    add_settings(parser, "change a setting of the search or of the scores; may be repeated")
    parser.add_argument(
        "--apart",
        action="store_true",
        help="a separate run per patch, so that a cluster can process them in parallel",
    )
    parser.add_argument(
        "--threads", type=int, metavar="N", help="default: all cores, with --apart one"
    )
    add_scheduler(parser)
    parser.add_argument("--wait", action="store_true", help="wait until the search is finished")


def _add_results(kinds: Any, command: AddCommand) -> None:  # noqa: ANN401
    lines = command(
        kinds, "lines", "List the best lines of a search, one per region.", "streams:lines"
    )
    lines.add_argument(
        "run", metavar="RUN|CATALOGUE", help="a search, or a catalogue (its latest search)"
    )
    lines.add_argument("--top", type=int, default=20, metavar="N")
    found = command(kinds, "candidates", "List the candidates of a search.", "streams:candidates")
    found.add_argument(
        "run", metavar="RUN|CATALOGUE", help="a search, or a catalogue (its latest search)"
    )
    found.add_argument(
        "--members", metavar="FILE", help="write the members (.vot, .fits, .csv or .parquet)"
    )
    found.add_argument("--max-p", type=float, metavar="P", help="maximum p")
    parser = found.add_argument_group("the members of one candidate")
    parser.add_argument("--candidate", type=int, metavar="N", help="its number (default: all)")
