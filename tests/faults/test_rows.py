"""Every row of the list of failures has tests, and they are where it says."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.faults.rows import ROWS

TESTS = Path(__file__).parents[1]


@cache
def functions(file: str) -> dict[str, list[str]]:
    """Give the test functions of a file with the text of their decorators."""
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return {
        node.name: [ast.unparse(mark) for mark in node.decorator_list]
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_there_are_twenty() -> None:
    assert sorted(ROWS) == list(range(1, 21))
    assert all(row.failure and row.expected and row.tests for row in ROWS.values())


@pytest.mark.parametrize("number", sorted(ROWS))
def test_the_tests_of_a_row_are_there(number: int) -> None:
    for test in ROWS[number].tests:
        file, _, name = test.partition("::")
        assert name in functions(file), f"row {number}: {test} is gone"
        for mark in functions(file)[name]:
            assert "skip(" not in mark, f"row {number}: {test} is always skipped"
            assert "xfail" not in mark or "reason=" in mark


def test_tests_named_after_a_row_stand_in_its_list() -> None:
    named = {
        (int(name[9:11]), f"{path.relative_to(TESTS)}::{name}")
        for path in [*TESTS.glob("faults/test_*.py"), *TESTS.glob("browser/test_*.py")]
        for name in functions(str(path.relative_to(TESTS)))
        if name.startswith("test_row_")
    }
    files = {test.partition("::")[0] for row in ROWS.values() for test in row.tests}
    assert {test.partition("::")[0] for _, test in named} <= files
    assert all(number in ROWS for number, _ in named)
