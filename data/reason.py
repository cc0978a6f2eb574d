"""A reason for distrust."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Reason"]


@dataclass(frozen=True)
class Reason:
    """Why a map of this population must not be trusted as it stands.

    Parameters
    ----------
    code
        One word for scripts, such as ``incomplete``.
    sentence
        The reason with its numbers, for people.
    """

    code: str
    sentence: str

    def to_dict(self) -> dict[str, str]:
        """Give the form that results and cubes carry."""
        return {"code": self.code, "sentence": self.sentence}
