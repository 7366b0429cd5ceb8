#!/bin/sh
# Runs the kernel checker on an emulated CPU with AVX-512, for machines that have none.
#     check_kernels.sh KAON_CHECK_KERNELS WORK_DIR
# Only the AVX-512 tables: the others run on any machine. Left out: f16_from_f32, since Bochs 2.7 rounds
# ties of vcvtps2ph away from zero, not to even.
set -eu
checker=$1 work=$2
shift 2
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
mkdir -p "$work"

# The emulated machine boots with nothing but these files. The loader is a static program, and runs the
# checker with the libraries beside it.
libraries=$(ldd "$checker" | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p')
loader=$(ldd "$checker" | sed -n 's/^[ \t]*\(\/[^ ]*ld-linux[^ ]*\).*/\1/p')
AVX512_CACHE=$work AVX512_TIMEOUT=${AVX512_TIMEOUT:-3600} AVX512_FILES="$checker $(echo $libraries)" \
    sh "$here/run-avx512.sh" "$loader" --library-path . "./$(basename "$checker")" \
    --isa avx512 --seed 1 --except f16_from_f32 "$@" 2>&1
