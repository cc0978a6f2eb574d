"""Selections against brute force in plain Python: every kind of node, every kind of value."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.path import Path

from data.selection import MaskCache, canonical, from_json, mask, parse, selection_hash, to_text
from data.selection.polygons import prepared, refine_polygon
from tests.properties import trees as random

quick = settings(deadline=None, max_examples=150)


@settings(deadline=None, max_examples=500)
@given(random.trees, random.tables)
def test_a_mask_is_what_plain_python_says(tree, table):
    assert mask(tree, table).tolist() == random.expected(tree, table)


@quick
@given(random.trees, random.tables)
def test_text_and_canonical_form_select_the_same_stars(tree, table):
    truth = random.expected(tree, table)
    assert mask(canonical(tree), table).tolist() == truth
    assert mask(parse(to_text(tree)), table).tolist() == truth
    assert selection_hash(parse(to_text(tree))) == selection_hash(tree)


@quick
@given(random.trees, random.tables)
def test_a_tree_and_its_complement_share_the_stars(tree, table):
    everything = tree or {"kind": "and", "of": []}
    outside = mask({"kind": "not", "of": everything}, table)
    assert (mask(tree, table) ^ outside).all()
    assert not mask({"kind": "and", "of": [everything, {"kind": "not", "of": everything}]},
                    table).any()  # fmt: skip


@quick
@given(st.lists(st.tuples(random.trees, random.tables), min_size=1, max_size=6),
       st.integers(0, 600))  # fmt: skip
def test_kept_answers_are_those_of_a_fresh_evaluation(asked, capacity):
    """One cache for many trees and catalogues, so small that it has to forget."""
    cache = MaskCache(capacity)
    for round_ in range(2):
        for number, (tree, table) in enumerate(asked):
            known = random.Table(table.columns, identity=f"catalogue-{number}")
            found = cache.evaluate(tree, known)
            assert found.tolist() == random.expected(tree, table), round_
            assert cache.count(tree, known) == found.sum()
            assert cache.nbytes <= capacity


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(3, 40), st.booleans())
def test_polygons_that_cross_themselves_equal_an_exact_count_of_crossings(seed, corners, coarse):
    """With the table of cells and without; the coarse ones have corners and stars in common."""
    rng = np.random.default_rng(seed)
    stars, points = rng.normal(size=(100, 2)), rng.normal(size=(corners, 2))
    if coarse:
        stars, points = np.round(stars, 1), np.round(points, 1)
    u, v = stars[:, 0].astype(np.float32), stars[:, 1]
    truth = [random.inside(float(a), float(b), points.tolist()) for a, b in zip(u, v, strict=True)]
    for stars_hint in (10, 10**6):
        out = np.ones(len(u), dtype=bool)
        refine_polygon(out, u, v, prepared(points, stars_hint))
        wrong = np.flatnonzero(out != truth)
        # An edge between coarse corners can pass through a star, within rounding.
        assert all(_on_an_edge(u[i], v[i], points) for i in wrong)
        assert len(wrong) == 0 or coarse


def _on_an_edge(x, y, points):
    a, b = points, np.roll(points, 1, axis=0)
    cross = (b[:, 0] - a[:, 0]) * (y - a[:, 1]) - (b[:, 1] - a[:, 1]) * (x - a[:, 0])
    return np.abs(cross).min() < 1e-12


@quick
@given(st.integers(0, 2**32 - 1), st.integers(3, 60))
def test_polygons_that_do_not_cross_themselves_equal_those_of_matplotlib(seed, corners):
    rng = np.random.default_rng(seed)
    turn = np.sort(rng.uniform(0, 2 * np.pi, corners))
    size = rng.uniform(0.3, 1.0, corners)
    points = np.stack([size * np.cos(turn), size * np.sin(turn)], axis=1)
    stars = rng.uniform(-1, 1, (300, 2))
    tree = {"kind": "polygon", "columns": ["x", "y"], "points": points.tolist()}
    table = random.Table({"x": stars[:, 0], "y": stars[:, 1]})
    # matplotlib fills by winding number, which is the same for a star-shaped outline.
    around = np.diff(np.append(turn, turn[0] + 2 * np.pi)).max() < np.pi
    if around:
        assert mask(tree, table).tolist() == Path(points).contains_points(stars).tolist()


@pytest.mark.parametrize("shape", ["lasso", "star", "sliver", "comb"])
def test_the_table_of_cells_changes_no_star(shape):
    """Half a million stars, many of them on corners and edges."""
    turn = np.linspace(0, 2 * np.pi, 101)[:-1]
    points = {
        "lasso": np.stack([np.cos(turn) + 0.2 * np.cos(7 * turn), np.sin(turn)], axis=1),
        "star": np.stack([np.cos(37 * turn), np.sin(37 * turn)], axis=1),
        "sliver": np.array([[-1, -1], [1, 1], [1, 1 + 1e-9], [-1, -1 + 1e-9]]),
        "comb": np.stack([np.repeat(np.linspace(-1, 1, 50), 2), np.tile([-1, 1, 1, -1], 25)], 1),
    }[shape]
    rng = np.random.default_rng(4)
    stars = rng.uniform(-1.3, 1.3, (500_000, 2))
    stars[:1000] = points[rng.integers(len(points), size=1000)]
    stars[1000:2000, 0] = points[rng.integers(len(points), size=1000), 0]
    u, v = stars[:, 0].astype(np.float32), stars[:, 1].copy()
    found = []
    for stars_hint in (10, 10**6):
        out = np.ones(len(u), dtype=bool)
        refine_polygon(out, u, v, prepared(points, stars_hint))
        found.append(out)
    assert (found[0] == found[1]).all()
    assert 0 < found[0].sum() < len(u)


def test_a_polygon_of_all_stars_and_of_none():
    table = random.Table({"x": np.linspace(-1, 1, 50_000), "y": np.zeros(50_000)})
    square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    for scale, shift, stars in ((9, 0, 50_000), (1, 9, 0)):
        points = (scale * square + shift).tolist()
        tree = {"kind": "polygon", "columns": ["x", "y"], "points": points}
        assert mask(tree, table).sum() == stars


@given(st.floats(width=32, allow_nan=False, allow_infinity=False), st.floats(allow_nan=False))
def test_a_number_is_compared_in_the_precision_of_the_column(star, bound):
    if not np.isfinite(bound):
        return
    for kind in (np.float32, np.float64):
        table = random.Table({"x": np.array([star], dtype=kind)})
        with np.errstate(over="ignore"):
            at = float(kind(bound))
        at = at if np.isfinite(at) else bound
        for op, truth in (("<", star < at), ("<=", star <= at), ("==", star == at),
                          (">", star > at), (">=", star >= at), ("!=", star != at)):  # fmt: skip
            tree = {"kind": "compare", "left": {"column": "x"}, "op": op, "right": bound}
            assert mask(tree, table)[0] == truth
            assert mask(parse(f"x {op} {bound!r}"), table)[0] == truth
        tree = {"kind": "range", "column": "x", "min": bound, "max": None}
        assert mask(tree, table)[0] == (star >= at)
        assert mask(parse(f"x in ({bound!r},)"), table)[0] == (star == at)


@given(st.integers(-(2**63), 2**63 - 1), st.integers(-2, 2))
def test_integers_of_any_size_are_compared_exactly(star, shift):
    bound = min(max(star + shift, -(2**63) + 1), 2**63 - 1)
    table = random.Table({"source_id": np.array([star])})
    text = f'{{"kind": "range", "column": "source_id", "min": {bound}, "max": null}}'
    assert mask(from_json(text), table)[0] == (star >= bound)
    assert mask(parse(f"source_id == {bound}"), table)[0] == (star == bound)
    assert mask(parse(f"source_id != {bound}"), table)[0] == (star != bound)
    assert mask(parse(f"source_id < {bound}"), table)[0] == (star < bound)
