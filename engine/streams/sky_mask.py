"""Known objects in a patch that must not be taken for streams: clusters, dwarfs, the Clouds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.literature.objects import KnownObject, known_objects
from engine.streams.patches import Patch, separation

__all__ = ["KnownDisc", "known_discs", "masked_radius"]

_TIDAL = 0.05  # kpc: a large tidal radius of a globular cluster
_HALF_LIGHT = 3.0
_LEAST, _LARGEST = 0.15, 8.0


@dataclass(frozen=True)
class KnownDisc:
    """A disc round a known object: its name, place (local, deg) and radius (deg)."""

    name: str
    x: float
    y: float
    radius: float


def masked_radius(known: KnownObject) -> float:
    """Give the radius that is cut out round an object, degrees.

    Fifty parsecs at the distance of a globular cluster, three half-light radii of a galaxy.
    """
    if known.kind == "globular cluster":
        size = np.degrees(_TIDAL / known.distance)
    else:
        size = _HALF_LIGHT * known.half_light
    return float(np.clip(size, _LEAST, _LARGEST))


def known_discs(patch: Patch) -> list[KnownDisc]:
    """List the discs of known objects that reach into a patch."""
    found = []
    for known in known_objects():
        radius = masked_radius(known)
        apart = separation(*np.array([known.l, known.b, patch.lon, patch.lat]))
        if apart < patch.radius + radius:
            local = patch.local(np.array([known.ra]), np.array([known.dec]))
            found.append(
                KnownDisc(known.name, float(local["lon"][0]), float(local["lat"][0]), radius)
            )
    return found
