"""The one exception that speaks to the user."""

from __future__ import annotations

__all__ = ["UserError"]


class UserError(Exception):
    """Something that the user can mend: said in one sentence, with a hint.

    Every layer raises it for bad input; the command line and the pages print it as it is
    and never show a traceback for it.

    Parameters
    ----------
    sentence
        What was wrong and where (file, column, value), as one sentence.
    hint
        What to do about it; empty where nothing useful can be said.
    """

    def __init__(self, sentence: str, hint: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.sentence} {self.hint}".strip()

    def to_dict(self) -> dict[str, str]:
        """Give the form that ``--json`` prints: ``{"error": sentence, "hint": sentence}``."""
        return {"error": self.sentence, "hint": self.hint}
