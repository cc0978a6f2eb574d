"""How the loops of the selection are compiled."""

from data.compiled import compiled

__all__ = ["compiled"]
