"""What such a search finds: the selection function, from injected streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.parts import rows_table, section, table
from engine.streams.recovery import completeness, read_rows

if TYPE_CHECKING:
    from dashboard.services.services import Services
    from dashboard.session.session import Session

__all__ = ["RecoveryView"]


class RecoveryView:
    """Completeness of searches on mock patches, and false candidates on those without streams.

    Parameters
    ----------
    services, session
        As for a page.
    """

    def __init__(self, services: Services, session: Session) -> None:
        self.services, self.session = services, session
        self._table = table(css_class="vo-stream-recovery")
        self._words = pmui.Typography(
            "", variant="body2", margin=(4, 12), sizing_mode="stretch_width"
        )

    def view(self) -> Viewable:
        """Give the table."""
        self._fill()
        return section(
            "What such a search finds",
            self._words,
            self._table,
            note="Mock patches with an injected stream, through the same chain. Shares with the "
            "68% interval of their few trials.",
        )

    def recolour(self) -> None:
        """Nothing here has colours of its own."""

    def _fill(self) -> None:
        rows = read_rows(self.services.home)
        if not rows:
            self._words.object = (
                "Nothing has been measured in this home yet. The script "
                "benchmarks/streams_recovery.py injects streams and fills this table."
            )
            return
        told = completeness(rows)
        self._words.object = ""
        self._table.object = rows_table(
            ("stream", "trials", "found", "68% interval"),
            [
                (
                    one.label,
                    str(one.trials),
                    f"{one.share:.0%}",
                    f"{one.low:.0%} to {one.high:.0%}",
                )
                for one in told
            ],
        )
