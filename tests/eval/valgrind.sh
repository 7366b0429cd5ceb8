#!/bin/sh
# One evaluation under memcheck: no error, nothing lost. valgrind knows no AVX-512.
#     valgrind.sh KAON MODELS WORK_DIR
set -eu
kaon=$1 models=$2 work=$3
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
if ! command -v valgrind >/dev/null; then
    echo "skipped: there is no valgrind"
    exit 77
fi
KAON_CPU=avx2 valgrind -q --error-exitcode=9 --leak-check=full \
    --errors-for-leak-kinds=definite,possible --suppressions="$here/valgrind.supp" \
    "$kaon" eval "$models/btag_gn2/model.onnx" "$models/btag_small/model.onnx" \
    --data "$models/jets/jets.h5" --limit 40 --threads 2 --no-plots --out "$work" --force
