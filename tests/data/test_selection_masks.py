"""The kept answers of cuts: what is evaluated again, what is shared, and what is bounded."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from data.errors import UserError
from data.selection import MaskCache, mask, parse
from data.selection import masks as module
from data.selection.masks import count_bits, from_bits, to_bits


class Table:
    """A catalogue with an id."""

    def __init__(self, identity="one", rows=2_500_003, seed=0):
        self.id, self.n_rows = identity, rows
        rng = np.random.default_rng(seed)
        self.columns = {name: rng.normal(size=rows).astype(np.float32) for name in "xyz"}

    def has(self, name):
        return name in self.columns

    def column(self, name):
        return self.columns[name]


@pytest.fixture(scope="module")
def table():
    return Table()


@pytest.fixture
def evaluated(monkeypatch):
    """The cuts that were really evaluated, in order."""
    seen = []
    original = module._evaluated

    def watched(leaf, catalogue):
        seen.append(leaf)
        return original(leaf, catalogue)

    monkeypatch.setattr(module, "_evaluated", watched)
    return seen


@pytest.mark.parametrize(
    "text",
    [
        "everything",
        "nothing",
        "abs(x) < 1 and -1 <= y <= 0.5",
        "xor(x > 0, not (y > 0 or z > 1), polygon(x, y, (0, 0), (2, 1), (-1, 2)))",
        "not everything",
        "not (x < 0 and not y < 0)",
    ],
)
def test_many_pieces_give_the_same_mask(table, text):
    """Two and a half pieces, and a number of rows that is no multiple of eight."""
    found = MaskCache().evaluate(parse(text), table)
    assert found.dtype == np.bool_
    assert (found == mask(parse(text), table)).all()
    found[:] = False  # the caller's own


def test_only_the_changed_cut_is_evaluated(table, evaluated):
    cache = MaskCache()
    for bound in (1, 2, 3):
        cache.evaluate(parse(f"x > 0 and -1 <= y <= 1 and z < {bound}"), table)
    assert len(evaluated) == 5
    cache.evaluate(parse("xor(z < 2, not x > 0)"), table)
    assert len(evaluated) == 5
    assert cache.missing(parse("x > 0 and y > 0"), table) == 1


def test_names_do_not_count(table, evaluated):
    cache = MaskCache()
    cache.evaluate(parse('named("a", x >= 0)'), table)
    cache.evaluate(parse('named("b", 0 <= x)'), table)
    assert len(evaluated) == 1


def test_another_catalogue_is_another_answer():
    cache, tree = MaskCache(), parse("x > 0")
    for identity, seed in (("one", 1), ("two", 2), ("one", 1)):
        table = Table(identity, 1000, seed)
        assert (cache.evaluate(tree, table) == (table.columns["x"] > 0)).all()
    shorter = Table("one", 500, 1)
    assert cache.evaluate(tree, shorter).size == 500


def test_a_catalogue_without_an_id_is_never_kept(evaluated):
    table = Table(None, 100)
    cache = MaskCache()
    cache.evaluate(parse("x > 0"), table)
    table.columns["x"] = -table.columns["x"]
    assert (cache.evaluate(parse("x > 0"), table) == (table.columns["x"] > 0)).all()
    assert len(cache) == 0


def test_memory_is_bounded_and_the_oldest_answer_goes(evaluated):
    table = Table(rows=8000)
    cache = MaskCache(capacity=3000)
    for text in ("x > 0", "y > 0", "z > 0", "x > 0", "x > 1", "x > 0"):
        cache.evaluate(parse(text), table)
    assert len(evaluated) == 4
    assert cache.nbytes == 3000
    assert cache.missing(parse("x > 0 and y > 0 and z > 0"), table) == 1


def test_an_answer_larger_than_the_memory_is_given_all_the_same(table):
    cache = MaskCache(capacity=10)
    assert cache.evaluate(parse("x > 0"), table).sum() == (table.columns["x"] > 0).sum()
    assert cache.nbytes == 0


def test_bits_and_counts():
    rng = np.random.default_rng(2)
    for rows in (0, 1, 7, 8, 9, 64, 65, 1000):
        given = rng.random(rows) > 0.5
        bits = to_bits(given)
        assert (from_bits(bits, rows) == given).all()
        assert count_bits(bits) == given.sum()


def test_a_missing_column_is_told(table):
    with pytest.raises(UserError, match="no column 'w'"):
        MaskCache().evaluate(parse("x > 0 and w > 1"), table)


def test_threads_share_one_cache():
    table, cache = Table(rows=20_000), MaskCache(capacity=6000)
    texts = [f"x > {a} and y < {b}" for a in (-1, 0, 1) for b in (-1, 0, 1)]
    truth = {text: mask(parse(text), table) for text in texts}
    wrong = []

    def ask(seed):
        asked = [texts[i] for i in np.random.default_rng(seed).integers(len(texts), size=60)]
        wrong.extend(
            text for text in asked if (cache.evaluate(parse(text), table) != truth[text]).any()
        )

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert cache.nbytes <= 6000
