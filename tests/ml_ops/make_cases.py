"""Writes cases/: operators of ai.onnx.ml and QONNX that the conformance suite lacks.

    pip install onnx==1.23.2 numpy
    python make_cases.py

Expected outputs are the operators' definitions in NumPy. kaon check compares with its default tolerance.
"""

import os
import shutil

import numpy as np
import onnx
from onnx import helper, numpy_helper

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cases")
ML, QONNX = "ai.onnx.ml", "qonnx.custom_op.general"
rng = np.random.default_rng(11)
f32 = np.float32


def write(name, op, inputs, want, attrs, domain=ML, opset=3, imports=True):
    info = lambda n, v: helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape)
    ins, outs = [f"x{i}" for i in range(len(inputs))], [f"y{i}" for i in range(len(want))]
    graph = helper.make_graph(
        [helper.make_node(op, ins, outs, domain=domain, **attrs)], name,
        [info(n, v) for n, v in zip(ins, inputs)], [info(n, v) for n, v in zip(outs, want)])
    opsets = [helper.make_opsetid("", 18)] + ([helper.make_opsetid(domain, opset)] if imports else [])
    folder = os.path.join(HERE, name, "test_data_set_0")
    os.makedirs(folder)
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), os.path.join(HERE, name, "model.onnx"))
    for kind, tensors in (("input", inputs), ("output", want)):
        for i, t in enumerate(tensors):
            with open(os.path.join(folder, f"{kind}_{i}.pb"), "wb") as out:
                out.write(numpy_helper.from_array(np.asarray(t)).SerializeToString())


def trees():
    # two stumps of x0 <= 0.5, x1 > 1 and a set {2, 3} on x2 below the first; leaves for two targets
    t = lambda v, d=np.float64: numpy_helper.from_array(np.array(v, d))
    for kind, d in (("double", np.float64), ("half", np.float16)):
        x = np.array([[0, 0, 2], [0, 2, 4], [1, 2, 3], [np.nan, 0, 1]], d)
        for agg in range(4):
            a = dict(n_targets=2, aggregate_function=agg, tree_roots=[0, 2], nodes_featureids=[0, 2, 1],
                     nodes_modes=t([0, 6, 3], np.uint8), nodes_splits=t([0.5, 0, 1], d),
                     nodes_truenodeids=[1, 0, 3], nodes_trueleafs=[0, 1, 1], nodes_falsenodeids=[2, 1, 4],
                     nodes_falseleafs=[1, 1, 1], nodes_missing_value_tracks_true=[1, 0, 0],
                     membership_values=t([2, 3, np.nan], d), leaf_targetids=[0, 0, 0, 0, 1],
                     leaf_weights=t([1.5, 2.5, 4, 8, -3], d))
            y = np.zeros((4, 2))
            for r, v in enumerate(x):
                w = [[], []]
                w[0].append((1.5 if v[2] in (2, 3) else 2.5) if v[0] <= 0.5 or np.isnan(v[0]) else 4)
                w[0 if v[1] > 1 else 1].append(8 if v[1] > 1 else -3)
                fold = [lambda p: sum(p) / 2, sum, lambda p: min(p, default=0), lambda p: max(p, default=0)][agg]
                y[r] = [fold(w[0]), fold(w[1])]
            write(f"tree_ensemble_{kind}_{agg}", "TreeEnsemble", [x], [y.astype(d)], a, opset=5)


def grow(own, nodes, depth, mode):
    """A tree whose branches end at any depth, as rows of a dictionary; the node's number."""
    i = len(nodes["mode"])
    leaf = depth == 0 or (depth < 5 and own.random() < 0.3)
    for key, v in dict(mode="LEAF" if leaf else mode, feature=int(own.integers(4)), value=float(f32(own.normal())),
                       nan=int(own.integers(2)), yes=0, no=0).items():
        nodes[key].append(v)
    if not leaf:
        nodes["yes"][i], nodes["no"][i] = grow(own, nodes, depth - 1, mode), grow(own, nodes, depth - 1, mode)
    return i


def forests():
    """Groups of trees that are not full, of uneven depth, and rows that are not finite or meet a value exactly."""
    own = np.random.default_rng(7)
    holds = dict(BRANCH_LEQ=np.less_equal, BRANCH_LT=np.less, BRANCH_GTE=np.greater_equal, BRANCH_GT=np.greater)
    for mode, compare in holds.items():
        for targets in (1, 3):
            x = own.normal(size=(12, 4)).astype(f32)
            x[1, 2], x[2, 0], x[3, 1] = np.nan, np.inf, -np.inf
            a = {key: [] for key in ("nodes_treeids", "nodes_nodeids", "nodes_featureids", "nodes_modes", "nodes_values",
                                     "nodes_truenodeids", "nodes_falsenodeids", "nodes_missing_value_tracks_true",
                                     "target_treeids", "target_nodeids", "target_ids", "target_weights")}
            y = np.zeros((len(x), targets))
            for tree in range(11):
                n = {key: [] for key in ("mode", "feature", "value", "nan", "yes", "no")}
                grow(own, n, 1 + tree % 6, mode)
                if tree == 4:
                    n["value"][0] = float(x[5, n["feature"][0]])
                weight = {i: (int(own.integers(targets)), float(f32(own.normal()))) for i, m in enumerate(n["mode"]) if m == "LEAF"}
                for key, from_ in (("featureids", "feature"), ("modes", "mode"), ("values", "value"), ("truenodeids", "yes"),
                                   ("falsenodeids", "no"), ("missing_value_tracks_true", "nan")):
                    a["nodes_" + key] += n[from_]
                a["nodes_treeids"] += [tree] * len(n["mode"])
                a["nodes_nodeids"] += range(len(n["mode"]))
                for i, (target, w) in weight.items():
                    for key, v in zip(("treeids", "nodeids", "ids", "weights"), (tree, i, target, w)):
                        a["target_" + key].append(v)
                for r, row in enumerate(x):
                    i = 0
                    while n["mode"][i] != "LEAF":
                        v = row[n["feature"][i]]
                        yes = compare(v, f32(n["value"][i])) or (np.isnan(v) and n["nan"][i])
                        i = n["yes" if yes else "no"][i]
                    y[r, weight[i][0]] += weight[i][1]
            name = f"forest_{mode[7:].lower()}_{targets}"
            write(name, "TreeEnsembleRegressor", [x], [y.astype(f32)], dict(a, n_targets=targets))


def features():
    x = rng.normal(size=(4, 3)).astype(f32)
    x[1] = 0
    write("array_feature_extractor_vector", "ArrayFeatureExtractor", [x[0], np.array([2, 0], np.int64)], [x[0][[2, 0]][None]], {})
    write("binarizer_int64", "Binarizer", [np.array([-1, 1, 2])], [np.array([0, 0, 1])], dict(threshold=1.0))
    write("normalizer_max", "Normalizer", [np.abs(x)], [np.abs(x) / np.where(x.any(1), np.abs(x).max(1), 1)[:, None].astype(f32)], dict(norm="MAX"))
    write("normalizer_l1", "Normalizer", [x], [x / np.where(x.any(1), np.abs(x).sum(1), 1)[:, None].astype(f32)], dict(norm="L1"))
    write("normalizer_l2", "Normalizer", [x], [x / np.where(x.any(1), np.sqrt((x * x).sum(1)), 1)[:, None].astype(f32)], dict(norm="L2"))
    o, s = np.array([1, 2, 3], f32), np.array([0.5, 2, 4], f32)
    write("scaler", "Scaler", [x], [(x - o) * s], dict(offset=o.tolist(), scale=s.tolist()))
    write("scaler_one_int", "Scaler", [np.array([[1, 5]], np.int64)], [np.array([[1.5, 7.5]], f32)], dict(scale=[1.5]))
    m = np.array([[1, np.nan], [np.nan, 4]], f32)
    write("imputer_nan", "Imputer", [m], [np.array([[1, 8], [7, 4]], f32)], dict(imputed_value_floats=[7.0, 8.0], replaced_value_float=float("nan")))
    write("imputer_int64", "Imputer", [np.array([[1, 0], [-5, 0]])], [np.array([[1, 0], [9, 0]])], dict(imputed_value_int64s=[9], replaced_value_int64=-5))
    write("one_hot_encoder", "OneHotEncoder", [np.array([[5, 7], [6, 5]])], [np.array([[[1, 0], [0, 1]], [[0, 0], [1, 0]]], f32)], dict(cats_int64s=[5, 7]))
    write("label_encoder_int_float", "LabelEncoder", [np.array([3, 1, 9])], [np.array([0.5, 1.5, -0.0], f32)], dict(keys_int64s=[1, 3], values_floats=[1.5, 0.5]), opset=2)
    write("label_encoder_nan_int", "LabelEncoder", [np.array([np.nan, 2], f32)], [np.array([4, -1])], dict(keys_floats=[float("nan")], values_int64s=[4]), opset=2)
    t = lambda v, d: numpy_helper.from_array(np.array(v, d))
    write("label_encoder_tensor", "LabelEncoder", [np.array([[1, 2, 3]], np.float64)], [np.array([[10, 20, 42]], np.int16)],
          dict(keys_tensor=t([1, 2], np.float64), values_tensor=t([10, 20], np.int16), default_tensor=t([42], np.int16)), opset=4)
    write("feature_vectorizer", "FeatureVectorizer", [x, np.array([[1], [2], [3], [4]])],
          [np.concatenate([x[:, :2], np.array([[1, 0], [2, 0], [3, 0], [4, 0]], f32)], 1)], dict(inputdimensions=[2, 2]))


def linear():
    x, w, b = rng.normal(size=(5, 4)).astype(f32), rng.normal(size=(3, 4)).astype(f32), rng.normal(size=3).astype(f32)
    z, sig = (x @ w.T + b).astype(f32), lambda v: (1 / (1 + np.exp(-v.astype(np.float64)))).astype(f32)
    e = np.exp(z - z.max(1, keepdims=True))
    args = dict(coefficients=w.ravel().tolist(), intercepts=b.tolist())
    labels = np.array([7, -2, 30])
    write("linear_regressor", "LinearRegressor", [x], [z], dict(args, targets=3), opset=1)
    write("linear_regressor_vector", "LinearRegressor", [x[0].astype(np.float64)], [z[:1, :1]], dict(coefficients=w[0].tolist(), intercepts=[float(b[0])]), opset=1)
    for post, y in (("NONE", z), ("LOGISTIC", sig(z)), ("SOFTMAX", e / e.sum(1, keepdims=True))):
        write(f"linear_classifier_{post.lower()}", "LinearClassifier", [x], [labels[z.argmax(1)], y], dict(args, classlabels_ints=labels.tolist(), post_transform=post), opset=1)
    s = z[:, :1]
    write("linear_classifier_two", "LinearClassifier", [x], [labels[:2][(s[:, 0] > 0).astype(int)], np.concatenate([sig(-s), sig(s)], 1)],
          dict(coefficients=w[0].tolist(), intercepts=[float(b[0])], classlabels_ints=[7, -2], post_transform="LOGISTIC"), opset=1)


def tf_idf():
    base = dict(min_gram_length=1, max_gram_length=2, max_skip_count=1, ngram_counts=[0, 2], ngram_indexes=[2, 0, 1],
                pool_int64s=[5, 6, 5, 6], weights=[0.5, 3.0, 2.0])
    x = np.array([[5, 6, 6, 5], [1, 2, 3, 4]], np.int32)  # 5:2, 6:2, (5,6): once side by side, once with one between
    count = np.array([[2, 2, 2], [0, 0, 0]], f32)
    w = np.array([3.0, 2.0, 0.5], f32)
    for mode, want in (("TF", count), ("IDF", (count > 0) * w), ("TFIDF", count * w)):
        write(f"tf_idf_{mode.lower()}", "TfIdfVectorizer", [x], [want.astype(f32)], dict(base, mode=mode), domain="", imports=False)


ROUNDINGS = dict(ROUND=np.round, HALF_EVEN=np.round, CEIL=np.ceil, FLOOR=np.floor, ROUND_TO_ZERO=np.trunc, DOWN=np.trunc,
                 UP=lambda v: np.sign(v) * np.ceil(np.abs(v)), HALF_UP=lambda v: np.sign(v) * np.floor(np.abs(v) + 0.5),
                 half_down=lambda v: np.sign(v) * np.ceil(np.abs(v) - 0.5))


def limits(signed, narrow, bits):
    return (-(2.0 ** (bits - 1)) + narrow if signed else 0.0, 2.0 ** (bits - 1) - 1 if signed else 2.0**bits - 1 - narrow)


def quant(x, scale, zero, bits, signed, narrow, rounding):
    low, high = limits(signed, narrow, np.asarray(bits, np.float64))
    return ((ROUNDINGS[rounding](np.clip(x / scale + zero, low, high).astype(f32)) - zero) * scale).astype(f32)


def qonnx():
    x = np.array([[-9, -5.5, -2.5, -1.25, -0.5], [0, 0.5, 1.5, 2.75, 40]], f32)
    one, zero = np.float32(1), np.float32(0)
    for r in ROUNDINGS:
        write(f"quant_{r.lower()}", "Quant", [x, one, zero, np.float32(4)], [quant(x, one, zero, 4, 1, 0, r)], dict(rounding_mode=r, signed=1, narrow=0),
              domain="finn.custom_op.general", imports=False)
    scale, shift = np.array([[0.5], [0.25]], f32), np.array([[1], [2]], f32)
    for signed in (0, 1):
        for narrow in (0, 1):
            write(f"int_quant_{signed}{narrow}", "IntQuant", [x, scale, shift, np.float32(3.5)], [quant(x, scale, shift, 3.5, signed, narrow, "ROUND")],
                  dict(signed=signed, narrow=narrow), domain=QONNX, opset=1)
    write("quant_one_bit", "Quant", [x, np.float32(0.5), zero, np.float32(1)], [np.where(x >= 0, 0.5, -0.5).astype(f32)], {}, domain="onnx.brevitas", opset=1)
    write("bipolar_quant", "BipolarQuant", [x, scale], [np.where(x / scale >= 0, scale, -scale).astype(f32)], {}, domain=QONNX, opset=1)
    write("trunc_1", "Trunc", [x, np.float32(0.5), zero, np.float32(6), np.float32(4)], [(np.floor(np.round(x / f32(0.5)) / 4) * f32(0.5)).astype(f32)], {}, domain=QONNX, opset=1)
    q = np.clip(np.round(x / f32(0.5) + 1) / 4, -4, 3)
    write("trunc_2", "Trunc", [x, np.float32(0.5), one, np.float32(6), np.float32(2), np.float32(3)], [((np.ceil(q) - 0.25) * 2).astype(f32)], dict(rounding_mode="CEIL"), domain=QONNX, opset=2)


if __name__ == "__main__":
    shutil.rmtree(HERE, ignore_errors=True)
    trees()
    features()
    linear()
    tf_idf()
    qonnx()
    forests()
