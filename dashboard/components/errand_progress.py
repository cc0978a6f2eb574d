"""A progress bar for an errand, and what to do when it is over."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.escape import plain
from dashboard.services.errands import Errand

if TYPE_CHECKING:
    from dashboard.services.services import Services
    from dashboard.session.session import Session

__all__ = ["ErrandProgress"]


class ErrandProgress:
    """Follow one errand after another; hidden while there is none.

    Parameters
    ----------
    services, session
        As for a page.
    done
        Called with the errand when it has ended well.
    """

    def __init__(
        self, services: Services, session: Session, done: Callable[[Errand], None]
    ) -> None:
        self.services, self.session = services, session
        self._done = done
        self.on_error: Callable[[BaseException], None] = session.report
        self.on_tables: Callable[[list[str]], None] = lambda names: None
        """Called with the tables of a file that holds several and was not read for that."""
        self._errand: Errand | None = None
        self._bar = pmui.LinearProgress(
            value=0, variant="determinate", sizing_mode="stretch_width", margin=(4, 10)
        )
        self._words = pmui.Typography(
            "", variant="body2", margin=(2, 10), sizing_mode="stretch_width"
        )
        self._box = pmui.Column(
            self._words,
            self._bar,
            visible=False,
            sizing_mode="stretch_width",
            margin=(8, 0),
            css_classes=["vo-errand"],
        )

    @property
    def busy(self) -> bool:
        """Whether an errand is under way."""
        return self._errand is not None

    def view(self) -> Viewable:
        """Give the bar with its words."""
        return self._box

    def follow(self, errand: Errand) -> None:
        """Show the progress of an errand from now on."""
        self._errand = errand
        self._box.visible = True
        self.refresh()

    def refresh(self) -> None:
        """Write the progress; report the end once."""
        errand = self._errand
        if errand is None:
            return
        self._bar.value = round(100 * errand.fraction, 1)
        self._words.object = plain(f"{errand.title}: {errand.stage}")
        if not errand.finished:
            return
        self._errand = None
        self._box.visible = False
        if errand.error is not None:
            self.on_tables(errand.tables)
            self.on_error(errand.error)
            return
        self.services.catalogues.look()
        self._done(errand)
