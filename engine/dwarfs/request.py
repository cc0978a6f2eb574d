"""What a dwarf's fit is asked for: one model, from which all else follows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from data.errors import UserError

__all__ = ["DwarfRequest", "check_dwarf", "dwarf_cost"]

_BETA = re.compile(r"average|scan|free|om:[0-9.eE+-]+|[0-9.eE+-]+")


def _extra(group: str, unit: str = "") -> dict[str, Any]:
    return {"group": group, "unit": unit}


class DwarfRequest(BaseModel):
    """A run of the kind ``dwarf``: its fields with defaults, bounds, units and a sentence each."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    kind: Literal["dwarf"] = "dwarf"
    catalogue: str = Field(
        description="The stars: id or name of a catalogue of the kind dwarf.",
        json_schema_extra=_extra("stars"),
    )
    beta: str = Field(
        default="average",
        description="Orbits: average (families weighed by evidence), a number (constant "
        "anisotropy), om:R (Osipkov-Merritt with the radius R in kpc), scan (several constant "
        "values), free (general beta(r), Gaussian velocities).",
        json_schema_extra=_extra("model"),
    )
    preset: Literal["quick", "standard"] = Field(
        default="quick",
        description="How long to sample: quick about a minute, standard several, with the "
        "Cuddeford family beside the others.",
        json_schema_extra=_extra("model"),
    )
    populations: int = Field(
        default=1,
        ge=1,
        le=2,
        description="Tracer populations in one potential; 2 splits the stars at their median "
        "metallicity.",
        json_schema_extra=_extra("model"),
    )
    min_membership: float = Field(
        default=0.9,
        ge=0.0,
        lt=1.0,
        description="Stars with a published membership probability above this are members.",
        json_schema_extra=_extra("stars"),
    )
    max_error: float = Field(
        default=5.0,
        gt=0.0,
        le=1000.0,
        description="Stars with a larger error of the velocity are left out.",
        json_schema_extra=_extra("stars", "km/s"),
    )
    half_light: float | None = Field(
        default=None,
        gt=0.0,
        le=100.0,
        description="Circularised half-light radius; by default the published one, or the median "
        "of the stars.",
        json_schema_extra=_extra("stars", "kpc"),
    )
    core_slope: float = Field(
        default=0.85,
        gt=0.0,
        lt=3.0,
        description="A dwarf counts as cored where -dln rho/dln r at R_h is below this.",
        json_schema_extra=_extra("results"),
    )
    seed: int = Field(
        default=0,
        ge=0,
        le=2**31 - 1,
        description="Everything random follows from it.",
        json_schema_extra=_extra("run"),
    )
    threads: int | None = Field(
        default=1, ge=1, le=1024, description="Threads.", json_schema_extra=_extra("run")
    )

    @field_validator("beta")
    @classmethod
    def _check_beta(cls, value: str) -> str:
        text = value.strip().lower()
        if not _BETA.fullmatch(text):
            raise ValueError("is average, a number below 1, om:R with R in kpc, scan or free")
        try:
            if text.startswith("om:"):
                if not 0 < float(text[3:]) < 1e6:
                    raise ValueError("needs a positive radius after om:")
            elif text not in ("average", "scan", "free") and not -20 <= float(text) < 1:
                raise ValueError("is a number from -20 to below 1")
        except OverflowError:
            raise ValueError("is no number") from None
        return text


def check_dwarf(spec: dict[str, object], home: Path) -> dict[str, object]:
    """Check the spec of a dwarf's fit, and give it in its full form.

    Parameters
    ----------
    spec
        Fields of `DwarfRequest`.
    home
        The folder that holds catalogues and runs.

    Raises
    ------
    UserError
        If a field is unknown or out of bounds, or the catalogue is none of a dwarf or cannot be
        fitted.
    """
    from data.dwarfs.store import stars_of
    from data.store import CatalogueStore
    from engine.dwarfs.sample import make_sample

    try:
        request = DwarfRequest.model_validate(spec)
    except ValidationError as error:
        raise _explained(error) from None
    catalogue = CatalogueStore(home).open(request.catalogue)
    make_sample(stars_of(catalogue), request)
    return request.model_copy(update={"catalogue": catalogue.id}).model_dump(mode="json")


def dwarf_cost(spec: dict[str, object], home: Path) -> dict[str, float]:
    """Estimate what a fit takes: seconds, memory and disk (GB)."""
    request = DwarfRequest.model_validate(spec)
    families = {"average": 2 if request.preset == "quick" else 3, "scan": 6}.get(request.beta, 1)
    each = 40.0 if request.preset == "quick" else 240.0
    return {"seconds": each * families * request.populations, "memory_gb": 0.8, "disk_gb": 0.02}


def _explained(error: ValidationError) -> UserError:
    """Turn the first complaint into a sentence and a hint."""
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0]) if first["loc"] else "request"
    fields = DwarfRequest.model_fields
    if first["type"] == "extra_forbidden":
        return UserError(f"A dwarf's fit has no setting {name!r}.", f"Known: {', '.join(fields)}.")
    if first["type"] == "missing":
        return UserError(f"A dwarf's fit needs {name}.", fields[name].description or "")
    said = first["msg"].removeprefix("Value error, ")
    said = said[:1].lower() + said[1:]
    hint = fields[name].description or "" if name in fields else ""
    return UserError(f"The setting {name} cannot be {first['input']!r}: {said}.", hint)
