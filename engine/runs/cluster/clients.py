"""Connections to schedulers: one for each address and process."""

from __future__ import annotations

import importlib
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any

from data.errors import UserError

__all__ = ["Connection", "connect"]

_TIMEOUT = 10.0  # seconds
_NOT_AGAIN = 15.0  # seconds for which an address that did not answer is not asked again
_connections: dict[str, Connection] = {}
_refused: dict[str, float] = {}
_guard = threading.Lock()


class Connection:
    """A client of one scheduler, and what is asked of that.

    Parameters
    ----------
    address
        Of the scheduler, such as ``tcp://node1:8786``.

    Raises
    ------
    UserError
        Dask is not installed, or nobody answers there.
    """

    def __init__(self, address: str) -> None:
        try:
            distributed = importlib.import_module("distributed")
        except ImportError as error:
            raise UserError(
                "Dask is not installed, which is required to use a cluster.",
                "Install it: pip install -e '.[cluster]'.",
            ) from error
        self.address = address
        # The scheduler need not have this program: what it is asked travels as it is.
        importlib.import_module("cloudpickle").register_pickle_by_value(sys.modules[__name__])
        try:
            self.client: Any = distributed.Client(
                address, timeout=_TIMEOUT, set_as_default=False, name="via-obscura"
            )
        except (OSError, ValueError, TimeoutError) as error:
            raise _unreachable(address) from error

    @property
    def works(self) -> bool:
        """Tell whether the scheduler is still there."""
        return bool(self.client.status == "running")

    @property
    def scheduler_id(self) -> str:
        """The id of this very scheduler; another one at the same address has another."""
        return str(self._identity()["id"])

    def workers(self) -> list[Mapping[str, Any]]:
        """Give what the scheduler knows of each worker."""
        return list(self._identity()["workers"].values())

    def known(self, tasks: list[str]) -> set[str]:
        """Give those tasks that the scheduler still has to do."""
        return set(self.ask("run_on_scheduler", _known, tasks=tasks))

    def ask(self, method: str, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        """Call a method of the client.

        Raises
        ------
        UserError
            The scheduler does not answer.
        """
        try:
            return getattr(self.client, method)(*arguments, **options)
        except (OSError, TimeoutError) as error:
            raise _unreachable(self.address) from error

    def _identity(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.ask("run_on_scheduler", _identity)
        return found


def connect(address: str) -> Connection:
    """Give the connection of this process to a scheduler; a lost one is made anew.

    Raises
    ------
    UserError
        As for `Connection`.
    """
    with _guard:
        found = _connections.get(address)
        if found is not None and found.works:
            return found
        if time.monotonic() - _refused.get(address, float("-inf")) < _NOT_AGAIN:
            raise _unreachable(address)
        if found is not None:
            found.client.close(timeout=1)
        try:
            _connections[address] = Connection(address)
        except UserError:
            _refused[address] = time.monotonic()
            raise
        return _connections[address]


def _unreachable(address: str) -> UserError:
    return UserError(
        f"The scheduler at {address} does not answer.",
        "Check that it is running; start one with `dask scheduler`.",
    )


def _identity(dask_scheduler: Any) -> Mapping[str, Any]:  # noqa: ANN401
    """Tell, on the scheduler, who it is and who works for it."""
    workers = {
        name: {
            "nthreads": state.nthreads,
            "memory_limit": state.memory_limit,
            "resources": dict(state.resources),
            "host": state.host,
            "name": str(state.name),
            "address": state.address,
            "tasks": [str(task.key) for task in state.processing],
        }
        for name, state in dask_scheduler.workers.items()
    }
    return {"id": dask_scheduler.id, "workers": workers}


def _known(tasks: list[str], dask_scheduler: Any) -> list[str]:  # noqa: ANN401
    """Tell, on the scheduler, which tasks are still to be done there."""
    over = ("memory", "erred", "forgotten", "released")
    there = ((task, dask_scheduler.tasks.get(task)) for task in tasks)
    return [task for task, state in there if state is not None and state.state not in over]
