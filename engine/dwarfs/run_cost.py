"""What a dwarf's fit takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["dwarf_cost"]


def dwarf_cost(spec: dict[str, Any], home: Path) -> dict[str, float]:
    """Estimate what a fit takes: seconds, memory and disk (GB)."""
    quick = spec["preset"] == "quick"
    families = {"average": 2 if quick else 3, "scan": 6}.get(spec["beta"], 1)
    seconds = (40.0 if quick else 240.0) * families * spec["populations"]
    return {"seconds": seconds, "memory_gb": 0.8, "disk_gb": 0.02}
