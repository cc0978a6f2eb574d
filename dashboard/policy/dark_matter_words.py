"""What the page Dark matter says in words and tables."""

from __future__ import annotations

import numpy as np
import xarray as xr

from dashboard.policy.verdicts import figures
from engine.cubes.quantities import Unit
from engine.dark_matter.fit import HaloFit
from engine.dark_matter.local import LocalValue, compare_local
from engine.dark_matter.summary import Z_MAX, DarkMatter
from engine.draws import Draws

__all__ = [
    "believe",
    "fit_rows",
    "gauss_text",
    "literature_rows",
    "missing_rows",
    "oort_rows",
    "surface_rows",
    "with_error",
]

_WORDS = {
    "fit": "Halo fits",
    "local": "Value at the Sun's distance",
    "vertical": "Vertical force",
    "surface": "Surface density",
    "oort": "Oort's constants",
    "gauss": "Gauss's law",
}


def with_error(values: Draws, factor: float = 1.0) -> str:
    """Write a number with its error."""
    return figures(float(values.mean) * factor, float(values.sd) * factor)


def literature_rows(
    local: LocalValue | None, truth: float | None, unit: Unit
) -> tuple[list[tuple[str, ...]], int | None]:
    """Give the local value beside published ones, and which row is ours."""
    rows: list[tuple[str, ...]] = []
    if local is not None:
        rows.append(("This run", with_error(local.density, unit.factor), "", ""))
    if truth is not None and np.isfinite(truth):
        pull = ""
        if local is not None:
            pull = _pull((local.msun_pc3[0] - truth) / local.msun_pc3[1])
        rows.append(("Truth of the mock, same cells", f"{truth * unit.factor:.3g}", pull, ""))
    if local is not None:
        for row in compare_local(local):
            value, error = row.published.msun_pc3
            text = figures(value * unit.factor, error * unit.factor)
            published = row.published
            rows.append((published.label, text, _pull(row.pull), published.reference))
    return rows, 0 if local is not None else None


def fit_rows(fits: dict[str, HaloFit], unit: Unit) -> list[tuple[str, ...]]:
    """Give median and 68% of each parameter of the fitted haloes."""
    rows = []
    names = {"gnfw": "gNFW", "nfw": "NFW, γ = 1"}
    for model, fit in fits.items():
        found = fit.percentiles()
        slope = "1" if model == "nfw" else _interval(found["gamma"], 2)
        rows.append(
            (
                names.get(model, model),
                _interval(found["rho_sun"] * unit.factor, 4 if unit.factor == 1 else 3),
                _interval(found["r_s"], 1),
                slope,
                f"{fit.chi2:.1f} / {fit.degrees_of_freedom}",
            )
        )
    return rows


def surface_rows(found: DarkMatter, truth: tuple[float, float] | None) -> list[tuple[str, ...]]:
    """Give the surface densities within 1.1 kpc, with the truth of a mock (all, dark)."""
    if found.surface is None:
        return []
    surface = found.surface
    value, error = found.baryon_surface
    total, total_error = float(surface.total.mean), float(surface.total.sd)
    known = ("", "") if truth is None else tuple(f"{part:.1f}" for part in truth)
    dark_error = float(np.hypot(total_error, error)) if np.isfinite(total_error) else np.nan
    return [
        ("From K_z alone", with_error(surface.vertical_only), ""),
        ("Radial-force term", with_error(surface.correction), ""),
        (f"All mass within {Z_MAX:g} kpc", with_error(surface.total), known[0]),
        ("The baryon model", figures(value, error), ""),
        ("Dark matter", figures(total - value, dark_error), known[1]),
    ]


def oort_rows(found: DarkMatter) -> list[tuple[str, ...]]:
    """Give Oort's constants and the speed that goes with them."""
    if found.oort is None:
        return []
    meanings = {
        "A": "shear",
        "B": "vorticity",
        "C": "non-axisymmetric term",
        "K": "minus C, for a force",
    }
    rows = [
        (f"{name}, {meaning}", with_error(getattr(found.oort, name)), "km/s/kpc")
        for name, meaning in meanings.items()
        if name != "K"
    ]
    rows.append(("Circular speed", with_error(found.oort.speed), "km/s"))
    return rows


def gauss_text(cube: xr.Dataset) -> str:
    """Say how the flux of the pointwise field compares with the potential's mass."""
    if "gauss_mass" not in cube:
        return ""
    mass, error = cube["gauss_mass"] / 1e9, cube["gauss_mass_sd"] / 1e9
    flux, density, off = (
        figures(float(mass.sel(side=side)), float(error.sel(side=side)))
        for side in ("flux", "density", "difference")
    )
    pull = float(mass.sel(side="difference") / error.sel(side="difference"))
    volume = cube.attrs.get("gauss_volume_kpc3")
    where = f" of {float(volume):.3g} kpc³" if volume is not None else ""
    verdict = "They agree within their errors."
    if abs(pull) > 3:
        verdict = "They disagree by more than their errors: the density is less certain."
    elif abs(pull) > 2:
        verdict = "They disagree a little more than their errors say."
    return (
        f"The pull of the pointwise estimator through the surface of the trusted volume{where} "
        f"tells of {flux} × 10⁹ M☉, the potential's density in it of {density} × 10⁹ M☉; the "
        f"difference is {off} × 10⁹ M☉ ({pull:+.1f} σ). {verdict}".replace("-", "−")
    )


def missing_rows(found: DarkMatter, cube: xr.Dataset) -> list[tuple[str, str]]:
    """Give what the map cannot say, and why."""
    return [
        (_WORDS.get(name, name), sentence)
        for name, sentence in found.missing.items()
        if not (name == "gauss" and "gauss_mass" in cube)
    ]


def believe(baryons: str | None, *, mock: bool, bandwidths: tuple[float, float, float]) -> str:
    """Say what to believe of the page; ``baryons`` are what is taken away, if anything is."""
    across, _, up = bandwidths
    if baryons is None:
        text = "No baryons are taken away: all mass counts as dark. It is averaged with a kernel "
    else:
        text = (
            "Dark is what the baryons leave, so an error of the baryons is an error of dark "
            f"matter: here they are {baryons}. Within about {2 * up:g} kpc of the plane the "
            "baryons are several times denser than dark matter; leave the cells near the plane "
            "out with the slider and see whether the answer stays. Total and baryons are averaged "
            "with the same kernel "
        )
    text += (
        f"({across:g} kpc along the plane, {up:g} kpc across it), which changes a halo by "
        "less than 1% where the distance from its centre is many times that. Only trusted cells "
        "are used: they see a few per cent of each sphere, near the Sun's side, so in a flattened "
        "halo the average is not that of the whole sphere."
    )
    if mock:
        text += " The truth is averaged with the same kernel over the same cells."
    else:
        text += " The scale radius and the inner slope lean on their priors."
    return text


def _interval(levels: np.ndarray, digits: int) -> str:
    low, middle, high = (float(level) for level in levels)
    return f"{middle:.{digits}f} (+{high - middle:.{digits}f} −{middle - low:.{digits}f})"


def _pull(pull: float) -> str:
    return f"{pull:+.1f} σ".replace("-", "−") if np.isfinite(pull) else ""
