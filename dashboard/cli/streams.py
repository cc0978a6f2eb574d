"""Commands on the search for streams: scan, lines, candidates."""

from __future__ import annotations

import time
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.cli.following import follow
from dashboard.cli.forecast import Forecast
from dashboard.cli.maps import find_catalogue
from dashboard.cli.output import Output, table
from dashboard.cli.scheduling import executor
from dashboard.cli.store import parse_pairs
from dashboard.policy.funnel import seconds_in_words
from data.catalogue.store import CatalogueStore
from data.errors import UserError
from data.home import home
from data.selection import read_selection
from engine.runs import launch, open_run, submit, wait

if TYPE_CHECKING:
    from engine.streams.search.reading import Found

__all__ = ["candidates", "lines", "scan"]


def scan(arguments: Namespace, output: Output) -> int:
    """Start a search, and wait for it on request."""
    folder = home(arguments.home)
    settings = parse_pairs("--set", arguments.settings)
    selection = read_selection(arguments.select) if arguments.select else None
    catalogue, brought_in = find_catalogue(arguments.catalogue, folder)
    seeds = list(range(arguments.seed, arguments.seed + arguments.seeds))
    both = ["mu_lat", "mu_lon"]
    spec: dict[str, Any] = {
        "kind": "streams",
        "catalogue": catalogue,
        "selection": selection,
        "patches": _patches(arguments.patches),
        "method": arguments.method,
        "features": arguments.features.split(",") if arguments.features else None,
        "width": arguments.width,
        "step": arguments.step,
        "coordinates": both if arguments.coordinate == "both" else [arguments.coordinate],
        "seeds": seeds,
        "permutations": arguments.permutations,
        "threads": arguments.threads,
        **_split_settings(settings),
    }
    began = time.time()
    forecast = Forecast(output, "one idle core")
    try:
        if arguments.apart:
            return _apart(arguments, spec, folder, output, forecast)
        record = submit(
            folder,
            spec,
            executor(arguments),
            reuse=not arguments.again,
            on_estimate=forecast,
        )
    except UserError:
        if brought_in:  # a refused search leaves the store as it was
            CatalogueStore(folder).delete(catalogue)
        raise
    if arguments.wait:
        return follow(folder, record.id, output, forecast.fields())
    there = (
        " This search already exists; use --again to repeat it." if record.created < began else ""
    )
    seconds = float(str(record.needs.get("seconds", 0.0)))
    takes = "" if there else f" Estimated time: {seconds_in_words(seconds)} on one core."
    output.result(
        {"run": record.id, "state": str(record.state), **forecast.fields()},
        f"Run {record.id} is {record.state}.{there}{takes}\n"
        f"`via-obscura streams candidates {record.id}` lists the candidates so far.",
    )
    return 0


def lines(arguments: Namespace, output: Output) -> int:
    """List the best lines of a search, one for each region."""
    found = _search(arguments.run, home(arguments.home))
    rows = found.lines()[: arguments.top]
    told = {**found.about(), "lines": rows}
    shown = [{key: _short(value) for key, value in row.items()} for row in rows]
    output.result(told, _text(found.about(), shown, "No lines yet: no window has been scored."))
    return 0


def candidates(arguments: Namespace, output: Output) -> int:
    """List the candidates of a search."""
    found = _search(arguments.run, home(arguments.home))
    rows = found.candidates()
    if arguments.max_p is not None:
        rows = [row for row in rows if row["p"] is not None and row["p"] <= arguments.max_p]
    told: dict[str, object] = {**found.about(), "candidates": rows}
    written = ""
    if arguments.members:
        from dashboard.export.streams import write_members

        chosen = [row["candidate"] for row in rows]
        if arguments.candidate is not None:
            chosen = [arguments.candidate]
        path = Path(arguments.members).expanduser()
        many = write_members(found, chosen, path)
        told["members"] = {"file": str(path), "rows": many}
        written = f"\n{many:,} stars written to {path}."
    shown = [{key: _short(row[key]) for key in _COLUMNS if key in row} for row in rows]
    for row, every in zip(shown, rows, strict=True):
        if not every.get("known_known"):  # only near it
            row["known_name"] = ""
    output.result(told, _text(found.about(), shown, "No candidates.") + written)
    return 0


_COLUMNS = (
    "candidate", "patch", "sigma", "p", "p_kind", "p_basis", "stars", "background", "stability",
    "coordinate", "low", "high", "faint_fraction", "edge", "accepted", "known_name",
)  # fmt: skip


def _apart(
    arguments: Namespace,
    spec: dict[str, Any],
    folder: Path,
    output: Output,
    forecast: Forecast,
) -> int:
    """Start a run for each patch."""
    from engine.streams.search.sweep import submit_patches

    wait_for = arguments.wait
    sweep = submit_patches(folder, spec, executor(arguments), on_estimate=forecast)
    records = [wait(open_run(folder, r.id)) if wait_for else r for r in sweep.runs]
    rows = [
        {"patch": str(record.spec["patches"][0]["name"]), "run": record.id,  # type: ignore[index]
         "state": str(record.state)}
        for record in records
    ]  # fmt: skip
    output.result(
        {"group": sweep.name, "runs": rows, **forecast.fields()},
        f"Search {sweep.name}\n{table(rows, 'No patches.')}\n"
        f"`via-obscura streams candidates {sweep.name}` lists the candidates so far.",
    )
    return 0 if not wait_for or all(record.ended_well for record in records) else 1


def _search(name: str, folder: Path) -> Found:
    """Read a search by its run, by the name of its runs together, or a catalogue's newest."""
    from engine.streams.search.reading import read_search
    from engine.streams.search.sweep import find_groups

    records = launch.list_runs(folder)
    run = next((record for record in records if record.id == name), None)
    if run is not None:
        if run.kind != "streams":
            raise UserError(f"Run {name} is not a stream search.")
        return read_search(open_run(folder, name).path)
    groups = find_groups(records)
    chosen = next((group for group in groups if group.name == name), None)
    if chosen is None:
        catalogue = CatalogueStore(folder).open(name).id
        chosen = next((group for group in groups if group.runs[0].catalogue == catalogue), None)
    if chosen is None:
        raise UserError(
            f"The catalogue {name} has not been searched.",
            f"Start a search with `via-obscura streams scan {name}`.",
        )
    return read_search(*(open_run(folder, run.id).path for run in chosen.runs))


def _patches(words: list[str] | None) -> object:
    if not words:
        return None
    return "all" if words == ["all"] else words


def _split_settings(settings: dict[str, str]) -> dict[str, dict[str, str]]:
    """Tell the settings of the search from those of the scores."""
    from data.declared import field_rows
    from engine.streams.settings import SearchSettings

    known = {row.name for row in field_rows(SearchSettings)}
    return {
        "search": {name: value for name, value in settings.items() if name in known},
        "scores": {name: value for name, value in settings.items() if name not in known},
    }


def _text(about: dict[str, object], rows: list[dict[str, Any]], empty: str) -> str:
    head = (
        f"Run {about['run']} is {about['state']}: {about['scored']} of {about['windows']} windows "
        f"in {about['patches']} {'patch' if about['patches'] == 1 else 'patches'} are scored."
    )
    return f"{head}\n{table(rows, empty)}"


def _short(value: object) -> object:
    return float(f"{value:.3g}") if isinstance(value, float) else value
