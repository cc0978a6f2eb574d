"""Baryons averaged with the kernel, against brute force."""

import numpy as np
import pytest

from data.baryons import packaged, truth_baryons
from data.mocks.spherical import challenge
from data.mocks.truth import Truth
from engine.cubes.lengths import default_kernel
from engine.dark_matter.smoothed import smoothed_baryons, smoothed_density
from engine.smoothing import Kernel
from tests.engine.dark.fields import ball, truth


@pytest.mark.parametrize("bandwidths", [(0.5, 0.5, 0.2), (0.25, 0.25, 0.1), (0.9, 0.9, 0.5)])
@pytest.mark.parametrize(
    "model", [packaged(), packaged("schutz-2018"), truth_baryons(truth("two-discs"))],
    ids=lambda model: model.name,
)  # fmt: skip
def test_the_table_gives_the_average_over_all_nodes(model, bandwidths):
    kernel, points = Kernel(bandwidths), ball().points[::97]
    offsets, weights = kernel.layers(48, 8, 24).nodes()
    wanted = np.array([weights @ model.density(p + offsets) for p in points])
    found = smoothed_baryons(model, points, kernel, 0)
    assert found.count == 0
    np.testing.assert_allclose(found.mean, wanted, rtol=6e-3)
    assert np.median(np.abs(found.mean / wanted - 1)) < 1e-3


def test_each_draw_is_the_average_of_one_galaxy():
    model, kernel, points = packaged(), Kernel(), ball().points[::301]
    offsets, weights = kernel.layers().nodes()
    found = smoothed_baryons(model, points, kernel, 8, seed=5)
    for k, galaxy in enumerate(model.realisations(8, 5)):
        wanted = np.array([weights @ galaxy.density(p + offsets) for p in points])
        np.testing.assert_allclose(found.mean + found.deviations[k], wanted, rtol=3e-3)


def test_the_plane_of_a_thin_disc_is_smeared_as_much_as_the_kernel_says():
    """exp(-|z|/h) of 0.3 kpc keeps 0.68 of its midplane value (cut at two bandwidths)."""
    found = smoothed_density(
        lambda x: np.exp(-np.abs(x[:, 2]) / 0.3), np.array([[8.0, 0.0, 0.0]]), Kernel(),
        axisymmetric=True,
    )  # fmt: skip
    assert found[0] == pytest.approx(0.68, abs=0.006)


def test_a_halo_off_the_axis_is_averaged_directly():
    model, kernel, points = truth("lopsided"), Kernel(), ball().points[::401]
    offsets, weights = kernel.layers().nodes()
    wanted = [weights @ model.density(p + offsets, "halo") for p in points]
    found = smoothed_density(
        lambda x: model.density(x, "halo"), points, kernel, axisymmetric=False
    )
    np.testing.assert_allclose(found, wanted, rtol=1e-3)
    assert truth_baryons(model).axisymmetric


@pytest.mark.parametrize("halo", ["cusp", "core"])
def test_a_dwarf_galaxy_is_averaged_at_its_own_lengths(halo):
    """The steps of the table shrink with the volume: with those of the disc all was smeared."""
    dwarf = Truth(challenge(halo).to_galaxy(halo, "A halo."))
    kernel = default_kernel(0.5)
    points = ball(spacing=0.1, z_cells=9, radius=0.5, centre=(0.0, 0.0, 0.0)).points[::3]
    offsets, weights = kernel.layers(48, 8, 24).nodes()
    wanted = np.array([weights @ dwarf.density(p + offsets) for p in points])
    found = smoothed_density(dwarf.density, points, kernel, axisymmetric=True)
    np.testing.assert_allclose(found, wanted, rtol=0.05)  # nodes see a cusp's peak by chance
    far = np.linalg.norm(points, axis=1) > 0.15
    np.testing.assert_allclose(found[far], wanted[far], rtol=0.012)
    assert np.median(np.abs(found / wanted - 1)) < 2e-3


@pytest.mark.parametrize("axisymmetric", [True, False])
def test_no_point_has_no_density(axisymmetric):
    nothing = np.empty((0, 3))
    found = smoothed_density(
        lambda x: np.ones(len(x)), nothing, Kernel(), axisymmetric=axisymmetric
    )
    assert found.shape == (0,)
    draws = smoothed_baryons(packaged(), nothing, Kernel(), 4)
    assert draws.mean.shape == (0,)
    assert draws.deviations.shape == (4, 0)
