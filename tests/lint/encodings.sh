#!/bin/sh
# Instructions by encoding: only AVX-512 objects may hold EVEX, only they and AVX2 objects VEX. An
# instruction of a later form in an object that every CPU runs ends the program on an older one.
#     encodings.sh none|vex|evex OBJECT...      the most that the objects may hold
set -u
most=$1
shift
command -v objdump >/dev/null || { echo "skipped: there is no objdump"; exit 77; }
case $most in
none) forbidden='62|c4|c5' ;; # first bytes: in 64-bit code they mean EVEX and VEX and nothing else
vex) forbidden='62' ;;
evex) forbidden='none' ;;
esac
bad=0 seen=0
for object; do
    found=$(objdump -d --insn-width=15 "$object" |
        grep -E "^ *[0-9a-f]+:[[:blank:]]($forbidden) " | head -n 3)
    seen=$((seen + 1))
    [ -z "$found" ] && continue
    echo "$object holds instructions beyond '$most':"
    echo "$found"
    bad=1
done
if [ "$most" = evex ] && ! objdump -d "$@" | grep -q zmm; then
    echo "no object uses a 512-bit register: built with the wrong flags?"
    bad=1
fi
echo "$seen objects"
exit $bad
