"""What has to be on this machine so that a saved view can be shown, and the document of one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from data.errors import UserError

if TYPE_CHECKING:
    from dashboard.pages.base import Page
    from dashboard.services.services import Services
    from dashboard.session.session import Session

__all__ = ["at_home", "check_openable", "document_on_screen", "open_document", "runs_of"]

#: What the id of a catalogue ends with: the hash of its content.
_CONTENT = re.compile(r"-[0-9a-f]{8}$")
#: Pages that show a catalogue; all others show runs.
_OF_CATALOGUES = ("explore", "tracers", "archives", "quality")
#: Pages that a slide has no use for.
NO_VIEWS = ("present",)


def document_on_screen(session: Session, page: Page | None) -> dict[str, Any]:
    """Give the session document with the run that the page shows, be it chosen or the newest.

    A view must show the same run for ever, also when newer ones are there.
    """
    document = session.document()
    result = getattr(page, "result", None)
    if result is not None:
        document["run"] = result.record.id
    elif document["run"] is None and session.page == "runs":
        newest = session.services.runs.list()[:1]
        document["run"] = newest[0].id if newest else None
    return document


def runs_of(document: Mapping[str, Any]) -> list[str]:
    """Give the ids of the runs that a view shows."""
    page, controls = document.get("page"), document.get("controls") or {}
    if page in _OF_CATALOGUES:
        return []
    if page == "compare":
        pair = [controls.get(f"vo-compare-{side}") for side in "ab"]
        return [str(run) for run in pair if run]
    return [str(document["run"])] if document.get("run") else []


def open_document(document: Mapping[str, Any], services: Services, session: Session) -> None:
    """Show what a document shows, in a session, and say what of it is not on this machine.

    Raises
    ------
    UserError
        If the document is damaged, or this machine lacks what its page shows; the session is
        then as it was.
    """
    fitting, remarks = at_home(document, services)
    check_openable(fitting, services)
    session.restore(fitting)
    for remark in remarks:
        session.notify(remark, level="warning")


def at_home(
    document: Mapping[str, Any], services: Services
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Bring a document from elsewhere to what this machine has, as far as its page can do without.

    A catalogue is known by its content: under another name it has the same eight digits at the
    end of its id.

    Returns
    -------
    document, remarks
        The catalogue under its name here, or without the fields that belong to one that is not
        here; and a sentence about each thing that is missing.
    """
    fitting, remarks = dict(document), []
    wanted, of_catalogues = document.get("catalogue"), document.get("page") in _OF_CATALOGUES
    if isinstance(wanted, str):
        here = _catalogue_here(wanted, [m.id for m in services.catalogues.list()])
        if here is not None:
            fitting["catalogue"] = here
        elif not of_catalogues:
            for field in ("catalogue", "selection", "volume", "axes"):
                fitting.pop(field, None)
            remarks.append(
                f"The catalogue {wanted[:80]!r} of this view is not on this machine: its result "
                "is shown without it."
            )
    run = document.get("run")
    if of_catalogues and isinstance(run, str):
        services.runs.look()
        if services.runs.get(run) is None:
            fitting["run"] = None
            remarks.append(f"The run {run[:80]!r} of this view is not on this machine.")
    return fitting, tuple(remarks)


def _catalogue_here(wanted: str, ids: list[str]) -> str | None:
    """Find a catalogue by its id, or by its content where only one has that."""
    if wanted in ids:
        return wanted
    content = _CONTENT.search(wanted)
    same = [id_ for id_ in ids if content and id_.endswith(content[0])]
    return same[0] if len(same) == 1 else None


def check_openable(document: Mapping[str, Any], services: Services) -> None:
    """Find out whether this machine has what a view shows.

    Raises
    ------
    UserError
        If the page is unknown, or the run or the catalogue is not here.
    """
    from dashboard.pages.registry import PAGES

    page = document.get("page")
    if page not in {entry.slug for entry in PAGES} or page in NO_VIEWS:
        raise UserError(f"This view shows a page {str(page)[:40]!r}, which is not there.")
    if page in _OF_CATALOGUES:
        wanted = document.get("catalogue")
        if wanted is None or wanted not in {m.id for m in services.catalogues.list()}:
            raise UserError(
                f"The catalogue {wanted!r} of this view is not on this machine."
                if wanted
                else "This view names no catalogue.",
                "Ingest the same table, then open the view again: it is kept. A catalogue's id "
                "tells its content, so nothing else can be shown for it.",
            )
        return
    runs = runs_of(document)
    if not runs:
        raise UserError(
            "This view names no run: there is none on the screen.",
            "Start or open a run first, then save or share what it shows.",
        )
    services.runs.look()
    for run in runs:
        if services.runs.get(run) is None:
            raise UserError(
                f"The run {run} of this view is not on this machine.",
                f"Copy its folder into {services.home / 'runs'}, or save the view again with "
                "another run.",
            )
