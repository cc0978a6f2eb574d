"""What pydantic finds wrong, as the sentence and the hint of a `UserError`."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from data.declared.describe import as_sentence, field_rows, inner_model, listed, requirement
from data.errors import UserError

if TYPE_CHECKING:
    from data.declared.model import Declared

__all__ = ["unknown_field", "user_error"]

_LONGEST = 60  # characters of a value that an error quotes


def user_error(error: ValidationError, model: type[Declared]) -> UserError:
    """Say the first thing that is wrong.

    Parameters
    ----------
    error
        Of pydantic.
    model
        What was to be made.
    """
    first = error.errors(include_url=False)[0]
    path, field = _place(first["loc"], model)
    name, value = ".".join(path), first["input"]
    if first["type"] == "extra_forbidden":
        return unknown_field(name, model)
    if field is None:
        return UserError(f"{_first(model.thing)} is made of pairs of a name and a value.")
    if field.is_required() and (first["type"] == "missing" or value is None):
        return UserError(
            f"{_first(model.thing)} needs {_article(name)} {name}.", as_sentence(field)
        )
    return UserError(
        f"{name} must be {requirement(field)}, not {_quoted(value)}.", as_sentence(field)
    )


def unknown_field(name: str, model: type[Declared]) -> UserError:
    """Say that there is no such field, and which are like it."""
    names = [row.name for row in field_rows(model)]
    near = difflib.get_close_matches(name, names, n=3)
    hint = f"Did you mean {listed(near)}?" if near else f"Known: {', '.join(names)}."
    return UserError(f"Unknown setting {name!r} of {model.thing}.", hint)


def _place(
    location: Sequence[int | str], model: type[Declared]
) -> tuple[list[str], FieldInfo | None]:
    """Follow a path of pydantic's to a field; items of a list and branches of a union are cut."""
    path: list[str] = []
    owner: type[Declared] | None = model
    field: FieldInfo | None = None
    for step in location:
        if owner is None or not isinstance(step, str):
            break
        path.append(step)
        field = owner.model_fields.get(step)
        owner = None if field is None else inner_model(field)
    return path, field


def _quoted(value: Any) -> str:  # noqa: ANN401 - whatever came
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _first(text: str) -> str:
    return text[:1].upper() + text[1:]


def _article(noun: str) -> str:
    return "an" if noun[:1] in "aeiou" else "a"
