"""TensorFlow's SavedModel, GraphDef and TFLite: operators that reach out, and those that a model needs."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Iterator
from pathlib import Path

from tests.corpus.sample import Sample
from tests.corpus.wires import graph, node, saved_model, tflite

PLAIN = [
    node("Placeholder", "x"),
    node("Const", "w", value="numbers"),
    node("MatMul", "y", ["x", "w"]),
    node("Softmax", "z", ["y"]),
]
SAVER = [node("Placeholder", "saver_filename"), node("StringJoin", "j", ["saver_filename"]), node("SaveV2", "s", ["j"]),
         node("MergeV2Checkpoints", "m", ["j"]), node("RestoreV2", "r", ["saver_filename"])]  # fmt: skip
REACHING = [
    "ReadFile", "WriteFile", "MatchingFiles", "PyFunc", "PyFuncStateless", "EagerPyFunc", "TFRecordDataset", "TextLineDataset",
    "FixedLengthRecordDatasetV2", "ImmutableConst", "LoadAndRemapMatrix", "RpcCall", "RemoteCall", "DataServiceDatasetV4",
    "CreateSummaryFileWriter", "SaveDatasetV2", "WholeFileReaderV2", "SqlDataset", "LMDBDataset", "DebugIdentityV3",
    "DumpTensor", "XlaCustomCallV2", "MyOwnOperator",
]  # fmt: skip


def associated(counted: bool, name: str, content: bytes) -> bytes:
    """A model of TFLite's with a zip behind it, whose offsets count the model's bytes or do not."""
    model = tflite(0, 9, 25)
    out = io.BytesIO(model if counted else b"")
    out.seek(0, io.SEEK_END)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(name, content)
    return out.getvalue() if counted else model + out.getvalue()


def samples(folder: Path) -> Iterator[Sample]:
    """Each operator in a SavedModel's graph; some in a function, a GraphDef, text, and TFLite."""
    yield _made(folder, "plain.pb", saved_model(*PLAIN), False, "numbers alone")
    yield _made(folder, "saver.pb", saved_model(*PLAIN, *SAVER), False, "with its saver")
    yield _made(folder, "functions.pb", saved_model(*PLAIN, functions=[PLAIN]), False, "with a function")
    yield _made(folder, "asset.pb", saved_model(*PLAIN, assets=["vocabulary.txt"]), False, "with an asset")
    yield _made(folder, "frozen.pb", graph(*PLAIN), False, "a GraphDef")
    yield _made(
        folder, "print.pb", graph(*PLAIN, node("PrintV2", "p", output_stream="stderr")), False, "prints"
    )
    text = 'node {{\n  name: "x"\n  op: "{}"\n}}\n'
    yield _made(folder, "plain.pbtxt", text.format("Placeholder").encode(), False, "a graph as text")
    yield _made(folder, "plain.tflite", tflite(0, 9, 25), False, "built-in operators")
    yield _made(
        folder,
        "detect.tflite",
        tflite(3, "TFLite_Detection_PostProcess"),
        False,
        "an operator of its interpreter",
    )
    yield _made(folder, "labels.tflite", associated(True, "labels.txt", b"cat"), False, "with its labels")
    yield _made(
        folder, "joined.tflite", associated(False, "labels.txt", b"cat"), False, "with its labels behind"
    )
    for counted in (True, False):
        name = f"pickled-{counted}.tflite"
        yield _made(
            folder, name, associated(counted, "labels.pkl", pickle.dumps(print)), True, "with a pickle"
        )
    yield _made(folder, "flexadd.tflite", tflite("FlexAddV2"), False, "a harmless operator of TensorFlow's")
    for name in REACHING:
        file = [node("Const", "where", value="/tmp/x"), node(name, "n", ["where"])]
        yield _made(folder, f"{name}.pb", saved_model(*PLAIN, *file), True, f"{name} in a SavedModel")
    for name in ("ReadFile", "PyFunc", "WriteFile"):
        yield _made(
            folder,
            f"function-{name}.pb",
            saved_model(*PLAIN, functions=[PLAIN, [node(name)]]),
            True,
            f"{name} in a function",
        )
        yield _made(folder, f"frozen-{name}.model", graph(*PLAIN, node(name)), True, f"{name} in a GraphDef")
        yield _made(
            folder, f"text-{name}.pbtxt", text.format(name).encode(), True, f"{name} in a graph as text"
        )
        yield _made(folder, f"flex-{name}.tflite", tflite(0, f"Flex{name}"), True, f"{name} in TFLite")
    yield _made(
        folder,
        "log.pb",
        graph(*PLAIN, node("PrintV2", "p", output_stream="file:///tmp/x")),
        True,
        "prints to a file",
    )
    restore = [node("Const", "where", value="/etc/hostname"), node("RestoreV2", "r", ["where"])]
    yield _made(folder, "restore.pb", saved_model(*PLAIN, *restore), True, "restores from a place of its own")
    yield _made(
        folder, "traversal.pb", saved_model(*PLAIN, assets=["../../etc/hostname"]), True, "an asset outside"
    )
    yield _made(folder, "own.tflite", tflite(0, "MyOwnKernel"), True, "an operator of its own")
    yield _made(folder, "tensor.tflite", tflite(0, uses=99), True, "a tensor that is not there")
    yield _made(folder, "buffer.tflite", tflite(0, buffer=77), True, "a buffer that is not there")
    yield _made(folder, "cut.tflite", tflite(0, 9)[:-40], True, "cut short")


def _made(folder: Path, name: str, content: bytes, hostile: bool, why: str) -> Sample:
    path = folder / name
    path.write_bytes(content)
    return Sample(path, hostile, "graphs", why)


def quick(folder: Path) -> Iterator[Sample]:
    """All: they are small."""
    yield from samples(folder)
