"""Baryon models as plain JSON: reading, checking and writing.

    {"format": 1, "name": "mine", "description": "...",
     "sun_radius": {"value": 8.122, "unit": "kpc"},
     "components": [
       {"name": "thin disc", "kind": "disc", "profile": "exponential",
        "surface_density": {"value": 33, "error": 3, "unit": "Msun pc-2", "source": "..."},
        "scale_height": {"value": 300, "error": 30, "unit": "pc"},
        "scale_length": {"value": 2.6, "error": 0.5, "unit": "kpc", "group": "length"}}]}

Units are what astropy reads; they are turned into those of ``FIELDS``. A model with isothermal
components may also have ``halo_density`` or a ``force`` (``{"z": [..], "z_unit": "kpc",
"force": [..], "force_unit": "km2 s-2 kpc-1"}``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from data.baryons.component import FIELDS, KINDS, PROFILES, Component, FieldSpec
from data.baryons.entries import factor_to, known, mapping, measured, no_other_keys, number, text
from data.baryons.measured import Measured
from data.baryons.model import BaryonModel, ForceTable
from data.constants import ACCELERATION_UNIT
from data.errors import UserError

__all__ = ["FORMAT", "model_from_dict", "model_to_dict", "read_model", "write_model"]

FORMAT = 1
"""Version of the JSON form; raised when an older program could misread a newer file."""

_MAX_COMPONENTS = 200
_MODEL_KEYS = {"format", "name", "description", "sun_radius", "halo_density", "force"}
_NEEDED = {"spheroid": {"local_density", "slope", "flattening"}, "disc": {"scale_length"}}
_ALLOWED = {
    "spheroid": {"local_density", "slope", "flattening", "core_radius"},
    "disc": {"local_density", "surface_density", "scale_length", "scale_height",
             "velocity_dispersion"},
}  # fmt: skip
_LENGTH, _DENSITY = FieldSpec("kpc", False), FieldSpec("Msun pc-3", True)


def model_from_dict(tree: object) -> BaryonModel:
    """Check the JSON form of a model and build it.

    Raises
    ------
    UserError
        If an entry is missing, unknown, negative or in a unit that does not fit; the sentence
        names the component and the entry.
    """
    model = mapping(tree, "The baryon model")
    no_other_keys(model, _MODEL_KEYS | {"components"}, "The baryon model")
    if model.get("format", FORMAT) != FORMAT:
        raise UserError(
            f"The baryon model has the format {str(model['format'])[:20]}, not {FORMAT}.",
            "It may come from a newer version of Via Obscura.",
        )
    parts = model.get("components")
    if not isinstance(parts, list) or len(parts) > _MAX_COMPONENTS:
        raise UserError(
            f"The entry components of a baryon model must be a list of up to {_MAX_COMPONENTS}."
        )
    components = tuple(_component(part, place) for place, part in enumerate(parts, 1))
    names = [part.name for part in components]
    if len(set(names)) < len(names):
        double = next(name for name in names if names.count(name) > 1)
        raise UserError(f"Two components of the baryon model are named {double!r}.")
    optional: dict[str, Any] = {}
    if "sun_radius" in model:
        optional["sun_radius"] = measured(model["sun_radius"], _LENGTH, "sun_radius").value
    if "halo_density" in model:
        optional["halo_density"] = measured(model["halo_density"], _DENSITY, "halo_density")
    if model.get("force") is not None:
        optional["force"] = _force(model["force"])
    name = text(model.get("name"), "name of the baryon model")
    description = text(model.get("description", ""), "description", may_be_empty=True)
    return BaryonModel(name, description, components, **optional)


def model_to_dict(model: BaryonModel) -> dict[str, Any]:
    """Give the JSON form from which ``model_from_dict`` builds the same model."""
    tree: dict[str, Any] = {
        "format": FORMAT,
        "name": model.name,
        "description": model.description,
        "sun_radius": {"value": model.sun_radius, "unit": "kpc"},
        "halo_density": _written(model.halo_density, _DENSITY.unit),
        "components": [_written_component(part) for part in model.components],
    }
    if model.force is not None:
        tree["force"] = {
            "z": list(model.force.z),
            "z_unit": "kpc",
            "force": list(model.force.force),
            "force_unit": ACCELERATION_UNIT,
        }
    return tree


def read_model(path: str | Path) -> BaryonModel:
    """Read a model from a JSON file; UserError where it cannot be read or is no model."""
    try:
        written = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"The baryon model {path} cannot be read ({error}).") from error
    try:
        tree = json.loads(written)
    except (ValueError, RecursionError) as error:
        raise UserError(f"The baryon model {path} is not valid JSON ({error}).") from error
    return model_from_dict(tree)


def write_model(model: BaryonModel, path: str | Path) -> None:
    """Write a model as a JSON file."""
    lines = json.dumps(model_to_dict(model), indent=2, ensure_ascii=False, allow_nan=False)
    Path(path).write_text(lines + "\n", encoding="utf-8")


def _component(tree: object, place: int) -> Component:
    part = mapping(tree, f"Component {place} of the baryon model")
    name = text(part.get("name"), f"name of component {place}")
    where = f"The component {name!r}"
    kind, profile = part.get("kind", "disc"), part.get("profile", "exponential")
    if kind not in KINDS:
        raise UserError(f"{where} has the unknown kind {str(kind)[:60]!r}.", known(KINDS))
    if profile not in PROFILES:
        raise UserError(f"{where} has the unknown profile {str(profile)[:60]!r}.", known(PROFILES))
    keys = {"name", "kind"} | ({"profile", "stretch"} if kind == "disc" else set())
    no_other_keys(part, keys | _ALLOWED[kind], where)
    quantities = {
        key: measured(value, FIELDS[key], f"{key} of {name!r}")
        for key, value in part.items()
        if key in FIELDS
    }
    if kind == "disc":
        _check_disc(quantities, profile, where)
    missing = sorted(_NEEDED[kind] - set(quantities))
    if missing:
        raise UserError(f"{where} is missing {', '.join(missing)}.")
    stretch = number(part.get("stretch", 1.0), f"stretch of {name!r}")
    if stretch <= 0.0:
        raise UserError(f"The stretch of {name!r} must be positive, not {stretch:g}.")
    return Component(name, kind, quantities, profile, stretch)


def _check_disc(quantities: Mapping[str, Measured], profile: str, where: str) -> None:
    amplitudes = {"local_density", "surface_density"} & set(quantities)
    if len(amplitudes) != 1:
        raise UserError(f"{where} needs either local_density or surface_density.")
    if profile == "isothermal" and "local_density" not in quantities:
        raise UserError(
            f"{where} is isothermal and cannot have a surface_density.",
            "Give its local_density; the surface density follows from the vertical force.",
        )
    vertical = "velocity_dispersion" if profile == "isothermal" else "scale_height"
    other = "scale_height" if profile == "isothermal" else "velocity_dispersion"
    if vertical not in quantities:
        raise UserError(f"{where} has the profile {profile} and needs {vertical}.")
    if other in quantities:
        raise UserError(f"{where} has the profile {profile}, which has no {other}.")


def _force(tree: object) -> ForceTable:
    entry = mapping(tree, "The force of a baryon model")
    no_other_keys(entry, {"z", "z_unit", "force", "force_unit"}, "The force of a baryon model")
    columns = []
    for key, unit in (("z", "kpc"), ("force", ACCELERATION_UNIT)):
        factor = factor_to(entry.get(f"{key}_unit"), unit, f"{key} of the vertical force")
        values = entry.get(key)
        if not isinstance(values, list) or len(values) < 2:
            raise UserError(
                f"The entry {key} of the vertical force must list two or more numbers."
            )
        columns.append([number(item, f"{key} of the vertical force") * factor for item in values])
    z, force = columns
    rising = z[0] == 0.0 and all(a < b for a, b in pairwise(z))
    if len(z) != len(force) or not rising or min(force) < 0.0 or max(force) == 0.0:
        raise UserError(
            "The vertical force must be given as non-negative values at heights increasing from 0."
        )
    return ForceTable(tuple(z), tuple(force))


def _written_component(part: Component) -> dict[str, Any]:
    tree: dict[str, Any] = {"name": part.name, "kind": part.kind}
    if part.kind == "disc":
        tree["profile"] = part.profile
        if part.stretch != 1.0:
            tree["stretch"] = part.stretch
    for name, quantity in part.quantities.items():
        tree[name] = _written(quantity, FIELDS[name].unit)
    return tree


def _written(quantity: Measured, unit: str) -> dict[str, Any]:
    tree: dict[str, Any] = {"value": quantity.value, "error": quantity.error, "unit": unit}
    tree |= {"source": quantity.source, "verified": quantity.verified}
    return tree | ({"group": quantity.group} if quantity.group else {})
