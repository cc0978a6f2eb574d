"""What the program never does: unpickle, evaluate, run a shell, or write outside its home."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(
    p for layer in ("data", "engine", "dashboard") for p in (ROOT / layer).rglob("*.py")
)

#: Modules that execute what they read.
MODULES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
#: Functions that execute text, by the name under which they are called.
CALLS = {"eval", "exec", "compile", "os.system", "os.popen", "pd.eval", "pandas.eval",
         "pd.read_pickle", "pandas.read_pickle", "yaml.load", "yaml.unsafe_load",
         "numexpr.evaluate", "subprocess.getoutput",
         "subprocess.getstatusoutput", "hv.save_pickle"}  # fmt: skip
#: Methods with that power on whatever object.
METHODS = {"read_pickle", "to_pickle", "unsafe_load"}
#: Keywords that must not have this value.
KEYWORDS = {("weights_only", False), ("allow_pickle", True), ("shell", True), ("trust", True)}


def name_of(node: ast.expr) -> str:
    """Give the dotted name of what is called."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return (
        ".".join(reversed([*parts, node.id]))
        if isinstance(node, ast.Name)
        else parts[0]
        if parts
        else ""
    )


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or isinstance(getattr(node, "value", None), str)


def offences(text: str) -> Iterator[str]:
    """Find what is never done."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] in MODULES:
                    yield f"line {node.lineno}: import {alias.name}"
        elif isinstance(node, ast.ImportFrom):
            if (node.module or "").partition(".")[0] in MODULES:
                yield f"line {node.lineno}: from {node.module}"
        elif isinstance(node, ast.Call):
            called = name_of(node.func)
            if called in CALLS:
                yield f"line {node.lineno}: {called}()"
            elif isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
                yield f"line {node.lineno}: .{node.func.attr}()"
            elif called.endswith(".query") and any(_is_text(a) for a in node.args):  # of a frame
                yield f"line {node.lineno}: .query() of a text"
            elif called in {"torch.load", "np.load", "numpy.load"}:
                safe = {"weights_only": True, "allow_pickle": False}
                given = {k.arg: getattr(k.value, "value", None) for k in node.keywords}
                if not any(given.get(key, not value) == value for key, value in safe.items()):
                    yield f"line {node.lineno}: {called}() without saying that nothing is executed"
            for keyword in node.keywords:
                value = getattr(keyword.value, "value", None)
                if isinstance(value, bool) and (keyword.arg, value) in KEYWORDS:
                    yield f"line {node.lineno}: {keyword.arg}={value}"


def test_nothing_that_is_read_is_executed() -> None:
    assert len(SOURCES) > 300
    found = {str(p.relative_to(ROOT)): list(offences(p.read_text("utf-8"))) for p in SOURCES}
    assert {name: what for name, what in found.items() if what} == {}


@pytest.mark.parametrize(
    "text",
    ["import pickle", "from dill import loads", "eval('1')", "torch.load(path)",
     "torch.load(path, weights_only=False)", "np.load(path, allow_pickle=True)", "import joblib",
     "subprocess.run('ls', shell=True)", "os.system('ls')", "frame.query('x > 1')",
     "yaml.load(text)", "np.load(path)"],
)  # fmt: skip
def test_the_search_finds_what_it_looks_for(text: str) -> None:
    assert list(offences(text))


@pytest.mark.parametrize(
    "text",
    ["torch.load(path, weights_only=True)", "np.load(path, allow_pickle=False)", "re.compile('x')",
     "model.eval()", "yaml.safe_load(text)", "subprocess.run(['ls'])"],
)  # fmt: skip
def test_the_search_lets_the_harmless_pass(text: str) -> None:
    assert list(offences(text)) == []


def test_the_bindings_are_to_this_machine_unless_told_otherwise() -> None:
    from dashboard.server.server import ServeOptions, origins

    assert ServeOptions().host == "localhost"
    for host in ("localhost", "0.0.0.0", "::", "example.org"):  # noqa: S104
        assert not any("*" in origin for origin in origins(host, 5006, ["stars.org:443"]))
