#!/bin/sh
# Each backend against own, node by node, on the models that come with kaon and on the flavour
# taggers; and against the stored outputs of all models and cases, which it must pass as own does.
#     models_test.sh KAON DATA WORK_DIR
set -eu
kaon=$1 data=$2 work=$3
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
mkdir -p "$work"

# A model whose output hangs on the order of a sum more than its tolerance allows.
known=hgcal_supercluster_v2p1

for backend in openblas xnnpack; do
    "$kaon" check "$here/../../models" --backend $backend --against own
    "$kaon" info "$here/../../models/btag_gn2/model.onnx" --dim n_tracks=7 --why \
        --backend $backend >"$work/why"
    grep "^$backend computes [1-9]" "$work/why"
    grep 'LayerNormalization .*: ' "$work/why" >/dev/null
    [ -d "$data/models" ] || continue
    "$kaon" check "$data/models/btag" --backend $backend --against own
    for set in cases models; do
        dir=$work/cases
        [ $set = cases ] || dir=$data/models
        "$kaon" check "$dir" --backend $backend >"$work/$set.$backend" || [ $? = 5 ]
        tail -n 1 "$work/$set.$backend"
        sed -n 's/^\(failed\|refused\) \([^:]*\):.*/\2/p' "$work/$set.$backend"
    done | grep -v ' passed, ' | grep -v "$known" | sort >"$work/not_passed.$backend"
    grep -v '^#' "$here/../conformance/not_passed.tsv" | cut -f 1 | sort >"$work/known"
    if comm -23 "$work/not_passed.$backend" "$work/known" | grep .; then
        echo "$backend fails where own passes"
        exit 1
    fi
done
