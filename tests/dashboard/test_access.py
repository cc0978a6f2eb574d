"""Who may do what: enforced where it is done, whatever a page offers."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from dashboard.policy.access import EDITOR, GUEST, Access, AccessRules
from dashboard.server.accounts import put_account, read_accounts, remove_account, secret_of, verify
from dashboard.server.server import ServeOptions
from dashboard.session.guests import REASON, who_is_here
from dashboard.session.session import Session
from dashboard.shell import Shell
from data.errors import UserError
from tests.dashboard.synthetic_runs import make_run

CUT = {"kind": "range", "column": "z", "min": 0.0, "max": None}
DOCUMENT = {"version": 1, "page": "explore", "catalogue": None}


def tree(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def guest(services, catalogue):
    return Session(services, Access("gus", may_change=False))


CHANGES = {
    "submit": lambda acts: acts.submit({"kind": "map", "catalogue": "x"}),
    "sweep": lambda acts: acts.sweep({"kind": "map"}, "z > {}", [1.0, 2.0]),
    "search": lambda acts: acts.search_apart({"kind": "streams", "catalogue": "x"}),
    "cancel": lambda acts: acts.cancel("run"),
    "resume": lambda acts: acts.resume("run"),
    "delete": lambda acts: acts.delete("run"),
    "ingest": lambda acts: acts.ingest("stars.csv"),
    "upload": lambda acts: acts.upload("stars.csv", b"x", {}),
    "revise": lambda acts: acts.revise("x", shown="x"),
    "join": lambda acts: acts.join("x", "stars.csv"),
    "join an upload": lambda acts: acts.join_upload("x", "x", "stars.csv", b"x", {}),
    "mock": lambda acts: acts.mock_galaxy(),
    "view": lambda acts: acts.views.add("title", "", DOCUMENT),
    "change a view": lambda acts: acts.views.change("0a1b2c3d", title="x"),
    "move a view": lambda acts: acts.views.move("0a1b2c3d", 1),
    "delete a view": lambda acts: acts.views.delete("0a1b2c3d"),
    "share": lambda acts: acts.shared.add(DOCUMENT),
    "keep": lambda acts: acts.selections.keep("thin", CUT),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_guest_changes_nothing(services, guest, change):
    make_run(services.home, "failed")
    before = tree(services.home)
    with pytest.raises(UserError, match="guests can view everything but not"):
        CHANGES[change](guest.acts)
    assert tree(services.home) == before


def test_every_act_is_among_those_that_are_tried():
    from dashboard.session.actions import Acts

    acts = {name for name in vars(Acts) if not name.startswith("_")}
    assert acts <= {"submit", "sweep", "search_apart", "cancel", "resume", "delete", "ingest",
                    "upload", "revise", "join", "join_upload", "mock_galaxy"}  # fmt: skip


def test_no_page_goes_past_the_acts():
    """Pages import nothing by which runs or the store are changed."""
    doors = {
        "engine.runs.launch": {"submit", "cancel", "resume", "delete"},
        "engine.runs": {"launch", "submit", "cancel", "resume", "delete"},
        "engine.runs.sweeps": {"submit_sweep"},
        "dashboard.server.uploads": {"keep_upload"},
        "data.catalogue.ingest": {"ingest", "ingest_arrays"},
        "data.catalogue.store": {"CatalogueStore"},
    }
    found = []
    root = Path(__file__).parents[2] / "dashboard" / "pages"
    for path in sorted(root.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                taken = doors.get(node.module or "", set()) & {a.name for a in node.names}
                found += [f"{path.name}: {node.module}.{name}" for name in taken]
    assert found == []


def test_roles():
    alone = AccessRules()
    assert alone.of(None).may_change
    group = AccessRules(roles={"ann": EDITOR, "gus": GUEST}, login=True)
    assert [group.of(user).may_change for user in ("ann", "gus", "eve", None)] == [
        True, False, False, False,
    ]  # fmt: skip
    oauth = AccessRules(editors=frozenset({"ann@x.org"}), login=True)
    assert oauth.of("ann@x.org").may_change
    assert not oauth.of("eve@x.org").may_change
    closed = AccessRules(roles={"ann": "editor"}, login=True, read_only=True).of("ann")
    assert not closed.may_change
    with pytest.raises(UserError, match="looking only: nobody can start runs"):
        closed.check("start runs")
    chip, out = who_is_here(closed)
    assert (chip.label, chip.visible, out.visible) == ("ann, read only", True, True)
    chip, out = who_is_here(Access())
    assert (chip.visible, out.visible) == (False, False), "alone on one's own machine"
    chip, out = who_is_here(Access("eve", may_change=True))
    assert (chip.label, out.href) == ("eve", "./logout")


def test_tables_are_read_from_one_folder_where_others_can_reach_the_server(tmp_path):
    folder = tmp_path / "tables"
    folder.mkdir()
    (folder / "out").symlink_to("/etc")
    access = Access(tables=folder)
    assert access.check_table(Path("a/b.csv")) == folder.resolve() / "a" / "b.csv"
    for path in ("/etc/passwd", "../secret.csv", "out/passwd", "a/../../x"):
        with pytest.raises(UserError, match="one folder only"):
            access.check_table(Path(path))
    home = tmp_path / "home"
    assert ServeOptions().rules(home).tables is None
    assert ServeOptions(host="0.0.0.0").rules(home).tables == home / "tables"  # noqa: S104
    assert ServeOptions(proxy=True).rules(home).tables == home / "tables"


def test_accounts(tmp_path):
    path = tmp_path / "accounts.json"
    put_account(path, "ann", "a long password", EDITOR)
    put_account(path, "gus", "another password", GUEST)
    accounts = read_accounts(path)
    assert {name: account.role for name, account in accounts.items()} == {
        "ann": EDITOR, "gus": GUEST,
    }  # fmt: skip
    assert verify(accounts["ann"], "a long password")
    assert not verify(accounts["ann"], "another password")
    assert not verify(None, "")
    assert "a long password" not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    remove_account(path, "gus")
    assert set(read_accounts(path)) == {"ann"}
    path.chmod(0o644)
    with pytest.raises(UserError, match="read by others"):
        read_accounts(path)


@pytest.mark.parametrize(
    ("name", "password"), [("", "a long password"), ("a b", "a long password"), ("ann", "short")]
)
def test_accounts_that_cannot_be(tmp_path, name, password):
    with pytest.raises(UserError):
        put_account(tmp_path / "accounts.json", name, password, EDITOR)
    assert not (tmp_path / "accounts.json").exists()


def test_the_secret_is_made_once_and_for_the_owner_only(tmp_path):
    secret = secret_of(tmp_path)
    assert len(secret) == 64
    assert secret_of(tmp_path) == secret
    path = tmp_path / ".server-secret"
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    assert secret_of(tmp_path) != secret


#: Pages with the controls by which somebody changes something; they are off for guests.
RESERVED = {
    "explore": {"vo-add"},
    "tracers": {"vo-start"},
    "sweeps": {"vo-sweep-start"},
    "streams": {"vo-stream-start", "vo-stream-save", "vo-stream-verdict", "vo-stream-note"},
    "archives": {"vo-archive-start", "vo-archive-count", "vo-download-resume"},
    "quality": {"vo-revise", "vo-join"},
    "runs": {"vo-run-delete", "vo-run-resume", "vo-run-cancel", "vo-runs-clean"},
    "present": {"vo-card-delete", "vo-card-title", "vo-card-note"},
}


@pytest.mark.parametrize("page", RESERVED)
@pytest.mark.parametrize("may", [True, False])
def test_what_a_guest_may_not_do_is_off_and_says_why(services, catalogue, page, may):
    make_run(services.home, "failed")
    make_run(
        services.home, "failed", order=1, kind="fetch", spec={"name": "far", "service": "esa"}
    )
    make_run(
        services.home, "failed", order=2, kind="streams",
        spec={"method": "cathode", "catalogue": catalogue.id, "patches": []},
    )  # fmt: skip
    services.runs.look()
    Session(services).acts.views.add("a view", "", DOCUMENT)
    session = Session(services, Access("gus", may_change=may), catalogue=catalogue.id)
    shell = Shell(services, session)
    session.page = page
    found = {}

    def collect(part):
        for name in RESERVED[page] & set(getattr(part, "css_classes", None) or ()):
            found.setdefault(name, []).append(part)
        return False

    shell.page.select(collect)
    assert set(found) == RESERVED[page]
    controls = [control for group in found.values() for control in group]
    if not may:
        assert all(control.disabled for control in controls)
        for control in controls:
            control.disabled = False  # as pages do when there is something to act on
        assert all(control.disabled for control in controls)
        assert REASON in {getattr(control, "description", None) for control in controls}
    name = "vo-user" if may else "vo-guest"
    (chip,) = shell.page.select(lambda p: name in (getattr(p, "css_classes", None) or ()))
    assert (chip.visible, chip.label) == (True, "gus" if may else "gus, guest")
