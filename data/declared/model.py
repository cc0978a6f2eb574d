"""The base of what is declared once: a frozen pydantic model whose errors speak to the user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, field_validator

from data.declared.fields import choices_of, from_text, leaves
from data.declared.messages import unknown_field, user_error

__all__ = ["Declared", "Settings"]


class Declared(BaseModel):
    """Values that cannot be changed, each checked when they are put together.

    ``thing`` is what errors call it, with its article.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    thing: ClassVar[str] = "the request"

    @field_validator("*", mode="before")
    @classmethod
    def _as_json(cls, value: object) -> object:
        """Take a tuple as the list that it is in JSON."""
        return list(value) if isinstance(value, tuple) else value

    @field_validator("*", mode="after")
    @classmethod
    def _chosen(cls, value: object, info: ValidationInfo) -> object:
        """Refuse a word that is none of the declared ones."""
        words = choices_of(cls.model_fields[str(info.field_name)])
        if words and isinstance(value, str) and value not in words:
            raise ValueError("none of the words")
        return value

    @classmethod
    def parse(cls, values: object) -> Self:
        """Check values.

        Raises
        ------
        UserError
            A value is unknown, missing, or cannot be.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise user_error(error, cls) from None

    def to_dict(self) -> dict[str, Any]:
        """Give the values as plain ones."""
        return self.model_dump()


class Settings(Declared):
    """Settings, whose values may come as texts: ``members=8`` of a command line or a form."""

    model_config = ConfigDict(strict=False)

    @field_validator("*", mode="before")
    @classmethod
    def _read(cls, value: object, info: ValidationInfo) -> object:
        """Read a text as what it stands for; true and false are no numbers."""
        field = cls.model_fields[str(info.field_name)]
        if isinstance(value, bool) and bool not in leaves(field.annotation):
            raise ValueError("not a truth value")
        return from_text(value, field) if isinstance(value, str) else value

    def changed(self, changes: Mapping[str, object]) -> Self:
        """Give the same settings with some values changed.

        Parameters
        ----------
        changes
            Name to value, as text or as what it is; ``cuts.faintest`` for a setting inside
            another.

        Raises
        ------
        UserError
            There is no such setting, or it cannot have that value.
        """
        tree = self.model_dump()
        for name, value in changes.items():
            *folders, last = str(name).split(".")
            inside: Any = tree
            for folder in folders:
                inside = inside.get(folder) if isinstance(inside, dict) else None
            if (
                not isinstance(inside, dict)
                or last not in inside
                or isinstance(inside[last], dict)
            ):
                raise unknown_field(str(name), type(self))
            inside[last] = value
        return self.parse(tree)
