#!/bin/sh
# How many attention layers of each model run as one node: attention_test.sh KAON MODELS DATA.
kaon=$1 models=$2 data=$3 bad=0
layers() { # MODEL WANTED
    [ -f "$1" ] || { echo "skipped: $1 is not there"; return; }
    got=$("$kaon" info "$1" --why | grep -c '^ *[0-9][0-9]*  fuse-attention ')
    [ "$got" = "$2" ] || { echo "FAILED: $got layers of $1, wanted $2"; bad=1; }
}
layers "$models/btag_small/model.onnx" 3
layers "$models/btag_gn2/model.onnx" 4
layers "$data/models/btag/btag_particle/model.onnx" 4
layers "$data/models/btag/btag_gn2_vertex/model.onnx" 4
layers "$data/models/btag/gn2_full_random/model.onnx" 4
layers "$data/models/cms/part_ak4_nominal/model.onnx" 4
layers "$data/models/cms/part_ak4_robust/model.onnx" 4
exit $bad
