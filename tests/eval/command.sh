#!/bin/sh
# kaon eval as a person meets it: exit codes, sentences, files, equal digests.
#   command.sh KAON COMPARE MODELS DATA SCRATCH
# KAON: the program; COMPARE: compare_h5; MODELS: the models of the tree; DATA: the folder of further
# data, whose cases are skipped without it; SCRATCH: a folder to make.
kaon=$1 compare=$2 models=$3 data=$4 scratch=$5
# shellcheck source=tests/eval/lib.sh
. "$(dirname "$0")/lib.sh"
small=$models/btag_small/model.onnx gn2=$models/btag_gn2/model.onnx jets=$models/jets/jets.h5
rm -rf "$scratch"; mkdir -p "$scratch" || exit 1
cd "$scratch" || exit 1

# ---- wrong usage and wrong input
exits 2 "MODEL" "$kaon" eval
exits 2 "no-such" "$kaon" eval --no-such
exits 2 "zip" "$kaon" eval "$small" --compression zip
exits 2 "sum to" "$kaon" eval "$small" --fractions fc=0.9,fu=0.9 --limit 10
exits 2 "not a cut" "$kaon" eval "$small" --cut "pt >" --limit 10
exits 2 "rising" "$kaon" eval "$small" --bins pt=20,10 --limit 10
exits 2 "VARIABLE=EDGE" "$kaon" eval "$small" --bins no_such=20,10 --limit 10
exits 3 "no field 'n_track'.*look alike: n_tracks" "$kaon" eval "$small" --against n_track --limit 10
exits 3 "nothing.onnx" "$kaon" eval nothing.onnx
exits 3 "nothing.h5" "$kaon" eval "$small" --data nothing.h5
exits 3 "eval.json" "$kaon" eval "$small" --config "$models/btag_gn2/eval.json.not"
echo "not HDF5" >text.h5
exits 3 "text.h5" "$kaon" eval "$small" --data text.h5
head -c 100000 "$jets" >cut.h5
exits 3 "cut.h5" "$kaon" eval "$small" --data cut.h5
echo '{ "schema": "kaon-eval/1", "inputs": { "tracks": { "fields": [ "no_such" ] } } }' >bad.json
exits 3 "bad.json" "$kaon" eval "$small" --config bad.json --data "$jets"
echo '{ "schema": "kaon-eval/1", ' >bad.json
exits 3 "not JSON" "$kaon" eval "$small" --config bad.json --data "$jets"
sed 's/"dphi"/"dfi"/' "$models/btag_small/eval.json" >missing.json
exits 3 "has no field 'dfi'.*look alike: .*dphi" "$kaon" eval "$small" --config missing.json --data "$jets"
[ -z "$(find . -name '*.part')" ] || fail "parts are left"

exits 2 "MODEL" "$kaon" eval --data "$jets" "$jets"

# ---- several files of data
same "several files" "$(digest "$small" --data "$jets" --data "$jets" --limit 20300)" \
    "$(digest --data "$jets" "$jets" "$small" --limit 20300)"

# ---- files: all there, whole, not replaced unasked
exits 0 "" "$kaon" eval "$small" "$gn2" --limit 600 -o both
for f in SmallKaon__test_mix.h5 GN2kaon__test_mix.h5 metrics.json run.json roc_D_b.csv roc_D_c.csv \
         discriminant_D_b.csv; do
    [ -s "both/$f" ] || fail "no $f"
done
if command -v gnuplot >/dev/null; then
    for f in roc_D_b.png roc_D_b.svg discriminant_D_b.png; do [ -s "both/$f" ] || fail "no $f"; done
fi
grep -q '"schema_version"' both/metrics.json || fail "no schema version"
exits 2 "exists" "$kaon" eval "$small" --limit 600 -o both
exits 0 "" "$kaon" eval "$small" "$gn2" --limit 600 -o again --threads 1 --batch 7 --cpu avx2 --no-plots
cmp both/metrics.json again/metrics.json || fail "metrics.json depends on how it was made"
exits 0 "" "$kaon" eval "$small" "$gn2" --limit 600 -o both --force
exits 0 "" env PATH=/nonexistent "$kaon" eval "$small" --limit 300 -o bare
[ -s bare/roc_D_b.csv ] || fail "no CSV without gnuplot"
[ ! -e bare/roc_D_b.png ] || fail "a picture without gnuplot"
exits 0 "" "$kaon" eval "$small" --limit 300 -o packed --compression lz4 --no-plots
"$compare" both/SmallKaon__test_mix.h5 packed/SmallKaon__test_mix.h5 SmallKaon_pb SmallKaon_pu \
    >/dev/null || fail "lz4 reads back differently"

# ---- a disk that is full leaves nothing (no file may grow beyond 8 KiB; the signal is ignored)
( trap '' XFSZ; ulimit -f 16; "$kaon" eval "$gn2" --limit 3000 -o full --no-plots >out.txt 2>err.txt )
[ $? -eq 1 ] || fail "exit $? with a full disk: $(cat err.txt)"
[ -z "$(ls full 2>/dev/null)" ] || fail "a full disk leaves $(ls full)"

# ---- Ctrl-C leaves nothing
"$kaon" eval "$gn2" --threads 1 --cpu scalar -o stopped --no-plots >out.txt 2>err.txt &
pid=$!
sleep 1; kill -INT $pid; wait $pid; got=$?
[ $got -eq 130 ] || fail "exit $got after an interrupt"
[ -z "$(ls stopped 2>/dev/null)" ] || fail "an interrupt leaves $(ls stopped)"

# ---- the same bits whatever computes them
for m in "$small" "$gn2"; do
    n=1200; [ "$m" = "$gn2" ] && n=150
    first=$(digest "$m" --limit $n --threads 1 --batch 64)
    same "threads" "$first" "$(digest "$m" --limit $n --threads 4 --batch 64)"
    same "batch" "$first" "$(digest "$m" --limit $n --threads 1 --batch 1)"
    for cpu in scalar avx2 avx512; do
        same "$cpu" "$first" "$(KAON_CPU=$cpu digest "$m" --limit $n)"
    done
done

# ---- with the further data
if [ -d "$data/models/btag" ]; then
    btag=$data/models/btag formats=$data/data/flavour/formats
    for f in bad_json bad_version bad_count bad_field none; do
        exits 3 "$f.onnx" "$kaon" eval "$btag/metadata/$f.onnx" --data "$jets" \
            --fractions fc=0.2,ftau=0.01 --limit 10
    done
    want=$(digest "$btag/metadata/v1.onnx" --data "$jets" --fractions fc=0.2,ftau=0.01 --limit 300)
    for f in v1_new_names v2; do
        same "$f" "$want" "$(digest "$btag/metadata/$f.onnx" --data "$jets" \
            --fractions fc=0.2,ftau=0.01 --limit 300)"
    done
    for f in v1 v0 v0_scaled; do
        exits 0 "" "$kaon" eval "$btag/metadata/$f.onnx" --data "$jets" -o "tiny_$f" --no-plots \
            --fractions fc=0.2,ftau=0.01 --limit 300
        "$compare" "tiny_v1/TinyKaon__test_jets.h5" "tiny_$f/TinyKaon__test_jets.h5" TinyKaon_pb \
            TinyKaon_pc TinyKaon_pu TinyKaon_ptau || fail "$f differs from v1"
    done
    for f in truncated bad_lz4 valid_missing field_missing nan_row; do
        exits 3 "$f.h5" "$kaon" eval "$gn2" --data "$formats/$f.h5" -o refused
        [ -z "$(ls refused 2>/dev/null)" ] || fail "$f leaves $(ls refused)"
    done
    exits 0 "" "$kaon" eval "$gn2" --data "$formats/empty.h5" -o nothing
    exits 0 "" "$kaon" eval "$gn2" --data "$formats/nan_row.h5" --non-finite zero
    grep -q "not finite, replaced: 2" out.txt || fail "replaced values are not counted"
    want=$(digest "$gn2" --data "$formats/gzip.h5")
    for f in lzf zstd lz4 lz4_blocks big_endian virtual new_names no_suffix padding_nan valid_gaps; do
        same "$f" "$want" "$(digest "$gn2" --data "$formats/$f.h5")"
    done
    for m in SmallKaon:btag_small ParticleKaon:btag_particle GN2kaonV:btag_gn2_vertex; do
        name=${m%:*} folder=$btag/${m#*:}
        exits 0 "" "$kaon" eval "$folder/model.onnx" --limit 1000 -o "scores_$name" --no-plots
        case $name in
            Small*) fields="${name}_pb ${name}_pc ${name}_pu" ;;
            GN2*) fields="${name}_pb ${name}_pc ${name}_pu ${name}_ptau -- ${name}_TrackOrigin
                ${name}_VertexIndex" ;;
            *) fields="${name}_pb ${name}_pc ${name}_pu ${name}_ptau" ;;
        esac
        # shellcheck disable=SC2086
        "$compare" "$folder/scores.h5" "scores_$name/${name}__test_mix.h5" $fields ||
            fail "$name differs from its stored scores"
    done
else
    echo "skipped: cases that need $data"
fi

cd / && rm -rf "$scratch"
ends
