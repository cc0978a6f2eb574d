"""What the pages Density and Dark matter share: the densities of the run on the screen."""

from __future__ import annotations

from functools import partial

from dashboard.pages.result_page import ResultPage
from dashboard.policy.baryon_choice import BaryonChoice, offered
from dashboard.services.density_map import DensityMap, prepared
from dashboard.services.results import MapResult
from data.errors import UserError
from data.mocks.truth import Truth

__all__ = ["DensityResultPage"]


class DensityResultPage(ResultPage):
    """A page on the densities of one map, which are made ready in a thread."""

    cubes = ("acceleration", "draws", "density", "dark_matter")
    densities: DensityMap | None = None

    def prepare(self, densities: DensityMap) -> None:
        """Do in a thread what is slow and needed at first; safe there."""
        choice = BaryonChoice(next(iter(offered(densities.truth).values())))
        densities.baryons(choice, densities.kernel)

    def _loaded(self, result: MapResult) -> None:
        """Make the densities ready before the result is shown."""

        def work() -> DensityMap:
            densities = prepared(result, self._truth_of(result))
            self.prepare(densities)
            return densities

        self.session.background(work, partial(self._ready, result), self._unreadable)

    def _ready(self, result: MapResult, densities: DensityMap) -> None:
        if self._key[1] != result.record.id:
            return  # the user has gone on to another run meanwhile
        self.densities = densities
        super()._loaded(result)

    def _truth_of(self, result: MapResult) -> Truth | None:
        """Read the truth of a mock; None for any other catalogue, or one that is gone."""
        try:
            path = self.services.catalogues.open(result.record.catalogue or "").truth_path
        except UserError:
            return None
        return None if path is None else Truth.read(path)
