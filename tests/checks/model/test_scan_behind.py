"""What stands behind so many others that a reader might stop before it, or where two readers part ways."""

from __future__ import annotations

import struct

import pytest

from assay.checks.model.scan import check
from assay.kernel.asset import Asset
from assay.kernel.severity import Severity
from assay.works.bench import FileTree


@pytest.fixture
def scanned(tmp_path, work):
    def scan(content, name):
        path = tmp_path / name
        path.write_bytes(content)
        return check(FileTree(Asset("tree", name, str(path), "sha256:0"), path), work=work)

    return scan


def grave(report):
    return [f for f in report.findings if f.severity >= Severity.HIGH]


def varint(number):
    out = b""
    while number > 127:
        out, number = out + bytes([number & 127 | 128]), number >> 7
    return out + bytes([number])


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def node(name, operator, *inputs):
    return b"".join(
        [field(1, name.encode()), field(2, operator.encode()), *(field(3, i.encode()) for i in inputs)]
    )


def constant(name, text):
    value = field(1, b"value") + field(2, field(8, b"\x08\x07" + field(8, text.encode())))
    return node(name, "Const") + field(5, value)


def test_an_operator_that_runs_code_is_found_behind_ten_thousand_that_restore(scanned):
    graph = field(1, node("p", "PyFunc")) + b"".join(
        field(1, node(f"r{i}", "RestoreV2")) for i in range(10_001)
    )
    report = scanned(graph, "graph.pb")
    assert grave(report)
    assert not report.coverage.complete


@pytest.mark.parametrize("order", [1, -1])
def test_constants_of_one_name_in_two_functions_are_both_read(scanned, order):
    functions = [
        field(1, field(1, field(1, name)) + field(3, constant("x", text)) + field(3, node("r", "RestoreV2", "x:output:0")))
        for name, text in ((b"f", "/etc/passwd"), (b"g", "variables"))
    ]  # fmt: skip
    graph = field(1, node("n", "NoOp")) + field(2, b"".join(functions[::order]))
    assert any("/etc/passwd" in f.message for f in grave(scanned(graph, "graph.pb")))


@pytest.mark.parametrize("deep", [3, 60])
def test_an_operator_of_an_apps_own_is_found_however_deep_it_lies_in_a_program(scanned, deep):
    program = b"custom_layer"
    for _ in range(deep):
        program = field(1, program)
    assert grave(scanned(b"\x08\x01" + field(2, b"") + field(502, program), "model.mlmodel"))


def test_messages_deeper_than_any_reader_follows_are_not_passed(scanned):
    program = b"custom_layer"
    for _ in range(200):
        program = field(1, program)
    report = scanned(b"\x08\x01" + field(2, b"") + field(502, program), "model.mlmodel")
    assert not report.coverage.complete


def test_an_object_of_yaml_is_found_behind_a_thousand_harmless_tags(scanned):
    text = "- !!python/tuple []\n" * 1001 + "- !!python/object/apply:os.system [id]\n"
    assert any("os.system" in f.message for f in grave(scanned(text.encode(), "config.yaml")))


@pytest.mark.parametrize("name", ["config.yaml", "notes"])
def test_an_object_of_yaml_past_four_mebibytes_is_found_behind_harmless_tags(scanned, name):
    text = "- !!python/tuple []\n" * 250_000 + "- !!python/object/apply:os.system [id]\n"
    assert any("os.system" in f.message for f in grave(scanned(text.encode(), name)))


@pytest.mark.parametrize("key", ["_target_", '"\\x5ftarget_"'])
def test_a_key_that_is_judged_in_yaml_past_four_mebibytes_is_no_pass(scanned, key):
    report = scanned(("a: b\n" * 1_000_000 + f"x:\n  {key}: os.system\n").encode(), "config.yaml")
    assert grave(report)
    assert not report.coverage.complete


def test_yaml_past_four_mebibytes_that_holds_no_such_thing_passes(scanned):
    report = scanned(b"a: b\n" * 1_000_000, "config.yaml")
    assert not report.findings
    assert report.coverage.complete


@pytest.mark.parametrize(
    "text",
    [
        'flavors:\n  python_function:\n    "loader_module": evil.loader\n',
        '{"flavors": {"python_function": {"loader_module": "evil.loader"}}}',
        "flavors:\n  python_function:\n    ? loader_module\n    : evil.loader\n",
    ],
)
def test_the_module_that_mlflow_imports_is_found_however_its_key_is_written(scanned, text):
    assert any("evil.loader" in f.message for f in grave(scanned(text.encode(), "MLmodel")))


def test_a_pickle_in_messagepack_is_found_behind_a_hundred_thousand_texts(scanned):
    count = 100_001
    fill = b"".join(b"\xa7" + f"k{i:06d}".encode() + b"\xa1x" for i in range(count))
    data = b"cos\nsystem\nX\2\0\0\0id\x85R."
    array = b"\x83\xc4\x02nd\xc3\xc4\x04kind\xc4\x01O\xc4\x04data\xc4" + bytes([len(data)]) + data
    packed = b"\xdf" + struct.pack(">I", count + 1) + fill + b"\xa1z" + array
    assert any("os.system" in f.message for f in grave(scanned(packed, "model.msgpack")))


R_ASCII = "A\n2\n262657\n131840\n"


@pytest.mark.parametrize(
    "text",
    [
        "19\n1\n16\n1\n9\n3\nabc 6 1 9 6 system 254\n",  # R counts three characters, and goes on in the same line
        "19 \n1\n16\n1\n9\n1\nb\n",
        "1_9\n1\n16\n1\n9\n1\nb\n",  # 19 to Python, 1 to R
        "19\n1\n13\n1\n5 6\n",
    ],
)
def test_what_r_would_read_otherwise_than_line_by_line_is_a_lie(scanned, text):
    assert grave(scanned((R_ASCII + text).encode(), "model.rds"))


def test_escapes_of_r_count_as_one_character_each(scanned):
    text = '19\n2\n16\n1\n9\n5\na\\040\\n\\"\\\\\n13\n2\n5\nNA\n'
    report = scanned((R_ASCII + text).encode(), "model.rds")
    assert not report.findings
    assert report.coverage.complete


@pytest.mark.parametrize(
    "head",
    [b"# a comment\n" * 60, b"\n" * 600, b'library { function { signature { name: "f" } } }\n' * 15],
)
def test_a_graph_written_as_text_is_read_whatever_stands_before_its_nodes(scanned, head):
    graph = head + b'node { name: "p" op: "PyFunc" }\n'
    assert any("PyFunc" in f.message for f in grave(scanned(graph, "graph.pbtxt")))


@pytest.mark.parametrize("operator, told", [(b"Mine", False), (b"Other", True)])
def test_an_operator_is_the_models_own_only_where_it_holds_that_function(scanned, operator, told):
    function = field(1, b"Mine") + field(10, b"own.domain") + field(7, field(4, b"Relu"))
    graph = field(1, field(4, operator) + field(7, b"own.domain"))
    report = scanned(b"\x08\x07" + field(7, graph) + field(25, function), "model.onnx")
    assert any("own.domain" in f.message for f in report.findings) == told


ENTITY = '<!DOCTYPE {} [<!ENTITY x SYSTEM "file:///etc/hostname">]><PMML>&x;</PMML>'


@pytest.mark.parametrize("coding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    "text",
    [
        "<!-- a model -->\n" + ENTITY.format("PMML"),
        ENTITY.format("html"),
        "<!-- -->\n" * 99 + ENTITY.format("a"),
    ],
)
def test_an_entity_of_xml_is_found_behind_what_pages_begin_with(scanned, text, coding):
    report = scanned(text.encode(coding), "model.pmml")
    assert any(f.rule == "model.scan.xml_entity" for f in report.findings)


@pytest.mark.parametrize(
    "name, text",
    [
        ("README.md", "<!-- a note -->\n# A model\n<br>\n"),
        ("card", "<!-- x -->\n<p>A & B"),
        ("page.html", "<!doctype html><p>A & B"),
    ],
)
def test_pages_and_notes_are_no_xml(scanned, name, text):
    report = scanned(text.encode(), name)
    assert not report.findings
    assert report.coverage.complete
