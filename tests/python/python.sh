#!/bin/sh
# The Python package against the built library; skipped without Python 3 and numpy.
#   python.sh LIBRARY KAON MODELS PACKAGE SCRATCH
# LIBRARY: libkaon.so; KAON: the program; MODELS: the models of the tree; PACKAGE: tools/python;
# SCRATCH: a folder to make. KAON_PYTHON names another interpreter.
set -u
library=$1 kaon=$2 models=$3 package=$4 scratch=$5
tests=$(cd "$(dirname "$0")" && pwd)
python=
for p in ${KAON_PYTHON:-python3 /usr/bin/python3}; do
    if "$p" -c 'import sys, numpy; assert sys.version_info >= (3, 9)' 2>/dev/null; then
        python=$(command -v "$p"); break
    fi
done
[ -n "$python" ] || { echo "skipped: no Python 3.9 with numpy"; exit 77; }

rm -rf "$scratch"; mkdir -p "$scratch" || exit 1
export KAON_LIBRARY="$library" KAON_PROGRAM="$kaon" KAON_MODELS="$models"
export PYTHONDONTWRITEBYTECODE=1
(cd "$tests" && PYTHONPATH=$package "$python" -W error -m unittest -q test_model test_evaluate) ||
    exit 1

# ---- pip install, without network: setuptools of the machine builds it
if "$python" -c 'import venv, ensurepip, setuptools, wheel' 2>/dev/null; then
    cp -r "$package" "$scratch/package" && # building leaves files
        "$python" -m venv --system-site-packages "$scratch/venv" &&
        "$scratch/venv/bin/python3" -m pip install -q --no-index --no-deps --no-build-isolation \
            "$scratch/package" || { echo "pip install failed"; exit 1; }
    got=$(cd "$scratch" && venv/bin/python3 -c '
import kaon, sys
assert kaon.__file__.startswith(sys.prefix), kaon.__file__
print(kaon.version(), kaon.Model(sys.argv[1]).inputs[1].shape)' "$models/btag_gn2/model.onnx")
    [ "$got" = "$("$kaon" --version | sed 's/[^0-9]*\([0-9.]*\).*/\1/;q') ('n_tracks', 19)" ] ||
        { echo "installed: '$got'"; exit 1; }
else
    echo "not tried: pip install, for want of venv, setuptools or wheel"
fi
rm -rf "$scratch"
