"""The reader of tars beside CPython's tarfile: whatever it accepts, tarfile reads the same."""

from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.methods import tars


class Held:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size):
        out = self.data[self.at : self.at + size]
        self.at += len(out)
        return out

    def skip_to(self, place):
        self.at = place
        return place <= len(self.data)


def read(data):
    source = Held(data)
    return [
        (m.name, m.kind, m.size, data[m.start : m.start + m.size] if m.kind == "file" else b"")
        for m in tars.members(source)
    ]


def by_tarfile(data):
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        found = []
        for m in archive:
            kind = (
                "folder" if m.isdir() else "file" if m.isreg() else "link" if m.islnk() or m.issym() else "?"
            )
            found.append((m.name, kind, m.size, archive.extractfile(m).read() if kind == "file" else b""))
        return found


def made(*members, form=tarfile.PAX_FORMAT, **options):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form, **options) as archive:
        for name, content, *kind in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            info.type = kind[0] if kind else tarfile.REGTYPE
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


NAMES = st.text(
    st.characters(blacklist_characters="\0/", blacklist_categories=["Cs"]), min_size=1, max_size=150
)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(NAMES, st.binary(max_size=1500)), max_size=5),
    st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]),
)
def test_what_tarfile_writes_is_read_the_same(members, form):
    data = made(*members, form=form)
    assert read(data) == by_tarfile(data)


def test_long_names_of_every_format():
    name = "/".join(["d" * 60] * 3)
    for form in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT):
        data = made((name, b"x"), form=form)
        assert read(data) == by_tarfile(data) == [(name, "file", 1, b"x")]


def again(header):
    """Mend a header's checksum."""
    total = sum(header[:148]) + 8 * 32 + sum(header[156:])
    return header[:148] + b"%06o\0 " % total + header[156:]


def changed(data, at, value, mend=True):
    out = bytearray(data)
    out[at : at + len(value)] = value
    return again(bytes(out[:512])) + bytes(out[512:]) if mend else bytes(out)


HIDDEN = made(("hidden", b"h" * 10))
TRICKS = {
    "a folder with content": changed(made(("a", HIDDEN)), 156, b"5"),
    "an old file named as a folder": changed(changed(made(("a/", HIDDEN)), 156, b"\0"), 0, b"a/\0"),
    "a link with content": changed(made(("a", HIDDEN)), 156, b"2"),
    "a fifo with content": changed(made(("a", HIDDEN)), 156, b"6"),
    "a prefix under GNU's magic": changed(
        changed(made(("safe", b"x"), form=tarfile.GNU_FORMAT), 345, b"../../x"), 257, b"ustar  \0"
    ),
    "a global path": made(("a", b"x"), pax_headers={"path": "../../evil"}),
    "sparse": changed(made(("a", b"x" * 512), form=tarfile.GNU_FORMAT), 156, b"S"),
    "a size that is no number": changed(made(("a", b"x")), 124, b"0000000x"),
    "a negative size": changed(made(("a", b"x")), 124, b"\xff" * 12),
    "a wrong sum": changed(made(("a", b"x")), 0, b"b", mend=False),
    "cut short": made(("a", b"x" * 2000))[:1000],
    "cut in a header": made(("a", b"x"))[:300],
    "only further headers": made(("é" * 80, b"x"))[:1024],
}


@pytest.mark.parametrize("trick", TRICKS)
def test_what_readers_read_differently_is_refused(trick):
    with pytest.raises(tars.Damaged):
        read(TRICKS[trick])


def pax(*records):
    body = b""
    for record in records:
        length = len(record) + 3
        while len(str(length)) + 1 + len(record) + 1 != length:
            length = len(str(length)) + 1 + len(record) + 1
        body += b"%d %s\n" % (length, record)
    info = tarfile.TarInfo("x")
    info.type, info.size = b"x", len(body)
    return info.tobuf(tarfile.USTAR_FORMAT) + body + bytes(-len(body) % 512)


@pytest.mark.parametrize(
    "further",
    [
        pax(b"path=a") + pax(b"path=../b"),
        pax(b"path=a", b"path=../b"),
        pax(b"size=abc"),
        pax(b"size=-5"),
        pax(b"GNU.sparse.name=b", b"GNU.sparse.major=1"),
        pax(b"path=a\0b"),
        pax(b"path="),
        pax(b"noequals"),
        pax(b"a=" + b"1" * (1 << 21)),
        pax(b"comment=x") * 3000,
    ],
)
def test_tricks_of_pax_are_refused(further):
    with pytest.raises(tars.Damaged):
        read(further + made(("a", b"x"), form=tarfile.USTAR_FORMAT))


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), min_size=1, max_size=6),
    st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]),
    st.booleans(),
)
def test_a_damaged_tar_that_is_accepted_is_read_the_same_by_tarfile(edits, form, mend):
    data = bytearray(made(("a", b"x" * 600), ("b" * 120, b"y"), ("c/", b"", tarfile.DIRTYPE), form=form))
    for at, value in edits:
        data[at % len(data)] = value
    if mend:
        data[:512] = again(bytes(data[:512]))
    try:
        ours = read(bytes(data))
    except tars.Damaged:
        return
    try:
        theirs = by_tarfile(bytes(data))
    except (tarfile.TarError, ValueError):
        return
    assert [m for m in ours if m[1] in ("file", "folder")] == [
        m for m in theirs if m[1] in ("file", "folder")
    ]
