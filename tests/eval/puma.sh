#!/bin/sh
# What kaon eval says against puma and atlas-ftag-tools themselves; skipped where they are not
# installed (tools/eval/peers.sh).
#   puma.sh KAON MODELS PEERS SCRATCH
# PEERS: the virtual environment with puma-hep; KAON_PUMA in the environment names another.
kaon=$1 models=$2 peers=${KAON_PUMA:-$3} scratch=$4
# shellcheck source=tests/eval/lib.sh
. "$(dirname "$0")/lib.sh"
script=$(cd "$(dirname "$0")" && pwd)/with_puma.py
[ -x "$peers/bin/python3" ] && "$peers/bin/python3" -c 'import puma.hlplots' 2>/dev/null ||
    { echo "skipped: no puma in $peers"; exit 77; }
rm -rf "$scratch"; mkdir -p "$scratch" || exit 1
cd "$scratch" || exit 1

exits 0 "" "$kaon" eval "$models/btag_gn2/model.onnx" "$models/btag_small/model.onnx" --puma --ftag-exact \
    --at 0.7,0.77 --no-plots -o scored
MPLBACKEND=Agg "$peers/bin/python3" "$script" scored 2>err.txt ||
    fail "puma and kaon differ: $(tail -n 5 err.txt)"

cd / && rm -rf "$scratch"
ends
