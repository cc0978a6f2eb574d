"""What services answer to a query that they do not like, as one sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from data.errors import UserError

__all__ = ["complaint", "ran_out_of_time", "understood"]

_NOT_THERE = r"(?:not?|unknown|does not exist|doesn't exist|unresolved|invalid|could not|cannot)"
_COLUMN = re.compile(rf"{_NOT_THERE}.*(?:column|identifier|field)|column.*{_NOT_THERE}", re.I)
_TABLE = re.compile(
    rf"{_NOT_THERE}.*(?:table|relation|schema)|(?:table|relation|schema).*{_NOT_THERE}", re.I
)
_TIME = re.compile(r"time ?out|timed out|time limit|execution duration|statement timeout", re.I)
_LOGIN = re.compile(r"log ?in|not authori[sz]ed|permission denied|authentication|privilege", re.I)
_SPACE = re.compile(r"quota|disk full|no space", re.I)
_GRAMMAR = re.compile(r"pars|syntax|incorrect adql|encountered|expected", re.I)


@contextmanager
def complaint(service: str) -> Iterator[None]:
    """Turn what pyvo raises into a sentence."""
    from pyvo.dal import DALAccessError  # type: ignore[import-untyped]

    try:
        yield
    except DALAccessError as error:
        raise understood(service, str(getattr(error, "reason", "") or error)) from error
    except UserError:
        raise
    except Exception as error:  # whatever the XML of a page that is no TAP service leads to
        raise UserError(
            f"{service} does not respond like a TAP service.",
            "Its address usually ends in /tap; open it in a browser.",
        ) from error


def ran_out_of_time(message: str) -> bool:
    """Tell whether a service gave a query up only because it took too long."""
    return bool(_TIME.search(message))


def understood(service: str, message: str) -> UserError:
    """Say what a service means by its message.

    Parameters
    ----------
    service
        Its address.
    message
        What it said, which goes into the sentence shortened.
    """
    text = " ".join(re.sub(r"<[^>]*>", " ", message).split())
    text = text.removeprefix("Query Error: ").strip()
    said = text if len(text) <= 300 else text[:297] + "..."
    said = said.rstrip(".") or "no reason was given"
    if "404" in said and "Not Found" in said:
        return UserError(
            f"No TAP service at {service}.",
            "The address of a service usually ends in /tap; open it in a browser.",
        )
    for pattern, sentence, hint in (
        (_LOGIN, "requires a login", "Only public tables can be downloaded."),
        (_TIME, "aborted the query at its time limit",
         "Request smaller chunks with --chunk-rows, or fewer stars."),
        (_SPACE, "has no space left for the result",
         "Request smaller chunks with --chunk-rows."),
        (_COLUMN, "has no such column",
         "Check the columns of the table on the pages of the service."),
        (_TABLE, "has no such table",
         "Choose another release, or check the tables on the pages of the service."),
        (_GRAMMAR, "cannot parse the query", "Correct the ADQL text."),
    ):  # fmt: skip
        if pattern.search(said):
            return UserError(f"{service} {sentence}: {said}.", hint)
    return UserError(
        f"{service} rejected the query: {said}.", "See the documentation of the service."
    )
