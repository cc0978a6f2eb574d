"""The benchmarks' arithmetic on fields that are known exactly; speed is measured, not tested."""

import argparse
import json
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import density, peers, scaling
from data.mocks.potentials import named
from data.mocks.truth import Truth
from engine.smoothing import Kernel

GALAXY = named("milky-way")
POINTS = np.array([[8.0, 0.5, 0.3], [9.5, -1.0, -1.2], [6.8, 0.0, 0.9]])


@pytest.fixture
def exact(monkeypatch):
    """Solve every position by the model galaxy, and count what is asked."""
    asked = []

    def solve(model, where, *, velocities, seed, clip):
        asked.append((len(where), velocities))
        return SimpleNamespace(mean=GALAXY.acceleration(where))

    monkeypatch.setattr(density, "solve_positions", solve)
    case = SimpleNamespace(
        model=SimpleNamespace(members=3),
        seed=0,
        settings=SimpleNamespace(clip=4.5),
        truth=Truth(GALAXY),
        run="r",
        device=SimpleNamespace(type="cpu"),
    )
    return case, asked


def test_the_recipe_finds_the_averaged_density_of_an_exact_field(exact):
    case, asked = exact
    found = [
        density.recipe(case, p, Kernel(), density.POSITIONS, density.VELOCITIES) for p in POINTS
    ]
    assert asked == [(3200, 10_000)] * 3
    truth = density.smoothed_truth(case.truth, POINTS, Kernel())
    np.testing.assert_allclose(found, truth, rtol=0.01)
    # where a thin disc is averaged the point's own density is another
    assert abs(GALAXY.density(POINTS)[0] / truth[0] - 1) > 0.02


def test_an_interrupted_benchmark_goes_on(exact, tmp_path):
    case, asked = exact
    options = argparse.Namespace(rows=tmp_path / "r.jsonl", positions=64)
    cube = density.cube_points((8.122, 0.0, 0.0208), 4.0, Kernel())
    first = density.recipe_rows(case, cube, options, 2, 16)
    second = density.recipe_rows(case, cube, options, 4, 16)
    assert second[:2] == first
    assert len(asked) == 4
    assert len(options.rows.read_text().splitlines()) == 4
    assert json.loads(options.rows.read_text().splitlines()[0]) == first[0]
    density.recipe_rows(case, cube, options, 4, 32)  # other work is not taken for this one
    assert len(asked) == 8


def test_points_are_timed_in_full_and_the_others_judged_with_fewer_velocities(exact, tmp_path):
    case, asked = exact
    options = argparse.Namespace(
        rows=tmp_path / "r.jsonl", positions=64, points=5, timed=2, velocities=16, fewer=8
    )
    cube = density.cube_points((8.122, 0.0, 0.0208), 4.0, Kernel())
    timed, rows, change = density.judged_rows(case, cube, options)
    assert [row["velocities"] for row in rows] == [16, 16, 8, 8, 8]
    assert timed == rows[:2]
    assert len({row["cell"] for row in rows}) == 5
    assert [velocities for _, velocities in asked] == [16, 16, 8, 8, 8, 8, 8]
    assert change == 0.0  # an exact field does not depend on velocities
    options.timed = 5
    timed, rows, change = density.judged_rows(case, cube, options)
    assert timed == rows
    assert [row["velocities"] for row in rows] == [16] * 5
    assert np.isnan(change)


def test_the_cube_s_kernels_lie_in_the_volume():
    centre, kernel = (8.122, 0.0, 0.0208), Kernel()
    points = density.cube_points(centre, 4.0, kernel)
    assert points.shape == (24**3, 3)
    offsets, _ = kernel.divergence(512)
    corner = points[np.argmax(np.linalg.norm(points - centre, axis=1))]
    assert np.linalg.norm(corner + offsets - centre, axis=1).max() < 4.0


def test_exponents_are_slopes():
    n = np.array([1e5, 3e5, 1e6])
    assert scaling.exponent(n, 7 * n**1.5) == pytest.approx(1.5)


def test_errors_by_height():
    points = np.array([[8.0, 0.0, 0.1], [0.0, 8.0, -0.7], [6.0, 2.0, 1.5], [6.0, 2.0, -1.5]])
    truth = GALAXY.acceleration(points)
    size = np.linalg.norm(truth, axis=1)
    found = truth.copy()
    found[0, 0] += 0.1 * size[0]  # outwards
    found[1, 0] += 0.1 * size[1]  # across: neither a_R nor a_z
    found[2, 2] += 0.3 * size[2]
    found[3] = np.nan
    table = peers.errors(found, truth, points)
    np.testing.assert_allclose(table["a_R"], [0.1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(table["a_z"], [0, 0, 0.3], atol=1e-12)
    np.testing.assert_allclose(table["a"], [0.1, 0.1, 0.3], atol=1e-12)
    assert table["without"] == [0, 0, 0.5]
