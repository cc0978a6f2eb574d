"""The commands on dwarf galaxies: ``mock dwarf``, ``ingest --kind dwarf`` and ``dwarf``."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from dashboard.cli.following import follow
from dashboard.cli.output import Output, pairs
from dashboard.cli.progress import ProgressLine
from dashboard.cli.scheduling import executor
from data.catalogue.store import Catalogue, CatalogueStore
from data.errors import UserError
from data.home import home
from engine.runs import submit

__all__ = ["fit", "mock", "take_in_dwarf"]


def mock(arguments: Namespace, output: Output) -> int:
    """Make a mock dwarf galaxy."""
    from data.catalogue.ingest import summary
    from data.mocks.dwarfs.catalogue import make_dwarf

    with ProgressLine() as progress:
        catalogue = make_dwarf(
            home(arguments.home),
            stars=arguments.stars,
            seed=arguments.seed,
            halo=arguments.halo,
            r_star=arguments.tracer_radius,
            inner=arguments.tracer_slopes[0],
            outer=arguments.tracer_slopes[1],
            beta=arguments.beta,
            r_a=arguments.anisotropy_radius,
            error=arguments.error,
            foreground=arguments.foreground,
            binaries=arguments.binaries,
            distance=arguments.distance,
            name=arguments.name,
            progress=progress,
        )
    result = summary(catalogue)
    output.result(result, pairs(result))
    return 0


def fit(arguments: Namespace, output: Output) -> int:
    """Fit the dark matter of a dwarf, and wait for it if so wished."""
    folder = home(arguments.home)
    catalogue, new = _catalogue(arguments, folder)
    spec: dict[str, Any] = {
        "kind": "dwarf",
        "catalogue": catalogue,
        "beta": arguments.beta,
        "preset": arguments.preset,
        "populations": arguments.populations,
        "seed": arguments.seed,
        "threads": arguments.threads,
    }
    for name in ("min_membership", "max_error", "half_light", "core_slope"):
        if getattr(arguments, name) is not None:
            spec[name] = getattr(arguments, name)
    try:
        record = submit(
            folder,
            spec,
            executor(arguments),
            after=arguments.after,
            priority=arguments.priority,
            queue=arguments.queue,
            reuse=not arguments.again,
        )
    except UserError:
        if new:  # a refused fit leaves the store as it was
            CatalogueStore(folder).delete(catalogue)
        raise
    if arguments.wait:
        return follow(folder, record.id, output)
    output.result(
        {"run": record.id, "state": str(record.state)},
        f"Run {record.id} is {record.state}.\nFollow it with `via-obscura runs show {record.id}`.",
    )
    return 0


def _catalogue(arguments: Namespace, folder: Path) -> tuple[str, bool]:
    """Find a catalogue, or bring a table file in: its id, and whether it is new."""
    store, name = CatalogueStore(folder), arguments.catalogue
    if any(name in (manifest.id, manifest.name) for manifest in store.list()):
        return store.open(name).id, False
    path = Path(name).expanduser()
    if not path.is_file():
        if "/" in name or "." in name:
            raise UserError(f"File {name} not found.", "CATALOGUE is an id, a name, or a file.")
        return store.open(name).id, False
    catalogue = take_in_dwarf(path, folder, arguments)
    return catalogue.id, not catalogue.already_there


def take_in_dwarf(path: Path, folder: Path, arguments: Namespace) -> Catalogue:
    """Bring the table of a dwarf into the store.

    Raises
    ------
    UserError
        The table cannot be read, or the dwarf is not known.
    """
    from dashboard.cli.store import parse_pairs
    from data.dwarfs.local_group import Dwarf, find_dwarf
    from data.dwarfs.store import ingest_dwarf

    dwarf = find_dwarf(arguments.dwarf) if arguments.dwarf else None
    distance = arguments.dwarf_distance
    if dwarf is None and (arguments.centre or distance is not None):
        if not arguments.centre or distance is None:
            raise UserError(
                "A dwarf by hand needs its centre and its distance.",
                "Give --centre RA DEC and --dwarf-distance KPC.",
            )
        dwarf = Dwarf(path.stem, arguments.centre[0], arguments.centre[1], distance)
    columns = parse_pairs("--column", arguments.column)
    return ingest_dwarf(path, folder, dwarf=dwarf, name=arguments.name, column_map=columns)
