"""Commands on the catalogue store: mock, ingest, catalogues."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import Any

from dashboard.cli.output import Output, pairs, table
from dashboard.cli.parser import WrongUseError
from dashboard.cli.progress import ProgressLine
from data.catalogue.store import Catalogue, CatalogueStore
from data.errors import UserError
from data.home import home
from engine.runs import list_runs

__all__ = [
    "catalogues",
    "delete_catalogue",
    "ingest",
    "mock_galaxy",
    "mock_spherical",
    "mock_stream",
    "parse_pairs",
    "take_in",
]


def mock_galaxy(arguments: Namespace, output: Output) -> int:
    """Make a mock galaxy."""
    from data.mocks.galaxy import make_galaxy

    with ProgressLine() as progress:
        catalogue = make_galaxy(
            home(arguments.home),
            stars=arguments.stars,
            seed=arguments.seed,
            potential=arguments.potential,
            errors=arguments.errors,
            name=arguments.name,
            radius=arguments.radius,
            progress=progress,
            threads=arguments.threads,
        )
    _say_catalogue(catalogue, output)
    return 0


def mock_spherical(arguments: Namespace, output: Output) -> int:
    """Make a spherical mock."""
    from data.mocks.spherical_stars import make_spherical

    with ProgressLine() as progress:
        catalogue = make_spherical(
            home(arguments.home),
            stars=arguments.stars,
            seed=arguments.seed,
            halo=arguments.halo,
            r_star=arguments.tracer_radius,
            r_a=arguments.anisotropy_radius,
            name=arguments.name,
            progress=progress,
        )
    _say_catalogue(catalogue, output)
    return 0


def mock_stream(arguments: Namespace, output: Output) -> int:
    """Make a patch of sky with a stream in it, or without."""
    from data.mocks.streams.injection import Injection
    from data.mocks.streams.patch import make_stream

    injection = Injection(
        angle=arguments.angle,
        offset=arguments.offset,
        width=arguments.width,
        length=arguments.length,
        distance=arguments.distance,
        gradient=arguments.gradient,
        speed=arguments.speed,
        pm=tuple(arguments.pm) if arguments.pm else None,
        dispersion=arguments.dispersion,
        track=arguments.track,
        spray=arguments.spray,
    )
    with ProgressLine() as progress:
        catalogue = make_stream(
            home(arguments.home),
            stars=arguments.stars,
            seed=arguments.seed,
            centre=tuple(arguments.centre),
            radius=arguments.radius,
            streams=() if arguments.smooth else (injection,),
            fraction=arguments.fraction,
            members=arguments.members,
            name=arguments.name,
            progress=progress,
        )
    _say_catalogue(catalogue, output)
    return 0


def ingest(arguments: Namespace, output: Output) -> int:
    """Bring a table into the store."""
    folder = home(arguments.home)
    if arguments.kind == "dwarf":
        from dashboard.cli.dwarfs import take_in_dwarf

        catalogue = take_in_dwarf(Path(arguments.file), folder, arguments)
    else:
        catalogue = take_in(Path(arguments.file), folder, arguments)
    _say_catalogue(catalogue, output)
    return 0


def take_in(file: Path, folder: Path, options: Namespace | None = None) -> Catalogue:
    """Bring a table into the store, showing progress.

    Parameters
    ----------
    file
        The table.
    folder
        The home.
    options
        The options of ``ingest``; none of them by default.

    Raises
    ------
    UserError
        The table cannot be read or cannot be trusted.
    """
    from data.catalogue.ingest import ingest as ingest_table
    from data.frames import SolarParameters

    more: dict[str, Any] = {}
    if options is not None:
        sun = SolarParameters()
        if options.sun_position:
            sun = replace(sun, position=tuple(options.sun_position))
        if options.sun_velocity:
            sun = replace(sun, velocity=tuple(options.sun_velocity))
        more = {
            "name": options.name,
            "column_map": parse_pairs("--column", options.column),
            "units": parse_pairs("--unit", options.unit),
            "kind": options.kind,
            "distance": options.distance,
            "zero_point": options.zero_point,
            "table": options.table,
            "sun": sun,
        }
    with ProgressLine() as progress:
        return ingest_table(file, folder, progress=progress, **more)


def catalogues(arguments: Namespace, output: Output) -> int:
    """List the catalogues."""
    found = [
        {
            "catalogue": manifest.id,
            "name": manifest.name,
            "kind": manifest.kind,
            "rows": manifest.rows,
            "with_6d": manifest.with_6d,
            "created": manifest.created,
        }
        for manifest in CatalogueStore(home(arguments.home)).list()
    ]
    empty = (
        "No catalogue yet. `via-obscura mock galaxy` makes one, `via-obscura ingest FILE` "
        "brings one in."
    )
    output.result(found, table(found, empty))
    return 0


def delete_catalogue(arguments: Namespace, output: Output) -> int:
    """Delete a catalogue."""
    store = CatalogueStore(home(arguments.home))
    name = store.open(arguments.catalogue).id
    working = [r.id for r in list_runs(home(arguments.home)) if r.active and r.catalogue == name]
    if working:
        raise UserError(
            f"{name} cannot be deleted: run {working[0]} works on it.",
            f"Wait for it, or stop it with `via-obscura runs cancel {working[0]}`.",
        )
    store.delete(name)
    output.result({"deleted": [name]}, f"Deleted {name}.")
    return 0


def parse_pairs(option: str, words: list[str]) -> dict[str, str]:
    """Read the values of an option of the form KEY=VALUE.

    Raises
    ------
    WrongUseError
        A value has another form.
    """
    found = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not (key.strip() and equals and value.strip()):
            raise WrongUseError(f"{option} takes KEY=VALUE, not {word!r}.")
        found[key.strip()] = value.strip()
    return found


def _say_catalogue(catalogue: Catalogue, output: Output) -> None:
    from data.catalogue.summaries import in_words, summary

    told = summary(catalogue)
    output.result(told, pairs(in_words(told)))
