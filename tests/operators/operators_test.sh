#!/bin/sh
# docs/operators.md is what kaon_operators writes.
#     operators_test.sh KAON_OPERATORS ROOT
set -eu
written=$("$1" "$2/tests/conformance/not_passed.tsv")
if [ "$written" != "$(cat "$2/docs/operators.md")" ]; then
    echo "$written" | diff - "$2/docs/operators.md" || true
    echo "write it anew: $1 tests/conformance/not_passed.tsv > docs/operators.md"
    exit 1
fi
