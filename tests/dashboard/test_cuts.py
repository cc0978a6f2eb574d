"""The usual cuts live in the tree, wherever they were set."""

from __future__ import annotations

import pytest

from dashboard.policy.cuts import USUAL, bound_of, cuts_for, set_bound
from dashboard.policy.funnel import funnel, seconds_in_words
from dashboard.policy.pairs import parse_pairs
from data.errors import UserError
from data.selection import parse

DISTANCE = next(cut for cut in USUAL if cut.column == "distance_sun")
RUWE = next(cut for cut in USUAL if cut.column == "ruwe")
SNR = next(cut for cut in USUAL if cut.column == "parallax_over_error")


def test_a_bound_is_set_moved_and_taken_away():
    tree = set_bound(None, DISTANCE, 3.0)
    tree = set_bound(tree, RUWE, 1.4)
    assert bound_of(tree, DISTANCE) == 3.0
    tree = set_bound(tree, DISTANCE, 2.0)
    assert bound_of(tree, DISTANCE) == 2.0
    assert bound_of(tree, RUWE) == 1.4
    tree = set_bound(set_bound(tree, DISTANCE, None), RUWE, None)
    assert tree is None


def test_the_other_side_of_a_range_and_other_cuts_stay():
    drawn = {"kind": "range", "column": "distance_sun", "min": 1.0, "max": 5.0}
    lasso = {"kind": "polygon", "columns": ["x", "y"], "points": [[0, 0], [1, 0], [0, 1]]}
    tree = set_bound({"kind": "and", "of": [drawn, lasso]}, DISTANCE, None)
    assert tree == {"kind": "and", "of": [{**drawn, "max": None}, lasso]}


def test_a_bound_typed_as_text_is_shown_in_its_field():
    assert bound_of(parse("parallax_over_error >= 8 and x > 3"), SNR) == 8.0


def test_a_range_inside_an_or_is_no_cut():
    assert bound_of(parse("distance_sun <= 3 or z > 1"), DISTANCE) is None


def test_only_the_cuts_of_existing_columns_are_offered():
    assert [cut.column for cut in cuts_for(["x", "ruwe", "speed"])] == ["ruwe", "speed"]


def test_the_funnel_accounts_for_every_star():
    counts = {
        "catalogue": 1000,
        "selected": 800,
        "not_6d": {"no parallax": 100, "no radial velocity": 250},
        "outside_volume": 50,
        "tracers": 400,
    }
    rows = {name: int(n.replace(",", "")) for name, n, _ in funnel(counts)}
    lost = sum(n for name, n in rows.items() if name.startswith("–"))
    assert rows["In the catalogue"] - lost == rows["Tracers"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(3, "10 s"), (44, "40 s"), (100, "2 min"), (3300, "55 min"), (9000, "2.5 h")],
)
def test_durations_are_rounded_to_what_an_estimate_is_worth(seconds, words):
    assert seconds_in_words(seconds) == words


def test_pairs_are_read_and_errors_name_the_part():
    assert parse_pairs("ra=RAJ2000, parallax = Plx\npmra=pmRA", "columns") == {
        "ra": "RAJ2000",
        "parallax": "Plx",
        "pmra": "pmRA",
    }
    assert parse_pairs("  ", "columns") is None
    for text in ("ra", "ra=", "=x", "ra=a,ra=b"):
        with pytest.raises(UserError):
            parse_pairs(text, "columns")
