"""Keras's configurations, Hugging Face's, YAML, XML and JSON: what makes a loader run, import, fetch or open something."""

from __future__ import annotations

import base64
import io
import json
import marshal
import pickle
import zipfile
from collections.abc import Iterator
from pathlib import Path

from tests.corpus.ggufs import PLAIN, REACHING
from tests.corpus.sample import Sample

CODE = base64.b64encode(marshal.dumps((lambda x: (__import__("os").getpid(), x)[1]).__code__)).decode()
OLD = {
    "class_name": "Lambda",
    "config": {"name": "act", "function": [CODE, None, None], "function_type": "lambda"},
}
NEW = {"module": "keras.layers", "class_name": "Lambda",
       "config": {"name": "act", "function": {"class_name": "__lambda__", "config": {"code": CODE, "defaults": None, "closure": None}}}}  # fmt: skip
NAMED = {
    "module": "keras.layers",
    "class_name": "Lambda",
    "config": {"name": "act", "function": "relu", "function_type": "function"},
}
DENSE = {"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "units": 2, "activation": "relu",
         "kernel_initializer": {"module": "keras.initializers", "class_name": "GlorotUniform", "config": {"seed": None}, "registered_name": None}}, "registered_name": None}  # fmt: skip


def within(*layers, kind="Sequential"):
    return {
        "module": "keras",
        "class_name": kind,
        "config": {"name": "m", "layers": list(layers)},
        "registered_name": None,
    }


def wrapped(layer, kind="TimeDistributed", key="layer"):
    return {
        "module": "keras.layers",
        "class_name": kind,
        "config": {"name": "w", key: layer},
        "registered_name": None,
    }


def imported(module, name, config=None):
    return {"module": module, "class_name": name, "config": config or {}, "registered_name": None}


KERAS = {
    "old": within(OLD), "new": within(NEW), "named": within(NAMED), "functional": within(DENSE, NEW, kind="Functional"),
    "distributed": within(wrapped(OLD)), "twice": within(wrapped(wrapped(NEW), "Bidirectional")), "nested": within(within(within(OLD))),
    "cell": within(wrapped(NEW, "RNN", "cell")), "cells": within({"class_name": "RNN", "config": {"cell": {"class_name": "StackedRNNCells", "config": {"cells": [DENSE, OLD]}}}}),
    "module": within(imported("os", "function", "system")), "subprocess": within(imported("subprocess", "Popen")),
    "builtins": within(imported("builtins", "eval")), "getfile": within(imported("keras.utils", "function", "get_file")),
    "unsafe": within(imported("keras.config", "function", "enable_unsafe_deserialization")), "own": within(imported("mypackage.layers", "Mine")),
    "numpy": within(imported("numpy", "load")), "initializer": within({**DENSE, "config": {**DENSE["config"], "kernel_initializer": imported("pickle", "loads")}}),
    "savedmodel": within(imported("keras.layers", "TFSMLayer", {"filepath": "/tmp/x"})), "vocabulary": within(imported("keras.layers", "StringLookup", {"vocabulary": "/etc/hostname"})),
    "fetched": within(imported("keras.layers", "TextVectorization", {"vocabulary": "http://a.example/v.txt"})),
    "torch": within(imported("keras.layers", "TorchModuleWrapper", {"module": base64.b64encode(pickle.dumps(print)).decode()})),
    "loss": {**within(DENSE), "compile_config": {"loss": imported("os", "function", "getpid")}},
}  # fmt: skip
PLAIN_KERAS = {
    "dense": within(DENSE), "functional": within(DENSE, DENSE, kind="Functional"), "wrapped": within(wrapped(DENSE)),
    "compiled": {**within(DENSE), "compile_config": {"optimizer": {"module": "keras.optimizers", "class_name": "Adam", "config": {}, "registered_name": None}, "loss": "mse"}},
    "lookup": within(imported("keras.layers", "StringLookup", {"vocabulary": ["a", "b"]})), "old": within({"class_name": "Dense", "config": {"units": 1}}),
}  # fmt: skip
SETTINGS = {
    "automap": {"auto_map": {"AutoModel": "modeling.Mine"}}, "automapof": {"auto_map": {"AutoConfig": "other/repo--configuration.C"}},
    "trust": {"model_type": "x", "trust_remote_code": True}, "pipelines": {"custom_pipelines": {"p": {"impl": "code.Pipe", "pt": ["AutoModel"]}}},
    "diffusers": {"_class_name": ["pipeline", "Mine"], "_diffusers_version": "0.30"},
    "component": {"_class_name": "P", "_diffusers_version": "0.30", "unet": ["my_code", "UNet"]},
    "hydra": {"_target_": "os.system", "command": "true"}, "hydranested": {"model": {"encoder": [{"_target_": "builtins.exec"}]}},
    "hydraown": {"_target_": "mypackage.run"}, "jsonpickle": {"py/object": "subprocess.Popen", "args": ["true"]},
    "jsonreduce": {"py/reduce": [{"py/type": "os.system"}, {"py/tuple": ["true"]}]}, "jsonfunction": {"a": [{"py/function": "builtins.eval"}]},
    "langchain": {"lc": 1, "type": "constructor", "id": ["os", "system"], "kwargs": {}},
    "dotnet": {"$type": "System.Windows.Data.ObjectDataProvider, PresentationFramework"}, "java": {"@type": "com.sun.rowset.JdbcRowSetImpl"},
    "tokenizer": {"tokenizer_class": "T", "chat_template": REACHING["globals"]}, "templates": {"chat_template": {"default": PLAIN["chatml"], "tool": REACHING["escaped"]}},
    "mxnet": {"nodes": [{"op": "Custom", "name": "c", "attrs": {"op_type": "mine"}, "inputs": []}], "arg_nodes": [], "heads": []},
    "manifest": {"itemInfoEntries": {"A": {"path": "../../outside", "name": "x"}}}, "shards": {"weight_map": {"w": "../../other.safetensors"}},
}  # fmt: skip
PLAIN_SETTINGS = {
    "config": {"architectures": ["BertModel"], "hidden_size": 8, "model_type": "bert", "torch_dtype": "float32"},
    "tokenizer": {"tokenizer_class": "PreTrainedTokenizerFast", "chat_template": PLAIN["chatml"], "bos_token": "<s>"},
    "generation": {"do_sample": True, "temperature": 0.6}, "shards": {"metadata": {"total_size": 8}, "weight_map": {"w": "model-00001-of-00002.safetensors"}},
    "index": {"_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.30", "unet": ["diffusers", "UNet2DConditionModel"]},
    "hydra": {"_target_": "torch.nn.Linear", "in_features": 2}, "manifest": {"itemInfoEntries": {"A": {"path": "com.apple.CoreML/model.mlmodel"}}},
}  # fmt: skip
YAML = {
    "short": "a: !!python/object/apply:os.system ['true']\n", "verbatim": "a: !<tag:yaml.org,2002:python/object/apply:os.system> ['true']\n",
    "handle": "%TAG !p! tag:yaml.org,2002:python/\n---\na: !p!object/apply:os.system ['true']\n", "secondary": "%TAG !! tag:yaml.org,2002:python/\n---\na: !!object/new:os.system ['true']\n",
    "primary": "%TAG ! tag:yaml.org,2002:python/object/\n---\na: !apply:os.system ['true']\n", "percent": "a: !!python%2Fobject/apply:os.system ['true']\n",
    "letters": "a: !!p%79thon/object/apply:os.system ['true']\n", "name": "a: !!python/name:os.system ''\n", "module": "a: !!python/module:os ''\n",
    "new": "- !!python/object/new:subprocess.Popen [[true]]\n", "key": "? !!python/object/apply:os.getpid []\n: 1\n", "flow": "{a: [1, {b: !!python/object:os.x {}}]}\n",
    "second": "a: 1\n---\nb: !!python/object/apply:os.getpid []\n", "broken": "a: !!python/object/apply:os.getpid []\nb: [\n", "java": "!!javax.script.ScriptEngineManager [!!java.net.URLClassLoader [[]]]\n",
    "ruby": "a: !ruby/object:Gem::Installer {}\n", "recursive": "&a [*a]\n", "hydra": "model:\n  _target_: os.system\n  command: 'true'\n",
    "bomb": "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 9)),
    "merge": "m0: &m0 {a: 1, b: 2}\n" + "".join(f"m{i}: &m{i} {{<<: [{','.join([f'*m{i - 1}'] * 10)}], x{i}: 1}}\n" for i in range(1, 9)),
    "automap": "auto_map: modeling.Mine\nx: 1\n", "loader": "flavors:\n  python_function:\n    loader_module: subprocess\n",
}  # fmt: skip
PLAIN_YAML = {
    "plain": "a: 1\nb: [1, 2, {c: d}]\n", "own": "a: !!str 1\nb: !!int '2'\nc: !!binary aGVsbG8=\n", "anchors": "base: &b {lr: 0.1}\nrun:\n  <<: *b\n  n: 1\n",
    "tuple": "a: !!python/tuple [1, 2]\n", "hydra": "model:\n  _target_: torch.nn.Linear\n  in_features: 2\n", "mlflow": "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n",
    "text": "Dear all!\n\nthis is *not* YAML: it only looks so!\n",
}  # fmt: skip
HEAD = '<?xml version="1.0"?>'
PMML = '<PMML version="4.4" xmlns="http://www.dmg.org/PMML-4_4"><Header/><DataDictionary>{}</DataDictionary></PMML>'
LAYER = '<net name="m" version="11"><layers><layer id="0" name="x" type="{}" version="{}"><data shape="1,4"/></layer></layers></net>'
XML = {
    "entity": HEAD + '<!DOCTYPE PMML [<!ENTITY x SYSTEM "file:///etc/hostname">]>' + PMML.format("&x;"),
    "parameter": HEAD + '<!DOCTYPE PMML [<!ENTITY % x SYSTEM "http://a.example/x.dtd"> %x;]>' + PMML.format(""),
    "laughs": HEAD + '<!DOCTYPE l [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>' + PMML.format("&b;"),
    "doctype": HEAD + '<!DOCTYPE PMML SYSTEM "http://a.example/pmml.dtd">' + PMML.format(""), "public": HEAD + '<!DOCTYPE PMML PUBLIC "-//x" "file:///x.dtd">' + PMML.format(""),
    "lower": HEAD + '<!doctype PMML [<!entity x system "file:///etc/hostname">]>' + PMML.format(""),
    "include": HEAD + '<PMML xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/hostname" parse="text"/></PMML>',
    "style": HEAD + '<?xml-stylesheet type="text/xsl" href="http://a.example/x.xsl"?>' + PMML.format(""), "deep": HEAD + "<a>" * 2000 + "</a>" * 2000,
    "java": HEAD + '<PMML><Extension name="x" value="java.lang.Runtime"/></PMML>', "extension": HEAD + LAYER.format("MyOp", "extension"), "opset": HEAD + LAYER.format("MyOp", "my_opset"),
    "kernel": '<CustomLayer name="R" type="SimpleGPU" version="1"><Kernel entry="k"><Source filename="k.cl"/></Kernel></CustomLayer>',
}  # fmt: skip
PLAIN_XML = {
    "pmml": HEAD + PMML.format('<DataField name="x" optype="continuous" dataType="double"/>'), "signs": HEAD + PMML.format("<a b='1 &lt; 2'>&amp; <![CDATA[<x>]]></a><!-- <y> -->"),
    "openvino": HEAD + LAYER.format("Parameter", "opset1"), "plist": HEAD + "<plist version='1.0'><dict><key>a</key><true/></dict></plist>",
}  # fmt: skip


def samples(folder: Path) -> Iterator[Sample]:
    """All of them."""
    for hostile, group in ((True, KERAS), (False, PLAIN_KERAS)):
        for name, tree in group.items():
            yield _made(
                folder, f"keras-{name}-{hostile}.json", json.dumps(tree).encode(), hostile, f"Keras: {name}"
            )
    for name in ("old", "distributed", "module", "torch"):
        yield _made(folder, f"{name}.keras", _keras(KERAS[name]), True, f"a .keras file: {name}")
    yield _made(folder, "dense.keras", _keras(PLAIN_KERAS["dense"]), False, "a .keras file")
    for hostile, groups in ((True, (SETTINGS, YAML, XML)), (False, (PLAIN_SETTINGS, PLAIN_YAML, PLAIN_XML))):
        settings, yaml, xml = groups
        for name, tree in settings.items():
            yield _made(
                folder, f"json-{name}-{hostile}.json", json.dumps(tree).encode(), hostile, f"JSON: {name}"
            )
        for name, text in yaml.items():
            ending = ".txt" if name in ("short", "handle", "bomb", "text") else ".yaml"
            ending = "MLmodel" if "loader_module" in text else ending
            yield _made(
                folder / f"y-{name}-{hostile}",
                ending if ending == "MLmodel" else f"m{ending}",
                text.encode(),
                hostile,
                f"YAML: {name}",
            )
        for name, text in xml.items():
            yield _made(folder, f"xml-{name}-{hostile}.pmml", text.encode(), hostile, f"XML: {name}")
    yield _made(
        folder,
        "utf16.xml",
        XML["entity"].replace(HEAD, '<?xml version="1.0" encoding="utf-16"?>').encode("utf-16"),
        True,
        "XML in UTF-16",
    )
    yield _made(
        folder, "hidden.json", b'{"auto_map": {"AutoModel": "a.B"}, "auto_map": {}}', True, "a key said twice"
    )
    yield _made(
        folder,
        "modules.json",
        json.dumps([{"idx": 0, "name": "0", "path": "", "type": "mine.Module"}]).encode(),
        True,
        "sentence-transformers: a module of its own",
    )
    yield _made(
        folder,
        "modules-plain.json",
        json.dumps(
            [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}]
        ).encode(),
        False,
        "sentence-transformers",
    )
    yield _made(folder, "chat_template.jinja", REACHING["class"].encode(), True, "a template file")
    yield _made(folder, "plain.jinja", PLAIN["tools"].encode(), False, "a template file")


def _keras(tree) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("metadata.json", '{"keras_version": "3.5.0"}')
        archive.writestr("config.json", json.dumps(tree))
    return out.getvalue()


def _made(folder: Path, name: str, content: bytes, hostile: bool, why: str) -> Sample:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    return Sample(path, hostile, "configs", why)


def quick(folder: Path) -> Iterator[Sample]:
    """All: they are small."""
    yield from samples(folder)
