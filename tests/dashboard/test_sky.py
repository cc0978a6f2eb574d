"""The sky map: there and back, equal areas, and shapes across l = 0."""

from __future__ import annotations

import numpy as np
import pytest

from dashboard.policy.brushes import SKY, box, lasso, outlines
from dashboard.views import sky
from data.selection import mask


@pytest.fixture
def directions():
    rng = np.random.default_rng(4)
    lon = rng.uniform(0, 360, 5000)
    lat = np.degrees(np.arcsin(rng.uniform(-1, 1, 5000)))
    return lon, lat


class Sky:
    """Stars with nothing but a direction."""

    def __init__(self, lon, lat):
        self.columns = {"l": lon.astype(np.float32), "b": lat.astype(np.float32)}
        self.n_rows = len(lon)

    def has(self, name):
        return name in self.columns

    def column(self, name):
        return self.columns[name]


def test_there_and_back(directions):
    lon, lat = directions
    back_lon, back_lat = sky.from_plane(*sky.to_plane(lon, lat))
    assert np.abs((back_lon - lon + 180) % 360 - 180).max() < 0.02
    assert np.abs(back_lat - lat).max() < 0.02


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_whole_columns_are_projected_as_single_points_are(directions, dtype):
    lon, lat = (column.astype(dtype) for column in directions)
    lon[:6], lat[:6] = [0, 180, 360, -180, 540, np.nan], [90, -90, 0, 0, 45, 3]
    lat[6] = np.inf
    together, single = (
        sky.plane_columns(lon, lat),
        sky.to_plane(lon, np.where(lat > 90, np.nan, lat)),
    )
    for ours, theirs in zip(together, single, strict=True):
        np.testing.assert_allclose(ours[:5], theirs[:5], atol=1e-6)
        np.testing.assert_allclose(ours[7:], theirs[7:], atol=1e-6)
    assert np.isnan([column[5:7] for column in together]).all()


def test_known_points():
    x, y = sky.to_plane(np.array([0.0, 90.0, 0.0, 0.0]), np.array([0.0, 0.0, 90.0, -90.0]))
    assert x == pytest.approx([0, -sky.HALF_WIDTH / 2, 0, 0], abs=1e-5)
    assert y == pytest.approx([0, 0, sky.HALF_HEIGHT, -sky.HALF_HEIGHT], abs=1e-5)


def test_areas_are_equal(directions):
    """A uniform sky is uniform on the map: the share within |x| < half the width, any height."""
    x, y = sky.to_plane(*directions)
    ellipse = (x / sky.HALF_WIDTH) ** 2 + (y / sky.HALF_HEIGHT) ** 2
    assert ellipse.max() <= 1 + 1e-5
    # Radius squared of a point that is uniform in an ellipse is uniform in [0, 1].
    share = np.mean(ellipse < 0.25)
    assert share == pytest.approx(0.25, abs=0.03)


@pytest.mark.parametrize(
    "bounds",
    [(-0.4, -0.3, 0.5, 0.6), (0.2, -0.5, 1.5, 0.2), (-2.0, 0.1, -0.3, 0.9), (-3, -2, 3, 2)],
)
def test_a_box_on_the_map_selects_what_lies_in_it(directions, bounds):
    lon, lat = directions
    x, y = sky.to_plane(lon, lat)
    inside = (x >= bounds[0]) & (x <= bounds[2]) & (y >= bounds[1]) & (y <= bounds[3])
    found = mask(box(SKY, bounds), Sky(lon, lat))
    # The edges are chords of 24 pieces: a few stars beside them may differ.
    assert np.count_nonzero(found != inside) <= 0.01 * len(lon)
    assert inside.sum() > 100


def test_a_lasso_round_the_centre_crosses_longitude_zero(directions):
    lon, lat = directions
    triangle = np.array([[-0.6, -0.4], [0.6, -0.4], [0.0, 0.7]])
    found = mask(lasso(SKY, triangle), Sky(lon, lat))
    assert found[lon < 180].any()
    assert found[lon > 180].any()
    assert not found[np.abs((lon + 180) % 360 - 180) > 60].any()


def test_outlines_of_a_sky_shape_lie_where_it_was_drawn():
    triangle = np.array([[0.2, -0.4], [0.9, -0.4], [0.5, 0.5]])
    (line, *_rest) = outlines(lasso(SKY, triangle), SKY, ((-3, 3), (-2, 2)))
    assert line[:3] == pytest.approx(triangle, abs=2e-3)
