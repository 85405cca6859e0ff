"""Parquet at the door: read in a sandbox, so that no file brings the gateway down, and seen by the guards as any other form."""

from __future__ import annotations

from assay.engines.serving import start_reader
from assay.kernel.serving import Rows
from assay.methods.payloads import write_rows

PARQUET = "application/x-parquet"


class Guard:
    name = "test"

    def __init__(self):
        self.seen = []

    def examine(self, question):
        self.seen.append(question.rows)
        return []

    def slow(self, question):
        return False


def test_guards_see_the_rows_of_parquet_and_a_malformed_file_is_refused(does, stand):
    does("create", name="e", model="m@1", guard={"auth": "none", "schema": "off"})
    s = stand()
    s.publish()
    guard = Guard()
    s.gateway.lines["e"].arms["v1"].guards = [guard]
    body = write_rows(Rows(("a", "b"), [[1, "x"], [2, None]]), PARQUET)
    s.ask(body, content_type=PARQUET)
    assert guard.seen == [None]  # nothing reads it: guards are told that there are no rows
    reader = start_reader(s.folder / "reader", level="partial")
    try:
        s.publish(reader=str(reader.path))
        s.gateway.lines["e"].arms["v1"].guards = [guard]
        assert s.ask(body, content_type=PARQUET).status == 200
        assert guard.seen[-1].table.to_pylist() == [{"a": 1, "b": "x"}, {"a": 2, "b": None}]
        found = s.ask(body[:60] + b"PAR1", content_type=PARQUET)
        assert found.status == 400 and found.body["rule"] == "payload.malformed"
        assert s.ask(body, content_type=PARQUET).status == 200
    finally:
        reader.end()
