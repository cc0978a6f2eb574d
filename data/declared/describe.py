"""What is declared of a field, in words: for errors, help, the guide and forms."""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args, get_origin

from pydantic.fields import FieldInfo

from data.declared.fields import choices_of, leaves

if TYPE_CHECKING:
    from data.declared.model import Declared

__all__ = [
    "FieldRow",
    "as_sentence",
    "extra",
    "field_rows",
    "in_words",
    "inner_model",
    "listed",
    "requirement",
]


@dataclass(frozen=True)
class FieldRow:
    """A field as a line of a table.

    Parameters
    ----------
    name
        ``members``, or ``cuts.faintest`` of a field inside another.
    default
        Its value by default.
    requirement
        What a value must be.
    unit, sentence, group, label
        As declared.
    choices
        Words that it may be; empty where it is free.
    low, high
        Bounds, None where there is none.
    required
        Whether it must be given.
    """

    name: str
    default: Any
    requirement: str
    unit: str
    sentence: str
    group: str
    label: str
    choices: tuple[str, ...]
    low: float | None
    high: float | None
    required: bool


def field_rows(model: type[Declared], before: str = "") -> Iterator[FieldRow]:
    """Give the fields of a model in their order, those of inner models under its field's name."""
    for name, field in model.model_fields.items():
        if (inner := inner_model(field)) is not None:
            yield from field_rows(inner, f"{before}{name}.")
            continue
        low, _, high, _ = _bounds(field)
        yield FieldRow(
            name=before + name,
            default=field.get_default(call_default_factory=True),
            requirement=requirement(field),
            unit=extra(field, "unit"),
            sentence=field.description or "",
            group=extra(field, "group"),
            label=extra(field, "label"),
            choices=choices_of(field),
            low=low,
            high=high,
            required=field.is_required(),
        )


def inner_model(field: FieldInfo) -> type[Declared] | None:
    """Give the model that a field holds; None for a plain value."""
    from data.declared.model import Declared

    for leaf in leaves(field.annotation):
        if isinstance(leaf, type) and issubclass(leaf, Declared):
            return leaf
    return None


def extra(field: FieldInfo, key: str) -> str:
    """Give something that was declared beside what pydantic knows: ``unit``, ``group``, ..."""
    declared = field.json_schema_extra
    return str(declared.get(key, "")) if isinstance(declared, dict) else ""


def requirement(field: FieldInfo) -> str:
    """Say what a value must be: "an integer from 1 to 256", "between 0.01 and 100 kpc"."""
    text = extra(field, "requirement") or _requirement(field)
    optional = types.NoneType in leaves(field.annotation)
    return f"{text} or none" if optional and not text.endswith("none") else text


def as_sentence(field: FieldInfo) -> str:
    """Give what a field is as a sentence of its own."""
    text = field.description or ""
    word = text.split(" ")[0]
    start = text[:1].upper() if word.isalpha() and word.islower() else text[:1]
    return f"{start}{text[1:]}." if text else ""


def listed(words: tuple[str, ...] | list[str], last: str = "or") -> str:
    """Write words in a row: "a, b or c"."""
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def in_words(value: object) -> str:
    """Write a value of a field as one types it."""
    if value is None or isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(in_words, value))}]"
    if isinstance(value, dict):
        return ", ".join(f"{name}={in_words(inner)}" for name, inner in value.items())
    return str(value)


def _requirement(field: FieldInfo) -> str:
    allowed = list(leaves(field.annotation))
    if words := choices_of(field):
        return listed(words)
    if bool in allowed:
        return "true or false"
    if float in allowed or int in allowed:
        return _number(field, whole=float not in allowed)
    if str in allowed:
        return "text"
    for leaf in allowed:
        if get_origin(leaf) is tuple:
            unit = extra(field, "unit")
            return f"{len(get_args(leaf))} numbers" + (f" in {unit}" if unit else "")
        if get_origin(leaf) is list:
            return "a list"
    return "pairs of a name and a value"


def _number(field: FieldInfo, *, whole: bool) -> str:
    low, above, high, below = _bounds(field)
    unit = f" {extra(field, 'unit')}" if extra(field, "unit") else ""
    least = low if low is not None else above
    most = high if high is not None else below
    if least is not None and most is not None and above is None and below is None:
        if whole:
            return f"an integer from {_short(least)} to {_short(most)}{unit}"
        return f"between {_short(least)} and {_short(most)}{unit}"
    parts = [
        f"{word} {_short(bound)}"
        for word, bound in (
            ("at least", low), ("greater than", above), ("at most", high), ("less than", below)
        )
        if bound is not None
    ]  # fmt: skip
    if not parts:
        noun = "an integer" if whole else "a number"
        return noun + (f" in{unit}" if unit else "")
    if whole and parts in (["at least 0"], ["at least 1"]):
        return ("a positive integer" if low == 1 else "an integer, 0 or more") + unit
    return ("an integer, " if whole else "") + " and ".join(parts) + unit


def _bounds(field: FieldInfo) -> tuple[Any, ...]:
    """Give the declared bounds: at least, greater than, at most, less than; None for none."""
    return tuple(
        next((getattr(part, key) for part in field.metadata if hasattr(part, key)), None)
        for key in ("ge", "gt", "le", "lt")
    )


def _short(bound: Any) -> str:  # noqa: ANN401 - a number, as pydantic keeps it
    return f"{bound:,}" if isinstance(bound, int) and abs(bound) >= 10_000 else f"{bound:.12g}"
