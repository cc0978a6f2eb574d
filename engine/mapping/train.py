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

from data.population.measurement_noise import renoised
from data.population.population import Population
from engine.density.checkpoint import load_checkpoint, save_checkpoint
from engine.density.ensemble import StackedFlow
from engine.density.members import NoisyRows, base_split, noisy_split
from engine.density.mixture import MixtureShape
from engine.density.model import Coordinates, DensityModel
from engine.density.plan import MemberPlan
from engine.density.smooth.density import SmoothDensity
from engine.density.split import MemberSplit
from engine.density.training import Epoch, Training, TrainingState
from engine.mapping.positions import fit_positions
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
    context = coordinates.context(x).to(device)
    velocity = coordinates.standard_velocity(x, v).to(device)
    trainer = _Trainer(split, settings, plan, seed, checkpoints, reporter, on_progress)
    position: SmoothDensity | StackedFlow | None = trainer.smooth(
        x, stars.tracers, coordinates, device
    )
    if position is None:
        mapped, _ = coordinates.ball.forward(x.double())  # near the edge atanh needs the digits
        latent = coordinates.latent.forward(mapped.to(x.dtype)).to(device)
        position = trainer.flow("position", latent, None)
    model = DensityModel(position, trainer.flow("velocity", velocity, context), coordinates)
    save_checkpoint(model.to_dict(), final)
    return model, split


@dataclass(frozen=True)
class _Trainer:
    """What both densities of a model share."""

    split: MemberSplit
    settings: MapSettings
    plan: MemberPlan
    seed: int
    checkpoints: Path
    reporter: Reporter
    on_progress: Callable[[str, float], None]

    def smooth(
        self, x: Tensor, tracers: int, coordinates: Coordinates, device: torch.device
    ) -> SmoothDensity | None:
        """Fit a smooth p(x); None where a flow is asked for, or the stars have holes."""
        path, wanted = self.checkpoints / "smooth.pt", self.settings.position_density
        if path.exists():
            return SmoothDensity.from_dict(load_checkpoint(path), device)
        if wanted == "flow" or (self.checkpoints / "position.pt").exists():
            return None

        def on_progress(done: float) -> None:
            self.reporter.check_stop()
            self.on_progress("position", done)

        found = fit_positions(
            x,
            tracers,
            coordinates.ball,
            self.split,
            seed=self.seed,
            always=wanted == "smooth",
            on_epoch=lambda epoch: self._report("position", epoch),
            on_progress=on_progress,
        )
        if found is None:
            return None
        save_checkpoint(found.to_dict(), path)
        return found.to(device)

    def flow(self, name: str, values: Tensor, context: Tensor | None) -> StackedFlow:
        """Train one flow, going on from its checkpoint where there is one."""
        path = self.checkpoints / f"{name}.pt"
        state = None
        if path.exists():
            state = TrainingState.from_dict(load_checkpoint(path), values.device)
        offset = 0 if name == "position" else 1
        seeds = [1_000_003 * self.seed + 2 * member + offset for member in self.plan.streams()]
        shape = _shape(self.settings, name, 0 if context is None else context.shape[1])
        rows = self.split.train.shape[1] + self.split.validation.shape[1]
        training = Training(
            StackedFlow.initialise(shape, seeds, values.device),
            values,
            context,
            self.split,
            self.settings.training(name, rows),
            seed=2 * self.seed + offset,
            state=state,
            on_memory=lambda stars: self.reporter.event(
                "warning",
                code="memory",
                text=f"The memory of {values.device} does not suffice for a whole batch: "
                f"{stars:,} stars of each member are passed at a time. The results do not depend "
                "on it.",
            ),
        )
        saved = time.monotonic()

        def on_step(done: float) -> None:
            self.reporter.check_stop()
            self.on_progress(name, done)

        def on_epoch(epoch: Epoch, state: TrainingState) -> None:
            nonlocal saved
            self._report(name, epoch)
            if training.finished or time.monotonic() - saved > _SAVE_EVERY:
                save_checkpoint(state.to_dict(), path)
                saved = time.monotonic()

        return training.run(on_epoch, on_step)

    def _report(self, flow: str, epoch: Epoch) -> None:
        fields: dict[str, Any] = vars(epoch)
        renamed = {("lr" if key == "learning_rate" else key): fields[key] for key in fields}
        self.reporter.event("loss", flow=flow, **renamed)


def _shape(settings: MapSettings, flow: str, context: int) -> MixtureShape:
    names = ("components", "hidden", "blocks")
    chosen: dict[str, int] = {name: getattr(settings, f"{flow}_{name}") for name in names}
    return MixtureShape(3, context, **chosen)
