from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.runs.folder.files import as_json, read_json, write_json


def test_numbers_that_are_not_finite_become_null() -> None:
    value = as_json({"a": float("nan"), "b": [np.inf, np.float32(1.5)], "c": np.arange(2)})
    assert value == {"a": None, "b": [None, 1.5], "c": [0, 1]}


def test_other_objects_are_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        as_json({"a": object()})


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    write_json(path, {"a": 1})
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    assert read_json(path) == {"a": 1}
    assert [item.name for item in tmp_path.iterdir()] == ["run.json"]


def test_deeply_nested_json_is_a_value_error(tmp_path: Path) -> None:
    path = tmp_path / "deep.json"
    path.write_text("[" * 100_000)
    with pytest.raises(ValueError, match=r"nested|delimiter|Expecting"):
        read_json(path)


def test_written_text_is_json(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_json(path, {"n": np.nan, "text": "ü < 3"}, durable=True)
    assert json.loads(path.read_text(encoding="utf-8")) == {"n": None, "text": "ü < 3"}
