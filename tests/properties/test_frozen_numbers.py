"""What tiny runs compute is what they computed before, to the last bit, on the same machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.properties.frozen_numbers import TABLE, array_hash, platform_key

ROOT = Path(__file__).resolve().parents[2]
FROZEN = json.loads(TABLE.read_text(encoding="utf-8"))


def other_platform():
    """Name what differs from the machine of the table."""
    here = platform_key()
    return [name for name, value in FROZEN["platform"].items() if here.get(name) != value]


@pytest.mark.slow
def test_runs_compute_the_same_bits():
    if differs := other_platform():
        pytest.skip(f"the table of hashes is of another machine: {', '.join(differs)} differ")
    script = ROOT / "tests" / "properties" / "frozen_numbers.py"
    done = subprocess.run(
        [sys.executable, str(script)], cwd=ROOT, capture_output=True, text=True, timeout=500,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    hashes = json.loads(done.stdout)["hashes"]
    changed = sorted(
        name
        for name in hashes.keys() | FROZEN["hashes"].keys()
        if hashes.get(name) != FROZEN["hashes"].get(name)
    )
    assert not changed, (
        "numbers changed; if they were meant to: python tests/properties/frozen_numbers.py --write"
    )


def test_a_hash_sees_bits_shape_and_type():
    import numpy as np

    values = np.linspace(0.0, 1.0, 6)
    others = [np.nextafter(values, 2), values.reshape(2, 3), values.astype("f4"), values[:5]]
    assert array_hash(values) == array_hash(values.copy())
    assert array_hash(values) not in {array_hash(other) for other in others}
    assert array_hash(np.array(["a", "b"])) != array_hash(np.array(["a", "c"]))
