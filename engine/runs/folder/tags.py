"""What a run also answers: small files beside its record, which anybody may add."""

from __future__ import annotations

import re

from data.errors import UserError
from engine.runs.folder.directory import RunDirectory
from engine.runs.folder.files import write_json

__all__ = ["add_tag"]

_NAME = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)


def add_tag(run: RunDirectory, tag: object) -> None:
    """Note that a run belongs to one more sweep, whoever writes to its record at the moment.

    Parameters
    ----------
    run
        The run.
    tag
        ``{"name", "cut", "value", "label"}`` of the sweep.

    Raises
    ------
    UserError
        The note cannot be written.
    """
    name = str(tag.get("name")) if isinstance(tag, dict) else ""
    if not _NAME.fullmatch(name):
        raise UserError(f"Invalid name of a sweep: {name!r}.")
    try:
        run.tags_folder.mkdir(exist_ok=True)
        write_json(run.tags_folder / f"{name}.json", tag)
    except OSError as error:
        raise UserError(f"Run {run.id} cannot be added to a sweep: {error.strerror}.") from error
