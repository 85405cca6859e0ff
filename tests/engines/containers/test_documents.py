"""Documents in which a container engine, written in Go, would see another image than a reader written in Python."""

import hashlib
import json

import pytest
from tests.images import digest, docker_save, layer, oci_layout

from assay.engines.containers import whole
from assay.engines.containers.bundle import Bundle
from assay.engines.containers.described import described
from assay.engines.containers.documents import Ambiguous, clear, parsed
from assay.kernel.errors import BadInput

EVIL = '{"digest": "sha256:' + "0" * 64 + '", "size": 1}'


def rewritten(folder, change):
    """Change the text of the manifest, and name it anew in the index."""
    index = json.loads((folder / "index.json").read_text())
    old = index["manifests"][0]["digest"]
    raw = change((folder / "blobs/sha256" / old[7:]).read_text()).encode()
    (folder / "blobs/sha256" / hashlib.sha256(raw).hexdigest()).write_bytes(raw)
    index["manifests"][0] |= {"digest": digest(raw), "size": len(raw)}
    (folder / "index.json").write_text(json.dumps(index))
    return folder


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-1] + f', "Layers": [{EVIL}]}}',
        lambda text: text[:-1] + f', "layers": [{EVIL}]}}',
        lambda text: text.replace('"digest":', '"DIGEST": "sha256:1", "digest":', 1),
        lambda text: text[:-1] + ', "manifests": []}',
        lambda text: text.replace('"layers"', '"LAYERS"'),
        lambda text: text[:-1] + ', "Config": {}}',
    ],
    ids=[
        "other letters",
        "twice",
        "of a descriptor",
        "index and manifest",
        "other letters alone",
        "configuration",
    ],
)
def test_a_manifest_that_is_read_in_two_ways_is_refused(tmp_path, change):
    folder = rewritten(oci_layout(tmp_path / "l", [layer({"a": "b"})]), change)
    with pytest.raises(BadInput, match="twice or in other letters|at once|names no layers"):
        described(Bundle(folder))
    with pytest.raises(BadInput):
        whole.read(folder)


def test_a_configuration_whose_layers_are_listed_in_other_letters_is_refused(tmp_path):
    """Its own list would not be seen, and the layers of manifest.json would be held against nothing."""
    file = docker_save(tmp_path / "a.tar", [layer({"a": "b"})])
    raw = file.read_bytes().replace(b'"rootfs"', b'"RootFS"')
    file.write_bytes(raw)
    with pytest.raises(BadInput):
        described(Bundle(file))


@pytest.mark.parametrize("text", ['{"Labels": {"size": 1, "Size": 2}}', '{"annotations": {"OS": "x", "os": "y"}}', '{"layers": [], "config": {}}', '[{"Layers": [], "Config": ""}]'])  # fmt: skip
def test_what_is_written_once_and_what_is_not_looked_at_is_clear(text):
    clear(parsed(text.encode()))


@pytest.mark.parametrize("text", ['{"layers": 1, "layers": 1}', '{"rootFS": {}}', '{"manifests": [], "layers": []}', '{"OS": 1}'])  # fmt: skip
def test_what_is_written_in_two_ways_is_not(text):
    with pytest.raises(Ambiguous):
        clear(parsed(text.encode()))
