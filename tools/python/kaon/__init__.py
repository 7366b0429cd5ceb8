"""kaon for Python: runs ONNX transformers on numpy arrays, and evaluates jet taggers.

    model = kaon.Model("tagger.onnx")
    scores = model.run(jet_features=jets, track_features=tracks)
    result = kaon.evaluate("tagger.onnx", "jets.h5", fractions={"fc": 0.2, "ftau": 0.01})

The module is plain Python over kaon's shared library (ctypes) and needs numpy only.
"""

from kaon._error import Error
from kaon._evaluate import Evaluation, evaluate
from kaon._library import load, version
from kaon._model import Model, Port

__all__ = ["Error", "Evaluation", "Model", "Port", "evaluate", "load", "version"]
