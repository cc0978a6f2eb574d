"""The controls of a page as values by name, so that a saved view can set them again.

A control is named by the inert class that it bears (``vo-plane``); a class that several controls
share names none of them. Nothing here knows a page: whatever a page offers is kept.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import panel_material_ui as pmui
from panel.viewable import Viewable

__all__ = ["Restoring", "apply_controls", "read_controls"]

_CHOICES = (pmui.Select, pmui.RadioButtonGroup)
_SWITCHES = (pmui.Switch, pmui.Checkbox)
_NUMBERS = (pmui.IntSlider, pmui.FloatSlider, pmui.IntInput, pmui.FloatInput)
#: A text field counts where it bears this class: most fields follow the session by themselves.
KEPT = "vo-kept"
#: Controls that say nothing about what is on the screen, or whose value is a field of the session.
_NOT_SHOWN = re.compile(
    r"vo-(run-select|export-.*|ingest-.*|panel-preset|axis-.*|colour|mode|"
    r"artefact-.*|distance|zero-point|join-.*)"
)

_PATIENCE = 40
"""Steps without any progress after which a value that no control takes is given up."""


def read_controls(page: Viewable) -> dict[str, Any]:
    """Give the values of a page's controls by name, ready for JSON.

    A slider over grid values gives its label (``+0.52 kpc``): on another grid its index would
    mean another place.
    """
    return {name: _value(control) for name, control in _controls(page).items()}


def apply_controls(page: Viewable, values: Mapping[str, Any]) -> dict[str, Any]:
    """Set controls; give the values that could not be set yet.

    Only controls on the screen count, in their order on it: those of a page that is still being
    read have the choices of another result, or none.
    """
    rest = dict(values)
    for name, control in _controls(page).items():
        if name not in rest:
            continue
        if _set(control, rest[name]):
            del rest[name]
    return rest


class Restoring:
    """Controls to be set on a page that is still on its way.

    A control may set another one when it changes, as a plane sets the slider; so values are set
    again until all of them stand.

    Parameters
    ----------
    values
        Values by name, as `read_controls` gave them.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._wanted = dict(values)
        self._left = _PATIENCE
        self._before: object = None

    def step(self, page: Viewable) -> bool:
        """Set what can be set; tell whether that was all."""
        if any("vo-loading" in part.css_classes for part in _on_screen(page)):
            return False
        rest = apply_controls(page, self._wanted)
        state = (sorted(rest), read_controls(page))
        done = not rest and _stand(page, self._wanted)
        self._left = self._left - 1 if state == self._before else _PATIENCE
        self._before = state
        return done or self._left <= 0


def _on_screen(part: Any) -> Iterator[Any]:  # noqa: ANN401  any part of a page
    """Walk through the parts that can be seen."""
    if not getattr(part, "visible", True) or isinstance(part, pmui.Dialog):
        return
    yield part
    for child in getattr(part, "objects", ()):
        yield from _on_screen(child)


def _controls(page: Viewable) -> dict[str, Any]:
    found = [(_name(part), part) for part in _on_screen(page)]
    named = [(name, part) for name, part in found if name]
    times = Counter(name for name, _ in named)
    return {name: part for name, part in named if times[name] == 1}


def _name(part: Any) -> str:  # noqa: ANN401
    classes = getattr(part, "css_classes", None) or []
    text = isinstance(part, pmui.TextInput) and KEPT in classes
    if not text and not isinstance(part, (*_CHOICES, *_SWITCHES, *_NUMBERS)):
        return ""
    own = [c for c in classes if c.startswith("vo-") and c != KEPT and not _NOT_SHOWN.fullmatch(c)]
    return own[0] if own else ""


def _value(control: Any) -> Any:  # noqa: ANN401
    if isinstance(control, pmui.DiscreteSlider):
        return next((label for label, v in _options(control).items() if v == control.value), None)
    return control.value


def _options(control: Any) -> dict[str, Any]:  # noqa: ANN401
    options = control.options
    return options if isinstance(options, dict) else {str(option): option for option in options}


def _stand(page: Viewable, values: Mapping[str, Any]) -> bool:
    """Whether all controls have what they should, which setting another may have changed."""
    controls = _controls(page)
    return all(controls[n].value == _target(controls[n], v) for n, v in values.items())


def _set(control: Any, value: Any) -> bool:  # noqa: ANN401  straight from JSON
    """Give a control a value that it can take; tell whether it has it now."""
    target = _target(control, value)
    if target is None:
        return False
    if control.value != target:
        control.value = target
    return True


def _target(control: Any, value: Any) -> Any:  # noqa: ANN401  straight from JSON
    """Give what a control has to be set to for a stored value; None where it cannot take it."""
    if isinstance(control, pmui.DiscreteSlider):
        return _nearest(_options(control), value)
    if isinstance(control, _CHOICES):
        return value if value in _options(control).values() else None
    if isinstance(control, _SWITCHES):
        return value if isinstance(value, bool) else None
    if isinstance(control, pmui.TextInput):
        return value[:200] if isinstance(value, str) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    low, high = control.start, control.end
    inside = (low is None or low <= value) and (high is None or value <= high)
    return value if inside else None


def _nearest(options: dict[str, Any], label: object) -> Any:  # noqa: ANN401
    """Give the option of a label, or of the number in it that is nearest."""
    if label in options:
        return options[str(label)]
    wanted = _number(str(label))
    near = {text: _number(text) for text in options}
    known = {text: number for text, number in near.items() if number is not None}
    if wanted is None or not known:
        return None
    return options[min(known, key=lambda text: abs(known[text] - wanted))]


def _number(text: str) -> float | None:
    found = re.match(r"\s*([-+]?\d+(?:\.\d+)?)", text)
    return float(found[1]) if found else None
