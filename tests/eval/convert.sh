#!/bin/sh
# tools/convert/to_h5.py on what it makes itself; skipped without Python's packages.
#   convert.sh KAON MODELS DATA SCRATCH
kaon=$1 models=$2 scratch=$4
# shellcheck source=tests/eval/lib.sh
. "$(dirname "$0")/lib.sh"
script=$(cd "$(dirname "$0")/../../tools/convert" && pwd)/to_h5.py
python=${KAON_PYTHON:-python3}
rm -rf "$scratch"; mkdir -p "$scratch" || exit 1
cd "$scratch" || exit 1
tried=0

# make PACKAGE FILE: a small file of jets, of what a run on btag_small needs
cat >make.py <<'P'
import sys
import numpy as np
r = np.random.default_rng(1)
n, fields = 400, ["IP3D_signed_d0_significance", "IP3D_signed_z0_significance", "dphi", "deta",
                  "qOverP", "numberOfInnermostPixelLayerHits"]
count = r.integers(0, 30, n)
jets = {"pt_btagJes": r.uniform(3e4, 2e5, n).astype("f4"), "eta_btagJes": r.uniform(-2, 2, n),
        "HadronConeExclTruthLabelID": r.choice([0, 4, 5, 15], n).astype("i4")}
parts = {f: [r.normal(size=c).astype("f4") for c in count] for f in fields}
if sys.argv[1] == "pyarrow":
    import pyarrow as pa
    import pyarrow.parquet as pq
    pq.write_table(pa.table({**jets, **parts}), sys.argv[2], row_group_size=150)
else:
    import awkward as ak
    import uproot
    with uproot.recreate(sys.argv[2]) as f:
        f["tree"] = {**jets, **{k: ak.Array(v) for k, v in parts.items()}}
P
for pair in pyarrow:jets.parquet uproot:jets.root; do
    package=${pair%%:*} file=${pair#*:}
    "$python" -c "import h5py, $package" 2>/dev/null || continue
    "$python" make.py "$package" "$file" 2>err.txt || continue
    tried=$((tried + 1))
    exits 0 "" "$python" "$script" "$file" "$package.h5" --entries 40
    has "400 jets"
    exits 0 "" "$kaon" eval "$models/btag_small/model.onnx" --data "$package.h5"
    has "400 jets (Simulation, $package), 400 selected"
    exits 0 "" "$python" "$script" "$file" short.h5 --entries 5 --limit 170
    has "170 jets, .* entries left out"
done
cd / && rm -rf "$scratch"
[ $tried -gt 0 ] || { echo "skipped: neither pyarrow nor uproot with h5py"; exit 77; }
ends
