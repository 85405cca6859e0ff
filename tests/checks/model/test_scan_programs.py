"""TorchScript, torch.export and HDF5, as archives written by hand."""

from __future__ import annotations

import pickle
import struct
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


def _message(kind, body):
    body += bytes(-len(body) % 8)
    return struct.pack("<HHB3x", kind, len(body), 0) + body


def _object(*messages):
    content = b"".join(messages)
    return struct.pack("<BBHII4x", 1, 0, len(messages), 1, len(content)) + content


def hdf5(*messages, end=None):
    """A file with a root group and one data set, w, that has the messages given; by the format's specification."""
    root, tree, heap, names, leaf, data = 96, 152, 192, 224, 240, 290
    entries = struct.pack("<QQI4x16x", 2, data, 0)
    body = _object(_message(0x11, struct.pack("<2Q", tree, heap))).ljust(tree - root, b"\0")
    body += (b"TREE" + struct.pack("<BBH2Q2Q", 0, 0, 1, 2**64 - 1, 2**64 - 1, 0, leaf)).ljust(
        heap - tree, b"\0"
    )
    body += (b"HEAP" + struct.pack("<B3x3Q", 0, 16, 1, names)).ljust(names - heap, b"\0")
    body += b"\0\0w\0l\0".ljust(leaf - names, b"\0")
    body += (b"SNOD" + struct.pack("<BxH", 1, len(entries) // 40) + entries).ljust(data - leaf, b"\0")
    body += _object(*messages)
    size = root + len(body) if end is None else end
    head = b"\x89HDF\r\n\x1a\n" + struct.pack(
        "<4BxBBxHHI4Q", 0, 0, 0, 0, 8, 8, 4, 16, 0, 0, 2**64 - 1, size, 2**64 - 1
    )
    return head + struct.pack("<QQI4x16x", 0, root, 0) + body


FLOATS = _message(0x03, struct.pack("<B3BI12x", 0x11, 0x20, 31, 0, 4))
PLACED = _message(0x08, struct.pack("<BB2Q", 3, 1, 0, 0))


def test_hdf5_is_followed_to_its_arrays(scan):
    report = scan("m.weights.h5", hdf5(FLOATS, PLACED))
    assert not report.findings and report.coverage.complete


@pytest.mark.parametrize(
    ("messages", "why"),
    [
        ((FLOATS, PLACED, _message(0x07, bytes(16))), "the data of /w lie in other files"),
        ((_message(0x03, struct.pack("<B3BI", 0x15, 0, 0, 0, 3)), PLACED), "/w holds values of the type 5"),
        (
            (FLOATS, PLACED, _message(0x0B, struct.pack("<BB6xHHHH", 1, 1, 32000, 0, 0, 0))),
            "the filter 32000",
        ),
        ((FLOATS, _message(0x08, b"\3\3")), "laid out in a way that is not known"),
        ((FLOATS, PLACED, _message(0x06, bytes(8))), "a message of the kind 6"),
    ],
)
def test_hdf5_that_points_elsewhere_or_holds_more_than_numbers_is_grave(scan, messages, why):
    report = scan("m.weights.h5", hdf5(*messages))
    assert _rules(report) == {"hdf5": "high"} and why in report.findings[0].message
    assert not report.coverage.complete or report.coverage.examined < report.coverage.of


@pytest.mark.parametrize(
    "raw", [b"\x89HDF\r\n\x1a\n" + bytes(200), hdf5(FLOATS, end=50), hdf5(FLOATS)[:280], hdf5(FLOATS)[:20]]
)
def test_hdf5_that_cannot_be_followed_is_not_passed(scan, raw):
    report = scan("m.h5", raw)
    assert _rules(report) == {"not_understood": "high"} and not report.coverage.complete


def test_a_lambda_layer_that_hdf5_names_is_found(scan):
    raw = hdf5(FLOATS, PLACED, _message(0x0C, struct.pack("<B7x", 9) + b'{"class_name": "Lambda"}'))
    assert _rules(scan("m.h5", raw))["keras_code"] == "critical"
