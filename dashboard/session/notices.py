"""The messages of one session: alerts above the page, with a way to close them."""

from __future__ import annotations

import time
from weakref import WeakKeyDictionary

import panel_material_ui as pmui

from dashboard.components.escape import plain

__all__ = ["Notices"]

#: How many alerts stay on screen; older ones make room.
LIMIT = 3
#: Levels that have been read when the user goes to another page.
PASSING = ("info", "success")
#: Seconds within which a message belongs to what leads to the other page.
FRESH = 3.0
#: Seconds after which an error, too, has been read by who goes to another page.
READ = 20.0


class Notices:
    """A column of alerts above the page, empty most of the time."""

    def __init__(self) -> None:
        self.column = pmui.Column(
            sizing_mode="stretch_width", css_classes=["vo-notices"], margin=0, visible=False
        )
        self._shown: WeakKeyDictionary[pmui.Alert, float] = WeakKeyDictionary()

    def show(self, level: str, sentence: str, hint: str = "") -> None:
        """Add an alert (``error``, ``warning``, ``info`` or ``success``); text is escaped.

        Said once more, it takes the place of the same words before.
        """
        text = f"**{plain(sentence)}**" if hint else plain(sentence)
        alert = pmui.Alert(
            object=f"{text}<br>{plain(hint)}" if hint else text,
            severity=level,
            closeable=True,
            variant="outlined",
            margin=(4, 20),
            sizing_mode="stretch_width",
            css_classes=["vo-notice", f"vo-notice-{level}"],
        )
        alert.param.watch(lambda _: self._remove(alert), "closed")
        self._shown[alert] = time.monotonic()
        others = [old for old in self.column.objects if old.object != alert.object]
        self.column.objects = [*others[-LIMIT + 1 :], alert]
        self.column.visible = True

    def turn_the_page(self) -> None:
        """Take away what was said on the page before; errors and warnings stay for a while."""
        now = time.monotonic()
        self.column.objects = [
            alert
            for alert in self.column.objects
            if now - self._shown.get(alert, now) < (FRESH if alert.severity in PASSING else READ)
        ]
        self.column.visible = bool(self.column.objects)

    def clear(self) -> None:
        """Take all alerts away."""
        self.column.objects = []
        self.column.visible = False

    def _remove(self, alert: pmui.Alert) -> None:
        self.column.objects = [a for a in self.column.objects if a is not alert]
        self.column.visible = bool(self.column.objects)
