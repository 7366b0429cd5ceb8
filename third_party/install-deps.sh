#!/bin/sh
# Installs what kaon needs on Debian 12, through apt only. Does nothing when all is there; without
# root it prints the one command to run.
#     install-deps.sh            what building, the demo and the tests need
#     install-deps.sh avx512     what the emulator of AVX-512 needs (tests/avx512)
#     install-deps.sh slurm      what the test of Slurm jobs needs (tests/eval/slurm)
set -eu
packages="gcc make cmake pkg-config libcpuinfo-dev libpthreadpool-dev
libopenblas-dev libxnnpack-dev libprotobuf-c-dev protobuf-c-compiler libhdf5-dev libjansson-dev liblz4-dev libzip-dev libzstd-dev zlib1g-dev
libssl-dev libcmocka-dev gnuplot-nox fonts-dejavu-core valgrind xz-utils"
[ "${1:-}" != avx512 ] || packages="bochs bochs-term bochsbios isolinux syslinux-common genisoimage
busybox-static"
[ "${1:-}" != slurm ] || packages="slurm-wlm munge"
missing=
for p in $packages; do
    dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ]; then
    echo "kaon needs packages that are not installed; run:" >&2
    echo "    sudo apt-get install -y --no-install-recommends$missing" >&2
    exit 1
fi
echo "installing:$missing"
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
