#!/bin/sh
# Options from kaon.json, from the user's kaon.json and from the environment.
#   configured.sh KAON MODELS
kaon=$1 models=$2
. "$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)/expect.sh"
small=$models/btag_small/model.onnx gn2=$models/btag_gn2/model.onnx
HOME=$dir/home XDG_CONFIG_HOME=
export HOME XDG_CONFIG_HOME
mkdir -p "$HOME/.config/kaon" xdg/kaon

fail() { echo "FAILED: $*"; bad=1; }

# project TEXT, person TEXT: what the files hold
project() { printf '%s' "$1" >kaon.json; }
person() { printf '%s' "$1" >"$HOME/.config/kaon/kaon.json"; }

# refused WORDS [COMMAND...]: exit 2 with one sentence that holds the words
refused() {
    words=$1; shift
    [ $# -gt 0 ] || set -- "$kaon" eval "$small"
    expect 2 "$words" "$@"
    [ "$(wc -l <err)" -eq 1 ] || fail "not one sentence: $(cat err)"
}

# runs N [VARIABLE=VALUE...] [-- WORD...]: how often kaon run ran, as its table says
repeats() {
    want=$1; shift
    before=
    while [ $# -gt 0 ] && [ "$1" != -- ]; do before="$before $1"; shift; done
    [ $# -eq 0 ] || shift
    # shellcheck disable=SC2086
    expect 0 "$want runs: min" env $before "$kaon" run "$small" "$@"
}

# ---- who goes before whom
person '{ "run": { "repeat": 3, "seed": 7 } }'
repeats 3
project '{ "run": { "repeat": 4 }, "eval": { "threads": 1 } }'
repeats 4
repeats 5 KAON_RUN_REPEAT=5
repeats 6 KAON_RUN_REPEAT=5 -- --repeat 6
repeats 4 KAON_RUN_REPEAT=
expect 0 'kaon.json: --repeat=4' "$kaon" run "$small" -v
grep -q "^kaon: $HOME/.config/kaon/kaon.json: --seed=7" err || fail "-v says $(cat err)"
expect 0 'KAON_RUN_REPEAT: --repeat=2' env KAON_RUN_REPEAT=2 "$kaon" run "$small" -v
project '{}'
printf '{ "run": { "repeat": 8 } }' >xdg/kaon/kaon.json
repeats 8 "XDG_CONFIG_HOME=$dir/xdg"
repeats 3 XDG_CONFIG_HOME=xdg # relative: to be ignored
rm "$HOME/.config/kaon/kaon.json"

# ---- every kind of value, on every command
for command in $("$kaon" help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
    project "{ \"$command\": { \"verbose\": false } }"
    expect 0 'Usage:' "$kaon" help "$command"
    "$kaon" "$command" >out 2>err
    ! grep -q kaon.json err || fail "$command: $(cat err)"
    project "{ \"$command\": { \"no-such\": 1 } }"
    "$kaon" "$command" . >out 2>err
    [ $? -eq 2 ] && grep -q 'no-such' err || fail "$command takes an option no-such"
    expect 0 'Usage:' "$kaon" "$command" --help
done
project '{ "run": { "json": true, "dim": ["n_tracks=3"] } }'
expect 0 '"outputs"' "$kaon" run "$gn2"
expect 0 'GN2kaon_pb  float' "$kaon" run "$gn2" --json=false
! grep -q '"outputs"' out || fail "--json=false prints JSON"
expect 0 'GN2kaon_pb  float' env KAON_RUN_JSON=no "$kaon" run "$gn2"
! grep -q '"outputs"' out || fail "KAON_RUN_JSON=no prints JSON"
project '{ "check": { "rtol": 1, "atol": 0.5 } }'
expect 0 '--atol=0.5' "$kaon" check "$models/btag_small" -v
project '{ "eval": { "at": [0.6, 0.77], "cut": "pt_btagJes > 1", "category": "single-btag" } }'
expect 0 'option --at 0.6 0.77, from kaon.json' "$kaon" eval "$small" --explain
grep -q 'option --cut pt_btagJes > 1, from kaon.json' out || fail "--explain says $(head -3 out)"
expect 0 'KAON_EVAL_CUT: --cut=pt_btagJes > 2' env KAON_EVAL_CUT='pt_btagJes > 1
pt_btagJes > 2' "$kaon" eval "$small" --explain -v

project "{ \"eval\": { \"data\": \"$models/jets/jets.h5\" } }"
expect 0 'jets/jets.h5, from kaon.json' "$kaon" eval "$small" --explain
expect 0 'jets/jets.h5, from the command line' "$kaon" eval "$small" -d "$models/jets/jets.h5" --explain

# a list is replaced, not joined
project '{ "run": { "dim": ["no_such=3"] } }'
expect 2 'no_such' "$kaon" run "$gn2"
expect 0 '' "$kaon" run "$gn2" --dim n_tracks=2

# KAON_CPU goes before files, as any variable
project '{ "info": { "cpu": "nope" } }'
refused nope "$kaon" info "$small"
expect 0 '' env KAON_CPU=scalar "$kaon" info "$small"
expect 0 '' env KAON_INFO_CPU=scalar "$kaon" info "$small"

# ---- what is wrong
project '{ "eval": { "thread": 2 } }'
refused 'kaon.json: eval has no option "thread"; did you mean "threads"?'
project '{ "evla": { } }'
refused 'kaon.json: there is no command "evla"; did you mean "eval"?'
project '{ "eval": { "help": true } }'
refused 'eval has no option "help"'
project '{ "eval": { "threads": "2" } }'
refused 'kaon.json: eval.threads must be a whole number, not a string'
project '{ "eval": { "threads": 2.5 } }'
refused 'must be a whole number, not a number'
project '{ "eval": { "threads": 0 } }'
refused 'kaon.json: --threads: 0 is outside 1 to 1024'
project '{ "eval": { "fractions": [["GN2v01"]] } }'
refused 'must be a string, a number or a list of them, not a list with a list'
project '{ "eval": { "no-progress": 1 } }'
refused 'eval.no-progress must be true or false'
project '{ "eval": { "out": null } }'
refused 'eval.out must be a string, not null'
project '{ "eval": [] }'
refused 'kaon.json: eval must be an object, not a list'
project '[]'
refused 'kaon.json: must be an object'
project '{ "eval": { "threads": 1, "threads": 2 } }'
refused 'duplicate'
project '{
  "eval": }'
refused 'kaon.json: line 2 is not JSON'
project ''
refused 'is not JSON'
rm kaon.json
mkdir kaon.json
refused 'kaon.json: not a regular file'
rmdir kaon.json
refused 'KAON_EVAL_THREAD: eval has no option --thread; did you mean KAON_EVAL_THREADS?' \
    env KAON_EVAL_THREAD=2 "$kaon" eval "$small"
refused 'did you mean KAON_EVAL_THREADS?' env KAON_EVAL_threads=2 "$kaon" eval "$small"
refused 'KAON_EVAL_THREADS: --threads: "two" is not a whole number' \
    env KAON_EVAL_THREADS=two "$kaon" eval "$small"
refused 'KAON_EVAL_NO_PROGRESS: --no-progress' env KAON_EVAL_NO_PROGRESS=perhaps "$kaon" eval "$small"
# of another command: none of this one's
expect 0 '' env KAON_EVAL_THREAD=2 "$kaon" info "$small"

# ---- eval takes them, says so in run.json, and shards have them
project '{ "eval": { "limit": 200, "threads": 1, "no-plots": true } }'
expect 0 '200 jets' "$kaon" eval "$small" -o scored
grep -q '"option": "limit"' scored/run.json || fail "run.json does not say where options come from"
grep -q 'kaon.json' scored/metrics.json && fail "metrics.json names a file of this machine"
expect 0 "eval --cut='pt_btagJes > 1' --limit=200 --no-plots=true --threads=1" \
    env "KAON_EVAL_CUT=pt_btagJes > 1" KAON_EVAL_SLURM_SCRIPT=3 "$kaon" eval "$small" -o x
expect 0 '' env KAON_EVAL_SHARD=0/1 KAON_EVAL_OUT=parts "$kaon" eval "$small"
rm kaon.json
expect 0 '200 jets' "$kaon" merge parts --no-plots
cmp scored/metrics.json parts/metrics.json || fail "a shard forgets what was configured"

[ $bad -eq 0 ] && echo "all as expected"
exit $bad
