"""R, MessagePack, Paddle, Core ML, TensorRT, ONNX, safetensors, XGBoost and LightGBM: code, files elsewhere, and lies."""

from __future__ import annotations

import copy
import json
import pickle
import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.corpus.sample import Sample
from tests.corpus.wires import message

# ---- R: XDR, version 2


def i(*numbers: int) -> bytes:
    return struct.pack(f">{len(numbers)}i", *numbers)


NIL = i(254)


def sym(name: str) -> bytes:
    return i(1) + char(name)


def char(text: str) -> bytes:
    return i(9, len(text)) + text.encode()


def text(*values: str) -> bytes:
    return i(16, len(values)) + b"".join(map(char, values))


def call(function: str, *args: bytes) -> bytes:
    return i(6) + sym(function) + b"".join(i(2) + a for a in args) + NIL


def vector(*items: bytes, names=()) -> bytes:
    if not names:
        return i(19, len(items)) + b"".join(items)
    return i(19 | 0x200, len(items)) + b"".join(items) + i(0x402) + sym("names") + text(*names) + NIL


def closure(body: bytes) -> bytes:
    return i(0x403) + i(253) + i(0x402) + sym("x") + i(251) + NIL + body


def promise(expression: bytes) -> bytes:
    return i(0x405) + i(253) + i(252) + expression


def rds(item: bytes) -> bytes:
    return b"X\n" + i(2, 0x40202, 0x20300) + item


R = {
    "promise": promise(call("system", text("true"))), "inlist": vector(text("a"), promise(call("f"))), "closure": closure(call("system", text("true"))),
    "nested": vector(vector(closure(call("{", call("<-", sym("y"), call("url", text("http://a.example"))))))), "language": call("system2", text("true")),
    "expression": i(20, 1) + call("unlink", text("/tmp/x")), "attribute": i(0x20D, 1, 1) + i(0x402) + sym("f") + closure(call("download.file", text("a"))) + NIL,
    "namespace": closure(i(6) + call("::", sym("base"), sym("system")) + i(2) + text("true") + NIL), "source": closure(call("source", text("http://a.example/a.R"))),
}  # fmt: skip
PLAIN_R = {
    "numbers": i(14, 2) + struct.pack(">2d", 1, 2), "named": vector(text("a"), i(13, 1, 3), names=("x", "y")), "logical": i(10, 2, 1, 0), "null": NIL,
    "call": vector(call("lm", sym("y"), sym("x"))), "family": vector(closure(call(".Call", sym("C_logit_link"), sym("mu")))), "raw": i(24, 3) + b"abc", "complex": i(15, 1) + bytes(16),
}  # fmt: skip


# ---- MessagePack


def pack(value) -> bytes:
    if isinstance(value, dict):
        return bytes([0x80 | len(value)]) + b"".join(pack(k) + pack(v) for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return bytes([0x90 | len(value)]) + b"".join(map(pack, value))
    if isinstance(value, str):
        return bytes([0xA0 | len(value)]) + value.encode()
    if isinstance(value, bytes):
        return b"\xc5" + struct.pack(">H", len(value)) + value
    if isinstance(value, Ext):
        return b"\xc8" + struct.pack(">Hb", len(value.data), value.kind) + value.data
    return bytes([value])


class Ext:
    def __init__(self, kind: int, data: bytes):
        self.kind, self.data = kind, data


def array(shape=(2, 3), name="float32", size=24) -> Ext:
    return Ext(1, pack([list(shape), name, bytes(size)]))


MSGPACK = {
    "extension": {"w": Ext(42, b"x" * 8)}, "nested": {"params": {"d": {"k": array(), "e": Ext(99, b"")}}}, "short": {"w": array(size=8)}, "shape": {"w": array((100, 100))},
    "object": {"w": array(name="object", size=8)}, "pickled": {"nd": 1, "type": "O", "kind": "O", "data": pickle.dumps(print)}, "more": {"w": Ext(1, pack([[2], "float32", bytes(8)]) + b"\1")},
}  # fmt: skip
PLAIN_MSGPACK = {
    "weights": {"params": {"d": {"kernel": array(), "bias": array((3,), size=12)}}},
    "scalars": {"a": 1, "b": Ext(3, pack([[], "float32", bytes(4)]))},
    "bfloat": {"w": array((2,), "bfloat16", 4)},
    "time": {"a": Ext(-1, bytes(8))},
}


# ---- protocol buffers


def paddle(*operators: str, **texts: str) -> bytes:
    ops = [
        message((3, o), *((4, message((1, k), (2, 2), (5, v))) for k, v in texts.items())) for o in operators
    ]
    return message(
        (1, message((1, 0), (2, 0), (3, message((1, "x"))), *((4, o) for o in ops))), (4, message((1, 0)))
    )


def paddle_tensor(size=12, shape=(3,), kind=5) -> bytes:
    described = message((1, kind), *((2, n) for n in shape))
    return bytes(16) + struct.pack("<I", len(described)) + described + bytes(size)


def coreml(kind: int, content: bytes) -> bytes:
    return message((1, 4), (2, message((1, message((1, "x"))))), (kind, content))


def onnx(*nodes: bytes, tensors=()) -> bytes:
    graph = message(*((1, n) for n in nodes), (2, "g"), *((5, t) for t in tensors))
    return message((1, 8), (2, "made"), (7, graph), (8, message((1, ""), (2, 17))))


def outside(place: str) -> bytes:
    return message((1, 2), (2, 1), (8, "w"), (13, message((1, "location"), (2, place))), (14, 1))


BLOB = struct.pack("<II56x", 1, 2) + struct.pack("<IIQQ40x", 0xDEADBEEF, 1, 8, 128) + bytes(64)
RELU = message((1, "x"), (2, "y"), (4, "Relu"))
BYTES = {
    "py_func.pdmodel": paddle("relu", "py_func"), "save.pdmodel": paddle("save", file_path="/tmp/x"), "load.pdmodel": paddle("load", file_path="/etc/hostname"),
    "send.pdmodel": paddle("send", epmap="a.example:1"), "serve.pdmodel": paddle("listen_and_serv"), "custom.pdmodel": paddle("custom_mine"), "engine.pdmodel": paddle("tensorrt_engine"),
    "cut.pdiparams": paddle_tensor() + paddle_tensor()[:-4], "long.pdiparams": paddle_tensor(shape=(2**40,)), "kind.pdiparams": paddle_tensor(kind=77),
    "model.mlmodel": coreml(555, message((10, "Mine"))), "layer.mlmodel": coreml(500, message((1, message((1, "l"), (500, message((10, "Mine"))))))),
    "linked.mlmodel": coreml(556, message((1, message((1, message((1, "../other"))))))), "pipeline.mlmodel": coreml(202, message((1, coreml(555, message((10, "Mine")))))),
    "weights.mlmodel": coreml(502, message((1, 1), (2, message((1, "@model_path/../../outside"))))), "weight.bin": BLOB[:81] + b"\xff" + BLOB[82:], "absolute.mlmodel": coreml(502, message((2, message((1, "/etc/hostname"))))),
    "engine.plan": b"ftrt" + bytes(100), "yolo.engine": struct.pack("<I", 13) + b'{"task":"det"' .ljust(13, b"}") + b"ptrt" + bytes(50),
    "traversal.onnx": onnx(RELU, tensors=[outside("../../etc/hostname")]), "absolute.onnx": onnx(RELU, tensors=[outside("/etc/hostname")]), "drive.onnx": onnx(RELU, tensors=[outside("C:\\x")]),
    "sub.onnx": onnx(message((1, "x"), (4, "If"), (5, message((1, "then_branch"), (6, message((5, outside("../x")))))))), "python.onnx": onnx(message((1, "x"), (4, "PyOp"), (7, "com.microsoft.pyop"))),
}  # fmt: skip
PLAIN_BYTES = {
    "plain.pdmodel": paddle("feed", "mul", "relu", "fetch"), "plain.pdiparams": paddle_tensor() * 3, "plain.mlmodel": coreml(500, message((1, message((1, "l"), (140, b""))))), "weight-plain.bin": BLOB,
    "program.mlmodel": coreml(502, message((1, 1), (2, message((1, "@model_path/weights/weight.bin"))))), "plain.onnx": onnx(RELU), "beside.onnx": onnx(RELU, tensors=[outside("plain.data")]),
}  # fmt: skip


# ---- safetensors and trees


def safetensors(header, data=bytes(8), size=None) -> bytes:
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(raw) if size is None else size) + raw + data


def tensor(begin=0, end=8, shape=(2,), kind="F32"):
    return {"dtype": kind, "shape": list(shape), "data_offsets": [begin, end]}


SAFE = {
    "overlap": safetensors({"a": tensor(), "b": tensor()}), "gap": safetensors({"a": tensor(), "b": tensor(12, 20)}, bytes(20)), "past": safetensors({"a": tensor(0, 80, (20,))}), "more": safetensors({"a": tensor()}, bytes(99)),
    "shape": safetensors({"a": tensor(shape=(9,))}), "negative": safetensors({"a": tensor(-8, 0)}), "type": safetensors({"a": tensor(kind="O")}), "twice": safetensors(b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'),
    "polyglot": safetensors({"a": tensor()}, pickle.dumps(print)), "huge": safetensors({"a": tensor(shape=(2**40, 2**40))}), "zipped": safetensors({"a": tensor()}) + b"PK\5\6" + bytes(18), "metadata": safetensors({"__metadata__": {"a": 1}, "a": tensor()}),
}  # fmt: skip


@cache
def boosted() -> tuple[dict, bytes, str]:
    """A model that XGBoost has trained, as JSON and as UBJSON, and one in LightGBM's text."""
    import numpy as np
    import xgboost

    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 4))
    model = xgboost.XGBClassifier(n_estimators=3, max_depth=3).fit(x, (x[:, 0] * x[:, 1] > 0).astype(int))
    raw = model.get_booster().save_raw("json"), model.get_booster().save_raw("ubj")
    tree = "num_leaves=3\nnum_cat=0\nsplit_feature=0 1\nsplit_gain=1 1\nthreshold=0.5 0.1\ndecision_type=2 2\nleft_child=1 -1\nright_child=-2 -3\nleaf_value=0.1 0.2 0.3\nshrinkage=1\n"
    text_ = (
        f"tree\nversion=v4\nnum_class=1\nmax_feature_idx=3\ntree_sizes=200\n\nTree=0\n{tree}\nend of trees\n"
    )
    return json.loads(bytes(raw[0])), bytes(raw[1]), text_


def _changed(key: str, value, at: int = 0) -> bytes:
    tree = copy.deepcopy(boosted()[0])
    one = tree["learner"]["gradient_booster"]["model"]["trees"][1]
    if at:  # a node with children, below the root
        at = next(n for n, child in enumerate(one["left_children"]) if n and child > 0)
    if key == "num_nodes":
        one["tree_param"]["num_nodes"] = value
    else:
        one[key][at] = value
    return json.dumps(tree).encode()


def _trees() -> Iterator[tuple[str, bytes, bool]]:
    whole, ubj, lightgbm = boosted()
    yield "x.json", json.dumps(whole).encode(), False
    yield "x.ubj", ubj, False
    yield "l.txt", lightgbm.encode(), False
    yield "out.json", _changed("left_children", 999), True
    yield "back.json", _changed("right_children", 0, 1), True
    yield "self.json", _changed("left_children", 0), True
    yield "minus.json", _changed("left_children", -7), True
    yield "nodes.json", _changed("num_nodes", "99999"), True
    yield "feature.json", _changed("split_indices", 400), True
    yield "cut.ubj", ubj[:-30], True
    yield "more.ubj", ubj + b"}", True
    yield (
        "length.ubj",
        ubj.replace(b"left_children[$l#L" + bytes(7), b"left_children[$l#L\x7f" + bytes(6), 1),
        True,
    )
    yield "child.txt", lightgbm.replace("left_child=1 -1", "left_child=7 -1").encode(), True
    yield "leaf.txt", lightgbm.replace("right_child=-2 -3", "right_child=-2 -30").encode(), True
    yield "cycle.txt", lightgbm.replace("left_child=1 -1", "left_child=1 0").encode(), True
    yield "leaves.txt", lightgbm.replace("num_leaves=3", "num_leaves=4").encode(), True


def samples(folder: Path) -> Iterator[Sample]:
    """All of them."""
    for hostile, group in ((True, R), (False, PLAIN_R)):
        for name, item in group.items():
            yield _made(folder, f"r-{name}-{hostile}.rds", rds(item), hostile, f"R: {name}")
    yield _made(
        folder,
        "list.RData",
        b"RDX2\n" + rds(i(0x402) + sym("f") + R["closure"] + NIL),
        True,
        "R: a workspace",
    )
    yield _made(folder, "lie.rds", rds(i(14, 2**30)), True, "R: a vector that is not there")
    for hostile, group in ((True, MSGPACK), (False, PLAIN_MSGPACK)):
        for name, value in group.items():
            yield _made(folder, f"m-{name}-{hostile}.msgpack", pack(value), hostile, f"MessagePack: {name}")
    for hostile, named in ((True, BYTES), (False, PLAIN_BYTES)):
        for name, content in named.items():
            yield _made(folder, name, content, hostile, name)
    for name, content in SAFE.items():
        yield _made(folder, f"s-{name}.safetensors", content, True, f"safetensors: {name}")
    yield _made(folder, "plain.safetensors", safetensors({"a": tensor()}), False, "safetensors")
    yield _made(
        folder,
        "two.safetensors",
        safetensors({"__metadata__": {"format": "pt"}, "a": tensor(), "b": tensor(8, 16)}, bytes(16)),
        False,
        "safetensors",
    )
    for name, content, hostile in _trees():
        yield _made(folder, name, content, hostile, name)


def _made(folder: Path, name: str, content: bytes, hostile: bool, why: str) -> Sample:
    path = folder / name
    path.write_bytes(content)
    return Sample(path, hostile, "objects", why)


def quick(folder: Path) -> Iterator[Sample]:
    """All but the trees, which are trained."""
    yield from (s for s in samples(folder) if s.path.suffix not in (".json", ".ubj", ".txt"))
