#!/bin/sh
# Runs the program as a person would and looks at exit statuses and words.
#   cli_test.sh KAON JSON_VALID [DATA]
kaon=$1
json_valid=$2
data=${3:-}
. "$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)/expect.sh"

# The last expect's stderr is one sentence of kaon's.
one_sentence() {
    if [ "$(wc -l <err)" -ne 1 ] || ! grep -q '^kaon: ' err; then
        echo "FAILED: not one sentence: $(cat err)"
        bad=1
    fi
}

# A model that is a Relu from "x" (n, 3) to "y/0", byte by byte.
type='\012\015\010\001\022\011\012\003\022\001n\012\002\010\003'
printf '\010\010\022\004test\072A\012\016\012\001x\022\003y/0\042\004Relu\022\001g' >relu.onnx
printf 'Z\024\012\001x\022\017'$type'b\026\012\003y/0\022\017'$type >>relu.onnx
printf 'B\004\012\000\020\015' >>relu.onnx

# npy FILE DESCR SHAPE DATA
npy() {
    header="{'descr':'$2','fortran_order':False,'shape':$3}"
    printf "\\223NUMPY\\001\\000\\$(printf %03o ${#header})\\000%s$4" "$header" >"$1"
}
one='\000\000\200\077' minus='\000\000\200\277' two='\000\000\000\100'
npy x.npy '<f4' '(2,3)' "$one$minus$two$minus$one$two"
npy wide.npy '<f4' '(1,4)' "$one$one$one$one"
npy flat.npy '<f4' '(3,)' "$one$one$one"
npy int.npy '<i4' '(1,3)' "$one$one$one"
head -c 40 x.npy >cut.npy

# ---- usage
expect 2 'Usage: kaon COMMAND' "$kaon"
expect 0 'Usage: kaon COMMAND' "$kaon" help
expect 0 'Usage: kaon COMMAND' "$kaon" --help
expect 0 'kaon 0.' "$kaon" --version
expect 2 'did you mean "check"?' "$kaon" chekc
expect 2 'no command "frobnicate"' "$kaon" frobnicate
for command in info run check; do
    expect 0 "kaon $command: " "$kaon" help $command
    expect 0 'Examples:' "$kaon" $command --help
    expect 2 'is missing' "$kaon" $command
    expect 2 'did you mean --verbose?' "$kaon" $command --verbsoe .
done
expect 2 'one argument too many' "$kaon" info a b
expect 2 'is not a whole number' "$kaon" run relu.onnx --repeat x
expect 2 'not of the form AXIS=N' "$kaon" run relu.onnx --dim n
expect 2 'did you mean "n"?' "$kaon" run relu.onnx --dim m=2
expect 2 'not of the form NAME=FILE' "$kaon" run relu.onnx --input x.npy
expect 2 'nope' "$kaon" run relu.onnx --backend nope
expect 2 'nope' "$kaon" run relu.onnx --cpu nope
expect 2 'nope' "$kaon" check . --backend nope
expect 2 '--json goes with none' "$kaon" info --json --plan relu.onnx

# ---- models
expect 3 'none.onnx: No such file' "$kaon" info none.onnx
one_sentence
expect 3 'Is a directory' "$kaon" run .
: >empty.onnx
expect 3 'empty.onnx' "$kaon" info empty.onnx
size=$(wc -c <relu.onnx)
n=1
while [ $n -lt $((size - 6)) ]; do # the last 6 bytes are the opset
    head -c $n relu.onnx >cut.onnx
    "$kaon" run cut.onnx >out 2>err
    case $? in
    3) ;;
    *) echo "FAILED: cut at $n: status $?: $(cat out err)"; bad=1 ;;
    esac
    n=$((n + 5))
done
n=0
while [ $n -lt "$size" ]; do
    for flip in '\001' '\200' '\377'; do
        { head -c $n relu.onnx; printf "$flip"; tail -c +$((n + 2)) relu.onnx; } >flip.onnx
        "$kaon" run flip.onnx >out 2>err
        status=$?
        case $status in
        0 | 3 | 4) ;;
        *) echo "FAILED: byte $n set to $flip: status $status: $(cat err)"; bad=1 ;;
        esac
    done
    n=$((n + 1))
done

# ---- info
expect 0 'float [n, 3]' "$kaon" info relu.onnx
expect 0 'Cost of one run at n=5' "$kaon" info relu.onnx --dim n=5
for option in --plan --why --graph; do
    expect 0 '' "$kaon" info relu.onnx $option
done
expect 0 '"shape"' "$kaon" info --json relu.onnx
"$json_valid" inputs outputs opset operators parameters sha256 cost metadata <out || bad=1
sha=$(sha256sum relu.onnx | cut -d' ' -f1)
expect 0 "$sha" "$kaon" info relu.onnx
expect 0 '' "$kaon" info cpu
expect 0 '' "$kaon" info cpu --json
"$json_valid" <out || bad=1

# ---- run
expect 0 'y/0  float [2, 3]  min 0  max 2' "$kaon" run relu.onnx --input x=x.npy -o made/
expect 2 'exists; --force replaces it' "$kaon" run relu.onnx -i x=x.npy -o made
one_sentence
expect 0 '' "$kaon" run relu.onnx -i x=x.npy -o made --force
[ "$(ls made)" = y_0.npy ] || { echo "FAILED: made holds $(ls made)"; bad=1; }
expect 0 "$(tail -c 24 made/y_0.npy | sha256sum | cut -d' ' -f1)" "$kaon" run relu.onnx -i x=x.npy
expect 0 'float [7, 3]' "$kaon" run relu.onnx --dim n=7
expect 0 'float [0, 3]' "$kaon" run relu.onnx --dim n=0
expect 0 'x  float [7, 3]' "$kaon" run relu.onnx --dim n=7 --also x
expect 2 "the graph has no value 'z'" "$kaon" run relu.onnx --also z
expect 2 "'y/0' is an output already" "$kaon" run relu.onnx --also y/0
"$kaon" run relu.onnx --dim n=7 --seed 2 >one
"$kaon" run relu.onnx --dim n=7 --seed 2 --cpu scalar >two
cmp -s one two || { echo "FAILED: the same seed gives other values"; bad=1; }
"$kaon" run relu.onnx --dim n=50000 --seed 2 >one
"$kaon" run relu.onnx --dim n=50000 --seed 2 --threads 3 >two
cmp -s one two || { echo "FAILED: lent threads change the result"; bad=1; }
expect 0 'runs: min' "$kaon" run relu.onnx --repeat 3
expect 0 '' "$kaon" run relu.onnx --repeat 3 --json
"$json_valid" outputs microseconds <out || bad=1
expect 3 'no input "z"' "$kaon" run relu.onnx -i z=x.npy
one_sentence
expect 3 'axis 1 has length 4, the model wants 3' "$kaon" run relu.onnx -i x=wide.npy
one_sentence
expect 3 'has rank 1' "$kaon" run relu.onnx -i x=flat.npy
expect 3 'wants float' "$kaon" run relu.onnx -i x=int.npy
expect 3 'cut off' "$kaon" run relu.onnx -i x=cut.npy
expect 3 'No such file' "$kaon" run relu.onnx -i x=none.npy
expect 3 'but 5 according to --dim' "$kaon" run relu.onnx -i x=x.npy --dim n=5
expect 1 'cannot be made' "$kaon" run relu.onnx -o relu.onnx/made
if [ -w /dev/full ]; then
    "$kaon" run relu.onnx >/dev/full 2>err
    [ $? -eq 1 ] && grep -q 'No space left' err || { echo "FAILED: a full disk"; bad=1; }
fi
if "$kaon" info relu.onnx 2>err | :; then
    [ -s err ] && { echo "FAILED: a closed pipe: $(cat err)"; bad=1; }
fi

"$kaon" run relu.onnx --repeat 20000000 -o late >out 2>err &
sleep 0.3
kill -TERM $!
wait $!
status=$?
if [ $status -ne 130 ] || [ -s out ] || [ -e late ]; then
    echo "FAILED: interrupted, status $status: $(cat out err)"
    bad=1
fi

# ---- check
# case FOLDER LAST: relu.onnx with a data set whose last expected value is LAST
make_case() {
    mkdir -p "$1/test_data_set_0"
    cp relu.onnx "$1/model.onnx"
    head='\010\002\010\003\020\001J\030' zero='\000\000\000\000'
    printf "$head$one$minus$two$minus$one$two" >"$1/test_data_set_0/input_0.pb"
    printf "$head$one$zero$two$zero$one$2" >"$1/test_data_set_0/output_0.pb"
}
make_case cases/good "$two"
expect 0 '1 passed, 0 failed, 0 skipped' "$kaon" check cases
expect 0 '1 passed, 0 failed, 0 skipped' "$kaon" check cases/good
make_case cases/wrong "$one"
expect 5 'failed wrong: set 0, output y/0[1, 2]: got 2, wanted 1' "$kaon" check cases
expect 5 '' "$kaon" check cases --json
"$json_valid" passed failed skipped cases <out || bad=1
expect 0 '1 passed, 0 failed, 0 skipped' "$kaon" check cases --only goo
expect 0 '2 passed, 0 failed, 0 skipped' "$kaon" check cases --atol 1
echo '{"atol": 2}' >cases/wrong/tolerances.json
expect 0 '2 passed, 0 failed, 0 skipped' "$kaon" check cases
rm cases/wrong/tolerances.json
printf 'name\tgroup\tatol\trtol\nwrong\tcases\t0\t1.0\n' >index.tsv
expect 0 '2 passed, 0 failed, 0 skipped' "$kaon" check cases
expect 5 '1 passed, 1 failed, 0 skipped' "$kaon" check cases --rtol 0
echo 'no header' >other.tsv
expect 3 'no column "group"' "$kaon" check cases --index other.tsv
rm index.tsv
expect 0 '2 passed' "$kaon" check cases --against own -j 1
expect 0 'wrong' "$kaon" check cases --list
mkdir -p cases/bare
cp relu.onnx cases/bare/model.onnx
expect 5 'skipped bare: no data sets; runs on random inputs' "$kaon" check cases
sed 's/Relu/Rulu/' relu.onnx >cases/bare/model.onnx
expect 0 '1 passed, 0 failed, 1 skipped' "$kaon" check cases/good cases/bare
expect 5 '1 passed, 1 failed, 0 skipped' "$kaon" check cases/good cases/bare --strict
expect 4 'Rulu' "$kaon" info cases/bare/model.onnx
mkdir nothing
expect 3 'no case found' "$kaon" check nothing
expect 3 'no case found' "$kaon" check cases --only zebra
expect 3 'No such file' "$kaon" check none
[ "$(tail -n 1 out)" = '' ] || { echo "FAILED: words on stdout"; bad=1; }

if [ -d "$data/models/btag/btag_small" ]; then
    expect 0 '1 passed, 0 failed, 0 skipped' "$kaon" check "$data/models/btag/btag_small"
else
    echo "skipped: no models in ${data:-DATA}"
fi

[ $bad -eq 0 ] && echo "all as expected"
exit $bad
