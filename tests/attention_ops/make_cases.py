"""Writes cases/: attention operators of com.microsoft and ai.onnx in forms that the conformance suite lacks.

    pip install onnx==1.23.2 onnxruntime==1.32.0 numpy
    python make_cases.py

Expected outputs are ONNX Runtime's on a CPU; where it has no CPU form (packed inputs), the definition in double
precision. Rows that an operator leaves unspecified are not made. kaon check compares with its default tolerance.
"""

import os
import shutil

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cases")
H, G, D = 4, 2, 16  # heads, of keys and values, size
W = H * D
rng = np.random.default_rng(3)


def f(*shape):
    return rng.normal(size=shape).astype(np.float32)


def i32(*values):
    return np.array(values, np.int32)


def write(name, op, inputs, outputs, attrs, domain="com.microsoft", opset=17, want=None):
    types = {n: helper.np_dtype_to_tensor_dtype(v.dtype) for n, v in inputs if v is not None}
    first = next(v for _, v in inputs if v is not None)
    given = {n: v for n, v in inputs if v is not None}
    graph = helper.make_graph(
        [helper.make_node(op, [n if v is not None else "" for n, v in inputs], outputs, domain=domain, **attrs)],
        name,
        [helper.make_tensor_value_info(n, types[n], v.shape) for n, v in given.items()],
        [helper.make_tensor_value_info(o, helper.np_dtype_to_tensor_dtype(first.dtype), None) for o in outputs],
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)],
        ir_version=10,
    )
    folder = os.path.join(HERE, name, "test_data_set_0")
    os.makedirs(folder)
    onnx.save(model, os.path.join(HERE, name, "model.onnx"))
    if want is None:
        want = onnxruntime.InferenceSession(model.SerializeToString()).run(None, given)
    for kind, tensors in (("input", list(given.values())), ("output", want)):
        for i, t in enumerate(tensors):
            with open(os.path.join(folder, f"{kind}_{i}.pb"), "wb") as out:
                out.write(numpy_helper.from_array(np.ascontiguousarray(t)).SerializeToString())


def group_query():
    angle = np.arange(16)[:, None] * (1e4 ** (-np.arange(D // 2) / (D // 2)))
    rope = [("cos", np.cos(angle).astype(np.float32)), ("sin", np.sin(angle).astype(np.float32))]
    rows = [
        ("prompt_rotary", 2, 4, 0, [3, 3], 4, dict(do_rotary=1)),
        ("decode_rotary_ragged", 2, 1, 7, [7, 5], 8, dict(do_rotary=1)),
        ("decode_window", 1, 1, 7, [7], 8, dict(do_rotary=1, local_window_size=3)),
        ("prompt_window", 1, 5, 0, [4], 5, dict(local_window_size=2)),
        ("softcap", 1, 5, 0, [4], 5, dict(softcap=2.0)),
        ("smooth", 1, 5, 0, [4], 5, dict(smooth_softmax=1)),
        ("interleaved", 1, 5, 0, [4], 5, dict(do_rotary=1, rotary_interleaved=1)),
        ("chunk", 1, 3, 4, [6], 7, dict(do_rotary=1)),
    ]
    for name, b, s, p, last, total, attrs in rows:
        inputs = [("q", f(b, s, W)), ("k", f(b, s, G * D)), ("v", f(b, s, G * D)), ("pk", f(b, G, p, D)),
                  ("pv", f(b, G, p, D)), ("last", i32(*last)), ("total", i32(total))]
        write("gqa_" + name, "GroupQueryAttention", inputs + (rope if "do_rotary" in attrs else []),
              ["y", "nk", "nv"], dict(num_heads=H, kv_num_heads=G, **attrs))
    inputs = [("q", f(1, 4, W)), ("k", f(1, 4, G * D)), ("v", f(1, 4, G * D)), ("pk", f(1, G, 0, D)),
              ("pv", f(1, G, 0, D)), ("last", i32(3)), ("total", i32(4)), ("c", None), ("s", None), ("p", None),
              ("bias", f(1, H, 4, 4)), ("sink", f(H))]
    write("gqa_bias_and_sinks", "GroupQueryAttention", inputs, ["y", "nk", "nv"], dict(num_heads=H, kv_num_heads=G))


def multi_head():
    mask = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]], np.int32)
    q, k, v = f(2, 3, W), f(2, 5, W), f(2, 5, W)
    heads = dict(num_heads=H)
    write("mha_bias_and_mask", "MultiHeadAttention",
          [("q", q), ("k", k), ("v", v), ("b", f(3 * W)), ("m", mask)], ["y"], heads)
    write("mha_lengths", "MultiHeadAttention",
          [("q", q), ("k", k), ("v", v), ("b", None), ("m", i32(3, 5))], ["y"], heads)
    write("mha_wide_values", "MultiHeadAttention",
          [("q", q), ("k", k), ("v", f(2, 5, 2 * W)), ("b", None), ("m", None), ("a", f(1, H, 3, 5))], ["y"],
          dict(num_heads=H, scale=0.3))
    write("mha_past", "MultiHeadAttention",
          [("q", f(2, 2, W)), ("k", f(2, 2, W)), ("v", f(2, 2, W)), ("b", None), ("m", None), ("a", None),
           ("pk", f(2, H, 3, D)), ("pv", f(2, H, 3, D))], ["y", "nk", "nv"], dict(num_heads=H, unidirectional=1))
    write("mha_cross", "MultiHeadAttention", [("q", q), ("k", f(2, H, 5, D)), ("v", f(2, H, 5, D))], ["y"], heads)
    x = [("x", f(2, 4, 12)), ("w", f(12, 3 * W) * np.float32(0.3)), ("b", f(3 * W))]
    write("attention_mask", "Attention", x + [("m", np.array([[1, 1, 1, 1], [1, 1, 0, 0]], np.int32))], ["y"], heads)
    write("attention_past", "Attention", x + [("m", None), ("p", f(2, 2, H, 3, D))], ["y", "np"],
          dict(num_heads=H, unidirectional=1))


def define(q, k, v, ends):
    """Attention of items that follow one another, in double."""
    y = np.zeros((len(q), H, D))
    for begin, end in zip(ends[:-1], ends[1:]):
        for h in range(H):
            a, b, c = (t[begin:end].reshape(end - begin, H, -1)[:, h].astype(np.float64) for t in (q, k, v))
            x = np.exp(a @ b.T / np.sqrt(D))
            y[begin:end, h] = x / x.sum(-1, keepdims=True) @ c
    return [y.reshape(len(q), -1).astype(np.float32)]


def packed():
    ends = i32(0, 2, 7, 8)
    q, k, v, b = f(8, W), f(8, W), f(8, W), f(3 * W)
    rest = [("o", np.arange(15, dtype=np.int32).reshape(3, 5)), ("c", ends)]
    write("packed_rows", "PackedMultiHeadAttention", [("q", q), ("k", k), ("v", v), ("b", None)] + rest, ["y"],
          dict(num_heads=H), want=define(q, k, v, ends))
    write("packed_bias", "PackedMultiHeadAttention", [("q", q), ("k", k), ("v", v), ("b", b)] + rest, ["y"],
          dict(num_heads=H), want=define(q + b[:W], k + b[W:2 * W], v + b[2 * W:], ends))
    together = np.stack([t.reshape(8, H, D) for t in (q, k, v)], 2)
    write("packed_together", "PackedMultiHeadAttention", [("q", together), ("k", None), ("v", None), ("b", None)] + rest,
          ["y"], dict(num_heads=H), want=define(q, k, v, ends))
    write("mha_packed", "MultiHeadAttention", [("q", together[None])], ["y"], dict(num_heads=H),
          want=[define(q, k, v, [0, 8])[0][None]])
    past = f(2, 1, H, 3, D)
    flat = [np.concatenate([p[0].transpose(1, 0, 2).reshape(3, W), t]) for p, t in zip(past, (k[:1], v[:1]))]
    both = define(np.concatenate([f(3, W), q[:1]]), *flat, [0, 4])[0]
    present = [np.concatenate([p, t[:1].reshape(1, H, 1, D)], 2) for p, t in zip(past, (k, v))]
    write("decoder_masked", "DecoderMaskedMultiHeadAttention",
          [("q", q[None, :1]), ("k", k[None, :1]), ("v", v[None, :1]), ("m", None), ("a", None), ("pk", past[0]),
           ("pv", past[1])], ["y", "nk", "nv"], dict(num_heads=H), want=[both[None, 3:], *present])


def standard():
    write("onnx_all_at_once", "Attention",
          [("q", f(2, H, 3, D)), ("k", f(2, G, 2, D)), ("v", f(2, G, 2, 6)), ("m", f(2, 1, 3, 5)),
           ("pk", f(2, G, 3, D)), ("pv", f(2, G, 3, 6))], ["y", "nk", "nv", "qk"],
          dict(is_causal=1, softcap=3.0, qk_matmul_output_mode=3), domain="", opset=23)


shutil.rmtree(HERE, ignore_errors=True)
for make in (group_query, multi_head, packed, standard):
    make()
