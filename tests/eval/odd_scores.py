"""Folders of .npy with odd scores of a tagger T, for tests/eval/odd.sh. Standard library only.
odd_scores.py FOLDER CASE..."""

import os
import random
import struct
import sys

FORMATS = {"f2": "e", "f4": "f", "f8": "d", "i4": "i"}


def save(folder, name, values, kind):
    os.makedirs(f"{folder}/jets", exist_ok=True)
    header = "{'descr': '<%s', 'fortran_order': False, 'shape': (%d,), }" % (kind, len(values))
    header = header.ljust(117) + "\n"
    with open(f"{folder}/jets/{name}.npy", "wb") as file:
        file.write(b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header.encode())
        file.write(struct.pack("<%d%s" % (len(values), FORMATS[kind]), *values))


def columns(n=600):
    """Plausible scores: 150 b-jets, 150 c-jets, 300 light jets."""
    r = random.Random(1)
    flavour = [(5, 4, 0, 0)[i % 4] for i in range(n)]
    c = {"HadronConeExclTruthLabelID": flavour, "T_pb": [], "T_pc": [], "T_pu": [],
         "pt_btagJes": [r.uniform(2e4, 2e5) for _ in flavour], "w": [r.uniform(0.5, 2) for _ in flavour]}
    for f in flavour:
        p = [r.gammavariate(3.0 if f == which else 1.0, 1) for which in (5, 4, 0)]
        for name, value in zip(("T_pb", "T_pc", "T_pu"), p):
            c[name].append(value / sum(p))
    return c


def relabel(c, keep):
    """Labels other than those kept become 99, of no class."""
    seen, out = {}, []
    for f in c["HadronConeExclTruthLabelID"]:
        seen[f] = seen.get(f, 0) + 1
        out.append(f if seen[f] <= keep.get(f, 10**9) else 99)
    c["HadronConeExclTruthLabelID"] = out


def odd(case, c):
    """Changes the columns; gives the type of the scores."""
    b, n = c["T_pb"], len(c["w"])
    if case == "one_signal":
        relabel(c, {5: 1})
    elif case == "no_signal":
        relabel(c, {5: 0})
    elif case == "no_background":
        relabel(c, {4: 0, 0: 0})
    elif case == "no_class":
        relabel(c, {5: 0, 4: 0, 0: 0})
    elif case == "no_c":
        relabel(c, {4: 0})
    elif case == "nan":
        b[0] = b[7] = float("nan")
        b[9] = float("inf")
    elif case == "all_nan":
        b[:] = [float("nan")] * n
    elif case == "zeros":  # as f2 has them: no probability at all of what is not the answer
        for i in range(0, n, 3):
            c["T_pb"][i], c["T_pc"][i], c["T_pu"][i] = (1, 0, 0) if i % 2 else (0, 0, 1)
        c["T_pb"][1] = c["T_pc"][1] = c["T_pu"][1] = 0
        return "f2"
    elif case == "equal":
        for p in "bcu":
            c["T_p" + p] = [1 / 3] * n
    elif case == "negative_scores":
        b[3] = -0.25
    elif case == "negative_weights":
        c["w"] = [-w if i % 5 == 0 else w for i, w in enumerate(c["w"])]
    elif case == "negative_sum":
        c["w"] = [-w for w in c["w"]]
    elif case == "zero_weights":
        c["w"] = [0.0] * n
    elif case == "nan_weight":
        c["w"][5] = float("nan")
    elif case == "large_weight":
        c["w"][5] = 1e300
    elif case == "logits":
        for p in "bcu":
            c["T_p" + p] = [5 * v - 2 for v in c["T_p" + p]]
    elif case == "none":
        for name in c:
            c[name] = []
    return "f4"


for case in sys.argv[2:]:
    table = columns()
    scores = odd(case, table)
    for name, values in table.items():
        kind = {"HadronConeExclTruthLabelID": "i4", "w": "f8"}.get(name, scores if name[:2] == "T_" else "f4")
        save(f"{sys.argv[1]}/{case}", name, values, kind)
