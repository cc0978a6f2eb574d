"""Declared once: bounds, texts, errors and rows all follow from a field's declaration."""

from __future__ import annotations

from typing import ClassVar, Literal

import pytest
from pydantic import Field

from data.declared import Declared, Number, Settings, field_rows, setting
from data.declared.describe import in_words
from data.errors import UserError


class Inner(Settings):
    faintest: float | None = setting(20.5, "the faintest magnitude", low=0, unit="mag")
    colour: tuple[float, float] | None = setting((0.5, 1.0), "range of colours", unit="mag")


class Example(Settings):
    thing: ClassVar[str] = "an example"

    members: int = setting(4, "number of members", low=1, high=256, group="ensemble")
    spacing: float = setting(0.5, "grid spacing", low=0.01, high=100, unit="kpc", label="Spacing")
    ridge: float = setting(1.0, "prior precision", above=0)
    kind: Literal["auto", "smooth", "flow"] = setting("auto", "p(x) as a flow or not")
    clumps: bool = setting(True, "whether clumps are cut out")
    epochs: int | None = setting(None, "number of epochs", low=1)
    dust: str = setting("", "files of dust")
    cuts: Inner = Field(default_factory=Inner)


class Asked(Declared):
    thing: ClassVar[str] = "a journey"

    origin: str = setting(..., "where it begins")
    width: Number = setting(6.0, "its width", low=0.1, high=50, unit="mas/yr")
    seeds: list[int] = setting([0], "its seeds", requirement="1 to 3 numbers", max_length=3)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("members", "8", 8), ("members", 8.0, 8), ("members", " 1e2 ", 100), ("members", "3.0", 3),
        ("spacing", "1e-1", 0.1), ("spacing", 2, 2.0), ("kind", "Flow", "flow"),
        ("clumps", "no", False), ("clumps", "TRUE", True), ("clumps", False, False),
        ("epochs", "none", None), ("epochs", "3", 3), ("epochs", None, None), ("dust", "3", "3"),
        ("cuts.faintest", "null", None), ("cuts.faintest", "20", 20.0),
        ("cuts.colour", "[0, 1.5]", (0.0, 1.5)), ("cuts.colour", [0, 1], (0.0, 1.0)),
    ],
)  # fmt: skip
def test_a_text_stands_for_a_value(name, value, expected):
    made = Example().changed({name: value})
    *folders, last = name.split(".")
    inside = made
    for folder in folders:
        inside = getattr(inside, folder)
    assert getattr(inside, last) == expected
    assert type(getattr(inside, last)) is type(expected)
    assert Example.parse(made.to_dict()) == made
    others = {row.name for row in field_rows(Example)} - {name}
    same = {n: v for n, v in flat(made).items() if n in others}
    assert same == {n: v for n, v in flat(Example()).items() if n in others}


def flat(settings, before=""):
    values = {}
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, Settings):
            values |= flat(value, f"{before}{name}.")
        else:
            values[before + name] = value
    return values


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("members", "2.5", "members must be an integer from 1 to 256, not 2.5."),
        ("members", True, "members must be an integer from 1 to 256, not True."),
        ("members", None, "members must be an integer from 1 to 256, not None."),
        ("members", [1], "members must be an integer from 1 to 256, not [1]."),
        ("spacing", 1000, "spacing must be between 0.01 and 100 kpc, not 1000."),
        ("spacing", "nan", "spacing must be between 0.01 and 100 kpc, not nan."),
        ("ridge", 0, "ridge must be greater than 0, not 0."),
        ("kind", "flat", "kind must be auto, smooth or flow, not 'flat'."),
        ("clumps", "maybe", "clumps must be true or false, not 'maybe'."),
        ("epochs", 0, "epochs must be a positive integer or none, not 0."),
        ("dust", 3, "dust must be text, not 3."),
        ("cuts.faintest", "wide", "cuts.faintest must be at least 0 mag or none, not"),
        ("cuts.colour", "[1]", "cuts.colour must be 2 numbers in mag or none, not"),
        ("member", 3, "Unknown setting 'member'"),
        ("cuts", 3, "Unknown setting 'cuts'"),
        ("members.x", 3, "Unknown setting 'members.x'"),
        ("dust", "a" * 500, None),
    ],
)
def test_what_cannot_be_is_said_in_plain_english(name, value, sentence):
    if sentence is None:
        assert Example().changed({name: value}).dust == value
        return
    with pytest.raises(UserError) as caught:
        Example().changed({name: value})
    assert sentence in caught.value.sentence
    assert len(caught.value.sentence) < 200


def test_near_names_are_offered():
    with pytest.raises(UserError, match="Did you mean members") as caught:
        Example().changed({"member": 3})
    assert "dust" not in str(caught.value)
    with pytest.raises(UserError, match=r"Known: members, spacing.*cuts\.colour"):
        Example().changed({"qqqq": 3})


def test_a_request_takes_no_text_for_a_number_and_changes_no_number():
    assert str(Asked.parse({"origin": "a", "width": 6}).to_dict()["width"]) == "6"
    assert str(Asked.parse({"origin": "a", "width": 6.0}).to_dict()["width"]) == "6.0"
    for values, sentence in (
        ({}, "A journey needs an origin."),
        ({"origin": None}, "A journey needs an origin."),
        ({"origin": "a", "width": "6"}, "width must be between 0.1 and 50 mas/yr, not '6'."),
        ({"origin": "a", "width": True}, "width must be between 0.1 and 50 mas/yr, not True."),
        ({"origin": "a", "seeds": [1, 2, 3, 4]}, "seeds must be 1 to 3 numbers"),
        ({"origin": "a", "seeds": [1, "b"]}, "seeds must be 1 to 3 numbers, not 'b'."),
        ({"origin": "a", "widths": 3}, "Unknown setting 'widths' of a journey."),
        (7, "A journey is made of pairs"),
    ):
        with pytest.raises(UserError) as caught:
            Asked.parse(values)
        assert sentence in caught.value.sentence


def test_rows_and_schema_say_what_was_declared():
    rows = {row.name: row for row in field_rows(Example)}
    assert list(rows)[-2:] == ["cuts.faintest", "cuts.colour"]
    spacing = rows["spacing"]
    assert (spacing.low, spacing.high, spacing.unit, spacing.label) == (
        0.01,
        100,
        "kpc",
        "Spacing",
    )
    assert (spacing.default, spacing.sentence, spacing.label) == (0.5, "grid spacing", "Spacing")
    assert rows["kind"].choices == ("auto", "smooth", "flow")
    assert rows["members"].group == "ensemble"
    schema = Example.model_json_schema()["properties"]
    assert schema["spacing"]["unit"] == "kpc"
    assert (schema["spacing"]["minimum"], schema["spacing"]["maximum"]) == (0.01, 100)
    assert schema["kind"]["enum"] == ["auto", "smooth", "flow"]
    assert [in_words(v) for v in (None, True, 3, 0.5, (0.5, 1.0), "a")] == [
        "none", "true", "3", "0.5", "[0.5, 1]", "a"
    ]  # fmt: skip


def test_nothing_can_be_changed_in_place():
    with pytest.raises(ValueError, match="frozen"):
        Example().members = 3
