"""A saved image that two tools would read as two images is refused."""

import gzip
import hashlib
import io
import json
import tarfile
import time

import pytest
from tests.images import digest, docker_save, layer, oci_layout

from assay.engines.containers.bundle import Bundle
from assay.engines.containers.described import described, here, manifests
from assay.engines.containers.documents import Ambiguous
from assay.engines.containers.room import Room
from assay.engines.containers.stream import LayerStream
from assay.kernel.errors import AssayError, BadInput

OLD, NEW = layer({"a": "old"}), layer({"a": "new"})


def files_of(path):
    with tarfile.open(path) as archive:
        return {m.name: archive.extractfile(m).read() for m in archive if m.isreg()}


def again(path, files, extra=()):
    """Write a tar of files, with more members, as (name, content), that may be there already."""
    with tarfile.open(path, "w") as archive:
        for name, content in [*files.items(), *extra]:
            made = tarfile.TarInfo(name)
            made.size = len(content or b"")
            if content is None:
                made.type, made.linkname = tarfile.LNKTYPE, "evil.json"
            archive.addfile(made, io.BytesIO(content or b""))
    return path


@pytest.mark.parametrize("name", ["manifest.json", "./manifest.json", "/manifest.json", "x/../manifest.json"])
@pytest.mark.parametrize("content", [b"[]", None], ids=["file", "hard link"])
def test_a_manifest_that_is_there_twice_is_refused(tmp_path, name, content):
    files = files_of(docker_save(tmp_path / "a.tar", [OLD]))
    again(tmp_path / "b.tar", files, [("evil.json", b"[]"), (name, content)])
    with pytest.raises(BadInput, match="in it twice|leads out"):
        Bundle(tmp_path / "b.tar")


def test_a_blob_that_is_there_twice_is_what_its_digest_says(tmp_path):
    folder = oci_layout(tmp_path / "l", [OLD])
    files = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    blob = next(n for n in files if n.startswith("blobs/"))
    bundle = Bundle(again(tmp_path / "b.tar", files, [(blob, b"other")]))
    assert described(bundle).layers[0].plain == digest(OLD)


@pytest.mark.parametrize("other", [OLD, NEW])
def test_an_index_and_a_manifest_of_different_images_are_refused(tmp_path, other):
    """Docker's older store reads manifest.json, its newer one and others index.json."""
    folder = oci_layout(tmp_path / "l", [OLD])
    files = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    files |= files_of(docker_save(tmp_path / "a.tar", [other]))
    if other is OLD:  # the same configuration, as Docker writes it
        index = json.loads(files["index.json"])
        manifest = json.loads(files["blobs/sha256/" + index["manifests"][0]["digest"][7:]])
        name = "blobs/sha256/" + manifest["config"]["digest"][7:]
        files["manifest.json"] = json.dumps([{"Config": name, "RepoTags": ["app:1"], "Layers": ["0/layer.tar"]}]).encode()  # fmt: skip
        assert described(Bundle(again(tmp_path / "b.tar", files))).tags == ("app:1",)
    else:
        with pytest.raises(BadInput, match="name different images"):
            described(Bundle(again(tmp_path / "b.tar", files)))


@pytest.mark.parametrize("config", ["../secret.json", "/etc/hostname", "link/secret.json", "", "\0"])
def test_a_configuration_outside_of_a_folder_is_not_read(tmp_path, config):
    (tmp_path / "secret.json").write_text(json.dumps({"rootfs": {"diff_ids": []}}))
    folder = tmp_path / "l"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path)
    (folder / "oci-layout").write_text("{}")
    (folder / "manifest.json").write_text(json.dumps([{"Config": config, "Layers": []}]))
    with pytest.raises(AssayError, match="no plain file|is gone"):
        described(Bundle(folder))


def test_indexes_that_name_one_another_are_walked_once():
    kind = "application/vnd.oci.image.index.v1+json"
    asked = []

    def get(wanted):
        asked.append(wanted)
        return {
            "manifests": [{"mediaType": kind, "digest": "sha256:" + "0" * 63 + str(n)} for n in range(9)] * 9
        }

    assert manifests(get(""), get) == [] and len(asked) == 10


def test_an_image_is_picked_by_its_digest_and_by_that_of_the_index_it_lies_in(tmp_path):
    folder = oci_layout(tmp_path / "l", [OLD], platforms=(("linux", here()), ("linux", "s390x")))
    index = json.loads((folder / "index.json").read_text())
    raw = json.dumps(index).encode()
    (folder / "blobs/sha256" / digest(raw)[7:]).write_bytes(raw)
    kind = "application/vnd.oci.image.index.v1+json"
    other = {**index["manifests"][0], "digest": digest(b"not here"), "annotations": {}}
    named = [{"mediaType": kind, "digest": digest(raw), "size": len(raw)}, other]
    (folder / "index.json").write_text(json.dumps({"manifests": named}))
    for one in index["manifests"]:
        assert described(Bundle(folder), one["digest"]).digest == one["digest"]
    assert described(Bundle(folder), digest(raw)).digest == index["manifests"][0]["digest"]


def test_more_images_than_are_compared_are_refused(tmp_path, monkeypatch):
    """The thousand and first was not held against the other document, and is what might be loaded."""
    monkeypatch.setattr("assay.engines.containers.described._MOST", 2)
    kind = "application/vnd.oci.image.manifest.v1+json"
    named = [{"mediaType": kind, "digest": "sha256:" + "0" * 63 + str(n)} for n in range(3)]
    with pytest.raises(Ambiguous, match="more than 2 images"):
        manifests({"manifests": named}, None)
    (tmp_path / "manifest.json").write_text(json.dumps([{"Config": "a", "Layers": []}] * 3))
    with pytest.raises(BadInput, match="more than 2 images"):
        described(Bundle(tmp_path))


def stream(raw):
    made = LayerStream(io.BytesIO(raw), Room(), plain="sha256")
    return b"".join(iter(lambda: made.take(10_240), b"")), made


def test_many_members_of_gzip_in_one_chunk_are_all_read():
    parts = [bytes([n]) * 5_000 for n in range(50)]
    whole, made = stream(b"".join(map(gzip.compress, parts)) + b"\0" * 512)
    assert whole == b"".join(parts)
    assert made.plain_digest == digest(whole)


def test_empty_members_of_gzip_by_the_thousand_take_time_by_their_number():
    """Each took a copy of all that followed it in its chunk: a layer of 50 MB took hours."""
    one = gzip.compress(b"")
    took = []
    for many in (12_000, 48_000):
        began = time.process_time()
        assert stream(one * many)[0] == b""
        took.append(time.process_time() - began)
    assert took[1] < 12 * took[0] and took[1] < 5


def test_a_layer_digest_of_another_algorithm_is_made():
    made = LayerStream(io.BytesIO(OLD), Room(), packed="sha512")
    made.drain()
    assert made.packed_digest == "sha512:" + hashlib.sha512(OLD).hexdigest()


@pytest.mark.parametrize("more", [1024, 1536, 2048, 3584, 4096, 8192])
def test_the_last_file_of_a_compressed_tar_was_left_in_a_buffer(tmp_path, more):
    """Its end came in parts smaller than a file's buffer: the tar seemed cut short, or to lack the file without a word."""
    last = b"x" * 500
    first = b"y" * ((1 << 20) + more - 1024 - 3 * 512)
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as archive:
        for name, content in (("first", first), ("last", last)):
            made = tarfile.TarInfo(name)
            made.size = len(content)
            archive.addfile(made, io.BytesIO(content))
    plain = whole.getvalue()[: (1 << 20) + more]  # ended by two blocks of zeros, as docker save does
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(plain, 1))
    assert Bundle(tmp_path / "a.tar.gz", tmp_path).open("last").read() == last


@pytest.mark.parametrize("form", ["oci", "docker"])
def test_a_tag_that_another_begins_with_is_the_one_that_is_meant(tmp_path, form):
    """app:1 was also taken for app:10, and where both lay in one file neither could be named."""
    folder = oci_layout(
        tmp_path / "two", [layer({"a": "b"})], platforms=(("linux", "amd64"), ("linux", "s390x"))
    )
    index = json.loads((folder / "index.json").read_text())
    configs = []
    for one, tag in zip(index["manifests"], ("app:10", "app:1"), strict=True):
        one["annotations"] = {"org.opencontainers.image.ref.name": tag}
        manifest = json.loads((folder / "blobs" / "sha256" / one["digest"][7:]).read_text())
        layers = [f"blobs/sha256/{named['digest'][7:]}" for named in manifest["layers"]]
        config = f"blobs/sha256/{manifest['config']['digest'][7:]}"
        configs.append({"Config": config, "RepoTags": [tag], "Layers": layers})
    if form == "oci":
        (folder / "index.json").write_text(json.dumps(index))
    else:
        (folder / "index.json").unlink()
        (folder / "manifest.json").write_text(json.dumps(configs))
    found = {which: described(Bundle(folder), which) for which in ("app:1", "app:10")}
    assert {which: one.tags for which, one in found.items()} == {"app:1": ("app:1",), "app:10": ("app:10",)}
