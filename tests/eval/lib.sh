# What the shell tests of kaon eval share. To be read by them, with $kaon set.
failures=0

fail() { echo "FAILED: $*"; failures=$((failures + 1)); }

# exits CODE WORD COMMAND...: the command exits with CODE and says WORD on stderr in one line
exits() {
    code=$1 word=$2; shift 2
    "$@" >out.txt 2>err.txt; got=$?
    [ $got -eq "$code" ] || fail "exit $got instead of $code: $* ($(head -c 300 err.txt))"
    if [ -n "$word" ]; then
        grep -q -- "$word" err.txt || fail "no '$word' in: $(cat err.txt)"
        [ "$(grep -cv '^Try: ' err.txt)" -eq 1 ] || fail "more than one sentence: $(cat err.txt)"
    fi
}

# digest ARGUMENT...: of the outputs of the last model
digest() { "$kaon" eval "$@" --json 2>/dev/null | grep outputs_sha256 | tail -1; }

# has WORD: in what the last command printed
has() { grep -q -- "$1" out.txt || fail "no '$1' in: $(head -c 2000 out.txt)"; }

same() { # same WHAT A B
    [ -n "$2" ] && [ "$2" = "$3" ] || fail "$1: '$2' and '$3'"
}

ends() { # the last line of a test
    [ $failures -eq 0 ] || { echo "$failures failed"; exit 1; }
}
