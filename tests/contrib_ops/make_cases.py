"""Writes cases/: signals, pictures, strings, products of integers and operators of com.microsoft in forms that
the conformance suite lacks; functions of a model; and refused/: functions without an end.

    pip install onnx==1.23.2 numpy
    python make_cases.py

Expected outputs are the operators' definitions in NumPy, in float64. kaon check compares with its default
tolerance.
"""

import math
import os
import shutil

import numpy as np
import onnx
from onnx import helper, numpy_helper

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cases")
REFUSED = os.path.join(os.path.dirname(HERE), "refused")
rng = np.random.default_rng(7)
MS = "com.microsoft"
erf = np.vectorize(math.erf)


def f32(*shape):
    return rng.normal(size=shape).astype(np.float32)


def write(name, op, inputs, want, opset=22, domain="", constant=(), **attrs):
    """inputs: arrays, or None for one that is not given; constant: indices of those that are initializers."""
    names = [f"x{i}" if v is not None else "" for i, v in enumerate(inputs)]
    arrays = [np.asarray(v) if v is not None else None for v in inputs]
    info = lambda n, v: helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape)
    given = [i for i, v in enumerate(arrays) if v is not None and i not in constant]
    outputs = [f"y{i}" if w is not None else "" for i, w in enumerate(want)]
    want = [np.asarray(w) for w in want if w is not None]
    graph = helper.make_graph(
        [helper.make_node(op, names, outputs, domain=domain, **attrs)], name,
        [info(names[i], arrays[i]) for i in given],
        [info(n, v) for n, v in zip([o for o in outputs if o], want)],
        [numpy_helper.from_array(arrays[i], names[i]) for i in constant])
    model = helper.make_model(graph, ir_version=10, opset_imports=[
        helper.make_opsetid("", opset)] + ([helper.make_opsetid(domain, 1)] if domain else []))
    folder = os.path.join(HERE, name, "test_data_set_0")
    os.makedirs(folder)
    onnx.save(model, os.path.join(HERE, name, "model.onnx"))
    for kind, tensors in (("input", [arrays[i] for i in given]), ("output", want)):
        for i, t in enumerate(tensors):
            with open(os.path.join(folder, f"{kind}_{i}.pb"), "wb") as out:
                out.write(numpy_helper.from_array(t).SerializeToString())


def pairs(z):
    return np.stack([z.real, z.imag], -1)


def signals():
    for n in (7, 12, 97):
        x = rng.normal(size=(2, n, 3))
        write(f"dft_{n}", "DFT", [x[..., None], None, np.array(1)], [pairs(np.fft.fft(x, axis=1))], opset=20)
    z = rng.normal(size=(2, 5)) + 1j * rng.normal(size=(2, 5))
    write("dft_longer_inverse", "DFT", [pairs(z), np.array(9), np.array(1)], [pairs(np.fft.ifft(z, 9, axis=1))],
          opset=20, inverse=1)
    x = rng.normal(size=(3, 11))
    write("dft_onesided_shorter", "DFT", [x[..., None], np.array(6), np.array(-2)],
          [pairs(np.fft.rfft(x, 6, axis=1))], opset=20, onesided=1)
    s, w = rng.normal(size=(2, 20)) + 1j * rng.normal(size=(2, 20)), rng.normal(size=6)
    frames = np.stack([s[:, i:i + 6] * w for i in range(0, 15, 4)], 1)
    write("stft_complex", "STFT", [pairs(s), np.array(4), w], [pairs(np.fft.fft(frames))], opset=17, onesided=0)


def sample_1d(x, at, kind, pad, align):
    """Taps of one axis: list of (index or None, weight)."""
    n = len(x)
    p = (at + 1) / 2 * (n - 1) if align else ((at + 1) * n - 1) / 2
    low, high = (0, n - 1) if align else (-0.5, n - 0.5)

    def reflect(v):
        while v < low or v > high:
            v = 2 * low - v if v < low else 2 * high - v
        return v

    def index(i):
        if pad == "reflection":
            i = int(np.rint(reflect(i)))
        if pad != "zeros":
            i = min(max(i, 0), n - 1)
        return i if 0 <= i < n else None

    if kind == "nearest":
        p = np.rint(p)
    if p < low or p > high:
        p = min(max(p, 0), n - 1) if pad == "border" else reflect(p) if pad == "reflection" else p
    f = math.floor(p)
    if kind == "nearest":
        taps = [(int(np.rint(p)), 1.0)]
    elif kind == "linear":
        taps = [(f, 1 - (p - f)), (f + 1, p - f)]
    else:
        a, t = -0.75, p - f
        far = lambda d: ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
        near = lambda d: ((a + 2) * d - (a + 3)) * d * d + 1
        taps = list(zip(range(f - 1, f + 3), (far(1 + t), near(t), near(1 - t), far(2 - t))))
    return [(index(i), w) for i, w in taps]


def grid_sample(x, grid, kind, pad, align):
    out = np.zeros(x.shape[:2] + grid.shape[1:-1])
    for b in range(x.shape[0]):
        for place in np.ndindex(*grid.shape[1:-1]):
            axes = [sample_1d(np.zeros(n), g, kind, pad, align)
                    for n, g in zip(x.shape[2:], grid[b][place][::-1].astype(float))]
            for c in range(x.shape[1]):
                for pick in np.ndindex(*[len(a) for a in axes]):
                    at = [axes[k][i][0] for k, i in enumerate(pick)]
                    if None not in at:
                        out[(b, c) + place] += x[(b, c) + tuple(at)] * np.prod([axes[k][i][1] for k, i in enumerate(pick)])
    return out


def pictures():
    for kind in ("linear", "nearest", "cubic"):
        for pad in ("zeros", "border", "reflection"):
            align = int(pad != "border")
            x, grid = f32(1, 2, 3, 4, 5), rng.uniform(-1.8, 1.8, size=(1, 2, 3, 2, 3)).astype(np.float32)
            write(f"grid_sample_3d_{kind}_{pad}", "GridSample", [x, grid], [grid_sample(x, grid, kind, pad, align).astype(np.float32)],
                  opset=20, mode=kind, padding_mode=pad, align_corners=align)
    x = f32(2, 3, 9, 8)
    rois = np.array([[0, 1, 2, 6, 7], [1, 0, 0, 7, 8], [1, 5, 5, 5, 5]], np.float32)
    want = np.zeros((3, 3, 2, 3), np.float32)
    for r, (b, x1, y1, x2, y2) in enumerate(rois.astype(int)):
        h, w = y2 - y1 + 1, x2 - x1 + 1
        for i in range(2):
            for j in range(3):
                part = x[b, :, y1 + math.floor(i * h / 2):y1 + math.ceil((i + 1) * h / 2),
                         x1 + math.floor(j * w / 3):x1 + math.ceil((j + 1) * w / 3)]
                want[r, :, i, j] = part.max((1, 2))
    write("max_roi_pool", "MaxRoiPool", [x, rois], [want], pooled_shape=[2, 3])


def strings():
    words = lambda *w: np.array(w, dtype=object)
    write("string_normalizer_letters", "StringNormalizer", [words("Äpfel", "Straße", "ЯБЛОКО", "Ωmega", "x")],
          [words("äpfel", "яблоко", "ωmega", "x")], opset=10, case_change_action="LOWER", stopwords=["STRAßE"])
    write("string_split_spaces", "StringSplit", [words("  a b\tc ", "", "d", "e f g")],
          [np.array([["a", "b\tc "], ["", ""], ["d", ""], ["e", "f g"]], dtype=object), np.array([2, 0, 1, 2])],
          opset=20, maxsplit=1)


def quantised(sums, scale, zero, kind):
    info = np.iinfo(kind)
    return np.clip(np.rint(sums * scale) + zero, info.min, info.max).astype(kind)


def integers():
    for kinds in ((np.uint8, np.int8), (np.int8, np.uint8), (np.int8, np.int8)):
        a = rng.integers(np.iinfo(kinds[0]).min, np.iinfo(kinds[0]).max + 1, size=(2, 5, 37)).astype(kinds[0])
        b = rng.integers(np.iinfo(kinds[1]).min, np.iinfo(kinds[1]).max + 1, size=(37, 35)).astype(kinds[1])
        az, bz = kinds[0](3), rng.integers(0, 9, size=35).astype(kinds[1])
        sums = (a.astype(np.int64) - int(az)) @ (b.astype(np.int64) - bz.astype(np.int64))
        name = f"{np.dtype(kinds[0])}_{np.dtype(kinds[1])}"
        write(f"matmul_integer_{name}", "MatMulInteger", [a, b, az, bz], [sums.astype(np.int32)], constant=(1,))
        s = rng.uniform(0.001, 0.002, size=35).astype(np.float32)
        bias = f32(35)
        write(f"matmul_integer_to_float_{name}", "MatMulIntegerToFloat", [a, b, np.float32(0.5), s, az, bz, bias],
              [(sums * (0.5 * s.astype(np.float64)) + bias).astype(np.float32)], domain=MS)
        x = rng.integers(np.iinfo(kinds[0]).min, np.iinfo(kinds[0]).max + 1, size=(2, 4, 6, 5)).astype(kinds[0])
        w = rng.integers(np.iinfo(kinds[1]).min, np.iinfo(kinds[1]).max + 1, size=(6, 2, 3, 2)).astype(kinds[1])
        wz = rng.integers(0, 5, size=6).astype(kinds[1])
        padded = np.pad(x.astype(np.int64) - int(az), ((0, 0), (0, 0), (1, 1), (0, 1)))
        sums = np.zeros((2, 6, 3, 5), np.int64)
        for o in range(6):
            for i in range(3):
                for j in range(5):
                    part = padded[:, o // 3 * 2:o // 3 * 2 + 2, 2 * i:2 * i + 3, j:j + 2]
                    sums[:, o, i, j] = (part * (w[o].astype(np.int64) - int(wz[o]))).sum((1, 2, 3))
        at = dict(group=2, strides=[2, 1], pads=[1, 0, 1, 1])
        write(f"conv_integer_{name}", "ConvInteger", [x, w, az, wz], [sums.astype(np.int32)], **at)
        ws, b32 = rng.uniform(0.01, 0.02, size=6).astype(np.float32), rng.integers(-999, 999, size=6).astype(np.int32)
        scale = (np.float32(0.25) * ws / np.float32(2.0)).astype(np.float64)[:, None, None]
        write(f"qlinear_conv_{name}", "QLinearConv", [x, np.float32(0.25), az, w, ws, wz, np.float32(2.0), kinds[0](5), b32],
              [quantised(sums + b32[:, None, None], scale, 5, kinds[0])], **at)
    x, b = f32(3, 20), rng.integers(-128, 128, size=(20, 6)).astype(np.int8)
    s = np.float32((max(x.max(), 0) - min(x.min(), 0)) / np.float32(255))
    z = np.clip(np.rint(-min(x.min(), 0) / s), 0, 255)
    q = np.clip(np.rint(x / s) + z, 0, 255) - z
    write("dynamic_quantize_matmul", "DynamicQuantizeMatMul", [x, b, np.float32(0.03)],
          [(q @ b.astype(float) * (float(s) * float(np.float32(0.03)))).astype(np.float32)], domain=MS, constant=(1, 2))


def few_bits():
    for bits, block, k, n, zeros, order in ((4, 32, 64, 5, None, False), (4, 64, 100, 40, "packed", False),
                                            (8, 32, 40, 33, "packed", False), (8, 128, 70, 3, None, False),
                                            (2, 16, 48, 7, "packed", False), (4, 16, 33, 6, "float", False),
                                            (4, 32, 64, 4, "packed", True)):
        blocks = -(-k // block)
        q = rng.integers(0, 1 << bits, size=(n, blocks * block))
        scale = rng.uniform(0.1, 1, size=(n, blocks)).astype(np.float32)
        pack = lambda v: np.packbits(((v[..., None] >> np.arange(bits)) & 1).astype(np.uint8).reshape(*v.shape[:-1], -1),
                                     axis=-1, bitorder="little")
        zp = np.full((n, blocks), 1 << (bits - 1), float)
        given = None
        if zeros == "packed":
            zp = rng.integers(0, 1 << bits, size=(n, blocks))
            given = pack(zp)
        elif zeros == "float":
            zp = rng.uniform(0, 15, size=(n, blocks)).astype(np.float32)
            given = zp
        index = rng.permutation(np.arange(k) // block).astype(np.int32) if order else np.arange(k) // block
        w = (q[:, :k] - zp.astype(float)[:, index]) * scale.astype(float)[:, index]
        x, bias = f32(2, 3, k), f32(n)
        weights = pack(q.reshape(n, blocks, block))
        write(f"matmul_nbits_{bits}_{block}_{k}_{n}_{zeros}{'_order' if order else ''}", "MatMulNBits",
              [x, weights, scale, given, index if order else None, bias], [(x @ w.T + bias).astype(np.float32)],
              domain=MS, constant=tuple(i for i in (1, 2, 3) if i < 3 or given is not None), K=k, N=n, bits=bits, block_size=block)
    q = rng.integers(0, 16, size=(10, 32))
    scale, zp = rng.uniform(0.1, 1, size=(10, 2)).astype(np.float32), rng.integers(0, 16, size=(10, 2))
    rows = np.array([[3, -1], [0, 3]])
    pack = lambda v: (v[..., ::2] | v[..., 1::2] << 4).astype(np.uint8)
    w = (q - np.repeat(zp, 16, 1)) * np.repeat(scale, 16, 1)
    write("gather_block_quantized_bytes", "GatherBlockQuantized", [pack(q), rows, scale, pack(zp)],
          [w[rows].astype(np.float32)], domain=MS, quantize_axis=1, block_size=16, bits=4)


def normal(x, gamma, beta, eps):
    x = x.astype(float)
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps) * gamma + beta


def optimised():
    gelu = lambda v: 0.5 * v * (1 + erf(v / math.sqrt(2)))
    x, b = f32(3, 4, 10), f32(10)
    write("bias_gelu", "BiasGelu", [x, b], [gelu((x + b).astype(float)).astype(np.float32)], domain=MS)
    write("quick_gelu", "QuickGelu", [x], [(x / (1 + np.exp(-1.3 * x.astype(float)))).astype(np.float32)], domain=MS, alpha=1.3)
    skip, gamma, beta = f32(4, 10), f32(10), f32(10)
    total = x + b + skip
    write("skip_layer_normalization_broadcast", "SkipLayerNormalization", [x, skip, gamma, beta, b],
          [normal(total, gamma, beta, 1e-5).astype(np.float32), None, None, total], domain=MS, epsilon=1e-5)
    rms = total / np.sqrt((total.astype(float) ** 2).mean(-1, keepdims=True) + 1e-5) * gamma
    write("skip_simplified_broadcast", "SkipSimplifiedLayerNormalization", [x, skip, gamma, b],
          [rms.astype(np.float32), None, None, total], domain=MS, epsilon=1e-5)
    ids, segments = rng.integers(0, 9, size=(2, 5)).astype(np.int32), rng.integers(0, 2, size=(2, 5)).astype(np.int32)
    word, place, segment = f32(9, 10), f32(6, 10), f32(2, 10)
    mask = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]], np.int32)
    total = word[ids] + segment[segments] + place[np.arange(5)]
    write("embed_layer_normalization", "EmbedLayerNormalization", [ids, segments, word, place, segment, gamma, beta, mask],
          [normal(total, gamma, beta, 1e-6).astype(np.float32), mask.sum(1).astype(np.int32), total.astype(np.float32)],
          domain=MS, epsilon=1e-6)
    a, c = f32(2, 3, 7, 4), f32(2, 3, 5, 7)
    write("fused_matmul_turned", "FusedMatMul", [a, c],
          [(0.5 * np.swapaxes(a, 2, 3).astype(float) @ np.swapaxes(c, 2, 3)).astype(np.float32)], domain=MS, transA=1, transB=1, alpha=0.5)
    a, w, c = f32(4, 6), f32(6, 3), f32(3)
    y = a.astype(float) @ w + c
    write("fused_gemm_leaky", "FusedGemm", [a, w, c], [np.where(y < 0, 0.3 * y, y).astype(np.float32)], domain=MS,
          activation="LeakyRelu", activation_alpha=0.3, constant=(1,))
    x = f32(4, 6)
    write("transpose_negative", "Transpose", [x], [x.T], perm=[-1, 0])


def save(name, model, inputs, want):
    folder = os.path.join(HERE, name, "test_data_set_0")
    os.makedirs(folder)
    onnx.save(model, os.path.join(HERE, name, "model.onnx"))
    for kind, tensors in (("input", inputs), ("output", want)):
        for i, t in enumerate(tensors):
            with open(os.path.join(folder, f"{kind}_{i}.pb"), "wb") as out:
                out.write(numpy_helper.from_array(t).SerializeToString())


def referring(op, inputs, outputs, attribute, of, kind=onnx.AttributeProto.FLOAT, domain=""):
    node = helper.make_node(op, inputs, outputs, domain=domain)
    a = node.attribute.add()
    a.name, a.ref_attr_name, a.type = attribute, of, kind
    return node


def functions():
    """Functions of the model: attributes passed on and left to defaults, one function in another, an input that is
    not given, names that stand in both, an opset of its own."""
    ops, own = helper.make_opsetid, "own.functions"
    leaky = helper.make_function(own, "Leaky", ["x", "shift"], ["y"], [
        referring("LeakyRelu", ["x"], ["t"], "alpha", "slope"),
        helper.make_node("Clip", ["t", "shift"], ["y"])], [ops("", 22)], ["slope"])
    twice = helper.make_function(own, "Twice", ["a"], ["y", "t"], [
        referring("Leaky", ["a"], ["t"], "slope", "first", domain=own),
        helper.make_node("Leaky", ["t"], ["y"], domain=own),
        ], [ops("", 22), ops(own, 1)], [], [helper.make_attribute("first", 0.5)])
    old = helper.make_function(own, "Old", ["x"], ["y"], [
        helper.make_node("Unsqueeze", ["x"], ["y"], axes=[0])], [ops("", 11)], [])
    x = f32(3, 4)
    nodes = [helper.make_node("Twice", ["x"], ["t", "half"], domain=own),
             helper.make_node("Twice", ["x"], ["y", ""], domain=own, first=0.25),
             helper.make_node("Leaky", ["t", "low"], ["cut"], domain=own, slope=2.0),
             helper.make_node("Old", ["cut"], ["z"], domain=own)]
    info = lambda n, *d: helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, d)
    graph = helper.make_graph(nodes, "g", [info("x", 3, 4), info("low")],
                              [info("y", 3, 4), info("half", 3, 4), info("z", 1, 3, 4)])
    leak = lambda v, a: np.where(v < 0, np.float32(a) * v, v)
    low = np.float32(-0.001)
    want = [leak(leak(x, 0.25), 0.01), leak(x, 0.5), np.maximum(leak(leak(leak(x, 0.5), 0.01), 2.0), low)[None]]
    model = helper.make_model(graph, ir_version=10, opset_imports=[ops("", 22), ops(own, 1)],
                              functions=[leaky, twice, old])
    save("functions", model, [x, np.asarray(low)], want)
    again = helper.make_function(own, "Again", ["x"], ["y"], [helper.make_node("Again", ["x"], ["y"], domain=own)],
                                 [ops(own, 1)], [])
    graph = helper.make_graph([helper.make_node("Again", ["x"], ["y"], domain=own)], "g", [info("x", 3)], [info("y", 3)])
    os.makedirs(REFUSED)
    onnx.save(helper.make_model(graph, ir_version=10, opset_imports=[ops("", 22), ops(own, 1)], functions=[again]),
              os.path.join(REFUSED, "recursion.onnx"))
    body = [helper.make_node("Relu", ["x" if i == 0 else f"t{i}"], [f"t{i + 1}" if i < 99 else "y"]) for i in range(100)]
    levels = [helper.make_function(own, "F0", ["x"], ["y"], body, [ops("", 22)], [])]
    for k in range(1, 9):
        body = [helper.make_node(f"F{k - 1}", ["x" if i == 0 else f"t{i}"], [f"t{i + 1}" if i < 99 else "y"], domain=own)
                for i in range(100)]
        levels.append(helper.make_function(own, f"F{k}", ["x"], ["y"], body, [ops(own, 1)], []))
    graph = helper.make_graph([helper.make_node("F8", ["x"], ["y"], domain=own)], "g", [info("x", 3)], [info("y", 3)])
    onnx.save(helper.make_model(graph, ir_version=10, opset_imports=[ops("", 22), ops(own, 1)], functions=levels),
              os.path.join(REFUSED, "laughs.onnx"))


def flex():
    """Two heads of queries a head of keys; a causal score_mod with a constant of its own graph, and a prob_mod."""
    q, k, v = f32(2, 6, 5, 8), f32(2, 3, 5, 8), f32(2, 3, 5, 4)
    one = lambda n: helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, None)
    hidden = np.triu(np.full((5, 5), -1e30, np.float32), 1)
    score = helper.make_graph([helper.make_node("Add", ["s", "hidden"], ["t"])], "score", [one("s")], [one("t")],
                              [numpy_helper.from_array(hidden, "hidden")])
    prob = helper.make_graph([helper.make_node("Mul", ["p", "gain"], ["r"])], "prob", [one("p")], [one("r")])
    gain = np.float32(1.5)
    node = helper.make_node("FlexAttention", ["q", "k", "v"], ["y"], domain="ai.onnx.preview", scale=0.3,
                            score_mod=score, prob_mod=prob, softmax_precision=1)
    info = lambda n, x: helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, x.shape)
    s = np.einsum("bhgqd,bhkd->bhgqk", q.reshape(2, 3, 2, 5, 8).astype(float), k) * np.float32(0.3) + hidden
    w = np.exp(s - s.max(-1, keepdims=True))
    y = np.einsum("bhgqk,bhkd->bhgqd", w / w.sum(-1, keepdims=True) * 1.5, v).reshape(2, 6, 5, 4).astype(np.float32)
    graph = helper.make_graph([node], "g", [info("q", q), info("k", k), info("v", v), info("gain", gain)], [info("y", y)])
    save("flex_attention_shared", helper.make_model(graph, ir_version=10, opset_imports=[
        helper.make_opsetid("", 24), helper.make_opsetid("ai.onnx.preview", 1)]), [q, k, v, np.asarray(gain)], [y])


if __name__ == "__main__":
    shutil.rmtree(HERE, ignore_errors=True)
    shutil.rmtree(REFUSED, ignore_errors=True)
    functions()
    flex()
    signals()
    pictures()
    strings()
    integers()
    few_bits()
    optimised()
