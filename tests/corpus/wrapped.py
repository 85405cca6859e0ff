"""A call inside every wrapping that loaders of models unpack: joblib, NumPy, PyTorch, archives and compressions."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import pickle
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from tests.corpus.sample import Sample
from tests.corpus.streams import P2, P4, body, glob, payload, short, text

TORCH_MAGIC = 0x1950A86A20F9469CFC6C


class Call:
    """Pickles as a call of os.mkdir with a path."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.marker),)


def raw(marker: Path) -> bytes:
    """The plain pickle."""
    return P4 + payload(marker) + b"."


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """A zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def tarred(*members: tuple[str, bytes], mode: str = "w") -> bytes:
    """A tar."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def joblibs(marker: Path) -> Iterator[tuple[str, str, bytes, str]]:
    """joblib with each compressor, and an object array inside."""
    import joblib
    import numpy as np

    def dumped(value: Any, compress: Any) -> bytes:
        out = io.BytesIO()
        joblib.dump(value, out, compress=compress)
        return out.getvalue()

    for kind in (0, 3, ("zlib", 9), ("gzip", 3), ("bz2", 3), ("lzma", 3), ("xz", 3)):
        yield f"joblib {kind}", "joblib", dumped(Call(marker), kind), "joblib"
        array = {"weights": np.arange(1000.0), "names": np.array(["a", Call(marker)], dtype=object)}
        yield f"joblib {kind}, in an object array beside numbers", "joblib", dumped(array, kind), "joblib"
    after = dumped([np.arange(64.0), Call(marker)], 0)
    yield "joblib, after raw numbers", "joblib", after, "joblib"
    yield "joblib under the name of a text", "txt", dumped(Call(marker), 3), "joblib"


def arrays(marker: Path) -> Iterator[tuple[str, str, bytes, str]]:
    """NumPy's own files."""
    import numpy as np

    def saved(value: Any) -> bytes:
        out = io.BytesIO()
        np.save(out, value, allow_pickle=True)
        return out.getvalue()

    objects = np.array([Call(marker)], dtype=object)
    yield "npy of objects", "npy", saved(objects), "numpy"
    mixed = np.zeros(2, [("a", "f8"), ("b", "O")])
    mixed["b"][0] = Call(marker)
    yield "npy of records with objects", "npy", saved(mixed), "numpy"
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(117) + b"\n"
    for version in (1, 2, 3):
        size = struct.pack("<H" if version == 1 else "<I", len(header))
        yield (
            f"npy of version {version}",
            "npy",
            b"\x93NUMPY" + bytes([version, 0]) + size + header + raw(marker),
            "numpy",
        )
    yield "npy under another name", "bin", saved(objects), "numpy"
    for many in (np.savez, np.savez_compressed):
        out = io.BytesIO()
        many(out, weights=np.zeros(10), labels=objects)
        yield many.__name__, "npz", out.getvalue(), "numpy"
    yield "npz of a bare pickle", "npz", zipped(("a.npy", raw(marker))), ""
    yield "npy in a tar", "tar", tarred(("a.npy", saved(objects))), ""


def torches(marker: Path) -> Iterator[tuple[str, str, bytes, str]]:
    """PyTorch's zip, its old stream, its older tar, programs and packages."""
    run = payload(marker)
    storage = (
        b"(" + text("storage") + glob("torch", "FloatStorage") + text("0") + text("cpu") + body(4) + b"tQ"
    )
    tensor = (
        glob("torch._utils", "_rebuild_tensor_v2")
        + b"("
        + storage
        + body(0)
        + body((4,))
        + body((1,))
        + b"\x89"
        + glob("collections", "OrderedDict")
        + b")RtR"
    )
    evil = P2 + b"}(" + text("w") + tensor + text("x") + run + b"u."
    fine = P2 + b"}" + text("w") + tensor + b"s."
    numbers = struct.pack("<4f", 1, 2, 3, 4)
    for top in ("archive", "model"):
        for name in ("pt", "pth", "bin", "ckpt", "zip"):
            members = [(f"{top}/data.pkl", evil), (f"{top}/data/0", numbers), (f"{top}/version", b"3\n")]
            yield f"PyTorch's zip as .{name}, {top}", name, zipped(*members), ""
    base = [("archive/data.pkl", fine), ("archive/data/0", numbers)]
    yield "packed PyTorch zip", "pt", zipped(("archive/data.pkl", evil), method=zipfile.ZIP_DEFLATED), ""
    yield "a second pickle in PyTorch's zip", "pt", zipped(*base, ("archive/constants.pkl", evil)), ""
    yield (
        "a pickle among PyTorch's storages",
        "pt",
        zipped(("archive/data.pkl", fine), ("archive/data/0", evil)),
        "",
    )
    yield "a pickle beside PyTorch's archive", "pt", zipped(*base, ("extra/model.pkl", evil)), ""
    yield "a pickle of another name", "pt", zipped(*base, ("archive/notes.txt", evil)), ""
    yield "data.pkl one folder deeper", "pt", zipped(("a/b/data.pkl", evil)), ""
    package = [("p/.data/version", b"6\n"), ("p/.data/extern_modules", b"os\n"), ("p/model/model.pkl", evil)]
    yield "a package archive", "pt", zipped(*package, ("p/my/code.py", b"x = 1\n")), ""
    yield (
        "a package archive's inner pickle",
        "pt",
        zipped(*package[:2], ("p/res/a.pkl", fine), ("p/res/b.pkl", evil)),
        "",
    )
    mar = zipped(
        ("MAR-INF/MANIFEST.json", b'{"model": {"serializedFile": "m.pt"}}'),
        ("m.pt", zipped(("archive/data.pkl", evil))),
    )
    yield "a model archive of TorchServe's", "mar", mar, ""
    head = pickle.dumps(TORCH_MAGIC, 2) + pickle.dumps(1001, 2) + pickle.dumps({"little_endian": True}, 2)
    tail = pickle.dumps(["0"], 2) + struct.pack("<q", 4) + numbers
    yield "the old stream", "pt", head + evil + tail, ""
    yield (
        "the old stream's system record",
        "pt",
        head.replace(pickle.dumps({"little_endian": True}, 2), P2 + run + b".") + fine + tail,
        "",
    )
    yield "the old stream's magic number, called", "pt", P2 + run + b"." + head + fine + tail, "pickle"
    yield "the old stream's key list", "pt", head + fine + P2 + b"]" + run + b"a.", ""
    yield (
        "the magic number made by a call",
        "pt",
        P2
        + glob("builtins", "int")
        + text(str(TORCH_MAGIC))
        + b"\x85R0"
        + run
        + b"0"
        + body(TORCH_MAGIC)
        + b".",
        "pickle",
    )
    sys_info, none = pickle.dumps({"protocol_version": 1000, "little_endian": True}, 2), pickle.dumps(0, 2)
    old = [("sys_info", sys_info), ("pickle", P2 + run + b"."), ("storages", none), ("tensors", none)]
    yield "the tar of before 2017", "tar", tarred(*old), ""
    yield (
        "the tar's storages",
        "tar",
        tarred(
            ("sys_info", sys_info),
            ("pickle", P2 + b"N."),
            ("storages", P2 + run + b"0" + b"K\x00."),
            ("tensors", none),
        ),
        "",
    )
    yield (
        "the tar's system record",
        "tar",
        tarred(("sys_info", P2 + run + b"."), ("pickle", P2 + b"N."), ("storages", none), ("tensors", none)),
        "",
    )


def archives(marker: Path) -> Iterator[tuple[str, str, bytes, str]]:
    """Compressions and archives, within one another."""
    data = raw(marker)
    old = glob("os", "mkdir") + b"(S'" + str(marker).encode() + b"'\ntR."
    yield "gz", "pkl.gz", gzip.compress(data), "gzip"
    yield "bz2", "pkl.bz2", bz2.compress(data), "bz2"
    yield "xz", "pkl.xz", lzma.compress(data), "lzma"
    yield "lzma", "pkl.lzma", lzma.compress(data, format=lzma.FORMAT_ALONE), "lzma"
    yield "zlib", "pkl.z", zlib.compress(data), "zlib"
    yield "gz of protocol 0", "pkl.gz", gzip.compress(old), "gzip"
    yield "gz of two streams, the second evil", "gz", gzip.compress(P2 + b"N.") + gzip.compress(data), ""
    yield "gz under the name of a picture", "png", gzip.compress(data), "gzip"
    yield "gz in gz", "gz", gzip.compress(gzip.compress(data)), ""
    yield "xz in bz2 in gz", "gz", gzip.compress(bz2.compress(lzma.compress(data))), ""
    for mode in ("w", "w:gz", "w:bz2", "w:xz"):
        yield f"tar {mode}", "tar", tarred(("model.pkl", data), mode=mode), ""
    yield (
        "a model archive of SageMaker's",
        "tar.gz",
        tarred(("config.json", b"{}"), ("model.joblib", data), mode="w:gz"),
        "",
    )
    yield "zip", "zip", zipped(("model.pkl", data)), ""
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        yield f"zip by method {method}", "zip", zipped(("model.pkl", data), method=method), ""
    yield "zip in zip", "zip", zipped(("inner.zip", zipped(("model.pkl", data)))), ""
    yield "zip in tar in gz", "gz", gzip.compress(tarred(("inner.zip", zipped(("model.pkl", data))))), ""
    yield "tar in zip", "zip", zipped(("inner.tar", tarred(("model.pkl", data)))), ""
    yield "four zips deep", "zip", zipped(("a", zipped(("b", zipped(("c", zipped(("d", data)))))))), ""
    yield "a pickle named as weights", "safetensors", data, "pickle"
    yield "a pickle named as text", "md", data, "pickle"
    yield "a pickle named as JSON", "json", old, "pickle"
    yield "a pickle without a name's ending", "", data, "pickle"
    yield "a pickle before a zip", "pkl", data + zipped(("a.txt", b"hello")), "pickle"
    yield "a zip after text", "zip", b"hello world\n" * 10 + zipped(("model.pkl", data)), ""
    yield (
        "MLflow's python_model",
        "zip",
        zipped(
            ("MLmodel", b"flavors:\n  python_function:\n    loader_module: mlflow.pyfunc.model\n"),
            ("python_model.pkl", data),
        ),
        "",
    )
    yield (
        "dill's spelling",
        "dill",
        P4 + short("dill._dill") + short("_create_function") + b"\x93" + body((1,)) + b"R.",
        "",
    )
    yield (
        "cloudpickle's spelling",
        "pkl",
        P4 + short("cloudpickle.cloudpickle") + short("_make_function") + b"\x93" + body((1,)) + b"R.",
        "",
    )


def samples(folder: Path) -> Iterator[Sample]:
    """Each in a file of its own."""
    for kind in (joblibs, arrays, torches, archives):
        count = len(list(kind(folder / "x")))
        for number in range(count):
            marker = folder / f"fired_{kind.__name__}{number}"
            why, ending, data, fires = next(islice(kind(marker), number, None))
            path = folder / f"{kind.__name__}{number}{'.' * bool(ending)}{ending}"
            path.write_bytes(data)
            yield Sample(path, True, "wrapped", f"{kind.__name__}: {why}", fires, marker if fires else None)
