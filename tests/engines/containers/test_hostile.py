"""Images that would cost more than they are: each ends within its bounds, and says what was not read."""

import gzip
import io

from tests.images import digest, layer

from assay.engines.containers.layers import Layer, LayeredImage
from assay.engines.containers.room import Room
from assay.kernel.asset import Asset


def opened(raw):
    one = Layer(digest(raw), len(raw))
    image = LayeredImage(Asset("image", "a", ""), (one,), lambda _: io.BytesIO(raw), None)
    found = []
    for file in image.files(lambda path, size: True):
        found.append((file.path, len(file.head(10))))
    return found, image


def test_a_bomb_is_stopped_by_its_ratio(monkeypatch):
    monkeypatch.setattr(
        "assay.engines.containers.layers.Room", lambda gaps=(): Room(free=1 << 20, gaps=list(gaps))
    )
    found, image = opened(gzip.compress(layer({"a": bytes(8 << 20), "b": b"x"})))
    assert "500 times" in image.gaps[0][1] and ("b", 1) not in found


def test_of_more_entries_than_there_may_be_the_rest_is_a_gap(monkeypatch):
    monkeypatch.setattr(
        "assay.engines.containers.layers.Room", lambda gaps=(): Room(entries=10, gaps=list(gaps))
    )
    found, image = opened(layer({f"f{n}": b"" for n in range(30)}))
    assert len(found) == 10 and "more than 10 entries" in image.gaps[0][1]


def test_names_that_lead_out_and_layers_that_are_cut_short_are_gaps():
    found, image = opened(layer({"../../etc/passwd": b"x", "ok": b"y"}))
    assert found == [("ok", 1)] and "leads out" in image.gaps[0][1]
    raw = gzip.compress(layer({"a": b"x" * 5_000, "b": b"y" * 5_000}))
    for cut in (raw[: len(raw) // 2], raw[:-9], b"junk" * 300):
        _, image = opened(cut)
        assert image.gaps
