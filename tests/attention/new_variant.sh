#!/bin/sh
# Is what docs/attention.md says of a new variant true? Applies its diff to a copy of the files that it
# touches, builds those and runs the checks of all variants with them: new_variant.sh ROOT LIBRARIES...
set -eu
root=$1
shift
command -v patch >/dev/null || { echo "skipped: there is no patch"; exit 77; }
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
tree=$work/tree
sed -n '/^```diff/,/^```$/p' "$root/docs/attention.md" | sed '1d;$d' > "$work/diff"
mkdir -p "$tree/kernels/attention" "$tree/engine/base" "$tree/tests/attention"
for file in $(sed -n 's|^--- a/||p' "$work/diff"); do
    cp "$root/$file" "$tree/$file"
done
patch -s -p1 -d "$tree" < "$work/diff"
added=$(sed -n 's|^+++ b/\(kernels/.*\)|\1|p' "$work/diff")
name=$(basename "$added" .c)

cc="${CC:-cc} -std=gnu11 -O1 -ffp-contract=off -Wall -Wextra -Werror -I$tree -I$root"
form() { # instruction set, its flags
    isa=$1 ISA=$(echo "$1" | tr '[:lower:]' '[:upper:]')
    shift
    for source in "$tree/$added" "$root/kernels/attention/table.c"; do
        $cc "$@" -DKAON_ISA="$isa" "-DKAON_ISA_$ISA=1" -c "$source" \
            -o "$work/$(basename "$source" .c)_$isa.o"
    done
}
form scalar
form avx2 -mavx2 -mfma -mf16c
form avx512 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mf16c

# Objects that stand before the library take the place of its own.
$cc "$root/tests/attention/reductions_test.c" "$tree/tests/attention/reference.c" "$work"/*.o \
    "$@" -o "$work/checks"
"$work/checks" > "$work/log" 2>&1 || { cat "$work/log"; exit 1; }
nm "$work/checks" | grep -q "kaon_attention_${name}_avx2" || { echo "$name is not there"; exit 1; }
