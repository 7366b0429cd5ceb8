#!/bin/sh
# Requirements, comparisons, scans and resamplings of kaon eval.
#   require.sh KAON MODELS SCRATCH
kaon=$1 models=$2 scratch=$3
# shellcheck source=tests/eval/lib.sh
. "$(dirname "$0")/lib.sh"
small=$models/btag_small/model.onnx gn2=$models/btag_gn2/model.onnx
rm -rf "$scratch"; mkdir -p "$scratch" || exit 1
cd "$scratch" || exit 1

# ---- requirements
exits 0 "" "$kaon" eval "$small" -n 1000 --require "auc_u > 0.9" --require "ece<0.5"
exits 5 "SmallKaon: auc_u>0.99 is not met: it is 0.9" \
    "$kaon" eval "$small" -n 1000 --require "auc_u>0.99"
exits 0 "" "$kaon" eval "$small" "$gn2" -n 1000 --require "GN2kaon:D_c.rej_b@0.3>1"
exits 5 "" "$kaon" eval "$small" "$gn2" -n 1000 --require "auc_u>0.99" -o failed --no-plots
[ "$(grep -c 'is not met' err.txt)" -eq 2 ] || fail "not a sentence for each model"
[ -s failed/metrics.json ] || fail "no metrics where a requirement is not met"
exits 2 "wanted a quantity" "$kaon" eval "$small" -n 10 --require "fast"
exits 2 "no model named 'GN3'" "$kaon" eval "$small" -n 10 --require "GN3:auc_u>0"
exits 2 "no class 'x'" "$kaon" eval "$small" -n 10 --require "auc_x>0"
exits 2 "no discriminant 'D_x'" "$kaon" eval "$small" -n 10 --require "D_x.auc_u>0"

# ---- reference
exits 2 "there are SmallKaon, GN2kaon" "$kaon" eval "$small" "$gn2" -n 10 --reference GN3
exits 0 "" "$kaon" eval "$small" "$gn2" -n 1000 --reference GN2kaon
has "D_b of SmallKaon over GN2kaon"

# ---- scans, resamplings, bins
exits 2 "fc=0:1:50" "$kaon" eval "$small" -n 10 --scan fc
exits 0 "" "$kaon" eval "$small" -n 1000 --scan fc=0:0.5:6 --details
has "scan of f_c from 0 to 0.5"
has "against jet pT in GeV, signal efficiency 70 %"
one=$("$kaon" eval "$small" -n 500 --bootstrap 20 --json 2>/dev/null | grep -A9 '"bootstrap"' | head -9)
two=$("$kaon" eval "$small" -n 500 --bootstrap 20 -t 3 --json 2>/dev/null | grep -A9 '"bootstrap"' |
    head -9)
same "resamplings" "$one" "$two"

cd / && rm -rf "$scratch"
ends
