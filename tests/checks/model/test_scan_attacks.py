"""What once got past the scan, or took more time, memory or disk than it should; payloads are harmless and made here."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import pickle
import struct
import tarfile
import time
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest

from assay.checks.model.scan import check
from assay.kernel.asset import Asset
from assay.kernel.severity import Severity
from assay.works.bench import FileTree


class Payload:
    def __reduce__(self):
        import os

        return os.getpid, ()


@pytest.fixture
def scanned(tmp_path, work):
    def scan(content, name="model.bin", **options):
        path = tmp_path / name
        path.write_bytes(content)
        return check(FileTree(Asset("tree", name, str(path), "sha256:0"), path), work=work, **options)

    return scan


def grave(report):
    return [f for f in report.findings if f.severity >= Severity.HIGH]


def stopped(report):
    return bool(grave(report)) or not report.coverage.complete


@pytest.mark.parametrize("name", ["model", "model.txt", "README.md", "model.pkl"])
@pytest.mark.parametrize("head", [b"MZZ", b"I1\n", b"(", b"N", b"S'BZh'\n", b"]"])
def test_a_text_pickle_is_found_whatever_its_first_bytes(scanned, name, head):
    data = head + b"cos\ngetpid\n(tR."
    assert pickle.loads(data) == os.getpid()
    assert grave(scanned(data, name))


def test_a_pickle_that_begins_like_a_bzip2_of_800_megabytes_is_not_taken_for_text(scanned):
    assert stopped(scanned(b"BZh91 some text and no more", "model.pkl"))


def _skops(*nodes):
    out = io.BytesIO()
    tree = {"__loader__": "DictNode", "__module__": "builtins", "__class__": "dict", "content": list(nodes)}
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("schema.json", json.dumps(tree))
    return out.getvalue()


def test_a_skops_node_of_another_kind_is_judged_again(scanned):
    """A class that is harmless as an object is not when a method of it is fetched."""
    plain = {"__loader__": "ObjectNode", "__module__": "sklearn.pipeline", "__class__": "Pipeline"}
    method = {**plain, "__loader__": "MethodNode", "content": {"func": "__init__.__globals__"}}
    assert not grave(scanned(_skops(plain, plain), "m.skops"))
    assert grave(scanned(_skops(plain, method), "m.skops"))


def _npy(value):
    out = io.BytesIO()
    np.save(out, np.array([value], dtype=object), allow_pickle=True)
    return out.getvalue()


def test_an_object_array_among_the_numbers_of_a_torch_file_is_found(scanned):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({}, 2))
        archive.writestr("archive/data/0", _npy(Payload()))
    assert grave(scanned(out.getvalue(), "m.pt"))


def test_entities_of_xml_and_loaders_of_mlflow_are_told(scanned):
    xml = b'<?xml version="1.0"?><!DOCTYPE PMML [<!ENTITY x SYSTEM "file:///etc/hostname">]><PMML>&x;</PMML>'
    assert [f.rule for f in grave(scanned(xml, "model.pmml"))] == ["model.scan.xml_entity"]
    assert not grave(scanned(b'<?xml version="1.0"?><PMML version="4.4"/>', "model.pmml"))
    flavor = "flavors:\n  python_function:\n    loader_module: {}\n    python_version: 3.11.7\n"
    assert grave(scanned(flavor.format("subprocess").encode(), "MLmodel"))
    assert not grave(scanned(flavor.format("mlflow.sklearn").encode(), "MLmodel"))


# ---- archives


def _header(name, kind=tarfile.REGTYPE, size=0, **more):
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, size
    for key, value in more.items():
        setattr(info, key, value)
    return info.tobuf(tarfile.USTAR_FORMAT)


def _tar(*parts):
    return b"".join(parts) + bytes(1024)


RAW = pickle.dumps(Payload())
MEMBER = _header("m.pkl", size=len(RAW)) + RAW.ljust(512, b"\0")
TARS = {
    "a name that leads out": _tar(_header("../m")),
    "an absolute name": _tar(_header("/etc/m")),
    "a link that leads out": _tar(_header("m", tarfile.SYMTYPE, linkname="../../etc")),
    "a hard link to a member before": _tar(MEMBER, _header("n", tarfile.LNKTYPE, linkname="m.pkl")),
    "a device": _tar(_header("m", tarfile.CHRTYPE)),
    "a fifo": _tar(_header("m", tarfile.FIFOTYPE)),
    "members in the content of a folder": _tar(_header("d/", tarfile.DIRTYPE, len(MEMBER)), MEMBER),
    "members in the content of a link": _tar(
        _header("d", tarfile.SYMTYPE, len(MEMBER), linkname="x"), MEMBER
    ),
    "sparse": _tar(_header("m", b"S", 512), bytes(512)),
    "bytes after the end": _tar(_header("a")) + b"rest",
    "twice": _tar(_header("a"), MEMBER, _header("m.pkl")),
    "cut short": _tar(MEMBER)[:600],
}


@pytest.mark.parametrize(
    "text",
    [
        "{a: !<tag:yaml.org,2002:pytho%6E/object/apply:os.getpid> []}",
        "{b: 1, a: !<tag:yaml.org,2002:%70ython/object/apply:os.getpid> []}",
        "{a: !!pytho%6e/object/apply:os.getpid []}",
    ],
)
def test_a_tag_of_yaml_whose_letters_are_escaped_is_found_behind_a_brace(scanned, text):
    report = scanned(text.encode(), "notes.txt")
    assert any(f.severity >= Severity.HIGH for f in report.findings)
    trusted = scanned(b"model:\n  trust_remote_code: yes\n", "config.yaml")
    assert any("remote" in f.rule for f in trusted.findings)


@pytest.mark.parametrize("trick", TARS)
@pytest.mark.parametrize("packed", [bytes, gzip.compress])
def test_tricks_of_tar_are_findings(scanned, trick, packed):
    assert stopped(scanned(packed(TARS[trick]), "m.tar.gz"))


def _zip(*members, **options):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", **options) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return bytearray(out.getvalue())


def _wrong_crc():
    data = _zip(("a.txt", "hello"))
    data[data.find(b"hello")] = ord("j")
    return data


def _encrypted(where):
    data = _zip(("m.pkl", RAW))
    at = data.find(b"PK\x01\x02") + 8 if where == "directory" else 6
    data[at] |= 1
    return data


def _two_directories():
    one, two = _zip(("a.txt", "hello")), _zip(("m.pkl", RAW))
    return two + one


def _overlapping():
    data = _zip(("a", "hello"), ("b", "hello"))
    first = data.find(b"PK\x01\x02")
    second = data.find(b"PK\x01\x02", first + 1)
    data[second + 42 : second + 46] = data[first + 42 : first + 46]
    return data


def _other_name():
    data = _zip(("data.pkl", RAW))
    data[30:38] = b"data.txt"
    return data


def _hidden():
    """A member that no directory lists, between two that it does."""
    one = _zip(("a", "hello"))
    extra = (
        struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 0, 0, 0, zlib.crc32(RAW), len(RAW), len(RAW), 1, 0)
        + b"m"
        + RAW
    )
    at = one.find(b"PK\x01\x02")
    out = one[:at] + extra + one[at:]
    end = out.rfind(b"PK\x05\x06")
    out[end + 16 : end + 20] = struct.pack("<L", at + len(extra))
    return out


def _unicode_name():
    info = zipfile.ZipInfo("a.txt")
    other = b"data.pkl"
    info.extra = struct.pack("<2HBL", 0x7075, 5 + len(other), 1, zlib.crc32(b"a.txt")) + other
    return _zip((info, "hello"))


ZIPS = {
    "a wrong checksum": _wrong_crc,
    "encrypted, says the directory": lambda: _encrypted("directory"),
    "encrypted, says the member": lambda: _encrypted("member"),
    "two directories": _two_directories,
    "overlapping": _overlapping,
    "two names for one member": _other_name,
    "a member that is not listed": _hidden,
    "another name in an extra field": _unicode_name,
    "twice": lambda: _zip(("a", "x")) and _duplicates(),
    "leads out": lambda: _zip(("../../a", "x")),
    "cut short": lambda: _zip(("a", "x" * 500))[:-10],
    "no directory": lambda: _zip(("a", "x" * 500))[:300],
}  # fmt: skip


def _duplicates():
    out = io.BytesIO()
    with pytest.warns(UserWarning), zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a", "x")
        archive.writestr("a", "y")
    return bytearray(out.getvalue())


@pytest.mark.parametrize("trick", ZIPS)
def test_tricks_of_zip_are_findings(scanned, trick):
    assert stopped(scanned(bytes(ZIPS[trick]()), "m.zip"))


# ---- bombs: each in bounded memory and disk, and promptly


def _zeros(mib):
    piece = bytes(1 << 20)
    machine = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([*(machine.compress(piece) for _ in range(mib)), machine.flush()])


def _bombs():
    gz = _zeros(300)
    zipped = _zip(("a", gz), ("b", gz), compression=zipfile.ZIP_DEFLATED)
    nested = gz
    for _ in range(12):
        nested = gzip.compress(nested)
    wide = _zip(*((f"f{i}", b"") for i in range(3000)))
    return {
        "zeros": gz,
        "zeros in a zip": bytes(zipped),
        "bzip2": bz2.compress(bytes(80 << 20)),
        "xz": lzma.compress(bytes(80 << 20)),
        "a large dictionary": lzma.compress(b"x", filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 30}]),
        "nested": nested,
        "many members": bytes(wide),
    }


@pytest.fixture(scope="module")
def bombs():
    return _bombs()


@pytest.mark.parametrize(
    "kind", ["zeros", "zeros in a zip", "bzip2", "xz", "a large dictionary", "nested", "many members"]
)
def test_bombs_are_findings_in_bounded_memory_and_disk(scanned, bombs, kind, tmp_path):
    tracemalloc.start()
    began = time.process_time()
    try:
        report = scanned(bombs[kind], "m.gz", members=2000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert stopped(report)
    assert peak < 64 << 20
    assert time.process_time() - began < 20
    left = sum(p.stat().st_size for p in (tmp_path / "scratch").rglob("*") if p.is_file())
    assert left == 0


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': " + "(" * 20_000 + ", 'fortran_order': False, 'shape': (1,)}",
        "-" * 30_000 + "1",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (" + "9" * 4000 + ",)}",
        "{'descr': [('a', " + "[('a', " * 200 + "'f8'" + ")]" * 200 + ")], 'fortran_order': False, 'shape': (1,)}",
        "[" * 9000 + "]" * 9000,
    ],
    ids=["parentheses", "minus", "digits", "fields", "brackets"],
)  # fmt: skip
def test_a_header_that_nests_is_a_finding(scanned, header):
    body = header.encode().ljust(64, b" ") + b"\n"
    assert stopped(scanned(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(body)) + body, "m.npy"))


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "[" * 50_000 + "]" * 50_000])
def test_json_that_nests_is_a_finding_or_text(scanned, text):
    report = scanned(text.encode(), "config.json")
    assert stopped(report) == text.endswith("]")  # the others have no end, and are text


def test_models_and_tables_that_were_taken_for_unknown_are_clean(scanned):
    """A clusterer, a spline and an interval index hold helpers of their own libraries."""
    import joblib
    import pandas as pd
    from sklearn.cluster import BisectingKMeans
    from sklearn.preprocessing import SplineTransformer

    x = np.random.default_rng(0).normal(size=(40, 2))
    for made in (BisectingKMeans(3).fit(x), SplineTransformer().fit(x), pd.cut(pd.Series(x[:, 0]), 3)):
        for protocol in (2, 4, 5):
            assert not stopped(scanned(pickle.dumps(made, protocol)))
        out = io.BytesIO()
        joblib.dump(made, out)
        assert not stopped(scanned(out.getvalue(), "m.joblib"))


LAYER = '{"class_name": "Lambda", "config": {"function": "os.system", "name": "x"}}'


@pytest.mark.parametrize(
    "text",
    ['{"a": 1}' + LAYER, '{bad\n' + LAYER, '{\n"a": 1\n}\n' + LAYER, '{"a": 1}, ' + LAYER, "{}\n" * 12_000 + LAYER,
     '{"a": "' + "x" * 5_000_000 + '"}\n' + LAYER, "{\n" * 500 + LAYER],
    ids=["joined", "behind what is none", "over lines", "with a comma", "far down", "past four megabytes", "behind many"],
)  # fmt: skip
def test_documents_of_json_that_follow_one_another_are_all_judged(scanned, text):
    assert stopped(scanned(text.encode(), "config.txt"))


@pytest.mark.parametrize(
    "text", ["{\n" * 200_000 + "}", "\n" * 300_000 + "{}{", "{}" * 20_000 + "{", "[" * 300_000 + "]"]
)
def test_text_that_almost_is_json_takes_no_time(scanned, text):
    began = time.process_time()
    scanned(text.encode(), "notes.txt")
    assert time.process_time() - began < 10


def test_a_tar_member_that_cannot_fit_is_not_begun(tmp_path, work):
    """Of a tar of twenty gigabytes four were unpacked, in minutes, before that was told."""
    path = tmp_path / "model.tar"
    info = tarfile.TarInfo("model.bin")
    info.size = 20 << 30
    with path.open("wb") as file:
        file.write(info.tobuf(tarfile.GNU_FORMAT))
        file.truncate(512 + info.size + 1024)
    began = time.process_time()
    report = check(FileTree(Asset("tree", path.name, str(path), "sha256:0"), path), work=work)
    assert [f.rule for f in report.findings] == ["model.scan.bomb"]
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("a.yaml", "a: !!python/object/apply:os.getpid []\n".encode("utf-16"), "yaml_object"),
        ("a.json", json.dumps({"auto_map": {"AutoModel": "a--b.C"}}).encode("utf-16"), "remote_code"),
        ("adapter_config.json", b'{"auto_mapping": {"base_model_class": "X", "parent_library": "evil"}}', "remote_code"),
        ("w.safetensors", struct.pack("<Q", 1 << 62) + b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', "header_lie"),
    ],
)  # fmt: skip
def test_what_was_refused_or_passed_is_told_by_its_name(scanned, name, content, rule):
    assert f"model.scan.{rule}" in {f.rule for f in grave(scanned(content, name))}


@pytest.mark.parametrize("library", ["transformers.models.llama.modeling_llama", "__main__", "peft"])
def test_an_adapter_of_a_known_library_is_clean(scanned, library):
    held = {"auto_mapping": {"base_model_class": "X", "parent_library": library}, "peft_type": "LORA"}
    assert not stopped(scanned(json.dumps(held).encode(), "adapter_config.json"))


def test_text_in_utf16_that_says_nothing_dangerous_is_clean(scanned):
    assert not stopped(scanned("name: model\nlayers: 3\n".encode("utf-16"), "a.yaml"))


def test_a_pickle_of_one_long_text_is_understood(scanned):
    report = scanned(pickle.dumps("a" * 5000), "text.pkl")
    assert not report.findings
    assert report.coverage.complete
