#!/bin/sh
# Runs kaon bench: what it prints, its files and exit statuses. Nothing here looks at a time.
#   bench_test.sh KAON JSON_VALID MODELS
kaon=$1
json_valid=$2
models=$3
. "$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)/expect.sh"

bench() { # the tests of words and files need no more than this of the machine
    "$kaon" bench --quick "$@"
}

# ---- usage
expect 0 'Examples:' "$kaon" bench --help
expect 2 'is missing' "$kaon" bench
expect 2 'did you mean "gemm"?' bench kernels gem
expect 2 'no suite "zebra"' bench kernels zebra
expect 2 'is not a shape of softmax' bench kernels softmax --shape k=3
expect 2 'this CPU and build run' bench kernels --isa sse
expect 2 'did you mean "openblas"?' bench kernels --peer openbals
expect 2 'exclude each other' bench kernels --json --csv
expect 2 'there is no core 1023' bench machine --pin 1023
expect 2 'takes no argument' bench machine now
expect 2 'takes one file' bench saved
expect 3 'none.json: No such file' bench saved none.json
expect 3 'none.json: No such file' bench kernels --compare none.json
echo '{}' >no_run.json
expect 3 'not a run' bench saved no_run.json
echo 'x' >no_json.json
expect 3 'no_json.json: line 1' bench saved no_json.json

expect 4 'the peer openvino cannot be used' bench kernels --peer openvino --peers-folder "$dir"

# ---- machine
expect 0 'an empty step' bench machine
expect 0 '"levels"' bench machine --json
"$json_valid" cpu kernel governor kaon limits rows <out || bad=1

# ---- kernels
expect 0 '* kaon' bench kernels softmax --shape n=15
expect 0 'gemm/M=3,K=5,N=7' bench kernels gemm --shape M=3,K=5,N=7 --isa scalar
expect 0 'kaon scalar' bench kernels gemm --shape M=3,K=5,N=7 --isa all
expect 0 'softmax/n=64 ' bench kernels --only softmax/n=64
expect 0 '' bench kernels softmax gemm --shape n=15 --json --save a.json
"$json_valid" cpu kernel governor kaon limits peers rows <out || bad=1
for member in case impl isa median_ns min_ns p99_ns reps limit_share max_abs_diff; do
    grep -q "\"$member\"" out || { echo "FAILED: no $member in the rows"; bad=1; }
done
grep -q samples_ns out && { echo "FAILED: samples in the printed rows"; bad=1; }
grep -q samples_ns a.json || { echo "FAILED: no samples in the saved rows"; bad=1; }
expect 0 '| softmax/n=15 |' bench kernels softmax --shape n=15 --md
expect 0 'case,impl,form,isa' bench kernels softmax --shape n=15 --csv
expect 2 'exists; --force replaces it' bench kernels softmax --shape n=15 --save a.json
expect 0 '' bench kernels softmax --shape n=15 --save a.json --force
expect 0 '0 faster, 0 slower' bench saved a.json --compare a.json
expect 0 '* kaon' bench saved a.json
expect 0 '| softmax/n=15 |' bench saved a.json --md

# ---- models
gn2=$models/btag_gn2/model.onnx small=$models/btag_small/model.onnx
expect 0 '* kaon' bench "$small"
expect 0 'btag_gn2/n_tracks=0..3' bench "$gn2" --dim n_tracks=0..3 --cold
expect 0 'btag_small/N=4' bench "$small" --batch 4 --threads 2
expect 0 'kaon scalar' bench "$small" --isa all
expect 0 'operator, kernel, node' bench "$small" --profile
expect 0 '"profiles"' bench "$small" "$gn2" --profile --json
"$json_valid" cpu kernel governor kaon limits rows profiles <out || bad=1
for member in p999_ns max_ns runs_per_second allocations page_faults load_ms survival; do
    grep -q "\"$member\"" out || { echo "FAILED: no $member in the rows"; bad=1; }
done
grep -q '"allocations": 0.0' out || { echo "FAILED: runs of kaon allocate"; bad=1; }
expect 3 'none.onnx: No such file' bench none.onnx
expect 3 'kernel: No such file' bench kernel
expect 2 'not of the form' bench "$gn2" --dim n_tracks=5..3
expect 2 'did you mean "n_tracks"?' bench "$gn2" --dim n_track=3
expect 2 'named like a batch' bench "$gn2" --batch 2
expect 2 'nope' bench "$small" --backend nope
expect 2 'nope' bench "$small" --isa nope

# ---- the report, of what is there
mkdir runs docs
bench kernels softmax --shape n=15 --isa all --save runs/softmax.json >/dev/null
bench "$small" --save runs/btag_small.json >/dev/null
printf '<!-- begin softmax -->\nold\n<!-- end softmax -->\n<!-- begin gemm -->\nkept\n<!-- end gemm -->\n' >docs/performance.md
export KAON="$kaon" DOCS="$PWD/docs"
expect 0 'written' "$models/../tools/bench/report" --draw runs
grep -q '^| softmax/n=15 |' docs/performance.md && grep -q '^kept' docs/performance.md &&
    ! grep -q '^old' docs/performance.md || { echo "FAILED: the report's tables"; bad=1; }
[ -s docs/performance_softmax.png ] && [ -s docs/performance_btag_small.png ] ||
    { echo "FAILED: the report's pictures"; bad=1; }
expect 2 'usage' "$models/../tools/bench/report" --zebra

# ---- Ctrl-C: what is there is printed
"$kaon" bench kernels --quick --all --isa all >out 2>err &
sleep 1
kill -INT $!
wait $!
status=$?
if [ $status -ne 130 ] || ! grep -q '^\* kaon' out; then
    echo "FAILED: interrupted, status $status: $(cat out err)"
    bad=1
fi

[ $bad -eq 0 ] && echo "all as expected"
exit $bad
