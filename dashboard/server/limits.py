"""Limits on what comes from a browser."""

from __future__ import annotations

__all__ = ["UPLOAD_LIMIT"]

#: Largest table that can be uploaded, in bytes; larger ones are read by their path.
UPLOAD_LIMIT = 100 * 2**20
