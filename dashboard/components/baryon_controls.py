"""The control that says which baryons are subtracted, shared by Density and Dark matter."""

from __future__ import annotations

import json
from collections.abc import Callable

import panel_material_ui as pmui

from dashboard.components.escape import plain
from dashboard.components.parts import narrow, section, wide
from dashboard.policy.baryon_choice import MOCK, OWN, BaryonChoice, model_of, offered
from dashboard.session.session import Session
from data.baryons import BaryonModel, model_from_dict
from data.errors import UserError
from data.mocks.truth import Truth

__all__ = ["BaryonControls"]

_LENGTHS = (1.8, 2.0, 2.2, 2.4, 2.6, 2.8, 3.0, 3.3, 3.6, 4.0, 5.0)


class BaryonControls:
    """A choice of model, its sliders, and a file of the user's own.

    Parameters
    ----------
    session
        The browser session.
    changed
        Called when the choice has changed.
    """

    def __init__(self, session: Session, changed: Callable[[], None]) -> None:
        self._session, self._changed = session, changed
        self._truth: Truth | None = None
        self._own: BaryonModel | None = None
        self._quiet = False
        self.model = pmui.Select(label="Baryons", options={}, **wide("vo-baryons"))
        self.mass = pmui.FloatSlider(
            label="Mass, times", value=1.0, start=0.5, end=1.5, step=0.05,
            **wide("vo-baryon-mass"),
        )  # fmt: skip
        self.height = pmui.FloatSlider(
            label="Heights, times", value=1.0, start=0.5, end=2.0, step=0.05,
            **wide("vo-baryon-height"),
        )  # fmt: skip
        lengths = {"as given": None, **{f"{length:g} kpc": length for length in _LENGTHS}}
        self.length = pmui.DiscreteSlider(
            label="Scale length", options=lengths, value=None, **wide("vo-baryon-length")
        )
        self.file = pmui.FileInput(
            label="Your own (JSON)", accept=".json", margin=(6, 8), css_classes=["vo-baryon-file"]
        )
        self._note = pmui.Typography(
            "",
            variant="caption",
            margin=(2, 10),
            sizing_mode="stretch_width",
            sx={"color": "text.secondary", "overflowWrap": "anywhere"},
            css_classes=["vo-baryon-note"],
        )
        self.model.param.watch(session.guarded(self._chosen), "value")
        for slider in (self.mass, self.height, self.length):
            slider.param.watch(session.guarded(self._moved), "value")
        self.file.param.watch(session.guarded(self._opened), "value")
        self.view = section(
            "Baryons to subtract",
            self.model,
            self.mass,
            self.height,
            self.length,
            self.file,
            self._note,
            css_class="vo-baryon-controls",
        )
        narrow(self.view)

    @property
    def choice(self) -> BaryonChoice:
        """What is chosen now."""
        name = str(self.model.value)
        fixed = name == MOCK
        return BaryonChoice(
            name=name,
            mass=round(float(self.mass.value), 4),
            height=1.0 if fixed else round(float(self.height.value), 4),
            length=None if fixed else self.length.value,
            own=self._own if name == OWN else None,
        )

    def offer(self, truth: Truth | None) -> None:
        """Offer what there is for a catalogue, without calling back."""
        self._quiet = True
        options = offered(truth, self._own)
        # a model is kept from run to run where the same one would be offered first
        same = next(iter(options)) == next(iter(offered(self._truth, self._own)))
        self._truth = truth
        kept = self.model.value if same and self.model.value in options.values() else None
        self.model.param.update(options=options, value=kept or next(iter(options.values())))
        self._describe()
        self._quiet = False

    def take(self, choice: BaryonChoice) -> None:
        """Show a choice that was made elsewhere, without calling back."""
        if choice == self.choice:
            return
        self._quiet = True
        self._own = choice.own or self._own
        options = offered(self._truth, self._own)
        self.model.param.update(options=options, value=choice.name)
        self.mass.value, self.height.value = choice.mass, choice.height
        self.length.value = choice.length
        self._describe()
        self._quiet = False

    def _chosen(self, _: object = None) -> None:
        if self._quiet:
            return
        self._quiet = True  # another model begins where it is
        self.mass.value = self.height.value = 1.0
        self.length.value = None
        self._quiet = False
        self._describe()
        self._changed()

    def _moved(self, _: object = None) -> None:
        if not self._quiet:
            self._changed()

    def _opened(self, _: object = None) -> None:
        """Read the user's file."""
        content = self.file.value
        if not content:
            return
        try:
            tree = json.loads(bytes(content).decode("utf-8"))
        except (ValueError, RecursionError):
            raise UserError(
                "This file is not valid JSON.", "The guide shows what a baryon model looks like."
            ) from None
        self._own = model_from_dict(tree)
        self.model.options = offered(self._truth, self._own)
        self.model.value = OWN

    def _describe(self) -> None:
        """Say where the numbers come from, and which sliders mean something."""
        name = str(self.model.value)
        fixed = name == MOCK
        self.height.disabled = self.length.disabled = fixed or name == "none"
        self.mass.disabled = name == "none"
        model = model_of(BaryonChoice(name=name, own=self._own))
        if fixed or model is None:
            text = "The components that the mock's stars moved in, without errors."
        else:
            quantities = [q for part in model.components for q in part.quantities.values()]
            doubtful = sum(not q.verified for q in quantities)
            text = model.description
            if doubtful:
                text += f" {doubtful} of its {len(quantities)} numbers are not verified."
        self._note.object = plain(text)
