#!/bin/sh
# The whole test command: style, types, tests. Arguments go to pytest.
set -eu
cd "$(dirname "$0")/.."
bin=.venv/bin
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-2}" OMP_WAIT_POLICY=PASSIVE
"$bin/ruff" check .
"$bin/ruff" format --check --quiet . || {
    echo "error: run .venv/bin/ruff format ." >&2
    exit 1
}
"$bin/mypy"
"$bin/python" -m pytest "$@"
