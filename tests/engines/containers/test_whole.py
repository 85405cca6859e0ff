"""An OCI layout is what its digests say, or it is refused; what is hostile is refused in one sentence."""

from __future__ import annotations

import hashlib
import json
import os

import pytest

from assay.engines.containers import whole
from assay.kernel.errors import BadInput, Missing

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


class Layout:
    """An image of one layer that tests change."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "blobs" / "sha256").mkdir(parents=True)
        (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        config = self.blob(json.dumps({"os": "linux", "architecture": "arm64"}).encode())
        self.layer = self.blob(b"rows" * 1000)
        document = {"schemaVersion": 2, "config": config, "layers": [self.layer]}
        self.manifest = self.blob(json.dumps(document).encode()) | {"mediaType": MANIFEST}
        self.index(self.manifest)

    def blob(self, data):
        name = hashlib.sha256(data).hexdigest()
        self.path(name).write_bytes(data)
        return {"digest": f"sha256:{name}", "size": len(data)}

    def path(self, digest):
        return self.folder / "blobs" / "sha256" / digest.removeprefix("sha256:")

    def index(self, *named):
        (self.folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": named}))


@pytest.fixture
def layout(tmp_path):
    return Layout(tmp_path)


def test_an_image_is_called_by_its_manifest(layout):
    layout.index(layout.manifest | {"annotations": {"org.opencontainers.image.ref.name": "env:1"}})
    found = whole.read(layout.folder)
    assert (found.digest, found.platforms, found.names) == (
        layout.manifest["digest"],
        ("linux/arm64",),
        ("env:1",),
    )
    sizes = [p.stat().st_size for p in (layout.folder / "blobs" / "sha256").iterdir()]
    assert (found.blobs, found.bytes) == (3, sum(sizes))


def test_several_images_are_called_by_their_index(layout):
    inner = layout.blob(json.dumps({"manifests": [layout.manifest]}).encode()) | {"mediaType": INDEX}
    layout.index(layout.manifest, inner)
    raw = (layout.folder / "index.json").read_bytes()
    assert whole.read(layout.folder).digest == "sha256:" + hashlib.sha256(raw).hexdigest()


def test_one_byte_of_a_layer_is_found(layout):
    path = layout.path(layout.layer["digest"])
    path.write_bytes(b"R" + path.read_bytes()[1:])
    with pytest.raises(BadInput, match="is not what its digest and size say"):
        whole.read(layout.folder)


@pytest.mark.parametrize("change", [lambda d: d + b"x", lambda d: d[:-1], lambda d: b""])
def test_a_layer_of_another_length_is_found(layout, change):
    path = layout.path(layout.layer["digest"])
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(BadInput):
        whole.read(layout.folder)


@pytest.mark.parametrize("name", ["oci-layout", "index.json"])
def test_a_part_that_is_gone_is_missing(layout, name):
    (layout.folder / name).unlink()
    with pytest.raises(Missing, match=f"{name} is gone"):
        whole.read(layout.folder)


def test_a_blob_that_is_a_link_is_not_followed(layout, tmp_path):
    path = layout.path(layout.layer["digest"])
    secret = tmp_path / "elsewhere"
    path.rename(secret)
    path.symlink_to(secret)
    with pytest.raises(BadInput, match="is no plain file"):
        whole.read(layout.folder)


def test_a_blob_that_is_a_pipe_is_not_waited_for(layout):
    path = layout.path(layout.layer["digest"])
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(BadInput, match="is no plain file"):
        whole.read(layout.folder)


@pytest.mark.parametrize(
    "named",
    [
        {"mediaType": MANIFEST, "digest": "sha256:../../../../etc/passwd", "size": 1},
        {"mediaType": MANIFEST, "digest": "sha1:" + "0" * 40, "size": 1},
        {"mediaType": MANIFEST, "digest": "sha256:" + "0" * 64, "size": -1},
        {"mediaType": MANIFEST, "digest": "sha256:" + "0" * 64, "size": True},
        {"mediaType": MANIFEST, "digest": "sha256:" + "0" * 64, "size": 5 << 20},
        {"mediaType": "text/html", "digest": "sha256:" + "0" * 64, "size": 1},
        {"mediaType": MANIFEST, "digest": 7, "size": 1},
        "sha256:" + "0" * 64,
        None,
    ],
)
def test_what_an_index_may_not_name_is_refused(layout, named):
    layout.index(named)
    with pytest.raises(BadInput, match="no whole OCI image"):
        whole.read(layout.folder)


def test_indexes_that_name_one_image_a_thousand_times_over_are_read_once(layout):
    """Four levels of a thousand names each were 10**12 manifests to read."""
    named = layout.manifest
    for _ in range(3):
        named = layout.blob(json.dumps({"manifests": [named] * 1000}).encode()) | {"mediaType": INDEX}
    layout.index(*[named] * 1000)
    assert whole.read(layout.folder).blobs == 6


@pytest.mark.parametrize("of", ["manifest", "layer"])
def test_a_blob_that_is_named_again_with_another_size_is_found(layout, of):
    other = getattr(layout, of) | {"size": 1}
    if of == "layer":
        manifest = json.loads(layout.path(layout.manifest["digest"]).read_bytes())
        body = json.dumps(manifest | {"layers": [layout.layer, other]}).encode()
        layout.index(layout.blob(body) | {"mediaType": MANIFEST})
    else:
        layout.index(layout.manifest, other)
    with pytest.raises(BadInput, match="is not what its digest and size say"):
        whole.read(layout.folder)


def test_indexes_without_end_are_refused(layout):
    named = layout.manifest
    for _ in range(6):
        named = layout.blob(json.dumps({"manifests": [named]}).encode()) | {"mediaType": INDEX}
    layout.index(named)
    with pytest.raises(BadInput, match="nest deeper"):
        whole.read(layout.folder)


@pytest.mark.parametrize("text", ["[]", "{", '{"manifests": {}}', '{"manifests": []}', "[" * 100_000])
def test_an_index_that_is_none_is_refused(layout, text):
    (layout.folder / "index.json").write_text(text)
    with pytest.raises(BadInput):
        whole.read(layout.folder)
