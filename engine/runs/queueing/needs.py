"""What a run takes: cores, memory, graphics processors, disk, time; and what a machine has."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from data.errors import UserError
from engine.runs.queueing.resources import available_cores

__all__ = ["Needs", "Supply", "check_disk", "check_machine", "machine_supply"]

_DISK_MARGIN = 0.2  # GB that stay free, for the log, the events and other programs
_CGROUP = Path("/sys/fs/cgroup/memory.max")
_MEMORY = Path("/proc/meminfo")


@dataclass(frozen=True)
class Needs:
    """What a run takes; 0 where nothing is known or nothing is needed.

    Parameters
    ----------
    cores
        Processor cores; 0 for as many as there are.
    memory_gb
        Largest memory, GB (1e9 bytes).
    gpus
        Graphics processors.
    disk_gb
        What it leaves on the disk, GB.
    seconds
        Expected duration, s.
    device
        The device that was asked for by name, such as ``cuda:1``.
    """

    cores: int = 0
    memory_gb: float = 0.0
    gpus: int = 0
    disk_gb: float = 0.0
    seconds: float = 0.0
    device: str = "auto"

    @classmethod
    def of(cls, spec: Mapping[str, object], estimate: Mapping[str, float] | None = None) -> Needs:
        """Take the cores and the device from a spec, and the rest from an estimate."""
        threads, device = spec.get("threads"), str(spec.get("device", "auto"))
        known = estimate or {}
        return cls(
            cores=threads if isinstance(threads, int) else 0,
            gpus=int(device.startswith("cuda")),
            device=device,
            memory_gb=float(known.get("memory_gb", 0.0)),
            disk_gb=float(known.get("disk_gb", 0.0)),
            seconds=float(known.get("seconds", 0.0)),
        )

    @classmethod
    def from_dict(cls, content: Mapping[str, object]) -> Needs:
        """Read what `to_dict` gave; what is missing is 0."""
        known = {name: content[name] for name in cls.__dataclass_fields__ if name in content}
        return cls(**known)  # type: ignore[arg-type]

    def to_dict(self) -> dict[str, object]:
        """Give it as JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Supply:
    """What a machine has in all.

    Parameters
    ----------
    cores, gpus
        Numbers of them.
    memory_gb
        Memory, GB; 0 if that cannot be told.
    """

    cores: int
    memory_gb: float
    gpus: int


def machine_supply() -> Supply:
    """Look what this machine (or this container) has."""
    return Supply(available_cores(), _memory_gb(), _graphics_processors())


def check_machine(needs: Needs, supply: Supply | None = None) -> None:
    """Refuse what this machine can never do.

    Raises
    ------
    UserError
        The memory or the graphics processors do not suffice, however long one waits.
    """
    supply = supply or machine_supply()
    if needs.memory_gb > supply.memory_gb > 0:
        raise UserError(
            f"The run needs about {needs.memory_gb:.1f} GB of memory; this machine has "
            f"{supply.memory_gb:.1f} GB.",
            "Use a tighter selection, fewer members, or a cluster with larger workers.",
        )


def check_disk(needs: Needs, home: Path) -> None:
    """Refuse what will not fit on the disk.

    Raises
    ------
    UserError
        Less is free than the run is expected to leave behind, and a little more.
    """
    folder = next(place for place in (home, *home.parents) if place.exists())
    with contextlib.suppress(OSError):
        free = shutil.disk_usage(folder).free / 1e9
        if needs.disk_gb and free < needs.disk_gb + _DISK_MARGIN:
            raise UserError(
                f"The run will write about {needs.disk_gb:.2f} GB, but only "
                f"{free:.2f} GB are free on the disk of {folder}.",
                "Free up space, for example with `via-obscura runs delete`.",
            )


def _memory_gb() -> float:
    found = []
    with contextlib.suppress(OSError, ValueError, IndexError):
        line = _MEMORY.read_text(encoding="ascii").splitlines()[0]  # MemTotal: N kB
        found.append(int(line.split()[1]) * 1024 / 1e9)
    with contextlib.suppress(OSError, ValueError):  # "max" where there is no limit
        found.append(int(_CGROUP.read_text(encoding="ascii")) / 1e9)
    return min(found, default=0.0)


def _graphics_processors() -> int:
    shown = os.environ.get("CUDA_VISIBLE_DEVICES")
    there = len(list(Path("/dev").glob("nvidia[0-9]*")))
    return there if shown is None else min(there, len([one for one in shown.split(",") if one]))
