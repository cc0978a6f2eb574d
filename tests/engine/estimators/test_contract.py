"""The contract of every registered estimator, against models whose gravity is known exactly."""

import dataclasses

import numpy as np
import pytest
import torch

from engine.density.plan import MemberPlan
from engine.estimators.base import EstimatorRegistry, PointwiseScores
from engine.estimators.registry import ESTIMATORS, Boltzmann

ALONE = MemberPlan(1, (), bootstrap=False)
FREQUENCIES = torch.tensor([30.0, 45.0, 80.0], dtype=torch.float64)
"""km/s/kpc of a triaxial harmonic well: a = -frequency^2 x."""
DISPERSIONS = torch.tensor(
    [[25.0, 20.0, 15.0], [60.0, 40.0, 35.0], [110.0, 120.0, 90.0]], dtype=torch.float64
)
SHARES = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
GM, SCALE = 2.0e6, 1.3


class HarmonicWell:
    """Three populations in a triaxial well; ln f of energies along each axis."""

    tolerance = 0.02

    def log_f(self, x, v):
        energy = 0.5 * v**2 + 0.5 * (FREQUENCIES * x) ** 2
        exponents = -(energy[..., None, :] / DISPERSIONS**2).sum(-1)
        return torch.logsumexp(exponents + torch.log(SHARES / DISPERSIONS.prod(-1)), -1)

    def log_density(self, x):
        exponents = -0.5 * ((FREQUENCIES * x)[..., None, :] ** 2 / DISPERSIONS**2).sum(-1)
        return torch.logsumexp(exponents + torch.log(SHARES), -1)

    def acceleration(self, x):
        return -(FREQUENCIES**2) * x

    def velocities(self, x, count, rng):
        exponents = -0.5 * ((FREQUENCIES * x)[:, None, :] ** 2 / DISPERSIONS**2).sum(-1)
        shares = torch.softmax(exponents + torch.log(SHARES), -1).numpy()
        which = np.stack([rng.choice(3, size=count, p=row) for row in shares])
        draws = torch.tensor(rng.normal(size=(len(x), count, 3)))
        return draws * DISPERSIONS[torch.tensor(which)], torch.ones(len(x), count).double()


class Plummer:
    """The isotropic Plummer sphere, f ~ (-E)^(7/2) (Binney & Tremaine 2008, 4.83)."""

    tolerance = 0.02

    def log_f(self, x, v):
        energy = GM / torch.sqrt((x**2).sum(-1) + SCALE**2) - 0.5 * (v**2).sum(-1)
        return 3.5 * torch.log(energy)

    def log_density(self, x):
        return -2.5 * torch.log((x**2).sum(-1) + SCALE**2)

    def acceleration(self, x):
        return -GM * x / ((x**2).sum(-1, keepdim=True) + SCALE**2) ** 1.5

    def velocities(self, x, count, rng):
        direction = rng.normal(size=(len(x), count, 3))
        direction /= np.linalg.norm(direction, axis=-1, keepdims=True)
        escape = np.sqrt(2 * GM / np.sqrt((x.numpy() ** 2).sum(-1) + SCALE**2))
        speed = 0.97 * escape[:, None] * rng.uniform(size=(len(x), count)) ** (1 / 3)
        v = torch.tensor(direction * speed[..., None])
        log_f = self.log_f(x[:, None].expand_as(v), v)
        return v, torch.exp(log_f - log_f.amax(1, keepdim=True))


MODELS = {"harmonic well": HarmonicWell(), "Plummer": Plummer()}
POSITIONS = torch.tensor(np.random.default_rng(0).normal(size=(8, 3)))


def exact_scores(model, x, *, members=1, plan=ALONE, count=8192, seed=1, selection=None):
    """The scores that an exact density model has, thinned by exp(selection(x)) where given."""
    v, own_weight = model.velocities(x, count, np.random.default_rng(seed))

    def log_density(at):
        return model.log_density(at) + (0.0 if selection is None else selection(at))

    def log_f(at, velocity):
        return model.log_f(at, velocity) + (0.0 if selection is None else selection(at))

    at, free = x[:, None].expand_as(v).clone().requires_grad_(), v.clone().requires_grad_()
    space, velocity = torch.autograd.grad(log_f(at, free).sum(), (at, free))
    place = x.clone().requires_grad_()
    (density,) = torch.autograd.grad(log_density(place).sum(), place)
    fields = {
        "space": space,
        "space_given_place": space - density[:, None],
        "velocity": velocity,
        "density": density,
        "v": v,
        "weight": torch.ones_like(own_weight),
        "own_weight": own_weight,
    }
    wide = {name: t[None].expand(members, *t.shape).clone() for name, t in fields.items()}
    return PointwiseScores(**wide, plan=plan)


def error(result, truth):
    """Largest relative error over positions and members."""
    return ((result.acceleration - truth).norm(dim=-1) / truth.norm(dim=-1)).max().item()


each = pytest.mark.parametrize("name", ESTIMATORS.names)
models = pytest.mark.parametrize("model", MODELS.values(), ids=list(MODELS))


@each
@models
def test_an_exact_model_gives_the_exact_acceleration(name, model):
    result = ESTIMATORS[name].solve(exact_scores(model, POSITIONS))
    assert error(result, model.acceleration(POSITIONS)) < model.tolerance
    assert result.residual.max() < 1e-6
    assert (result.condition >= 1 - 1e-9).all()


@each
@models
def test_members_that_agree_give_what_a_single_one_gives(name, model):
    alone = ESTIMATORS[name].solve(exact_scores(model, POSITIONS))
    plan = MemberPlan(3, (), bootstrap=False)
    several = ESTIMATORS[name].solve(exact_scores(model, POSITIONS, members=3, plan=plan))
    assert several.acceleration.shape == (3, len(POSITIONS), 3)
    torch.testing.assert_close(
        several.acceleration, alone.acceleration.expand(3, -1, -1), rtol=1e-6, atol=1e-6
    )


@each
@models
def test_what_a_selection_by_place_does_is_as_declared(name, model):
    """S(x) = exp(-1.5 x + 0.5 z): a robust estimator stays at the truth, another one does not."""

    def selection(at):
        return at @ torch.tensor([-1.5, 0.0, 0.5], dtype=torch.float64)

    result = ESTIMATORS[name].solve(exact_scores(model, POSITIONS, selection=selection))
    off = error(result, model.acceleration(POSITIONS))
    assert (off < model.tolerance) == ESTIMATORS[name].robust_to_selection


@each
@models
def test_turned_coordinates_turn_the_acceleration(name, model):
    scores = exact_scores(model, POSITIONS, count=256)
    turn = torch.linalg.qr(torch.tensor(np.random.default_rng(3).normal(size=(3, 3))))[0]
    vectors = ("space", "space_given_place", "velocity", "density", "v")
    turned = dataclasses.replace(
        scores, **{field: getattr(scores, field) @ turn.T for field in vectors}
    )
    straight, round_ = (ESTIMATORS[name].solve(s).acceleration for s in (scores, turned))
    torch.testing.assert_close(round_, straight @ turn.T, rtol=1e-6, atol=1e-3)


@each
def test_the_order_of_velocities_does_not_matter(name):
    scores = exact_scores(MODELS["harmonic well"], POSITIONS, count=256)
    order = torch.randperm(256, generator=torch.Generator().manual_seed(0))
    by_velocity = ("space", "space_given_place", "velocity", "v", "weight", "own_weight")
    shuffled = dataclasses.replace(
        scores, **{field: getattr(scores, field)[:, :, order] for field in by_velocity}
    )
    torch.testing.assert_close(
        ESTIMATORS[name].solve(shuffled).acceleration,
        ESTIMATORS[name].solve(scores).acceleration,
        rtol=1e-8,
        atol=1e-8,
    )


@each
def test_one_velocity_determines_nothing(name):
    scores = exact_scores(MODELS["harmonic well"], POSITIONS, count=1)
    result = ESTIMATORS[name].solve(scores)
    undetermined = ~torch.isfinite(result.acceleration).all(-1) | (result.condition > 1e6)
    assert undetermined.all()


@each
def test_fields_have_the_promised_shapes(name):
    result = ESTIMATORS[name].solve(exact_scores(MODELS["Plummer"], POSITIONS, count=64))
    assert result.acceleration.shape == (1, len(POSITIONS), 3)
    assert result.condition.shape == result.residual.shape == (1, len(POSITIONS))
    for values in result.extras.values():
        assert values.shape[:2] == (1, len(POSITIONS))
    assert ESTIMATORS[name].error_scale >= 1


def test_a_name_is_registered_once():
    registry = EstimatorRegistry()
    registry.register(Boltzmann())
    with pytest.raises(ValueError, match="boltzmann already"):
        registry.register(Boltzmann())


def test_a_selected_population_is_mapped_by_a_robust_estimator():
    assert ESTIMATORS.for_population(selected=False) == "boltzmann"
    assert ESTIMATORS[ESTIMATORS.for_population(selected=True)].robust_to_selection
