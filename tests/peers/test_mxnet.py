"""Models that Apache MXNet itself has saved, and its own answers, beside ours."""

from __future__ import annotations

import subprocess

import numpy as np
import pyarrow as pa
import pytest

from assay.engines.models.linearlearner import LinearLearnerModel
from assay.methods.mxnet import params

SAVE = """
import sys, mxnet as mx, numpy as np
folder, rng = sys.argv[1], np.random.default_rng(0)
mx.random.seed(0)
x = rng.normal(size=(200, 7)).astype("float32")
for name, outputs in (("LogisticRegressionOutput", 1), ("LinearRegressionOutput", 1), ("SoftmaxOutput", 4)):
    dense = mx.sym.FullyConnected(data=mx.sym.Variable("data"), num_hidden=outputs, name="fc0")
    module = mx.mod.Module(getattr(mx.sym, name)(data=dense, name="out"), ["data"], ["out_label"])
    module.bind([("data", x.shape)], [("out_label", (200,) if outputs > 1 else (200, 1))])
    module.init_params(mx.init.Normal(1.0))
    module.save_checkpoint(f"{folder}/{name}/mx-mod", 0)
    np.savez(f"{folder}/{name}.npz", x=x, y=module.predict(mx.io.NDArrayIter(x, batch_size=200)).asnumpy())
sparse = mx.nd.array(rng.normal(size=(9, 3)) * (rng.random((9, 1)) > 0.5)).tostype("row_sparse")
mx.nd.save(f"{folder}/sparse.params", {"arg:w": sparse, "whole": mx.nd.array([1, 2], dtype="int64")})
np.save(f"{folder}/sparse.npy", sparse.asnumpy())
"""


@pytest.mark.slow
def test_what_mxnet_saved_answers_as_mxnet_does(environment, tmp_path):
    python = environment("mxnet", "mxnet==1.9.1", "numpy<1.24")
    losses = ("LogisticRegressionOutput", "LinearRegressionOutput", "SoftmaxOutput")
    for loss in losses:
        (tmp_path / loss).mkdir()
    subprocess.run([python, "-c", SAVE, tmp_path], check=True, capture_output=True)
    for loss in losses:
        kept = np.load(tmp_path / f"{loss}.npz")
        model = LinearLearnerModel.read_files(tmp_path / loss / "mx-mod-0000.params")
        answers = model.predict(pa.table({f"c{i}": kept["x"][:, i] for i in range(7)}))
        shown = [c for c in answers.column_names if c.startswith("score")] or ["prediction"]
        ours = np.column_stack([answers.column(c).to_numpy() for c in shown])
        assert ours == pytest.approx(kept["y"].reshape(200, -1), abs=2e-6)
    read = params.parse((tmp_path / "sparse.params").read_bytes())
    assert (read["w"] == np.load(tmp_path / "sparse.npy")).all() and read["whole"].tolist() == [1, 2]
