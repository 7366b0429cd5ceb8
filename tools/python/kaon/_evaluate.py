"""`kaon eval` from Python."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from kaon import _library
from kaon._error import Error

REQUIREMENT_NOT_MET = 5


class Evaluation(dict):
    """metrics.json as a dict (docs/metrics.md), and beside it

    scores: by model, a structured array with a row for each row of the data: copied variables and the
        probabilities. None where h5py is not installed, or no model was run.
    notes: what kaon eval said on standard error.
    met: whether all of `require` hold.
    """

    scores, notes, met = None, "", True


def _program(path):
    """The command line: named, in KAON_PROGRAM, of the build that the library is from, beside an
    installed library, or in PATH."""
    if path or os.environ.get("KAON_PROGRAM"):
        return os.fspath(path or os.environ["KAON_PROGRAM"])
    library = Path(_library.load()._name)
    if library.is_absolute():
        for beside in (library.parents[1] / "kaon", library.parents[1] / "bin/kaon"):
            if beside.is_file() and os.access(beside, os.X_OK):
                return str(beside)
    found = shutil.which("kaon")
    if not found:
        raise Error("the program kaon was not found; name it with KAON_PROGRAM", 31, "KAON_IO")
    return found


def _list(value):
    return [value] if isinstance(value, (str, os.PathLike, Mapping)) else list(value)


def _words(options):
    """Options of the command line: `fold_field="x"` is --fold-field x. True stands for a flag, None and
    False for nothing, a list for several, a dict for NAME=VALUE,..."""
    words = []
    for name, value in options.items():
        option = "--" + name.replace("_", "-")
        if value is None or value is False:
            continue
        if value is True:
            words.append(option)
            continue
        if isinstance(value, Mapping):
            value = ",".join("%s=%s" % item for item in value.items())
        for one in [value] if isinstance(value, (str, os.PathLike)) else np.atleast_1d(value):
            words.append("%s=%s" % (option, os.fspath(one) if isinstance(one, os.PathLike) else one))
    return words


def _save(arrays, folder):
    """A folder of .npy that kaon eval reads, from {"jets": structured array, "tracks": ...} or dicts
    of columns."""
    for group, columns in arrays.items():
        names = columns.dtype.names if isinstance(columns, np.ndarray) else list(columns)
        if not names:
            raise Error("data '%s' has no named columns" % group, 12, "KAON_BAD_INPUT")
        os.makedirs(os.path.join(folder, group))
        for name in names:
            np.save(os.path.join(folder, group, name + ".npy"), np.asarray(columns[name]))
    return folder


def _scores(folder):
    """The datasets `jets` of the prediction files."""
    try:
        import h5py
    except ImportError:
        return None
    scores = {}
    for path in sorted(Path(folder).glob("*__test_*.h5")):
        with h5py.File(path, "r") as file:
            scores[path.name.split("__test_")[0]] = file["jets"][()]
    return scores


def evaluate(models=(), data=None, out=None, program=None, **options):
    """Runs `kaon eval` on one or several models and returns an Evaluation.

    models: paths; none with scores=FILE, tagger=NAME.
    data: paths of files of jets, or numpy arrays: {"jets": J, "tracks": T} with structured arrays (or
        dicts of columns) J of length N and T of [N, M] with a field "valid". None: the sample of
        eval.json. Arrays are written to a temporary folder once.
    out: a folder for everything that kaon eval writes; None: a temporary one, without pictures.
    program: path of kaon.
    options: those of `kaon eval`, "-" written as "_": fractions={"fc": 0.2, "ftau": 0.01},
        cut=["pt_btagJes > 50_000"], require="rej_u@0.7>100", no_plots=True.

    Raises kaon.Error with kaon's sentence. A requirement that does not hold does not raise: see met.
    """
    with tempfile.TemporaryDirectory(prefix="kaon-") as scratch:
        words = [_program(program), "eval", "--json", "--no-progress", *map(os.fspath, _list(models))]
        for i, one in enumerate([] if data is None else _list(data)):
            if isinstance(one, Mapping):
                one = _save(one, os.path.join(scratch, "data%d" % i))
            words.append("--data=" + os.fspath(one))
        if out is None:
            options.setdefault("no_plots", True)
        folder = os.fspath(out) if out is not None else os.path.join(scratch, "out")
        done = subprocess.run(words + ["--out=" + folder] + _words(options), text=True,
                              capture_output=True)
        if done.returncode not in (0, REQUIREMENT_NOT_MET):
            lines = [s for s in done.stderr.splitlines() if not s.startswith("Try: ")]
            text = "\n".join(s.removeprefix("kaon: ") for s in lines) or "kaon eval ended by signal %d" % -done.returncode
            raise Error(text, done.returncode, "exit %d" % done.returncode)
        result = Evaluation(json.loads(done.stdout))
        result.scores, result.notes = _scores(folder), done.stderr
        result.met = done.returncode == 0
        return result
