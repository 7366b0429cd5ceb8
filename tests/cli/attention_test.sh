#!/bin/sh
# How many attention layers of each model run as one node: attention_test.sh KAON MODELS DATA.
kaon=$1 models=$2 data=$3 bad=0
layers() { # MODEL WANTED
    [ -f "$1" ] || { echo "skipped: $1 is not there"; return; }
    got=$("$kaon" info "$1" --why | grep -cE '^ *[0-9]+  fuse-(attention|pooling) ')
    [ "$got" = "$2" ] || { echo "FAILED: $got layers of $1, wanted $2"; bad=1; }
}
# pooling over tokens counts as one
layers "$models/btag_small/model.onnx" 3
layers "$models/btag_gn2/model.onnx" 5
layers "$data/models/btag/btag_particle/model.onnx" 4
layers "$data/models/btag/btag_gn2_vertex/model.onnx" 5
layers "$data/models/btag/gn2_full_random/model.onnx" 5
layers "$data/models/cms/part_ak4_nominal/model.onnx" 4
layers "$data/models/cms/part_ak4_robust/model.onnx" 4
layers "$data/models/lm/tiny-gpt2/model.onnx" 3
layers "$data/models/lm/bert-tiny/model.onnx" 2
# every softmax has a verdict: it became a node, or there is a line that says why not
for model in "$models"/*/model.onnx "$data"/models/btag/*/model.onnx "$data"/models/cms/*/model.onnx; do
    [ -f "$model" ] || continue
    left=$("$kaon" info "$model" --graph | grep -cE '=Softmax[{(]')
    said=$("$kaon" info "$model" --why | grep -cE '^ *fuse-attention .*: not applied: ')
    [ "$left" -le "$said" ] || { echo "FAILED: $left softmax in $model, $said remarks"; bad=1; }
done
exit $bad
