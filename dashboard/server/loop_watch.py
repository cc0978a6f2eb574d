"""How long the event loop was kept from its work: the freeze that every session feels."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
import traceback
from dataclasses import dataclass, field

__all__ = ["Blocked", "LoopWatch"]


@dataclass(frozen=True)
class Blocked:
    """One time in which the loop did not turn.

    Parameters
    ----------
    wall, cpu
        Seconds of the clock, and those of a processor that the loop's own thread spent. On a
        busy machine the first is also the neighbours' fault; the second is ours.
    stack
        What the loop did when it was found late, innermost last.
    """

    wall: float
    cpu: float
    stack: str


@dataclass
class LoopWatch:
    """Ask an event loop every few milliseconds to answer, and note when it was late.

    Parameters
    ----------
    loop
        The loop; `start` is called while or before it runs.
    limit
        Seconds from which on a delay is noted with its stack.
    period
        Seconds between two questions.
    """

    loop: asyncio.AbstractEventLoop
    limit: float = 0.1
    period: float = 0.01
    found: list[Blocked] = field(default_factory=list)
    worst_wall: float = 0.0
    worst_cpu: float = 0.0

    def start(self) -> None:
        """Watch until the process ends, in a daemon thread."""
        threading.Thread(target=self._watch, name="loop-watch", daemon=True).start()

    def _watch(self) -> None:
        answer = threading.Event()
        said: dict[str, float] = {}

        def reply() -> None:
            said["thread"] = threading.get_ident()
            answer.set()

        self.loop.call_soon_threadsafe(reply)
        answer.wait()
        ident = int(said["thread"])
        clock = time.pthread_getcpuclockid(ident)
        while not self.loop.is_closed():
            answer.clear()
            asked, cpu = time.monotonic(), time.clock_gettime(clock)
            self.loop.call_soon_threadsafe(answer.set)
            stack = ""
            if not answer.wait(self.limit):
                frame = sys._current_frames().get(ident)
                stack = "".join(traceback.format_stack(frame)) if frame else ""
                del frame  # it would keep what the loop was at work on, a session with its page
                answer.wait()
            wall, spent = time.monotonic() - asked, time.clock_gettime(clock) - cpu
            self.worst_wall, self.worst_cpu = (
                max(self.worst_wall, wall),
                max(self.worst_cpu, spent),
            )
            if stack:
                self.found.append(Blocked(wall, spent, stack))
            time.sleep(self.period)
