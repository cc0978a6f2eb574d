from __future__ import annotations

import socket
import sys
import types
from collections.abc import Callable, Iterator

import pytest

from dashboard.server.server import ServeOptions
from tests.helpers.ports import free_port

from .conftest import Cli


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, object]]:
    """Calls of ``dashboard.app.serve``, which here returns at once."""
    calls: list[tuple[object, object]] = []
    stand_in = types.ModuleType("dashboard.app")

    def serve(folder: object, options: object, on_listening: Callable[[], None]) -> None:
        calls.append((folder, options))
        on_listening()

    stand_in.serve = serve  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "dashboard.app", stand_in)
    monkeypatch.setattr("dashboard.app", stand_in, raising=False)
    monkeypatch.delenv("PORT", raising=False)
    monkeypatch.delenv("HOST", raising=False)
    return calls


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        yield taken.getsockname()[1]


Calls = list[tuple[object, object]]


def test_a_port_that_is_taken(cli: Cli, served: Calls, taken: int) -> None:
    answer = cli("serve", "--port", taken, "--json")
    assert answer.status == 1
    assert answer.json["error"] == f"Port {taken} is already in use."
    assert f"PORT={taken + 1} make app" in answer.json["hint"]
    assert served == []


def test_the_address_is_said(cli: Cli, served: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    answer = cli("serve", "--port", port, "--json")
    assert answer.json["address"] == f"http://localhost:{port}"
    monkeypatch.setenv("PORT", str(port))
    monkeypatch.setenv("HOST", "127.0.0.1")
    assert f"http://127.0.0.1:{port}" in cli("serve").out
    (_, first), (_, second) = served
    assert (first.host, first.port) == ("localhost", port)  # type: ignore[attr-defined]
    assert (second.host, second.port) == ("127.0.0.1", port)  # type: ignore[attr-defined]
    assert first == ServeOptions(port=port), "nothing else is switched on"


def test_the_steps_of_a_first_start_are_numbered(
    cli: Cli, served: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The catalogue is announced where it is missing, and numbers are those of ``make app``."""

    def make(folder: object, progress: Callable[[float, str], None]) -> bool:
        progress(0.5, "sampling thin-disc stars")
        return True

    monkeypatch.setattr("dashboard.cli.server.make_if_missing", make)
    plain = cli("serve", "--demonstration", "--port", free_port())
    assert "demonstration catalogue: 200,000 stars" in plain.err
    assert "/4" not in plain.err + plain.out
    monkeypatch.setenv("VIA_OBSCURA_STEPS", "4")
    port = free_port()
    answer = cli("serve", "--demonstration", "--port", port)
    assert "3/4 demonstration catalogue" in answer.err
    assert answer.out == f"4/4 open http://localhost:{port} (stop with Ctrl+C)\n"
    monkeypatch.setattr("dashboard.cli.server.is_missing", lambda folder: False)
    assert "demonstration" not in cli("serve", "--demonstration", "--port", free_port()).err


def test_other_hosts_are_named_one_by_one(cli: Cli, served: Calls) -> None:
    port = free_port()
    answer = cli("serve", "--host", "0.0.0.0", "--port", port, "--allow-origin", "stars.org:443")  # noqa: S104
    assert answer.status == 0
    assert f"http://localhost:{port}" in answer.out
    assert "stars.org:443" in answer.err
    assert served[0][1].allow_origins == ("stars.org:443",)  # type: ignore[attr-defined]


@pytest.mark.parametrize("port", ["0", "-1", "65536", "http", "٣"])
def test_ports_that_are_none(
    cli: Cli, served: Calls, monkeypatch: pytest.MonkeyPatch, port: str
) -> None:
    monkeypatch.setenv("PORT", port)
    answer = cli("serve", "--json")
    assert answer.status == 1
    assert "Invalid port" in answer.json["error"]


def test_hosts_that_are_none(cli: Cli, served: Calls) -> None:
    for host in ("203.0.113.7", "no.such.host.invalid"):
        answer = cli("serve", "--host", host, "--port", free_port(), "--json")
        assert answer.status == 1
        assert host in answer.json["error"]
    assert served == []


def test_ctrl_c_is_how_it_ends(cli: Cli, served: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["dashboard.app"], "serve", interrupt)
    answer = cli("serve", "--port", free_port())
    assert answer.status == 0
    assert "Runs continue" in answer.err
    assert "http" not in answer.out, "no address before browsers can connect"
