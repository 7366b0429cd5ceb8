#!/bin/sh
# kaon eval --shard and kaon merge: the files of one run, whatever the number of parts.
#   shards.sh KAON MODELS SCRATCH
kaon=$1 models=$2 scratch=$3
failures=0
small=$models/btag_small/model.onnx gn2=$models/btag_gn2/model.onnx jets=$models/jets/jets.h5
rm -rf "$scratch"; mkdir -p "$scratch" || exit 1
cd "$scratch" || exit 1

fail() { echo "FAILED: $*"; failures=$((failures + 1)); }

# exits CODE WORD COMMAND...: the command exits with CODE and says WORD
exits() {
    code=$1 word=$2; shift 2
    "$@" >out.txt 2>err.txt; got=$?
    [ $got -eq "$code" ] || fail "exit $got instead of $code: $* ($(head -c 300 err.txt))"
    [ -z "$word" ] || cat out.txt err.txt | grep -q -e "$word" || fail "no '$word' in: $(cat out.txt err.txt)"
}
# same_files A B: everything in A but run.json is in B, byte by byte
same_files() {
    for f in "$1"/*; do
        name=${f##*/}
        [ "$name" = run.json ] || cmp "$f" "$2/$name" || fail "$2/$name differs"
    done
}

# ---- any number of parts gives the files of one run; threads, batch and instructions do not matter
short="--limit 700"
exits 0 "" "$kaon" eval "$small" --data "$jets" --data "$jets" --limit 20700 --cut "pt_btagJes > 25_000" \
    --plots roc,discriminant -o one
for n in 1 3 16; do
    i=0
    while [ $i -lt $n ]; do
        cpu=avx2; [ $((i % 5)) -ne 1 ] || cpu=scalar
        exits 0 "Shard $i of $n" "$kaon" eval "$small" --data "$jets" --data "$jets" --limit 20700 \
            --cut "pt_btagJes > 25_000" --shard $i/$n -o parts_$n --threads $((i % 3 + 1)) \
            --batch $((i + 1)) --cpu $cpu
        i=$((i + 1))
    done
    exits 0 "joined from shards" "$kaon" merge parts_$n --plots roc,discriminant -o joined_$n
    same_files one joined_$n
done

# ---- two models, one with tracks, and a tagger of both
exits 0 "" "$kaon" eval "$small" "$gn2" --data "$jets" $short --no-plots -o two
for i in 1 0; do
    exits 0 "" env SLURM_ARRAY_TASK_ID=$((3 + i)) SLURM_ARRAY_TASK_MIN=3 SLURM_ARRAY_TASK_MAX=4 \
        SLURM_ARRAY_TASK_COUNT=2 "$kaon" eval "$small" "$gn2" --data "$jets" $short --shard auto -o pair
done
exits 0 "" "$kaon" merge pair --no-plots
same_files two pair
exits 2 "exists" "$kaon" merge pair --no-plots
exits 0 '"outputs_sha256"' "$kaon" merge pair --no-plots --force --json

# ---- everything else that an evaluation can have, in three parts
# in_three NAME ARGUMENTS...: the same files from one run and from three
in_three() {
    name=$1; shift
    exits 0 "" "$kaon" eval "$@" --no-plots -o "whole_$name"
    for i in 2 0 1; do exits 0 "" "$kaon" eval "$@" --shard $i/3 -o "three_$name"; done
    exits 0 "" "$kaon" merge "three_$name" --no-plots -o "joined_$name"
    same_files "whole_$name" "joined_$name"
}
cp "$small" second.onnx
in_three folds "$small" second.onnx "$small" --fold-field eventNumber --data "$jets" $short
in_three made "$small" "$gn2" --data "$jets" $short --ensemble Mean=average:SmallKaon,GN2kaon \
    --cascade Fast=SmallKaon,GN2kaon:0.9
grep -q '"macs_per_jet": [0-9]' joined_made/metrics.json || fail "a merge has lost what a cascade costs"
in_three inner "$small" --data "$jets" $short --ood-hidden /dense/Gemm_output_0 \
    --ood-logits /classes/Gemm_output_0
grep -q '"mahalanobis_hidden"' joined_inner/metrics.json || fail "a merge has lost the hidden value"
in_three style "$small" --data "$jets" $short --style weaver

# ---- metrics.json does not know where files lie
mkdir -p here there/deeper
for to in here there/deeper; do
    cp "$small" "$models/btag_small/eval.json" "$jets" $to/
    exits 0 "" "$kaon" eval $to/model.onnx --data $to/jets.h5 $short --no-plots -o $to/out
done
cmp here/out/metrics.json there/deeper/out/metrics.json || fail "metrics.json depends on the folder"

# ---- neither model nor data are needed for a merge
cp "$small" model.onnx; cp "$models/btag_small/eval.json" .; cp "$jets" jets.h5
for i in 0 1; do exits 0 "" "$kaon" eval model.onnx --data jets.h5 $short --shard $i/2 -o alone; done
exits 0 "" "$kaon" eval model.onnx --data jets.h5 $short --no-plots -o before
rm model.onnx eval.json jets.h5
exits 0 "" "$kaon" merge alone --no-plots
same_files before alone

# ---- a finished part is skipped, one of another evaluation is not replaced unasked
inode=$(stat -c %i pair/out.shard-00000-of-00002.h5)
exits 0 "" "$kaon" eval "$small" "$gn2" --data "$jets" $short --shard 0/2 -o pair
[ "$inode" = "$(stat -c %i pair/out.shard-00000-of-00002.h5)" ] || fail "a finished part was made again"
exits 2 "another evaluation: words" "$kaon" eval "$small" "$gn2" --data "$jets" --limit 600 --shard 0/2 -o pair

# ---- what is missing, there twice, or of another run
rm parts_16/out.shard-00003-of-00016.h5 parts_16/out.shard-0000[789]-of-00016.h5
exits 6 "array=3,7-9" "$kaon" merge parts_16
cp pair/out.shard-00000-of-00002.h5 again.h5
exits 6 "overlap" "$kaon" merge pair again.h5
exits 3 "different runs: shards is 3 and 1" "$kaon" merge parts_3 parts_1
exits 0 "" "$kaon" eval "$small" --data "$jets" --limit 600 --shard 1/2 -o other
exits 3 "different runs: words" "$kaon" merge pair/out.shard-00000-of-00002.h5 other/*.h5
exits 3 "no shards" "$kaon" merge one
exits 3 "is no shard" "$kaon" merge "$jets"
head -c 20000 again.h5 >cut.h5
exits 3 "cut.h5" "$kaon" merge cut.h5
exits 2 "DIR|FILE" "$kaon" merge

# ---- wrong usage
exits 2 "needs --out" "$kaon" eval "$small" --data "$jets" --shard 0/2
for wrong in 2/2 -1/2 x 1/ /3 1/2/3; do
    exits 2 "shard takes" "$kaon" eval "$small" --data "$jets" "--shard=$wrong" -o wrong
done
exits 2 "neither" env -u SLURM_ARRAY_TASK_ID -u SLURM_PROCID "$kaon" eval "$small" --data "$jets" --shard auto -o wrong
exits 2 "gaps" env SLURM_ARRAY_TASK_ID=7 SLURM_ARRAY_TASK_MIN=3 SLURM_ARRAY_TASK_MAX=7 \
    SLURM_ARRAY_TASK_COUNT=2 "$kaon" eval "$small" --data "$jets" --shard auto -o wrong

# ---- Ctrl-C leaves finished parts and no half file
"$kaon" eval "$gn2" --data "$jets" --threads 1 --cpu scalar --shard 1/2 -o stopped >out.txt 2>err.txt &
pid=$!
sleep 1; kill -INT $pid; wait $pid; got=$?
[ $got -eq 130 ] || fail "exit $got after an interrupt"
[ -z "$(ls stopped 2>/dev/null)" ] || fail "an interrupt leaves $(ls stopped)"

cd / && rm -rf "$scratch"
[ $failures -eq 0 ] || { echo "$failures failed"; exit 1; }
