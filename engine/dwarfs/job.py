"""The job behind ``via-obscura dwarf``: from a catalogue to the cube of its dark matter."""

from __future__ import annotations

import time
from importlib.metadata import version
from typing import Any

from data.catalogue.store import CatalogueStore
from data.dwarfs.store import stars_of
from engine.cubes.store import write_cube
from engine.device import limit_threads
from engine.dwarfs.cube import dwarf_cube
from engine.dwarfs.fit import PRESETS, fit_dwarf
from engine.dwarfs.predictive import posterior_predictive
from engine.dwarfs.profiles import profiles
from engine.dwarfs.reasons import converged, reasons
from engine.dwarfs.request import DwarfRequest
from engine.dwarfs.sample import families_of, make_sample
from engine.dwarfs.scalars import scalars
from engine.runs.context import RunContext

__all__ = ["run_dwarf"]

_VERSIONS = ("via-obscura", "torch", "numpy", "scipy", "xarray")
_FIT_SHARE = 0.95


def run_dwarf(context: RunContext) -> dict[str, object]:
    """Fit the dark matter of a dwarf galaxy.

    Parameters
    ----------
    context
        The run; its spec is a `DwarfRequest` in its full form.

    Returns
    -------
    dict
        ``cubes`` (paths), ``scalars``, ``converged``, ``reasons``, ``families`` (weight, evidence
        and convergence of each), ``stars`` (counts), ``timing`` (s).
    """
    began = time.monotonic()
    request = DwarfRequest.parse({k: v for k, v in context.spec.items() if k != "kind"})
    limit_threads(request.threads or 1)
    catalogue = CatalogueStore(context.home).open(request.catalogue)
    sample = make_sample(stars_of(catalogue), request)
    families = families_of(request, sample.half_light)
    context.log(f"{sample.counts['stars']:,} stars within {sample.covered[1]:.3g} kpc.")

    def say(done: float, words: str) -> None:
        context.check_stop()
        context.progress(_FIT_SHARE * done, words)

    fit = fit_dwarf(
        sample.populations,
        sample.half_light,
        families,
        PRESETS[request.preset],
        request.seed,
        progress=say,
        keep=context.checkpoints,
    )
    say(1.0, "profiles")
    shown = profiles(fit)
    checks = [posterior_predictive(fit, i, request.seed) for i in range(len(sample.populations))]
    named = scalars(
        shown, sample.half_light, sample.covered[1], sample.distance, request.core_slope
    )
    named["half_light_radius"] = {"value": sample.half_light, "unit": "kpc"}
    why = reasons(fit, shown, checks)
    if sample.distance is None:
        missing = "J and D factors need a distance; the table is in kpc."
    else:
        missing = ""
    cube = dwarf_cube(
        fit, shown, checks, named, why, sample.covered, _attributes(context, catalogue.id, request)
    )
    return {
        "cubes": {"dwarf": str(write_cube(cube, context.cubes, "dwarf"))},
        "scalars": named,
        "notes": [missing] if missing else [],
        "converged": converged(fit),
        "reasons": why,
        "families": [
            {
                "family": one.family,
                "weight": float(weight),
                "ln_evidence": one.ln_evidence,
                "r_hat": one.r_hat,
                "effective_draws": one.effective,
            }
            for one, weight in zip(fit.families, fit.weights, strict=True)
        ],
        "stars": sample.counts,
        "timing": {"seconds": round(time.monotonic() - began, 2)},
    }


def _attributes(context: RunContext, catalogue: str, request: DwarfRequest) -> dict[str, Any]:
    """Give what is needed to repeat the fit."""
    from engine.cubes.assemble import provenance

    return provenance(
        run_id=context.run_id,
        catalogue_id=catalogue,
        request=request.model_dump_json(),
        seed=request.seed,
        preset=request.preset,
        versions={name: version(name) for name in _VERSIONS},
    )
