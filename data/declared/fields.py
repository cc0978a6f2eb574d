"""How a field of a request or of settings is declared, and what its annotation allows."""

from __future__ import annotations

import json
import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

from pydantic import Field
from pydantic.fields import FieldInfo

__all__ = ["Number", "choices_of", "from_text", "leaves", "setting"]

Number: TypeAlias = int | float
"""A number that stays what it is: 6 is written down as 6, 6.0 as 6.0."""

_TRUE, _FALSE, _NONE = {"true", "yes", "1"}, {"false", "no", "0"}, {"none", "null"}


def setting(
    default: object,
    sentence: str,
    *,
    low: float | None = None,
    above: float | None = None,
    high: float | None = None,
    unit: str = "",
    group: str = "",
    label: str = "",
    requirement: str = "",
    choices: tuple[str, ...] = (),
    **constraints: Any,  # noqa: ANN401 - what pydantic's Field takes
) -> Any:  # noqa: ANN401 - stands where a value of the field's type does
    """Declare a field.

    Parameters
    ----------
    default
        Its value by default; ``...`` if it must be given.
    sentence
        What it is, for help, forms and the guide.
    low, high
        Smallest and largest value.
    above
        What it must exceed.
    unit
        Of the value.
    group
        Heading under which it stands.
    label
        Its name on a page; empty where a page does not list it.
    requirement
        What the value must be, for the sentence of an error, where the bounds do not say it:
        "seeds must be ...".
    choices
        Words that it may be, where they are not written in its annotation as a ``Literal``.
    constraints
        As for ``pydantic.Field``, such as ``pattern`` or ``max_length``.
    """
    extra: dict[str, Any] = {
        "unit": unit, "group": group, "label": label, "requirement": requirement,
        "enum": list(choices),
    }  # fmt: skip
    return Field(
        default,
        description=sentence,
        ge=low,
        gt=above,
        le=high,
        json_schema_extra={key: value for key, value in extra.items() if value},
        **constraints,
    )


def leaves(annotation: object) -> Iterator[object]:
    """Give the plain types of an annotation: ``float`` and ``NoneType`` of ``float | None``.

    Literals and collections stay whole.
    """
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        for part in get_args(annotation):
            yield from leaves(part)
    elif origin is Annotated:
        yield from leaves(get_args(annotation)[0])
    else:
        yield types.NoneType if annotation is None else annotation


def choices_of(field: FieldInfo) -> tuple[str, ...]:
    """Give the words that a field may be; none where it is free."""
    declared = field.json_schema_extra
    if isinstance(declared, dict) and isinstance(words := declared.get("enum"), list):
        return tuple(map(str, words))
    return tuple(
        str(word)
        for leaf in leaves(field.annotation)
        if get_origin(leaf) is Literal
        for word in get_args(leaf)
    )


def from_text(text: str, field: FieldInfo) -> object:
    """Give a text from a command line or a form as the value that it stands for.

    Parameters
    ----------
    text
        ``8``, ``1e-3``, ``yes``, ``none``, ``[0.5, 1]``, or a word.
    field
        What it is for.

    Returns
    -------
    object
        A value for the field's check; a text that stands for none stays as it is.
    """
    word, allowed = text.strip(), list(leaves(field.annotation))
    lower = word.lower()
    if types.NoneType in allowed and lower in _NONE:
        return None
    if bool in allowed and lower in _TRUE | _FALSE:
        return lower in _TRUE
    if int in allowed or float in allowed:
        return _number(word)
    if any(get_origin(leaf) in (tuple, list, dict, Mapping) for leaf in allowed):
        return _json(word)
    return lower if choices_of(field) else text


def _number(word: str) -> object:
    for read in (int, float):
        try:
            return read(word)
        except ValueError:
            continue
    return word


def _json(word: str) -> object:
    try:
        return json.loads(word)
    except ValueError:
        return word
