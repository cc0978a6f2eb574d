"""The folder that holds catalogues, runs and sessions."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

__all__ = ["HOME_VARIABLE", "home"]

HOME_VARIABLE = "VIA_OBSCURA_HOME"


def home(path: str | Path | None = None) -> Path:
    """Say which folder is the home; it is made when something is first written to it.

    Parameters
    ----------
    path
        What the user asked for (``--home``). Without it the environment variable
        ``VIA_OBSCURA_HOME`` counts, and without that the user's data folder.
    """
    chosen = path or os.environ.get(HOME_VARIABLE) or platformdirs.user_data_dir("via-obscura")
    return Path(chosen).expanduser().absolute()
