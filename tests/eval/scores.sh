#!/bin/sh
# kaon eval on scores that are in a file: --scores, --vs, --category, --fractions by name.
#   scores.sh KAON MODELS DATA SCRATCH
# KAON: the program; MODELS: the models of the tree; DATA: the folder of further data, whose cases
# are skipped without it; SCRATCH: a folder to make.
kaon=$1 models=$2 data=$3 scratch=$4
# shellcheck source=tests/eval/lib.sh
. "$(dirname "$0")/lib.sh"
small=$models/btag_small/model.onnx gn2=$models/btag_gn2/model.onnx jets=$models/jets/jets.h5
rm -rf "$scratch"; mkdir -p "$scratch" || exit 1
cd "$scratch" || exit 1

# ---- wrong usage
exits 2 "MODEL is missing" "$kaon" eval
exits 2 "needs --tagger" "$kaon" eval --scores "$jets"
exits 2 "without a model" "$kaon" eval "$small" --scores "$jets"
exits 2 "--tagger is of --scores" "$kaon" eval "$small" --tagger GN2
exits 3 "nothing.h5" "$kaon" eval --scores nothing.h5 --tagger GN2
exits 3 "no fields 'GN2_p\*'" "$kaon" eval --scores "$jets" --tagger GN2

# ---- what a run writes is judged as the run was
table() { grep -E '^ +[0-9.]+ % |AUC|D_[bc]: '; }
exits 0 "" "$kaon" eval "$small" -o run --no-plots
table <out.txt >ran.txt
predictions=run/SmallKaon__test_mix.h5
exits 2 "no fractions are given" "$kaon" eval --scores "$predictions" --tagger SmallKaon
exits 3 "taggers that are there: SmallKaon" "$kaon" eval --scores "$predictions" --tagger Small
exits 0 "" "$kaon" eval --scores "$predictions" --tagger SmallKaon \
    --config "$models/btag_small/eval.json"
table <out.txt >read.txt
cmp -s ran.txt read.txt || fail "judged differently: $(diff ran.txt read.txt)"
has "scores from the file"
same "digests" "$(digest "$small")" "$(digest --scores "$predictions" --tagger SmallKaon \
    --fractions puma)"
exits 0 "" "$kaon" eval --scores "$predictions" --tagger SmallKaon --fractions fc=0.2 --cut \
    "pt_btagJes > 50_000" -o judged
[ -s judged/metrics.json ] && [ -s judged/roc_D_b.csv ] || fail "nothing is written"
[ ! -e judged/SmallKaon__test_SmallKaon__test_mix.h5 ] || fail "scores are written again"

# ---- beside a model, in the same tables and pictures
exits 2 "SmallKaon: no fractions are given" "$kaon" eval "$gn2" --data "$predictions" --vs SmallKaon
exits 3 "has no dataset 'tracks'" "$kaon" eval "$gn2" --data "$predictions" --vs SmallKaon \
    --fractions SmallKaon:fc=0.2
exits 3 "no fields 'Old_p\*'" "$kaon" eval "$small" --vs Old --limit 100
exits 0 "" "$kaon" eval "$small" --vs "$gn2" --limit 300
has "GN2kaon"

# ---- fractions by name
exits 0 "" "$kaon" eval --scores "$predictions" --tagger SmallKaon --fractions DL1r
has "f_c = 0.018, f_u = 0.982"
exits 0 "" "$kaon" eval --scores "$predictions" --tagger SmallKaon --fractions GN2v01
has "f_c = 0.2, f_u = 0.8$"
exits 0 "" "$kaon" eval --scores "$predictions" --tagger SmallKaon --fractions SmallKaon:fc=0.3 \
    --fractions Other:fc=0.4
has "f_c = 0.3"
exits 2 "preset such as" "$kaon" eval --scores "$predictions" --tagger SmallKaon --fractions GN9
exits 2 "fractions for D_b sum to 1.05, must be 1" "$kaon" eval --scores "$predictions" --tagger \
    SmallKaon --fractions fc=0.25,fu=0.8

# ---- categories
exits 2 "there is no category 'none'; known are cms-ak4, ghost" "$kaon" eval --scores \
    "$predictions" --tagger SmallKaon --category none
exits 3 "HadronGhostTruthLabelID" "$kaon" eval --scores "$predictions" --tagger SmallKaon \
    --category ghost --fractions fc=0.2
cat >own.json <<'J'
{ "schema": "kaon-category/1", "signals": ["heavy"], "rest": "light",
  "classes": [
   { "name": "heavy", "letter": "h", "probability": "pb", "adds": ["pc"],
     "select": "HadronConeExclTruthLabelID in (4, 5)" },
   { "name": "light", "letter": "l", "probability": "pu",
     "select": ["HadronConeExclTruthLabelID != 4", "HadronConeExclTruthLabelID < 5"] } ] }
J
exits 0 "" "$kaon" eval --scores "$predictions" --tagger SmallKaon --category ./own.json \
    --fractions fl=1
has "D_h: heavy with f_l = 1"
sed 's/category.1/category\/9/' own.json >other.json
exits 3 "other.json: 'schema' must be" "$kaon" eval --scores "$predictions" --tagger SmallKaon \
    --category ./other.json

# ---- a folder of arrays without names: b-hive
array() { # array FILE DESCR SHAPE: a .npy of what comes on standard input
    head="{'descr': '$2', 'fortran_order': False, 'shape': ($3), }"
    { printf '\223NUMPY\001\000\166\000'; printf '%-117s\n' "$head"; cat; } >"$1"
}
mkdir hive
for i in 0 1 2 3 4 5 6 7 8 9; do printf '\000\000\200\077\000\000\000\000'; done |
    array hive/prediction.npy '<f4' '10, 2' # (1, 0) for each jet
printf '\000\000\000\000\000\001\001\001\001\001' | array hive/truth.npy '|u1' '10,'
cat >two.json <<'J'
{ "schema": "kaon-category/1", "signals": ["s"],
  "classes": [ { "name": "s", "letter": "s", "select": "none == 1" },
               { "name": "b", "letter": "b", "select": "none == 0" } ] }
J
exits 0 "" "$kaon" eval --scores hive --tagger Hive --category ./two.json --fractions fb=1 -o hived
has "5 s, 5 b"
has "AUC *0.5000"
# in half precision, where e = 1e-10 is nothing
for i in 0 1 2 3 4 5 6 7 8 9; do printf '\000\074\000\000'; done |
    array hive/prediction.npy '<f2' '10, 2'
exits 0 "" "$kaon" eval --scores hive --tagger Hive --category ./two.json --fractions fb=1 --json
has '"kind": "half_scores"'
grep -A2 '"signal_efficiency": 0.7' out.txt | grep -q '"cut": 23.026' || fail "the cut is not log(1e10)"
exits 0 "" "$kaon" eval --scores hive --tagger Hive --category ./two.json --fractions fb=1 --json \
    --ftag-exact
grep -q '"cut": 23.026' out.txt && fail "--ftag-exact computes in double"
exits 3 "'prediction' has 2 columns" "$kaon" eval --scores hive --tagger Hive

# ---- two taggers in one table, from one folder of arrays without names
exits 0 "" "$kaon" eval --scores "$predictions" --tagger SmallKaon,SmallKaon --fractions fc=0.2
has "SmallKaon_2"

# ---- with the further data
if [ -d "$data/models/btag" ]; then
    btag=$data/models/btag
    exits 0 "" "$kaon" eval --scores "$btag/btag_gn2/scores.h5" --tagger GN2kaon \
        --fractions fc=0.2,ftau=0.01 --ftag-exact
    has "65 % .* 2.239"
    exits 3 "has 20000 rows\|no fields" "$kaon" eval --scores "$btag/btag_gn2/scores.h5" --scores \
        "$btag/btag_small/scores.h5" --tagger GN2kaon --fractions GN2v01
else
    echo "skipped: cases that need $data"
fi

cd / && rm -rf "$scratch"
ends
