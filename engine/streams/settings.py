"""Settings of a search, from scores to candidates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from data.errors import UserError
from engine.streams.fiducial import FiducialCuts
from engine.streams.lines import LineSettings

__all__ = ["SearchSettings"]

_AT_LEAST = {"top": 10, "width": 0.0, "step": 0.0, "fewest": 10, "draws": 0, "most": 1,
             "seed_sigma": 0.0, "motion_distance": 0.0}  # fmt: skip


@dataclass(frozen=True)
class SearchSettings:
    """What is chosen, joined and reported; defaults are Via Machinae's where it has them.

    Parameters
    ----------
    cuts
        Fiducial cuts.
    line
        The line finder.
    top
        Stars with the highest scores that each region keeps.
    width, step
        Of regions in the other proper-motion component, mas/yr.
    fewest
        Fiducial stars of a window or region below which it is left out.
    seed_sigma
        sigma_L from which on a region may be joined with others; 0 as published, which takes
        hours for a null set and joins noise.
    motion_distance
        Squared distance in proper motion below which clusters may be joined.
    proto_cluster
        A cluster is kept if its sigma_L with duplicated votes exceeds this,
    deduplicated
        or its sigma_L without them this.
    shared
        Fraction of common line stars above which clusters of a patch are one object.
    most
        Candidates of a patch that are reported, the best ones.
    draws
        Exchanges of positions for the p-value that is conditional on the scores; 0 for none.
    seed
        Of these exchanges.
    mask_known
        Whether globular clusters, dwarfs and the Clouds are cut out.
    clumps
        Whether compact clumps are looked for and cut out.
    faint, faint_fraction
        G magnitude, and the share of line stars that must be fainter.
    edge
        Distance of a line from the centre, as a part of the area's radius, from which on it
        counts as being at the edge.
    p_accepted
        Largest p of an accepted candidate.
    dust
        FITS images of E(B-V), with commas between (see `data.streams.dust`); without them the
        table's column ``ebv``, if it has one.
    dusty
        Median E(B-V) of the line stars, magnitudes, above which a candidate is not accepted.
    """

    cuts: FiducialCuts = field(default_factory=FiducialCuts)
    line: LineSettings = field(default_factory=LineSettings)
    top: int = 100
    width: float = 6.0
    step: float = 1.0
    fewest: int = 100
    seed_sigma: float = 4.0
    motion_distance: float = 1.0
    proto_cluster: float = 8.0
    deduplicated: float = 5.0
    shared: float = 0.4
    most: int = 20
    draws: int = 100
    seed: int = 0
    mask_known: bool = True
    clumps: bool = True
    faint: float = 19.1
    faint_fraction: float = 0.25
    edge: float = 0.95
    p_accepted: float = 1e-3
    dust: str = ""
    dusty: float = 0.3

    def __post_init__(self) -> None:
        for name, least in _AT_LEAST.items():
            value = getattr(self, name)
            if not value >= least or (least == 0.0 and name in {"width", "step"} and value <= 0):
                raise UserError(
                    f"Invalid value {value} of the setting {name}.",
                    f"Give a number of {least:g} or more.",
                )
        if self.step > self.width:
            raise UserError(
                f"Regions {self.width:g} mas/yr wide at steps of {self.step:g} leave gaps.",
                "Choose a step no larger than the width.",
            )

    def to_dict(self) -> dict[str, Any]:
        """Give the form that is stored."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> SearchSettings:
        """Read what `to_dict` wrote; what is missing has its default."""
        given = dict(stored)
        if "cuts" in given:
            given["cuts"] = FiducialCuts.from_dict(dict(given["cuts"]))
        if "line" in given:
            given["line"] = LineSettings(**given["line"])
        unknown = sorted(set(given) - set(cls.__dataclass_fields__))
        if unknown:
            raise UserError(f"Unknown setting {unknown[0]} of the search.")
        return cls(**given)
