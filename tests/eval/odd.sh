#!/bin/sh
# Scores of all odd kinds have defined answers, counted warnings and no crash: odd.sh KAON SCRATCH.
kaon=$1 scratch=$2
# shellcheck source=tests/eval/lib.sh
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null || { echo "skipped: there is no python3"; exit 77; }
make=$(cd "$(dirname "$0")" && pwd)/odd_scores.py
rm -rf "$scratch"; mkdir -p "$scratch" || exit 1
cd "$scratch" || exit 1

judge() { # CASE WORDS [OPTION...]: it ends well and says the words
    case_name=$1 words=$2
    shift 2
    python3 "$make" . "$case_name" || fail "no case $case_name"
    exits 0 "" timeout -s KILL 120 "$kaon" eval --scores "$case_name" --tagger T --fractions fc=0.2 \
        --no-plots --details "$@" -o out --force
    has "$words"
    grep -q -- '-nan' out.txt && fail "$case_name prints -nan"
    [ -s out/metrics.json ] || fail "$case_name writes no metrics"
}

judge one_signal "1 b-jets"
judge no_signal "no jet of the signal"
judge no_background "class 'cjets': no jet passes"
judge no_class "of no class, left out: 600"
judge no_c "class 'cjets': no jet passes"
judge nan "no probability, left out: 3"
judge all_nan "no probability, left out: 600"
judge logits "no probability, left out: 600"
judge negative_scores "no probability, left out: 1"
judge zeros "half precision"
judge equal "0.5000"
judge negative_weights "AUC" --weight w
judge negative_sum "AUC" --weight w
judge zero_weights "AUC" --weight w
judge nan_weight "weight that is not finite, left out: 1" --weight w
judge large_weight "weight that is not finite, left out: 1" --weight w
judge none "among 0 selected"
cd / && rm -rf "$scratch"
