"""Models, configurations and archives by someone who had not read the others, and what looks like them and is harmless."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import marshal
import pickle
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.corpus import objects
from tests.corpus.archives import CENTRAL, END, LOCAL, sevenzip, tarred, zipped
from tests.corpus.sample import Sample
from tests.corpus.streams import P2, glob, payload
from tests.corpus.wires import gguf, graph, message, node, saved_model, tflite

PLAIN = pickle.dumps({"w": [0.5, 1.5]})
BAD = P2 + glob("os", "getpid") + b")R."
CODE = base64.b64encode(marshal.dumps(compile("lambda x: __import__('os').getpid()", "m", "eval"))).decode()
OLD_LAMBDA = {
    "class_name": "Lambda",
    "config": {"name": "l", "function": [CODE, None, None], "function_type": "lambda"},
}
NEW_LAMBDA = {"module": "keras.layers", "class_name": "Lambda", "registered_name": None,
              "config": {"name": "l", "function": {"class_name": "__lambda__", "config": {"code": CODE, "defaults": None, "closure": None}}}}  # fmt: skip
DENSE = {
    "module": "keras.layers",
    "class_name": "Dense",
    "config": {"name": "d", "units": 1},
    "registered_name": None,
}


def keras(tree: Any, weights: bytes = b"", **more: bytes) -> bytes:
    members = [("metadata.json", b'{"keras_version": "3.4.0"}'), ("config.json", json.dumps(tree).encode())]
    return zipped(*members, *more.items(), method=zipfile.ZIP_STORED)


def model(*layers: Any, kind: str = "Sequential", **config: Any) -> dict[str, Any]:
    return {
        "module": "keras",
        "class_name": kind,
        "config": {"name": "m", "layers": list(layers), **config},
        "registered_name": None,
    }


def layer(name: str, module: str = "keras.layers", /, **config: Any) -> dict[str, Any]:
    return {"module": module, "class_name": name, "config": config, "registered_name": None}


def js(value: Any) -> bytes:
    return json.dumps(value).encode()


def configurations() -> Iterator[tuple[str, str, bytes]]:
    """Keras, Hugging Face, YAML, XML: (name, why, content)."""
    yield (
        "lambda_in_wrapper.keras",
        "Lambda as the attention of a layer within a model within a model",
        keras(
            model(
                layer(
                    "TimeDistributed",
                    layer=model(
                        layer("Bidirectional", layer=layer("RNN", cell=NEW_LAMBDA), backward_layer=DENSE)
                    ),
                )
            )
        ),
    )
    yield (
        "lambda_as_activation.keras",
        "code where an activation stands",
        keras(model(layer("Dense", units=1, activation=NEW_LAMBDA["config"]["function"]))),
    )
    yield (
        "initializer.keras",
        "an initializer of a foreign module",
        keras(model(layer("Dense", units=1, kernel_initializer=layer("system", "os", value="id")))),
    )
    yield (
        "registered.keras",
        "a registered name that points to a module",
        keras(model({"module": "builtins", "class_name": "exec", "config": "1", "registered_name": "exec"})),
    )
    yield (
        "function.keras",
        "a function of a foreign module, as Keras 3 writes functions",
        keras(
            model(
                layer(
                    "Dense",
                    units=1,
                    activation={
                        "module": "shutil",
                        "class_name": "function",
                        "config": "rmtree",
                        "registered_name": "rmtree",
                    },
                )
            )
        ),
    )
    yield (
        "compile.keras",
        "code in what the model is compiled with",
        keras(
            {
                **model(DENSE),
                "compile_config": {"optimizer": "adam", "loss": NEW_LAMBDA["config"]["function"]},
            }
        ),
    )
    yield (
        "build.keras",
        "a TorchModuleWrapper with a pickle",
        keras(
            model(
                layer(
                    "TorchModuleWrapper", "keras.src.utils.torch_utils", module=base64.b64encode(BAD).decode()
                )
            )
        ),
    )
    yield "assets.keras", "a pickle among the assets", keras(model(DENSE), **{"assets/vocabulary.bin": BAD})
    yield (
        "tfsm.keras",
        "a SavedModel that is read from elsewhere",
        keras(model(layer("TFSMLayer", filepath="/tmp/x", call_endpoint="serve"))),
    )
    yield (
        "getfile.keras",
        "a file that is fetched",
        keras(model(layer("function", "keras.utils", config="get_file"))),
    )
    yield (
        "model.json",
        "the architecture by itself, with a Lambda in an inner model",
        js(model(model(OLD_LAMBDA))),
    )
    for file, spelled in (
        ("tag.yaml", "a: !!python/object/apply:os.getpid []\n"),
        ("verbatim.yaml", "a: !<tag:yaml.org,2002:python/object/new:os.getpid> []\n"),
        ("handle.yaml", "%TAG !x! tag:yaml.org,2002:python/\n---\na: !x!object/apply:os.getpid []\n"),
        ("escaped.yaml", "a: !!python%2Fobject%2Fapply:os.getpid []\n"),
        ("bang.yaml", "%TAG ! tag:yaml.org,2002:python/\n---\n- !name:os.system ''\n"),
        ("second.yaml", "a: 1\n---\nb: !!python/module:os ''\n"),
        ("key.yaml", "? !!python/tuple [!!python/name:os.system '']\n: 1\n"),
        ("flow.yaml", "{a: {b: [1, !!python/object:subprocess.Popen {}]}}\n"),
    ):
        yield file, "a tag of Python's in another spelling", spelled.encode()
    yield (
        "utf16.yaml",
        "a tag of Python's in UTF-16",
        "a: !!python/object/apply:os.getpid []\n".encode("utf-16"),
    )
    template = "{{ (lipsum|attr('__glo'~'bals__'))['os'].popen('id').read() }}"
    yield (
        "tokenizer_config.json",
        "a chat template that puts a name together",
        js({"chat_template": template}),
    )
    yield (
        "chat_template.json",
        "a list of templates",
        js({"chat_template": [{"name": "tool", "template": "{{ cycler.__init__.__globals__ }}"}]}),
    )
    yield (
        "processor_config.json",
        "remote code of a processor",
        js({"auto_map": {"AutoProcessor": "evil/repo--processing.X"}}),
    )
    yield (
        "config.json",
        "remote code within an inner configuration",
        js({"model_type": "llava", "text_config": {"auto_map": {"AutoModel": "modeling_x.Y"}}}),
    )
    yield (
        "generation_config.json",
        "generation by code of a repository",
        js({"custom_generate": "evil/repo", "auto_map": {"x": "a.b"}}),
    )
    yield (
        "adapter_config.json",
        "a base model with remote code",
        js(
            {
                "peft_type": "LORA",
                "auto_mapping": {
                    "base_model_class": "X",
                    "parent_library": "transformers_modules.evil.modeling",
                },
            }
        ),
    )
    yield (
        "modules.json",
        "modules of a sentence transformer that are none of its own",
        js([{"idx": 0, "name": "0", "path": "", "type": "os.system"}]),
    )
    yield (
        "model.pmml",
        "entities that grow",
        b'<?xml version="1.0"?><!DOCTYPE p [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><PMML version="4.4">&b;</PMML>',
    )
    yield (
        "remote.pmml",
        "a document type from elsewhere",
        b'<?xml version="1.0"?><!DOCTYPE PMML SYSTEM "http://model.invalid/x.dtd"><PMML version="4.4"/>',
    )
    yield (
        "utf7.pmml",
        "an entity in UTF-16 without a mark",
        '<?xml version="1.0" encoding="UTF-16LE"?><!DOCTYPE p [<!ENTITY a SYSTEM "file:///etc/hostname">]><PMML>&a;</PMML>'.encode(
            "utf-16-le"
        ),
    )
    yield (
        "include.xml",
        "XInclude",
        b'<?xml version="1.0"?><net xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/hostname" parse="text"/></net>',
    )


def others() -> Iterator[tuple[str, str, bytes]]:
    """Graphs, weights and the rest: (name, why, content)."""
    for operator, texts in (
        ("ReadFile", {}),
        ("WriteFile", {}),
        ("PyFunc", {"token": "pyfunc_0"}),
        ("EagerPyFunc", {"token": "x"}),
        ("RegisterDataset", {}),
        ("DecodeRaw2Custom", {}),
    ):
        yield (
            f"{operator.lower()}.pb",
            f"{operator} in a function of a function library",
            saved_model(node("Const"), functions=[[node("Identity"), node(operator, **texts)]]),
        )
    yield (
        "assets.pb",
        "an asset that lies outside",
        saved_model(node("Const"), assets=["../../../etc/hostname"]),
    )
    yield (
        "frozen.pb",
        "a GraphDef that loads a library's operator",
        graph(
            node("Placeholder"),
            node("LoadDatasetFromCache", path="/tmp/x"),
            node("PrintV2", output_stream="file:///tmp/x"),
        ),
    )
    yield "flex.tflite", "an operator that leads into TensorFlow", tflite("FlexWriteFile")
    yield "custom.tflite", "an operator of native code", tflite("EvilOp")
    for number, place in enumerate(
        (
            "../../w.bin",
            "/etc/hostname",
            "a/../../w.bin",
            "..\\w.bin",
            "C:\\w.bin",
            "\\\\host\\share\\w",
        )
    ):
        yield (
            f"external{number}.onnx",
            f"external data at {place!r}",
            objects.onnx(message((4, "Relu"), (1, "x"), (2, "y")), tensors=[objects.outside(place)]),
        )

    yield (
        "template.gguf",
        "a chat template that reaches out",
        gguf(
            {
                "general.architecture": "llama",
                "tokenizer.chat_template": "{{ self._TemplateReference__context.cycler.__init__.__globals__.os }}",
            }
        ),
    )
    yield (
        "tooluse.gguf",
        "a second template that reaches out",
        gguf(
            {
                "general.architecture": "llama",
                "tokenizer.chat_template": "{{ x }}",
                "tokenizer.chat_template.tool_use": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
            }
        ),
    )
    yield (
        "count.gguf",
        "more tensors than the file could hold",
        gguf({"general.architecture": "llama"}, count=1 << 60),
    )
    yield (
        "version.gguf",
        "tensors past the end",
        gguf({"general.architecture": "llama"}, (("w", (32, 2), 0),), offset=1 << 40),
    )
    yield (
        "header.safetensors",
        "a header larger than the file",
        objects.safetensors({"a": objects.tensor()}, size=1 << 62),
    )
    yield "places.safetensors", "places that run backwards", objects.safetensors({"a": objects.tensor(8, 0)})

    yield (
        "after.safetensors",
        "a zip that begins after the numbers",
        objects.safetensors({"a": objects.tensor()}) + zipped(("data.pkl", BAD)),
    )
    yield (
        "ext.msgpack",
        "an array of Flax that is a pickle of objects",
        objects.pack({"params": objects.Ext(1, objects.pack([[1], "object", BAD]))}),
    )
    yield "odd.msgpack", "an extension that nobody knows", objects.pack({"params": objects.Ext(77, BAD)})
    yield (
        "code.rds",
        "a closure that runs a command",
        objects.rds(objects.closure(objects.call("system", objects.text("id")))),
    )
    yield (
        "promise.rds",
        "a promise within a list",
        objects.rds(
            objects.vector(objects.promise(objects.call("unlink", objects.text("x"))), names=("model",))
        ),
    )
    yield (
        "layer.mlmodel",
        "a custom layer of Core ML",
        objects.coreml(500, message((1, message((1, "l"), (500, message((10, "EvilLayer"))))))),
    )
    yield (
        "py.pdmodel",
        "an operator of Paddle that calls Python",
        objects.paddle("py_func", forward_callable_id="0"),
    )
    yield (
        "load.pdmodel",
        "an operator of Paddle that reads a file",
        objects.paddle("load_combine", file_path="/etc/hostname"),
    )
    yield "engine.plan", "a compiled plan of TensorRT", b"ptrt" + bytes(20) + b"\x7fELF" + bytes(100)
    yield "library.bin", "a program by another name", b"\x7fELF\x02\x01\x01" + bytes(57)
    yield (
        "windows.bin",
        "a program of Windows by another name",
        b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + bytes(60),
    )


def packed(marker: Path) -> Iterator[tuple[str, str, bytes]]:
    """Archives: (name, why, content)."""
    run = P2 + payload(marker) + b"."
    yield (
        "seven.bin",
        "gz in bz2 in xz in zip in tar",
        tarred(("a.zip", zipped(("b", lzma.compress(bz2.compress(gzip.compress(run))))))),
    )
    yield (
        "gzip_twice.pkl",
        "two members of gzip, the second a call",
        gzip.compress(PLAIN) + gzip.compress(run),
    )
    yield "gzip_tail.pkl", "bytes after gzip's end that are a call", gzip.compress(PLAIN) + run
    yield "zlib.joblib", "joblib's zlib", zlib.compress(run)
    yield "lzma.joblib", "joblib's old lzma", lzma.compress(run, format=lzma.FORMAT_ALONE)
    yield "seven.7z", "7z of a model", sevenzip(("pytorch_model.bin", run))
    whole = zipped(("model/data.pkl", PLAIN), ("model/version", b"3\n"), method=zipfile.ZIP_STORED)
    evil = zipped(("model/data.pkl", run), ("model/version", b"3\n"), method=zipfile.ZIP_STORED)
    yield (
        "second_directory.pt",
        "an end record in the comment of another",
        whole[:-2] + struct.pack("<H", len(evil)) + evil,
    )
    yield "prefix.pt", "a whole archive before the archive", evil + whole
    yield (
        "flag.pt",
        "said to be encrypted in its directory alone",
        evil[: evil.find(CENTRAL) + 8] + b"\x01\x00" + evil[evil.find(CENTRAL) + 10 :],
    )
    yield (
        "method.pt",
        "packed by a method of no reader, in the directory alone",
        evil[: evil.find(CENTRAL) + 10] + b"\x63\x00" + evil[evil.find(CENTRAL) + 12 :],
    )
    yield (
        "unlisted.pt",
        "a member that the directory leaves out",
        evil[: evil.find(LOCAL, 4)] + whole[:0] + _renumbered(whole, evil[: evil.find(LOCAL, 4)]),
    )
    yield (
        "localname.pt",
        "another name in the member than in the directory",
        evil.replace(b"model/data.pkl", b"model/note.txt", 1),
    )
    yield "size64.pt", "sizes of zip64 that are others than those beside them", _sized64(run)
    yield "slash.pt", "a folder with content", zipped(("model/data.pkl/", run), method=zipfile.ZIP_STORED)
    yield (
        "stream.pt",
        "a second data.pkl under another folder",
        zipped(("a/data.pkl", PLAIN), ("a/version", b"3"), ("b/data.pkl", run), method=zipfile.ZIP_STORED),
    )
    yield (
        "package.pt",
        "a package of PyTorch with code of its own",
        zipped(
            ("p/.data/version", b"6"),
            ("p/.data/extern_modules", b"os\n"),
            ("p/model/model.pkl", P2 + glob("mod", "f") + b")R."),
            ("p/mod.py", b"import os\ndef f(): os.getpid()\n"),
        ),
    )
    yield (
        "script.pt",
        "TorchScript that writes a file",
        zipped(
            ("s/data.pkl", PLAIN),
            ("s/version", b"3"),
            ("s/constants.pkl", PLAIN),
            (
                "s/code/__torch__.py",
                b'class M(Module):\n  def forward(self, x):\n    torch.save(x, "/tmp/x")\n    return ops.aten.from_file("/etc/hostname")\n',
            ),
        ),
    )
    yield (
        "constants.pt",
        "a call in the constants of TorchScript",
        zipped(
            ("s/data.pkl", PLAIN),
            ("s/version", b"3"),
            ("s/constants.pkl", run),
            ("s/code/__torch__.py", b"class M(Module):\n  pass\n"),
        ),
    )
    yield (
        "arrays.npz",
        "an object array among arrays",
        zipped(("a.npy", _npy(run)), method=zipfile.ZIP_STORED),
    )
    yield "object.npy", "an object array", _npy(run)

    yield (
        "legacy.tar.pt",
        "PyTorch's oldest form",
        tarred(("sys_info", PLAIN), ("pickle", run), ("storages", PLAIN), ("tensors", PLAIN)),
    )
    yield "links.tar", "a link that leads out, and a file through it", _through()
    yield "device.tar", "a device among files", _device()
    yield (
        "skops.skops",
        "a schema of skops that calls",
        zipped(
            (
                "schema.json",
                js(
                    {
                        "__class__": "system",
                        "__module__": "os",
                        "__loader__": "FunctionNode",
                        "content": {"module_path": "os", "function": "system"},
                        "protocol": 2,
                    }
                ),
            )
        ),
    )
    yield (
        "method.skops",
        "a method of another object, by skops",
        zipped(
            (
                "schema.json",
                js(
                    {
                        "__class__": "method",
                        "__module__": "builtins",
                        "__loader__": "MethodNode",
                        "content": {
                            "func": "__globals__",
                            "obj": {
                                "__class__": "X",
                                "__module__": "y",
                                "__loader__": "ObjectNode",
                                "content": None,
                            },
                        },
                        "protocol": 2,
                    }
                ),
            )
        ),
    )
    yield (
        "mar.mar",
        "a handler of TorchServe in an archive of its own",
        zipped(
            ("MAR-INF/MANIFEST.json", js({"model": {"handler": "h.py", "serializedFile": "m.pt"}})),
            ("h.py", b"import os\nos.system('true')\n"),
            ("m.pt", evil),
        ),
    )
    yield (
        "polyglot.gguf",
        "GGUF before, zip behind",
        gguf({"general.architecture": "llama"}) + zipped(("data.pkl", run)),
    )


def _npy(content: bytes) -> bytes:
    head = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
    head += b" " * (118 - len(head) - 1) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + content


def _renumbered(whole: bytes, before: bytes) -> bytes:
    """An archive whose places are moved by what stands before it."""
    out = bytearray(whole)
    at = whole.find(CENTRAL)
    end = whole.rfind(END)
    while 0 <= at < end:
        out[at + 42 : at + 46] = struct.pack("<I", struct.unpack_from("<I", whole, at + 42)[0] + len(before))
        at = whole.find(CENTRAL, at + 1)
    out[end + 16 : end + 20] = struct.pack("<I", struct.unpack_from("<I", whole, end + 16)[0] + len(before))
    return bytes(out)


def _sized64(content: bytes) -> bytes:
    info = zipfile.ZipInfo("model/data.pkl")
    info.extra = struct.pack("<HHQQ", 1, 16, 1 << 40, 1 << 40)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(info, content)
    return out.getvalue()


def _through() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        link = tarfile.TarInfo("w")
        link.type, link.linkname = tarfile.SYMTYPE, "/tmp"
        tar.addfile(link)
        inside = tarfile.TarInfo("w/model.pkl")
        inside.size = len(PLAIN)
        tar.addfile(inside, io.BytesIO(PLAIN))
    return out.getvalue()


def _device() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        odd = tarfile.TarInfo("model.bin")
        odd.type, odd.devmajor, odd.devminor = tarfile.CHRTYPE, 1, 5
        tar.addfile(odd)
    return out.getvalue()


def benign() -> Iterator[tuple[str, str, bytes]]:
    """What looks like one of the above: (name, why, content)."""
    yield "dense.keras", "a model of layers", keras(model(DENSE, layer("Dropout", name="x", rate=0.5)))
    yield (
        "bidirectional.keras",
        "layers within layers",
        keras(model(layer("TimeDistributed", name="t", layer=layer("LSTM", name="l", units=2)))),
    )
    yield "plain.yaml", "a tag of YAML's own", b"a: !!str 1\nb: !!float 2\nc: !!binary aGVsbG8=\n"
    yield (
        "words.yaml",
        "words that name Python's tags",
        b"# use no !!python/object tags\nnote: 'python/object/apply is unsafe'\n",
    )
    yield (
        "tokenizer_config.json",
        "an ordinary chat template",
        js(
            {
                "chat_template": "{% for m in messages %}{{ '<|' + m['role'] + '|>' + m['content'] | trim }}{% endfor %}"
            }
        ),
    )
    yield (
        "config.json",
        "an ordinary configuration",
        js({"model_type": "bert", "architectures": ["BertModel"], "hidden_size": 8}),
    )
    yield (
        "modules.json",
        "modules of a sentence transformer",
        js([{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}]),
    )
    yield (
        "tree.pmml",
        "PMML",
        b'<?xml version="1.0" encoding="UTF-8"?><PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/></PMML>',
    )
    yield (
        "matmul.pb",
        "a graph that multiplies",
        saved_model(
            node("Placeholder"), node("Const"), node("MatMul"), functions=[[node("Identity"), node("Relu")]]
        ),
    )
    yield "conv.tflite", "built-in operators", tflite(3, 9)
    yield "relu.onnx", "an operator of ONNX", objects.onnx(message((4, "Relu"), (1, "x"), (2, "y")))
    yield (
        "plain.gguf",
        "a model with a template",
        gguf(
            {
                "general.architecture": "llama",
                "tokenizer.chat_template": "{% for m in messages %}{{ m.content }}{% endfor %}",
            }
        ),
    )
    yield (
        "tensors.safetensors",
        "two tensors",
        objects.safetensors(
            {"__metadata__": {"format": "pt"}, "a": objects.tensor(), "b": objects.tensor(8, 16)}, bytes(16)
        ),
    )
    yield "params.msgpack", "an array of Flax", objects.pack({"params": objects.array()})
    yield "mean.rds", "numbers of R", objects.rds(objects.vector(objects.text("a"), names=("model",)))
    yield (
        "plain.zip",
        "plain data packed twice",
        zipped(("a.pkl.gz", gzip.compress(PLAIN)), ("readme.md", b"# a model\n")),
    )
    yield (
        "weights.pt",
        "a checkpoint without tensors",
        zipped(("m/data.pkl", PLAIN), ("m/version", b"3\n"), method=zipfile.ZIP_STORED),
    )
    yield (
        "names.pkl",
        "texts that name what is dangerous",
        pickle.dumps(["os.system", "cos\nsystem\n(S'id'\ntR.", "__import__('os')"]),
    )
    yield (
        "bytes.pkl",
        "bytes that begin as a pickle and are none",
        pickle.dumps({"raw": b"\x80\x04\x95" + bytes(40)}),
    )
    yield (
        "ext.json",
        "JSON that holds code as text",
        js({"description": "eval(x) and exec(y)", "code_version": "1.2"}),
    )
    yield "plain.tar", "a tar of plain files", tarred(("a/config.json", b"{}"), ("a/w.pkl", PLAIN))
    yield "lines.jsonl", "lines of JSON", b'{"a": 1}\n{"a": 2}\n'
    yield "wires.pdmodel", "operators of Paddle", objects.paddle("relu", "matmul_v2")


def samples(folder: Path) -> Iterator[Sample]:
    """Every one, in a folder of its own: names say how some are read."""
    groups = (
        ("configurations", configurations(), True),
        ("models", others(), True),
        ("packed", packed(folder / "packed.mark"), True),
        ("lookalikes", benign(), False),
    )
    for group, made, hostile in groups:
        for name, why, content in made:
            path = folder / group / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
            yield Sample(path, hostile, f"unasked {group}", why)


def quick(folder: Path) -> Iterator[Sample]:
    """All: they are small."""
    yield from samples(folder)
