"""How fast training and scoring are on whatever devices this machine has.

    python -m benchmarks.device                # every device that is found, every mode
    python -m benchmarks.device --device cpu --members 4 --batch 2048 --json

The same table everywhere: plain steps, steps compiled by ``torch.compile``, and on CUDA steps
that were captured once and are replayed. A mode that cannot be had says why.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.density.ensemble import StackedFlow
from engine.density.mixture import MixtureShape
from engine.device import choose_device

__all__ = ["Row", "devices", "main", "measure"]

SHAPE = MixtureShape(3, 3, components=6, hidden=96, blocks=1)  # p(v|x) of the presets
MODES = ("plain", "compiled", "captured")
Gradients = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Row:
    """A line of the table: rates in stars a second (all members), memory in MB."""

    device: str
    name: str
    mode: str
    train_rate: float | None = None
    score_rate: float | None = None
    memory_mb: float | None = None
    gain: float | None = None
    note: str = ""


def devices() -> list[str]:
    """Name the devices of this machine, the processor first."""
    found = ["cpu", *(f"cuda:{index}" for index in range(torch.cuda.device_count()))]
    return [*found, "mps"] if torch.backends.mps.is_available() else found


def device_name(device: torch.device) -> str:
    """Name the hardware."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    if device.type == "cpu":
        return f"{_processor()}, {torch.get_num_threads()} threads"
    return platform.processor() or platform.machine()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line for line in lines if "model name" in line).partition(":")[2].strip()
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def plain_step(flow: StackedFlow) -> Gradients:
    """Give a function that computes the loss and leaves its gradients in the parameters."""
    names = list(flow.parameters)

    def step(values: Tensor, context: Tensor) -> Tensor:
        loss = -flow.log_prob(values, context).mean(1)
        found = torch.autograd.grad(loss.sum(), [flow.parameters[name] for name in names])
        for name, gradient in zip(names, found, strict=True):
            flow.parameters[name].grad = gradient
        return loss.detach()

    return step


def compiled_step(flow: StackedFlow) -> Gradients:
    """Give the same with the forward pass compiled."""
    names = list(flow.parameters)
    loss_of = torch.compile(lambda v, c: -flow.log_prob(v, c).mean(1))

    def step(values: Tensor, context: Tensor) -> Tensor:
        loss = loss_of(values, context)
        found = torch.autograd.grad(loss.sum(), [flow.parameters[name] for name in names])
        for name, gradient in zip(names, found, strict=True):
            flow.parameters[name].grad = gradient
        return loss.detach()

    return step


def captured_step(flow: StackedFlow, values: Tensor, context: Tensor) -> Gradients:
    """Give the same as one graph that the device replays, without a word from the processor.

    Raises
    ------
    RuntimeError
        The device cannot do that.
    """
    if values.device.type != "cuda":
        raise RuntimeError("only CUDA captures")
    plain, still = plain_step(flow), (values.clone(), context.clone())
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):  # whatever is allocated or chosen at the first pass must not be caught
            plain(*still)
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        loss = plain(*still)

    def step(values: Tensor, context: Tensor) -> Tensor:
        still[0].copy_(values)
        still[1].copy_(context)
        graph.replay()
        return loss

    return step


def measure(name: str, mode: str, members: int, batch: int, seconds: float) -> Row:
    """Time one mode on one device.

    Parameters
    ----------
    name
        The device, as in a spec.
    mode
        One of ``MODES``.
    members, batch
        Of the ensemble; stars of each member in a step.
    seconds
        How long each of the two measurements takes.
    """
    device = choose_device(name)
    flow = StackedFlow.initialise(SHAPE, list(range(members)), device)
    for parameter in flow.parameters.values():
        parameter.requires_grad_()
    generator = torch.Generator().manual_seed(1)
    values, context = (
        torch.randn(members, batch, 3, generator=generator).to(device) for _ in range(2)
    )
    row = {"device": name, "name": device_name(device), "mode": mode}
    try:
        step = {
            "plain": lambda: plain_step(flow),
            "compiled": lambda: compiled_step(flow),
            "captured": lambda: captured_step(flow, values, context),
        }[mode]()
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
        expected = plain_step(flow)(values, context)
        torch.testing.assert_close(step(values, context), expected, rtol=1e-3, atol=1e-3)
        train = _rate(lambda: step(values, context), members * batch, device, seconds)
        score = None
        if mode != "captured":
            with torch.no_grad():
                score = _rate(
                    lambda: flow.log_prob(values, context), members * batch, device, seconds
                )
    except Exception as error:  # noqa: BLE001, RUF100 - what a compiler raises is beyond counting
        words = " ".join(str(error).split())
        return Row(**row, note=f"{type(error).__name__}: {words[:120]}")
    memory = torch.cuda.max_memory_allocated(device) / 1e6 if device.type == "cuda" else None
    return Row(**row, train_rate=train, score_rate=score, memory_mb=memory)


def _rate(call: Callable[[], Any], stars: int, device: torch.device, seconds: float) -> float:
    for _ in range(3):
        call()
    _finish(device)
    began, steps = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        for _ in range(5):  # the device is asked for its end only now and then
            call()
        steps += 5
        _finish(device)
    return steps * stars / (time.perf_counter() - began)


def _finish(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def _with_gain(rows: list[Row]) -> list[Row]:
    plain = {row.device: row.train_rate for row in rows if row.mode == "plain"}
    told = []
    for row in rows:
        base = plain.get(row.device)
        gain = row.train_rate / base if row.train_rate and base else None
        told.append(Row(**{**asdict(row), "gain": gain}))
    return told


def main() -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--device", action="append", help="may be repeated (default: all)")
    parser.add_argument("--mode", action="append", choices=MODES, help="default: all")
    parser.add_argument("--members", type=int, default=4)
    parser.add_argument("--batch", type=int, default=2048)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement")
    parser.add_argument("--threads", type=int, help="of the processor (default: torch's)")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    if chosen.threads:
        torch.set_num_threads(chosen.threads)
    rows = _with_gain(
        [
            measure(device, mode, chosen.members, chosen.batch, chosen.seconds)
            for device in chosen.device or devices()
            for mode in chosen.mode or MODES
        ]
    )
    if chosen.json:
        print(json.dumps({"torch": torch.__version__, "rows": [asdict(row) for row in rows]}))
        return 0
    print(f"torch {torch.__version__}, {chosen.members} members, {chosen.batch} stars each")
    print(f"{'device':8}{'mode':10}{'train/s':>12}{'score/s':>12}{'gain':>7}{'MB':>8}  hardware")
    for row in rows:
        cells = [
            f"{row.train_rate:>12,.0f}" if row.train_rate else f"{'-':>12}",
            f"{row.score_rate:>12,.0f}" if row.score_rate else f"{'-':>12}",
            f"{row.gain:>7.2f}" if row.gain else f"{'-':>7}",
            f"{row.memory_mb:>8,.0f}" if row.memory_mb else f"{'-':>8}",
        ]
        print(f"{row.device:8}{row.mode:10}{''.join(cells)}  {row.note or row.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
