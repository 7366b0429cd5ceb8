#!/usr/bin/env python3
"""Jets in ROOT files or parquet to the HDF5 layout that `kaon eval` reads.

    to_h5.py IN... OUT.h5 [--tree tree] [--jet REGEX] [--part REGEX] [--entries 128] [--limit N]

IN: .root (needs uproot) or .parquet (needs pyarrow), as of JetClass: numbers of a jet, and lists
of one length for its particles. OUT has a compound `jets` [N] of the numbers and a compound
`tracks` [N, entries] of the lists with `valid`; what a list has beyond `entries` is left out, and
counted. Needs h5py and numpy. No part of kaon's build.
"""
import argparse
import re
import sys

import h5py
import numpy as np

CHUNK = 1000  # jets


def read_root(path, tree, step):
    import uproot

    with uproot.open(path) as file:
        for batch in file[tree].iterate(step_size=step, library="np"):
            yield batch


def read_parquet(path, step):
    import pyarrow.parquet as pq

    for batch in pq.ParquetFile(path).iter_batches(step):
        yield {name: column.to_numpy(zero_copy_only=False)
               for name, column in zip(batch.schema.names, batch.columns)}


def read(paths, tree, step=CHUNK):
    for path in paths:
        yield from read_parquet(path, step) if path.endswith(".parquet") else read_root(
            path, tree, step)


def is_list(column):
    return column.dtype == object or column.ndim > 1


def element(columns, names, extra=()):
    """The compound of some columns; integers and bool stay, floats become f4."""
    fields = []
    for name in names:
        first = next((np.asarray(x) for x in columns[name] if len(x)), np.zeros(0, "f4")) \
            if is_list(columns[name]) else columns[name]
        kind = first.dtype
        fields.append((name, "f4" if kind.kind == "f" else kind))
    return np.dtype(fields + list(extra))


def padded(columns, names, dtype, entries):
    """[N, entries] of the lists, and how many entries do not fit."""
    n = len(columns[names[0]])
    out, lost = np.zeros((n, entries), dtype), 0
    for i in range(n):
        lengths = {len(columns[name][i]) for name in names}
        if len(lengths) != 1:
            raise SystemExit(f"to_h5: jet {i} of a batch has lists of lengths {sorted(lengths)}")
        length = lengths.pop()
        keep = min(length, entries)
        lost += length - keep
        for name in names:
            out[name][i, :keep] = np.asarray(columns[name][i])[:keep]
        out["valid"][i, :keep] = True
    return out, lost


def append(file, name, rows, **how):
    if name not in file:
        file.create_dataset(name, data=rows, maxshape=(None, *rows.shape[1:]),
                            chunks=(min(CHUNK, max(1, len(rows))), *rows.shape[1:]), **how)
        return
    dataset = file[name]
    before = len(dataset)
    dataset.resize(before + len(rows), axis=0)
    dataset[before:] = rows


def convert(args):
    jet, part = re.compile(args.jet), re.compile(args.part)
    done = lost = 0
    names = types = None
    with h5py.File(args.out, "w") as file:
        for columns in read(args.inputs, args.tree):
            if names is None:
                names = ([c for c in columns if not is_list(columns[c]) and jet.search(c)],
                         [c for c in columns if is_list(columns[c]) and part.search(c)])
                if not names[0]:
                    raise SystemExit("to_h5: no column is a number of a jet")
                types = (element(columns, names[0]),
                         element(columns, names[1], [("valid", "?")]))
            n = len(columns[names[0][0]])
            if args.limit:
                n = min(n, args.limit - done)
                columns = {name: column[:n] for name, column in columns.items()}
            jets = np.zeros(n, types[0])
            for name in names[0]:
                jets[name] = columns[name]
            append(file, "jets", jets, compression="gzip", shuffle=True)
            if names[1]:
                tracks, more = padded(columns, names[1], types[1], args.entries)
                append(file, "tracks", tracks, compression="gzip", shuffle=True)
                lost += more
            done += n
            if args.limit and done >= args.limit:
                break
        file.attrs["writer_version"] = "kaon to_h5"
    print(f"{args.out}: {done} jets" + (f", {lost} entries left out" if lost else ""))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("inputs", nargs="+", metavar="IN")
    parser.add_argument("out", metavar="OUT.h5")
    parser.add_argument("--tree", default="tree")
    parser.add_argument("--jet", default="", help="columns of a jet that are kept")
    parser.add_argument("--part", default="", help="columns of its particles that are kept")
    parser.add_argument("--entries", type=int, default=128)
    parser.add_argument("--limit", type=int, default=0)
    convert(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
