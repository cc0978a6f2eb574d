"""The layers import only what the design allows, seen in a fresh process."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCREEN = ["panel", "panel_material_ui", "holoviews", "bokeh", "dashboard"]
FORBIDDEN = {"data": [*SCREEN, "torch", "zuko", "engine"], "engine": SCREEN}


def modules(layer):
    """Every module of a layer, by its dotted name."""
    files = sorted((ROOT / layer).rglob("*.py"))
    parts = [file.relative_to(ROOT).with_suffix("").parts for file in files]
    return [".".join(p[:-1] if p[-1] == "__init__" else p) for p in parts]


@pytest.mark.parametrize("layer", FORBIDDEN)
def test_layer_does_not_import_what_lies_above_it(layer):
    names = modules(layer)
    assert len(names) > 5
    code = (
        "import importlib, sys\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        f"print(*[m for m in {FORBIDDEN[layer]!r} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def test_the_check_sees_a_forbidden_import():
    """The check above can fail: the dashboard does load what the other layers may not."""
    code = "import sys, dashboard.app; print(*[m for m in ('panel', 'bokeh') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.stdout.split() == ["panel", "bokeh"], done.stderr


def test_engine_requests_do_not_cost_an_import_of_torch():
    """Presets and costs are asked for by pages; importing torch takes seconds."""
    code = (
        "import sys, engine.mapping.cost\n"
        "from engine.runs.kinds import KINDS\n"
        "print(len([kind.model() for kind in KINDS.values()]), 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    number, torch = done.stdout.split()
    assert int(number) >= 3, done.stderr
    assert torch == "False"
