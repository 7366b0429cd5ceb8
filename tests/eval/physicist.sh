#!/bin/sh
# Runs the commands of docs/physicist.md, in order: lines that are indented and begin with "kaon". One
# that ends with "# exit status N" must exit so, the others with 0; pictures named there must exist.
#   physicist.sh KAON MODELS PAGE SCRATCH
# KAON_KEEP in the environment leaves the scratch folder, with the pictures.
kaon=$1 models=$2 page=$3 scratch=$4
# shellcheck source=tests/eval/lib.sh
. "$(dirname "$0")/lib.sh"
rm -rf "$scratch"; mkdir -p "$scratch/bin" || exit 1
cd "$scratch" || exit 1
ln -s "$models" models
ln -s "$kaon" bin/kaon
PATH=$scratch/bin:$PATH

sed -n 's/^    \(kaon .*\)/\1/p' "$page" >commands
[ "$(wc -l <commands)" -gt 20 ] || fail "only $(wc -l <commands) commands in $page"
while IFS= read -r line <&3; do
    case $line in *"# exit status "*) want=${line##*# exit status } ;; *) want=0 ;; esac
    sh -c "$line" >out.txt 2>err.txt </dev/null; got=$?
    [ "$got" = "$want" ] || fail "exit $got instead of $want: $line: $(head -c 300 err.txt)"
    [ "$want" != 0 ] || [ -s out.txt ] || [ -s submit.sh ] || fail "says nothing: $line"
done 3<commands

for f in $(grep -o 'physicist_[a-z]*\.png' "$page"); do
    [ -s "$(dirname "$page")/$f" ] || fail "no picture $f"
done
cmp -s scored/metrics.json parts/metrics.json || fail "parts do not merge to the whole"
[ -s scored/report.html ] && [ -s scored/efficiency_D_b_pt_70_flat.csv ] || fail "files are missing"

cd / && [ -n "${KAON_KEEP:-}" ] || rm -rf "$scratch"
ends
