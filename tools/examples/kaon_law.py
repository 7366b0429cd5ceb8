"""law: parts of an evaluation as a workflow, and their merge; not tried by kaon's tests.

    law run Merge --model gn2.onnx --data jets.h5 --parts 16
"""
import subprocess

import law
import luigi


class Evaluation(law.Task):
    model = luigi.Parameter()
    data = luigi.Parameter()
    out = luigi.Parameter(default="scored")
    parts = luigi.IntParameter(default=16)


class Part(Evaluation, law.LocalWorkflow):
    def create_branch_map(self):
        return dict(enumerate(range(self.parts)))

    def output(self):
        name = f"{self.out}/out.shard-{self.branch_data:05d}-of-{self.parts:05d}.h5"
        return law.LocalFileTarget(name)

    def run(self):
        subprocess.run(
            ["kaon", "eval", self.model, "--data", self.data, "--out", self.out,
             "--shard", f"{self.branch_data}/{self.parts}"],
            check=True,
        )


class Merge(Evaluation):
    def requires(self):
        return Part.req(self)

    def output(self):
        return law.LocalFileTarget(f"{self.out}/metrics.json")

    def run(self):
        subprocess.run(["kaon", "merge", self.out, "--force"], check=True)
