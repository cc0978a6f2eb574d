"""What the user is told when a run ends badly."""

from __future__ import annotations

import errno

from data.errors import UserError

__all__ = ["as_error", "describe"]

_MESSAGE_LIMIT = 500  # characters
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
# torch says "out of memory" with classes and texts of its own, which are told apart by name
# here because this module must not import torch.
_OUT_OF_MEMORY_CLASSES = ("OutOfMemoryError",)
_OUT_OF_MEMORY_TEXTS = ("DefaultCPUAllocator: can't allocate memory", "out of memory")


def as_error(sentence: str, hint: str = "") -> dict[str, str]:
    """Give the form that errors have in a record."""
    return {"sentence": sentence, "hint": hint}


def describe(error: BaseException) -> dict[str, str]:
    """Say in one sentence why a run failed, and what to do about it.

    Parameters
    ----------
    error
        What the job raised.

    Returns
    -------
    dict
        ``{"sentence", "hint"}``; the traceback belongs in the log, not here.
    """
    if isinstance(error, UserError):
        return as_error(error.sentence, error.hint)
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        where = f" (while writing {error.filename})" if error.filename else ""
        return as_error(
            f"The disk is full{where}.",
            "Free up space, for example with `via-obscura runs delete`, and resume the run.",
        )
    if _is_out_of_memory(error):
        return as_error(
            "The run needed more memory than there is.",
            "Close other programs, take a smaller preset, a tighter selection or fewer members.",
        )
    text = " ".join(str(error).split())
    if len(text) > _MESSAGE_LIMIT:
        text = text[: _MESSAGE_LIMIT - 3] + "..."
    kind = type(error).__name__
    return as_error(
        f"The run failed: {kind}: {text}" if text else f"The run failed: {kind}.",
        "The log of the run has the details.",
    )


def _is_out_of_memory(error: BaseException) -> bool:
    if isinstance(error, MemoryError) or type(error).__name__ in _OUT_OF_MEMORY_CLASSES:
        return True
    return isinstance(error, RuntimeError) and any(
        text in str(error) for text in _OUT_OF_MEMORY_TEXTS
    )
