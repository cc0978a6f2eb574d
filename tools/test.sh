#!/bin/sh
# The whole test command: style, types, tests. With arguments, these go to pytest and nothing else
# is tested. Otherwise two processes run the tests of a kind each, files kept together
# (TEST_PROCESSES=N for N), and then one runs those that start a browser or a database: two of
# these are more than two cores can serve. Each process has one thread: where both cores are busy,
# two threads of torch are ten times slower than one.
set -eu
cd "$(dirname "$0")/.."
bin=.venv/bin
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}" OMP_WAIT_POLICY=PASSIVE
"$bin/ruff" check .
"$bin/ruff" format --check --quiet . || {
    echo "error: run .venv/bin/ruff format ." >&2
    exit 1
}
"$bin/mypy"
if [ $# -gt 0 ]; then
    exec "$bin/python" -m pytest "$@"
fi
failed=0
"$bin/python" -m pytest -n "${TEST_PROCESSES:-2}" --dist loadfile --no-loadscope-reorder \
    --ignore tests/browser --ignore tests/archives_server || failed=$?
"$bin/python" -m pytest tests/archives_server tests/browser || failed=$?
exit "$failed"
