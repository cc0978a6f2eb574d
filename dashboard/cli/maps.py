"""The command that makes a map."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path

from dashboard.cli.following import follow
from dashboard.cli.forecast import Forecast
from dashboard.cli.output import Output
from dashboard.cli.scheduling import executor
from dashboard.cli.store import parse_pairs, take_in
from data.catalogue.store import CatalogueStore
from data.errors import UserError
from data.home import home
from data.population.population import remarks_on
from data.readers import SUFFIXES
from data.selection import read_selection, validate
from engine.mapping.request import population_warnings
from engine.runs import open_run, submit, wait
from engine.runs.sweeps import submit_sweep

__all__ = ["find_catalogue", "make_map"]


def make_map(arguments: Namespace, output: Output) -> int:
    """Start a map, and wait for it on request."""
    folder = home(arguments.home)
    settings = parse_pairs("--set", arguments.settings)
    selection = read_selection(arguments.select) if arguments.select else None
    catalogue, brought_in = find_catalogue(arguments.catalogue, folder)
    spec: dict[str, object] = {
        "kind": "map",
        "catalogue": catalogue,
        "selection": selection,
        "volume": _volume(arguments, catalogue, folder),
        "preset": arguments.preset,
        "overrides": settings,
        "seed": arguments.seed,
        "device": arguments.device,
        "threads": arguments.threads,
    }
    began = time.time()
    forecast = Forecast(output)
    try:
        remarks = remarks_on(CatalogueStore(folder).open(catalogue), validate(selection))
        for remark in remarks:
            output.note(f"Remark: {remark.sentence}")
        if arguments.sweep is not None or arguments.values:
            return _sweep(arguments, spec, folder, output, forecast)
        record = submit(
            folder,
            spec,
            executor(arguments),
            after=arguments.after,
            priority=arguments.priority,
            queue=arguments.queue,
            reuse=not arguments.again,
            on_estimate=forecast,
        )
    except UserError:
        if brought_in:  # a refused map leaves the store as it was
            CatalogueStore(folder).delete(catalogue)
        raise
    warnings = population_warnings(record.spec, folder)
    _note_warnings(warnings, output)
    if arguments.wait:
        return follow(folder, record.id, output, forecast.fields())
    there = ""
    if record.created < began:
        there = " This map already exists; use --again to recompute it."
        if record.active and (arguments.after or arguments.priority != record.priority):
            there += f" Its place in the queue is unchanged (priority {record.priority})."
    answer: dict[str, object] = {"run": record.id, "state": str(record.state)}
    if remarks:
        answer["remarks"] = [remark.to_dict() for remark in remarks]
    if warnings:
        answer["warnings"] = warnings
    output.result(
        {**answer, **forecast.fields()},
        f"Run {record.id} is {record.state}.{there}\n"
        f"Follow it with `via-obscura runs show {record.id}`.",
    )
    return 0


def _note_warnings(warnings: Sequence[Mapping[str, str]], output: Output, label: str = "") -> None:
    """Say before a map is made why it will not be trusted."""
    for warning in warnings:
        output.note(f"warning{label and f' ({label})'}: {warning['sentence']}")


def _sweep(
    arguments: Namespace,
    spec: dict[str, object],
    folder: Path,
    output: Output,
    forecast: Forecast,
) -> int:
    """Start a map for each value of a cut, and wait for all of them on request."""
    if arguments.sweep is None or not arguments.values:
        raise UserError(
            "A sweep needs a cut and its values.",
            "Example: --sweep 'parallax_over_error > {}' --values 3 5 10.",
        )
    sweep = submit_sweep(
        folder,
        spec,
        arguments.sweep,
        arguments.values,
        executor(arguments),
        after=arguments.after,
        priority=arguments.priority,
        on_estimates=forecast.several,
    )
    told, well = [], True
    for label, (value, started) in zip(sweep.labels, sweep.runs, strict=True):
        warnings = population_warnings(started.spec, folder)
        _note_warnings(warnings, output, label)
        record = wait(open_run(folder, started.id)) if arguments.wait else started
        at_sun = (record.result or {}).get("at_sun")
        well &= not arguments.wait or record.ended_well
        told.append(
            {
                "value": value,
                "label": label,
                "run": record.id,
                "state": str(record.state),
                "at_sun": at_sun,
                "warnings": warnings,
            }
        )
        if arguments.wait:
            output.note(f"{label}: run {record.id} is {record.state}.")
    lines = [f"{row['label']:>12}  {row['run']}  {row['state']}" for row in told]
    output.result(
        {"sweep": sweep.name, "cut": sweep.cut, "runs": told, **forecast.fields()},
        "\n".join([f"Sweep {sweep.name} of {sweep.cut}", *lines]),
    )
    return 0 if well else 1


def find_catalogue(name: str, folder: Path) -> tuple[str, bool]:
    """Find a catalogue by id or name, or import a table file.

    Returns
    -------
    tuple
        The id of the catalogue, and whether it is new to the store.
    """
    store = CatalogueStore(folder)
    if any(name in (manifest.id, manifest.name) for manifest in store.list()):
        return store.open(name).id, False
    path = Path(name).expanduser()
    if _exists(path):
        catalogue = take_in(path, folder)
        return catalogue.id, not catalogue.already_there
    if "/" in name or name.lower().endswith(tuple(SUFFIXES)):
        raise UserError(f"File {name} not found.", "CATALOGUE is an id, a name, or a file.")
    return store.open(name).id, False


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # too long, or with a zero byte: no path
        return False


def _volume(arguments: Namespace, catalogue: str, folder: Path) -> dict[str, object] | None:
    """Give the requested volume, with defaults for what was not given."""
    if arguments.centre is None and arguments.radius is None:
        return None
    sun = CatalogueStore(folder).open(catalogue).manifest.sun
    volume: dict[str, object] = {"centre": list(arguments.centre or sun.position)}
    if arguments.radius is not None:
        volume["radius"] = arguments.radius
    return volume
