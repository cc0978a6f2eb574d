"""Clusters on one machine do not get into each other's way, and listen for nobody else."""

import warnings

import pytest

from engine.runs.cluster.head import NO_DASHBOARD


def test_two_local_clusters_and_no_port_that_others_reach():
    distributed = pytest.importorskip("distributed")
    options = {"n_workers": 0, "silence_logs": 50, **NO_DASHBOARD}
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        with (
            distributed.LocalCluster(**options) as one,
            distributed.LocalCluster(**options) as two,
        ):
            servers = [cluster.scheduler.http_server for cluster in (one, two)]
            assert {server.address for server in servers} == {"127.0.0.1"}
            assert servers[0].port != servers[1].port
