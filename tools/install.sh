#!/bin/sh
# Sets up .venv with Via Obscura, from the checkout that it lies in. `install.sh test` adds what
# the tests need. Says in a sentence what is missing; does nothing when nothing has changed.
set -eu
cd "$(dirname "$0")/.."
extra=${1:-}
python=${PYTHON:-python3}
venv=.venv
stamp=$venv/.installed${extra:+-$extra}

fail() {
    printf 'error: %s\n' "$1" >&2
    [ -z "${2:-}" ] || printf '       %s\n' "$2" >&2
    exit 1
}

command -v "$python" >/dev/null 2>&1 ||
    fail "there is no $python here." "Install Python 3.11 or newer, or name it: make app PYTHON=/path/to/python3"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$python is $("$python" -V 2>&1), and Via Obscura needs Python 3.11 or newer." \
        "Name a newer one: make app PYTHON=python3.12"

want=$(cat pyproject.toml constraints.txt tools/install.sh | cksum)
if [ -x "$venv/bin/via-obscura" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$want" ]; then
    exit 0
fi

"$python" -c 'import venv, ensurepip' 2>/dev/null ||
    fail "$python has no venv module." "On Debian and Ubuntu: apt install python3-venv"
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv" ||
    fail "no environment could be made in $(pwd)/$venv." "Is the folder writable, and the disk not full?"

# PyPI's torch for Linux carries CUDA (about 3 GB). Where there is no NVIDIA card, take the CPU
# build from PyTorch's own index, if it can be reached; TORCH=default or TORCH=cpu decides by hand.
index=https://download.pytorch.org/whl/cpu
set --
if [ "$(uname -s)" = Linux ] && [ "${TORCH:-auto}" != default ]; then
    if [ "${TORCH:-auto}" = cpu ]; then
        set -- --extra-index-url "$index"
    elif ! command -v nvidia-smi >/dev/null 2>&1 && "$venv/bin/python" - "$index" <<'PY' 2>/dev/null; then
import sys, urllib.request
urllib.request.urlopen(sys.argv[1] + "/torch/", timeout=5)
PY
        set -- --extra-index-url "$index"
    fi
fi

echo "Installing Via Obscura into $venv (the first time this takes a few minutes) ..."
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@" \
    -c constraints.txt -e ".${extra:+[$extra]}" ||
    fail "pip could not install Via Obscura; its own message stands above." \
        "Is there a network, and about 2 GB of disk? Then run the same command again."
printf '%s' "$want" >"$stamp"
