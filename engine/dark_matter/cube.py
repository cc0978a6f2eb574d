"""The ``dark_matter`` cube: averages, halo fits and local values with their errors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from data.constants import ACCELERATION_UNIT, DENSITY_UNIT, GEV_PER_CM3
from engine.dark_matter.fit import PARAMETERS, HaloFit
from engine.dark_matter.shells import ShellProfile
from engine.dark_matter.summary import Z_MAX, DarkMatter, MapFields
from engine.dark_matter.vertical import SurfaceDensity
from engine.draws import Draws

__all__ = ["dark_matter_cube", "local_values"]

Floats = NDArray[np.floating]

_LEVELS = (2.5, 16.0, 50.0, 84.0, 97.5)
_SAMPLES = 1000
_BAND_POINTS = 61
_SURFACE = "Msun pc-2"


def dark_matter_cube(
    found: DarkMatter, fields: MapFields, attributes: Mapping[str, Any]
) -> xr.Dataset:
    """Lay what a map says of dark matter out as the ``dark_matter`` cube.

    Variables, each measured one with ``_sd``: ``density_dark(r)``, the volume-weighted average of
    the trusted cells of each spherical shell (``r`` is its middle, ``radius`` the mean radius
    of the cells), its ``density_dark_draws(draw, r)``, ``cells``, ``covered`` and ``of_shell``;
    the same over ellipsoids, ``density_dark_ellipsoidal(m)``; the halo fits ``posterior(model,
    sample, parameter)`` and ``band(model, level, r_band)``; ``local_density_dark``,
    ``local_density_total``, ``local_density_baryon``; ``vertical_force(z)`` above the Sun and
    ``surface_density(part)``; ``oort(constant)`` and ``gauss_mass(side)``. What the map cannot
    give is absent, and the attribute ``missing``, JSON, says why, by name: ``fit``, ``local``,
    ``vertical``, ``surface``, ``oort``, ``gauss``.

    Parameters
    ----------
    found
        What was found.
    fields
        What it was found in.
    attributes
        Provenance, kernel, baryon model, estimator.
    """
    variables: dict[str, Any] = {}
    variables |= _shells("density_dark", "r", found.shells)
    variables |= _shells("density_dark_ellipsoidal", "m", found.ellipsoids)
    coordinates: dict[str, Any] = {
        "r": _middles(found.shells, "spherical"),
        "m": _middles(found.ellipsoids, "ellipsoidal"),
    }
    if found.fits:
        inner, outer = found.shells.edges[0], found.shells.edges[-1]
        band = np.linspace(max(inner, 0.1), outer, _BAND_POINTS)
        variables |= _fits(found.fits, band)
        coordinates |= {
            "model": list(found.fits),
            "parameter": list(PARAMETERS),
            "level": list(_LEVELS),
            "r_band": ("r_band", band, {"units": "kpc", "long_name": "Galactocentric radius"}),
        }
    for kind in ("dark", "total", "baryons"):
        value = found.local if kind == "dark" else getattr(found, f"local_{kind}")
        if value is not None:
            name = f"local_density_{kind.removesuffix('s')}"
            text = f"{kind} density at the Sun's distance from the centre, average of a shell"
            variables |= _measured(name, (), value.density, DENSITY_UNIT, text)
    if found.column is not None:
        text = "vertical acceleration above the Sun's place in the plane"
        variables |= _measured(
            "vertical_force", ("z",), found.column.vertical, ACCELERATION_UNIT, text
        )
        coordinates["z"] = ("z", found.column.z, {"units": "kpc", "long_name": "Galactocentric z"})
    if found.surface is not None:
        parts = _surface(found.surface, found.baryon_surface)
        text = f"surface density within {Z_MAX:g} kpc of the plane at the Sun"
        variables |= _together("surface_density", "part", parts, _SURFACE, text)
        coordinates["part"] = list(parts)
    if found.oort is not None:
        constants = {name: getattr(found.oort, name) for name in "ABCK"}
        text = "Oort's constants of the local force"
        variables |= _together("oort", "constant", constants, "km s-1 kpc-1", text)
        coordinates["constant"] = list(constants)
    if found.gauss is not None:
        sides = {
            "flux": found.gauss.from_flux,
            "density": found.gauss.from_density,
            "difference": found.gauss.difference,
        }
        text = "mass in the trusted volume by Gauss's law"
        variables |= _together("gauss_mass", "side", sides, "Msun", text)
        coordinates["side"] = list(sides)
    return xr.Dataset(
        variables,
        coordinates,
        {
            "title": "dark matter",
            "missing": json.dumps(found.missing),
            "axis_ratio": found.ellipsoids.axis_ratio,
            "sun_radius_kpc": fields.sun_radius,
            "surface_density_z_max_kpc": Z_MAX,
            **({"gauss_volume_kpc3": found.gauss.volume} if found.gauss is not None else {}),
            **attributes,
        },
    )


def local_values(cube: xr.Dataset | None) -> dict[str, object]:
    """Give the local densities of a ``dark_matter`` cube for the result of a run, as JSON.

    Returns
    -------
    dict
        ``density_dark``, ``density_dark_sd``, ``density_total``, ``density_baryon`` and their
        errors in Msun pc-3 (None for an unknown error), ``density_unit``, and
        ``density_dark_gev_cm3`` with its error; empty where the cube has no local value.
    """
    if cube is None or "local_density_dark" not in cube:
        return {}
    values: dict[str, object] = {"density_unit": DENSITY_UNIT}
    for kind in ("dark", "total", "baryon"):
        mean = float(cube[f"local_density_{kind}"])
        error = float(cube[f"local_density_{kind}_sd"])
        known = error if np.isfinite(error) else None
        values |= {f"density_{kind}": mean, f"density_{kind}_sd": known}
        if kind == "dark":
            values["density_dark_gev_cm3"] = mean * GEV_PER_CM3
            values["density_dark_gev_cm3_sd"] = None if known is None else known * GEV_PER_CM3
    return values


def _shells(name: str, axis: str, shells: ShellProfile) -> dict[str, Any]:
    extra = "" if name == "density_dark" else "_ellipsoidal"
    text = "density of dark matter, average of the trusted cells of a shell"
    draws = shells.density.deviations + shells.density.mean
    return {
        **_measured(name, (axis,), shells.density, DENSITY_UNIT, text),
        f"{name}_draws": (
            ("draw", axis),
            draws.astype(np.float32),
            {"units": DENSITY_UNIT, "long_name": "equally likely profiles"},
        ),
        f"radius{extra}": (
            (axis,),
            shells.radius,
            {"units": "kpc", "long_name": "mean radius of the cells of the shell"},
        ),
        f"cells{extra}": ((axis,), shells.cells, _number("trusted cells of the shell")),
        f"covered{extra}": (
            (axis,),
            shells.covered,
            _number("their volume over that of the shell inside the volume"),
        ),
        f"of_shell{extra}": (
            (axis,),
            shells.of_shell,
            _number("their volume over that of the whole shell"),
        ),
    }


def _middles(shells: ShellProfile, kind: str) -> tuple[Any, ...]:
    middle = 0.5 * (shells.edges[1:] + shells.edges[:-1])
    name = {"spherical": "r", "ellipsoidal": "m"}[kind]
    return (name, middle, {"units": "kpc", "long_name": f"middle of the {kind} shell"})


def _fits(fits: Mapping[str, HaloFit], band: Floats) -> dict[str, Any]:
    radii = np.asarray(band, np.float64)
    return {
        "posterior": (
            ("model", "sample", "parameter"),
            np.stack([fit.samples[:_SAMPLES] for fit in fits.values()]).astype(np.float32),
            {
                "long_name": "equally likely haloes: density at the Sun's distance (Msun pc-3),"
                " scale radius (kpc), inner slope"
            },
        ),
        "band": (
            ("model", "level", "r_band"),
            np.stack([fit.band(radii, _LEVELS) for fit in fits.values()]).astype(np.float32),
            {"units": DENSITY_UNIT, "long_name": "percentiles of the density of the haloes"},
        ),
        "chi2": (("model",), [fit.chi2 for fit in fits.values()], _number("smallest chi^2")),
        "degrees_of_freedom": (
            ("model",),
            [fit.degrees_of_freedom for fit in fits.values()],
            _number("shells less parameters"),
        ),
    }


def _surface(surface: SurfaceDensity, baryons: tuple[float, float]) -> dict[str, Draws]:
    """Give the parts of the surface density; what is dark is what the baryons leave."""
    value, error = baryons
    count = max(surface.total.count, 1)
    # any set of numbers of the right size that owe nothing to the map's
    noise = np.random.default_rng(0).standard_normal(count)
    noise *= error / max(float(np.sqrt(np.mean(noise**2))), 1e-12)
    known = Draws(np.asarray(value), noise[: surface.total.count])
    total = surface.total
    return {
        "vertical_only": surface.vertical_only,
        "correction": surface.correction,
        "total": total,
        "baryon": known,
        "dark": Draws(np.asarray(total.mean - known.mean), total.deviations - known.deviations),
    }


def _together(
    name: str, axis: str, parts: Mapping[str, Draws], unit: str, text: str
) -> dict[str, Any]:
    attributes = {"units": unit, "long_name": text, "ancillary_variables": f"{name}_sd"}
    error = {"units": unit, "long_name": f"standard error of: {text}"}
    return {
        name: ((axis,), [float(part.mean) for part in parts.values()], attributes),
        f"{name}_sd": ((axis,), [float(part.sd) for part in parts.values()], error),
    }


def _measured(
    name: str, dims: tuple[str, ...], values: Draws, unit: str, text: str
) -> dict[str, Any]:
    attributes = {"units": unit, "long_name": text, "ancillary_variables": f"{name}_sd"}
    error = {"units": unit, "long_name": f"standard error of: {text}"}
    return {name: (dims, values.mean, attributes), f"{name}_sd": (dims, values.sd, error)}


def _number(text: str) -> dict[str, str]:
    return {"units": "1", "long_name": text}
