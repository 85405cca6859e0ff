"""model.scan on what the frameworks themselves write: benign models pass, and a Lambda layer or an operator on files is told.

Each framework is an own test, skipped where it is not installed. All: python -m pytest -m slow tests/peers/test_formats.py
"""

from __future__ import annotations

import shutil
import subprocess
import sys

import numpy as np
import pytest

from assay.checks.model.scan import check
from assay.kernel.asset import Asset
from assay.kernel.severity import Severity
from assay.works.bench import FileTree

pytestmark = pytest.mark.slow


@pytest.fixture
def scanned(work):
    def scan(path):
        report = check(FileTree(Asset("tree", path.name, str(path), "sha256:0"), path), work=work)
        return report, {
            f.rule.removeprefix("model.scan.") for f in report.findings if f.severity >= Severity.HIGH
        }

    return scan


def passes(scanned, path):
    report, grave = scanned(path)
    assert not grave and report.coverage.complete, report.findings


def test_keras_and_tensorflow(scanned, tmp_path):
    tf = pytest.importorskip("tensorflow")
    keras = pytest.importorskip("keras")
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.BatchNormalization()])
    for name in ("m.keras", "m.h5"):
        model.save(tmp_path / name)
        passes(scanned, tmp_path / name)
    model.export(tmp_path / "saved", verbose=False)
    passes(scanned, tmp_path / "saved")
    (tmp_path / "m.tflite").write_bytes(tf.lite.TFLiteConverter.from_keras_model(model).convert())
    passes(scanned, tmp_path / "m.tflite")
    hostile = keras.Sequential(
        [keras.Input((4,)), keras.layers.Lambda(lambda x: (__import__("os").getpid(), x)[1])]
    )
    for name in ("l.keras", "l.h5"):
        hostile.save(tmp_path / name)
        report, grave = scanned(tmp_path / name)
        assert grave == {"keras_code"} and any(
            "__import__('os').getpid()" in f.message for f in report.findings
        )

    @tf.function(input_signature=[tf.TensorSpec([], tf.string)])
    def read(x):
        return x + tf.io.read_file("/etc/hostname")

    module = tf.Module()
    module.read = read
    tf.saved_model.save(module, str(tmp_path / "reads"))
    report, grave = scanned(tmp_path / "reads")
    assert grave == {"graph_operator"} and any("/etc/hostname" in f.message for f in report.findings)


def test_gguf(scanned, tmp_path):
    gguf = pytest.importorskip("gguf")
    for name, template, hostile in (
        ("a", "{{ messages[0].content }}", False),
        ("b", "{{ x.__class__ }}", True),
    ):
        writer = gguf.GGUFWriter(str(tmp_path / f"{name}.gguf"), "llama")
        writer.add_chat_template(template)
        writer.add_tensor("t", np.ones((4, 32), "float32"))
        (
            writer.write_header_to_file(),
            writer.write_kv_data_to_file(),
            writer.write_tensors_to_file(),
            writer.close(),
        )
        assert (scanned(tmp_path / f"{name}.gguf")[1] == {"template_code"}) is hostile


def test_hdf5_by_its_own_library(scanned, tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "cycle.h5", "w") as file:
        group = file.create_group("g")
        group["self"] = group
    with h5py.File(tmp_path / "outside.h5", "w") as file:
        file["a"] = h5py.ExternalLink("/etc/hostname", "/x")
    with h5py.File(tmp_path / "latest.h5", "w", libver="latest") as file:
        file.create_group("g")["d"] = np.arange(5.0)
    passes(scanned, tmp_path / "latest.h5")
    for name in ("cycle", "outside"):
        assert "hdf5" in scanned(tmp_path / f"{name}.h5")[1]


@pytest.mark.parametrize("filters", ["COPY", "LZMA", "LZMA2", "BZIP2", "DEFLATE", "ZSTD", "X86", "DELTA"])
def test_7z_by_py7zr(scanned, tmp_path, filters):
    py7zr = pytest.importorskip("py7zr")
    (tmp_path / "a.txt").write_text("hello\n" * 100)
    chain = [{"id": getattr(py7zr, f"FILTER_{filters}")}]
    chain += [{"id": py7zr.FILTER_LZMA2}] if filters in ("X86", "DELTA") else []
    with py7zr.SevenZipFile(tmp_path / "a.7z", "w", filters=chain) as archive:
        archive.write(tmp_path / "a.txt", "a.txt")
    report, grave = scanned(tmp_path / "a.7z")
    assert not grave and report.coverage.examined == 2


def test_flax(scanned, tmp_path):
    serialization = pytest.importorskip("flax.serialization")
    held = {"p": {"k": np.ones((4, 8), "float32"), "b": np.float32(3)}, "n": 5}
    (tmp_path / "m.msgpack").write_bytes(serialization.msgpack_serialize(held))
    passes(scanned, tmp_path / "m.msgpack")


def test_openvino(scanned, tmp_path):
    openvino = pytest.importorskip("openvino")
    from openvino import opset13 as op

    x = op.parameter([1, 4], np.float32)
    model = openvino.Model(
        [op.relu(op.matmul(x, op.constant(np.ones((4, 3), "float32")), False, False))], [x]
    )
    openvino.save_model(model, tmp_path / "m.xml", compress_to_fp16=False)
    passes(scanned, tmp_path)
    (tmp_path / "m.bin").write_bytes(bytes(7))
    assert "header_lie" in scanned(tmp_path)[1]


def test_core_ml(scanned, tmp_path):
    ct = pytest.importorskip("coremltools")
    from coremltools.converters.mil import Builder as mb

    @mb.program(input_specs=[mb.TensorSpec(shape=(1, 4))])
    def program(x):
        return mb.relu(x=mb.linear(x=x, weight=np.ones((64, 4), "float32"), bias=np.zeros(64, "float32")))

    ct.convert(program, convert_to="mlprogram", minimum_deployment_target=ct.target.iOS16).save(
        str(tmp_path / "m.mlpackage")
    )
    passes(scanned, tmp_path / "m.mlpackage")


R = """
saveRDS(glm(am~wt,binomial,mtcars),"glm.rds"); saveRDS(lm(mpg~wt,mtcars),"lm.rds",compress=FALSE)
saveRDS(iris,"ascii.rds",ascii=TRUE,compress=FALSE); saveRDS(nls(mpg~a+b*wt,mtcars,start=list(a=30,b=-3)),"nls.rds")
saveRDS(list(f=function(x) {system("true"); x}),"closure.rds"); saveRDS(compiler::cmpfun(function(x) unlink(x)),"compiled.rds")
"""


def test_r(scanned, tmp_path):
    if shutil.which("Rscript") is None:
        pytest.skip("R is not installed")
    (tmp_path / "m.R").write_text(R)
    subprocess.run(["Rscript", "m.R"], cwd=tmp_path, check=True, capture_output=True)
    for name in ("glm", "lm", "ascii", "nls"):
        passes(scanned, tmp_path / f"{name}.rds")
    for name in ("closure", "compiled"):
        assert scanned(tmp_path / f"{name}.rds")[1] == {"r_code"}


def test_lightgbm(scanned, tmp_path):
    lightgbm = pytest.importorskip("lightgbm")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3))
    lightgbm.train({"verbose": -1}, lightgbm.Dataset(x, x[:, 0]), 5).save_model(str(tmp_path / "m.txt"))
    passes(scanned, tmp_path / "m.txt")
    assert sys.modules["lightgbm"]
