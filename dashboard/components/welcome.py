"""The first screen of an empty store: one click makes the demonstration galaxy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.errand_progress import ErrandProgress
from dashboard.components.ingest_dialog import IngestDialog
from dashboard.components.placeholder import empty_state
from dashboard.services.errands import Errand
from dashboard.session.guests import for_editors

if TYPE_CHECKING:
    from dashboard.services.services import Services
    from dashboard.session.session import Session

__all__ = ["Welcome"]


class Welcome:
    """What Explore shows while there is no catalogue.

    Parameters
    ----------
    services, session
        As for a page.
    ingest
        The dialog for a table of the user's own.
    """

    def __init__(self, services: Services, session: Session, ingest: IngestDialog) -> None:
        self.services, self.session = services, session
        self._progress = ErrandProgress(services, session, self._made)
        self._demo = pmui.Button(
            label="Make the demonstration galaxy",
            icon="auto_awesome",
            variant="contained",
            size="large",
            margin=8,
            css_classes=["vo-demo"],
            on_click=session.guarded(lambda _: self._make()),
        )
        self._own = pmui.Button(
            label="Add a table of stars",
            icon="add",
            variant="outlined",
            size="large",
            margin=8,
            css_classes=["vo-own"],
            on_click=lambda _: ingest.open(),
        )
        for button in (self._demo, self._own):
            for_editors(session.access, button)
        self._state = empty_state(
            "blur_on",
            "No stars yet",
            "The demonstration is a mock galaxy of 200,000 stars whose gravity is known exactly, "
            "so that you can see how well it is measured. It takes about a minute to make. "
            "Or bring a table of stars of your own, from Gaia or from a simulation.",
            pmui.Row(self._demo, self._own, align="center", margin=(18, 0)),
            self._progress.view(),
            css_class="vo-welcome",
        )

    @property
    def visible(self) -> bool:
        """Whether it is on screen."""
        return self._state.visible

    @visible.setter
    def visible(self, visible: bool) -> None:
        self._state.visible = visible

    def view(self) -> Viewable:
        """Give the empty state."""
        return self._state

    def refresh(self) -> None:
        """Follow the galaxy that is being made."""
        self._progress.refresh()
        self._demo.disabled = self._progress.busy

    def _make(self) -> None:
        self._demo.disabled = True
        self._progress.follow(self.session.acts.mock_galaxy())

    def _made(self, errand: Errand) -> None:
        self.session.open_catalogue(errand.catalogue)
