"""Files of a search: whole or not there, and read at any moment."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from data.errors import UserError
from engine.streams.patches import Patch
from engine.streams.search.files import (
    PatchFolder,
    StoredScores,
    patch_folders,
    read_arrays,
    window_name,
    write_arrays,
)
from engine.streams.windows import Window

ROOT = Path(__file__).resolve().parents[4]


def scores(low=-3.0, n=50, seed=0):
    rng = np.random.default_rng(seed)
    by_seed = rng.normal(size=(2, n))
    return StoredScores(
        Window("mu_lat", low, low + 6.0), np.arange(n) * 2, by_seed.mean(0), by_seed.std(0), 2,
        by_seed, 0.5,
    )  # fmt: skip


def test_scores_come_back_as_they_were(tmp_path):
    folder = PatchFolder(tmp_path / "p")
    for low in (-3.0, -17.0):
        folder.write_scores(scores(low))
    assert folder.scored() == {"mu_lat_-3.00_+3.00", "mu_lat_-17.00_-11.00"}
    back = folder.scores("mu_lat_-17.00_-11.00")
    assert back.window == Window("mu_lat", -17.0, -11.0)
    np.testing.assert_array_equal(back.index, np.arange(50) * 2)
    np.testing.assert_allclose(back.by_seed, scores(-17.0).by_seed, rtol=1e-6)
    assert [one.window.low for one in folder.all_scores()] == [-17.0, -3.0]


def test_names_of_windows_are_different_for_windows_that_are():
    names = {window_name(Window("mu_lat", low / 20, low / 20 + 0.1)) for low in range(-100, 100)}
    assert len(names) == 200


def test_a_damaged_file_is_named(tmp_path):
    folder = PatchFolder(tmp_path / "p")
    folder.write_scores(scores())
    path = tmp_path / "p" / "scores" / "mu_lat_-3.00_+3.00.npz"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(UserError, match="mu_lat_-3"):
        folder.scores("mu_lat_-3.00_+3.00")
    with pytest.raises(UserError, match=r"patch\.json"):
        folder.about()
    assert folder.found() is None
    assert folder.null_values() == []


def test_what_is_there_is_whole_whenever_its_writer_is_killed(tmp_path):
    """A process writes one file again and again and is killed in the middle, ten times."""
    code = (
        "import numpy as np, sys\n"
        "from pathlib import Path\n"
        "from engine.streams.search.files import write_arrays\n"
        "k = 0\n"
        "print('go', flush=True)\n"
        "while True:\n"
        "    k += 1\n"
        "    write_arrays(Path(sys.argv[1]), {'k': np.full(200_000, k)})\n"
    )
    path = tmp_path / "a.npz"
    write_arrays(path, {"k": np.zeros(200_000)})
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(path)], cwd=ROOT, stdout=subprocess.PIPE,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    try:
        assert process.stdout.readline()
        for _ in range(10):
            values = read_arrays(path)["k"]
            assert len(np.unique(values)) == 1
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    values = read_arrays(path)["k"]
    assert len(values) == 200_000
    assert len(np.unique(values)) == 1


def test_patches_are_found_again(tmp_path):
    patch = Patch.at(10.0, 20.0, name="here")
    folder = PatchFolder.of(tmp_path, patch)
    folder.write_about({"patch": {"name": "here", "lon": patch.lon, "lat": patch.lat}, "stars": 3,
                        "windows": {}})  # fmt: skip
    (found,) = patch_folders(tmp_path)
    assert found.patch() == patch
    folder.write_stars({"lon": np.arange(3.0)})
    np.testing.assert_array_equal(found.stars()["lon"], [0, 1, 2])
