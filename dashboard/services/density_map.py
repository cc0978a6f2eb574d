"""The densities of one run at any bandwidth and for any baryons, worked out when asked for."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable
from functools import cached_property, partial
from threading import Lock

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from dashboard.policy.baryon_choice import BaryonChoice, baryons_of
from dashboard.services.results import MapResult
from data.baryons import truth_baryons
from data.errors import UserError
from data.mocks.truth import Truth
from engine.cubes.density import density_flags
from engine.cubes.draws import read_draws
from engine.cubes.grid import Grid
from engine.cubes.quantities import Array
from engine.cubes.slices import PLANES, start_position, sun_position
from engine.cubes.trust_words import trust_words
from engine.dark_matter.density import dark_density
from engine.dark_matter.local import LocalValue, local_value
from engine.dark_matter.smoothed import smoothed_baryons, smoothed_density
from engine.dark_matter.summary import DarkMatter, MapFields, dark_matter
from engine.draws import Draws
from engine.lattice import Lattice
from engine.smoothing import Kernel

__all__ = ["KINDS", "DensityMap", "prepared"]

KINDS = ("total", "baryon", "dark")

_KEPT_TABLES = 6
_KEPT_MAPS = 2


class DensityMap:
    """The densities of one run.

    Parameters
    ----------
    acceleration, draws, density
        Its cubes of these names.
    truth
        Of a mock; None otherwise.
    """

    def __init__(
        self,
        acceleration: xr.Dataset,
        draws: xr.Dataset,
        density: xr.Dataset,
        truth: Truth | None = None,
    ) -> None:
        self.acceleration, self._draws, self.cube, self.truth = acceleration, draws, density, truth
        flags = acceleration["trust_flags"].transpose("x", "y", "z").to_numpy()
        axes = (acceleration[axis].to_numpy().astype(float) for axis in "xyz")
        self.grid = Grid(*axes, flags >= 0)
        edge = acceleration["edge_distance"].transpose("x", "y", "z").to_numpy()
        self.edge_distance = edge[self.grid.inside].astype(float)
        self.sun = sun_position(acceleration)
        self.start = start_position(acceleration)
        self._lattices: dict[str, Lattice] = {}
        self._kept: OrderedDict[tuple[object, ...], Draws] = OrderedDict()
        self._lock = Lock()

    @property
    def estimators(self) -> list[str]:
        """Names of the estimators that have a density, the default first."""
        return [str(name) for name in self.cube["estimator"].to_numpy()]

    @cached_property
    def kernel(self) -> Kernel:
        """The kernel of the density cube."""
        stored = self.cube.attrs["kernel_bandwidths_kpc"]
        x, y, z = json.loads(stored) if isinstance(stored, str) else stored
        return Kernel((float(x), float(y), float(z)), float(self.cube.attrs["kernel_truncation"]))

    def lattice(self, estimator: str) -> Lattice:
        """Give the lattice of an estimator's field, made when it is first asked for."""
        with self._lock:
            if estimator not in self._lattices:
                field = read_draws(self.acceleration, self._draws, estimator)
                try:
                    self._lattices[estimator] = Lattice.of(self.grid, field)
                except ValueError as error:
                    raise UserError(
                        f"The field of the estimator {estimator} has too few cells for a density.",
                        "Choose another estimator.",
                    ) from error
            return self._lattices[estimator]

    def flags(self, estimator: str) -> NDArray[np.int32]:
        """Give the reasons against the acceleration of an estimator, (P,)."""
        words = trust_words(self.acceleration, estimator).to_numpy()
        return np.asarray(words[self.grid.inside], np.int32)

    def words(self, estimator: str, kernel: Kernel) -> NDArray[np.int32]:
        """Give the reasons against the cells, (P,)."""
        missing = self.lattice(estimator).missing_nearby(kernel)
        return density_flags(self.flags(estimator), self.edge_distance, kernel.reach, missing)

    def total(self, estimator: str, kernel: Kernel, plane: str, index: int) -> tuple[Array, Array]:
        """Give the total density and its error on a plane, (h, v) Msun pc-3.

        With the kernel of the cube they are the cube's.
        """
        across = PLANES[plane][2]
        if kernel == self.kernel:
            flat = self.cube.sel(estimator=estimator).isel({across: index})
            order = PLANES[plane][:2]
            values = (
                flat[name].transpose(*order) for name in ("density_total", "density_total_sd")
            )
            value, sd = (field.to_numpy().astype(float) for field in values)
            return value, sd
        cells = [slice(None)] * 3
        cells["xyz".index(across)] = slice(index, index + 1)
        density = self.lattice(estimator).density(kernel, (cells[0], cells[1], cells[2]))
        axis = "xyz".index(across)
        return density.mean.squeeze(axis), density.sd.squeeze(axis)

    def field(self, estimator: str, kernel: Kernel) -> Draws:
        """Give the total density with its draws at all cells, (P,)."""

        def work() -> Draws:
            density = self.lattice(estimator).density(kernel)
            inside = self.grid.inside
            mean = density.mean[inside]
            if kernel == self.kernel:
                stored = self.cube["density_total"].sel(estimator=estimator)
                mean = stored.transpose("x", "y", "z").to_numpy().astype(float)[inside]
            return Draws(mean, density.deviations[:, inside])

        return self._once(("field", estimator, kernel), work)

    def baryons(self, choice: BaryonChoice, kernel: Kernel) -> Draws:
        """Give the density of baryons at all cells, averaged with the kernel, (P,)."""
        # as many as the total has, so that one can be taken from the other draw by draw
        count = self.lattice(self.estimators[0]).count or self._draws.sizes["draw"]

        def work() -> Draws:
            model = baryons_of(choice, self.truth)
            return smoothed_baryons(model, self.grid.points, kernel, count)

        return self._once(("baryons", choice, kernel), work)

    def local(self, estimator: str, choice: BaryonChoice) -> dict[str, LocalValue]:
        """Give the total and the dark density at the Sun's distance from the centre."""
        trusted = self.words(estimator, self.kernel) == 0
        total = self.field(estimator, self.kernel)
        dark = dark_density(total, self.baryons(choice, self.kernel))
        radius = float(np.linalg.norm(self.sun))
        return {
            kind: local_value(density, self.grid, radius=radius, trusted=trusted)
            for kind, density in (("total", total), ("dark", dark))
        }

    def true_density(self, kind: str, points: Array, kernel: Kernel | None) -> Array | None:
        """Give the true density of a mock at points (n, 3), averaged with a kernel if any."""
        if self.truth is None:
            return None
        total = np.zeros(len(points))
        for name in _components(self.truth, kind):
            part = self.truth.galaxy.components[name]
            density = partial(self.truth.density, component=name)
            if kernel is None:
                total += density(points)
            else:
                round_about = part.origin[:2] == (0.0, 0.0)
                total += smoothed_density(density, points, kernel, axisymmetric=round_about)
        return total

    def dark_matter(
        self,
        estimator: str,
        choice: BaryonChoice,
        *,
        axis_ratio: float,
        z_min: float,
        show_untrusted: bool = False,
    ) -> DarkMatter:
        """Find what the map says of dark matter with the kernel of its cube."""
        trusted = self.words(estimator, self.kernel) == 0
        fields = MapFields(
            grid=self.grid,
            acceleration=read_draws(self.acceleration, self._draws, estimator),
            total=self.field(estimator, self.kernel),
            trusted=(self.flags(estimator) == 0) | show_untrusted,
            trusted_density=trusted | show_untrusted,
            sun=self.sun,
        )
        model = baryons_of(choice, self.truth)
        averaged = self.baryons(choice, self.kernel)
        return dark_matter(fields, averaged, model, axis_ratio=axis_ratio, z_min=z_min)

    def _once(self, key: tuple[object, ...], work: Callable[[], Draws]) -> Draws:
        """Keep the last few results."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        found = work()
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > _KEPT_TABLES:
                self._kept.popitem(last=False)
        return found


def _components(truth: Truth, kind: str) -> list[str]:
    """Names of a mock's components that make up a kind of density."""
    if kind == "total":
        return truth.components
    try:
        baryons = truth_baryons(truth).components
    except UserError:
        return []
    return [name for name in truth.components if (name in baryons) == (kind == "baryon")]


_maps: OrderedDict[tuple[object, ...], DensityMap] = OrderedDict()
_maps_lock = Lock()


def prepared(result: MapResult, truth: Truth | None) -> DensityMap:
    """Give the densities of a run, kept for the next page that asks; slow the first time."""
    key = (str(result.directory.path), result.record.ended)
    with _maps_lock:
        found = _maps.get(key)
    if found is None:
        cubes = result.cubes
        found = DensityMap(cubes["acceleration"], cubes["draws"], cubes["density"], truth)
    found.lattice(found.estimators[0])
    with _maps_lock:
        _maps[key] = found
        _maps.move_to_end(key)
        while len(_maps) > _KEPT_MAPS:
            _maps.popitem(last=False)
    return found
