"""The chosen run: its state in words, its progress, its losses, and what can be done."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import panel as pn
import panel_material_ui as pmui

from dashboard.components.confirm import Confirm
from dashboard.components.escape import plain
from dashboard.components.loss_panel import LossPanel
from dashboard.components.parts import pairs_table, section, table
from dashboard.pages.streams.windows_panel import WindowsPanel
from dashboard.policy import run_states
from dashboard.policy.access import Access
from dashboard.session.guests import for_editors
from engine.runs.folder.directory import RunDirectory
from engine.runs.folder.files import read_json
from engine.runs.folder.record import RunRecord

__all__ = ["RunDetails"]

_WHAT_HAPPENS = {
    "cancel": (
        "it stops after the step that it is in. What it has learned so far is kept, so that it "
        "can be resumed.",
        "it leaves the queue, and can be resumed.",
    ),
    "delete": ("its results and its log are removed from the disk for good.",),
}

LOG_BYTES = 20_000
"""How much of the end of a log is shown."""

_LOG_STYLE = """
pre { margin: 0; font: 12px/1.5 ui-monospace, "Roboto Mono", Menlo, monospace;
      white-space: pre-wrap; overflow-wrap: anywhere; color: inherit; }
"""


class RunDetails:
    """One run in full.

    Parameters
    ----------
    act
        Called with an action (``open``, ``change``, ``cancel``, ``resume``, ``delete``) and
        the run's id.
    access
        What the session may.
    dark
        Whether the page is drawn dark.
    """

    def __init__(self, act: Callable[[str, str], None], access: Access, *, dark: bool) -> None:
        self._act = act
        self._id: str | None = None
        self._title = pmui.Typography("", variant="h5", margin=(4, 10))
        self._chip = pmui.Chip(
            label="", size="small", margin=(10, 6), css_classes=["vo-details-state"]
        )
        self._message = pmui.Alert(
            object="",
            severity="info",
            variant="outlined",
            visible=False,
            margin=(2, 10),
            sizing_mode="stretch_width",
            css_classes=["vo-details-message"],
        )
        self._bar = pmui.LinearProgress(
            value=0,
            sizing_mode="stretch_width",
            margin=(8, 12, 2, 12),
            height=8,
            css_classes=["vo-details-progress"],
        )
        self._line = pmui.Typography(
            "", variant="body2", margin=(2, 10, 6, 12), css_classes=["vo-details-line"]
        )
        # What a run of a kind reports as it goes; others only have their log.
        self._live = {"map": LossPanel(dark=dark), "streams": WindowsPanel(dark=dark)}
        self._sections = {
            "map": section("Loss", self._live["map"].view),
            "streams": section("Windows", self._live["streams"].view),
        }
        self._kind, self._named, self._queued = "", "", False
        self._log = pn.pane.HTML(
            "",
            stylesheets=[_LOG_STYLE],
            sizing_mode="stretch_width",
            css_classes=["vo-log"],
            margin=(4, 10),
        )
        self._log_seen: tuple[int, int] | None = None
        self._request = table(css_class="vo-request")
        self._environment = table(css_class="vo-environment")
        self._buttons = self._make_buttons()
        for action in ("resume", "cancel", "delete"):
            for_editors(access, self._buttons[action])
        self._confirms = self._make_confirms()
        self.view = self._layout()

    def show(self, record: RunRecord, directory: RunDirectory, name: str, caption: str) -> None:
        """Show a run.

        Parameters
        ----------
        record, directory
            The run and its folder.
        name, caption
            Name of its catalogue and sentence for its selection, not escaped.
        """
        changed = record.id != self._id
        self._id = record.id
        look = run_states.look(record)
        self._named = f"{name}, {record.id}"
        self._queued = str(record.state) == "queued"
        self._title.object = plain(f"{name} · {record.kind}")
        self._chip.param.update(label=look.label, color=look.colour)
        self._say(record, look)
        self._show_progress(record)
        for action, button in self._buttons.items():
            button.visible = action in run_states.actions(record)
        search = record.kind == "streams"
        self._buttons["open"].label = "Open the candidates" if search else "Open the map"
        self._request.object = pairs_table(
            [("Run", record.id), *run_states.request_lines(record, name, caption)]
        )
        if changed:
            self._log_seen, self._kind = None, record.kind
            for kind, part in self._sections.items():
                part.visible = kind == record.kind
            if record.kind in self._live:
                active = str(record.state) in run_states.ACTIVE
                self._live[record.kind].open(directory, live=active)
            self._tabs.active = 0
        self._show_log(directory)
        self._environment.object = pairs_table(environment_lines(directory))

    def follow(self, directory: RunDirectory) -> None:
        """Pull what a live run has written since the last look."""
        if self._kind in self._live:
            self._live[self._kind].refresh()
        if self._tabs.active == 0:
            self._show_log(directory)

    def set_dark(self, dark: bool) -> None:
        """Draw for another background."""
        for panel in self._live.values():
            panel.set_dark(dark)

    def _say(self, record: RunRecord, look: run_states.Look) -> None:
        sentence, hint = run_states.sentence(record)
        self._message.param.update(
            visible=bool(sentence),
            severity=look.severity or "info",
            object=f"**{plain(sentence)}**<br>{plain(hint)}" if hint else plain(sentence),
        )

    def _show_progress(self, record: RunRecord) -> None:
        active = str(record.state) in run_states.ACTIVE
        share = run_states.percent(record)
        self._bar.param.update(
            visible=active,
            value=-1 if share is None else share,
            variant="indeterminate" if share is None else "determinate",
        )
        now = time.time()
        parts = [run_states.progress_line(record, now)]
        if active:
            parts += [text for text in (record.stage, record.message) if text]
        self._line.object = plain(" · ".join(parts))

    def _show_log(self, directory: RunDirectory) -> None:
        """Show the end of the log, if it has changed since it was last shown."""
        try:
            status = directory.log_file.stat()
            seen = (status.st_size, status.st_mtime_ns)
        except OSError:
            seen = (0, 0)
        if seen == self._log_seen:
            return
        self._log_seen = seen
        text = directory.log_tail(LOG_BYTES)
        self._log.object = (
            f"<pre>{plain(text, limit=LOG_BYTES, multiline=True)}</pre>"
            if text
            else "<pre>No log output yet.</pre>"
        )

    def _make_buttons(self) -> dict[str, pmui.Button]:
        looks = {
            "open": ("Open the map", "explore", "primary", "contained"),
            "resume": ("Resume", "play_arrow", "primary", "contained"),
            "change": ("Run again with a change", "tune", "default", "text"),
            "cancel": ("Cancel", "stop", "error", "outlined"),
            "delete": ("Delete", "delete_outline", "default", "text"),
        }
        return {
            action: pmui.Button(
                label=label,
                icon=icon,
                color=colour,
                variant=variant,
                visible=False,
                margin=(6, 6),
                css_classes=[f"vo-run-{action}"],
                on_click=lambda _, action=action: self._clicked(action),
            )
            for action, (label, icon, colour, variant) in looks.items()
        }

    def _make_confirms(self) -> dict[str, Confirm]:
        return {
            "cancel": Confirm(
                "Cancel this run?",
                "",
                "Cancel the run",
                lambda: self._go("cancel"),
                "vo-confirm-cancel",
                no="Keep running",
            ),
            "delete": Confirm(
                "Delete this run?",
                "",
                "Delete the run",
                lambda: self._go("delete"),
                "vo-confirm-delete",
            ),
        }

    def _clicked(self, action: str) -> None:
        if action in self._confirms:
            self._confirms[action].sentence.object = plain(
                f"{self._named}: {_WHAT_HAPPENS[action][self._queued and action == 'cancel']}"
            )
            self._confirms[action].ask()
        else:
            self._go(action)

    def _go(self, action: str) -> None:
        if self._id is not None:
            self._act(action, self._id)

    def _layout(self) -> pmui.Column:
        self._tabs = pmui.Tabs(
            ("Log", pmui.Column(self._log, height=260, scroll="y-auto", margin=0,
                                sizing_mode="stretch_width")),
            ("Request", self._request),
            ("Environment", self._environment),
            sizing_mode="stretch_width",
            margin=(0, 6),
            css_classes=["vo-details-tabs"],
        )  # fmt: skip
        return pmui.Column(
            pmui.Row(
                self._title,
                self._chip,
                pn.Spacer(sizing_mode="stretch_width"),
                *self._buttons.values(),
                sizing_mode="stretch_width",
                margin=0,
                sx={"flexWrap": "wrap"},
            ),
            self._message,
            self._bar,
            self._line,
            *self._sections.values(),
            section("Run details", self._tabs),
            *(confirm.view for confirm in self._confirms.values()),
            sizing_mode="stretch_width",
            min_width=440,  # below the list where the window is too narrow for both
            margin=0,
            css_classes=["vo-run-details"],
        )


def environment_lines(directory: RunDirectory) -> list[tuple[str, str]]:
    """Give what is needed to repeat a run as pairs of label and text, not escaped."""
    try:
        content = read_json(directory.environment_file)
    except (OSError, ValueError):
        content = None
    if not isinstance(content, dict):
        return [("Environment", "is written when the run starts")]
    return [
        (str(key), value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for key, value in content.items()
    ]
