"""CatBoost's files, written here by hand as FlatBuffers' specification has it, and by CatBoost where it is installed."""

import struct

import pytest

from assay.checks.model.scan import check
from assay.engines.models.load import load
from assay.kernel.asset import Asset
from assay.works.bench import FileTree


def _core(version=b"FlabuffersModel_v1", parts=()):
    """A root table of four fields, of which the first is the version and the last the names of the parts."""
    table = struct.pack("<6H", 12, 20, 4, 0, 0, 8 if parts else 0)
    out = bytearray(struct.pack("<I", 4 + len(table)) + table)
    root = len(out)
    out += struct.pack("<iIIII", root - 4, 0, 0, 0, 0)

    def text(said):
        at = len(out)
        out.extend(struct.pack("<I", len(said)) + said + b"\0")
        return at

    at = text(version)
    struct.pack_into("<I", out, root + 4, at - root - 4)
    if parts:
        list_ = len(out)
        out += struct.pack("<I", len(parts)) + bytes(4 * len(parts))
        struct.pack_into("<I", out, root + 8, list_ - root - 8)
        for i, name in enumerate(parts):
            at = text(name)
            struct.pack_into("<I", out, list_ + 4 + 4 * i, at - list_ - 4 - 4 * i)
    return bytes(out)


def _file(core, rest=b""):
    return b"CBM1" + struct.pack("<I", len(core)) + core + rest


STATISTICS = struct.pack("<II", 2, 5) + b"abcde" + struct.pack("<I", 0)


@pytest.fixture
def scanned(tmp_path, work):
    def scan(content):
        path = tmp_path / "m.cbm"
        path.write_bytes(content)
        return check(FileTree(Asset("tree", "m.cbm", str(path), "sha256:0"), path), work=work)

    return scan


def test_trees_alone_and_with_statistics_of_categories_are_followed_to_the_end(scanned):
    assert not scanned(_file(_core())).findings
    report = scanned(_file(_core(parts=(b"static_provider_v1",)), STATISTICS))
    assert not report.findings and report.coverage.complete


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (_file(_core())[:-3], "cut short"),
        (_file(_core(), b"more"), "4 bytes follow its trees"),
        (_file(_core(version=b"other")), "its version is 'other'"),
        (_file(_core(parts=(b"text_process_v2",)), b"x" * 9), "'text_process_v2' is not followed"),
        (
            _file(_core(parts=(b"static_provider_v1",)), STATISTICS[:-2]),
            "statistics of categories are cut short",
        ),
        (_file(_core(parts=(b"static_provider_v1",)), STATISTICS + b"!"), "1 bytes follow its trees"),
        (_file(b"\xff" * 40), "no FlatBuffer"),
        (b"CBM1\0", "reading it as catboost failed"),
    ],
)
def test_what_is_not_followed_to_its_end_is_told(scanned, content, said):
    report = scanned(content)
    assert any(said in f.message and f.severity >= 3 for f in report.findings), [
        f.message for f in report.findings
    ]


def test_catboost_s_own_files_pass_and_are_loaded(scanned, tmp_path):
    catboost = pytest.importorskip("catboost")
    x = [[i % 7, f"k{i % 23}", i % 3] for i in range(300)]
    y = [int(i % 23 > 11) for i in range(300)]
    model = catboost.CatBoostClassifier(
        iterations=8, depth=3, verbose=0, allow_writing_files=False, cat_features=[1], one_hot_max_size=2
    )
    model.fit(x, y).save_model(str(tmp_path / "real.cbm"))
    report = scanned((tmp_path / "real.cbm").read_bytes())
    assert not report.findings and report.coverage.complete
    (tmp_path / "one").mkdir()
    (tmp_path / "real.cbm").rename(tmp_path / "one" / "model.cbm")
    assert load(tmp_path / "one").describe()["framework"] == "catboost"
