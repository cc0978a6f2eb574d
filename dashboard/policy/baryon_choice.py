"""Which baryons are subtracted: a packaged model, the user's own or those of a mock."""

from __future__ import annotations

from dataclasses import dataclass

from data.baryons import (
    NO_BARYONS,
    BaryonModel,
    Baryons,
    packaged,
    packaged_names,
    truth_baryons,
    without_baryons,
)
from data.baryons.packaged import DEFAULT
from data.errors import UserError
from data.mocks.truth import Truth

__all__ = ["MOCK", "OWN", "BaryonChoice", "baryons_of", "model_of", "offered", "said"]

MOCK, OWN = "mock", "own"
"""The baryons that a mock was made with, and a model from the user's file."""

_LABELS = {
    "mckee-2015": "McKee+ 2015 (surface densities)",
    "schutz-2018": "Schutz+ 2018 (from memory, unverified)",
    NO_BARYONS: "none: all mass counts as dark",
    MOCK: "exact (this mock)",
}


@dataclass(frozen=True)
class BaryonChoice:
    """A baryon model and its sliders.

    Parameters
    ----------
    name
        A packaged model, ``MOCK`` or ``OWN``.
    mass, height
        Factors of the density and of the heights of the discs.
    length
        Scale length of the discs, kpc; None for that of each component.
    own
        The user's model.
    """

    name: str = DEFAULT
    mass: float = 1.0
    height: float = 1.0
    length: float | None = None
    own: BaryonModel | None = None

    @property
    def plain(self) -> bool:
        """Whether all sliders stand where the model is."""
        return self.mass == 1.0 and self.height == 1.0 and self.length is None


def offered(truth: Truth | None, own: BaryonModel | None = None) -> dict[str, str]:
    """Give the choices by their labels: for a mock its own baryons first, or that it has none."""
    choices = {}
    if truth is not None and without_baryons(truth):
        choices[_LABELS[NO_BARYONS]] = NO_BARYONS
    elif truth is not None and _has_baryons(truth):
        choices[_LABELS[MOCK]] = MOCK
    if own is not None:
        choices[f"your own: {own.name}"] = OWN
    return choices | {_LABELS.get(name, name): name for name in packaged_names()}


def model_of(choice: BaryonChoice) -> BaryonModel | None:
    """Give the model as it is before any slider; None for a mock's, which is no list."""
    if choice.name == OWN:
        return choice.own
    return None if choice.name == MOCK else packaged(choice.name)


def baryons_of(choice: BaryonChoice, truth: Truth | None) -> Baryons:
    """Give the baryons of a choice.

    Raises
    ------
    UserError
        If the catalogue is no mock but its baryons are asked for.
    """
    if choice.name == MOCK:
        if truth is None:
            raise UserError(
                "Only mocks have baryons that are known exactly.", "Choose another baryon model."
            )
        known = truth_baryons(truth)
        return type(known)(known.truth, known.components, known.sun_radius, choice.mass)
    model = model_of(choice)
    if model is None:
        raise UserError("No baryon model has been loaded yet.", "Open its JSON file first.")
    return model.scaled(
        scale_length=choice.length, density_factor=choice.mass, height_factor=choice.height
    )


def said(choice: BaryonChoice) -> str:
    """Name a choice in a sentence."""
    if choice.name == NO_BARYONS:
        return "no baryons"
    name = choice.own.name if choice.own is not None and choice.name == OWN else choice.name
    words = "the mock's own baryons" if choice.name == MOCK else f"the baryon model {name}"
    changes = []
    if choice.mass != 1.0:
        changes.append(f"{choice.mass:g} times the mass")
    if choice.height != 1.0:
        changes.append(f"{choice.height:g} times the heights")
    if choice.length is not None:
        changes.append(f"scale lengths of {choice.length:g} kpc")
    return words + (f" with {' and '.join(changes)}" if changes else "")


def _has_baryons(truth: Truth) -> bool:
    try:
        return bool(truth_baryons(truth).components)
    except UserError:
        return False
