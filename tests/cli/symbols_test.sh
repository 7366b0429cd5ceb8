#!/bin/sh
# No function of the command line may have the name of one inside the library: linked statically,
# the library would call the wrong one.
#   symbols_test.sh LIBRARY OBJECT...
library=$1
shift
names() {
    nm --defined-only "$@" 2>/dev/null | awk 'NF == 3 && $2 ~ /^[A-TX-Z]$/ { print $3 }' | sort -u
}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
names "$library" >"$dir/library"
names "$@" | grep '^kaon_' >"$dir/tools"
if [ ! -s "$dir/library" ] || [ ! -s "$dir/tools" ]; then
    echo "nm lists no names"
    exit 1
fi
both=$(comm -12 "$dir/library" "$dir/tools")
[ -z "$both" ] && exit 0
echo "defined twice:" $both
exit 1
