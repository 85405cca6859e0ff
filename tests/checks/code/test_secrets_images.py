"""Secrets in archives and in the layers of images, deleted files among them; and archives that mean harm."""

import gzip
import io
import json
import tarfile
import zipfile

import pytest
from tests.checks.code.test_secrets_history import examined
from tests.methods.secrets.planted import Maker


def tar(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


@pytest.fixture
def image(tmp_path):
    """docker save: a layer with two keys, and one that deletes the second."""
    make = Maker(8)
    keys = [make.github(), make.github()]
    first = tar({"app/a.py": f'T = "{keys[0]}"\n'.encode(), "root/.netrc": keys[1].encode()})
    second = gzip.compress(tar({"root/.wh..netrc": b"", "app/b.py": b"x = 1\n"}))
    manifest = json.dumps([{"Config": "c.json", "Layers": ["1__layer.tar", "2__layer.tar"]}]).encode()
    config = json.dumps({"config": {"Env": [f"API_TOKEN={make.base62(36)}"]}}).encode()
    path = tmp_path / "image.tar"
    path.write_bytes(
        tar(
            {"blobs/sha256/aa": first, "blobs/sha256/bb": second, "manifest.json": manifest, "c.json": config}
        )
    )
    return path, keys


def test_layers_of_an_image_are_searched_and_deleted_files_told(image, capsys):
    path, keys = image
    report = examined(path, capsys)
    found = {f["where"]["member"]: f["message"] for f in report["findings"]}
    assert set(found) == {"blobs/sha256/aa/app/a.py", "blobs/sha256/aa/root/.netrc", "c.json"}
    assert (
        "deleted by a later layer" in found["blobs/sha256/aa/root/.netrc"]
        and "deleted" not in found["blobs/sha256/aa/app/a.py"]
    )
    assert not any(k in json.dumps(report) for k in keys) and report["coverage"]["skipped"] == []


def test_archives_in_archives(tmp_path, capsys):
    token = Maker(3).github()
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/settings.py", f"T = '{token}'\n")
    (tmp_path / "a.tgz").write_bytes(gzip.compress(tar({"deep/w.whl": inner.getvalue()})))
    (finding,) = examined(tmp_path, capsys)["findings"]
    assert finding["where"]["file"] == "a.tgz" and finding["where"]["member"] == "deep/w.whl/x/settings.py"


def test_what_does_not_unpack_within_bounds_is_told(tmp_path, capsys):
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(bytes(80 << 20)))
    (tmp_path / "cut.tar").write_bytes(tar({"a.py": b"x" * 5_000})[:3_000])
    nested = b"x"
    for _ in range(12):
        nested = gzip.compress(nested)
    (tmp_path / "nested.gz").write_bytes(nested)
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("../../evil", b"x")
    report = examined(tmp_path, capsys)
    assert {s["what"].partition(":")[0] for s in report["coverage"]["skipped"]} == {
        "bomb.gz",
        "cut.tar",
        "nested.gz",
    }
    assert report["outcome"] == "incomplete"


def test_an_image_may_not_expand_past_what_was_allowed(image, capsys):
    path, _ = image
    report = examined(path, capsys, "--expand", "2000")
    assert "may be unpacked" in report["coverage"]["skipped"][0]["why"]
