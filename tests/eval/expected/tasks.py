#!/usr/bin/env python3
"""What puma counts of the stored track outputs of btag_gn2_vertex: tasks.json beside this file.

    tasks.py FOLDER PUMA       FOLDER: the further data; PUMA: puma/utils/vertexing.py of puma-hep

Made with puma-hep 0.5.6, NumPy 2.4.6 and h5py 3.16.0. Members are those of metrics.json.
"""
import importlib.util
import json
import os
import sys

import h5py
import hdf5plugin  # noqa: F401
import numpy as np

CLASSES = {"bjets": 5, "cjets": 4, "ujets": 0, "taujets": 15}
ORIGINS = ["Pileup", "Fake", "Primary", "FromB", "FromBC", "FromC", "FromTau", "OtherSecondary"]

folder, path = sys.argv[1:3]
spec = importlib.util.spec_from_file_location("vertexing", path)
puma = importlib.util.module_from_spec(spec)
spec.loader.exec_module(puma)

with h5py.File(f"{folder}/data/flavour/jets.h5") as f:
    label, tracks = f["jets"]["HadronConeExclTruthLabelID"], f["tracks"][:]
with h5py.File(f"{folder}/models/btag/btag_gn2_vertex/scores.h5") as f:
    said = f["tracks"][:]
valid = tracks["valid"]
true_origin = tracks["ftagTruthOriginLabel"].astype(int)
origin, vertex = (said[f"GN2kaonV_{n}"].astype(int) for n in ("TrackOrigin", "VertexIndex"))


def count(inclusive):
    truth = np.where(valid, tracks["ftagTruthVertexIndex"].astype(int), -99)
    found = np.where(valid, vertex, -99)
    for i in range(len(label)):
        v = valid[i]
        truth[i][v] = puma.clean_truth_vertices(truth[i][v], true_origin[i][v], inclusive)
        found[i][v] = puma.clean_reco_vertices(found[i][v], origin[i][v], inclusive)
    m = puma.calculate_vertex_metrics(found, truth, max_vertices=20)
    out = {}
    for name, value in CLASSES.items():
        here = label == value
        n = {k: int(m[k][here].sum()) for k in ("n_match", "n_ref", "n_test")}
        size = {k: m[k][here] for k in ("track_overlap", "test_vertex_size", "ref_vertex_size")}
        size = {k: int(v[v > 0].sum()) for k, v in size.items()}
        out[name] = {
            "jets": int(here.sum()), "true": n["n_ref"], "found": n["n_test"],
            "matched": n["n_match"], "jets_with_found": int((m["n_test"][here] > 0).sum()),
            "efficiency": n["n_match"] / n["n_ref"] if n["n_ref"] else None,
            "purity": n["n_match"] / n["n_test"] if n["n_test"] else None,
            "track_efficiency": size["track_overlap"] / size["ref_vertex_size"]
            if size["ref_vertex_size"] else None,
            "track_purity": size["track_overlap"] / size["test_vertex_size"]
            if size["test_vertex_size"] else None}
    return out


out = {"origin": {"tracks": int(valid.sum()),
                  "right": float(np.mean(origin[valid] == true_origin[valid])),
                  "counts": {a: {b: int((valid & (true_origin == i) & (origin == k)).sum())
                                 for k, b in enumerate(ORIGINS)} for i, a in enumerate(ORIGINS)}},
       "vertices": {"exclusive": count(False), "inclusive": count(True)}}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "tasks.json"), "w") as f:
    json.dump(out, f, indent=1)
    f.write("\n")
