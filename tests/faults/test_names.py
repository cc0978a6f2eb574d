"""Names that lead elsewhere, that systems reserve, that are endless, or look like others."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.saved_views.shared import SharedViews
from dashboard.saved_views.store import SavedViews
from dashboard.services.named_selections import NamedSelections
from data.catalogue.ingest import ingest_arrays
from data.catalogue.store import CatalogueStore
from data.errors import UserError
from engine.runs import launch

HOSTILE = (
    "", " ", ".", "..", "../x", "../../etc/passwd", "/etc/passwd", "~root", "a/b", "a\\b",
    "..\\..\\x", "C:\\x", "con", "NUL", "aux.txt", "-rf", "--home=/", "$(touch x)", "`touch x`",
    ";ls", "|ls", "a\0b", "a\nb", "\r\n", "%2e%2e%2f", "x" * 5000, "é" * 300, "disс",
    "ｄｉｓｃ", "d\u200bisc", "\u202ecsid", "😀" * 100, "\ud800", "<script>alert(1)</script>",
    "'; DROP TABLE stars; --", "{{7*7}}", "{0.__class__}", "%s%n", "__proto__", ".hidden",
)  # fmt: skip

NAMES = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(max_size=60),
    st.lists(st.sampled_from(["..", "/", "\\", ".", "a", "\0", "~"]), max_size=9).map("".join),
)
MANY = settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def tree(folder: Path) -> dict[str, str]:
    """Everything below a folder with the hash of its content."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        if path.is_file() and not path.is_symlink()
        else "folder"
        for path in sorted(folder.rglob("*"))
    }


@contextmanager
def unharmed(tmp_path: Path) -> Iterator[Path]:
    """A home beside a precious folder that nothing may touch."""
    home, precious = tmp_path / "home", tmp_path / "precious"
    precious.mkdir(exist_ok=True)
    (precious / "x.json").write_text("{}")
    home.mkdir(exist_ok=True)
    outside = {name: what for name, what in tree(tmp_path).items() if not name.startswith("home")}
    yield home
    now = {name: what for name, what in tree(tmp_path).items() if not name.startswith("home")}
    assert now == outside


@MANY
@given(name=NAMES)
def test_row_09_of_catalogues(tmp_path: Path, name: str) -> None:
    with unharmed(tmp_path) as home:
        columns = {n: np.arange(3, dtype=np.float32) for n in ("x", "y", "z", "vx", "vy", "vz")}
        store = CatalogueStore(home)
        try:
            made = ingest_arrays(columns, home, name=name, kind="simulation", provenance={})
        except UserError:
            assert not store.list()
            return
        assert made.path.parent == store.path
        assert made.path.name.isascii()
        assert made.path.name.rpartition("-")[2].isalnum()
        store.delete(made.id)
        with pytest.raises(UserError):
            store.delete(name)


@MANY
@given(name=NAMES)
def test_row_09_of_columns(tmp_path: Path, name: str) -> None:
    """A table may call its columns as it likes; they lie in the folder of the catalogue."""
    with unharmed(tmp_path) as home:
        columns = {n: np.arange(3, dtype=np.float32) for n in ("x", "y", "z", "vx", "vy", "vz")}
        columns[name] = np.arange(3, dtype=np.float32)
        try:
            made = ingest_arrays(columns, home, name="any", kind="simulation", provenance={})
        except UserError:
            return
        inside = {path.resolve().parent for path in (made.path / "columns").iterdir()}
        assert inside == {(made.path / "columns").resolve()}
        for column in made.columns:
            assert made.column(column).shape == (3,)
        CatalogueStore(home).delete(made.id)


@MANY
@given(name=NAMES)
def test_row_09_of_runs(tmp_path: Path, name: str) -> None:
    with unharmed(tmp_path) as home:
        (home / "runs").mkdir(exist_ok=True)
        for action in (launch.open_run, launch.delete, launch.cancel, launch.resume):
            with pytest.raises(UserError, match="not found"):
                action(home, name)
        with pytest.raises(UserError):
            launch.submit(home, {"kind": name})


@MANY
@given(name=NAMES)
def test_row_09_of_views(tmp_path: Path, name: str) -> None:
    with unharmed(tmp_path) as home:
        views = SavedViews(home)
        with pytest.raises(UserError, match="No saved view"):
            views.get(name)
        views.delete(name)
        try:
            view = views.add(name, name, {"version": 1, "page": "explore"}, "")
        except UserError:
            return
        assert sorted(p.name for p in views.folder.iterdir()) == [f"{view.id}.json", "order.json"]
        views.delete(view.id)
        assert SharedViews(home).folder.parent == views.folder


@MANY
@given(name=NAMES, other=NAMES)
def test_row_09_of_selections(tmp_path: Path, name: str, other: str) -> None:
    """Names that look alike are two files; each is found by its own name only."""
    cut = {"kind": "range", "column": "z", "min": 0.0, "max": None}
    with unharmed(tmp_path) as home:
        kept = NamedSelections(home)
        there: set[str] = set()
        for one in (name, other):
            try:
                kept.keep(one, cut)
            except UserError:
                continue
            there.add(" ".join("".join(c if c.isprintable() else " " for c in one).split()))
        assert {one.name for one in kept.list()[0]} == there
        files = list(kept.folder.glob("*")) if kept.folder.exists() else []
        assert len(files) == len(there)
        assert all(path.name.isascii() and len(path.name) < 80 for path in files)
        for one in list(there):
            kept.delete(one)
        assert not list(kept.folder.glob("*"))


@MANY
@given(name=NAMES)
def test_row_09_of_uploads(tmp_path: Path, name: str) -> None:
    """The name of an upload never becomes a path."""
    from dashboard.server.uploads import keep_upload

    with unharmed(tmp_path):
        file, shown = keep_upload(name, b"x,y\n1,2\n")
        try:
            assert file.read_bytes() == b"x,y\n1,2\n"
            assert file.name.startswith("upload")
            assert file.resolve().parent.name.startswith("via-obscura-")
            assert len(file.name) < 64
            assert "/" not in shown
        finally:
            file.unlink()
            file.parent.rmdir()
