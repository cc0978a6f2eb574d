"""Acceptance test 8: the batched ensemble equals a loop over its members."""

import copy

import pytest
import torch

from engine.density.ensemble import StackedFlow
from engine.density.mixture import MixtureShape

MEMBERS = 3


@pytest.fixture(params=[0, 3], ids=["p(x)", "p(v|x)"])
def case(request):
    context = request.param
    shape = MixtureShape(3, context, components=4, hidden=16, blocks=2)
    flow = StackedFlow.initialise(shape, [11, 12, 13], torch.device("cpu"))
    generator = torch.Generator().manual_seed(4)
    value = torch.randn(MEMBERS, 50, 3, generator=generator)
    given = torch.randn(MEMBERS, 50, 3, generator=generator) if context else None
    return flow, value, given


def at(given, member):
    return None if given is None else given[member]


def test_values_equal_the_loop_and_members_differ(case):
    flow, value, given = case
    batched = flow.log_prob(value, given)
    for member in range(MEMBERS):
        single = flow.member(member)(value[member], at(given, member))
        torch.testing.assert_close(batched[member], single, atol=2e-5, rtol=1e-5)
    same = value[:1].expand(MEMBERS, -1, -1)
    shared = flow.log_prob(same, None if given is None else given[:1].expand(MEMBERS, -1, -1))
    assert (shared[0] - shared[1]).abs().max() > 1e-2


def test_input_gradients_equal_the_loop(case):
    flow, value, given = case
    wanted = [t.clone().requires_grad_() for t in (value, given) if t is not None]
    batched = torch.autograd.grad(flow.log_prob(*wanted).sum(), wanted)
    for member in range(MEMBERS):
        inputs = [t[member].clone().requires_grad_() for t in (value, given) if t is not None]
        single = torch.autograd.grad(flow.member(member)(*inputs).sum(), inputs)
        for ours, theirs in zip(batched, single, strict=True):
            torch.testing.assert_close(ours[member], theirs, atol=2e-5, rtol=1e-4)


def test_parameter_gradients_equal_the_loop(case):
    flow, value, given = case
    parameters = {k: p.clone().requires_grad_() for k, p in flow.parameters.items()}
    loss = flow.with_parameters(parameters).log_prob(value, given).mean(1)
    batched = dict(
        zip(parameters, torch.autograd.grad(loss.sum(), list(parameters.values())), strict=True)
    )
    for member in range(MEMBERS):
        module = copy.deepcopy(flow.member(member)).requires_grad_()
        module(value[member], at(given, member)).mean().backward()
        for name, parameter in module.named_parameters():
            torch.testing.assert_close(batched[name][member], parameter.grad, atol=2e-5, rtol=1e-4)


def cumulative(flow, member, value, given):
    """Phi^-1 of each conditional's distribution function, by its definition."""
    weight, mean, width = flow.member(member).double().conditionals(value, given)
    below = torch.special.ndtr((value[..., None] - mean) / width.exp())
    return torch.special.ndtri((weight.exp() * below).sum(-1))


def test_inverse_undoes_the_flow(case):
    flow, base, given = case
    draws = flow.inverse(base, given)
    for member in range(MEMBERS):
        context = None if given is None else given[member].double()
        back = cumulative(flow, member, draws[member].double(), context)
        torch.testing.assert_close(back.float(), base[member], atol=1e-3, rtol=1e-3)


def test_inverse_reaches_the_tails(case):
    flow, _, given = case
    base = torch.zeros(MEMBERS, 50, 3)
    base[:, :25], base[:, 25:] = -4.5, 4.5
    draws = flow.inverse(base, given)
    for member in range(MEMBERS):
        context = None if given is None else given[member].double()
        back = cumulative(flow, member, draws[member].double(), context)
        torch.testing.assert_close(back.float(), base[member], atol=0.05, rtol=0)


def test_densities_integrate_to_one(case):
    flow, _, given = case
    axis = torch.linspace(-9, 9, 61, dtype=torch.float64)
    mesh = torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij"), -1).reshape(-1, 3)
    context = None if given is None else given[0, :1].double().expand(len(mesh), -1)
    with torch.no_grad():
        density = flow.member(0).double()(mesh, context).exp()
    assert (density.sum() * (axis[1] - axis[0]) ** 3).item() == pytest.approx(1, abs=2e-3)


def test_a_conditional_sees_only_what_comes_before_it(case):
    flow, value, given = case
    member = flow.member(0)

    def third_mean(value):
        return member.conditionals(value, at(given, 0))[1].sum(-1)

    for index in range(3):
        moved = value[0].clone()
        moved[:, index] += 1
        change = (third_mean(moved) - third_mean(value[0])).abs().amax(0)
        assert (change[: index + 1] == 0).all()
        assert (change[index + 1 :] > 1e-6).all()


def test_scores_are_smooth():
    """The second derivative of ln p along a line has no jumps: neighbours differ by O(step)."""
    flow = StackedFlow.initialise(MixtureShape(3, 0, 4, 16, 1), [3], torch.device("cpu"))
    member = flow.member(0).double()
    steps = torch.linspace(-3, 3, 6001, dtype=torch.float64).requires_grad_()
    line = torch.stack([steps, 0.3 * steps, -0.5 * steps], -1)
    (slope,) = torch.autograd.grad(member(line).sum(), steps, create_graph=True)
    (bend,) = torch.autograd.grad(slope.sum(), steps)
    assert bend.diff().abs().max() < 0.02 * bend.abs().max()
