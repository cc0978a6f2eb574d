"""Small trainings on a Dask cluster whose workers are killed.

    python -m benchmarks.chaos  # 40 trainings, 4 workers, a kill each 10 s for 3 minutes
    python -m benchmarks.chaos --runs 8 --every 2 --seconds 12 --json

Every run has to end done, with the numbers of an undisturbed pass, and none may begin anew once
it has a checkpoint. What happened is counted from the events of the runs.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.runs import RunContext, open_run, submit
from engine.runs.cluster.head import NO_DASHBOARD
from engine.runs.folder.directory import RunDirectory
from engine.runs.kinds import Kind
from engine.runs.queueing.queue import attend

__all__ = ["Outcome", "main", "starts", "train", "under_fire"]

KINDS = {"train": Kind("benchmarks.chaos:train")}
TOLERANCE = 1e-6  # of the loss of a member, in nats


@dataclass(frozen=True)
class Outcome:
    """What became of the runs.

    Parameters
    ----------
    done
        Runs that ended done.
    kills
        Workers that were killed.
    attempts
        Processes that were started for them, in all.
    resumed
        Of these, those which went on from a checkpoint.
    from_zero
        Those which began anew although there was a checkpoint: must be none.
    different
        Largest difference from the undisturbed results.
    seconds
        Until the last run was done.
    """

    runs: int
    done: int
    kills: int
    attempts: int
    resumed: int
    from_zero: int
    different: float
    seconds: float


def train(context: RunContext) -> dict[str, Any]:
    """Train a small ensemble for real, with a checkpoint of each epoch."""
    import torch

    from engine.density.checkpoint import load_checkpoint, save_checkpoint
    from engine.density.ensemble import StackedFlow
    from engine.density.mixture import MixtureShape
    from engine.density.settings import TrainingSettings
    from engine.density.split import MemberSplit
    from engine.density.training import Training, TrainingState

    torch.set_num_threads(1)
    seed, members, stars = int(str(context.spec["seed"])), 2, 2000
    values = torch.randn(stars, 3, generator=torch.Generator().manual_seed(seed))
    rows = torch.stack(
        [torch.randperm(stars, generator=torch.Generator().manual_seed(m)) for m in range(members)]
    )
    split = MemberSplit(rows[:, :1600], rows[:, 1600:])
    shape = MixtureShape(3, 0, components=4, hidden=16, blocks=1)
    flow = StackedFlow.initialise(shape, list(range(members)), torch.device("cpu"))
    path = context.checkpoints / "training.pt"
    state = None
    if path.exists():
        state = TrainingState.from_dict(load_checkpoint(path), torch.device("cpu"))
    settings = TrainingSettings(epochs=int(str(context.spec["epochs"])), batch=400, patience=99)
    training = Training(flow, values, None, split, settings, seed=seed, state=state)
    pause = float(str(context.spec["pause"]))

    def on_epoch(epoch: Any, state: Any) -> None:  # noqa: ANN401
        save_checkpoint(state.to_dict(), path)
        context.event("loss", epoch=epoch.epoch, train=epoch.train, validation=epoch.validation)
        context.progress(epoch.epoch / settings.epochs, "training")
        for _ in range(int(pause / 0.05)):
            context.check_stop()
            time.sleep(0.05)

    training.run(on_epoch, lambda _: context.check_stop())
    return {"losses": [epoch.validation for epoch in training.state.history]}


def under_fire(
    home: Path,
    address: str,
    client: Any,  # noqa: ANN401
    specs: list[dict[str, object]],
    *,
    kinds: Mapping[str, Kind] = KINDS,
    every: float,
    seconds: float,
    seed: int,
    patience: float = 1800.0,
) -> tuple[list[RunDirectory], int, float]:
    """Start runs, kill a random worker now and then, and wait for the end.

    Parameters
    ----------
    home, specs, kinds
        Of the runs.
    address, client
        Of the scheduler.
    every, seconds
        Seconds between two kills, and for how long.
    seed
        Of the choice of workers.
    patience
        Seconds after which it is given up.

    Returns
    -------
    tuple
        The runs in the order of the specs, the number of kills, the seconds that it took.
    """
    began, kills, chance = time.monotonic(), 0, random.Random(seed)  # noqa: S311
    runs = [
        open_run(home, submit(home, spec, f"dask:{address}", kinds=kinds).id) for spec in specs
    ]
    next_kill = began + every
    while any(record.active for record in attend(home, kinds)):
        now = time.monotonic()
        assert now - began < patience, "the runs do not end"
        if next_kill <= now < began + seconds:
            next_kill += every
            pids = sorted(client.run(os.getpid, on_error="ignore").values())
            if pids:
                os.kill(chance.choice(pids), signal.SIGKILL)
                kills += 1
        time.sleep(0.2)
    return runs, kills, time.monotonic() - began


def starts(run: RunDirectory) -> tuple[int, int, int]:
    """Count attempts, those that went on from a checkpoint, and those that ignored one."""
    attempts = resumed = from_zero = last = 0
    fresh = False
    for event in run.tail(100_000):
        if event["kind"] == "state" and event["state"] == "running":
            attempts, fresh = attempts + 1, attempts > 0
        if event["kind"] == "loss":
            epoch = int(str(event["epoch"]))
            if fresh and last:
                resumed += epoch > last
                from_zero += epoch <= last
            last, fresh = max(last, epoch), False
    return attempts, resumed, from_zero


def _largest_difference(run: RunDirectory, reference: Mapping[str, Any]) -> float:
    import numpy as np

    result = run.record().result
    if result is None:
        return float("inf")
    return float(np.abs(np.subtract(result["losses"], reference["losses"])).max())


def main() -> int:
    """Measure, and print what became of the runs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--every", type=float, default=10.0, help="seconds between two kills")
    parser.add_argument("--seconds", type=float, default=180.0, help="for how long is killed")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--pause", type=float, default=0.75, help="seconds after each epoch")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    import dask
    from distributed import Client, LocalCluster

    # Dask gives a task up after three lost workers, taking it for the culprit; here it is not.
    # On a busy machine a worker is not back within 15 s, after which Dask closes it for good.
    dask.config.set(
        {
            "distributed.scheduler.allowed-failures": 100,
            "distributed.deploy.lost-worker-timeout": "300s",
        }
    )
    base = {"kind": "train", "threads": 1, "epochs": chosen.epochs}
    with tempfile.TemporaryDirectory() as folder:
        calm, home = Path(folder) / "calm", Path(folder) / "home"
        seeds = range(chosen.runs)
        calm_runs = [
            submit(calm, {**base, "seed": s, "pause": 0}, "inline", kinds=KINDS) for s in seeds
        ]
        with (
            LocalCluster(
                n_workers=chosen.workers,
                threads_per_worker=1,
                resources={"CPU": 1},
                **NO_DASHBOARD,
            ) as cluster,
            Client(cluster) as client,
        ):
            runs, kills, seconds = under_fire(
                home,
                cluster.scheduler_address,
                client,
                [{**base, "seed": s, "pause": chosen.pause} for s in seeds],
                every=chosen.every,
                seconds=chosen.seconds,
                seed=chosen.seed,
            )
        counts = [starts(run) for run in runs]
        outcome = Outcome(
            runs=len(runs),
            done=sum(run.record().ended_well for run in runs),
            kills=kills,
            attempts=sum(c[0] for c in counts),
            resumed=sum(c[1] for c in counts),
            from_zero=sum(c[2] for c in counts),
            different=max(
                _largest_difference(run, calm.result or {})
                for run, calm in zip(runs, calm_runs, strict=True)
            ),
            seconds=round(seconds, 1),
        )
    told = asdict(outcome)
    print(json.dumps(told) if chosen.json else "\n".join(f"{k:>10}  {v}" for k, v in told.items()))
    well = outcome.done == outcome.runs and not outcome.from_zero
    return 0 if well and outcome.different <= TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())
