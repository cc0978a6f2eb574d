"""Holes, infinities, one value, one star: counted, told and drawn, never a crash."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from dashboard.policy.panels import STATISTICS
from dashboard.services.pictures import Look, draw
from dashboard.services.rasters import RasterCache
from dashboard.services.services import Services
from dashboard.session.session import Session
from dashboard.shell import Shell
from data.catalogue.ingest import ingest_arrays, summary
from data.catalogue.store import Catalogue
from data.errors import UserError
from data.population.population import make_population
from tests.dashboard.stars import disc

STARS = 400


def holes() -> dict[str, np.ndarray]:
    columns = disc(STARS)
    columns["vx"][::2] = np.nan
    columns["vz"][:] = np.nan
    columns["extra"] = np.full(STARS, np.nan, dtype=np.float32)
    return columns


def infinities() -> dict[str, np.ndarray]:
    columns = disc(STARS)
    columns["vx"][::7] = np.inf
    columns["x"][::11] = -np.inf
    columns["extra"] = np.where(np.arange(STARS) % 2, np.inf, -np.inf).astype(np.float32)
    return columns


def constants() -> dict[str, np.ndarray]:
    columns = disc(STARS)
    columns["z"][:] = 0.0
    columns["vy"][:] = -225.0
    columns["extra"] = np.zeros(STARS, dtype=np.float32)
    return columns


def one_star() -> dict[str, np.ndarray]:
    return {name: values[:1] for name, values in disc(STARS).items()}


def extremes() -> dict[str, np.ndarray]:
    columns = disc(STARS)
    columns["extra"] = np.linspace(-3e38, 3e38, STARS, dtype=np.float32)
    columns["vx"][0] = np.float32(3e38)
    columns["y"][0] = np.float32(1e-45)
    return columns


TABLES = {make.__name__: make for make in (holes, infinities, constants, one_star, extremes)}


@pytest.fixture(params=TABLES)
def catalogue(request: pytest.FixtureRequest, services: Services) -> Catalogue:
    """A catalogue of this kind of trouble, in the store of ``services``."""
    columns = TABLES[request.param]()
    made = ingest_arrays(
        columns, services.home, name=request.param, kind="simulation", provenance={}
    )
    said = summary(made)
    rows = len(columns["x"])
    assert said["rows"] + sum(said["dropped"].values()) == rows, "every row is kept or counted"
    assert said["with_6d"] + sum(said["not_6d"].values()) == said["rows"]
    services.catalogues.look()
    return made


@pytest.mark.parametrize("catalogue", ["holes", "one_star"], indirect=True)
def test_row_07_the_pages_of_stars_are_built(services: Services, catalogue: Catalogue) -> None:
    session = Session(services, page="explore")
    session.open_catalogue(catalogue.id)
    shell = Shell(services, session)
    session.go("tracers")
    shell.refresh()
    said = " ".join(alert.object for alert in session.notices.column.objects)
    assert "did not expect" not in said


def test_row_07_every_panel_is_drawn(catalogue: Catalogue) -> None:
    columns = ["x", "z", "vx", "vz", "R", "v_phi", "l"]
    columns += ["extra"] if catalogue.has("extra") else []
    looks = [
        Look(pair, 40, 30, statistic=statistic, value=value)
        for pair in zip(columns, columns[1:] + columns[:1], strict=True)
        for statistic, value in [("count", None)] + [(s, "vz") for s in STATISTICS if s != "count"]
    ]
    for tree in (None, {"kind": "range", "column": "vx", "min": 0.0, "max": None},
                 {"kind": "range", "column": "x", "min": 99.0, "max": None}):  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for panel in draw(RasterCache(), catalogue, tree, looks).panels:
                assert np.isfinite(panel.frame.x).all()
                assert np.isfinite(panel.frame.y).all()
                assert panel.selected.sum() <= catalogue.n_rows


def test_row_07_a_population_of_too_few_is_refused_in_words(catalogue: Catalogue) -> None:
    try:
        population = make_population(catalogue, None, None)
    except UserError as error:
        assert error.sentence  # noqa: PT017 - or there is a population
    else:
        assert population.selection is None
