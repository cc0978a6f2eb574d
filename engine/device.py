"""Which device and how many threads a run uses."""

from __future__ import annotations

import torch

from data.errors import UserError
from engine.runs.queueing.resources import available_cores

__all__ = ["choose_device", "limit_threads"]


def choose_device(name: str = "auto") -> torch.device:
    """Give the device of a name.

    Parameters
    ----------
    name
        ``auto`` (CUDA, else Apple's MPS, else the CPU), ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.

    Raises
    ------
    UserError
        If the device is unknown or not on this machine.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise UserError(f"Unknown device {name!r}.", "Use auto, cpu, cuda or mps.") from None
    there = {
        "cpu": True,
        "cuda": torch.cuda.is_available() and (device.index or 0) < torch.cuda.device_count(),
        "mps": torch.backends.mps.is_available(),
    }
    if not there.get(device.type, False):
        raise UserError(
            f"The device {name!r} is not available on this machine.", "Use auto or cpu."
        )
    return device


def limit_threads(threads: int | None) -> int:
    """Set the threads of torch; by default all cores that this process may use."""
    torch.set_num_threads(threads or available_cores())
    return torch.get_num_threads()
