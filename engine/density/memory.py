"""Memory that does not suffice: telling it from other errors, and giving back what is cached."""

from __future__ import annotations

import torch

__all__ = ["is_out_of_memory", "release"]

_TEXTS = ("can't allocate memory", "out of memory")


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error says that a device, or the machine, has no memory left.

    CUDA and MPS raise ``torch.OutOfMemoryError`` or a plain RuntimeError, the CPU's allocator a
    RuntimeError with a text of its own, numpy a MemoryError.
    """
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(text in str(error) for text in _TEXTS)


def release(device: torch.device) -> None:
    """Give back what the allocator keeps for later: pieces of the wrong size fill a device."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()
