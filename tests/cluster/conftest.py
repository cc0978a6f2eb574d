"""A cluster of two workers on this machine, for all tests here, and kinds of small jobs."""

import os
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from engine.runs.cluster.head import NO_DASHBOARD
from tests.helpers.run_fixtures import HELPERS, home, kinds

__all__ = ["home", "kinds"]


@pytest.fixture(scope="session")
def cluster() -> Iterator[SimpleNamespace]:
    """``address`` of its scheduler, ``client`` and the ``dask`` cluster itself."""
    dask = pytest.importorskip("dask")
    distributed = pytest.importorskip("distributed")
    before = os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(HELPERS), before]))
    with (
        dask.config.set(
            {
                "distributed.scheduler.allowed-failures": 100,
                "distributed.deploy.lost-worker-timeout": "300s",
            }
        ),
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            resources={"CPU": 1},
            memory_limit="2GB",
            **NO_DASHBOARD,
            silence_logs=50,
        ) as here,
        distributed.Client(here, set_as_default=False) as client,
    ):
        os.environ["PYTHONPATH"] = before
        yield SimpleNamespace(address=here.scheduler_address, client=client, dask=here)
    from engine.runs.cluster import clients

    for connection in clients._connections.values():
        connection.client.close(timeout=2)
    clients._connections.clear()


@pytest.fixture(autouse=True)
def no_dispatcher(monkeypatch: pytest.MonkeyPatch) -> None:
    """No process that attends to the queue: tests that need it do that themselves."""
    monkeypatch.setattr("engine.runs.launch.ensure_dispatcher", lambda *_, **__: False)
