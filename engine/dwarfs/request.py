"""What is asked of a dwarf's fit."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator

from data.declared import Number, setting
from engine.runs.request import Request, seed_setting, threads_setting

__all__ = ["DwarfRequest"]

_BETA = re.compile(r"average|scan|free|om:[0-9.eE+-]+|[0-9.eE+-]+")


def _orbits(value: str) -> str:
    """Check the text of the anisotropy, and give it in small letters."""
    text = value.strip().lower()
    if not _BETA.fullmatch(text):
        raise ValueError("no orbits")
    if text.startswith("om:"):
        if not 0 < float(text[3:]) < 1e6:
            raise ValueError("no radius")
    elif text not in ("average", "scan", "free") and not -20 <= float(text) < 1:
        raise ValueError("out of bounds")
    return text


class DwarfRequest(Request):
    """What is asked of a dwarf's fit."""

    kind: ClassVar[str] = "dwarf"
    thing: ClassVar[str] = "a dwarf's fit"

    catalogue: str = setting(
        ..., "the stars: id or name of a catalogue of the kind dwarf", group="stars"
    )
    beta: Annotated[str, AfterValidator(_orbits)] = setting(
        "average",
        "orbits: average (families weighed by evidence), a number (constant anisotropy), om:R "
        "(Osipkov-Merritt with the radius R in kpc), scan (several constant values), free "
        "(general beta(r), Gaussian velocities)",
        requirement="average, a number from -20 to below 1, om:R with R in kpc, scan or free",
        group="model",
        label="Anisotropy",
    )
    preset: Literal["quick", "standard"] = setting(
        "quick",
        "how long to sample: quick about a minute, standard several, with the Cuddeford family "
        "beside the others",
        group="model",
        label="Preset",
    )
    populations: int = setting(
        1,
        "tracer populations in one potential; 2 splits the stars at their median metallicity",
        low=1,
        high=2,
        group="model",
        label="Populations",
    )
    min_membership: Number = setting(
        0.9,
        "stars with a published membership probability above this are members",
        low=0.0,
        high=0.999999,
        group="stars",
        label="Membership above",
    )
    max_error: Number = setting(
        5.0,
        "stars with a larger uncertainty of the velocity are left out",
        above=0.0,
        high=1000.0,
        unit="km/s",
        group="stars",
        label="Velocity uncertainty up to",
    )
    half_light: Number | None = setting(
        None,
        "circularised half-light radius; by default the published one, or the median of the stars",
        above=0.0,
        high=100.0,
        unit="kpc",
        group="stars",
        label="Half-light radius",
    )
    core_slope: Number = setting(
        0.85,
        "a dwarf counts as cored where -dln rho/dln r at R_h is below this",
        above=0.0,
        high=2.999,
        group="results",
        label="Core below a slope of",
    )
    seed: int = seed_setting()
    threads: int | None = threads_setting(1)

    def complete(self, home: Path) -> dict[str, object]:
        """Give the catalogue by its id, if it is one of a dwarf and can be fitted."""
        from data.catalogue.store import CatalogueStore
        from data.dwarfs.store import stars_of
        from engine.dwarfs.sample import make_sample

        catalogue = CatalogueStore(home).open(self.catalogue)
        make_sample(stars_of(catalogue), self)
        return {"catalogue": catalogue.id}
