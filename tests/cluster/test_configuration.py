"""``[cluster]`` in the configuration of a home."""

import pytest

from data.errors import UserError
from engine.runs.cluster.configuration import read_cluster
from engine.runs.cluster.head import _job, cluster_address, promised, running_cluster, stop
from engine.runs.folder.files import write_json
from engine.runs.queueing.executors import default_executor


def write(home, text):
    (home / "configuration.toml").write_text(text)
    return home


def test_without_a_configuration_runs_stay_here(tmp_path, monkeypatch):
    monkeypatch.delenv("VIA_OBSCURA_SCHEDULER", raising=False)
    assert default_executor(tmp_path) == "local"
    with pytest.raises(UserError, match="No cluster is configured"):
        read_cluster(tmp_path)
    monkeypatch.setenv("VIA_OBSCURA_SCHEDULER", "tcp://there:8786")
    assert default_executor(tmp_path) == "dask:tcp://there:8786"


def test_a_cluster_of_the_configuration_is_the_default(tmp_path, monkeypatch):
    monkeypatch.delenv("VIA_OBSCURA_SCHEDULER", raising=False)
    home = write(tmp_path, '[cluster]\nkind = "slurm"\ncores = 4\nmemory_gb = 16\ngpus = 1\n')
    assert default_executor(home) == "dask"
    settings = read_cluster(home)
    assert settings.resources == {"CPU": 4.0, "MEMORY": 16, "GPU": 1.0}
    assert settings.offer.cores == 4
    assert running_cluster(home) is None
    assert promised(home, "tcp://anywhere:1") == []


def test_somebody_elses_scheduler(tmp_path):
    home = write(tmp_path, '[cluster]\nkind = "address"\naddress = "tcp://n1:8786"\n')
    assert cluster_address(home) == "tcp://n1:8786"


def test_a_worker_leaves_before_the_batch_system_takes_it_away(tmp_path):
    text = '[cluster]\nkind = "slurm"\nwalltime = "02:00:00"\nqueue = "main"\ncores = 2\n'
    job = _job(read_cluster(write(tmp_path, text)), tmp_path)
    arguments = job["worker_extra_args"]
    assert int(arguments[arguments.index("--lifetime") + 1].rstrip("s")) == 7200 - 120
    assert job["queue"] == "main"
    assert "account" not in job
    assert arguments[1] == '"CPU=2 MEMORY=4"'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[cluster]\nkind = "cloud"\n', "Unknown kind of cluster 'cloud'"),
        ("[cluster]\nworkerz = 3\n", "Unknown setting 'workerz'"),
        ('[cluster]\nworkers = "many"\n', "workers of the cluster cannot be 'many'"),
        ("[cluster]\nworkers = true\n", "cannot be True"),
        ("[cluster]\ncores = 0\n", "cannot be 0"),
        ('[cluster]\nkind = "address"\n', "An address must be given"),
        ('[cluster]\naddress = "tcp://a:1"\n', "An address must be given"),
        ("[clutser]\n", "unknown section 'clutser'"),
        ("[cluster\n", "must be TOML"),
    ],
)
def test_mistakes_are_named(tmp_path, text, words):
    with pytest.raises(UserError, match=words):
        read_cluster(write(tmp_path, text))


def test_a_cluster_that_was_stopped_by_hand_waits_for_somebody_to_ask(tmp_path, monkeypatch):
    home = write(tmp_path, '[cluster]\nkind = "local"\n')
    started = []

    def start(home):
        started.append(home)
        return {"address": "tcp://here:1"}

    monkeypatch.setattr("engine.runs.cluster.head.start", start)
    assert cluster_address(home) == "tcp://here:1"
    assert stop(home) is False
    with pytest.raises(UserError, match="was stopped"):
        cluster_address(home)
    assert len(started) == 1
    assert cluster_address(home, wake=True) == "tcp://here:1"


def test_a_cluster_whose_process_was_killed_is_none(tmp_path):
    import subprocess
    import sys

    from engine.runs.process import identify

    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    here = identify(child.pid)
    told = {"address": "tcp://here:1", "machine": here.machine, "pid": here.pid}
    offer = {"threads": 2, "memory_gb": 4.0, "resources": {"CPU": 2.0}}
    write_json(
        tmp_path / "cluster.json", {**told, "birth": here.birth, "offer": offer, "workers": 3}
    )
    assert running_cluster(tmp_path) is not None
    assert [one.cores for one in promised(tmp_path, "tcp://here:1")] == [2, 2, 2]
    assert promised(tmp_path, "tcp://elsewhere:1") == []
    child.kill()
    child.wait()
    assert running_cluster(tmp_path) is None
