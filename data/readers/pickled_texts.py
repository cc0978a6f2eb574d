"""Lists, dictionaries, numbers and texts out of a pickle, without unpickling it.

PyTables pickles attributes for which HDF5 has no type, such as the names of a frame's columns.
The opcodes that build plain values are followed here one by one; nothing is imported, called or
made an object of, and a pickle with anything else in it is given up.
"""

from __future__ import annotations

import pickletools
from typing import Any

__all__ = ["NotPlainError", "plain_value"]

_MARK = object()
_LONGEST = 1 << 22
_LITERALS = frozenset({
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT",
    "STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE",
    "BINBYTES", "SHORT_BINBYTES",
})  # fmt: skip
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


class NotPlainError(ValueError):
    """A pickle that is more than lists, dictionaries, numbers and texts."""


def plain_value(pickled: bytes) -> Any:  # noqa: ANN401
    """Give the value that a pickle of plain values stands for.

    Parameters
    ----------
    pickled
        Any protocol.

    Raises
    ------
    NotPlainError
        If it is no pickle, is longer than 4 MiB, or holds anything else.
    """
    if len(pickled) > _LONGEST:
        raise NotPlainError("too long")
    machine = _Machine()
    try:
        for opcode, argument, _ in pickletools.genops(pickled):
            if opcode.name == "STOP":
                return machine.stack.pop()
            machine.follow(opcode.name, argument)
    except (ValueError, IndexError, KeyError, TypeError, EOFError, OverflowError) as error:
        raise NotPlainError(str(error)) from error
    raise NotPlainError("no end")


class _Machine:
    """The stack and the memory of a pickle."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self._memory: dict[int, Any] = {}

    def follow(self, name: str, argument: Any) -> None:  # noqa: ANN401
        """Do what one opcode says."""
        stack = self.stack
        if name in _LITERALS:
            stack.append(argument)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in _TUPLES:
            count = _TUPLES[name]
            stack[-count:] = [tuple(stack[-count:])]
        elif name in ("PUT", "BINPUT", "LONG_BINPUT"):
            self._memory[int(argument)] = stack[-1]
        elif name == "MEMOIZE":
            self._memory[len(self._memory)] = stack[-1]
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            stack.append(self._memory[int(argument)])
        elif name not in ("PROTO", "FRAME"):
            self._build(name)

    def _build(self, name: str) -> None:
        """Make a list, a tuple or a dictionary, or add to one."""
        stack = self.stack
        if name == "MARK":
            stack.append(_MARK)
        elif name in ("EMPTY_LIST", "EMPTY_DICT", "EMPTY_TUPLE"):
            stack.append({"EMPTY_LIST": [], "EMPTY_DICT": {}, "EMPTY_TUPLE": ()}[name])
        elif name in ("LIST", "TUPLE", "DICT"):
            items = self._since_mark()
            stack.append(
                _pairs(items) if name == "DICT" else tuple(items) if name == "TUPLE" else items
            )
        elif name in ("APPEND", "APPENDS"):
            items = [stack.pop()] if name == "APPEND" else self._since_mark()
            stack[-1].extend(items)
        elif name in ("SETITEM", "SETITEMS"):
            items = self._since_mark() if name == "SETITEMS" else [stack.pop(-2), stack.pop()]
            stack[-1].update(_pairs(items))
        else:
            raise NotPlainError(f"{name} is not plain")

    def _since_mark(self) -> list[Any]:
        place = max(i for i, item in enumerate(self.stack) if item is _MARK)
        items = self.stack[place + 1 :]
        del self.stack[place:]
        return items


def _pairs(items: list[Any]) -> dict[Any, Any]:
    return dict(zip(items[::2], items[1::2], strict=True))
