#!/bin/sh
# kaon eval --slurm-script on a real Slurm that this script starts: array jobs of 1, 3 and 16 parts, one
# task killed and put back, the merge by dependency; the files are those of one run.
#   slurm.sh KAON MODELS SCRATCH
kaon=$1 models=$2 scratch=$3
here=$(cd "$(dirname "$0")" && pwd)
failures=0
fail() { echo "FAILED: $*"; failures=$((failures + 1)); }
skip() { echo "skipped: $*"; exit 77; }

[ "$(id -u)" -eq 0 ] || skip "a Slurm of one's own needs root"
for program in munged slurmctld slurmd sbatch; do
    command -v $program >/dev/null || skip "no $program (third_party/install-deps.sh slurm)"
done
rm -rf "$scratch"; mkdir -p "$scratch" || exit 1
cd "$scratch" || exit 1
. "$here/cluster.sh"
work=$(mktemp -d) # a socket has a short name only
trap 'cluster_stop; rm -rf "$work"' EXIT
cluster_start "$work" || { tail -n 5 "$work"/*.log "$work"/*.out; skip "Slurm does not start here"; }

small=$models/btag_small/model.onnx gn2=$models/btag_gn2/model.onnx jets=$models/jets/jets.h5
finished() { [ -z "$(squeue -h)" ]; }

"$kaon" eval "$small" "$gn2" --data "$jets" --limit 4000 -o one --no-plots >/dev/null || fail "one run"
for n in 1 3 16; do
    "$kaon" eval "$small" "$gn2" --data "$jets" --limit 4000 -o "parts $n" --slurm-script $n >submit.sh ||
        fail "no script"
    sh submit.sh >submitted.txt || fail "not submitted: $(cat submitted.txt)"
    if [ $n -eq 3 ]; then # a task that is taken from its node and starts again
        array=$(head -n 1 submitted.txt)
        cluster_wait 20 sh -c "squeue -h -t R -j ${array}_0 -o %A | grep -q ." &&
            scontrol requeue "${array}_0" 2>requeue.txt
    fi
    cluster_wait 400 finished || { squeue; fail "$n parts do not end"; scancel -u root; }
    [ $n -ne 3 ] || scontrol show job "${array}_0" | grep -q Restarts=1 || fail "no task was put back"
    [ "$(find "parts $n" -name 'out.shard-*.h5' | wc -l)" -eq $n ] || fail "not $n parts: $(cat "parts $n"/*.log)"
    for f in one/*; do
        name=${f##*/}
        [ "$name" = run.json ] || cmp "$f" "parts $n/$name" || fail "$n parts: $name differs"
    done
done

# ---- a task that fails keeps the merge from running
"$kaon" eval "$small" --data "$jets" --limit 500 -o broken --slurm-script 2 >submit.sh
sed -i "s/--shard/--no-such-option --shard/" submit.sh
sh submit.sh >submitted.txt || fail "not submitted"
cluster_wait 120 finished || { fail "a failed array leaves its merge waiting"; scancel -u root; }
[ ! -e broken/metrics.json ] || fail "a merge of nothing"

cd / && rm -rf "$scratch"
[ $failures -eq 0 ] || { echo "$failures failed"; exit 1; }
