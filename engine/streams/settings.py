"""Settings of a search, from scores to candidates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from data.declared import Settings, setting
from data.errors import UserError
from engine.streams.fiducial import FiducialCuts
from engine.streams.lines import LineSettings

__all__ = ["SearchSettings"]


class SearchSettings(Settings):
    """What is chosen, joined and reported; defaults are Via Machinae's where it has them."""

    thing: ClassVar[str] = "a search"

    cuts: FiducialCuts = Field(default_factory=FiducialCuts)
    line: LineSettings = Field(default_factory=LineSettings)
    top: int = setting(
        100, "stars with the highest scores that each region keeps", low=10, group="regions"
    )
    width: float = setting(
        6.0,
        "width of regions in the other proper-motion component",
        above=0,
        unit="mas/yr",
        group="regions",
    )
    step: float = setting(1.0, "step between regions", above=0, unit="mas/yr", group="regions")
    fewest: int = setting(
        100, "windows and regions with fewer fiducial stars are skipped", low=10, group="regions"
    )
    seed_sigma: float = setting(
        4.0,
        "minimum sigma_L of a region that may be joined with others; 0 as published, which "
        "takes hours for a null set and joins noise",
        low=0,
        group="joining",
    )
    motion_distance: float = setting(
        1.0,
        "squared distance in proper motion below which clusters may be joined",
        low=0,
        group="joining",
    )
    proto_cluster: float = setting(
        8.0,
        "a cluster is kept if its sigma_L with duplicated votes exceeds this, or its sigma_L "
        "without them exceeds `deduplicated`",
        group="joining",
    )
    deduplicated: float = setting(5.0, "see `proto_cluster`", group="joining")
    shared: float = setting(
        0.4,
        "fraction of common line stars above which clusters of a patch are one object",
        low=0,
        group="joining",
    )
    most: int = setting(
        20,
        "maximum number of candidates reported per patch, the best ones",
        low=1,
        group="candidates",
    )
    draws: int = setting(
        100,
        "permutations of the positions for the p-value conditional on the scores; 0 for none",
        low=0,
        group="candidates",
    )
    seed: int = setting(0, "seed of these permutations", low=0, group="candidates")
    mask_known: bool = setting(
        True, "cut out globular clusters, dwarf galaxies and the Magellanic Clouds", group="masks"
    )
    clumps: bool = setting(True, "look for compact clumps and cut them out", group="masks")
    faint: float = setting(
        19.1, "G magnitude for `faint_fraction`", unit="mag", group="candidates"
    )
    faint_fraction: float = setting(
        0.25, "minimum fraction of line stars fainter than `faint`", low=0, group="candidates"
    )
    edge: float = setting(
        0.95,
        "distance of a line from the centre, as a fraction of the area's radius, beyond "
        "which it counts as being at the edge",
        low=0,
        group="candidates",
    )
    p_accepted: float = setting(
        1e-3, "maximum p of an accepted candidate", low=0, group="candidates"
    )
    dust: str = setting(
        "",
        "FITS images of E(B-V), separated by commas; without them the table's column `ebv`, "
        "if it has one",
        group="candidates",
    )
    dusty: float = setting(
        0.3,
        "median E(B-V) of the line stars above which a candidate is not accepted",
        low=0,
        unit="mag",
        group="candidates",
    )

    @classmethod
    def of(cls, spec: Mapping[str, Any]) -> SearchSettings:
        """Make the settings of a search from its spec.

        Parameters
        ----------
        spec
            Its ``width`` and ``step``, and under ``search`` settings by name: ``top``, or
            ``cuts.faintest`` for one inside another. Values may be texts.

        Raises
        ------
        UserError
            If there is no such setting, or it cannot have that value.
        """
        return cls().changed({"width": spec["width"], "step": spec["step"], **spec["search"]})

    @model_validator(mode="after")
    def _without_gaps(self) -> Self:
        if self.step > self.width:
            raise UserError(
                f"Regions {self.width:g} mas/yr wide at steps of {self.step:g} leave gaps.",
                "Choose a step no larger than the width.",
            )
        return self
