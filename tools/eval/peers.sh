#!/bin/sh
# Installs puma and atlas-ftag-tools, which tests/eval/puma.sh compares kaon eval with.
#     peers.sh [FOLDER]     default: build/peers-puma
# From PyPI, into a virtual environment of its own; needs python3-venv and network. No part of the build.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=${1:-$root/build/peers-puma}
python=${KAON_PYTHON:-python3}

[ -x "$folder/bin/python3" ] || "$python" -m venv "$folder" || exit 1
"$folder/bin/python3" -m pip install -q puma-hep || exit 1
"$folder/bin/python3" -c '
from importlib.metadata import version
print("puma-hep", version("puma-hep"), "and atlas-ftag-tools", version("atlas-ftag-tools"), "are there")' ||
    exit 1
echo "$folder"
