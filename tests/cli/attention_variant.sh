#!/bin/sh
# Other attentions than a model's own: attention_variant.sh KAON JSON_VALID MODELS PLUGIN.so
kaon=$1 valid=$2 models=$3 plugin=$4
. "$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)/expect.sh"
gn2=$models/btag_gn2/model.onnx small=$models/btag_small/model.onnx
fail() { echo "FAILED: $*"; bad=1; }

run() { "$kaon" run "$gn2" -d n_tracks=9 --json "$@" | sed -n 's/.*"sha256": "\(.*\)".*/\1/p'; }
own=$(run)

# ---- the list
expect 0 'softpick (stream)' "$kaon" attention list
"$kaon" attention list --json >list.json && "$valid" attention <list.json || fail "the list is no JSON"
[ "$(grep -c '"family"' list.json)" = "$("$kaon" attention list | grep -c '^[a-z]')" ] ||
    fail "the lists differ in length"
expect 2 'is not list' "$kaon" attention lits

# ---- layers
[ "$(run --attention softmax)" = "$own" ] || fail "softmax in place of softmax changes bits"
one=$(run --attention 1:softpick) all=$(run --attention softpick)
[ "$one" != "$own" ] && [ "$all" != "$own" ] && [ "$all" != "$one" ] ||
    fail "softpick in a layer, in all and in none are the same"
[ "$(run --attention layers=0-4:softpick)" = "$all" ] || fail "0-4 are not all layers"
[ "$(run --attention softpick,0-4:softmax)" = "$own" ] || fail "the last word does not count"
[ "$(run --attention 'relu:gamma=1' --cpu scalar)" = "$(run --attention relu)" ] ||
    fail "a default that is given, or the instruction set, changes bits"
"$kaon" info "$gn2" --graph --attention 3:sigmoid:gamma=0.5 >graph
[ "$(grep -c 'variant="sigmoid:gamma=0.5"' graph)" = 1 ] || fail "the graph does not say it"
expect 2 'no attention layer 5: the model has 5, from 0 to 4' "$kaon" info "$gn2" --attention 5:softpick
expect 2 "no attention variant 'softpik'; near are softpick" "$kaon" run "$gn2" --attention softpik
expect 2 "softpick has no parameter 'b'; it has eps" "$kaon" run "$gn2" --attention softpick:b=1
expect 2 'gamma is 1e+06, wanted' "$kaon" run "$gn2" --attention relu:gamma=1000000
expect 2 "wants a number" "$kaon" run "$gn2" --attention relu:gamma=one
expect 2 'is no LAYERS:VARIANT' "$kaon" run "$gn2" --attention 3-1:relu
expect 0 'softpick' "$kaon" info "$gn2" --plan -d n_tracks=9 --attention softpick
expect 0 'GN2kaon' "$kaon" eval "$gn2" --limit 50 --no-plots --attention exp_n
expect 2 'no attention layer was recognised' "$kaon" run "$small" --passes-stop-after -1 --attention relu

# ---- every variant runs in a tagger, or says in one sentence why it cannot
for variant in $("$kaon" attention list --json | sed -n 's/^      "name": "\([a-z_0-9]*\)",$/\1/p'); do
    "$kaon" run "$gn2" -d n_tracks=9 --attention "$variant" >out 2>err
    case $? in
        0) grep -q nan out && fail "$variant gives NaN" ;;
        2) grep -qE ' which [a-z_]+ cannot$|, an array, which cannot be given here$' err ||
            fail "$variant: $(cat err)" ;;
        *) fail "$variant: $(cat err)" ;;
    esac
done

# ---- a sweep: the model and each variant in one report
"$kaon" eval "$gn2" --limit 60 --json --attention-sweep 'softmax;softpick' >sweep.json
"$valid" attention_sweep models <sweep.json || fail "the sweep is no JSON"
grep -q '"GN2kaon+softpick"' sweep.json || fail "the sweep has no model of the variant"
[ "$(grep -c '"largest_change": 0.0,' sweep.json)" = 1 ] || fail "softmax in place of softmax changes scores"
expect 0 'Attention in place' "$kaon" eval "$gn2" --limit 60 --attention-sweep softpick
expect 2 'goes with models alone' "$kaon" eval "$gn2" --limit 60 --attention-sweep softpick --attention relu
expect 2 'near are softpick' "$kaon" eval "$gn2" --limit 60 --attention-sweep 'relu;softpik'
for part in 0/2 1/2; do
    "$kaon" eval "$gn2" --limit 60 --attention-sweep softpick --shard $part -o parts -q >out 2>err ||
        fail "a part of a sweep: $(cat err)"
done
"$kaon" merge parts --json -q >merged.json 2>err || fail "merging a sweep: $(cat err)"
"$kaon" eval "$gn2" --limit 60 --attention-sweep softpick --json -q >whole.json
for file in merged whole; do
    sed -n '/"attention_sweep"/,/^  \]/p' $file.json >$file.sweep
done
cmp merged.sweep whole.sweep || fail "parts of a sweep give another one"

# ---- a plug-in
cp "$plugin" cold.so
[ "$(run --attention-plugin cold.so)" = "$own" ] || fail "a plug-in that is not asked for changes bits"
cold=$(run --attention-plugin ./cold.so --attention cold_softmax:t=0.5)
[ -n "$cold" ] && [ "$cold" != "$own" ] || fail "the plug-in changes nothing: $cold"
[ "$(run --attention-plugin cold.so --attention cold_softmax:t=0.5 --threads 2)" = "$cold" ] ||
    fail "threads change bits"
"$kaon" run "$small" -o plain -q && "$kaon" run "$small" -o plugin -q --attention-plugin cold.so \
    --attention cold_softmax || fail "no outputs"
expect 2 "near are cold_softmax" "$kaon" run "$gn2" --attention-plugin cold.so --attention cold_softmx
expect 2 "wanted 0.001 to 1000" "$kaon" run "$gn2" --attention-plugin cold.so --attention cold_softmax:t=0
expect 2 'two attention plug-ins are called' "$kaon" run "$gn2" --attention-plugin cold.so --attention-plugin cold.so
expect 2 'no.so' "$kaon" run "$gn2" --attention-plugin no.so
echo 'not an object' >text.so
expect 2 'text.so' "$kaon" run "$gn2" --attention-plugin text.so
exit $bad
