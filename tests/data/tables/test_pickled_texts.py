"""Plain values out of pickles, by following opcodes and never by unpickling."""

import contextlib
import datetime as dt
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.readers.pickled_texts import NotPlainError, plain_value

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text() | st.integers(), inner)
    ),
    max_leaves=20,
)


@given(value=VALUES, protocol=st.integers(0, pickle.HIGHEST_PROTOCOL))
@settings(max_examples=300, deadline=None)
def test_plain_values_come_back(value, protocol):
    assert plain_value(pickle.dumps(value, protocol)) == value


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("value", [dt.date(2026, 11, 30), print, Exception("no"), {1, 2}])
def test_anything_else_is_given_up(value, protocol):
    with pytest.raises(NotPlainError):
        plain_value(pickle.dumps(value, protocol))


@given(st.binary(max_size=64))
@settings(max_examples=300, deadline=None)
def test_bytes_that_are_no_pickle_are_given_up_or_plain(data):
    with contextlib.suppress(NotPlainError):
        plain_value(data)


def test_a_very_long_one_is_not_followed():
    with pytest.raises(NotPlainError, match="too long"):
        plain_value(pickle.dumps("x" * (1 << 23)))
