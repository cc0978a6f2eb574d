"""Acceptance test 8: the batched ensemble equals a loop over its members."""

import copy

import pytest
import torch
from torch.func import stack_module_state

from engine.density.ensemble import StackedFlow
from engine.density.flow import FlowShape

MEMBERS = 3


@pytest.fixture(params=[0, 3], ids=["p(x)", "p(v|x)"])
def case(request):
    context = request.param
    shape = FlowShape(3, context, transforms=3, hidden=(16, 16))
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


def test_inverse_undoes_the_flow(case):
    flow, value, given = case
    draws = flow.inverse(value, given)
    stacked, _ = stack_module_state([flow.member(m) for m in range(MEMBERS)])
    assert stacked.keys() == flow.parameters.keys()
    for member in range(MEMBERS):
        transform = flow.member(member).flow(at(given, member)).transform
        torch.testing.assert_close(transform(draws[member]), value[member], atol=1e-4, rtol=1e-4)


def test_scores_are_smooth_where_the_scale_changes_sign():
    """The second derivative of ln p does not jump: zuko's own scale bound has a kink there."""
    from engine.density.flow import SmoothAffineTransform

    scale = torch.linspace(-1e-3, 1e-3, 2001, dtype=torch.float64).requires_grad_()
    bounded = SmoothAffineTransform(torch.zeros(()), scale).log_scale
    (slope,) = torch.autograd.grad(bounded.sum(), scale, create_graph=True)
    (bend,) = torch.autograd.grad(slope.sum(), scale)
    assert bend.diff().abs().max() < 1e-6
