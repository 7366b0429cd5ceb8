"""kaon.Model against `kaon run` and against what it promises.  KAON_PROGRAM, KAON_MODELS: see python.sh"""

import gc
import os
import pickle
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

import numpy as np

import kaon

MODELS = Path(os.environ["KAON_MODELS"])
GN2 = MODELS / "btag_gn2/model.onnx"
SMALL = MODELS / "btag_small/model.onnx"


def jet(n, seed=1):
    r = np.random.default_rng(seed)
    return {"jet_features": r.normal(size=(1, 2)).astype("f4"),
            "track_features": r.normal(size=(n, 19)).astype("f4")}


def resident():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Ports(unittest.TestCase):
    def test_inputs_and_outputs(self):
        m = kaon.Model(GN2)
        self.assertEqual([tuple(p) for p in m.inputs],
                         [("jet_features", np.dtype("f4"), (1, 2), "float"),
                          ("track_features", np.dtype("f4"), ("n_tracks", 19), "float")])
        self.assertEqual(m.outputs[0].shape, ())
        self.assertEqual(m.outputs[-1][:3], ("GN2kaon_TrackOrigin", np.dtype("i1"), ("n_tracks",)))
        self.assertIn('"inputs"', m.metadata["gnn_config"])
        self.assertIn(":opset", m.metadata)
        self.assertIn("track_features", repr(m))
        self.assertEqual(kaon.Model(GN2, cpu="scalar").isa, "scalar")

    def test_also(self):
        m = kaon.Model(SMALL, also=["/Relu_output_0"])
        got = m.run({m.inputs[0].name: np.ones((2, 15, 6), "f4")})
        self.assertEqual(got["/Relu_output_0"].shape, (2, 15, 16))
        self.assertTrue((got["/Relu_output_0"] >= 0).all())


class Runs(unittest.TestCase):
    def test_same_bits_as_kaon_run(self):
        m = kaon.Model(GN2)
        for n in (0, 1, 7, 40):
            inputs = jet(n)
            got = m.run(inputs)
            with tempfile.TemporaryDirectory() as d:
                words = [os.environ["KAON_PROGRAM"], "run", str(GN2), "-o", d]
                for name, array in inputs.items():
                    np.save(f"{d}/{name}_in.npy", array)
                    words += ["-i", f"{name}={d}/{name}_in.npy"]
                subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
                for name, array in got.items():
                    want = np.load(f"{d}/{name}.npy")
                    self.assertEqual((array.dtype, array.shape), (want.dtype, want.shape))
                    self.assertEqual(array.tobytes(), want.tobytes())

    def test_no_tracks(self):
        got = kaon.Model(GN2).run(jet(0))
        self.assertEqual(got["GN2kaon_TrackOrigin"].shape, (0,))
        self.assertAlmostEqual(sum(float(got["GN2kaon_p" + c]) for c in ("b", "c", "u", "tau")), 1, 5)

    def test_instruction_sets(self):
        want = kaon.Model(GN2).run(jet(9))
        for cpu in ("scalar", "avx2"):
            got = kaon.Model(GN2, cpu=cpu).run(jet(9))
            self.assertTrue(all(want[k].tobytes() == got[k].tobytes() for k in want))

    def test_any_layout(self):
        m, inputs = kaon.Model(GN2), jet(8)
        want, tracks = m.run(inputs), inputs["track_features"]
        wide = np.zeros((8, 38), "f4")
        wide[:, ::2] = tracks
        for other in (np.asfortranarray(tracks), wide[:, ::2], tracks.astype(">f4"), tracks.tolist()):
            got = m.run(inputs, track_features=other)
            self.assertTrue(all(want[k].tobytes() == got[k].tobytes() for k in want))

    def test_contiguous_inputs_are_not_copied(self):
        from kaon import _library, _tensor
        array, view, keep = jet(3)["track_features"], _library.Tensor(), []
        _tensor.fill(view, array, 1, "x", keep)
        self.assertEqual(view.data, array.ctypes.data)

    def test_outputs_are_the_callers(self):
        m = kaon.Model(GN2)
        first = m.run(jet(5))
        kept = {k: v.copy() for k, v in first.items()}
        m.run(jet(5, seed=2))
        m.close()
        self.assertTrue(all(kept[k].tobytes() == first[k].tobytes() for k in kept))

    def test_threads(self):
        m, got = kaon.Model(GN2), {}
        m.prepare(n_tracks=(0, 20))
        want = {(n, k): v.tobytes() for n in range(20) for k, v in m.run(jet(n, n)).items()}

        def work(i):
            got[i] = {(n, k): v.tobytes() for n in range(20) for k, v in m.run(jet(n, n)).items()}

        threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(len(got), 8)
        self.assertTrue(all(g == want for g in got.values()))

    def test_no_leak(self):
        m = kaon.Model(SMALL)
        shape = [1 if isinstance(d, str) else d for d in m.inputs[0].shape]
        inputs = {m.inputs[0].name: np.ones(shape, "f4")}

        def runs(n):
            for _ in range(n):
                m.run(inputs)
                try:
                    m.run({})
                except kaon.Error:
                    pass
            gc.collect()
            return resident()

        before = runs(1000)
        self.assertLess(runs(10000) - before, 2 << 20)

        def threads(n):
            for _ in range(n):
                t = threading.Thread(target=m.run, args=(inputs,))
                t.start()
                t.join()
            return resident()

        before = threads(50)
        self.assertLess(threads(300) - before, 8 << 20)

    def test_pickle(self):
        m = pickle.loads(pickle.dumps(kaon.Model(GN2)))
        want = kaon.Model(GN2).run(jet(2))
        self.assertTrue(all(want[k].tobytes() == v.tobytes() for k, v in m.run(jet(2)).items()))


class Errors(unittest.TestCase):
    def refuses(self, name, words, function, *args, **kwargs):
        with self.assertRaises(kaon.Error) as caught:
            function(*args, **kwargs)
        self.assertEqual(caught.exception.name, name)
        self.assertRegex(str(caught.exception), words)

    def test_models(self):
        self.refuses("KAON_IO", "nothing.onnx", kaon.Model, "nothing.onnx")
        self.refuses("KAON_BAD_MODEL", "README.md", kaon.Model, MODELS / "README.md")
        self.refuses("KAON_BAD_ARGUMENT", "abacus", kaon.Model, GN2, backend="abacus")
        self.refuses("KAON_BAD_ARGUMENT", "z80", kaon.Model, GN2, cpu="z80")

    def test_inputs(self):
        m, good = kaon.Model(GN2), jet(4)
        tracks = good["track_features"]
        self.refuses("KAON_BAD_INPUT", "double, wanted float", m.run, good,
                     track_features=tracks.astype("f8"))
        self.refuses("KAON_BAD_INPUT", "track_features", m.run, good, track_features=tracks[:, :7])
        self.refuses("KAON_BAD_INPUT", "track_features", m.run, good, track_features=tracks[0])
        self.refuses("KAON_BAD_INPUT", "is missing", m.run, track_features=tracks)
        self.refuses("KAON_BAD_INPUT", "no input 'tracks'", m.run, good, tracks=tracks)
        self.refuses("KAON_BAD_INPUT", "elements of type object", m.run, good,
                     track_features=np.array([None]))
        self.refuses("KAON_BAD_ARGUMENT", "n_flows", m.prepare, n_flows=(0, 3))
        self.assertEqual(m.run(good).keys(), {p.name for p in m.outputs})  # still usable

    def test_closed(self):
        with kaon.Model(GN2) as m:
            m.run(jet(1))
        self.refuses("KAON_BAD_STATE", "closed", m.run, jet(1))

    def test_library(self):
        self.refuses("KAON_IO", "KAON_LIBRARY", kaon.load, "/nonexistent/libkaon.so")


if __name__ == "__main__":
    unittest.main()
