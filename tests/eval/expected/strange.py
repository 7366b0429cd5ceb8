#!/usr/bin/env python3
"""What test_ood.c compares with, computed with NumPy: strange.json beside this file.

    strange.py

Jets made by hand: the energy and the hidden value of each are drawn from a congruential generator that
the test has too. An independent computation: NumPy's inverse of the covariance instead of a factor, and
its percentiles and sorts. Made with NumPy 2.4.6.
"""
import json
import os

import numpy as np

JETS, CLASSES, WIDTH = 900, 4, 5  # the last class is out


def draws(n):
    state, out = 11, np.empty(n, np.float32)
    for i in range(n):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2 ** 64
        out[i] = (state >> 40) / 2 ** 24
    return out


def auc(s, b, ws, wb):
    order = np.argsort(b)
    total = np.concatenate([[0], np.cumsum(wb[order])])
    both = total[np.searchsorted(b[order], s, "left")] + total[np.searchsorted(b[order], s, "right")]
    return np.sum(ws * both / 2) / (ws.sum() * wb.sum())


def percentile(x, w, share):
    if w is None:
        return np.percentile(x, 100 * share)
    order = np.argsort(x, kind="stable")
    x, w = x[order], w[order]
    cdf = np.cumsum(w) - w / 2
    return np.interp(share, (cdf - cdf[0]) / (cdf[-1] - cdf[0]), x)


def judged(value, of, weight):
    w = np.ones(JETS) if weight is None else weight
    good = np.isfinite(value)
    is_in, out = (of < CLASSES - 1) & good, (of == CLASSES - 1) & good
    cut = percentile(value[is_in], None if weight is None else w[is_in], .95)
    return {"auroc": float(auc(value[out], value[is_in], w[out], w[is_in])),
            "fpr_at_95": float(1 - w[out][value[out] > cut].sum() / w[out].sum())}


def far(x, of, weight, ridge):
    w = np.ones(JETS) if weight is None else weight
    use = (of < CLASSES - 1) & np.isfinite(x).all(1)
    mean = [np.average(x[use & (of == c)], axis=0, weights=w[use & (of == c)])
            for c in range(CLASSES - 1)]
    off = np.array([x[i] - mean[of[i]] if use[i] else np.zeros(WIDTH) for i in range(JETS)])
    cov = (off * w[:, None]).T @ off / w[use].sum()
    raised = ridge * np.trace(cov) / WIDTH
    inverse = np.linalg.inv(cov + raised * np.eye(WIDTH))
    return np.min([np.einsum("ij,jk,ik->i", x - m, inverse, x - m) for m in mean], 0), raised


def main():
    u = draws(JETS * (WIDTH + 3)).reshape(JETS, WIDTH + 3)
    of = np.arange(JETS) % CLASSES
    weight = np.float64(np.float32(.5) + u[:, 0])
    energy = np.float64(u[:, 1] + np.float32(.125) * of.astype(np.float32))
    hidden = u[:, 3:] + np.float32(.25) * of[:, None].astype(np.float32) * u[:, 2:3]
    hidden[7] = np.nan  # a jet whose hidden value has no entries
    dead = hidden.copy()
    dead[:, 2] = 0  # a unit that never fires, and one that repeats another
    dead[:, 4] = dead[:, 3]
    out = {}
    for name, w in (("plain", None), ("weighted", weight)):
        out[name] = {"energy": judged(energy, of, w)}
        for kind, x, ridge in (("regular", hidden, 0), ("singular", dead, 1e-6)):
            value, raised = far(np.float64(x), of, w, ridge)
            out[name][kind] = dict(judged(value, of, w), ridge=float(raised))
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "strange.json"), "w") as f:
        json.dump(out, f, indent=1, sort_keys=True)
        f.write("\n")


main()
