#!/usr/bin/env python3
"""Figures of the stored scores of two taggers, computed with NumPy: figures.json beside this file.

    figures.py FOLDER          FOLDER: the further data, with models/btag and data/flavour

An independent computation of what test_figures.c compares with, member by member of metrics.json, to
a relative 1e-9: sorting, percentiles and sums are NumPy's, formulas are written out anew. Made with
NumPy 2.4.6 and h5py 3.16.0 (hdf5plugin for LZ4).
"""
import json
import math
import os
import sys

import h5py
import hdf5plugin  # noqa: F401
import numpy as np

CLASSES = {"bjets": 5, "cjets": 4, "ujets": 0, "taujets": 15}
MODELS = {"GN2kaon": ("btag_gn2", ["bjets", "cjets", "ujets", "taujets"]),
          "SmallKaon": ("btag_small", ["bjets", "cjets", "ujets"])}
LETTER = {"bjets": "b", "cjets": "c", "ujets": "u", "taujets": "tau"}
DISCRIMINANTS = {"GN2kaon": {"D_b": ("bjets", {"cjets": .2, "ujets": .79, "taujets": .01}),
                             "D_c": ("cjets", {"bjets": .3, "ujets": .69, "taujets": .01})},
                 "SmallKaon": {"D_b": ("bjets", {"cjets": .2, "ujets": .8}),
                               "D_c": ("cjets", {"bjets": .3, "ujets": .7})}}
POINTS = {"D_b": [.6, .65, .7, .77, .8, .85], "D_c": [.2, .3, .4, .5]}
AT = .7
REJECTION = ("ujets", 100.0)
EDGES = {"pt": [20, 30, 40, 60, 85, 110, 140, 175, 250],
         "eta": [-2.5, -2, -1.5, -1, -.5, 0, .5, 1, 1.5, 2, 2.5],
         "n_tracks": [0, 1, 2, 4, 6, 8, 10, 13, 17, 25, 41]}
SCAN = 11
REPLICAS, SEED = 25, 7


def number(x):
    return float(x) if np.isfinite(x) else None


def percentile(x, w, share):
    """NumPy's; with weights that of atlas-ftag-tools, in double."""
    if len(x) == 0:
        return math.nan
    if w is None:
        return np.percentile(x, 100 * share)
    order = np.argsort(x, kind="stable")
    x, w = x[order], w[order].astype(float)
    cdf = np.cumsum(w) - w / 2
    cdf = (cdf - cdf[0]) / (cdf[-1] - cdf[0])
    return np.interp(share, cdf, x)


def auc(s, b, ws=None, wb=None):
    ws = np.ones(len(s)) if ws is None else ws.astype(float)
    wb = np.ones(len(b)) if wb is None else wb.astype(float)
    order = np.argsort(b)
    total = np.concatenate([[0], np.cumsum(wb[order])])
    below = total[np.searchsorted(b[order], s, "left")]
    up_to = total[np.searchsorted(b[order], s, "right")]
    return np.sum(ws * (below + up_to) / 2) / (ws.sum() * wb.sum())


def placements(a, b):
    b = np.sort(b)
    return (np.searchsorted(b, a, "left") + np.searchsorted(b, a, "right")) / 2 / len(b)


def share_of(d, w, cut):
    if w is None:
        return np.mean(d > cut), len(d)
    w = w.astype(float)
    return w[d > cut].sum() / w.sum(), w.sum() ** 2 / (w ** 2).sum()


def wilson(e, n):
    centre, half = (e + .5 / n) / (1 + 1 / n), math.sqrt(e * (1 - e) / n + .25 / n ** 2) / (1 + 1 / n)
    return max(0, centre - half), min(1, centre + half)


class Tagger:
    def __init__(self, folder, name, jets):
        self.name, (where, self.classes) = name, MODELS[name]
        with h5py.File(f"{folder}/models/btag/{where}/scores.h5") as f:
            scores = f["jets"][:]
        self.p = {c: scores[f"{name}_p{LETTER[c]}"].astype(float) for c in self.classes}
        self.jets = jets
        self.is_class = {c: jets["label"] == v for c, v in CLASSES.items()}

    def d(self, signal, fractions):
        below = sum(f * self.p[c] for c, f in fractions.items() if f > 0)
        return np.log((self.p[signal] + 1e-10) / (below + 1e-10))

    def of(self, x, c):
        return None if x is None else x[self.is_class[c]]


def point(t, d, w, cut):
    classes = {}
    for c in CLASSES:
        x = t.of(d, c)
        e, n = share_of(x, t.of(w, c), cut)
        r = 1 / e if e > 0 else math.inf
        low, high = wilson(e, n)
        classes[c] = {"jets": len(x), "passed": int((x > cut).sum()), "efficiency": number(e),
                      "efficiency_error": math.sqrt(e * (1 - e) / n), "rejection": number(r),
                      "error": number(r * r * math.sqrt(e * (1 - e) / n)) if e > 0 else None,
                      "low": number(1 / high), "high": number(1 / low) if low > 0 else None}
    return {"cut": number(cut), "classes": classes}


def columns(x, w, bins, edges, cuts):
    keys = ["jets", "passed", "efficiency", "error", "rejection", "rejection_error"]
    all_ = {k: [] for k in keys}
    for b, cut in enumerate(cuts):
        here = bins == b
        y, v = x[here], None if w is None else w[here]
        e, n = share_of(y, v, cut) if len(y) else (0, 1)
        some = len(y) > 0 and e > 0
        for k, value in zip(keys, [len(y), int((y > cut).sum()), float(e),
                                   math.sqrt(e * (1 - e) / n), 1 / e if some else None,
                                   e ** -2 * math.sqrt(e * (1 - e) / n) if some else None]):
            all_[k].append(value)
    return all_


def against(t, d, w, signal, at):
    out = {}
    for name, edges in EDGES.items():
        bins = np.digitize(t.jets[name], edges) - 1
        series = []
        for of, share in ((signal, at), (REJECTION[0], 1 / REJECTION[1])):
            whole = percentile(t.of(d, of), t.of(w, of), 1 - share)
            flat = []
            for b in range(len(edges) - 1):
                here = t.is_class[of] & (bins == b)
                flat.append(percentile(d[here], None if w is None else w[here], 1 - share))
            for mode, cuts in (("one_cut", [whole] * (len(edges) - 1)), ("flat_per_bin", flat)):
                one = {"mode": mode, "cut": [number(c) for c in cuts],
                       "classes": {c: columns(t.of(d, c), t.of(w, c), bins[t.is_class[c]], edges, cuts)
                                   for c in CLASSES}}
                series.append(one)
        out[name] = {"edges": edges, "outside": int(((bins < 0) | (bins >= len(edges) - 1)).sum()),
                     "series": series}
    return out


def scan(t, signal, fractions, at):
    """f_c (or f_b) from 0 to 1, the rest to light flavour."""
    run = "cjets"
    if signal == run:
        return None
    backgrounds = [c for c in t.classes if c != signal]

    def rejections(f):
        d = t.d(signal, f)
        cut = percentile(t.of(d, signal), None, 1 - at)
        share = {c: np.mean(t.of(d, c) > cut) for c in CLASSES}
        return {c: 1 / e if e > 0 else math.inf for c, e in share.items()}, cut

    norm = {b: rejections({c: 1 - .01 * len(backgrounds) if c == b else .01
                           for c in backgrounds})[0][b] for b in backgrounds}
    others = sum(f for c, f in fractions.items() if c not in (run, "ujets"))
    values = [f for f in np.linspace(0, 1, SCAN) if f + others <= 1 + 1e-12]
    rows = [rejections({**fractions, run: f, "ujets": 1 - others - f}) for f in values]
    total = [sum(r[b] / norm[b] for b in backgrounds if np.isfinite(r[b])) for r, _ in rows]
    x, y = (np.array([r[c] for r, _ in rows]) for c in (run, "ujets"))
    return {"fraction": list(map(float, values)), "cut": [float(c) for _, c in rows],
            "rejection": {c: [number(r[c]) for r, _ in rows] for c in CLASSES},
            "sum": list(map(float, total)), "best": float(values[int(np.argmax(total))]),
            "best_puma": float(values[int(np.argmax((x / x.max()) ** 2 + (y / y.max()) ** 2))])}


def mix(x):
    with np.errstate(over="ignore"):
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xbf58476d1ce4e5b9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94d049bb133111eb)
        return x ^ (x >> np.uint64(31))


def poisson(replica, rows):
    """Counter-based: the cumulated chances of 0, 1, 2 ... against 64 random bits."""
    golden = np.uint64(0x9e3779b97f4a7c15)
    with np.errstate(over="ignore"):
        key = mix(mix(np.uint64(SEED) + golden) + np.uint64(replica + 1) * golden)
        drawn = mix(key + (rows + np.uint64(1)) * golden)
    chance = np.cumsum([math.exp(-1) / math.factorial(k) for k in range(30)])
    return np.searchsorted(chance, drawn / 2.0 ** 64, "right")


def replicas(t, d, w, signal, points):
    rows = np.arange(len(d), dtype=np.uint64)
    out = []
    for i in range(REPLICAS):
        v = poisson(i, rows) * (np.ones(len(d)) if w is None else w.astype(float))
        keep = v > 0
        x = {c: d[keep & t.is_class[c]] for c in CLASSES}
        u = {c: v[keep & t.is_class[c]] for c in CLASSES}
        cuts = [np.round(percentile(x[signal], u[signal], 1 - p), 3) for p in points]
        share = [{c: u[c][x[c] > cut].sum() / u[c].sum() for c in CLASSES} for cut in cuts]
        out.append({"cut": cuts, "auc": {c: auc(x[signal], x[c], u[signal], u[c])
                                         for c in CLASSES if c != signal},
                    "rejection": [{c: 1 / s[c] if s[c] > 0 else math.inf for c in CLASSES}
                                  for s in share]})
    return out


def spread(values):
    x = np.array([v for v in values if np.isfinite(v)])
    tail = 15.865525393145707
    return {"finite": len(x), "deviation": float(np.std(x, ddof=1)),
            "low": float(np.percentile(x, tail)), "high": float(np.percentile(x, 100 - tail))}


def resampled(r, signal, points):
    return {"replicas": REPLICAS, "seed": SEED,
            "auc": {c: spread([x["auc"][c] for x in r]) for c in CLASSES if c != signal},
            "working_points": [{"signal_efficiency": p, "cut": spread([x["cut"][i] for x in r]),
                                "rejection": {c: spread([x["rejection"][i][c] for x in r])
                                              for c in CLASSES}} for i, p in enumerate(points)]}


def calibration(p, right, w):
    bins = np.minimum((p * 10).astype(int), 9)
    out = {"jets": [], "mean": [], "share": []}
    error = 0
    for b in range(10):
        here = bins == b
        out["jets"].append(int(here.sum()))
        if not here.any():
            out["mean"].append(None), out["share"].append(None)
            continue
        mean, share = np.average(p[here], weights=w[here]), np.average(right[here], weights=w[here])
        out["mean"].append(float(mean)), out["share"].append(float(share))
        error += w[here].sum() * abs(mean - share)
    out["expected_error"] = float(error / w.sum())
    return out


def classification(t, weight):
    w = np.ones(len(t.jets)) if weight is None else weight.astype(float)
    p = np.stack([t.p[c] for c in t.classes], 1)
    best = p.argmax(1)
    true = np.select([t.is_class[c] for c in CLASSES], range(len(CLASSES)))
    counts = {c: {k: int((t.is_class[c] & (best == i)).sum()) for i, k in enumerate(t.classes)}
              for c in CLASSES}
    confusion = {c: {k: float(w[t.is_class[c] & (best == i)].sum() / w[t.is_class[c]].sum())
                     for i, k in enumerate(t.classes)} for c in CLASSES}
    precision = {k: float(w[t.is_class[k] & (best == i)].sum() / w[best == i].sum())
                 for i, k in enumerate(t.classes)}
    q = np.where(p > 0, p, 1)
    h = -(p * np.log(q)).sum(1)
    largest = math.log(len(t.classes))
    entropy = {}
    for c in CLASSES:
        x, v = h[t.is_class[c]], w[t.is_class[c]]
        mean = np.average(x, weights=v)
        bins = np.minimum((x / largest * 40).astype(int), 39)
        entropy[c] = {"mean": float(mean),
                      "deviation": float(np.sqrt(np.average((x - mean) ** 2, weights=v))),
                      "histogram": [float(v[bins == b].sum() / v.sum()) for b in range(40)]}
    pairs, mean = {}, []
    for i in t.classes:
        pairs[i] = {}
        for j in t.classes:
            if i != j:
                x = t.p[i] / (t.p[i] + t.p[j])
                pairs[i][j] = float(auc(t.of(x, i), t.of(x, j), t.of(w, i), t.of(w, j)))
                mean.append(pairs[i][j])
    rest = {i: float(auc(t.p[i][t.is_class[i]], t.p[i][~t.is_class[i]], w[t.is_class[i]],
                         w[~t.is_class[i]])) for i in t.classes}
    return {"counts": counts, "confusion": confusion,
            "accuracy": float(np.average(best == true, weights=w)), "precision": precision,
            "recall": {k: confusion[k][k] for k in t.classes},
            "calibration": {k: calibration(t.p[k], t.is_class[k], w) for k in t.classes},
            "confidence": calibration(p.max(1), best == true, w), "largest_entropy": largest,
            "entropy": entropy, "auc_pairs": pairs, "auc_rest": rest,
            "auc_mean": float(np.mean(mean))}


def strange(t, weight):
    """Tau jets, which SmallKaon does not know and GN2kaon is told are strange."""
    w = np.ones(len(t.jets)) if weight is None else weight.astype(float)
    inside = [c for c in t.classes if c != "taujets"]
    p = np.stack([t.p[c] for c in t.classes], 1)
    log = np.log(np.where(p > 0, p, 2.0 ** -149))
    x = (log - log.mean(1, keepdims=True))[:, :-1]
    is_in = np.any([t.is_class[c] for c in inside], 0)
    means = {c: np.average(x[t.is_class[c]], axis=0, weights=w[t.is_class[c]]) for c in inside}
    off = np.zeros_like(x)
    for c in inside:
        off[t.is_class[c]] = x[t.is_class[c]] - means[c]
    cov = (off * w[:, None] * is_in[:, None]).T @ off / w[is_in].sum()
    inverse = np.linalg.inv(cov)
    far = np.min([np.einsum("ij,jk,ik->i", x - m, inverse, x - m) for m in means.values()], 0)
    q = np.where(p > 0, p, 1)
    scores = {"largest_probability": 1 - p.max(1), "entropy": -(p * np.log(q)).sum(1),
              "mahalanobis": far}
    out = {"in": inside, "jets_in": int(is_in.sum()), "mean": {}, "against": {"taujets": {}}}
    for name, v in scores.items():
        tau = t.is_class["taujets"]
        cut = percentile(v[is_in], None if weight is None else w[is_in], .95)
        out["mean"][name] = {c: float(np.average(v[t.is_class[c]], weights=w[t.is_class[c]]))
                             for c in CLASSES}
        out["against"]["taujets"][name] = {
            "auroc": float(auc(v[tau], v[is_in], w[tau], w[is_in])),
            "fpr_at_95": float(1 - w[tau][v[tau] > cut].sum() / w[tau].sum())}
    return out


def figures(t, w, resample):
    out = {}
    for name, (signal, fractions) in DISCRIMINANTS[t.name].items():
        d = t.d(signal, fractions)
        s = t.of(d, signal)
        one = {"signal": signal, "auc": {}, "auc_error": {}, "working_points": []}
        for c in CLASSES:
            if c == signal:
                continue
            b = t.of(d, c)
            one["auc"][c] = float(auc(s, b, t.of(w, signal), t.of(w, c)))
            one["auc_error"][c] = None if w is not None else math.sqrt(
                placements(s, b).var(ddof=1) / len(s) + placements(b, s).var(ddof=1) / len(b))
        for p in POINTS[name]:
            cut = np.round(percentile(s, t.of(w, signal), 1 - p), 3)
            one["working_points"].append({"signal_efficiency": p, **point(t, d, w, cut)})
        cut = percentile(t.of(d, REJECTION[0]), t.of(w, REJECTION[0]), 1 - 1 / REJECTION[1])
        one["other_working_points"] = [{"name": "u_100", "rejection_of": REJECTION[0],
                                        "rejection": REJECTION[1], **point(t, d, w, cut)}]
        if name == "D_b":
            one["against"] = against(t, d, w, signal, AT)
        if w is None and name == "D_b":
            one["scan"] = scan(t, signal, fractions, AT)
        if resample and name == "D_b":
            one["bootstrap"] = resampled(replicas(t, d, w, signal, POINTS[name]), signal,
                                         POINTS[name])
        out[name] = one
    return {"name": t.name, "judged": len(t.jets), "discriminants": out,
            "classification": classification(t, w), "out_of_distribution": strange(t, w)}


def mcnemar(b, c):
    n, k = b + c, min(b, c)
    return float(min(1, 2 * sum(math.comb(n, i) for i in range(k + 1)) / 2 ** n))


def comparison(r, m, name):
    signal = DISCRIMINANTS[r.name][name][0]
    d = [t.d(*DISCRIMINANTS[t.name][name]) for t in (r, m)]
    boot = [replicas(t, x, None, signal, POINTS[name]) for t, x in zip((r, m), d)]
    areas, points = {}, []
    for c in CLASSES:
        if c != signal:
            v10, v01 = ([placements(x[r.is_class[a]], x[r.is_class[b]]) for x in d]
                        for a, b in ((signal, c), (c, signal)))
            e = math.sqrt((v10[1] - v10[0]).var(ddof=1) / len(v10[0]) +
                          (v01[1] - v01[0]).var(ddof=1) / len(v01[0]))
            value = v10[1].mean() - v10[0].mean()
            areas[c] = {"value": float(value), "error": e,
                        "p": math.erfc(abs(value / e) / math.sqrt(2))}
    for i, p in enumerate(POINTS[name]):
        cuts = [np.round(np.percentile(x[r.is_class[signal]], 100 * (1 - p)), 3) for x in d]
        classes = {}
        for c in CLASSES:
            a, b = (x[r.is_class[c]] > cut for x, cut in zip(d, cuts))
            n = [int(x.sum()) for x in (a & b, a & ~b, b & ~a, ~a & ~b)]
            some = a.any() and b.any()
            ratio = a.sum() / b.sum() if b.any() else math.nan
            classes[c] = {
                "both": n[0], "reference_only": n[1], "model_only": n[2], "neither": n[3],
                "rejection_ratio": number(ratio),
                "error": ratio * math.sqrt((n[1] + n[2]) / (a.sum() * b.sum())) if some else None,
                "mcnemar_p": mcnemar(n[1], n[2]),
                "bootstrap": spread([y["rejection"][i][c] / x["rejection"][i][c]
                                     for x, y in zip(*boot)])}
        points.append({"signal_efficiency": p, "cut_reference": float(cuts[0]),
                       "cut_model": float(cuts[1]), "classes": classes})
    return {"reference": r.name, "model": m.name, "discriminant": name, "jets": len(r.jets),
            "auc_difference": areas, "working_points": points}


def main():
    folder = sys.argv[1]
    with h5py.File(f"{folder}/data/flavour/jets.h5") as f:
        rows, valid = f["jets"][:], f["tracks"]["valid"]
    jets = {"label": rows["HadronConeExclTruthLabelID"],
            "pt": rows["pt_btagJes"].astype(float) * .001, "eta": rows["eta_btagJes"].astype(float),
            "n_tracks": valid.sum(1).astype(float)}
    jets = np.rec.fromarrays(list(jets.values()), names=list(jets))
    taggers = [Tagger(folder, name, jets) for name in MODELS]
    with np.errstate(divide="ignore", invalid="ignore"):
        out = {"plain": {"models": [figures(t, None, True) for t in taggers],
                         "comparisons": [comparison(*taggers, n) for n in POINTS]},
               "weighted": {"models": [figures(t, rows["mcEventWeight"], False) for t in taggers]}}
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "figures.json")
    with open(path, "w") as f:
        json.dump(out, f, separators=(",", ":"))
        f.write("\n")


if __name__ == "__main__":
    main()
