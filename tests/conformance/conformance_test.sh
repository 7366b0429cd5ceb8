#!/bin/sh
# Compares what does not pass with the list of what is known not to, not_passed.tsv: a case that is
# not on the list must pass, so that the number of passes may only grow.
#     conformance_test.sh KAON DATA WORK_DIR
set -eu
kaon=$1 data=$2 work=$3
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

"$kaon" check "$here/../../models"
if [ ! -d "$data/conformance" ]; then
    echo "skipped: no further models and cases in $data"
    exit 77
fi
mkdir -p "$work"
sh "$data/conformance/unpack.sh" "$work/cases"
for set in cases models; do
    dir=$work/cases
    [ $set = cases ] || dir=$data/models
    "$kaon" check "$dir" >"$work/$set.out" 2>"$work/$set.err" || [ $? = 5 ]
    tail -n 1 "$work/$set.out"
    sed -n 's/^\(failed\|refused\) \([^:]*\):.*/\2/p' "$work/$set.out"
done | sort >"$work/now"
grep ' passed, ' "$work/now"
grep -v ' passed, ' "$work/now" >"$work/not_passed"
grep -v '^#' "$here/not_passed.tsv" | cut -f 1 | sort >"$work/known"
if comm -23 "$work/not_passed" "$work/known" | grep .; then
    echo "these are not in tests/conformance/not_passed.tsv and must pass"
    exit 1
fi
if comm -13 "$work/not_passed" "$work/known" | grep .; then
    echo "these pass: take them off tests/conformance/not_passed.tsv"
    exit 1
fi
