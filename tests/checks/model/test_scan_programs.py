"""TorchScript, torch.export and HDF5, as archives written by hand."""

from __future__ import annotations

import pickle
import zipfile

import pytest

from assay.checks.model.scan import check
from assay.kernel.asset import Asset
from assay.works.bench import FileTree

SOURCE = "class Net(Module):\n  def forward(self, x):\n    return torch.linear(x, self.w)\n"


@pytest.fixture
def scan(tmp_path, work):
    def scan_(name, members):
        path = tmp_path / name
        if isinstance(members, bytes):
            path.write_bytes(members)
        else:
            with zipfile.ZipFile(path, "w") as out:
                for member, content in members.items():
                    out.writestr(member, content)
        return check(FileTree(Asset("tree", name, str(path), "sha256:0"), path), work=work)

    return scan_


def _script(source=SOURCE, module="__torch__.net", name="Net"):
    data = b"\x80\x02c" + module.encode() + b"\n" + name.encode() + b"\n)\x81."
    return {
        "m/data.pkl": data,
        "m/code/__torch__/net.py": source,
        "m/constants.pkl": pickle.dumps((), 2),
        "m/version": "3\n",
    }


def _rules(report):
    return {f.rule.removeprefix("model.scan."): str(f.severity) for f in report.findings}


def test_torchscript_is_named_for_what_it_is_and_passes(scan):
    report = scan("m.pt", _script())
    assert _rules(report) == {"program": "low"} and report.coverage.complete


@pytest.mark.parametrize("call", ["torch.from_file('x', False, 4)", "torch.save(x, 'y')"])
def test_operators_that_touch_files_are_grave(scan, call):
    assert _rules(scan("m.pt", _script(SOURCE + f"    z = {call}\n")))["program_files"] == "high"


def test_operators_of_others_are_grave(scan):
    assert _rules(scan("m.pt", _script(SOURCE + "    z = ops.evil.run(x)\n")))["program_operators"] == "high"
    assert "program_operators" not in _rules(
        scan("n.pt", _script(SOURCE + "    z = ops.prim.NumToTensor(1)\n"))
    )


def test_pythons_names_stay_judged_inside_torchscript(scan):
    report = scan("m.pt", _script(module="os", name="system"))
    assert str(report.worst()) == "critical"


def test_what_is_called_torch_elsewhere_is_not_taken_for_torchscript(scan):
    members = _script()
    del members["m/constants.pkl"]
    assert str(scan("m.pt", members).worst()) == "high"


def test_an_exported_program_passes_and_its_own_operators_do_not(scan):
    graph = '{"graph_module": {"target": "torch.ops.aten.linear.default"}}'
    members = {
        "m/archive_format": "pt2",
        "m/models/model.json": graph,
        "m/data/weights/weight_0": b"\xe8\xa3\x8d\xbb",
        "m/byteorder": "little",
    }
    report = scan("m.pt2", members)
    assert _rules(report) == {"program": "low"} and report.coverage.complete
    members["m/models/model.json"] = graph.replace("aten.linear", "mine.linear")
    assert _rules(scan("n.pt2", members))["program_operators"] == "high"


def test_hdf5_is_not_followed_and_said_so(scan):
    report = scan("m.h5", b"\x89HDF\r\n\x1a\n" + bytes(200))
    assert _rules(report) == {"hdf5": "medium"} and not report.coverage.complete
    assert (
        _rules(scan("n.h5", b"\x89HDF\r\n\x1a\n" + b'{"class_name": "Lambda"}'))["keras_code"] == "critical"
    )
