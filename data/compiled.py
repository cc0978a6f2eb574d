"""How loops over stars are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

__all__ = ["compiled", "compiled_without_checks"]

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Compile a loop that frees the interpreter, keeping the machine code on disk where it can.

    There is no folder for it where the program was installed read-only.
    """
    return _compiled(function)


def compiled_without_checks(function: F) -> F:
    """Compile a loop in which a division by zero is no error but infinite, as in numpy.

    Only then can a loop that divides become vector instructions.
    """
    return _compiled(function, error_model="numpy")


def _compiled(function: F, **options: Any) -> F:  # noqa: ANN401  of numba
    try:
        return cast("F", numba.njit(cache=True, nogil=True, **options)(function))
    except RuntimeError:
        return cast("F", numba.njit(nogil=True, **options)(function))
