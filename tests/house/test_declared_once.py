"""What stands in one place, and what follows from it."""

import ast
from pathlib import Path

import pytest

from data.frames import DEFAULT_SUN, SolarParameters

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(
    path.relative_to(ROOT)
    for folder in ("data", "engine", "dashboard", "benchmarks")
    for path in (ROOT / folder).rglob("*.py")
)
SOLAR = {abs(number) for number in (*DEFAULT_SUN.position, *DEFAULT_SUN.velocity) if number}


def numbers_in(source):
    """Every number that is written in a module, without its sign."""
    return {
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, float)
    }


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_the_sun_stands_in_solar_parameters_alone(path):
    if path == Path("data/frames.py"):
        return
    assert not numbers_in((ROOT / path).read_text()) & SOLAR


def test_numbers_of_the_sun_would_be_noticed():
    assert numbers_in("sun = (8.122, 0.0)") & SOLAR
    assert SolarParameters() == DEFAULT_SUN
