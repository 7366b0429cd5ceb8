"""kaon.evaluate against `kaon eval`.  KAON_PROGRAM, KAON_MODELS: see python.sh"""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

import numpy as np

import kaon

MODELS = Path(os.environ["KAON_MODELS"])
GN2 = MODELS / "btag_gn2/model.onnx"
SMALL = MODELS / "btag_small/model.onnx"
JETS = MODELS / "jets/jets.h5"

try:
    import h5py
except ImportError:
    h5py = None


class Evaluate(unittest.TestCase):
    def test_same_as_the_command(self):
        got = kaon.evaluate([GN2], JETS, limit=600, at=[0.7, 0.77], fractions={"fc": 0.1, "ftau": 0.02})
        with tempfile.TemporaryDirectory() as d:
            words = [os.environ["KAON_PROGRAM"], "eval", GN2, "-d", JETS, "-n", "600", "--at",
                     "0.7,0.77", "--fractions", "fc=0.1,ftau=0.02", "-o", d, "--no-plots"]
            subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
            want = json.loads(Path(d, "metrics.json").read_text())
        self.assertEqual(got["models"], want["models"])
        self.assertTrue(got.met)

    def test_requirements(self):
        got = kaon.evaluate(GN2, limit=300, require="auc_u>0.9999")
        self.assertFalse(got.met)
        self.assertFalse(got["requirements"][0]["met"])

    def test_errors(self):
        for status, words, how in ((2, "not a cut", {"cut": "pt >"}), (2, "no-such", {"no_such": 1}),
                                   (3, "nothing.h5", {"data": "nothing.h5"})):
            with self.assertRaises(kaon.Error) as caught:
                kaon.evaluate(SMALL, limit=10, **how)
            self.assertEqual(caught.exception.status, status)
            self.assertRegex(str(caught.exception), words)
            self.assertNotIn("\n", str(caught.exception))

    def arrays(self):
        r, n = np.random.default_rng(1), 300
        tracks = {"valid": np.arange(20) < r.integers(0, 20, (n, 1))}
        for name in ("IP3D_signed_d0_significance", "IP3D_signed_z0_significance", "dphi", "deta",
                     "qOverP", "numberOfInnermostPixelLayerHits"):
            tracks[name] = r.normal(size=(n, 20)).astype("f4")
        return {"jets": {"pt_btagJes": r.uniform(3e4, 2e5, n), "eta_btagJes": r.uniform(-2, 2, n),
                         "absEta_btagJes": r.uniform(0, 2, n),
                         "HadronConeExclTruthLabelID": r.choice([0, 4, 5], n)}, "tracks": tracks}

    def test_arrays_in(self):
        columns = self.arrays()
        first = kaon.evaluate(SMALL, columns)
        self.assertEqual(first["models"][0]["judged"], 300)
        compound = {k: np.rec.fromarrays(list(v.values()), names=list(v)) for k, v in columns.items()}
        self.assertEqual(kaon.evaluate(SMALL, compound)["models"], first["models"])

    @unittest.skipUnless(h5py, "no h5py")
    def test_arrays_out(self):
        columns = self.arrays()
        scores = kaon.evaluate(SMALL, columns).scores["SmallKaon"]
        self.assertEqual(len(scores), 300)
        self.assertTrue(np.allclose(sum(scores["SmallKaon_p" + c] for c in "bcu"), 1))


if __name__ == "__main__":
    unittest.main()
