#!/bin/sh
# Layers, style and lists against files: sh lint.sh ROOT. Prints what is wrong; exits 1 if anything is.
set -u
cd "${1:-.}" || exit 2
found=$(mktemp) && all=$(mktemp) || exit 2
trap 'rm -f "$found" "$all"' EXIT

# Reports the lines on standard input, if there are any, under a heading. It runs at the end of
# pipelines, so in processes of their own: what it has found is kept in a file.
report() {
    cat > "$found"
    if [ -s "$found" ]; then
        echo "$1:"
        sed 's/^/    /' "$found" | tee -a "$all"
    fi
}

sources=$(find engine backends kernels tools tests -name '*.[ch]' -o -name '*.inc' -o -name '*.cc' |
    LC_ALL=C sort)
includes() { # folder: "file:include" for each quoted include of its C files
    find "$1" \( -name '*.[ch]' -o -name '*.inc' \) -exec grep -Ho '#include "[^"]*"' {} + |
        sed 's/#include "\(.*\)"/\1/'
}
allow() { grep -Ev "^[^:]*:($1)\$"; }

# ---- layers: an include is written from the root, and arrows point down only

includes kernels | allow 'kernels/.*|engine/base/[^/]*|engine/kaon\.h' |
    report 'kernels/ sees only itself and engine/base'
includes backends/own | allow 'backends/own/[^/]*|backends/backend\.h|kernels/.*|engine/base/[^/]*|engine/kaon(_plugin)?\.h' |
    report 'backends/own/ sees only itself, backends/backend.h, kernels/ and engine/base'
for backend in openblas xnnpack; do
    includes backends/$backend | allow "backends/$backend/[^/]*|backends/backend\\.h|kernels/.*|engine/base/[^/]*|engine/kaon\\.h" |
        report "backends/$backend/ sees only itself, backends/backend.h, kernels/ and engine/base"
done
includes engine/base | allow 'engine/base/[^/]*|engine/kaon\.h' |
    report 'engine/base/ sees only itself'
includes engine | allow 'engine/.*|backends/backend\.h|kernels/kernels\.h|kernels/attention/attention\.h|onnx\.pb-c\.h' |
    report 'engine/ sees only itself, backends/backend.h, kernels/kernels.h and kernels/attention/attention.h'
includes tools | grep -v '^tools/bench/' | grep -E ':(engine|backends|kernels)/' | allow 'engine/kaon\.h' |
    report 'of the library, tools/ sees only engine/kaon.h'
# kaon bench times kernels one by one, which no public function does; its forms in a free order are
# written as kernels are
includes tools/bench | grep -v '^tools/bench/free_order\.' | grep -E ':(engine|backends|kernels)/' |
    allow 'engine/kaon\.h|engine/base/(cpu\.h|attention\.inc)|kernels/kernels\.h' |
    report 'of the library, tools/bench/ sees only engine/kaon.h, engine/base/cpu.h, attention.inc and kernels/kernels.h'
grep -Hn '#include "' engine/kaon.h engine/kaon_plugin.h | report 'engine/kaon.h and kaon_plugin.h include the standard library only'
echo "$sources" | xargs grep -Hn '#include "\.\.\?/' | report 'includes are written from the root'

# ---- each library from one folder only

library() { # header pattern, folders it may be included from
    echo "$sources" | xargs grep -HnE "#include [<\"]$1" | grep -Ev "^($2)" |
        report "$1 is included only from $2"
}
library 'cmocka\.h' 'tests/'
library 'cpuinfo\.h' 'engine/base/cpu\.c'
library '(protobuf-c|onnx\.pb-c)' 'engine/onnx/|tests/fuzz/reshape_onnx'
library 'pthreadpool\.h' 'tools/'
library 'cblas' 'backends/openblas/'
library 'xnnpack\.h' 'backends/xnnpack/'
library 'hdf5' 'tools/|tests/eval/'
library 'jansson' 'tools/|tests/cli/|tests/eval/|tests/attention/'
library 'zip\.h' 'tools/eval/|tests/eval/'
library '(lz4|zstd)' 'tools/|tests/eval/'

# ---- style

tracked=$(echo "$sources"; find . -path ./build -prune -o -path ./third_party -prune -o \
    \( -name CMakeLists.txt -o -name '*.cmake' -o -name '*.sh' \) -print)
tab=$(printf '\t')
echo "$tracked" | xargs grep -Hn "$tab" | report 'tabs'
echo "$tracked" | xargs grep -HnE ' +$' | report 'trailing blanks'
words='TO''DO|FIX''ME|XX''X'
echo "$tracked" | xargs grep -HnwE "$words" | report 'words that are for now only'
echo "$sources" | grep '\.h$' | xargs grep -L '#ifndef KAON_' | grep -v 'kernels/isa_' |
    report 'headers without a guard'

if command -v clang-format-14 >/dev/null; then # another version may lay out otherwise
    git ls-files '*.c' '*.h' '*.cc' | xargs clang-format-14 --dry-run 2>&1 |
        sed -n 's/^\([^:]*\):[0-9]*:[0-9]*: warning: code should.*/\1/p' | sort -u |
        report 'files that clang-format would change'
fi

# ---- lists against files

cmake=$(find engine backends kernels tools tests -name CMakeLists.txt -o -name '*.cmake')
echo "$sources" | grep '\.cc\?$' | grep -v '/examples/' | while read -r file; do
    name=$(basename "$file")
    folder=$(basename "$(dirname "$file")")
    stem=${name%_test.c} stem=${stem#test_} stem=${stem%.c}
    # by path or name; the lists of a foreach hold the stems of tests
    echo "$cmake" | xargs grep -qE "(^|[ (/;\"])$name([ );\"]|\$)" ||
        grep -q ", $stem)" engine/base/attention.inc || # a file a variant
        echo "$cmake" | grep "/$folder/" | xargs grep -qE "[ (]$stem([ );]|\$)" || echo "$file"
done | report 'sources that no CMakeLists.txt names'

sed -n '/^struct kaon_kernels {/,/^}/p' kernels/kernels.h |
    sed -n 's/^ *kaon_[a-z0-9_]*_fn [^;]*\*\([a-z][a-z0-9_]*\);.*/\1/p' | while read -r member; do
        grep -qE "k->$member\b" tools/bench/suite_*.c || echo "$member"
    done | report 'kernels that no suite of kaon bench times (tools/bench/README.md)'

# ---- documents name what is there

find . -path ./build -prune -o -path ./third_party -prune -o -name '*.md' -print |
    xargs grep -Hno '`kaon_[a-z0-9_]*' 2>/dev/null | while IFS=: read -r file line name; do
        name=${name#\`}
        name=${name%_scalar} name=${name%_avx2} name=${name%_avx512} # appended by KAON_K
        case $name in *_x) continue ;; esac # stands for any
        case $name in *_) pattern="$name" ;; *) pattern="$name\\b" ;; esac
        grep -rqE "\\b$pattern" engine backends kernels tools tests --include='*.[ch]' \
            --include='*.inc' --include=CMakeLists.txt || echo "$file:$line: $name"
    done | report 'documents name what the code lacks'

[ ! -s "$all" ]
