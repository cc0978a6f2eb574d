"""What whoever runs the program has set for a home: ``configuration.toml``."""

from __future__ import annotations

import tomllib
from pathlib import Path

from data.errors import UserError

__all__ = ["read_configuration"]

_KNOWN = ("cluster",)


def read_configuration(home: Path) -> dict[str, object]:
    """Read the configuration of a home; without a file it is empty.

    Parameters
    ----------
    home
        The folder that holds catalogues and runs, and maybe ``configuration.toml``.

    Raises
    ------
    UserError
        The file cannot be read, or says something that this program does not know.
    """
    path = home / "configuration.toml"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(
            f"The configuration {path} cannot be read ({error}).", "It must be TOML."
        ) from error
    unknown = sorted(content.keys() - set(_KNOWN))
    if unknown:
        raise UserError(
            f"{path} has an unknown section {unknown[0]!r}.", f"Known: {', '.join(_KNOWN)}."
        )
    return content
