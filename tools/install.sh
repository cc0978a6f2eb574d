#!/bin/sh
# Sets up .venv with Via Obscura, from the checkout that contains it. `install.sh test` adds what
# the tests need. Explains in a sentence what is missing; does nothing if nothing has changed.
# VIA_OBSCURA_STEPS is the number of steps of the command of which this is a part.
set -eu
cd "$(dirname "$0")/.."
extra=${1:-}
python=${PYTHON:-python3}
venv=.venv
stamp=$venv/.installed${extra:+-$extra}
steps=${VIA_OBSCURA_STEPS:-2}

fail() {
    printf 'error: %s\n' "$1" >&2
    [ -z "${2:-}" ] || printf '       %s\n' "$2" >&2
    exit 1
}

command -v "$python" >/dev/null 2>&1 ||
    fail "$python was not found." "Install Python 3.11 or newer, or name it: make app PYTHON=/path/to/python3"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$python is $("$python" -V 2>&1), and Via Obscura needs Python 3.11 or newer." \
        "Name a newer one: make app PYTHON=python3.12"

want=$(cat pyproject.toml constraints.txt tools/install.sh | cksum)
if [ -x "$venv/bin/via-obscura" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$want" ]; then
    exit 0
fi

"$python" -c 'import venv, ensurepip' 2>/dev/null ||
    fail "$python has no venv module." "On Debian and Ubuntu: apt install python3-venv"
if [ -x "$venv/bin/python" ]; then
    echo "1/$steps using the existing $venv"
else
    echo "1/$steps creating $venv ..."
    "$python" -m venv "$venv" ||
        fail "the environment $(pwd)/$venv could not be created." "Is the folder writable, and the disk not full?"
fi

# PyPI's torch for Linux carries CUDA (about 3 GB). Where there is no NVIDIA card, take the CPU
# build from PyTorch's own index, if it can be reached; TORCH=default or TORCH=cpu decides by hand.
index=https://download.pytorch.org/whl/cpu
packages=72
size=600
set --
if [ "$(uname -s)" = Linux ]; then
    if [ "${TORCH:-auto}" = cpu ]; then
        set -- --extra-index-url "$index"
    elif [ "${TORCH:-auto}" != default ] &&
        ! command -v nvidia-smi >/dev/null 2>&1 && "$venv/bin/python" - "$index" <<'PY' 2>/dev/null; then
import sys, urllib.request
urllib.request.urlopen(sys.argv[1] + "/torch/", timeout=5)
PY
        set -- --extra-index-url "$index"
    elif [ "$(uname -m)" = x86_64 ]; then
        packages=90
        size=3600
    fi
fi
if [ "$extra" = test ]; then
    packages=$((packages + 62))
    size=$((size + 250))
fi

echo "2/$steps downloading and installing about $size MB (some minutes, depending on the network) ..."
"$venv/bin/python" tools/pip_progress.py --packages "$packages" --megabytes "$size" "$@" \
    -c constraints.txt -e ".${extra:+[$extra]}" ||
    fail "pip could not install Via Obscura; its own message is printed above." \
        "Is there a network connection, and about 2 GB of disk space? Then run the same command again."
printf '%s' "$want" >"$stamp"
