"""TensorFlow's graphs read from their protocol buffers: every operator, those of functions among them, with its texts.

Messages and field numbers: saved_model.proto, meta_graph.proto, graph.proto, function.proto and node_def.proto of
TensorFlow. What operators do: its own API documentation, by name; ``tensorflow.txt`` lists what it registers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import Any

from assay.methods.modelfiles.proto import fields, first, shaped, text

_META = dict.fromkeys(range(1, 9), 2)
_GRAPH = {1: 2, 2: 2, 3: 0, 4: 2, 5: 2}
_NODE = {1: 2, 2: 2, 3: 2, 4: 2, 5: 2, 6: 2, 7: 2, 8: 2}
_OPERATOR = re.compile(r"_?[A-Za-z][A-Za-z0-9_>./]*")
_INSIDE = {
    "saved": {2: "meta"},
    "meta": {2: "graph", 6: "asset", 7: "objects"},
    "graph": {1: "node", 2: "library"},
    "library": {1: "function"},
    "function": {3: "node"},
    "objects": {1: "object"},
    "object": {4: "user"},
}
_MOST_NODES = 5_000_000
_MOST_TEXTS = 200_000
_MOST_NOTED, _MOST_ALIKE, _MOST_INPUTS = 10_000, 100, 1000

_PYTHON = "runs Python code of the process that loads it"
_READS, _WRITES, _NET, _DATASET = (
    "reads files",
    "writes files",
    "opens network connections",
    "reads files as a data set",
)
DANGERS: dict[str, str] = {
    **dict.fromkeys(("PyFunc", "PyFuncStateless", "EagerPyFunc"), _PYTHON),
    **dict.fromkeys(
        ("ReadFile", "MatchingFiles", "WholeFileReader", "WholeFileReaderV2", "TextLineReader", "TextLineReaderV2",
         "TFRecordReader", "TFRecordReaderV2", "FixedLengthRecordReader", "FixedLengthRecordReaderV2", "LMDBReader",
         "ImmutableConst", "LoadAndRemapMatrix", "RecordInput"),
        _READS,
    ),
    **dict.fromkeys(
        ("WriteFile", "Save", "SaveSlices", "DatasetToTFRecord", "ExperimentalDatasetToTFRecord", "SaveDataset",
         "SaveDatasetV2", "DistributedSave", "CreateSummaryFileWriter", "CreateSummaryDbWriter", "DumpTensor",
         "WriteGraphSummary", "WriteRawProtoSummary", "SnapshotDataset", "SnapshotDatasetV2", "AudioMicrofrontendDump"),
        _WRITES,
    ),
    **dict.fromkeys(
        ("TFRecordDataset", "TFRecordDatasetV2", "TextLineDataset", "FixedLengthRecordDataset", "FixedLengthRecordDatasetV2",
         "CSVDataset", "ExperimentalCSVDataset", "CSVDatasetV2", "LMDBDataset", "ExperimentalLMDBDataset", "SqlDataset",
         "ExperimentalSqlDataset", "MatchingFilesDataset", "ExperimentalMatchingFilesDataset", "LoadDataset",
         "SnapshotChunkDataset", "SnapshotDatasetReader", "SnapshotNestedDatasetReader", "ListSnapshotChunksDataset"),
        _DATASET,
    ),
    **dict.fromkeys(
        ("RpcCall", "RpcClient", "RpcServer", "RpcServerRegister", "RpcServerStart", "Rpc", "TryRpc", "RemoteCall",
         "DataServiceDataset", "DataServiceDatasetV2", "DataServiceDatasetV3", "DataServiceDatasetV4", "RegisterDataset",
         "RegisterDatasetV2", "BigQueryReader", "DebugIdentity", "DebugIdentityV2", "DebugIdentityV3", "DebugNanCount",
         "DebugNumericSummary"),
        _NET,
    ),
    "FileSystemSetConfiguration": "changes how files are reached",
    "TPUExecute": "runs a compiled program", "XlaCustomCall": "calls native code by name",
    "XlaCustomCallV2": "calls native code by name", "ConfigureDistributedTPU": "starts a distributed system",
}  # fmt: skip
# Named only where a graph does with them what few do: print to a file, save to or restore from a place written down in it.
OUTPUTS = {"PrintV2": "output_stream"}
PLACES = frozenset({"Restore", "RestoreSlice", "RestoreV2", "SaveV2", "MergeV2Checkpoints", "InitializeTableFromTextFile",
                    "InitializeTableFromTextFileV2"})  # fmt: skip


@dataclass(slots=True)
class Node:
    """An operator of note. inputs: the texts of constants that lead into it. attributes: its own texts."""

    operator: str
    name: str
    at: int
    inputs: list[str] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Graphs:
    """operators: how often each stands there. nodes: those of note. metadata: texts of Keras. assets: files named.

    texts: of constants by name, which stands once in each function. more: whether there was more than is kept.
    """

    operators: dict[str, int] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    metadata: list[tuple[str, int]] = field(default_factory=list)
    assets: list[str] = field(default_factory=list)
    texts: dict[str, dict[str, None]] = field(default_factory=dict)
    more: bool = False


@cache
def registered() -> frozenset[str]:
    """Return the names of the operators that TensorFlow itself brings."""
    content = files("assay.methods.modelfiles").joinpath("tensorflow.txt").read_text(encoding="utf-8")
    return frozenset(
        name for line in content.splitlines() if not line.startswith("#") for name in line.split()
    )


def kind(data: Any) -> str:
    """Return what a file is: saved, meta, graph, or the empty string."""
    end = len(data)
    if end < 4:
        return ""
    if shaped(data, 0, end, {1: 0, 2: 2}) >= {2} and data[0] in (0x08, 0x12):
        inner = first(data, 0, end, 2)
        return "saved" if inner and shaped(data, *inner, _META) & {1, 2} and _graph_in(data, inner) else ""
    if data[0] not in (0x0A, 0x12, 0x22):
        return ""
    if shaped(data, 0, end, _GRAPH) and _is_graph(data, 0, end):
        return "graph"
    return "meta" if shaped(data, 0, end, _META) >= {2} and _graph_in(data, (0, end)) else ""


def _graph_in(data: Any, meta: tuple[int, int]) -> bool:
    inner = first(data, *meta, 2)
    return inner is not None and (inner[0] == inner[1] or _is_graph(data, *inner))


def _is_graph(data: Any, start: int, end: int) -> bool:
    if not shaped(data, start, end, _GRAPH):
        return False
    node = first(data, start, end, 1)
    if node is None:
        return first(data, start, end, 2) is not None
    if not shaped(data, *node, _NODE) >= {1, 2}:
        return False
    name = first(data, *node, 2)
    return name is not None and bool(_OPERATOR.fullmatch(text(data, *name, 200)))


def read(data: Any, what: str) -> Graphs:
    """Walk every graph and function; ValueError where one is cut short or there are too many."""
    found = Graphs()
    todo = [(what, 0, len(data))]
    known = registered()
    links: list[tuple[Node, list[str]]] = []
    count = 0
    while todo:
        kind_, start, end = todo.pop()
        if kind_ == "node":
            count += 1
            if count > _MOST_NODES:
                raise ValueError("its graphs hold too many operators")
            _node(data, start, end, found, known, links)
        elif kind_ == "asset":
            name = first(data, start, end, 2)
            found.assets.append(text(data, *name) if name else "")
        elif kind_ == "user":
            held = first(data, start, end, 3)
            if held and data[held[0] : held[0] + 1] == b"{":
                found.metadata.append((text(data, *held, 16 << 20), held[0]))
        else:
            inside = _INSIDE[kind_]
            todo += [
                (inside[n], a, b) for n, wire, a, b in fields(data, start, end) if wire == 2 and n in inside
            ]
    for node, inputs in links:
        given = (value for name in inputs for value in found.texts.get(name, ()))
        node.inputs = list(islice(given, _MOST_INPUTS))
        found.more = found.more or next(given, None) is not None
    return found


def _node(
    data: Any, start: int, end: int, found: Graphs, known: frozenset[str], links: list[tuple[Node, list[str]]]
) -> None:
    name = operator = ""
    inputs: list[str] = []
    attributes: list[tuple[int, int]] = []
    for number, wire, begin, stop in fields(data, start, end):
        if wire != 2:
            continue
        if number == 1:
            name = text(data, begin, stop, 300)
        elif number == 2:
            operator = text(data, begin, stop, 200)
        elif number == 3:
            inputs.append(text(data, begin, stop, 300).lstrip("^").split(":")[0])
        elif number == 5:
            attributes.append((begin, stop))
    found.operators[operator] = found.operators.get(operator, 0) + 1
    if operator == "Const":
        for _, value in _texts(data, attributes):
            _keep(found, name, value)
        return
    noted = operator in DANGERS or operator in OUTPUTS or operator in PLACES or operator not in known
    if noted and len(found.nodes) >= _MOST_NOTED:
        found.more = True
    elif noted:
        node = Node(operator, name, start, attributes=dict(_texts(data, attributes)))
        found.nodes.append(node)
        links.append((node, inputs))


def _keep(found: Graphs, name: str, value: str) -> None:
    alike = found.texts.get(name, {})
    if value not in alike and (len(alike) >= _MOST_ALIKE or (not alike and len(found.texts) >= _MOST_TEXTS)):
        found.more = True
    else:
        found.texts.setdefault(name, alike)[value] = None


def _texts(data: Any, attributes: list[tuple[int, int]]) -> Iterator[tuple[str, str]]:
    """Give name → text of attributes that are one, the first text of a tensor among them."""
    for start, end in attributes:
        key = first(data, start, end, 1)
        value = first(data, start, end, 2)
        if key is None or value is None:
            continue
        for number, wire, begin, stop in fields(data, *value):
            if wire != 2:
                continue
            if number == 2:
                yield text(data, *key, 100), text(data, begin, stop, 300)
            elif number == 8:
                held = first(data, begin, stop, 8)
                if held:
                    yield text(data, *key, 100), text(data, *held, 300)
            elif number == 1:
                held = first(data, begin, stop, 2)
                if held:
                    yield text(data, *key, 100), text(data, *held, 300)
