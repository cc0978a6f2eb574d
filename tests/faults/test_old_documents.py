"""Files as earlier versions wrote them, kept in `documents/`: they open with what they meant.

Whoever changes what is written adds a file there, and changes none of those that are there.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dashboard.policy.session_document import READS, VERSION
from dashboard.saved_views.opening import open_document
from dashboard.saved_views.shared import from_file
from dashboard.saved_views.store import SavedViews, as_view
from dashboard.services.named_selections import NamedSelections
from dashboard.services.services import Services
from dashboard.session.session import Session
from dashboard.shell import Shell
from data.catalogue.store import Catalogue
from data.errors import UserError
from data.selection import selection_hash
from engine.runs.launch import list_runs

DOCUMENTS = Path(__file__).parent / "documents"
VIEWS = sorted(DOCUMENTS.glob("view-*.json"))


def copy(source: Path, target: Path, catalogue: Catalogue | None = None) -> Path:
    """Put a document where the program looks for it, of a catalogue that is there."""
    text = source.read_text()
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text.replace("CATALOGUE", catalogue.id) if catalogue else text)
    return target


@pytest.mark.parametrize("path", VIEWS, ids=lambda path: path.stem)
def test_row_17_a_view_opens(
    path: Path, services: Services, session: Session, catalogue: Catalogue
) -> None:
    id_ = json.loads(path.read_text())["id"]
    stored = copy(path, services.home / "views" / f"{id_}.json", catalogue)
    before = stored.read_bytes()
    view = SavedViews(services.home).get(id_)
    open_document(view.document, services, session)
    shell = Shell(services, session)
    shell.page.get_root()
    assert not session.notices.column.objects, "nothing to complain about"
    now, then = session.document(), view.document
    for field in ("catalogue", "volume", "run", "colour", "dark", "page"):
        assert now[field] == then[field]
    assert selection_hash(now["selection"]) == selection_hash(then["selection"])
    pairs = [(panel["x"], panel["y"]) for panel in then["axes"]]
    assert [(panel["x"], panel["y"]) for panel in now["axes"]] == pairs
    assert now["version"] == VERSION
    assert stored.read_bytes() == before, "opening changes no file"


@pytest.mark.parametrize("path", VIEWS, ids=lambda path: path.stem)
def test_row_17_a_view_is_read_as_a_file(path: Path) -> None:
    document, title, _ = from_file(path.read_bytes())
    assert document["page"] == "explore"
    assert title
    assert document["version"] in READS


def test_row_17_a_run_is_listed_and_can_be_resumed(home: Path) -> None:
    (document,) = DOCUMENTS.glob("run-*.json")
    name = json.loads(document.read_text())["id"]
    copy(document, home / "runs" / name / "run.json")
    (record,) = list_runs(home)
    assert (record.id, record.state, record.resumable) == (name, "cancelled", True)


def test_row_17_a_kept_selection(home: Path) -> None:
    (document,) = DOCUMENTS.glob("selection-*.json")
    copy(document, home / "selections" / "any.json")
    kept, damaged = NamedSelections(home).list()
    assert ([one.name for one in kept], damaged) == (["thin disc"], [])


@pytest.mark.parametrize("version", [0, 99, "1", None, [1]])
def test_row_17_what_cannot_be_read_is_said_and_left(
    tmp_path: Path, services: Services, session: Session, version: object
) -> None:
    content = json.loads(VIEWS[0].read_text())
    content["document"]["version"] = version
    path = tmp_path / "views" / "0a1b2c3d.json"
    path.parent.mkdir()
    path.write_text(json.dumps(content))
    before, state = path.read_bytes(), session.document()
    with pytest.raises(UserError, match="version"):
        session.restore(as_view(path).document)
    assert session.document() == state
    assert path.read_bytes() == before
    content["version"] = version
    path.write_text(json.dumps(content))
    with pytest.raises(UserError, match="version"):
        as_view(path)
