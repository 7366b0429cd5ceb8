#!/bin/sh
# kaon eval --plain and kaon merge --plain: columns, and the numbers of --json.
#   plain.sh KAON MODELS SCRATCH
kaon=$1 models=$2 scratch=$3
# shellcheck source=tests/eval/lib.sh
. "$(dirname "$0")/lib.sh"
small=$models/btag_small/model.onnx
rm -rf "$scratch"; mkdir -p "$scratch" || exit 1
cd "$scratch" || exit 1

# value QUANTITY DISCRIMINANT CLASS AT COLUMN: of plain.txt
value() {
    awk -F'\t' -v q="$1" -v d="$2" -v c="$3" -v a="$4" -v n="$5" \
        '$5 == q && $3 == d && $4 == c && $6 == a { print $n }' plain.txt
}

"$kaon" eval "$small" --limit 3000 --plain >plain.txt || fail "exit $?"
"$kaon" eval "$small" --limit 3000 --json >full.json || fail "exit $?"
same columns "$(head -1 plain.txt)" \
    "$(printf 'tagger\tsample\tdiscriminant\tclass\tquantity\tat\tvalue\terror\tlow\thigh')"
same "number of columns" "$(awk -F'\t' '{ print NF }' plain.txt | sort -u)" 10
[ -z "$(awk -F'\t' '{ for (i = 1; i <= NF; i++) if ($i == "") print }' plain.txt)" ] || fail "empty columns"
same jets "$(value jets - - - 7)" 3000
same judged "$(value judged - - - 7)" \
    "$(awk -F'\t' '$5 == "judged" && $4 != "-" { n += $7 } END { print n }' plain.txt)"

# in_json MEMBER NUMBER: a member of --json has that number, to the ten digits that --plain has
in_json() {
    awk -v m="\"$1\":" -v v="$2" '$1 == m && v != "" && ($2 - v) ^ 2 <= (1e-9 * v) ^ 2 { found = 1 }
        END { exit !found }' full.json || fail "$1 $2 is not in --json"
}
in_json cut "$(value cut D_b bjets 0.7 7)"
for column in 7 8 9 10; do
    name=$(echo x x x x x x rejection error low high | cut -d' ' -f$column)
    in_json "$name" "$(value rejection D_b cjets 0.7 $column)"
done
in_json cjets "$(value auc D_b cjets - 7)"
in_json efficiency "$(value efficiency D_b cjets 0.7 7)"
in_json efficiency_error "$(value efficiency D_b cjets 0.7 8)"
[ "$(value warning - - truncated 7)" -gt 0 ] || fail "no warnings"

# joined parts print the same
for part in 0 1 2; do
    "$kaon" eval "$small" --limit 3000 --shard $part/3 --out parts --plain >shard.txt || fail "shard $part"
done
same "columns of a shard" "$(head -1 shard.txt)" "$(printf 'shard\tshards\tfirst\tend\tfile')"
same "a shard" "$(sed 1d shard.txt | cut -f1-4)" "$(printf '2\t3\t2000\t3000')"
"$kaon" merge parts --no-plots --plain >merged.txt || fail "merge"
cmp plain.txt merged.txt || fail "kaon merge prints other numbers"

exits 2 "neither with --json" "$kaon" eval "$small" --plain --json
exits 2 "nor with --explain" "$kaon" eval "$small" --plain --explain
ends
