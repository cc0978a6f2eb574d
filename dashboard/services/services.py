"""The long-lived services, built once and shared by every browser session."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

from dashboard.policy.access import AccessRules
from dashboard.services.catalogues import CatalogueListing
from dashboard.services.errands import Errands
from dashboard.services.rasters import RasterCache
from dashboard.services.run_listing import RunListing

__all__ = ["Services"]

#: Threads for work off the event loop. Aggregation releases the interpreter lock, so a few
#: are enough; training never runs here but in processes of its own.
THREADS = 4


class Services:
    """What all sessions share: the store, the runs, the caches and the worker threads.

    Everything here is safe to call from any thread, holds no widget and knows no session.
    Sessions read the version counters of ``catalogues`` and ``runs`` and pull what changed.

    Parameters
    ----------
    home
        Folder that holds ``catalogues/`` and ``runs/``.

    Attributes
    ----------
    catalogues : CatalogueListing
        The catalogue store, with a version that grows when it changes.
    runs : RunListing
        The run directories, with a version that grows when any of them changes.
    rasters : RasterCache
        Masks and images, keyed on catalogue ids and selection hashes.
    errands : Errands
        Mocks and ingests that run in processes of their own.
    executor : ThreadPoolExecutor
        Threads for ``session.background``.
    access : AccessRules
        Who may change what; `serve` sets it.
    warmed : threading.Event
        Set when what the first picture needs is compiled.
    """

    def __init__(self, home: Path) -> None:
        self.home = Path(home)
        self.executor = ThreadPoolExecutor(THREADS, thread_name_prefix="via-obscura")
        self.catalogues = CatalogueListing(self.home)
        self.runs = RunListing(self.home)
        self.rasters = RasterCache()
        self.access = AccessRules()
        self._closed = threading.Event()
        self.warmed = threading.Event()

    @cached_property
    def errands(self) -> Errands:
        """Processes that fill the store."""
        return Errands(self.home)

    def start(self) -> None:
        """Begin to watch the folders and compile what the first picture needs."""
        self.runs.watch(self._closed)
        self.catalogues.watch(self._closed)
        self.executor.submit(self._warm)

    def close(self) -> None:
        """Stop the watching threads; running work goes on in its own processes."""
        self._closed.set()
        self.executor.shutdown(wait=False, cancel_futures=True)

    def _warm(self) -> None:
        """Compile what the first picture and the first cut need, before somebody waits."""
        from dashboard.server.warming import warm

        try:
            warm()
        finally:
            self.warmed.set()
