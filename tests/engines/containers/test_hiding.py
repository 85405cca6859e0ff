"""What an image may do so that its records of packages are not read as what they are: each is read, or is a gap."""

import io
import os
import tarfile

import pytest
from tests.images import DEBIAN, NoWork, digest, layer, stanza

import assay
from assay.engines.containers.inventory import take
from assay.engines.containers.layers import Layer, LayeredImage
from assay.kernel.asset import Asset

STATUS = (
    stanza("libssl3", "3.0.11", "openssl").rstrip() + "\n of more lines" * 2_000 + "\n"
)  # as long as a program is
SYSTEM = {"etc/os-release": DEBIAN}


def taken(*raws, **more):
    layers = tuple(more.get("layers") or (Layer(digest(raw), len(raw)) for raw in raws))
    image = LayeredImage(
        Asset("image", "a", ""), layers, lambda one: io.BytesIO(raws[layers.index(one)]), None
    )
    found = take(image, NoWork())
    return [p.name for p in found.packages], [f"{what}: {why}" for what, why in found.gaps], image


@pytest.mark.parametrize(
    ("files", "links"),
    [
        ({"opt/data": STATUS}, {"hard": [("var/lib/dpkg/status", "opt/data")]}),
        ({"opt/data": STATUS}, {"soft": [("var/lib/dpkg/status", "/opt/data")]}),
        ({"opt/a.dist-info/METADATA": STATUS}, {"hard": [("var/lib/dpkg/status", "./opt/a.dist-info/METADATA")]}),
        ({"x/c.txt": STATUS}, {"soft": [("var/lib/dpkg/status", "/x/a.txt"), ("x/a.txt", "b.txt"), ("x/b.txt", "../x/c.txt")]}),
        ({"x/b.txt": STATUS}, {"hard": [("x/a.txt", "x/b.txt"), ("var/lib/dpkg/status", "x/a.txt")]}),
        ({"srv/x/status": STATUS}, {"soft": [("var/lib/dpkg", "/opt/d"), ("opt/d", "../srv/x")]}),
        ({"y/lib/dpkg/status": STATUS}, {"soft": [("var", "z"), ("z", "./w"), ("w", "y")]}),
    ],
    ids=["hard", "soft", "hard to a record of another kind", "chain", "hard chain", "folders", "folders above"],
)  # fmt: skip
def test_a_database_behind_links_is_read_as_what_it_is_called(files, links):
    names, gaps, _ = taken(layer({**SYSTEM, **files}, **links))
    assert "libssl3" in names and not [g for g in gaps if "dpkg" in g]


@pytest.mark.parametrize(
    ("links", "said"),
    [
        ({"soft": [("var/lib/dpkg/status", "status")]}, "round and round"),
        ({"soft": [("var/lib/dpkg", "/a"), ("a", "/b"), ("b", "/a")]}, "round and round"),
        ({"hard": [("var/lib/dpkg/status", "not/there")]}, "which its layer does not hold"),
        ({"soft": [("var/lib/dpkg/status", "/" + "a/" * 3_000)]}, "too long"),
    ],
)
def test_a_database_behind_links_that_lead_nowhere_is_a_gap(links, said):
    _, gaps, _ = taken(layer(SYSTEM, **links))
    assert any(said in gap for gap in gaps)


def test_another_name_of_what_a_later_layer_takes_away_is_a_gap():
    """The name goes and the file stays: it is still the database."""
    low = layer({**SYSTEM, "opt/data": STATUS}, hard=[("var/lib/dpkg/status", "opt/data")])
    _, gaps, _ = taken(low, layer({"opt/.wh.data": ""}))
    assert any("which a later layer hides" in gap for gap in gaps)


def test_a_folder_of_a_later_layer_stands_where_a_file_was():
    low = layer({**SYSTEM, "var/lib/dpkg/status": STATUS})
    assert taken(low, layer({"var/lib/dpkg/status": None}))[0] == []
    assert taken(low, layer({"var/lib/dpkg": None}))[0] == ["libssl3"]


def test_a_layer_is_held_against_both_of_its_digests():
    """By its packed digest alone another image is looked at than the one whose configuration is loaded."""
    import gzip
    import hashlib

    plain = layer({**SYSTEM, "var/lib/dpkg/status": STATUS})
    raw = gzip.compress(plain)
    long = "sha512:" + hashlib.sha512(raw).hexdigest()
    for one, wrong in (
        (Layer(digest(raw), len(raw), digest(plain)), 0),
        (Layer(long, len(raw), digest(plain)), 0),
        (Layer(digest(raw), len(raw), digest(b"another")), 1),
        (Layer("sha512:" + "0" * 128, len(raw), digest(plain)), 1),
        (Layer("", -1, digest(b"another")), 1),
    ):
        names, gaps, image = taken(raw, layers=(one,))
        assert names == ["libssl3"] and len(image.problems) == wrong and not gaps
    assert "nothing says" in taken(raw, layers=(Layer("md5:1", 3),))[1][-1]


def test_names_that_would_fill_the_memory_are_a_gap(monkeypatch):
    from assay.engines.containers import layers
    from assay.engines.containers.room import Room

    monkeypatch.setattr(layers, "Room", lambda gaps=(): Room(names=10_000, gaps=list(gaps)))
    raw = layer({f"{n}/" + "a" * 900: "" for n in range(30)})
    assert any("names are longer together" in gap for gap in taken(raw)[1])


@pytest.mark.parametrize("folder", ["var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm"])
@pytest.mark.parametrize(
    ("name", "content", "gap"),
    [("wal", b"x", True), ("wal", b"", False), ("journal", b"\xd9\xd5\x05\xf9 \xa1c\xd7" + bytes(50), True), ("journal", bytes(512), False)],
)  # fmt: skip
def test_changes_of_a_database_that_lie_beside_it_are_a_gap(folder, name, content, gap):
    _, gaps, _ = taken(layer({**SYSTEM, f"{folder}/rpmdb.sqlite-{name}": content}))
    assert any("not carried over" in one for one in gaps) == gap


@pytest.mark.parametrize("name", [".wh.", "var/.wh.", "var/lib/.wh..", ".wh..."])
def test_a_whiteout_of_nothing_hides_nothing_and_is_a_gap(name):
    """At the root it hid all that lay below, and nothing was said."""
    low = layer({**SYSTEM, "var/lib/dpkg/status": STATUS})
    names, gaps, _ = taken(low, layer({name: ""}))
    assert names == ["libssl3"] and any("not what" in gap for gap in gaps)


def test_a_model_is_digested_as_it_comes_and_what_is_too_large_is_not_laid_out(monkeypatch, tmp_path):
    from assay.engines.containers import file

    monkeypatch.setattr(file, "_IN_MEMORY", 10)
    monkeypatch.setattr(file, "_LAID_OUT", 50_000)
    model, program = b"\x08" * 3_000_000, b"\x7fELF" + bytes(100_000)
    raw = layer({"m.safetensors": model, "usr/bin/program": program})
    image = LayeredImage(
        Asset("image", "a", ""), (Layer(digest(raw), len(raw)),), lambda _: io.BytesIO(raw), tmp_path
    )
    found = take(image, NoWork())
    assert [p.digests["SHA-256"] for p in found.packages] == [digest(model)[7:]]
    assert [what for what, why in found.gaps if "more than is looked into" in why] == ["usr/bin/program"]
    assert not image.problems


@pytest.mark.parametrize("kind", [tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE])
def test_a_pipe_or_a_device_in_a_databases_place_is_a_gap_and_not_nothing(kind, tmp_path):
    """It was passed over, and the image had nothing installed."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo("var/lib/dpkg/status")
        info.type = kind
        archive.addfile(info)
    _, gaps, _ = taken(out.getvalue())
    assert any("dpkg/status: it is no regular file" in gap for gap in gaps)
    os.mkfifo(tmp_path / "requirements.txt")
    result = assay.check("image.sbom", str(tmp_path))
    assert result.outcome == "incomplete"
