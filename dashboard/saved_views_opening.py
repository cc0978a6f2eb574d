"""What has to be on this machine so that a saved view can be shown, and the document of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from data.errors import UserError

if TYPE_CHECKING:
    from dashboard.pages.base import Page
    from dashboard.services import Services
    from dashboard.session import Session

__all__ = ["check_openable", "document_on_screen", "runs_of"]

#: Pages that show a catalogue; all others show runs.
_OF_CATALOGUES = ("explore", "tracers")
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
                "Ingest the same table under the same name; a catalogue's id tells its content.",
            )
        return
    runs = runs_of(document)
    if not runs:
        raise UserError("This view names no run.", "Save it again with a result on the screen.")
    services.runs.look()
    for run in runs:
        if services.runs.get(run) is None:
            raise UserError(
                f"The run {run} of this view is not on this machine.",
                f"Copy its folder into {services.home / 'runs'}, or save the view again with "
                "another run.",
            )
