"""Writes cases/: operators of ai.onnx in forms that the conformance suite lacks, or has no exact values for.

    pip install onnx==1.23.2 numpy
    python make_cases.py

Expected outputs are the operators' definitions in NumPy, and for random numbers the generator that
engine/base/random.h documents, written again here. kaon check compares with its default tolerance.
"""

import os
import shutil
import struct

import numpy as np
import onnx
from onnx import helper, numpy_helper

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cases")
MASK = (1 << 64) - 1
rng = np.random.default_rng(5)


def write(name, op, inputs, want, attrs, opset=22, domain=""):
    given = [(n, v) for n, v in inputs if v is not None]
    info = lambda n, v: helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape)
    outputs = [f"y{i}" for i in range(len(want))]
    graph = helper.make_graph(
        [helper.make_node(op, [n if v is not None else "" for n, v in inputs], outputs, domain=domain, **attrs)],
        name,
        [info(n, v) for n, v in given],
        [info(n, v) for n, v in zip(outputs, want)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid(domain, opset)], ir_version=10)
    folder = os.path.join(HERE, name, "test_data_set_0")
    os.makedirs(folder)
    onnx.save(model, os.path.join(HERE, name, "model.onnx"))
    for kind, tensors in (("input", [v for _, v in given]), ("output", want)):
        for i, t in enumerate(tensors):
            with open(os.path.join(folder, f"{kind}_{i}.pb"), "wb") as out:
                out.write(numpy_helper.from_array(np.asarray(t)).SerializeToString())


def bits(seed, i):
    z = (seed + (i + 1) * 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def units(seed, n):
    key = bits(struct.unpack("<Q", struct.pack("<d", seed))[0], 0)
    return np.array([(bits(key, i) >> 11) * 2.0**-53 for i in range(n)])


def normals(seed, n):
    u = units(seed, 2 * n)
    return np.sqrt(-2 * np.log(1 - u[0::2])) * np.cos(2 * np.pi * u[1::2])


def random_numbers():
    u = (2.0 + 3.0 * units(7.5, 12)).reshape(3, 4)
    z = (1.0 + 2.0 * normals(3.0, 6)).reshape(2, 3)
    write("random_uniform", "RandomUniform", [], [u.astype(np.float32)], dict(low=2.0, high=5.0, seed=7.5, shape=[3, 4]))
    write("random_uniform_double", "RandomUniform", [], [u], dict(low=2.0, high=5.0, seed=7.5, shape=[3, 4], dtype=11))
    write("random_uniform_like", "RandomUniformLike", [("x", np.zeros((3, 4), np.int32))], [u.astype(np.float16)],
          dict(low=2.0, high=5.0, seed=7.5, dtype=10))
    write("random_normal", "RandomNormal", [], [z.astype(np.float32)], dict(mean=1.0, scale=2.0, seed=3.0, shape=[2, 3]))
    write("random_normal_like", "RandomNormalLike", [("x", np.zeros((2, 3)))], [z], dict(mean=1.0, scale=2.0, seed=3.0))
    write("random_normal_scalar", "RandomNormalLike", [("x", np.float32(0))], [np.float32(normals(3.0, 1)[0])],
          dict(seed=3.0))
    write("random_uniform_empty", "RandomUniform", [], [np.zeros((0, 4), np.float32)], dict(seed=3.0, shape=[0, 4]))
    p = np.linspace(0, 1, 20).astype(np.float32)
    write("bernoulli", "Bernoulli", [("x", p)], [units(4.0, 20) < p], dict(seed=4.0, dtype=9))
    logs = np.log(np.array([[0.1, 0.2, 0.3, 0.4], [5, 1, 0.5, 2]]))
    w = np.exp(logs - logs.max(1, keepdims=True))
    s = np.cumsum(w, 1)
    at = [[np.searchsorted(s[r], units(2.0, 32)[r * 16 + i] * s[r, -1], "right") for i in range(16)] for r in range(2)]
    write("multinomial", "Multinomial", [("x", logs.astype(np.float32))], [np.array(at, np.int64)],
          dict(seed=2.0, sample_size=16, dtype=7))


def training():
    x = rng.normal(size=(3, 5)).astype(np.float32)
    kept = (units(9.0, 15) >= 0.25).reshape(3, 5)
    ratio, on = ("r", np.float32(0.25)), ("t", np.array(True))
    write("dropout_training", "Dropout", [("x", x), ratio, on], [(x * kept / 0.75).astype(np.float32), kept], dict(seed=9))
    write("dropout_training_off", "Dropout", [("x", x), ratio, ("t", np.array(False))], [x, np.ones_like(kept)], dict(seed=9))
    x = rng.normal(size=(4, 3, 2)) + 2.0
    scale, bias, mean, var = (rng.uniform(1, 2, size=3) for _ in range(4))
    m, v = x.mean((0, 2)), x.var((0, 2))
    y = (x - m[:, None]) / np.sqrt(v + np.float32(1e-3))[:, None] * scale[:, None] + bias[:, None]
    k = float(np.float32(0.8))
    write("batch_normalization_training", "BatchNormalization",
          [("x", x), ("s", scale), ("b", bias), ("m", mean), ("v", var)],
          [y, mean * k + m * (1 - k), var * k + v * (1 - k)], dict(training_mode=1, momentum=0.8, epsilon=1e-3), opset=15)


def others():
    a, b = rng.normal(size=(2, 3, 4))
    al = float(np.float32(1.7))
    write("swiglu_double", "SwiGLU", [("a", a), ("b", b)], [a / (1 + np.exp(-al * a)) * b], dict(alpha=1.7), opset=28)
    m = rng.normal(size=(2, 3, 5, 5))
    write("det_double", "Det", [("x", m)], [np.linalg.det(m)], {})
    write("det_empty_matrices", "Det", [("x", np.zeros((2, 0, 0)))], [np.ones(2)], {})
    cache, update = rng.normal(size=(2, 6, 3)).astype(np.float32), rng.normal(size=(2, 2, 3)).astype(np.float32)
    want = cache.copy()
    for n, first in enumerate((5, 13)):
        for i in range(2):
            want[n, (first + i) % 6] = update[n, i]
    write("tensor_scatter_far", "TensorScatter", [("c", cache), ("u", update), ("i", np.array([5, 13]))], [want],
          dict(axis=1, mode="circular"), opset=24)
    x = rng.normal(size=(2, 3, 4, 5)).astype(np.float32)
    write("global_lp_pool", "GlobalLpPool", [("x", x)], [(np.abs(x) ** 3).sum((2, 3), keepdims=True) ** (1 / 3)],
          dict(p=3))
    boxes = np.array([[[1, 1, 2, 2], [1.1, 1, 2, 2], [3, 3, 1, 1]]], np.float32)
    scores = np.array([[[0.5, 0.9, np.nan]]], np.float32)
    write("non_max_suppression_nan", "NonMaxSuppression",
          [("b", boxes), ("s", scores), ("n", np.array(5)), ("o", np.float32(0.5))], [np.array([[0, 0, 1]])], {}, opset=11)
    write("non_max_suppression_none", "NonMaxSuppression", [("b", boxes), ("s", scores)], [np.zeros((0, 3), np.int64)], {},
          opset=11)
    write("causal_conv_short", "CausalConvWithState",
          [("x", np.array([[[1.0, 2.0]]], np.float32)), ("w", np.array([[[1, 10, 100, 1000]]], np.float32)), ("", None),
           ("p", np.array([[[5, 6, 7]]], np.float32))],
          [np.array([[[1765, 2176]]], np.float32), np.array([[[7, 1, 2]]], np.float32)], {}, opset=27)


def conv(x, w, bias, pads, strides, dilations, group):
    """The definition: windows of the padded input, in double."""
    axes = x.ndim - 2
    x = np.pad(x.astype(np.float64), [(0, 0), (0, 0)] + [(pads[i], pads[axes + i]) for i in range(axes)])
    kernel, channels, m = w.shape[2:], w.shape[1], w.shape[0] // group
    out = [(x.shape[2 + i] - (kernel[i] - 1) * dilations[i] - 1) // strides[i] + 1 for i in range(axes)]
    y = np.zeros((x.shape[0], w.shape[0], *out))
    for tap in np.ndindex(*kernel):
        at = tuple(slice(t * d, t * d + s * (o - 1) + 1, s) for t, d, s, o in zip(tap, dilations, strides, out))
        for g in range(group):
            part = x[(slice(None), slice(g * channels, (g + 1) * channels), *at)]
            y[:, g * m:(g + 1) * m] += np.einsum("nc...,mc->nm...", part, w[(slice(g * m, (g + 1) * m), slice(None), *tap)])
    return y + bias.reshape(-1, *[1] * axes)


def convolutions():
    own = np.random.default_rng(9)
    for name, x, w, pads, strides, dilations, group in (
        ("1d_dilated", (2, 3, 17), (4, 3, 3), (3, 1), (1,), (2,), 1),
        ("1d_depthwise", (1, 4, 50), (8, 1, 5), (4, 0), (1,), (1,), 4),
        ("1d_double_stride", (2, 3, 40), (2, 3, 4), (1, 2), (2,), (1,), 1),
        ("2d_uneven", (2, 4, 9, 7), (6, 2, 2, 3), (0, 2, 1, 3), (1, 1), (3, 2), 2),
        ("2d_some_chunks", (1, 32, 16, 16), (2, 32, 5, 5), (2, 2, 2, 2), (1, 1), (1, 1), 1),
        ("2d_strides", (2, 3, 8, 9), (4, 3, 3, 2), (1, 0, 1, 1), (2, 1), (1, 1), 1),
        ("2d_mostly_padding", (1, 2, 3, 3), (3, 2, 9, 9), (8, 8, 8, 8), (1, 1), (1, 1), 1),
        ("2d_all_padding", (1, 1, 2, 2), (1, 1, 1, 2), (3, 0, 3, 4), (1, 1), (1, 3), 1),
        ("2d_columns", (2, 3, 20, 1), (4, 3, 3, 1), (1, 0, 1, 0), (1, 1), (2, 1), 1),
        ("2d_merged", (2, 2, 6, 5), (3, 2, 3, 1), (2, 0, 1, 0), (1, 1), (1, 1), 1),
        ("3d_middle", (1, 2, 4, 5, 6), (2, 2, 2, 1, 3), (0, 0, 1, 1, 0, 1), (1, 1, 1), (1, 1, 1), 1),
        ("3d", (2, 2, 5, 6, 7), (3, 2, 3, 2, 3), (1, 0, 1, 1, 1, 1), (1, 1, 1), (1, 2, 1), 1),
    ):
        x, w = own.normal(size=x).astype(np.float32), own.normal(size=w).astype(np.float32)
        bias = own.normal(size=w.shape[0]).astype(np.float32)
        y = conv(x, w, bias, pads, strides, dilations, group)
        write(f"conv_{name}", "Conv", [("x", x), ("w", w), ("b", bias)], [y.astype(np.float32)],
              dict(pads=pads, strides=strides, dilations=dilations, group=group))


if __name__ == "__main__":
    shutil.rmtree(HERE, ignore_errors=True)
    random_numbers()
    training()
    others()
    convolutions()
