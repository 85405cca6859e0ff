from __future__ import annotations

import gzip
import json

import pytest

from assay.kernel.errors import BadInput, Missing
from assay.kernel.span import Scope, Span
from assay.methods.traces import otlp, xray
from assay.office import traces
from assay.works.call import call
from assay.works.traces import intake, keeping
from assay.works.traces.importing import import_files

SPANS = [
    Span(
        "6b0ab932bad10c236a0b4c6ae22222a4",
        f"{n + 1:016x}",
        f"n{n}",
        10**18 + n,
        10**18 + 10**9,
        scope=Scope({"service.name": "s"}),
    )
    for n in range(5)
]


def put(tmp_path, content, name="f"):
    path = tmp_path / name
    path.write_bytes(content)
    return str(path)


@pytest.mark.parametrize(
    "content",
    [
        otlp.write_json(SPANS),
        json.dumps(json.loads(otlp.write_json(SPANS)), indent=2).encode(),
        b"\xef\xbb\xbf" + b"\n".join(otlp.write_json([s]) for s in SPANS) + b"\n",
        otlp.write_protobuf(SPANS),
        b"\n".join(xray.documents(SPANS)),
        gzip.compress(otlp.write_protobuf(SPANS), mtime=0),
    ],
    ids=["json", "indented", "lines", "protobuf", "xray", "gzip"],
)
def test_each_form_is_found_by_its_content(home, tmp_path, content):
    done = import_files(home, "ada", [put(tmp_path, content)])
    assert (done.spans, done.traces, done.rejected) == (5, 1, 0)
    assert keeping.read(home, traces.of(home.office, SPANS[0].trace)) == SPANS
    assert import_files(home, "ada", [put(tmp_path, content)]).known == 5
    assert call("log.verify", {}, home=home)["ok"]


def test_protobuf_that_begins_as_json_might_is_read(home, tmp_path):
    """A message of 123 bytes begins with a line's end and a brace."""
    for size in range(1, 200):
        content = otlp.write_protobuf([Span("ab" * 16, "cd" * 8, "n" * size, 1, 2)])
        if content[:2] == b"\n{":
            break
    assert import_files(home, "ada", [put(tmp_path, content)]).spans == 1


def test_the_id_of_xray_names_a_trace_too(home, tmp_path):
    import_files(home, "ada", [put(tmp_path, b"\n".join(xray.documents(SPANS)))])
    assert traces.of(home.office, "1-6b0ab932-bad10c236a0b4c6ae22222a4")[0].source == "xray"
    assert traces.of(home.office, "6b0a")[0].name == "n0"
    with pytest.raises(Missing, match="no trace or run begins"):
        traces.of(home.office, "ffff")


def test_a_folder_is_read_and_documents_are_parted(home, tmp_path, monkeypatch):
    monkeypatch.setattr(intake, "SPANS", 2)
    put(tmp_path, otlp.write_json(SPANS), "a.json")
    put(tmp_path, otlp.write_json([s for s in SPANS if s.name == "n0"]), "b.json")
    (tmp_path / "link").symlink_to("/etc/passwd")
    done = import_files(home, "ada", [str(tmp_path / n) for n in ("a.json", "b.json")])
    assert done.spans == 6
    assert len(traces.of(home.office, SPANS[0].trace)) == 4
    assert keeping.read(home, traces.of(home.office, SPANS[0].trace)) == SPANS


def test_what_is_left_out_is_counted_and_told(home, tmp_path):
    bad = Span("0" * 32, "1" * 16, "bad", 1, 2)
    done = import_files(home, "ada", [put(tmp_path, otlp.write_json([*SPANS, bad]))])
    assert (done.spans, done.rejected) == (5, 1) and "traceId" in done.why


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"hello",
        b'{"resourceSpans": []}',
        b"{\n{",
        b"[" * 50_000,
        gzip.compress(b"x", mtime=0)[:-3],
        b'{"trace_id": 5',
        b"\x1f\x8bxx",
    ],
)
def test_what_holds_no_spans_is_told_with_its_place(home, tmp_path, content):
    with pytest.raises(BadInput, match="f: it holds no spans"):
        import_files(home, "ada", [put(tmp_path, content)])
    with pytest.raises(Missing, match="no file"):
        import_files(home, "ada", [str(tmp_path / "none")])
