# ruff: noqa: S608 - the queries are ours
"""Random selections, asked of a real server in ADQL and made here: the same stars.

Half of the bounds are values of stars as the store holds them, some in single precision, so
the two sides do differ; every star that does must lie within rounding of a bound, and they
are counted.
"""

from __future__ import annotations

import numpy as np
import pytest

from data.catalogue.ingest import ingest_arrays
from data.columns.derived import column
from data.selection import mask, parse, to_text
from data.selection.adql import to_adql
from tests.archives_server import dachs

SUBSET = 20_000
TREES = 100
ROUNDING = 2e-6
COLUMNS = (
    "ra", "dec", "parallax", "pmra", "pmdec", "radial_velocity", "phot_g_mean_mag", "bp_rp",
    "parallax_error", "l", "b", "parallax_over_error", "pm", "distance", "x", "y", "z", "R", "r",
    "phi", "absolute_g",
)  # fmt: skip
EXPRESSIONS = (
    "abs(z)", "pmra + pmdec", "phot_g_mean_mag + 5 * log10(parallax) - 10", "1 / parallax",
    "sqrt(parallax)", "hypot(pmra, pmdec) / parallax", "bp_rp ** 2 - bp_rp", "-pmdec",
    "exp(bp_rp)", "10 ** (bp_rp / 5)", "sin(radians(dec))", "tan(radians(b)) * cos(radians(l))",
    "log(parallax_error)", "degrees(bp_rp)",
)  # fmt: skip
PLANES = (("bp_rp", "absolute_g"), ("pmra", "pmdec"), ("ra", "dec"), ("x", "z"), ("l", "b"))
HIDDEN = ("speed < 250", "v_phi > 200", "min(pmra, pmdec) < -3", "L_z > 1500", "has_6d > 0.5")


@pytest.fixture(scope="module")
def catalogue(stars, tmp_path_factory):
    """The first stars by random_index, in the store."""
    here = np.ma.getdata(stars["random_index"]) < SUBSET
    columns = {name: values[here] for name, values in stars.items()}
    made = ingest_arrays(
        columns, tmp_path_factory.mktemp("home"), name="subset", kind="astrometry", provenance={}
    )
    assert made.n_rows == SUBSET
    return made


class Trees:
    """Makes random trees whose cuts go through the stars."""

    def __init__(self, catalogue, rng):
        self.catalogue, self.rng = catalogue, rng

    def value(self, expression):
        """A bound somewhere among the values, often exactly at one."""
        if expression in COLUMNS:
            values = column(self.catalogue, expression)
        else:
            values = self.evaluated(expression)
        values = np.asarray(values, dtype=float)
        values = values[np.isfinite(values)]
        picked = float(self.rng.choice(values))
        return picked if self.rng.random() < 0.5 else float(f"{picked:.3g}")

    def evaluated(self, expression):
        from data.selection import expression_columns, parse_expression
        from data.selection.comparisons import evaluate_expression

        tree = parse_expression(expression)
        block = {
            name: np.asarray(column(self.catalogue, name), dtype=float)
            for name in expression_columns(tree)
        }
        with np.errstate(all="ignore"):
            return evaluate_expression(tree, block)

    def leaf(self):
        kind = self.rng.choice(["range", "arc", "compare", "polygon"], p=[0.4, 0.1, 0.3, 0.2])
        if kind == "range":
            name = str(self.rng.choice(COLUMNS))
            low, high = sorted([self.value(name), self.value(name)])
            one = self.rng.integers(0, 5)
            return {
                "kind": "range", "column": name,
                "min": None if one in (0, 4) else low, "max": None if one in (1, 4) else high,
            }  # fmt: skip
        if kind == "arc":
            name = str(self.rng.choice(["ra", "l", "phi"]))
            low, high = (float(v) for v in self.rng.integers(-180, 540, 2))
            return {"kind": "range", "column": name, "min": low, "max": high}
        if kind == "compare":
            text = str(self.rng.choice(EXPRESSIONS))
            op = str(self.rng.choice(["<", "<=", ">", ">=", "!="]))
            return parse(f"{text} {op} {self.value(text)!r}")
        names = PLANES[self.rng.integers(0, len(PLANES))]
        corners = [[self.value(name) for name in names] for _ in range(self.rng.integers(3, 8))]
        return {"kind": "polygon", "columns": list(names), "points": corners}

    def tree(self, depth=3, hidden=0.0):
        if depth == 0 or self.rng.random() < 0.25:
            if self.rng.random() < hidden:
                return parse(str(self.rng.choice(HIDDEN)))
            return self.leaf()
        kind = str(self.rng.choice(["and", "or", "xor", "not"], p=[0.35, 0.3, 0.15, 0.2]))
        if kind == "not":
            return {"kind": "not", "of": self.tree(depth - 1, hidden)}
        members = [self.tree(depth - 1, hidden) for _ in range(self.rng.integers(2, 4))]
        return {"kind": kind, "of": members}

    def said(self, columns, hidden=0.0):
        """A tree and its ADQL, of a length that DaCHS parses in a second."""
        while True:
            tree = self.tree(hidden=hidden)
            found = to_adql(tree, columns)
            if len(found.text) < 800 and bool(found.left_out) == bool(hidden):
                return tree, found


def near_a_bound(tree, catalogue):
    """Say which stars lie within rounding of a bound of any cut of a tree."""
    if tree["kind"] == "not":
        return near_a_bound(tree["of"], catalogue)
    if tree["kind"] in ("and", "or", "xor"):
        return np.logical_or.reduce([near_a_bound(part, catalogue) for part in tree["of"]])
    answers = np.array([mask(moved, catalogue) for moved in _moved(tree)])
    return answers.any(axis=0) & ~answers.all(axis=0)


def _moved(leaf):
    """The same cut, with every bound moved by the rounding of single precision."""

    def shifts(bound):
        # Numbers of the size of the bound, or of what they were calculated from.
        step = ROUNDING * max(abs(bound), 10.0)
        return (bound - step, bound, bound + step)

    if leaf["kind"] == "range":
        low, high = leaf["min"], leaf["max"]
        for a in shifts(low) if low is not None else [None]:
            for b in shifts(high) if high is not None else [None]:
                if a is None or b is None or a <= b or leaf["column"] in ("ra", "l", "phi"):
                    yield {**leaf, "min": a, "max": b}
    elif leaf["kind"] == "compare":
        right = leaf["right"]
        if leaf["op"] == "!=":
            step = ROUNDING * max(abs(right), 10.0)
            for op in ("<", ">"):
                for bound in (right - step, right + step):
                    yield {**leaf, "op": op, "right": bound}
        else:
            for bound in shifts(right):
                yield {**leaf, "right": bound}
    else:
        steps = [
            ROUNDING * max(10.0, *(abs(point[axis]) for point in leaf["points"]))
            for axis in range(2)
        ]
        for i in (-1, 0, 1):
            for j in (-1, 0, 1):
                points = [[u + i * steps[0], v + j * steps[1]] for u, v in leaf["points"]]
                yield {**leaf, "points": points}


def asked(jobs, where, tmp_path):
    condition = f" AND ({where})" if where else ""
    adql = f"SELECT source_id FROM {dachs.TABLE} WHERE random_index < {SUBSET}{condition}"
    table = jobs.ask(adql, SUBSET + 1, tmp_path / "answer.vot")
    assert not table.overflow
    return np.ma.getdata(table.columns["source_id"])


def reference(columns):
    return {name: name for name in columns if name != "random_index"}


def test_random_trees_select_the_same_stars_on_the_server(
    tap, jobs_at, stars, catalogue, tmp_path, record_property
):
    jobs, columns = jobs_at(tap), reference(stars)
    trees = Trees(catalogue, np.random.default_rng(41))
    ids = catalogue.column("source_id")
    differing, mixed, selected = 0, 0, 0
    for number in range(TREES):
        tree, found = trees.said(columns)
        theirs = np.isin(ids, asked(jobs, found.text, tmp_path))
        mine = mask(tree, catalogue)
        wrong = theirs != mine
        if wrong.any():
            unexplained = wrong & ~near_a_bound(tree, catalogue)
            assert not unexplained.any(), (number, to_text(tree), found.text)
        differing += int(wrong.sum())
        mixed += bool(0 < mine.sum() < mine.size)
        selected += int(mine.sum())
    record_property("stars_within_rounding", differing)
    record_property("stars_selected", selected)
    print(f"\n{TREES} trees, {selected:,} stars, {differing} differ by rounding")  # noqa: T201
    assert mixed > 0.8 * TREES
    assert selected > 200_000
    assert 0 < differing < 1e-3 * selected


def test_what_the_archive_cannot_say_comes_as_a_superset(tap, jobs_at, stars, catalogue, tmp_path):
    jobs, columns = jobs_at(tap), reference(stars)
    trees = Trees(catalogue, np.random.default_rng(42))
    ids = catalogue.column("source_id")
    smaller = 0
    for _ in range(15):
        tree, found = trees.said(columns, hidden=0.5)
        theirs = np.isin(ids, asked(jobs, found.text, tmp_path))
        lost = mask(tree, catalogue) & ~theirs
        assert not (lost & ~near_a_bound(tree, catalogue)).any(), (to_text(tree), found.text)
        smaller += bool(theirs.sum() < ids.size)
    assert smaller >= 2
