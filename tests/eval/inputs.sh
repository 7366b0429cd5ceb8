#!/bin/sh
# kaon eval: where inputs come from: folds, negated fields, samples, preprocess.json, --explain.
#   inputs.sh KAON MODELS DATA SCRATCH
# KAON: the program; MODELS: the models of the tree; DATA: the folder of further data, whose cases
# are skipped without it; SCRATCH: a folder to make.
kaon=$1 models=$2 data=$3 scratch=$4
# shellcheck source=tests/eval/lib.sh
. "$(dirname "$0")/lib.sh"
small=$models/btag_small/model.onnx gn2=$models/btag_gn2/model.onnx jets=$models/jets/jets.h5
rm -rf "$scratch"; mkdir -p "$scratch" || exit 1
cd "$scratch" || exit 1
table() { grep -E '^ +[0-9.]+ % |AUC' out.txt; }

# ---- folds
exits 2 "wants a model for each fold" "$kaon" eval "$small" --fold-field eventNumber
exits 3 "takes or gives other things" "$kaon" eval "$small" "$gn2" --fold-field eventNumber
exits 3 "no field 'nothing' wanted by --fold-field" "$kaon" eval "$small" "$small" --fold-field nothing
exits 3 "'pt_btagJes' is no integer" "$kaon" eval "$small" "$small" --fold-field pt_btagJes
one=$(digest "$small" --limit 700)
same "two folds of one model" "$one" "$(digest "$small" "$small" --fold-field eventNumber --limit 700)"
same "five folds, batch 3" "$one" "$(digest "$small" "$small" "$small" "$small" "$small" \
    --fold-field eventNumber --limit 700 --batch 3 --threads 3)"

# ---- values within the model
whole=/classes/Gemm_output_0 tokens=/blocks/blocks.0/attention/Softmax_output_0
exits 2 "no value 'nothing'" "$kaon" eval "$small" --ood-hidden nothing
exits 2 "no value 'nothing'" "$kaon" eval "$small" --ood-logits nothing
exits 2 "'probabilities' is an output already" "$kaon" eval "$small" --ood-hidden probabilities
exits 3 "cannot be the logits" "$kaon" eval "$small" --ood-logits $tokens --limit 10
exits 2 "need a model" "$kaon" eval --scores "$jets" --tagger GN2v01 --ood-hidden $whole
same "the digest without what is within" "$(digest "$small" --limit 700)" \
    "$(digest "$small" --limit 700 --ood-hidden $tokens --ood-logits $whole --batch 5)"
exits 0 "" "$kaon" eval "$small" --limit 700 --ood-hidden $whole --ood-logits $whole --details
has "energy AUROC"; has "mahalanobis_hidden: $whole, means and covariance from the"
exits 0 "" "$kaon" eval "$small" --limit 10 --explain --ood-hidden $whole
has "strangeness"

# ---- fields with the other sign
exits 2 "takes no field 'mass'" "$kaon" eval "$small" --negate dphi,mass --limit 10
plain=$(digest "$gn2" --limit 200) flip=$(digest "$gn2" --limit 200 --negate \
    d0,lifetimeSignedD0Significance)
[ -n "$flip" ] && [ "$plain" != "$flip" ] || fail "negated fields change nothing"
python=$(command -v python3)
if [ -n "$python" ]; then
    "$python" - "$models/btag_small/eval.json" "$jets" <<'P'
import json, sys
config = json.load(open(sys.argv[1]))
for field in config["inputs"]["tracks"]["fields"]:
    if field["name"] == "dphi":
        field["scale"] = -field["scale"]
config["samples"] = {
    "low": {"files": [sys.argv[2]], "text": "low", "selection": ["pt_btagJes < 60_000"]},
    "high": {"files": [sys.argv[2]], "text": "high", "selection": ["pt_btagJes >= 60_000"]}}
json.dump(config, open("signs.json", "w"))
P
    same "a sign in the scale" "$(digest "$small" --config signs.json --limit 500)" \
        "$(digest "$small" --negate dphi --limit 500)"

    # ---- samples of eval.json
    exits 2 "has no sample 'middle'" "$kaon" eval "$small" --config signs.json --sample middle
    exits 0 "" "$kaon" eval "$small" --config signs.json --sample low,high
    has "SmallKaon_low"; has "SmallKaon_high"
    table >both.txt
    for s in low high; do
        exits 0 "" "$kaon" eval "$small" --config signs.json --sample $s
        table
    done >each.txt
    cmp -s both.txt each.txt && [ -s both.txt ] || fail "samples together are judged differently"
fi

# ---- names of scores
exits 2 "style 'cms' is none of" "$kaon" eval "$small" --style cms --limit 10
exits 0 "" "$kaon" eval "$small" --explain --style weaver
has "score_b of bjets, score_c of cjets, score_u of ujets"
exits 0 "" "$kaon" eval "$gn2" --explain --style generic
has "probability pb of bjets"
exits 0 "" "$kaon" eval "$small" --style weaver --limit 100 -o weaver --no-plots
grep -q score_b weaver/*.h5 || fail "no score_b in the predictions"

# ---- where things come from, without running
exits 0 "" "$kaon" eval "$small" --explain -o explained
has "IP3D_signed_d0_significance: (x + 0) \* 0.2, at least -4, at most 8, pad 0"
has "class bjets: HadronConeExclTruthLabelID == 5, probability SmallKaon_pb, from .*eval.json"
has "class taujets: .* from category 'single-btag'"
has "D_b: signal bjets, log, cjets 0.2, ujets 0.8, e 1e-10, from .*eval.json"
[ ! -e explained ] || fail "--explain writes"
exits 0 "" "$kaon" eval "$gn2" --explain --fractions GN2v01 --cut "pt > 30_000" --weight mcEventWeight \
    --negate d0
has "fields and scales from metadata 'gnn_config'"
has "d0: (-x + 0) \* 1"
has "D_b: .* from preset 'GN2v01' (as deployed"
has "cut pt > 30_000, from --cut"
has "weight mcEventWeight, from --weight"
exits 0 "" "$kaon" eval "$gn2" --explain --json
has '"data_from": .*eval.json'
has '"is": "per track"'
cp "$small" bare.onnx
exits 3 "nothing says which fields fill input 'tracks'" "$kaon" eval bare.onnx --explain
cp "$gn2" bare.onnx
exits 0 "" "$kaon" eval bare.onnx --explain --fractions GN2v01
has "output GN2kaon_pb: probability GN2kaon_pb of bjets, from its name"
exits 3 "no field 'nothing' wanted by the selection" "$kaon" eval "$small" --explain --cut "nothing > 1"

# ---- with the further data
if [ -d "$data/models/btag" ]; then
    btag=$data/models/btag formats=$data/data/flavour/formats
    # folds go to their models
    exits 0 "" "$kaon" eval "$btag/btag_gn2_vertex/model.onnx" "$btag/gn2_full_random/model.onnx" \
        --fold-field eventNumber --limit 2000 -o folds --no-plots --data "$data/data/flavour/jets.h5"
    for fold in 0:btag_gn2_vertex:GN2kaonV 1:gn2_full_random:GN2random; do
        cut="eventNumber % 2 == ${fold%%:*}" model=${fold#*:}
        sed "s/GN2kaonV/${model#*:}/" "$btag/btag_gn2_vertex/eval.json" >fold.json
        exits 0 "" "$kaon" eval "$btag/${model%:*}/model.onnx" --limit 2000 --cut "$cut" \
            --config fold.json --data "$data/data/flavour/jets.h5"
        table >alone.txt
        exits 0 "" "$kaon" eval --scores folds/GN2kaonV__test_*.h5 --tagger GN2kaonV --cut "$cut" \
            --config "$btag/btag_gn2_vertex/eval.json"
        table >fold.txt
        cmp -s alone.txt fold.txt && [ -s fold.txt ] || fail "fold $fold is judged differently"
    done

    # preprocess.json alone says what eval.json says
    mkdir part; cp "$btag/btag_particle/model.onnx" "$btag/btag_particle/preprocess.json" part/
    same "preprocess.json alone" "$(digest "$btag/btag_particle/model.onnx" --limit 300)" \
        "$(digest part/model.onnx --limit 300 --data "$data/data/flavour/jets.h5" --fractions GN2v01)"
    exits 0 "" "$kaon" eval part/model.onnx --data "$formats/nan_row.h5" --fractions GN2v01
    has "not finite, replaced: 2"
    # padding by repetition changes nothing behind the mask
    sed 's/"min_length": 1/"min_length": 40, "pad_mode": "wrap"/' part/preprocess.json |
        awk '/"pf_mask": \{/ { mask = 1 } mask { sub(/, "pad_mode": "wrap"/, "") } { print }' >wrap.json
    for p in preprocess wrap; do
        cp "$btag/btag_particle/$p.json" part/preprocess.json 2>/dev/null || cp wrap.json part/preprocess.json
        exits 0 "" "$kaon" eval part/model.onnx --limit 300 --data "$data/data/flavour/jets.h5" \
            --fractions GN2v01
        table >$p.txt
    done
    cmp -s preprocess.txt wrap.txt || fail "wrapped padding changes figures"
else
    echo "skipped: cases that need $data"
fi

cd / && rm -rf "$scratch"
ends
