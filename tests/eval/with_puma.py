"""Draws kaon's prediction files with puma's own classes and compares with metrics.json of `kaon eval
--puma`.   with_puma.py FOLDER: as --out had it; says the largest differences, exits 1 if one is too large."""

import json
import logging
import sys
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
from ftag import Flavours
from ftag.utils import calculate_rejection
from ftag.working_points import get_working_points
from puma import Roc, VarVsEff
from puma.hlplots import Results, Tagger

logging.disable(logging.WARNING)
folder = Path(sys.argv[1])
metrics = json.loads((folder / "metrics.json").read_text())
CUTS = [("pt_btagJes", ">", 20e3), ("absEta_btagJes", "<", 2.5)]
worst = {}


def differs(what, got, want, most):
    """Notes the largest relative difference; infinite and undefined must meet their like."""
    got, want = (np.array([np.inf if v is None else v for v in np.atleast_1d(a)], float)
                 for a in (got, want))
    with np.errstate(all="ignore"):
        d = np.where(got == want, 0, np.abs(got - want) / np.maximum(np.abs(want), 1e-300))
    number, largest, _ = worst.get(what, (0, 0.0, most))
    worst[what] = number + len(d), max(largest, np.nan_to_num(d, nan=np.inf).max()), most


def flavours_of(d):
    """Classes that have a probability; others have no curve in puma."""
    return [d["signal"], *d["fractions"]]


def fractions(d):
    return {Flavours[c].frac_str: f for c, f in d["fractions"].items()}


def roc(model, file, name, d):
    """Results.plot_rocs: the file is read, the curve is drawn and its points are saved by puma."""
    curve, signal = d["puma_roc"], d["signal"]
    x = curve["signal_efficiency"]
    tagger = Tagger(model["name"], reference=True, fxs=fractions(d),
                    output_flavours=flavours_of(d))
    results = Results(signal=signal, sample="mix", perf_vars="pt_btagJes",
                      output_dir=folder / f"puma_{model['name']}_{name}", extension="png")
    results.load_taggers_from_file([tagger], file, cuts=CUTS)
    results.plot_rocs(x_range=(x[0], x[-1]), resolution=len(x))
    disc = tagger.discriminant(signal)
    for c in d["fractions"]:
        want = curve["smooth"][c]
        drawn = Roc.load(tagger.roc_path[c])
        differs("curves as drawn", drawn.bkg_rej, want, 1e-6)
        differs("signal efficiencies of curves", drawn.sig_eff, x, 1e-6)
        exact = calculate_rejection(disc[tagger.is_flav(signal)], disc[tagger.is_flav(c)],
                                    np.array(x), smooth=False)
        differs("curves before smoothing", exact, curve["exact"][c], 1e-6)
    return tagger, disc


def binned(tagger, disc, d):
    """VarVsEff in bins of pT, with one cut and with a cut in each bin."""
    against, signal = d["against"]["pt"], tagger.is_flav(d["signal"])
    pt = tagger.perf_vars["pt_btagJes"]
    pt = pt if pt.max() < 1e4 else pt * 1e-3
    for series in against["series"]:
        if "signal_efficiency" not in series:
            continue
        for c, want in series["classes"].items():
            if c == d["signal"]:
                continue
            of = tagger.is_flav(c)
            v = VarVsEff(x_var_sig=pt[signal], disc_sig=disc[signal], x_var_bkg=pt[of],
                         disc_bkg=disc[of], bins=np.array(against["edges"]),
                         working_point=series["signal_efficiency"],
                         flat_per_bin=series["mode"] == "flat_per_bin")
            differs("efficiencies in bins", v.bkg_eff[0], want["efficiency"], 1e-6)
            differs("errors of efficiencies in bins", v.bkg_eff[1], want["error"], 1e-6)
        differs("efficiencies of the signal in bins", v.sig_eff[0],
                series["classes"][d["signal"]]["efficiency"], 1e-6)


def working_points(model, file, d):
    """ftag.working_points, which cuts on fields pt and eta, and rounds to three digits itself."""
    with h5py.File(file) as f:
        jets = f["jets"][()]
    jets["pt"], jets["eta"] = jets["pt_btagJes"], jets["absEta_btagJes"]
    renamed = folder / "renamed.h5"
    with h5py.File(renamed, "w") as f:
        f["jets"] = jets
    percent = [100 * p["signal_efficiency"] for p in d["working_points"]]
    of = {f.frac_str: [fractions(d).get(f.frac_str, 0.0)] for f in Flavours.by_category("single-btag")}
    table = get_working_points(SimpleNamespace(
        category="single-btag", signal=Flavours[d["signal"]], ttbar=renamed, zprime=None,
        tagger=[model["name"]], effs=percent, rejection=None, num_jets=-1, outfile=None,
        ttbar_cuts=["pt > 20e3"], zprime_cuts=[], **of))[model["name"]]
    for p, e in zip(d["working_points"], percent):
        theirs = table[f"{e:.0f}"]
        differs("cuts of working points", theirs["cut_value"], p["cut"], 0)
        for c, n in p["classes"].items():
            if n["passed"]:
                differs("efficiencies, three digits", theirs["ttbar"]["eff"][c],
                        float("%.3g" % n["efficiency"]), 0)
                differs("rejections, three digits", theirs["ttbar"]["rej"][c],
                        float("%.3g" % n["rejection"]), 0)


for model in metrics["models"]:
    file = folder / f"{model['name']}__test_mix.h5"
    for name, d in model["discriminants"].items():
        tagger, disc = roc(model, file, name, d)
        binned(tagger, disc, d)
        if len(flavours_of(d)) == 4:  # ftag's table wants every class of its category
            working_points(model, file, d)

for what, (number, largest, most) in worst.items():
    print(f"{'FAILED: ' if largest > most else ''}{what}: {number} numbers, differ by {largest:.2g}")
sys.exit(any(largest > most for _, largest, most in worst.values()))
