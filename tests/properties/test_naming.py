"""Names of stored columns, whatever a table calls its own."""

from hypothesis import given
from hypothesis import strategies as st

from data.catalogue.matching import match_columns
from data.catalogue.naming import unique_names
from data.catalogue.schema import DERIVED, SKY
from data.readers.base import Field

NAMES = st.sampled_from(
    ["x", "X", "x_table", "x_table_2", "x_table_table", "distance", "B", "b", "has_6d", "rv", "RV"]
)


@given(st.lists(NAMES, max_size=12), st.sets(NAMES))
def test_no_two_names_are_alike(names, reserved):
    given_names = unique_names(names, reserved)
    assert len(given_names) == len(names)
    assert len(set(given_names)) == len(given_names)
    assert not reserved & set(given_names)


@given(st.lists(NAMES, unique=True, max_size=12), st.sets(NAMES))
def test_a_free_name_is_kept(names, reserved):
    for name, stored in zip(names, unique_names(names, reserved), strict=True):
        assert stored == name or name in reserved


@given(
    st.lists(
        st.sampled_from(["x", "x_table", "X", "distance", "vx", "has_6d", "not_6d_reason", "rv",
                         "radial_velocity", "Radial_Velocity", "B", "b", "feh"]),
        unique=True,
    ),
    st.dictionaries(
        st.sampled_from(["radial_velocity", "feh", "x", "mine"]),
        st.sampled_from(["rv", "feh", "x_table"]),
    ),
)  # fmt: skip
def test_every_column_of_a_table_is_stored_once(more, column_map):
    """Whatever is mapped over whatever, no two columns end under one name and none is lost."""
    from data.errors import UserError

    fields = [Field(name, "float") for name in (*SKY, "parallax", *more)]
    try:
        matched = match_columns(fields, column_map=column_map, kind="astrometry")
    except UserError:
        return  # a column map that names what is not there, or one column twice
    targets = [c.target for c in matched.columns]
    assert len(set(targets)) == len(targets)
    assert not set(targets) & set(DERIVED)
    assert {c.source for c in matched.columns} == {f.name for f in fields}
    for target, source in column_map.items():
        wanted = next(c for c in matched.columns if c.source == source)
        assert wanted.target == target or target in DERIVED
