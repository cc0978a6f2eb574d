"""What is asked of a run: the base of one model for each kind of run.

A kind of run is a folder with a ``request.py``, a ``job.py`` and perhaps a ``run_cost.py``, and a
line in ``engine.runs.kinds``. Importing a request costs no torch.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

from data.declared import Declared, Number, setting
from data.declared.describe import extra, in_words

__all__ = [
    "MAX_SEED",
    "Request",
    "SelectionTree",
    "SweepTag",
    "device_setting",
    "seed_setting",
    "threads_setting",
]

SelectionTree: TypeAlias = dict[str, Any]
"""A selection, as JSON."""

MAX_SEED = 2**31 - 1
_DEVICE = r"^(auto|cpu|mps|cuda(:\d+)?)$"


class Request(Declared):
    """What is asked of a run.

    Its fields are what stands in the spec of a run beside ``kind``. Their text in JSON is the
    identity of what is computed (see ``engine.runs.same``), so a default or a name that changes
    makes finished runs strangers.
    """

    kind: ClassVar[str]

    @classmethod
    def check(cls, spec: Mapping[str, object], home: Path) -> dict[str, object]:
        """Check a spec before a run begins, so that nobody waits for a mistake to show.

        Parameters
        ----------
        spec
            Any of the fields, and perhaps ``kind``.
        home
            The folder that holds catalogues and runs.

        Returns
        -------
        dict
            The spec in its full form: every key, catalogues by their ids.

        Raises
        ------
        UserError
            Something in it cannot be.
        """
        request = cls.parse({name: value for name, value in spec.items() if name != "kind"})
        return {"kind": cls.kind, **request.to_dict(), **request.complete(home)}

    @abstractmethod
    def complete(self, home: Path) -> dict[str, object]:
        """Give the fields that have another form in a full spec, after a look at the home.

        Raises
        ------
        UserError
            What is asked for is not there, or does not go together.
        """

    @classmethod
    def lines(cls, spec: Mapping[str, object]) -> list[tuple[str, str]]:
        """Give what was asked for as pairs of label and text (not escaped), for a run's record."""
        lines = []
        for name, field in cls.model_fields.items():
            label = extra(field, "label")
            value = spec.get(name, None if field.is_required() else field.default)
            if label and value is not None:
                text = in_words(value).strip("[]")
                lines.append((label, f"{text} {extra(field, 'unit')}".strip()))
        return lines


class SweepTag(Declared):
    """What the spec of a run says of the sweep that it belongs to."""

    thing: ClassVar[str] = "a sweep"

    name: str = setting(..., "id of the sweep")
    cut: str = setting(..., "what is varied")
    value: Number = setting(..., "the value that the run stands for")
    label: str = setting("", "the value as text")

    def to_dict(self) -> dict[str, Any]:
        """Give what was said; earlier sweeps have no label."""
        return self.model_dump(exclude_unset=True)


def device_setting() -> Any:  # noqa: ANN401 - stands where a value of the field's type does
    """Declare the device that a run computes on."""
    return setting(
        "auto", "where it is computed: auto, cpu, mps, cuda or cuda:N", pattern=_DEVICE,
        requirement="auto, cpu, mps, cuda or cuda:N", label="Device", group="where",
    )  # fmt: skip


def seed_setting() -> Any:  # noqa: ANN401
    """Declare the seed of a run."""
    return setting(
        0, "the same seed gives the same numbers on the same machine", low=0, high=MAX_SEED,
        label="Seed",
    )  # fmt: skip


def threads_setting(default: int | None = None) -> Any:  # noqa: ANN401
    """Declare the number of threads of a run; None for every core."""
    return setting(
        default, "number of threads; by default every core", low=1, high=1024, group="where"
    )
