"""Commands that make a new version of a catalogue: join, revise."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from dashboard.cli.output import Output, pairs
from dashboard.cli.progress import ProgressLine
from dashboard.cli.store import parse_pairs
from data.catalogue.store import CatalogueStore
from data.home import home

__all__ = ["join", "revise"]


def join(arguments: Namespace, output: Output) -> int:
    """Join the columns of a table to a catalogue."""
    from data.catalogue.joining import join as join_table

    folder = home(arguments.home)
    with ProgressLine() as progress:
        joined = join_table(
            CatalogueStore(folder).open(arguments.catalogue),
            Path(arguments.file),
            folder,
            key=arguments.key,
            columns=parse_pairs("--column", arguments.column),
            units=parse_pairs("--unit", arguments.unit),
            distance=arguments.distance,
            zero_point=True if arguments.zero_point else None,
            name=arguments.name,
            table=arguments.table,
            progress=progress,
        )
    told = joined.summary()
    words = told | {"remarks": [r["sentence"] for r in told["remarks"]] or "none"}
    output.result(told, pairs(words))
    return 0


def revise(arguments: Namespace, output: Output) -> int:
    """Change the distances or the zero point of a catalogue."""
    from data.catalogue.revision import revise as revise_catalogue
    from data.catalogue.summaries import in_words, summary

    folder = home(arguments.home)
    corrected = True if arguments.zero_point else False if arguments.no_zero_point else None
    with ProgressLine() as progress:
        catalogue = revise_catalogue(
            CatalogueStore(folder).open(arguments.catalogue),
            folder,
            distance=arguments.distance,
            zero_point=corrected,
            name=arguments.name,
            progress=progress,
        )
    told = summary(catalogue)
    output.result(told, pairs(in_words(told)))
    return 0
