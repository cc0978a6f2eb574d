"""Training of both flows of a density model inside a run, with checkpoints."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from data.population import Population
from data.renoise import renoised
from engine.density.checkpoint import load_checkpoint, save_checkpoint
from engine.density.ensemble import StackedFlow
from engine.density.members import NoisyRows, base_split, noisy_split
from engine.density.mixture import MixtureShape
from engine.density.model import Coordinates, DensityModel
from engine.density.plan import MemberPlan
from engine.density.split import MemberSplit
from engine.density.training import Epoch, Training, TrainingState
from engine.mapping.presets import MapSettings

__all__ = ["Reporter", "TrainingStars", "train_density_model"]

_SAVE_EVERY = 15.0  # seconds between checkpoints; epochs of a small map are shorter than this


class Reporter(Protocol):
    """What training tells the outside; ``RunContext`` is one."""

    def event(self, kind: str, **fields: object) -> None:
        """Record an event."""

    def check_stop(self) -> None:
        """Raise where the run shall end."""


@dataclass(frozen=True)
class TrainingStars:
    """The stars that the members of an ensemble learn from.

    Parameters
    ----------
    x, v
        (n, 3) in kpc and km/s, on the CPU: the tracers, then one table for each member with
        additional noise.
    tracers
        Rows of the first table.
    noisy
        Where the further tables lie.
    """

    x: Tensor
    v: Tensor
    tracers: int
    noisy: tuple[NoisyRows, ...] = ()

    @classmethod
    def of(cls, population: Population, plan: MemberPlan, seed: int) -> TrainingStars:
        """Take the tracers of a population, and observe them once more for noisy members.

        The noise of a member is the same at each level but for its size, so that levels differ
        by nothing else.
        """
        x, v, tables = [population.x], [population.v], []
        start = len(population.rows)
        for level in plan.levels:
            for member in range(plan.base):
                noisy = renoised(population, level, 1009 * seed + member)
                found = np.searchsorted(population.rows, noisy.rows)
                found = np.minimum(found, len(population.rows) - 1)
                star = np.where(population.rows[found] == noisy.rows, found, -1)
                tables.append(NoisyRows(star, start))
                start += len(star)
                x.append(noisy.x)
                v.append(noisy.v)
        place, motion = (torch.from_numpy(np.concatenate(part)) for part in (x, v))
        return cls(place, motion, len(population.rows), tuple(tables))


def train_density_model(
    stars: TrainingStars,
    coordinates: Coordinates,
    settings: MapSettings,
    plan: MemberPlan,
    *,
    device: torch.device,
    seed: int,
    checkpoints: Path,
    reporter: Reporter,
    on_progress: Callable[[str, float], None],
) -> tuple[DensityModel, MemberSplit]:
    """Train p(x) and p(v|x), going on from the checkpoints where there are any.

    Parameters
    ----------
    stars
        What the members learn from.
    coordinates
        Coordinates of the flows.
    settings
        The map's settings.
    plan
        Who the members are.
    device
        Where to train.
    seed
        Seed of starts, splits, bootstrap and batches.
    checkpoints
        Folder for ``position.pt``, ``velocity.pt`` and ``model.pt``.
    reporter
        Takes the events and says when to stop.
    on_progress
        Called with the flow's name and its finished part.

    Returns
    -------
    model, split
        The trained model and the rows that each member did and did not learn from.
    """
    split = base_split(plan, stars.tracers, settings.validation, seed)
    if stars.noisy:
        split = noisy_split(split, stars.tracers, list(stars.noisy), seed, plan.streams())
    x, v = stars.x, stars.v
    final = checkpoints / "model.pt"
    if final.exists():
        return DensityModel.from_dict(load_checkpoint(final), device), split
    mapped, _ = coordinates.ball.forward(x.double())  # near the edge atanh needs the digits
    latent = coordinates.latent.forward(mapped.to(x.dtype)).to(device)
    context = coordinates.context(x).to(device)
    velocity = coordinates.standard_velocity(x, v).to(device)
    inputs: dict[str, tuple[Tensor, Tensor | None, MixtureShape]] = {
        "position": (latent, None, _shape(settings, "position", 0)),
        "velocity": (velocity, context, _shape(settings, "velocity", context.shape[1])),
    }
    flows = {
        name: _train_flow(
            name, *inputs[name], split, settings, plan, seed, checkpoints, reporter, on_progress
        )
        for name in inputs
    }
    model = DensityModel(flows["position"], flows["velocity"], coordinates)
    save_checkpoint(model.to_dict(), final)
    return model, split


def _shape(settings: MapSettings, flow: str, context: int) -> MixtureShape:
    names = ("components", "hidden", "blocks")
    chosen: dict[str, int] = {name: getattr(settings, f"{flow}_{name}") for name in names}
    return MixtureShape(3, context, **chosen)


def _train_flow(
    name: str,
    values: Tensor,
    context: Tensor | None,
    shape: MixtureShape,
    split: MemberSplit,
    settings: MapSettings,
    plan: MemberPlan,
    seed: int,
    checkpoints: Path,
    reporter: Reporter,
    on_progress: Callable[[str, float], None],
) -> StackedFlow:
    path = checkpoints / f"{name}.pt"
    state = None
    if path.exists():
        state = TrainingState.from_dict(load_checkpoint(path), values.device)
    offset = 0 if name == "position" else 1
    seeds = [1_000_003 * seed + 2 * member + offset for member in plan.streams()]
    flow = StackedFlow.initialise(shape, seeds, values.device)
    training = Training(
        flow,
        values,
        context,
        split,
        settings.training(name, split.train.shape[1] + split.validation.shape[1]),
        seed=2 * seed + offset,
        state=state,
    )
    saved = time.monotonic()

    def on_step(done: float) -> None:
        reporter.check_stop()
        on_progress(name, done)

    def on_epoch(epoch: Epoch, state: TrainingState) -> None:
        nonlocal saved
        fields: dict[str, Any] = vars(epoch)
        reporter.event("loss", flow=name, **_renamed(fields))
        if training.finished or time.monotonic() - saved > _SAVE_EVERY:
            save_checkpoint(state.to_dict(), path)
            saved = time.monotonic()

    return training.run(on_epoch, on_step)


def _renamed(fields: dict[str, Any]) -> dict[str, Any]:
    return {("lr" if key == "learning_rate" else key): value for key, value in fields.items()}
