"""Layers are fetched once, and compressed images unpacked once, however often they are read."""

import gzip
import hashlib
import io
import tempfile

import pytest
from tests.engines.containers.test_hiding import SYSTEM
from tests.images import NoWork, digest, docker_save, layer, stanza

import assay
from assay.engines.containers import bundle, saved
from assay.engines.containers.inventory import take
from assay.engines.containers.layers import Layer, LayeredImage
from assay.engines.containers.spooled import Spool
from assay.kernel.asset import Asset

LINKED = layer(
    {**SYSTEM, "srv/x": stanza("libssl3", "3.0.11", "openssl")},
    soft=[("var/lib/dpkg/status", "/opt/a"), ("opt/a", "/opt/b"), ("opt/b", "/srv/x")],
)


class Far:
    """A registry that counts what is fetched from it."""

    def __init__(self, *raws):
        self.raws = {digest(raw): raw for raw in raws}
        self.layers = tuple(Layer(digest(raw), len(raw)) for raw in raws)
        self.fetched = []

    def __call__(self, one):
        self.fetched.append(one.digest)
        return io.BytesIO(self.raws[one.digest])


def names(far, spool, scratch):
    image = LayeredImage(Asset("image", "a", "", "", "registry"), far.layers, spool, scratch)
    found = take(image, NoWork())
    return [p.name for p in found.packages], image.problems


def test_a_layer_that_is_read_several_times_is_fetched_once(tmp_path):
    """It was fetched up to nine times, where links of its records lead on and on."""
    far = Far(LINKED)
    assert names(far, far, tmp_path)[0] == ["libssl3"] and len(far.fetched) > 1
    far = Far(LINKED)
    assert names(far, Spool(far, tmp_path), tmp_path)[0] == ["libssl3"] and len(far.fetched) == 1


def test_what_is_larger_than_may_be_kept_is_fetched_again_and_read_the_same(tmp_path):
    far = Far(LINKED)
    spool = Spool(far, tmp_path, most=len(LINKED) - 1)
    assert (
        names(far, spool, tmp_path)[0] == ["libssl3"]
        and len(far.fetched) > 1
        and not list(tmp_path.iterdir())
    )


def test_a_layer_that_lies_is_found_to_lie_from_what_was_kept_too(tmp_path):
    far = Far(LINKED)
    far.raws[far.layers[0].digest] = LINKED[:-1] + b"x"
    told = names(far, Spool(far, tmp_path), tmp_path)[1]
    assert {f.rule for f in told} == {"image.layer_digest"} and len(far.fetched) == 1


def test_what_breaks_off_is_not_kept(tmp_path):
    far = Far(LINKED)
    spool = Spool(far, tmp_path)
    source = spool(far.layers[0])
    source.read(100)
    source.close()
    assert not list(tmp_path.iterdir()) and spool.room == 8 << 30
    source = spool(far.layers[0])
    assert hashlib.sha256(source.read()).hexdigest() == far.layers[0].digest[7:]
    source.close()
    assert spool(far.layers[0]).read() == LINKED and len(far.fetched) == 2


def test_a_disk_that_is_full_ends_the_keeping_and_not_the_reading(tmp_path, monkeypatch):
    class Full(io.BytesIO):
        name = str(tmp_path / "gone")

        def write(self, part):
            raise OSError(28, "No space left on device")

    far = Far(LINKED)
    spool = Spool(far, tmp_path)
    monkeypatch.setattr(spool, "made", Full)
    for _ in range(2):
        source = spool(far.layers[0])
        assert source.read() == LINKED
        source.close()
    assert len(far.fetched) == 2


def test_a_disk_that_takes_no_file_more_ends_the_keeping_likewise(tmp_path):
    far = Far(LINKED)
    spool = Spool(far, tmp_path / "away")
    assert spool(far.layers[0]).read() == LINKED and spool.room == Spool(far, tmp_path).room


@pytest.fixture
def unpacked(monkeypatch):
    done, plain = [], bundle.Bundle._plain
    monkeypatch.setattr(bundle.Bundle, "_plain", lambda self, scratch: done.append(1) or plain(self, scratch))
    return done


def test_a_compressed_image_is_unpacked_once(tmp_path, unpacked):
    """It was unpacked to be pinned, and again to be opened."""
    path = tmp_path / "app.tar.gz"
    path.write_bytes(gzip.compress(docker_save(tmp_path / "x", [LINKED]).read_bytes()))
    result = assay.check("image.sbom", str(path))
    assert result.outcome == "pass" and len(unpacked) == 1 and not bundle._HANDED


def test_a_file_that_is_another_by_then_is_unpacked_anew(tmp_path, unpacked):
    path = tmp_path / "app.tar.gz"
    raw = docker_save(tmp_path / "x", [LINKED]).read_bytes()
    path.write_bytes(gzip.compress(raw))
    asset = saved.pin(path, "", str(path), None)
    path.write_bytes(gzip.compress(raw + bytes(512)))
    saved.opened(asset, path, tmp_path)
    assert len(unpacked) == 2
    saved.pin(path, "", str(path), None)
    assert len(bundle._HANDED) == 1  # never more than one is held
    with tempfile.TemporaryDirectory() as other:
        saved.opened(asset, path, other)
    assert not bundle._HANDED
