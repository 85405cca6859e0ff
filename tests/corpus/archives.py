"""Archives that unpack to what they do not seem to hold, or elsewhere: zip, tar, 7z and single streams, nested and bare."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import struct
import tarfile
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from tests.corpus.sample import Sample


class Payload:
    def __reduce__(self):
        import os

        return os.getpid, ()


HOSTILE, PLAIN = pickle.dumps(Payload()), pickle.dumps({"a": [1, 2]})


def zipped(*members: tuple[str, bytes], method=zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a name twice is meant
            for name, content in members:
                archive.writestr(zipfile.ZipInfo(name), content, method)
    return out.getvalue()


def tarred(*members: tuple[str, bytes], link="") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        if link:
            info = tarfile.TarInfo("l")
            info.type, info.linkname = tarfile.SYMTYPE, link
            tar.addfile(info)
    return out.getvalue()


def number(value: int) -> bytes:
    """7z's way to write a number."""
    return bytes([value]) if value < 128 else b"\xff" + struct.pack("<Q", value)


def sevenzip(*members: tuple[str, bytes], coder=b"\x01\x00", packer=None, crc=True) -> bytes:
    """An archive of one folder."""
    content = b"".join(c for _, c in members)
    packed = packer(content) if packer else content
    digests = b"".join(struct.pack("<I", zlib.crc32(c) if crc else 7) for _, c in members)
    names = b"\0" + b"".join(n.encode("utf-16-le") + b"\0\0" for n, _ in members)
    streams = b"\x06" + number(0) + b"\x01\x09" + number(len(packed)) + b"\0"
    streams += b"\x07\x0b\x01\x00\x01" + coder + b"\x0c" + number(len(content)) + b"\0"
    streams += (
        b"\x08\x0d"
        + number(len(members))
        + (b"\x09" + b"".join(number(len(c)) for _, c in members[:-1]) if len(members) > 1 else b"")
    )
    streams += b"\x0a\x01" + digests + b"\0"
    files = number(len(members)) + b"\x11" + number(len(names)) + names + b"\0"
    header = b"\x01\x04" + streams + b"\0\x05" + files + b"\0"
    start = struct.pack("<QQI", len(packed), len(header), zlib.crc32(header))
    return b"7z\xbc\xaf\x27\x1c\0\4" + struct.pack("<I", zlib.crc32(start)) + start + packed + header


def lzma2(content: bytes) -> bytes:
    return lzma.compress(content, lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}])


def arrow(content: bytes, kind: str) -> bytes:
    import pyarrow as pa

    out = pa.BufferOutputStream()
    with pa.CompressedOutputStream(out, kind) as stream:
        stream.write(content)
    return out.getvalue().to_pybytes()


def _patched(raw: bytes, *changes: tuple[bytes, int, bytes]) -> bytes:
    """Write bytes at an offset after each mark's last place."""
    out = bytearray(raw)
    for mark, offset, value in changes:
        at = raw.rfind(mark) + offset
        out[at : at + len(value)] = value
    return bytes(out)


CENTRAL, LOCAL, END = b"PK\1\2", b"PK\3\4", b"PK\5\6"


def _zips(heavy: bool) -> Iterator[tuple[str, bytes]]:
    whole = zipped(("a.pkl", PLAIN), ("b.txt", b"hello"))
    yield "crc", _patched(whole, (CENTRAL, 16, b"\1\2\3\4"))
    yield "crclocal", _patched(whole, (LOCAL, 14, b"\1\2\3\4"))
    yield "method", _patched(whole, (LOCAL, 8, b"\0\0"))
    yield "name", _patched(whole, (LOCAL, 30, b"c.txt"))
    yield "encrypted", _patched(whole, (CENTRAL, 8, b"\1\0"))
    yield "encryptedboth", _patched(whole, (CENTRAL, 8, b"\1\0"), (LOCAL, 6, b"\1\0"))
    yield "size", _patched(whole, (LOCAL, 22, b"\xff\0\0\0"))
    yield "count", _patched(whole, (END, 8, b"\1\0\1\0"))
    yield "millions", _millions(whole)
    yield "before", HOSTILE + whole
    yield "after", whole + HOSTILE
    yield "twodirectories", zipped(("a", HOSTILE)) + whole
    yield "twice", zipped(("a.pkl", PLAIN), ("a.pkl", HOSTILE))
    yield "case", zipped(("a.pkl", PLAIN), ("A.PKL", PLAIN))
    yield "unicode", zipped(("caf\u00e9", PLAIN), ("cafe\u0301", PLAIN))
    yield "wide", zipped(("a.pkl", PLAIN), ("\uff41.pkl", PLAIN))
    yield "dots", zipped(("../../a.pkl", PLAIN))
    yield "absolute", zipped(("/tmp/a.pkl", PLAIN))
    yield "drive", zipped(("C:\\a.pkl", PLAIN))
    yield "backslash", zipped(("..\\a.pkl", PLAIN))
    yield "nul", _patched(whole, (CENTRAL, 47, b"\0"), (LOCAL, 31, b"\0"))
    yield "descriptor", _descriptor()
    yield "overlap", _overlap()
    if heavy:
        yield "bomb", zipped(("a", bytes(200 << 20)))
    yield "nested", zipped(("x.zip", zipped(("y.zip", zipped(("a.pkl", HOSTILE))))))
    yield "hidden", zipped(("readme.txt", HOSTILE))


def _millions(whole: bytes) -> bytes:
    """Its end record says ten million, by the larger form of it."""
    at = whole.rfind(END)
    size, offset = struct.unpack_from("<2L", whole, at + 12)
    record = b"PK\6\6" + struct.pack("<QHHLL4Q", 44, 45, 45, 0, 0, 10_000_000, 10_000_000, size, offset)
    locator = b"PK\6\7" + struct.pack("<LQL", 0, at, 1)
    return whole[:at] + record + locator + _patched(whole, (END, 8, b"\xff\xff\xff\xff"))[at:]


def _descriptor() -> bytes:
    """Sizes that follow the member, and are others than its directory's."""

    class Stream(io.BytesIO):
        def seekable(self):
            return False

        def tell(self):
            raise OSError

    out = Stream()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.pkl", PLAIN)
    raw = out.getvalue()
    at = raw.rfind(b"PK\7\x08")
    return raw[: at + 4] + b"\1\2\3\4" + raw[at + 8 :]


def _overlap() -> bytes:
    """Two names in the directory for one member."""
    raw = zipped(("a", PLAIN), ("b", PLAIN))
    second = raw.rfind(CENTRAL)
    first = raw.find(CENTRAL)
    return raw[:second] + raw[second : second + 42] + raw[first + 42 : first + 46] + raw[second + 46 :]


def samples(folder: Path, heavy: bool = True) -> Iterator[Sample]:
    """All of them."""
    for name, content in _zips(heavy):
        yield _made(folder, f"{name}.zip", content, True, f"zip: {name}")
    yield _made(folder, "plain.zip", zipped(("a.pkl", PLAIN), ("b/c.txt", b"hello")), False, "a zip")
    yield _made(
        folder, "stored.zip", zipped(("a.pkl", PLAIN), method=zipfile.ZIP_STORED), False, "a zip, stored"
    )
    yield _made(
        folder, "lzma.zip", zipped(("a.pkl", PLAIN), method=zipfile.ZIP_LZMA), False, "a zip, by LZMA"
    )
    packers = {
        "gz": gzip.compress,
        "bz2": bz2.compress,
        "xz": lzma.compress,
        "zst": lambda c: arrow(c, "zstd"),
        "lz4": lambda c: arrow(c, "lz4"),
        "z": zlib.compress,
    }
    for name, packer in packers.items():
        yield _made(folder, f"hostile.{name}", packer(HOSTILE), True, f"a pickle in {name}")
        yield _made(folder, f"plain.{name}", packer(PLAIN), False, f"a pickle in {name}")
        yield _made(folder, f"tar.{name}", packer(tarred(("a.txt", HOSTILE))), True, f"a tar in {name}")
        yield _made(
            folder,
            f"plaintar.{name}",
            packer(tarred(("a.pkl", PLAIN), ("b.txt", b"x"))),
            False,
            f"a tar in {name}",
        )
    yield _made(
        folder,
        "deep.bin",
        gzip.compress(bz2.compress(lzma.compress(zipped(("a", gzip.compress(HOSTILE)))))),
        True,
        "five deep",
    )
    yield _made(folder, "dots.tar", tarred(("../a", PLAIN)), True, "tar: out of its folder")
    yield _made(folder, "link.tar", tarred(("a", PLAIN), link="/etc/hostname"), True, "tar: a link outside")
    for name, coder, packer in (("copy", b"\x01\x00", None), ("lzma2", b"\x21\x21\x01\x10", lzma2), ("bz2", b"\x03\x04\x02\x02", bz2.compress),
                                ("deflate", b"\x03\x04\x01\x08", lambda c: zlib.compress(c)[2:-4]), ("zstd", b"\x04\x04\xf7\x11\x01", packers["zst"])):  # fmt: skip
        yield _made(
            folder,
            f"{name}.7z",
            sevenzip(("pytorch_model.bin", HOSTILE), ("b.txt", b"x"), coder=coder, packer=packer),
            True,
            f"7z by {name}",
        )
        yield _made(
            folder,
            f"plain-{name}.7z",
            sevenzip(("a.pkl", PLAIN), ("b.txt", b"x"), coder=coder, packer=packer),
            False,
            f"7z by {name}",
        )
    yield _made(
        folder, "aes.7z", sevenzip(("a", PLAIN), coder=b"\x04\x06\xf1\x07\x01"), True, "7z: encrypted"
    )
    yield _made(folder, "crc.7z", sevenzip(("a", PLAIN), crc=False), True, "7z: a wrong checksum")
    yield _made(folder, "dots.7z", sevenzip(("../a", PLAIN)), True, "7z: out of its folder")
    yield _made(folder, "twice.7z", sevenzip(("a", PLAIN), ("a", HOSTILE)), True, "7z: a name twice")
    yield _made(folder, "more.7z", sevenzip(("a", PLAIN)) + HOSTILE, True, "7z: more after its end")
    yield _made(
        folder,
        "size.7z",
        sevenzip(("a", PLAIN)).replace(b"\x0c" + number(len(PLAIN)), b"\x0c\x7f", 1),
        True,
        "7z: a header changed",
    )


def _made(folder: Path, name: str, content: bytes, hostile: bool, why: str) -> Sample:
    path = folder / name
    path.write_bytes(content)
    return Sample(path, hostile, "archives", why)


def quick(folder: Path) -> Iterator[Sample]:
    """All but the bomb."""
    yield from samples(folder, heavy=False)
