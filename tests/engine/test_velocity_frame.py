"""The coordinates of p(v|x): rotations that undo themselves, chosen by where the axis is."""

import pytest
import torch

from engine.density.frame import VelocityFrame

SUN = torch.tensor([8.122, 0.0, 0.0208])


@pytest.fixture
def stars():
    generator = torch.Generator().manual_seed(0)
    x = SUN.double() + 2 * torch.randn(200, 3, generator=generator, dtype=torch.float64)
    return x, 100 * torch.randn(200, 3, generator=generator, dtype=torch.float64)


def test_the_axis_decides(stars):
    x, _ = stars
    assert VelocityFrame.of(SUN, 4.0, x, x).cylindrical
    assert not VelocityFrame.of(torch.zeros(3), 4.0, x, x).cylindrical
    assert not VelocityFrame.of(torch.tensor([4.2, 0.0, 0.0]), 4.0, x, x).cylindrical


@pytest.mark.parametrize("cylindrical", [True, False])
def test_turning_back_gives_the_velocities(stars, cylindrical):
    x, v = stars
    frame = VelocityFrame(cylindrical, 0.2)
    torch.testing.assert_close(frame.inverse(x, frame.forward(x, v)), v)
    speeds = [torch.linalg.vector_norm(part, dim=1) for part in (v, frame.forward(x, v))]
    torch.testing.assert_close(*speeds)


def test_components_are_those_of_the_cylinder(stars):
    x, _ = stars
    frame = VelocityFrame(cylindrical=True, height=0.2)
    ring = torch.hypot(x[:, 0], x[:, 1])[:, None]
    outward = torch.cat([x[:, :2] / ring, torch.zeros_like(ring)], 1)
    turning = torch.stack([-x[:, 1], x[:, 0], 0 * x[:, 0]], 1) / ring
    unit = torch.eye(3, dtype=x.dtype)
    torch.testing.assert_close(frame.forward(x, outward), unit[0].expand_as(x))
    torch.testing.assert_close(frame.forward(x, turning), unit[1].expand_as(x))


@pytest.mark.parametrize("cylindrical", [True, False])
def test_context_tells_positions_apart(stars, cylindrical):
    """The map from positions to contexts loses nothing: its Jacobian has full rank."""
    x, _ = stars
    frame = VelocityFrame(cylindrical, 0.2)
    jacobian = torch.func.vmap(torch.func.jacrev(frame.context))(x)
    assert jacobian.shape == (200, 5, 3)
    assert (torch.linalg.svdvals(jacobian)[:, -1] > 0.05).all()
