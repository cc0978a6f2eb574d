"""Training: what is learnt, that nothing leaks, that it repeats and resumes exactly."""

import pytest
import torch

from engine.density.checkpoint import load_checkpoint, save_checkpoint
from engine.density.ensemble import StackedFlow
from engine.density.mixture import MixtureShape
from engine.density.settings import TrainingSettings
from engine.density.split import epoch_permutations, split_members
from engine.density.training import Training, TrainingState

CPU = torch.device("cpu")
SHAPE = MixtureShape(3, 0, components=3, hidden=16, blocks=1)


@pytest.fixture(scope="module")
def stars():
    """A correlated normal: its entropy is the loss of a perfect model."""
    generator = torch.Generator().manual_seed(1)
    mixing = torch.tensor([[1.0, 0.0, 0.0], [0.6, 0.8, 0.0], [0.0, 0.5, 0.5]])
    return torch.randn(4000, 3, generator=generator) @ mixing.T, mixing


def training(values, settings=None, state=None, members=2, bootstrap=True, seed=7):
    split = split_members(len(values), members, 0.2, seed, bootstrap=bootstrap)
    flow = StackedFlow.initialise(SHAPE, [3 * m + seed for m in range(members)], CPU)
    chosen = settings or TrainingSettings(epochs=4, batch=256)
    return Training(flow, values, None, split, chosen, seed=seed, state=state)


def nothing(*_):
    pass


def test_split_leaks_nothing():
    """No star stands on both sides, not even through its bootstrap copies."""
    split = split_members(1000, 5, 0.2, seed=1, bootstrap=True)
    for train, validation in zip(split.train, split.validation, strict=True):
        assert not set(train.tolist()) & set(validation.tolist())
        assert len(validation) == 200 == len(validation.unique())
        assert len(train) == 800
        # a bootstrap sample holds 1 - 1/e of the stars
        assert 0.55 < len(train.unique()) / 800 < 0.71


def test_split_without_bootstrap_uses_every_star_once():
    split = split_members(1000, 2, 0.2, seed=1, bootstrap=False)
    for train, validation in zip(split.train, split.validation, strict=True):
        assert sorted(train.tolist() + validation.tolist()) == list(range(1000))
    assert set(split.validation[0].tolist()) != set(split.validation[1].tolist())


def test_members_and_epochs_have_their_own_orders():
    first, second = epoch_permutations(1, 0, [0, 1], 100)
    later = epoch_permutations(1, 1, [0, 1], 100)[0]
    assert sorted(first.tolist()) == list(range(100))
    assert len({tuple(order.tolist()) for order in (first, second, later)}) == 3


def test_loss_reaches_the_entropy(stars):
    values, mixing = stars
    settings = TrainingSettings(epochs=15, batch=256, learning_rate=1e-2)
    work = training(values, settings)
    work.run(nothing)
    entropy = 1.5 * (1 + torch.log(torch.tensor(2 * torch.pi))) + torch.logdet(mixing)
    assert work.state.best_loss.mean().item() == pytest.approx(entropy.item(), abs=0.05)


def test_the_best_weights_are_kept(stars):
    work = training(stars[0])
    flow = work.run(nothing)
    work.state.average = flow.parameters
    torch.testing.assert_close(work.validate(), work.state.best_loss)


def test_training_stops_on_a_plateau(stars):
    settings = TrainingSettings(epochs=500, batch=1024, learning_rate=1e-6, patience=2)
    work = training(stars[0], settings)
    work.state.best_loss[:] = -1e9
    work.run(nothing)
    assert work.state.epoch == 2


def test_the_same_seed_gives_the_same_weights_and_another_does_not(stars):
    weights = [
        next(iter(training(stars[0], seed=seed).run(nothing).parameters.values()))
        for seed in (7, 7, 8)
    ]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_global_random_state_is_left_alone(stars):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    training(stars[0]).run(nothing)
    assert torch.equal(torch.rand(3), expected)


def test_resumed_training_equals_the_undisturbed_one(stars, tmp_path):
    """Stopped in the middle of an epoch and taken up from the last checkpoint."""
    path = tmp_path / "flow.pt"
    undisturbed = training(stars[0]).run(nothing)

    class StopError(Exception):
        pass

    def stop(done):
        if done > 0.6:
            raise StopError

    with pytest.raises(StopError):
        training(stars[0]).run(lambda _, state: save_checkpoint(state.to_dict(), path), stop)
    state = TrainingState.from_dict(load_checkpoint(path), CPU)
    assert 0 < state.epoch < 4
    work = training(stars[0], state=state)
    resumed = work.run(nothing)
    for name, parameter in undisturbed.parameters.items():
        assert torch.equal(parameter, resumed.parameters[name]), name
    assert [e.epoch for e in work.state.history] == [1, 2, 3, 4]


def test_a_member_does_not_feel_its_neighbours(stars):
    """Clipping and the best weights belong to each member by itself."""
    together = training(stars[0], members=2, bootstrap=False).run(nothing)
    alone = training(stars[0], members=1, bootstrap=False).run(nothing)
    for name, parameter in alone.parameters.items():
        torch.testing.assert_close(
            parameter[0], together.parameters[name][0], atol=1e-4, rtol=1e-3
        )
