"""Which request a worker can ever meet, and what is asked of the scheduler for it."""

import pytest

from data.errors import UserError
from engine.runs.cluster.offers import Offer, check, requests
from engine.runs.queueing.needs import Needs

SMALL = Offer(2, 4.0, {"CPU": 2.0})
LARGE = Offer(1, 0.0, {"CPU": 8.0, "GPU": 1.0, "MEMORY": 64.0})
PLAIN = Offer(4, 8.0)


@pytest.mark.parametrize(
    ("needs", "suited"),
    [
        (Needs(), [SMALL, LARGE, PLAIN]),
        (Needs(cores=4), [LARGE, PLAIN]),
        (Needs(cores=2, memory_gb=6.0), [LARGE, PLAIN]),
        (Needs(gpus=1), [LARGE]),
        (Needs(memory_gb=30.0), [LARGE]),
    ],
)
def test_workers_that_suffice(needs, suited):
    assert check(needs, [SMALL, LARGE, PLAIN]) == suited


@pytest.mark.parametrize(
    ("needs", "words"),
    [
        (Needs(cores=9), "needs 9 threads, the worker has 8"),
        (Needs(gpus=2), "needs GPU=2, the worker offers 1"),
        (Needs(memory_gb=100.0), r"needs about 100\.0 GB of memory, the worker has 64\.0 GB"),
    ],
)
def test_what_nobody_can_ever_do_is_refused_with_the_reason(needs, words):
    with pytest.raises(UserError, match=words):
        check(needs, [LARGE])


def test_the_hint_is_the_worker_that_is_missing():
    with pytest.raises(UserError) as refused:
        check(Needs(cores=9), [LARGE])
    assert "--resources 'CPU=9'" in refused.value.hint
    with pytest.raises(UserError) as refused:
        check(Needs(cores=2, gpus=2), [LARGE])
    assert "--resources 'CPU=2 GPU=2'" in refused.value.hint


def test_a_cluster_without_workers():
    with pytest.raises(UserError, match="no workers"):
        check(Needs(), [])


def test_only_what_is_counted_is_asked_for():
    assert requests(Needs(cores=1, memory_gb=3.0), [PLAIN]) == {}
    assert requests(Needs(cores=2, memory_gb=3.0), [SMALL]) == {"CPU": 2.0}
    assert requests(Needs(gpus=1), [SMALL, LARGE]) == {"CPU": 1.0, "GPU": 1.0}
    # Asking for GPU=0 or for a resource that one of the suited workers lacks would shut it out.
    assert requests(Needs(memory_gb=1.0), [SMALL, LARGE]) == {"CPU": 1.0}


def test_what_the_scheduler_says_of_a_worker_is_read():
    told = {"nthreads": 3, "memory_limit": 5_000_000_000, "resources": {"GPU": 2.0}}
    offer = Offer.of(told)
    assert (offer.threads, offer.cores, offer.memory_gb) == (3, 3, 5.0)
    assert offer.resources == {"GPU": 2.0}
