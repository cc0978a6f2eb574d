"""Training where the memory does not suffice: the batch is halved, the numbers stay."""

import pytest
import torch

from engine.density.ensemble import StackedFlow
from engine.density.memory import is_out_of_memory
from engine.density.mixture import MixtureShape
from engine.density.settings import TrainingSettings
from engine.density.split import split_members
from engine.density.training import Training

CPU = torch.device("cpu")
SHAPE = MixtureShape(3, 0, components=3, hidden=16, blocks=1)


def training(on_memory=lambda _: None):
    values = torch.randn(1200, 3, generator=torch.Generator().manual_seed(2))
    split = split_members(len(values), 2, 0.2, 3, bootstrap=True)
    flow = StackedFlow.initialise(SHAPE, [5, 8], CPU)
    settings = TrainingSettings(epochs=2, batch=256)
    return Training(flow, values, None, split, settings, seed=3, on_memory=on_memory)


@pytest.fixture
def small_memory(monkeypatch):
    """An allocator that refuses every pass of more than so many stars of a member."""
    real = StackedFlow.log_prob

    def limit(most, error):
        def log_prob(self, values, context=None):
            if (
                values.requires_grad is False
                and values.shape[1] > most
                and torch.is_grad_enabled()
            ):
                raise error
            return real(self, values, context)

        monkeypatch.setattr(StackedFlow, "log_prob", log_prob)

    return limit


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"),
        RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"),
        MemoryError(),
    ],
)
def test_the_batch_is_halved_until_it_fits_and_nothing_else_changes(small_memory, error):
    whole = training()
    expected = whole.run(lambda *_: None)
    said = []
    small_memory(70, error)
    halved = training(said.append)
    found = halved.run(lambda *_: None)
    assert said == [128, 64], "each halving is said once"
    assert halved.parts == 4
    for name, parameter in expected.parameters.items():
        torch.testing.assert_close(found.parameters[name], parameter, rtol=1e-4, atol=1e-6)
    losses = [[e.train for e in one.state.history] for one in (whole, halved)]
    torch.testing.assert_close(torch.tensor(losses[1]), torch.tensor(losses[0]))


def test_memory_for_not_even_one_star_is_an_error(small_memory):
    small_memory(0, torch.OutOfMemoryError("out of memory"))
    with pytest.raises(torch.OutOfMemoryError):
        training().run(lambda *_: None)


def test_other_errors_are_no_lack_of_memory(small_memory):
    assert not is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    assert not is_out_of_memory(ValueError("out of memory"))
    small_memory(70, RuntimeError("a shape is wrong"))
    one = training()
    with pytest.raises(RuntimeError, match="shape is wrong"):
        one.run(lambda *_: None)
    assert one.parts == 1
