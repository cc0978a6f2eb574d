"""Checkpoints: tensors and plain values only, written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch

from data.errors import UserError

__all__ = ["load_checkpoint", "save_checkpoint"]


def save_checkpoint(state: dict[str, Any], path: Path) -> None:
    """Write a state under a temporary name, sync it and rename it.

    Parameters
    ----------
    state
        Tensors, numbers, strings, lists and dictionaries.
    path
        Where it shall lie.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    building = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with building.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        building.replace(path)
    finally:
        building.unlink(missing_ok=True)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a state back onto the CPU; nothing in the file is ever executed.

    Raises
    ------
    UserError
        If the file is damaged or holds anything but weights.
    """
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many types for a damaged or hostile file
        raise UserError(
            f"The checkpoint {path.name} cannot be read.",
            "Delete it to restart this stage of the run.",
        ) from error
    return state
