"""Everything by which a session changes what others see: the one way, and who may take it.

Pages do not call the engine for these themselves (a test looks); so that what a guest may not,
no page can do for him.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.policy.access import Access
from dashboard.saved_views.shared import SharedViews
from dashboard.saved_views.store import SavedViews
from dashboard.server.uploads import keep_upload
from dashboard.services.errands import Errand
from dashboard.services.named_selections import NamedSelections
from data.catalogue.ingest import without_ending
from engine.runs import launch
from engine.runs.folder.record import RunRecord
from engine.runs.sweeps import Sweep, submit_sweep
from engine.streams.search.sweep import PatchRuns, submit_patches

if TYPE_CHECKING:
    from dashboard.services.services import Services

__all__ = ["Acts"]


class Acts:
    """What one session does to the store and the runs; every method may raise `UserError`.

    Parameters
    ----------
    services
        The long-lived services.
    access
        What this session may.
    """

    def __init__(self, services: Services, access: Access) -> None:
        self._services, self._access = services, access
        home = services.home
        self.views = SavedViews(home, lambda: access.check("keep or change views"))
        self.shared = SharedViews(home, lambda: access.check("share views by an address"))
        self.selections = NamedSelections(home, lambda: access.check("keep selections"))

    def submit(self, spec: dict[str, Any]) -> RunRecord:
        """Start a run."""
        self._access.check("start runs")
        return launch.submit(self._services.home, spec)

    def sweep(self, spec: dict[str, Any], cut: str, values: Sequence[float]) -> Sweep:
        """Start a sweep."""
        self._access.check("start runs")
        return submit_sweep(self._services.home, spec, cut, values)

    def search_apart(self, spec: dict[str, Any]) -> PatchRuns:
        """Start a search for streams with a run for each patch."""
        self._access.check("start runs")
        return submit_patches(self._services.home, spec)

    def cancel(self, run: str) -> RunRecord:
        """Stop a run."""
        self._access.check("stop runs")
        return launch.cancel(self._services.home, run)

    def resume(self, run: str) -> RunRecord:
        """Go on with a run."""
        self._access.check("start runs")
        return launch.resume(self._services.home, run)

    def delete(self, run: str) -> None:
        """Delete a run and all that it made."""
        self._access.check("delete runs")
        launch.delete(self._services.home, run)

    def ingest(self, path: str, **options: Any) -> Errand:  # noqa: ANN401
        """Read a table on the server into the store."""
        file = self._access.check_table(Path(path))
        return self._services.errands.ingest(file, shown=path, **options)

    def upload(self, name: str, content: bytes, options: dict[str, Any]) -> Errand:
        """Read a table that came through the browser into the store."""
        self._access.check("add tables")
        file, shown = keep_upload(name, content)
        return self._services.errands.ingest(file, shown=shown, owned=True, **options)

    def revise(self, catalogue: str, *, shown: str, **change: Any) -> Errand:  # noqa: ANN401
        """Make a new version of a catalogue."""
        self._access.check("make catalogues")
        return self._services.errands.revise(catalogue, shown=shown, **change)

    def join(self, catalogue: str, path: str, **options: Any) -> Errand:  # noqa: ANN401
        """Join a table on the server to a catalogue."""
        file = self._access.check_table(Path(path))
        return self._services.errands.join(catalogue, file, shown=path, **options)

    def join_upload(
        self, catalogue: str, title: str, name: str, content: bytes, options: dict[str, Any]
    ) -> Errand:
        """Join a table that came through the browser to a catalogue of this title."""
        self._access.check("add tables")
        file, shown = keep_upload(name, content)
        title = f"{title}, {without_ending(shown)}"
        join = self._services.errands.join
        return join(catalogue, file, shown=shown, owned=True, name=title, **options)

    def mock_galaxy(self) -> Errand:
        """Make the mock galaxy."""
        self._access.check("make catalogues")
        return self._services.errands.mock_galaxy()
