#!/bin/sh
# Installs into a folder of its own, then builds and runs the example as an outsider would: through
# pkg-config with the shared library, and through find_package with the static one.
#     install_test.sh BUILD_DIR SOURCE_DIR
set -eu
build=$1 source=$2
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
cmake --install "$build" --prefix "$stage/usr" >"$stage/log"
libdir=$(dirname "$(find "$stage/usr" -name kaon.pc)")/..

PKG_CONFIG_PATH=$libdir/pkgconfig
export PKG_CONFIG_PATH
flags=$(pkg-config --cflags --libs kaon)
# shellcheck disable=SC2086
cc -std=c11 -Wall -Wextra -Werror "$source/tools/examples/trigger.c" -o "$stage/shared" $flags
want=$(LD_LIBRARY_PATH=$libdir "$stage/shared" "$source/models/btag_gn2/model.onnx")
echo "pkg-config: $want"

mkdir "$stage/project"
cat >"$stage/project/CMakeLists.txt" <<EOF
cmake_minimum_required(VERSION 3.25)
project(outsider C)
find_package(kaon 0.1 REQUIRED)
add_executable(static_example $source/tools/examples/trigger.c)
target_link_libraries(static_example kaon::static)
EOF
cmake -S "$stage/project" -B "$stage/project/build" -DCMAKE_PREFIX_PATH="$stage/usr" >>"$stage/log"
cmake --build "$stage/project/build" >>"$stage/log"
got=$("$stage/project/build/static_example" "$source/models/btag_gn2/model.onnx")
echo "find_package: $got"
[ "$want" = "$got" ]
case $want in "1000 events, mean pb 0."*) ;; *) exit 1 ;; esac
for f in man/man1/kaon.1 man/man1/kaon-eval.1 bash-completion/completions/kaon \
         zsh/site-functions/_kaon fish/vendor_completions.d/kaon.fish; do
    [ -s "$stage/usr/share/$f" ] || { echo "share/$f is not installed"; exit 1; }
done
