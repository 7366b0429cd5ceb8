#!/bin/sh
# What a program does to its surroundings: pipes, terminals, full disks, interrupts, processors.
#   habits.sh KAON MODELS
kaon=$1 models=$2
. "$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)/expect.sh"
small=$models/btag_small/model.onnx gn2=$models/btag_gn2/model.onnx
HOME=$dir XDG_CONFIG_HOME=
export HOME XDG_CONFIG_HOME

fail() { echo "FAILED: $*"; bad=1; }

# one_sentence WHAT STATUS WANTED: of a command that has just ended, with err
one_sentence() {
    [ "$2" -eq "$3" ] || fail "$1: exit $2, wanted $3: $(cat err)"
    [ "$(wc -l <err)" -eq 1 ] && grep -q '^kaon: ' err || fail "$1: not one sentence: $(cat err)"
}

# ---- a reader that goes early: no words, and no signal
for words in "eval $small --limit 100" "eval $small --limit 100 --json" \
             "eval $small --limit 100 --plain" "eval $small --explain" "info $gn2 --plan" \
             "run $gn2" "help eval" "help --man eval" "completion fish"; do
    # shellcheck disable=SC2086
    { "$kaon" $words 2>err; echo $? >status; } | true
    [ ! -s err ] || fail "a closed pipe after $words: $(cat err)"
    case $(cat status) in 0 | 1) ;; *) fail "a closed pipe: exit $(cat status) of $words" ;; esac
    if [ -w /dev/full ]; then
        # shellcheck disable=SC2086
        "$kaon" $words >/dev/full 2>err
        one_sentence "a full disk under $words" $? 1
        grep -q 'No space left' err || fail "a full disk: $(cat err)"
    fi
    # shellcheck disable=SC2086
    "$kaon" $words >&- 2>err
    one_sentence "closed output of $words" $? 1
done
# no file takes the place of a closed stream
"$kaon" run "$small" --repeat 20000000 <&- >&- 2>&- &
pid=$!
sleep 1
for stream in 0 1 2; do
    at=$(readlink /proc/$pid/fd/$stream)
    [ "$at" = /dev/null ] || fail "stream $stream, closed, is $at"
done
kill $pid
wait $pid
"$kaon" eval "$small" --limit 100 --no-plots -o closed <&- >&- 2>err
one_sentence 'closed output' $? 1
expect 0 '' "$kaon" eval "$small" --limit 100 --no-plots -o open
cmp open/metrics.json closed/metrics.json || fail "results went into a file"
"$kaon" eval "$small" --limit 100 >out 2>&- || fail "closed standard error: $?"

# ---- colour and progress are for terminals that want them
esc=$(printf '\033')
# on_terminal WORDS: stdout and stderr are one; into typescript
on_terminal() { script -qec "$*" /dev/null >typescript 2>/dev/null </dev/null; }
"$kaon" evla 2>err
grep -q "$esc" err && fail "colour without a terminal"
if command -v script >/dev/null; then
    unset NO_COLOR
    TERM=xterm
    export TERM
    on_terminal "'$kaon' evla"
    grep -q "$esc" typescript || fail "no colour on a terminal"
    on_terminal "NO_COLOR=1 '$kaon' evla"
    grep -q "$esc" typescript && fail "colour in spite of NO_COLOR"
    on_terminal "NO_COLOR= '$kaon' evla"
    grep -q "$esc" typescript || fail "an empty NO_COLOR counts"
    on_terminal "TERM=dumb '$kaon' evla"
    grep -q "$esc" typescript && fail "colour on a dumb terminal"
    on_terminal "'$kaon' eval none.onnx"
    grep -q "$esc" typescript || fail "no colour of a command"
    on_terminal "'$kaon' eval none.onnx --no-color"
    grep -q "$esc" typescript && fail "colour in spite of --no-color"
    on_terminal "KAON_EVAL_NO_COLOR=1 '$kaon' eval none.onnx"
    grep -q "$esc" typescript && fail "colour in spite of KAON_EVAL_NO_COLOR"
    many="'$kaon' run '$gn2' --dim n_tracks=40 --cpu scalar --repeat 1000000"
    on_terminal "timeout -s INT 2 $many"
    grep -q 'runs, ' typescript || fail "no progress on a terminal: $(cat typescript)"
    on_terminal "timeout -s INT 2 $many --no-progress"
    grep -q 'runs, ' typescript && fail "progress in spite of --no-progress"
    on_terminal "timeout -s INT 2 $many -q"
    grep -q 'runs, ' typescript && fail "progress in spite of --quiet"
    on_terminal "TERM=dumb timeout -s INT 2 $many"
    grep -q "$esc" typescript && fail "control sequences on a dumb terminal"
else
    echo "skipped: no script"
fi
timeout -s INT 2 "$kaon" run "$gn2" --dim n_tracks=40 --cpu scalar --repeat 1000000 >out 2>err
[ -s err ] && fail "progress without a terminal: $(cat err)"

# ---- a disk that fills up: no half file, whatever was being written (8 KiB; the signal is ignored)
# full FOLDER WORDS...
full() {
    what=$1; shift
    ( trap '' XFSZ; ulimit -f 16; "$kaon" "$@" >out 2>err )
    one_sentence "a full disk: $what" $? 1
    [ -z "$(find "$what" ! -type d 2>/dev/null)" ] || fail "left behind: $(find "$what")"
}
full shards eval "$gn2" --limit 3000 --shard 0/2 -o shards
full page.html eval "$small" --limit 300 --report page.html --quiet
[ -z "$(find . -name '*.part')" ] || fail "parts are left: $(find . -name '*.part')"

# ---- Ctrl-C: finished shards stay, the one that runs leaves nothing, and what is left can be done
expect 0 '' "$kaon" eval "$gn2" --shard 0/2 --limit 4000 -o parts
before=$(cd parts && ls)
"$kaon" eval "$gn2" --shard 1/2 --limit 4000 --cpu scalar --threads 1 -o parts >out 2>err &
pid=$!
sleep 1
kill -INT $pid
wait $pid
status=$?
[ $status -eq 130 ] || fail "exit $status after an interrupt: $(cat err)"
[ "$(cd parts && ls)" = "$before" ] || fail "after an interrupt there is $(ls parts)"
expect 6 '--array=1' "$kaon" merge parts
expect 0 '' "$kaon" eval "$gn2" --shard 1/2 --limit 4000 -o parts
expect 0 '4000 jets' "$kaon" merge parts --no-plots

# ---- words that are nearly right
expect 2 'did you mean "eval"?' "$kaon" evla
expect 2 'did you mean "eval"?' "$kaon" help evla
expect 2 'did you mean --fractions?' "$kaon" eval --fractons fc=0.1
expect 2 'did you mean --plain?' "$kaon" merge --plian .
expect 2 'unknown option --frac' "$kaon" eval --frac fc=0.1

# ---- processors: those of this process, whatever OpenMP is told
if command -v taskset >/dev/null && taskset -c 0 true 2>/dev/null; then
    OMP_NUM_THREADS=64 taskset -c 0 "$kaon" eval "$small" --limit 500 --json >out 2>err
    grep -q '"threads": 1,' out || fail "threads on one processor: $(grep threads out)"
else
    echo "skipped: no taskset"
fi

[ $bad -eq 0 ] && echo "all as expected"
exit $bad
