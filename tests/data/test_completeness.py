"""Reasons for distrust: silent on complete samples of smooth galaxies, loud on incomplete ones.

The samples are drawn from analytic densities here, so what is complete is known.
"""

import os
import re
from pathlib import Path

import numpy as np
import pytest

from data.catalogue.ingest import ingest
from data.population.population import make_population
from data.population.warnings import incomplete, spatial_reasons
from data.selection import parse

SUN = np.array([8.122, 0.0, 0.0208])
RADIUS = 4.0
DISCS = {
    "thin and thick disc with a halo": ((0.3, 0.88), (0.9, 0.12), (20.0, 0.002)),
    "thin disc": ((0.3, 1.0),),
    "very thin disc": ((0.1, 1.0),),
}


def ball(n, seed=0, discs=DISCS["thin and thick disc with a halo"]):
    """Draw a complete sample from exponential discs, each with its height and local density."""
    rng = np.random.default_rng(seed)
    heights, weights = np.array(discs).T
    weights = heights * weights * (1.0 - np.exp(-RADIUS / heights))
    parts, found = [], 0
    while found < n:
        plane = rng.uniform(-RADIUS, RADIUS, (2 * n + 100_000, 2))
        h = rng.choice(heights, len(plane), p=weights / weights.sum())
        # An exponential cut at the radius of the ball, on either side of the plane.
        z = -h * np.log1p(-rng.uniform(size=len(h)) * (1.0 - np.exp(-RADIUS / h)))
        offset = np.column_stack([plane, z * rng.choice([-1.0, 1.0], len(h)) - SUN[2]])
        radial = np.exp(-(np.hypot(offset[:, 0] + SUN[0], offset[:, 1]) - 4.122) / 2.6)
        inside = (offset**2).sum(axis=1) < RADIUS**2
        parts.append(offset[inside & (rng.uniform(size=len(offset)) < radial)])
        found += len(parts[-1])
    return np.concatenate(parts)[:n]


def magnitudes(offset, seed=0):
    """Give apparent magnitudes of giants: a red clump at M = 0.5 and a branch from -2 to 1."""
    rng = np.random.default_rng(seed)
    n = len(offset)
    clump = rng.uniform(size=n) < 0.4
    absolute = np.where(clump, rng.normal(0.5, 0.15, n), rng.uniform(-2.0, 1.0, n))
    return absolute + 5.0 * np.log10(np.linalg.norm(offset, axis=1)) + 10.0


def noisy(offset, seed=0):
    """Scatter the distances as 1/parallax with an error of 0.025 mas; stars leave and enter."""
    rng = np.random.default_rng(seed)
    distance = np.linalg.norm(offset, axis=1)
    parallax = 1.0 / distance + rng.normal(0.0, 0.025, len(offset))
    seen = offset * (1.0 / parallax / distance)[:, None]
    return seen, (parallax > 0.0) & ((seen**2).sum(axis=1) < RADIUS**2)


def codes(offset):
    return {reason.code for reason in spatial_reasons(offset, RADIUS)}


@pytest.mark.parametrize("discs", DISCS.values(), ids=DISCS)
@pytest.mark.parametrize(("n", "seed"), [(1_000, 0), (1_000, 1), (20_000, 2), (200_000, 3)])
def test_complete_samples_raise_nothing(n, discs, seed):
    offset = ball(n, seed, discs)
    apparent = magnitudes(offset, seed)
    assert codes(offset) == set()
    assert incomplete(apparent, np.linalg.norm(offset, axis=1)) is None
    seen, inside = noisy(offset, seed)
    assert codes(seen[inside]) == set()
    assert incomplete(apparent[inside], np.linalg.norm(seen[inside], axis=1)) is None


def test_uniform_ball_raises_nothing():
    assert codes(ball(50_000, discs=((1e6, 1.0),))) == set()


@pytest.mark.parametrize("limit", [13.5, 13.0, 12.0])
def test_a_limit_in_apparent_magnitude_is_found(limit):
    offset = ball(20_000)
    apparent = magnitudes(offset)
    seen = apparent < limit
    reason = incomplete(apparent[seen], np.linalg.norm(offset[seen], axis=1))
    assert reason is not None
    assert reason.code == "incomplete"
    assert f"G = {limit:.1f}" in reason.sentence


def test_missing_magnitudes_are_left_out():
    offset = ball(5_000)
    apparent = np.full(5_000, np.nan)
    assert incomplete(apparent, np.linalg.norm(offset, axis=1)) is None


def test_wedge_is_found():
    offset = ball(30_000)
    wedge = np.abs(offset[:, 2]) < np.linalg.norm(offset, axis=1) * np.sin(np.radians(10))
    reasons = {reason.code: reason.sentence for reason in spatial_reasons(offset[wedge], RADIUS)}
    assert {"sky_gaps", "sharp_edges"} <= set(reasons)
    edges = [float(b) for b in re.findall(r"b = (\S+) deg", reasons["sharp_edges"])]
    assert edges == pytest.approx([-10.0, 10.0], abs=2.0)


def test_missing_part_of_the_sky_is_found():
    offset = ball(30_000)
    towards = np.array([0.3, 0.3, 0.9]) / np.linalg.norm([0.3, 0.3, 0.9])
    seen = offset @ towards > -0.5 * np.linalg.norm(offset, axis=1)
    assert "sky_gaps" in codes(offset[seen])


@pytest.mark.parametrize(
    ("keep", "words"),
    [
        (lambda p: np.abs(p[:, 2]) < 0.5, "a height of"),
        (lambda p: np.linalg.norm(p, axis=1) < 2.5, "a distance of 2.5 kpc"),
        (lambda p: np.linalg.norm(p, axis=1) > 1.0, "a distance of"),
    ],
)
def test_sharp_edges_are_found(keep, words):
    offset = ball(50_000)
    reasons = {r.code: r.sentence for r in spatial_reasons(offset[keep(offset)], RADIUS)}
    assert words in reasons["sharp_edges"]


def test_steps_in_longitude_are_found():
    offset = ball(200_000)
    longitude = np.degrees(np.arctan2(-offset[:, 1], -offset[:, 0])) % 360.0
    rng = np.random.default_rng(5)
    thinned = (longitude > 90.0) & (longitude < 150.0) & (rng.uniform(size=len(offset)) < 0.3)
    reasons = {
        reason.code: reason.sentence for reason in spatial_reasons(offset[~thinned], RADIUS)
    }
    assert set(reasons) == {"longitude_steps"}
    assert any(f"l = {place} deg" in reasons["longitude_steps"] for place in (90, 150))


def test_crowding_round_the_sun_is_found():
    offset = ball(20_000) * np.random.default_rng(0).uniform(size=(20_000, 1))
    assert "concentrated" in codes(offset)


@pytest.mark.skipif(
    "VIA_OBSCURA_TRIAL_DATA" not in os.environ, reason="VIA_OBSCURA_TRIAL_DATA is not set"
)
@pytest.mark.parametrize("cut", ["", "distance < 2 and speed < 500", "distance < 1"])
def test_real_sample_in_the_plane_is_distrusted(tmp_path, cut):
    table = Path(os.environ["VIA_OBSCURA_TRIAL_DATA"]) / "gaia-dr3-6d-inplane.parquet"
    catalogue = ingest(table, tmp_path)
    warnings = make_population(catalogue, parse(cut)).warnings
    found = {reason.code for reason in warnings}
    assert {"incomplete", "sky_gaps", "sharp_edges", "longitude_steps", "concentrated"} <= found
    assert ("selection_in_position" in found) == ("distance" in cut)
