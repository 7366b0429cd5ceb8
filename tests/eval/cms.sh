#!/bin/sh
# kaon eval for CMS: ratios of the category cms-ak4 with working points by mistag.
#   cms.sh KAON MODELS SCRATCH
kaon=$1 models=$2 scratch=$3
# shellcheck source=tests/eval/lib.sh
. "$(dirname "$0")/lib.sh"
rm -rf "$scratch"; mkdir -p "$scratch" || exit 1
cd "$scratch" || exit 1

# Probabilities b, c, light as b, c, uds; gluons by their parton.
cat >category.json <<'END'
{ "schema": "kaon-category/1", "name": "own", "signals": ["b", "c"], "rest": "uds",
  "classes": [
   { "name": "b", "letter": "b", "text": "b-jets", "probability": ["pb"],
     "select": "HadronConeExclTruthLabelID == 5" },
   { "name": "c", "letter": "c", "text": "c-jets", "probability": ["pc"],
     "select": "HadronConeExclTruthLabelID == 4" },
   { "name": "uds", "letter": "uds", "text": "light-quark jets", "probability": ["pu"],
     "select": ["HadronConeExclTruthLabelID == 0", "PartonTruthLabelID != 21"] },
   { "name": "g", "letter": "g", "text": "gluon jets", "probability": ["ptau"],
     "select": ["HadronConeExclTruthLabelID == 0", "PartonTruthLabelID == 21"] } ],
  "mistags": { "of": ["uds", "g"], "points": { "L": 0.1, "M": 0.01 } },
  "ratios": { "BvsAll": { "signal": "b", "against": ["c", "uds", "g"] },
              "CvsB": { "signal": "c", "against": ["b"] } } }
END
exits 0 "" "$kaon" eval "$models/btag_gn2/model.onnx" -n 3000 -o run --no-plots
exits 0 "" "$kaon" eval --scores run/GN2kaon__test_mix.h5 --tagger GN2kaon \
    --category ./category.json --json
cp out.txt all.json
has '"rejection_of": "uds+g"'
[ "$(grep -c '"rejection_of"' all.json)" -eq 2 ] || fail "CvsB has mistags of what it is not against"
has '"formula": "ratio"'
exits 0 "" "$kaon" eval --scores run/GN2kaon__test_mix.h5 --tagger GN2kaon --category ./category.json
# of light-quark and gluon jets together one in ten passes
grep ' L$' out.txt | head -1 | grep -q ' %  \[' || fail "no mistag in per cent"
sed 's/"L": 0.1/"L": 10/' category.json >wrong.json
exits 3 "'mistags' needs" "$kaon" eval --scores run/GN2kaon__test_mix.h5 --tagger GN2kaon \
    --category ./wrong.json

cd / && rm -rf "$scratch"
ends
