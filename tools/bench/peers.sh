#!/bin/sh
# Installs the libraries that kaon bench compares with.
#     peers.sh [FOLDER]     default: build/peers
# From Debian (as root): XNNPACK, oneDNN, libxsmm, BLIS, OpenBLAS. From PyPI, into a virtual environment
# at FOLDER: ONNX Runtime, OpenVINO, MKL. FOLDER/lib holds links to what kaon bench loads from there.
# What cannot be had is said and left out: the rest works without it.
set -u
folder=${1:-build/peers}
root=$(cd "$(dirname "$0")/../.." && pwd)
case $folder in /*) ;; *) folder=$root/$folder ;; esac
packages="libxnnpack0 libpthreadpool0 libdnnl2 libxsmm-dev libblis4-serial libopenblas0-pthread
python3-venv"

missing=
for p in $packages; do
    dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
done
if [ -n "$missing" ] && [ "$(id -u)" = 0 ]; then
    echo "installing:$missing"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing ||
        echo "not installed:$missing" >&2
elif [ -n "$missing" ]; then
    echo "for all peers: sudo apt-get install -y --no-install-recommends$missing" >&2
fi

# A virtual environment alone, not what the machine's Python may have.
[ -x "$folder/bin/python3" ] || python3 -m venv "$folder" || exit 1
for package in onnxruntime openvino mkl; do
    "$folder/bin/python3" -m pip install -q "$package" || echo "not installed: $package" >&2
done

# Debian has libxsmm as a static library only.
if [ -f /usr/lib/libxsmm.a ]; then
    cc -shared -o "$folder/lib/libxsmm.so" -Wl,--whole-archive /usr/lib/libxsmm.a \
        /usr/lib/libxsmmnoblas.a -Wl,--no-whole-archive -lm -ldl -lpthread ||
        echo "libxsmm.so could not be made" >&2
fi

# link NAME PATTERN: the newest file in site-packages that matches, under a name without version
link() {
    file=$(find "$folder/lib" -path '*/site-packages/*' -name "$2" | sort -V | tail -n 1)
    if [ -n "$file" ]; then
        ln -sf "$file" "$folder/lib/$1"
    fi
}
link libonnxruntime.so.1 'libonnxruntime.so.1*'
link libopenvino_c.so 'libopenvino_c.so*'
echo "peers are in $folder"
