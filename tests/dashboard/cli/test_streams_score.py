"""``via-obscura streams score``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pa_parquet
import pytest
from astropy.table import Table

from .conftest import Cli

SCORE = ("--coordinate", "mu_a", "--features", "a,b", "--method", "cwola", "--set", "folds=2")
SCORE = (*SCORE, "--set", "trees=5")


@pytest.fixture
def strip(tmp_path: Path) -> Path:
    """A strip with names of its own, without a source_id, some cells empty."""
    rng = np.random.default_rng(0)
    table = Table(
        {"a": rng.uniform(0, 30, 1500), "b": rng.normal(size=1500), "mu_a": rng.normal(0, 2, 1500)}
    )
    table["b"][::10] = np.nan
    table.write(tmp_path / "strip.csv")
    table.write(tmp_path / "strip.fits")
    return tmp_path


def test_one_window_of_any_table(cli: Cli, strip: Path) -> None:
    """The columns of the contract come out, the same from CSV and from FITS."""
    kept = []
    for ending in ("csv", "fits"):
        out = strip / f"{ending}.parquet"
        answer = cli(
            "streams", "score", strip / f"strip.{ending}", *SCORE, "--window", -1, 1,
            "--out", out, "--json",
        )  # fmt: skip
        assert answer.status == 0, answer.out
        table = pa_parquet.read_table(out)
        assert table.column_names == ["source_id", "log_r", "log_r_sd", "n_seeds"]
        assert answer.json["rows"] == table.num_rows
        assert set(table["n_seeds"].to_pylist()) == {3}
        assert not any(row % 10 == 0 for row in table["source_id"].to_pylist())
        kept.append(np.asarray(table["log_r"]))
    np.testing.assert_allclose(kept[0], kept[1])


def test_a_scan_says_what_it_passed_over(cli: Cli, strip: Path) -> None:
    """Every window of the grid is reported; nothing but the result is left."""
    out = strip / "scan.csv"
    answer = cli(
        "streams", "score", strip / "strip.csv", *SCORE, "--scan", "--width", 4, "--step", 2,
        "--seeds", 0, "--out", out, "--json",
    )  # fmt: skip
    assert answer.status == 0, answer.out
    windows = answer.json["windows"]
    assert [one["low"] for one in windows] == sorted(one["low"] for one in windows)
    assert any(one["skipped"] for one in windows)
    assert any(one["stars"] for one in windows)
    assert len(Table.read(out)) == sum(one["stars"] for one in windows)
    assert not list(strip.glob(".*parts"))


@pytest.mark.parametrize(
    ("words", "word"),
    [
        (("--coordinate", "mu_a", "--features", "a,nope", "--window", -1, 1), "nope"),
        (("--coordinate", "mu_a", "--features", "a,mu_a", "--window", -1, 1), "at once"),
        (("--coordinate", "mu_a", "--features", "a", "--window", 50, 60), "cannot be scored"),
        (("--coordinate", "mu_a", "--features", "a", "--window", 1, -1), "empty"),
        (
            ("--coordinate", "mu_a", "--features", "a", "--window", -1, 1, "--method", "ideal"),
            "--label",
        ),
        (("--coordinate", "mu_a", "--features", "a", "--scan", "--step", 9), "leave stars out"),
        (
            ("--coordinate", "mu_a", "--features", "a", "--window", -1, 1, "--set", "x=1"),
            "Unknown setting",
        ),
    ],
)
def test_refusals(cli: Cli, strip: Path, words: tuple[object, ...], word: str) -> None:
    """One object with a sentence and a hint, and no file."""
    out = strip / "none.parquet"
    answer = cli("streams", "score", strip / "strip.csv", *words, "--out", out, "--json")
    assert answer.status != 0
    assert word in answer.json["error"] + answer.json["hint"]
    assert not out.exists()
