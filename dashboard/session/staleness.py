"""Whether a map still belongs to what the session has selected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from data.population.population import RADIUS
from data.selection import selection_hash

if TYPE_CHECKING:
    from dashboard.session.session import Session
    from engine.runs.folder.record import RunRecord

__all__ = ["differences", "stale_sentence"]

#: Kilometre-fine: volumes that differ by less are the same (kpc).
_SAME_KPC = 1e-6


def differences(session: Session, spec: Mapping[str, Any], sun: object = None) -> list[str]:
    """Name what differs between the session and the spec of a run.

    Parameters
    ----------
    session
        Its catalogue, selection and volume.
    spec
        Of a map: ``catalogue``, ``selection``, ``volume``.
    sun
        The Sun's position (kpc) in the catalogue: a volume that is not stated is the default
        ball round it, so that stating the default is no difference.

    Returns
    -------
    list of str
        Some of ``catalogue``, ``selection``, ``volume``; empty where the map belongs.
    """
    if session.catalogue is not None and spec.get("catalogue") != session.catalogue:
        # The selection of another catalogue cannot be compared.
        return ["catalogue"]
    found = []
    if selection_hash(spec.get("selection")) != selection_hash(session.selection):
        found.append("selection")
    if not _same_volume(spec.get("volume"), session.volume, sun):
        found.append("volume")
    return found


def stale_sentence(session: Session, run: RunRecord | None, sun: object = None) -> str | None:
    """Say that a map belongs to another selection; None where it belongs to this one.

    Parameters
    ----------
    session
        What is selected now.
    run
        The run whose map is shown; None gives None.
    sun
        As for `differences`.
    """
    if run is None:
        return None
    found = differences(session, run.spec, sun)
    if not found:
        return None
    if found == ["catalogue"]:
        return "This map was made from a different catalogue than the one open in Explore."
    return (
        f"This map belongs to another {' and '.join(found)}: "
        "the cuts have been moved since its run was started."
    )


def _same_volume(one: object, two: object, sun: object) -> bool:
    first, second = (_ball(volume, sun) for volume in (one, two))
    if first is None or second is None:
        return first is second
    return all(abs(a - b) <= _SAME_KPC for a, b in zip(first, second, strict=True))


def _ball(volume: object, sun: object) -> tuple[float, ...] | None:
    """Give (x, y, z, radius); None for the default ball where the Sun's place is not known."""
    if isinstance(volume, Mapping):
        return (*map(float, volume["centre"]), float(volume.get("radius", RADIUS)))
    if sun is None:
        return None
    return (*map(float, sun), RADIUS)  # type: ignore[call-overload]  a position of three numbers
