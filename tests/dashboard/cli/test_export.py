"""The command `export`: files where they were asked for, refusals in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.saved_views.store import SavedViews
from tests.dashboard.synthetic_runs import make_map, make_run

from .conftest import Cli


@pytest.fixture
def run(home: Path) -> str:
    return make_map(home, estimators=("boltzmann", "potential")).id


def test_figures_and_data_of_a_run(cli: Cli, run: str, tmp_path: Path) -> None:
    answer = cli("export", run, "--to", tmp_path / "out", "--format", "pdf", "--format", "nc",
                 "--json")  # fmt: skip
    assert answer.status == 0, answer.out
    names = {f"{run}-{cube}.{form}" for cube in ("acceleration", "profiles", "model")
             for form in ("pdf", "nc")}  # fmt: skip
    assert {path.name for path in (tmp_path / "out").iterdir()} == names
    assert {Path(file).name for file in answer.json["files"]} == names
    assert answer.json["run"] == run


def test_what_a_figure_shows_can_be_chosen(cli: Cli, run: str, tmp_path: Path) -> None:
    words = ["export", run, "--what", "acceleration", "--format", "svg", "--plane", "x-z", "--at",
             "1.5", "--quantity", "phi", "--unit", "1e-10 m/s2", "--estimator", "potential",
             "--arrows", "--untrusted"]  # fmt: skip
    answer = cli(*words, "--to", tmp_path)
    assert answer.status == 0, answer.err
    text = (tmp_path / f"{run}-acceleration.svg").read_text()
    for shown in ("along Galactic rotation", "estimator potential", "Also drawn", "m s⁻²", run):
        assert shown in text
    assert answer.out.strip() == str(tmp_path / f"{run}-acceleration.svg")


def test_nothing_is_overwritten_unless_said(cli: Cli, run: str, tmp_path: Path) -> None:
    words = ["export", run, "--what", "profiles", "--format", "nc", "--to", tmp_path]
    assert cli(*words).status == 0
    again = cli(*words, "--format", "fits", "--json")
    assert again.status == 1
    assert "already exists" in again.json["error"]
    assert not list(tmp_path.glob("*.fits")), "all or nothing"
    assert cli(*words, "--overwrite").status == 0


@pytest.mark.parametrize("state", ["queued", "running", "failed", "cancelled", "interrupted"])
def test_an_unfinished_run_has_nothing(cli: Cli, home: Path, tmp_path: Path, state: str) -> None:
    run = make_run(home, state).id
    answer = cli("export", run, "--to", tmp_path / "out", "--json")
    assert answer.status == 1
    assert "nothing to export" in answer.json["error"]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--what", "cheese"], "no cube named 'cheese'"),
        (["--what", "../../model"], "no cube named '../../model'"),
        (["--what", "model", "--format", "py"], "no script"),
        (["--plane", "x-x"], "no plane 'x-x'"),
        (["--at", "99"], "outside the map"),
        (["--at", "nan"], "outside the map"),
        (["--quantity", "mass"], "no quantity 'mass'"),
        (["--unit", "furlong"], "no unit 'furlong'"),
        (["--estimator", "guess"], "no estimator 'guess'"),
        (["--what", "profiles", "--estimator", "guess"], "no estimator 'guess'"),
        (["--to", "/dev/null/here"], "/dev/null"),
    ],
)
def test_what_is_not_there_is_one_sentence(
    cli: Cli, run: str, tmp_path: Path, words: list[str], said: str
) -> None:
    answer = cli("export", run, "--to", tmp_path / "out", *words, "--json")
    assert answer.status == 1
    assert said in answer.json["error"]
    assert not list(tmp_path.rglob("out/*"))


def test_an_unknown_format_or_run(cli: Cli, run: str, tmp_path: Path) -> None:
    assert cli("export", run, "--format", "docx", "--json").status == 2
    answer = cli("export", "../" + run, "--to", tmp_path, "--json")
    assert answer.status == 1
    assert "not found" in answer.json["error"]


def test_saved_views_are_exported(cli: Cli, run: str, home: Path, tmp_path: Path) -> None:
    assert "no saved views" in cli("export", "--views", "--to", tmp_path, "--json").json["error"]
    document = {"version": 1, "page": "model", "run": run, "controls": {}}
    view = SavedViews(home).add("A model", "", document)
    words = ["export", "--views", "--to", tmp_path, "--format", "html", "--json"]
    answer = cli(*words)
    assert answer.status == 0, answer.out
    assert answer.json["views"] == [view.id]
    assert "A model" in (tmp_path / "views.html").read_text()
    assert "already exists" in cli(*words).json["error"]
    assert "cannot be exported as 'nc'" in cli(*words, "--format", "nc").json["error"]


def test_a_run_or_the_views(cli: Cli, run: str) -> None:
    assert cli("export", "--json").status == 2
    assert cli("export", run, "--views", "--json").status == 2
