"""What stands above the list of runs: how many, on which machines, how much disk, and clean-up."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import panel as pn
import panel_material_ui as pmui

from dashboard.components.confirm import Confirm
from dashboard.components.escape import plain
from dashboard.components.parts import rows_table, table
from dashboard.policy import housekeeping
from dashboard.policy.housekeeping import Usage, runs_in_words
from dashboard.policy.machines import Machine, machines
from dashboard.session.guests import for_editors
from data.errors import UserError
from engine.runs.folder.record import RunRecord

if TYPE_CHECKING:
    from dashboard.services.services import Services
    from dashboard.session.session import Session

__all__ = ["RunsOverview"]

#: Seconds between two looks at the disk and at the machines, while the page is on the screen.
LOOK_EVERY_S = 15.0


class RunsOverview:
    """A line of counts, a line about the disk, a table of machines, and a button to clean up.

    Parameters
    ----------
    services, session
        As for a page.
    """

    def __init__(self, services: Services, session: Session) -> None:
        self.services, self.session = services, session
        self._records: Sequence[RunRecord] = ()
        self._usage: Usage | None = None
        self._looked = float("-inf")
        self._looking = False
        self._at_work: frozenset[str] = frozenset()
        self._counts = pmui.Typography(
            "", variant="body2", margin=(4, 10, 0, 12), css_classes=["vo-runs-counts"]
        )
        self._disk = pmui.Typography(
            "", variant="caption", margin=(0, 10, 4, 12), css_classes=["vo-runs-disk"],
            sx={"color": "text.secondary"},
        )  # fmt: skip
        self._machines = table(css_class="vo-machines")
        self._machines.visible = False
        self._clean = pmui.Button(
            label="Clean up",
            icon="cleaning_services",
            variant="text",
            color="default",
            margin=(6, 6),
            css_classes=["vo-runs-clean"],
            on_click=session.guarded(lambda _: self._ask()),
        )
        for_editors(session.access, self._clean)
        self._confirm = Confirm(
            "Delete the runs without a result?",
            "",
            "Delete them",
            self._sweep,
            "vo-confirm-clean",
            no="Keep them",
        )
        self.view = pmui.Column(
            pmui.Row(
                pmui.Column(self._counts, self._disk, margin=0),
                pn.Spacer(sizing_mode="stretch_width"),
                self._clean,
                sizing_mode="stretch_width",
                margin=0,
            ),
            self._machines,
            self._confirm.view,
            sizing_mode="stretch_width",
            margin=0,
            css_classes=["vo-runs-overview"],
        )

    def update(self, records: Sequence[RunRecord]) -> None:
        """Show these records, and look at disk and machines now and then, off the loop."""
        self._records = records
        self._counts.object = housekeeping.count_line(records)
        self._clean.visible = bool(housekeeping.cleanable(records))
        self._disk.object = plain(housekeeping.disk_line(self._usage))
        at_work = frozenset(record.id for record in records if record.active)
        late = time.monotonic() - self._looked > LOOK_EVERY_S
        if not self._looking and (late or at_work != self._at_work):
            self._looking, self._at_work = True, at_work
            home, usage = self.services.home, self._usage
            ended = frozenset(record.id for record in records if not record.active)
            self.session.background(
                lambda: (housekeeping.measure(home, usage, ended), machines(home, records)),
                self._seen,
                self._not_seen,
            )

    def _seen(self, found: tuple[Usage, list[Machine]]) -> None:
        self._looking, self._looked = False, time.monotonic()
        self._usage, there = found
        self._disk.object = plain(housekeeping.disk_line(self._usage))
        self._machines.visible = bool(there)
        self._machines.object = rows_table(
            ("machine", "cores", "memory", "device", "current run"),
            [m.cells() for m in there],
            texts=(0, 4),
        )

    def _not_seen(self, error: BaseException) -> None:
        self._looking, self._looked = False, time.monotonic()
        if not isinstance(error, UserError):
            self.session.report(error)
            return
        self._machines.visible = True
        self._machines.object = rows_table(("machine",), [(error.sentence,)])

    def _ask(self) -> None:
        runs = housekeeping.cleanable(self._records)
        size = housekeeping.size_words(self._usage.total(runs)) if self._usage else "their room"
        self._confirm.sentence.object = plain(
            f"{runs_in_words(len(runs))} failed or ended before the time. Their checkpoints and "
            f"logs are removed for good, and {size} become free. Finished runs stay."
        )
        self._confirm.ask()

    def _sweep(self) -> None:
        runs, acts = housekeeping.cleanable(self._records), self.session.acts

        def work() -> int:
            for run in runs:
                acts.delete(run)
            self.services.runs.look()
            return len(runs)

        self._looked = float("-inf")
        self.session.background(
            work, lambda n: self.session.notify(f"Deleted {runs_in_words(n)}.", level="success")
        )
