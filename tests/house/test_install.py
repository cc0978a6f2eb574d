"""The installer: what it prints, when it is silent, and how it fails. Nothing is downloaded."""

import os
import re
import shutil
import stat
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
INSTALL = ROOT / "tools" / "install.sh"

PIP_LINES = """\
Obtaining file:///tmp/via-obscura
Collecting numpy>=2.0 (from via-obscura==0.1.0)
  Downloading numpy-2.4.6-cp311-cp311-linux_x86_64.whl.metadata (60 kB)
  Downloading numpy-2.4.6-cp311-cp311-linux_x86_64.whl (16.5 MB)
Collecting torch>=2.6
  Using cached torch-2.13.0%2Bcpu-cp311-cp311-linux_x86_64.whl (183.5 MB)
Installing collected packages: numpy, torch, via-obscura
Successfully installed numpy-2.4.6 torch-2.13.0 via-obscura-0.1.0
"""


@pytest.fixture(scope="module")
def pip_progress():
    spec = spec_from_file_location("pip_progress", ROOT / "tools" / "pip_progress.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def checkout(tmp_path):
    """A folder with what the installer reads, and nothing else."""
    for name in ("pyproject.toml", "constraints.txt", "tools/install.sh", "tools/pip_progress.py"):
        place = tmp_path / name
        place.parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, place)
    return tmp_path


def install(checkout, *arguments, **environment):
    return subprocess.run(
        ["sh", "tools/install.sh", *arguments],
        cwd=checkout,
        env={**os.environ, "PYTHON": sys.executable, "TORCH": "default", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def put_script(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def stand_in(checkout, status):
    """Put a virtual environment in which `python -m pip` prints some lines and ends.

    The script of the progress runs, but what it takes for its Python is a shell script: a pip
    that installs something cannot be reached.
    """
    (checkout / "pip.txt").write_text(PIP_LINES)
    pip = checkout / "python-with-pip"
    complaint = "echo 'ERROR: no such thing' >&2" if status else ":"
    put_script(pip, f"cat pip.txt\n{complaint}\nexit {status}")
    put_script(
        checkout / ".venv/bin/python",
        f"exec '{sys.executable}' -c \"import runpy, sys; sys.executable = '{pip}'; "
        'sys.argv.pop(0); runpy.run_path(sys.argv[0], run_name=\'__main__\')" "$@"',
    )


def closure(name, extra=""):
    """Names of the installed packages that a package needs, itself included."""
    needed, queue = set(), [(name, extra)]
    while queue:
        name, extra = queue.pop()
        try:
            requirements = distribution(name).requires or []
        except PackageNotFoundError:
            continue
        if (name, extra) in needed:
            continue
        needed.add((name, extra))
        for requirement in map(Requirement, requirements):
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                queue += [(requirement.name.lower(), part) for part in (*requirement.extras, "")]
    return {name for name, _ in needed}


def test_the_progress_counts_packages_and_megabytes(pip_progress, tmp_path):
    progress = pip_progress.Progress(packages=4, megabytes=400.0, site=tmp_path)
    assert "looking up packages" in pip_progress.line_of(progress, 1.0)
    lines = [line.strip() for line in PIP_LINES.splitlines()]
    for line in lines[:-2]:
        progress.read(line)
    share, text = progress.state()
    assert text == "downloading: package 2 of about 4 (torch), 200 of about 400 MB"
    assert share == pytest.approx(0.5 * pip_progress.DOWNLOAD_SHARE)
    progress.read(lines[-2])
    (tmp_path / "numpy-2.4.6.dist-info").mkdir()
    assert "installing: 1 of 3 packages" in pip_progress.line_of(progress, 60.0)
    share, _ = progress.state()
    assert f"about {pip_progress.span(60.0 / share - 60.0)} left" in pip_progress.line_of(
        progress, 60.0
    )


def test_the_progress_counts_wheels_of_a_folder(pip_progress, tmp_path):
    wheel = tmp_path / "scipy-1.17.1-cp311-linux_x86_64.whl"
    wheel.write_bytes(bytes(3_000_000))
    progress = pip_progress.Progress(packages=1, megabytes=6.0, site=tmp_path)
    progress.read(f"Processing {wheel} (from via-obscura==0.1.0)")
    assert progress.state()[1] == "downloading: package 1 of about 1 (scipy), 3 of about 6 MB"


@pytest.mark.parametrize("extra", ["", "test"])
def test_the_number_of_packages_is_about_right(extra):
    numbers = [int(n) for n in re.findall(r"packages=\D*(\d+)", INSTALL.read_text())]
    base, _, more = numbers
    expected = base + (more if extra else 0)
    assert len(closure("via-obscura", extra)) == pytest.approx(expected, rel=0.1)


def test_steps_are_numbered_and_a_second_time_is_silent(checkout):
    stand_in(checkout, 0)
    first = install(checkout, VIA_OBSCURA_STEPS="4")
    assert first.returncode == 0, first.stderr
    assert re.search(r"^1/4 .*\.venv", first.stdout, re.M)
    assert re.search(r"^2/4 downloading and installing about \d+ MB", first.stdout, re.M)
    put_script(checkout / ".venv/bin/via-obscura", "true")
    second = install(checkout)
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    (checkout / "constraints.txt").write_text("")
    assert "2/2 " in install(checkout).stdout


def test_a_failing_pip_is_an_error_with_its_own_message(checkout):
    stand_in(checkout, 1)
    answer = install(checkout)
    assert answer.returncode == 1
    assert "ERROR: no such thing" in answer.stderr
    assert "error: pip could not install Via Obscura" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not (checkout / ".venv/.installed").exists()


def test_a_python_that_is_missing_or_old(checkout):
    answer = install(checkout, PYTHON="no-such-python")
    assert (answer.returncode, answer.stdout) == (1, "")
    assert "no-such-python was not found" in answer.stderr
    put_script(checkout / "old", '[ "$1" = -V ] && echo Python 3.9.1; exit 1')
    answer = install(checkout, PYTHON=str(checkout / "old"))
    assert "Python 3.9.1" in answer.stderr
    assert "needs Python 3.11 or newer" in answer.stderr
