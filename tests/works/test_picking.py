"""Which checks fit what `assay scan` is given."""

import bz2
import gzip
import io
import json
import lzma
import subprocess
import tarfile

import pytest
from tests.images import DEBIAN, docker_save, layer, oci_layout, zstd

from assay.kernel.errors import Missing, UsageError
from assay.kernel.severity import Severity
from assay.kernel.verdict import Gate
from assay.works import picking
from assay.works.picking import picked as pick
from assay.works.scanning import scan
from assay.works.settings import Settings
from assay.works.watching.fitting import of_path


def picked(path, **more):
    return [
        (w.check, str(w.target).removeprefix(str(path)).lstrip("/")) for w in pick(str(path), **more).checks
    ]


def test_a_model_of_the_registry_lost_a_slash_and_was_looked_for_as_a_file():
    for named in ("registry://bookings", "registry://bookings@1", "s3://store/models/m.tar.gz"):
        assert [(w.check, w.target) for w in pick(named).checks] == [("model.scan", named)]


def test_a_source_tree_is_searched_and_its_models_scanned_one_by_one(tmp_path):
    (tmp_path / "train.py").write_text("x = 1\n")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "m.joblib").write_bytes(b"\x80\x04N.")
    (tmp_path / "models" / "weights").write_bytes(b"PK\x03\x04....")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "z.pkl").write_bytes(b"\x80\x04N.")
    assert picked(tmp_path) == [
        ("code.secrets", ""),
        ("code.review", ""),
        ("model.scan", "models/m.joblib"),
        ("model.scan", "models/weights"),
    ]


TEMPLATE = "Resources:\n  B:\n    Type: AWS::S3::Bucket\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Containerfile", "FROM scratch\n"),
        ("Dockerfile.gpu", "FROM scratch\n"),
        ("serve.dockerfile", "FROM scratch\n"),
        (".github/workflows/ci.yml", "on: push\njobs: {}\n"),
        (".gitlab-ci.yml", "a:\n  script: [make]\n"),
        ("buildspec.yml", "version: 0.2\n"),
        ("build.yaml", "version: 0.2\nphases:\n  build:\n    commands:\n      - make\n"),
        ("stack.yaml", TEMPLATE),
        ("stack.json", '{"Resources": {"B": {"Type": "AWS::S3::Bucket"}}}'),
        ("main.tf.json", "{}"),
        ("run", "#!/usr/bin/env bash\nmake\n"),
    ],
)
def test_a_program_is_reviewed_by_whatever_name_it_goes(tmp_path, name, text):
    """Picking knew programs by a short list of endings: these were searched for secrets only, or taken for models."""
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    assert picked(tmp_path) == [("code.secrets", ""), ("code.review", "")]
    if "workflows" not in name:
        assert [w.check for w in pick(str(file)).checks] == ["code.secrets", "code.review"]


def test_documents_that_are_no_programs_make_no_source_tree(tmp_path, monkeypatch):
    (tmp_path / "config.json").write_text('{"hidden": 3}')
    (tmp_path / "values.yaml").write_text("jobs: 3\n")
    assert picked(tmp_path) == [("model.scan", "")]
    (tmp_path / "stack.yaml").write_text(TEMPLATE)
    assert ("code.review", "") in picked(tmp_path)
    monkeypatch.setattr(picking, "_READ", 1)
    (tmp_path / "stack.yaml").unlink()
    assert picked(tmp_path) == [("model.scan", "")]
    (tmp_path / "notes.sql").write_text("select 1")
    assert ("code.review", "") in picked(tmp_path)  # there are more than can be read: the review reads them


def test_git_s_own_samples_are_no_programs(tmp_path):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "notes.sql").write_text("select 1")
    hook = tmp_path / ".git" / "hooks" / "pre-commit.sample"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    assert picked(tmp_path) == [("code.secrets", "")]


def test_a_folder_of_a_model_is_no_source_tree(tmp_path):
    (tmp_path / "model.joblib").write_bytes(b"\x80\x04N.")
    (tmp_path / "inference.py").write_text("def model_fn(): ...\n")
    assert picked(tmp_path) == [("model.scan", "")]


def test_files_by_what_they_are(tmp_path):
    for name, check in (
        ("n.ipynb", "code.secrets"),
        (".env", "code.secrets"),
        ("m.pkl", "model.scan"),
        ("a.csv", "data.profile"),
    ):
        (tmp_path / name).write_text("a,b\n1,2\n")
        assert pick(str(tmp_path / name)).checks[0].check == check


def test_a_repository_without_a_work_tree_is_one(tmp_path):
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "r.git")], check=True)
    assert picked(tmp_path / "r.git") == [("code.secrets", "")]


def test_too_many_models_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr(picking, "_MOST", 1)
    (tmp_path / "a.py").write_text("")
    for name in ("a.pkl", "b.pkl"):
        (tmp_path / name).write_bytes(b"\x80\x04N.")
    monkeypatch.setattr(picking, "_SINGLE", 1)
    found = pick(str(tmp_path))
    assert [c.target for c in found.checks if c.check == "model.scan"] == [str(tmp_path / "a.pkl")]
    assert [s.what for s in found.skipped] == ["1 more model files"]


def test_a_folder_of_many_checkpoints_beside_a_program_is_examined_whole(tmp_path):
    """The whole tree was refused, so that not one of three hundred was looked at."""
    (tmp_path / "train.py").write_text("")
    for place in ("runs/one", "tools"):
        (tmp_path / place).mkdir(parents=True)
    (tmp_path / "tools" / "a.py").write_text("")
    for at in range(101):
        (tmp_path / "runs" / "one" / f"{at}.pkl").write_bytes(b"\x80\x04N.")
    (tmp_path / "tools" / "m.pkl").write_bytes(b"\x80\x04N.")
    found = pick(str(tmp_path))
    models = [c.target for c in found.checks if c.check == "model.scan"]
    assert models == [str(tmp_path / "runs"), str(tmp_path / "tools" / "m.pkl")]
    assert not found.skipped


RAW = [layer({"etc/os-release": DEBIAN})]


@pytest.mark.parametrize("packed", ["", ".gz", ".zst"])
def test_a_saved_image_is_held_against_what_is_known_or_listed(tmp_path, packed):
    raw = docker_save(tmp_path / "x", RAW).read_bytes()
    file = tmp_path / f"app.tar{packed}"
    file.write_bytes({"": bytes, ".gz": gzip.compress, ".zst": zstd}[packed](raw))
    assert picked(file) == [("image.sbom", ""), ("code.secrets", "")]
    wanted, _ = pick(str(file), {"mirror": "osv", "kev": "k.json"}).checks
    assert (wanted.check, wanted.params) == ("image.vulnerabilities", {"advisories": "osv", "kev": "k.json"})


def test_a_layout_is_an_image_and_each_of_several_is(tmp_path):
    one = oci_layout(tmp_path / "one", RAW)
    assert picked(one) == [("image.sbom", ""), ("code.secrets", "")]
    assert picked(f"{one}#app:1") == [("image.sbom", "")]
    index = json.loads((one / "index.json").read_text())
    other = {**index["manifests"][0], "annotations": {}, "digest": "sha256:" + "0" * 64}
    (one / "index.json").write_text(json.dumps({**index, "manifests": [*index["manifests"], other]}))
    assert picked(one) == [
        ("image.sbom", "#app:1"),
        ("image.sbom", "#sha256:" + "0" * 64),
        ("code.secrets", ""),
    ]
    assert picked("oci://r.example/app:1") == [("image.sbom", "")]


def test_images_within_a_source_tree_are_picked_and_other_tars_are_not(tmp_path):
    (tmp_path / "a.py").write_text("")
    docker_save(tmp_path / "app.tar", RAW)
    (tmp_path / "data.tar").write_bytes(layer({"rows.csv": "1"}))
    oci_layout(tmp_path / "build" / "layout", RAW)
    found = [w for w in picked(tmp_path) if w[0] == "image.sbom"]
    assert found == [("image.sbom", "app.tar"), ("image.sbom", "build/layout")]


def test_what_lies_beside_an_image_in_its_file_is_scanned_too(tmp_path):
    with tarfile.open(docker_save(tmp_path / "app.tar", RAW), "a") as archive:
        info = tarfile.TarInfo("m.pkl")
        info.size = 3
        archive.addfile(info, io.BytesIO(b"N.."))
    assert picked(tmp_path / "app.tar") == [("image.sbom", ""), ("model.scan", "")]


def test_a_tree_that_is_not_looked_at_to_its_end_is_incomplete(tmp_path, monkeypatch):
    """Picking stopped without a word, and a model behind the bound was never scanned."""
    monkeypatch.setattr(picking, "_LOOKED_AT", 20)
    (tmp_path / "a.py").write_text("x = 1\n")
    for n in range(30):
        (tmp_path / f"{n}.txt").write_text("")
    gate = Gate(Severity.HIGH)
    verdicts = scan([str(tmp_path)], {}, home=None, settings=Settings(), gate=gate)
    assert (
        verdicts[-1].outcome == "incomplete"
        and "more than 20 files" in verdicts[-1].report.coverage.skipped[0].why
    )
    with pytest.raises(UsageError, match="more than 20 files"):
        of_path(tmp_path, {})
    monkeypatch.setattr(picking, "_LOOKED_AT", 40)
    assert not pick(str(tmp_path)).skipped


def test_a_table_in_a_source_tree_makes_no_table_of_the_tree(tmp_path):
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n")
    assert picked(tmp_path)[0] == ("data.profile", "")
    (tmp_path / "train.py").write_text("print(1)\n")
    assert picked(tmp_path) == [("code.secrets", ""), ("code.review", "")]


def test_a_model_packed_as_sagemaker_does_is_scanned_in_a_source_tree(tmp_path):
    (tmp_path / "a.py").write_text("")
    (tmp_path / "model.tar.gz").write_bytes(gzip.compress(layer({"model.pkl": "1"})))
    assert ("model.scan", "model.tar.gz") in picked(tmp_path)


HIDDEN = {
    "old.tar": lambda: layer({"a/weights": b"\x80\x04N."}),
    "dump.tgz": lambda: gzip.compress(layer({"README": "x", "m.joblib": "?"})),
    "named.bin": lambda: zstd(layer({"deep.tar.gz": gzip.compress(layer({"m": b"\x80\x04N."}))})),
    "weights.gz": lambda: gzip.compress(b"\x80\x04N."),
    "old.pkl.xz": lambda: lzma.compress(b"I1\n."),
    "cut.tar.gz": lambda: gzip.compress(layer({"m": b"\x80\x04N." * 40_000}), 0)[:9_000],
    "parts.7z": lambda: b"7z\xbc\xaf\x27\x1c\0\4",
    "arrays.tar.bz2": lambda: bz2.compress(layer({"x": b"\x93NUMPY\x01\0"})),
}


def test_models_in_archives_of_a_source_tree_are_scanned_whatever_these_are_called(tmp_path):
    """Only *model.tar.gz was: a model in any other archive went unseen."""
    (tmp_path / "a.py").write_text("")
    for name, made in HIDDEN.items():
        (tmp_path / name).write_bytes(made())
    (tmp_path / "rows.csv.gz").write_bytes(gzip.compress(b"a,b\n1,2\n" * 1_000))
    (tmp_path / "sources.tar.gz").write_bytes(
        gzip.compress(layer({"setup.py": "x = 1", "model.py": "y = 2"}))
    )
    docker_save(tmp_path / "app.tar", RAW)
    found = {t for check, t in picked(tmp_path) if check == "model.scan"}
    assert found == set(HIDDEN)
    assert ("image.sbom", "app.tar") in picked(tmp_path)


def test_archives_that_unpack_without_end_are_told_and_scanned(tmp_path, monkeypatch):
    monkeypatch.setattr(picking, "_UNPACKED", 1 << 20)
    (tmp_path / "a.py").write_text("")
    bomb = tarfile.TarInfo("zeros")
    bomb.size = 8 << 20
    (tmp_path / "bomb.tar.gz").write_bytes(gzip.compress(bomb.tobuf() + bytes(bomb.size + 1024)))
    found = pick(str(tmp_path))
    assert ("model.scan", "bomb.tar.gz") in picked(tmp_path)
    assert "was not looked at" in found.skipped[0].why and found.skipped[0].what.endswith("bomb.tar.gz")


def test_data_in_a_source_tree_is_named_and_left(tmp_path):
    (tmp_path / "train.py").write_text("print(1)\n")
    for name in ("rows.csv.gz", "rows.parquet", "notes.txt"):
        (tmp_path / name).write_bytes(b"a,b\n1,2\n")
    found = pick(str(tmp_path))
    assert [one.rpartition("/")[2] for one in found.tables] == ["rows.csv.gz", "rows.parquet"]
    assert not found.skipped and not any(one.check.startswith("data.") for one in found.checks)


def test_a_list_of_requirements_is_no_table(tmp_path):
    """`assay scan requirements.txt` profiled it: a table of no rows, and it passed."""
    (tmp_path / "requirements.txt").write_text("requests==2.19.0\n")
    assert picked(tmp_path / "requirements.txt") == [("image.sbom", "")]


def test_what_is_not_there_ends_it_before_the_rest_is_examined(tmp_path, monkeypatch):
    """What had been examined before the name that was wrong was lost with it; a folder of nothing passed."""
    (tmp_path / "m.pkl").write_bytes(b"\x80\x04N.")
    (tmp_path / "empty" / "too").mkdir(parents=True)
    monkeypatch.setattr("assay.works.scanning.carry_out", lambda *a, **k: pytest.fail("it was examined"))
    for wrong in ("nothing", "nothing.csv", "empty"):
        with pytest.raises(Missing, match="there is no file"):
            scan(
                [f"{tmp_path}/m.pkl", f"{tmp_path}/{wrong}"], {}, home=None, settings=Settings(), gate=Gate()
            )
