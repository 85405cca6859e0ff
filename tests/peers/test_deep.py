"""Networks of PyTorch, Keras and ONNX through the command line, in an environment of their own; captum beside."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from importlib.metadata import requires, version
from pathlib import Path

import numpy as np
import pytest

SOURCE = Path(__file__).parents[2] / "src"
BASE = tuple(r for r in requires("assay") or () if "extra ==" not in r)
PACKAGES = (*BASE, f"numpy=={version('numpy')}", "torch==2.13.0", "captum", "keras>=3.5,<4", "onnx", "onnxruntime",
            "onnxscript", "pillow", "safetensors")  # fmt: skip
CODE = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, hidden: int = 16):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(5, hidden), nn.ReLU(), nn.Linear(hidden, 1))

    def forward(self, x):
        return self.layers(x)
"""
MAKE = """
import json, os, sys
from pathlib import Path
os.environ["KERAS_BACKEND"] = "torch"
import numpy as np, pandas as pd, torch
from torch import nn
sys.path.insert(0, ".")
from netcode import Net
torch.manual_seed(0)
rng = np.random.default_rng(0)
data = pd.DataFrame({"age": rng.normal(40, 10, 300), "income": rng.normal(30, 8, 300),
                     "city": rng.choice(["Bern", "Graz", "Linz"], 300)})
truth = ((data.age - 40) / 10 + (data.city == "Graz") * 1.5 + rng.normal(size=300) / 3 > 0.5).astype(int)
data["kept"] = np.where(truth == 1, "yes", "no")
data.to_csv("people.csv", index=False)
cities = ["Bern", "Graz", "Linz"]
x = torch.tensor(np.column_stack([(data.age - 40) / 10, (data.income - 30) / 8, *(data.city == c for c in cities)]).astype("float32"))
net = Net()
steps = torch.optim.Adam(net.parameters(), lr=0.02)
for _ in range(200):
    steps.zero_grad()
    nn.functional.binary_cross_entropy_with_logits(net(x)[:, 0], torch.tensor(truth.to_numpy(), dtype=torch.float32)).backward()
    steps.step()
net.eval()
spec = {"features": ["age", "income", "city"], "categories": {"city": cities}, "one_hot": True, "mean": {"age": 40, "income": 30},
        "scale": {"age": 10, "income": 8}, "classes": ["no", "yes"], "output": "logits"}
def folder(name, code=True):
    Path(name).mkdir()
    (Path(name) / "assay.json").write_text(json.dumps(spec))
    if code:
        (Path(name) / "model.py").write_text(Path("netcode.py").read_text())
    return Path(name)
torch.save(net.state_dict(), folder("weights") / "model.pt")
torch.save({"state_dict": {"module." + k: v for k, v in net.state_dict().items()}}, folder("checkpoint") / "model.pth")
from safetensors.torch import save_file
save_file(net.state_dict(), folder("safetensors") / "model.safetensors")
torch.save(net.state_dict(), folder("bare", False) / "model.pt")
torch.save({"layers.0.weight": torch.zeros(4, 5), "z": torch.zeros(1)}, folder("misfit") / "model.pt")
torch.save(net, folder("pickled") / "model.pt")
torch.jit.save(torch.jit.script(net), "script.pt", _extra_files={"assay.json": json.dumps(spec)})
torch.jit.save(torch.jit.script(net), "mute.pt")
program = torch.export.export(net, (x[:2],), dynamic_shapes=({0: torch.export.Dim.DYNAMIC},))
torch.export.save(program, folder("exported", False) / "model.pt2")
served = folder("sagemaker", False)
(served / "code").mkdir()
(served / "code" / "model.py").write_text(Path("netcode.py").read_text())
torch.save(net.state_dict(), served / "model.pth")
(served / "code" / "inference.py").write_text('''
import os, torch
from model import Net
def model_fn(folder):
    net = Net()
    net.load_state_dict(torch.load(os.path.join(folder, "model.pth"), weights_only=True))
    return net.eval()
''')
for name, body in {"raises": "raise RuntimeError('out of luck')", "short": "return self.layers(x)[:-1]",
                   "fickle": "return self.layers(x) + torch.randn(len(x), 1)", "words": "return 'yes'"}.items():
    torch.save(net.state_dict(), folder(name) / "model.pt")
    (Path(name) / "model.py").write_text(Path("netcode.py").read_text().replace("return self.layers(x)", body))
import keras
kept = keras.Sequential([keras.layers.Input((5,)), keras.layers.Dense(8, activation="tanh"), keras.layers.Dense(1)])
kept.save(folder("keras", False) / "model.keras")
made = keras.Sequential([keras.layers.Input((5,)), keras.layers.Lambda(lambda v: v * 2), keras.layers.Dense(1)])
made.save(folder("lambda", False) / "model.keras")
torch.onnx.export(net, (x[:2],), str(folder("onnx", False) / "model.onnx"), dynamic_shapes=({0: torch.export.Dim.DYNAMIC},), external_data=False)
class Corner(nn.Module):
    def forward(self, x):
        return x[:, :1, :8, :8].mean((1, 2, 3)).reshape(-1, 1)
seen = {"input": "image", "features": ["photo"], "output": "number"}
torch.jit.save(torch.jit.trace(Corner(), torch.zeros(2, 3, 24, 24)), "corner.pt", _extra_files={"assay.json": json.dumps(seen)})
torch.onnx.export(Corner(), (torch.zeros(2, 3, 24, 24),), str(folder("cornernet", False) / "model.onnx"),
                  dynamic_shapes=({0: torch.export.Dim.DYNAMIC},), external_data=False)
(Path("cornernet") / "assay.json").write_text(json.dumps(seen))
from PIL import Image
Path("photos").mkdir()
dots = rng.integers(60, 90, (24, 24, 3)).astype("uint8")
dots[:8, :8] = (250, 20, 20)
Image.fromarray(dots).save("photos/a.jpg", quality=95)
Image.fromarray(dots).convert("P").save("photos/b.png", bits=4)
pd.DataFrame({"photo": ["a.jpg", "b.png"]}).to_csv("shop.csv", index=False)
from captum.attr import IntegratedGradients
row = x[2:3].double()
values = IntegratedGradients(net.double()).attribute(row, x.double().mean(0, keepdim=True), n_steps=20_000, method="riemann_middle")
kept_values = IntegratedGradients(lambda t: kept(t)).attribute(row.float(), x.mean(0, keepdim=True), n_steps=2_000, method="riemann_middle")
both = [v.detach().numpy()[0].tolist() for v in (values, kept_values)]
json.dump([[v[0], v[1], sum(v[2:])] for v in both], open("captum.json", "w"))
"""


@pytest.fixture(scope="module")
def deep(environment, tmp_path_factory):
    """Make the models there, and return what runs the command line there."""
    python = environment("torch", *PACKAGES)
    folder = tmp_path_factory.mktemp("deep")
    (folder / "netcode.py").write_text(CODE)
    env = {k: v for k, v in os.environ.items() if not k.startswith("ASSAY_")} | {"PYTHONPATH": str(SOURCE)}
    done = subprocess.run([python, "-c", MAKE], cwd=folder, env=env, capture_output=True, text=True)
    assert not done.returncode, done.stderr[-2000:]

    def run(*args, code=0):
        command = [python, "-c", "import sys; from assay.doors.cli import main; sys.exit(main())", *args]
        ended = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
        assert ended.returncode == code, ended.stdout[-1500:] + ended.stderr[-1500:]
        assert "Traceback" not in ended.stderr
        return ended.stderr if code == 2 else json.loads(ended.stdout)

    run.folder, run.python = folder, python
    return run


def _explain(run, model, *args, code=0):
    return run(
        "check",
        "model.explain",
        model,
        "--data",
        "people.csv",
        "--row",
        "3",
        *args,
        "--format",
        "json",
        code=code,
    )


def _values(report):
    found = {m["of"]["feature"].split(" = ")[0]: m["value"] for m in report["metrics"] if m["name"] == "shap"}
    return [found[n] for n in ("age", "income", "city")]


@pytest.mark.slow
@pytest.mark.parametrize(
    "model", ["weights", "checkpoint", "safetensors", "script.pt", "exported", "sagemaker"]
)
def test_each_way_to_keep_a_network_is_explained_as_captum_does(deep, model):
    report = _explain(deep, model)
    truth = json.loads((deep.folder / "captum.json").read_text())[0]
    assert _values(report) == pytest.approx(truth, abs=2e-3)
    assert report["data"]["method"].startswith("integrated gradients") and not report["findings"]
    additivity = next(m["value"] for m in report["metrics"] if m["name"] == "additivity")
    assert additivity < 1e-5


@pytest.mark.slow
def test_keras_is_explained_as_captum_does(deep):
    report = _explain(deep, "keras")
    assert _values(report) == pytest.approx(
        json.loads((deep.folder / "captum.json").read_text())[1], abs=1e-3
    )


@pytest.mark.slow
def test_onnx_answers_as_the_network_that_it_was_made_of(deep):
    found = {m: _explain(deep, m, "--method", "kernel") for m in ("onnx", "weights")}
    assert _values(found["onnx"]) == pytest.approx(_values(found["weights"]), abs=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "why"),
    [
        ("bare", "holds weights alone (4 tensors); put the code beside them"),
        (
            "misfit",
            "do not fit Net of model.py: 3 missing (layers.0.bias, layers.2.weight, layers.2.bias), 1 too many (z), layers.0.weight is 4×5",
        ),
        ("mute.pt", "does not say which columns stand in it"),
        ("raises", "RuntimeError: out of luck"),
        ("short", "rows for"),
        ("words", "it answers a str and no row of numbers a row"),
    ],
)
def test_a_network_that_cannot_be_used_is_named_in_one_sentence(deep, model, why):
    said = _explain(deep, model, code=2)
    assert why in said and len(said.strip().splitlines()) == 1


@pytest.mark.slow
def test_a_network_that_answers_differently_each_time_is_a_finding(deep):
    report = _explain(deep, "fickle", "--method", "kernel", code=1)
    assert "model.explain.unsteady" in {f["rule"] for f in report["findings"]}


@pytest.mark.slow
def test_the_scan_tells_programs_from_weights(deep):
    for model, rule in (
        ("weights", None),
        ("script.pt", "model.scan.program"),
        ("exported", "model.scan.program"),
    ):
        found = deep("check", "model.scan", model, "--format", "json")["findings"]
        rules = {f["rule"] for f in found} - {"model.scan.source"}
        assert rules == ({rule} if rule else set())
    assert np.all(
        [
            f["severity"] == "critical"
            for f in deep("check", "model.scan", "lambda", "--format", "json", code=1)["findings"]
            if f["rule"] == "model.scan.keras_code"
        ]
    )


@pytest.mark.slow
@pytest.mark.parametrize("model", ["corner.pt", "cornernet"])
@pytest.mark.parametrize("row", ["1", "2"])
def test_pictures_of_every_kind_are_shown_to_networks(deep, model, row):
    """A JPEG and a PNG of four bits, which Pillow alone reads, in the sandbox."""
    args = ("--data", "shop.csv", "--image", "photo", "--images", "photos", "--regions", "9", "--row", row)
    report = deep("check", "model.explain", model, *args, "--format", "json")
    shap = [m for m in report["metrics"] if m["name"] == "shap"]
    corner = sum(m["value"] for m in shap if m["of"]["where"] == "top left")
    assert shap[0]["of"]["where"] == "top left" and corner > 0.5 * sum(m["value"] for m in shap) > 0.1
    assert next(m["value"] for m in report["metrics"] if m["name"] == "additivity") < 1e-5


@pytest.mark.slow
def test_the_commands_of_the_how_to_are_typed_as_they_stand(deep):
    """Pictures to the network of pictures, rows to the one of columns: both are called net there."""
    page = SOURCE.parent / "docs" / "how-to" / "explain-text-images-and-networks.md"
    typed = re.findall(r"^assay (check model.explain net .*)$", page.read_text(encoding="utf-8"), re.M)
    for line, model in zip(typed, ("cornernet", "weights"), strict=True):
        shutil.copytree(deep.folder / model, deep.folder / "net")
        report = deep(*shlex.split(line), "--format", "json")
        shutil.rmtree(deep.folder / "net")
        assert report["outcome"] == "pass" and any(m["name"] == "answer" for m in report["metrics"])


HDF5 = """
import io, json, sys
import h5py, numpy as np
sys.path.insert(0, sys.argv[1])
from assay.methods.hdf5 import Hdf5
def many(w):
    for i in range(300):
        w.create_dataset(f"a/b{i}", data=np.ones(3), compression="gzip", shuffle=True)
    w.attrs["x"], w.attrs["y"], w["a"].attrs["names"] = "text", [1.0, 2.0], np.array([b"a", b"bc"])
def followed(make, **how):
    raw = io.BytesIO()
    with h5py.File(raw, "w", **how) as written:
        make(written)
    found = Hdf5(raw.getvalue())
    try:
        found.follow()
    except ValueError as error:
        return [0, ["ValueError " + str(error)]]
    return [found.arrays, found.odd]
print(json.dumps([
    followed(many),
    followed(lambda w: w.__setitem__("e", h5py.ExternalLink("/tmp/other", "/x"))),
    followed(lambda w: w.__setitem__("s", h5py.SoftLink("/x"))),
    followed(lambda w: w.create_dataset("d", (10,), "f8", external=[("/tmp/other", 0, 80)])),
    followed(lambda w: w.create_dataset("o", data=np.void(b"abc"))),
    followed(lambda w: w.create_dataset("v", (1,), dtype=h5py.vlen_dtype(np.int32))),
    followed(lambda w: w.create_dataset("z", data=np.ones(100), compression="lzf")),
    followed(lambda w: w.create_dataset("c", data=np.zeros(2, dtype=[("a", "i4"), ("b", "f4")]))),
    followed(many, libver="latest"),
]))
"""


@pytest.mark.slow
def test_hdf5_is_read_as_h5py_writes_it(environment):
    python = environment("torch", *PACKAGES)
    done = subprocess.run([python, "-c", HDF5, SOURCE], capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr[-800:]
    plain, *odd = json.loads(done.stdout)
    assert plain == [300, []]
    assert all(said for _, said in odd), odd


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "why"), [("pickled", "would call netcode.Net()"), ("lambda", "Keras Lambda layer")]
)
def test_what_runs_code_when_it_is_loaded_is_refused_by_the_scan(deep, model, why):
    command = ("check", "model.scan", model, "--format", "json")
    assert any(why in f["message"] for f in deep(*command, code=1)["findings"])


STATES = """
import hashlib, json, sys
import numpy as np, torch
from safetensors.torch import load_file
from torch import nn
def state():
    torch.manual_seed(1)
    net = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Linear(3, 1))
    return net.state_dict()
def checkpoint():
    torch.manual_seed(2)
    grid = torch.arange(24).reshape(4, 6)
    return {"epoch": 3, "model": state(), "view": grid[1:3, ::2], "turned": grid.t(), "bf": torch.randn(3).bfloat16(),
            "half": torch.randn(2).half(), "none": torch.zeros(0, 3), "one": torch.tensor(2.5), "flags": torch.tensor([True, False]),
            "wide": torch.randn(1, 3).expand(4, 3), "f8": torch.randn(4).to(torch.float8_e4m3fn), "own": nn.Parameter(torch.ones(2))}
def flat(found, name=""):
    for key, value in found.items():
        inner = f"{name}.{key}" if name else key
        if isinstance(value, dict):
            yield from flat(value, inner)
        elif isinstance(value, torch.Tensor):
            yield inner, value.detach()
if sys.argv[1] == "make":
    torch.save(state(), "state.pt")
    torch.save(state(), "stream.pt", _use_new_zipfile_serialization=False)
    torch.save(checkpoint(), "checkpoint.pt")
    torch.save(nn.Linear(2, 2), "whole.pt")
else:
    want, found = dict(flat(checkpoint() if sys.argv[2] == "checkpoint" else state())), load_file("model.safetensors")
    assert set(want) == set(found), (set(want), set(found))
    for name, tensor in want.items():
        assert found[name].dtype == tensor.dtype and found[name].shape == tensor.shape, name
        assert torch.equal(found[name].to(torch.float64), tensor.to(torch.float64)), name
    print("equal", len(want))
"""


@pytest.mark.slow
def test_weights_without_code_become_safetensors_with_no_pytorch_here_and_pytorch_reads_them_as_they_were(
    deep, assay, tmp_path
):
    (tmp_path / "states.py").write_text(STATES)
    subprocess.run([deep.python, "states.py", "make"], cwd=tmp_path, check=True)
    for name in ("state", "stream", "checkpoint"):
        assay(tmp_path, "treat", "model.convert", f"{name}.pt", "-o", f"{name}.tar.gz")
        subprocess.run(["tar", "xzf", f"{name}.tar.gz"], cwd=tmp_path, check=True)
        asked = [deep.python, "states.py", "compare", name]
        said = subprocess.run(asked, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
        assert said.startswith("equal")
    told = assay.fails(tmp_path, "treat", "model.convert", "whole.pt", "-o", "whole.tar.gz")
    assert "holds torch.nn.modules.linear.Linear" in told and "state_dict" in told
