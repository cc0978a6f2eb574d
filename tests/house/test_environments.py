"""environment.yml and anaconda-project.yml say what pyproject.toml says, in conda's words."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
CONDA_NAMES = {"torch": "pytorch"}
FLOORS = {
    "panel": (1, 9, 4),
    "holoviews": (1, 23, 1),
    "bokeh": (3, 8, 2),
    "datashader": (0, 19),
}


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def environment():
    return yaml.safe_load((ROOT / "environment.yml").read_text())


@pytest.fixture(scope="module")
def anaconda():
    return yaml.safe_load((ROOT / "anaconda-project.yml").read_text())


def package(requirement):
    return re.match(r"[A-Za-z0-9._-]+", requirement)[0].lower()


def in_conda(requirement):
    name = package(requirement)
    return CONDA_NAMES.get(name, requirement[: len(name)]) + requirement[len(name) :]


def test_environment_lists_the_projects_requirements(project, environment):
    wanted = [f"python{project['requires-python']}", *map(in_conda, project["dependencies"])]
    assert environment["dependencies"] == wanted


def test_anaconda_project_agrees_with_environment(environment, anaconda):
    """The tool compares name, channels, order and spelling, and refuses any difference."""
    assert anaconda["packages"] == environment["dependencies"]
    assert anaconda["channels"] == environment["channels"]
    assert environment["name"] in anaconda["env_specs"]
    assert not anaconda["env_specs"][environment["name"]]


def test_anaconda_test_environment_lists_the_test_requirements(project, anaconda):
    wanted = list(map(in_conda, project["optional-dependencies"]["test"]))
    assert anaconda["env_specs"]["test"]["packages"] == wanted


def test_every_requirement_is_pinned_and_meets_its_floor(project):
    pins = dict(
        line.split("==")
        for line in (ROOT / "constraints.txt").read_text().lower().splitlines()
        if line and not line.startswith("#")
    )
    pins = {re.sub(r"[._-]+", "-", name): version for name, version in pins.items()}
    wanted = project["dependencies"] + project["optional-dependencies"]["test"]
    missing = [r for r in wanted if re.sub(r"[._-]+", "-", package(r)) not in pins]
    assert not missing
    for name, floor in FLOORS.items():
        found = tuple(int(part) for part in pins[name].split(".")[: len(floor)])
        assert found >= floor, name
