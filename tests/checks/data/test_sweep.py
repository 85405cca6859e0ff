"""A folder swept through the command's own way: tables, databases and documents, and what changed since."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from assay.kernel.errors import AssayError, UsageError
from assay.kernel.report import Report
from assay.kernel.severity import Severity
from assay.methods.recognise.inventory import Item, compare, earlier
from assay.works.checking import carry_out

sys.path.insert(0, str(Path(__file__).parents[2] / "engines/documents"))
from test_documents import letter, mail, workbook

MAILS = [f"user{k}@example.org" for k in range(40)]


def archive(folder: Path) -> Path:
    (folder / "hr").mkdir(parents=True)
    (folder / "list.xlsx").write_bytes(workbook())
    (folder / "letter.docx").write_bytes(letter())
    (folder / "hr" / "card.eml").write_bytes(mail().as_bytes())
    (folder / "note.txt").write_text("key AK" + "IAABCDEFGHIJKLMNOP, see 2024-01-05")
    (folder / "records.json").write_text(json.dumps([{"mail": m, "n": 1} for m in MAILS]))
    (folder / "plain.md").write_text("# Nothing here\n\nversion 1.2.3.4 of order 4411")
    pd.DataFrame({"email": MAILS, "n": range(40)}).to_csv(folder / "c.csv.gz", index=False)
    pd.DataFrame({"iban": ["DE89370400440532013000"] * 40}).to_parquet(folder / "c.parquet")
    con = duckdb.connect(str(folder / "shop.duckdb"))
    con.execute("create table people as select 'user' || i || '@example.org' mail from range(20) t(i)")
    con.execute("create table plain as select i from range(9) t(i)")
    con.close()
    with sqlite3.connect(folder / "s.sqlite") as lite:
        lite.execute("create table t(phone text)")
        lite.executemany("insert into t values(?)", [(f"+49 30 1234{k:04d}",) for k in range(20)])
    lite.close()
    return folder


def sweep(target, **params):
    verdict = carry_out("check", "data.sweep", str(target), params, home=None)
    assert not verdict.report.error
    return verdict.report


def kinds(report):
    return {name: set(item["types"]) for name, item in report.data["items"].items() if item["types"]}


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    folder = archive(tmp_path_factory.mktemp("sweep") / "archive")
    return folder, sweep(folder)


def test_each_kind_of_file_is_read(swept):
    _, report = swept
    assert kinds(report) == {
        "list.xlsx": {"email"},
        "letter.docx": {"email", "iban"},
        "hr/card.eml": {"email", "card"},
        "note.txt": {"credential"},
        "records.json": {"email"},
        "c.csv.gz": {"email"},
        "c.parquet": {"iban"},
        "shop.duckdb::main.people": {"email"},
        "s.sqlite::t": {"phone"},
    }
    assert report.coverage.complete
    assert report.coverage.examined == len(report.data["items"]) == 11
    grave = [f for f in report.findings if f.severity >= Severity.HIGH]
    assert [(f.rule, f.where["file"]) for f in grave] == [("data.sweep.credential", "note.txt")]
    assert [a.name for a in report.outputs] == ["inventory"]


def test_names_and_addresses_in_documents_are_found_and_not_shown(tmp_path):
    (tmp_path / "letter.txt").write_text(
        "Dear Mrs Kowalczyk,\n\nwe ship to 12 Rue de la Paix, 75002 Paris.\n\nKind regards,\nPeter Falkner\n"
    )
    (tmp_path / "guide.md").write_text(
        "# Getting Started\n\nWill you mark the page? Open the Grace Period Report in May.\n" * 30
    )
    report = sweep(tmp_path)
    assert kinds(report) == {"letter.txt": {"name", "address"}}
    assert {f.severity for f in report.findings} == {Severity.MEDIUM}
    said = json.dumps(report.to_dict())
    assert not any(word in said for word in ("Kowalczyk", "Falkner", "Paix"))


def test_no_value_is_shown_by_a_sweep(swept):
    said = json.dumps(swept[1].to_dict())
    assert "user1@example.org" not in said
    assert "4111" not in said


def test_what_changed_since_the_last_sweep(tmp_path):
    folder = archive(tmp_path / "archive")
    before = sweep(folder)
    (folder / "letter.docx").unlink()
    (folder / "new.md").write_text("write to ada@example.org")
    (folder / "plain.md").write_text("pay with 4111 1111 1111 1111")
    now = sweep(folder, against=before)
    changes = now.data["changes"]
    assert changes["new"] == ["new.md"]
    assert changes["gone"] == ["letter.docx"]
    assert changes["changed"] == ["plain.md"]
    assert changes["appeared"] == [{"item": "plain.md", "type": "card"}]
    assert changes["vanished"] == []
    assert now.metric("items_new").value == now.metric("items_gone").value == 1
    said = {f.where["file"]: f.message for f in now.findings if "sweep" in f.message}
    assert "new since the last sweep" in said["new.md"]
    assert "not there at the last sweep" in said["plain.md"]
    again = sweep(folder, against=now)
    assert again.metric("items_changed").value == 0
    assert not again.data["changes"]["new"]


def test_what_cannot_be_read_makes_it_incomplete(tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG123")
    (tmp_path / "b.docx").write_bytes(b"PK\x03\x04broken")
    (tmp_path / "c.parquet").write_bytes(b"PAR1broken")
    (tmp_path / "e.csv").write_text("")
    report = sweep(tmp_path)
    skipped = {s.what: s.why for s in report.coverage.skipped}
    assert set(skipped) == {"1 files .png", "b.docx", "c.parquet"}
    assert not report.coverage.complete
    assert report.coverage.examined == 1


def test_a_sample_of_each_table_is_told(tmp_path):
    pd.DataFrame({"email": MAILS * 10}).to_csv(tmp_path / "a.csv", index=False)
    report = sweep(tmp_path, sample=50)
    assert kinds(report) == {"a.csv": {"email"}}
    assert "50 of 400 rows were drawn" in report.coverage.skipped[0].why


def test_too_many_items_are_counted(tmp_path):
    for k in range(5):
        (tmp_path / f"{k}.txt").write_text("nothing")
    report = sweep(tmp_path, items=3)
    assert report.coverage.of == 5
    assert not report.coverage.complete


def test_a_report_of_another_check_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("email\nada@example.org\n")
    other = carry_out("check", "data.pii", str(tmp_path / "a.csv"), {}, home=None).report
    with pytest.raises(UsageError, match=r"data\.pii"):
        sweep(tmp_path, against=other)


def test_items_without_a_digest_are_compared_by_what_they_hold():
    now = [Item("t", "postgres", rows=5), Item("u", "postgres", rows=6)]
    before = {"t": {"rows": 5, "types": {}}, "u": {"rows": 5, "types": {"email": 2}}, "v": {}}
    found = compare(before, now)
    assert (found.new, found.gone, found.changed, found.same) == ([], ["v"], ["u"], 1)
    assert found.vanished == [("u", "email")]


def test_one_file_and_a_single_database(tmp_path):
    archive(tmp_path / "archive")
    assert kinds(sweep(tmp_path / "archive/list.xlsx")) == {"list.xlsx": {"email"}}
    assert set(sweep(tmp_path / "archive/shop.duckdb").data["items"]) == {
        "shop.duckdb::main.people",
        "shop.duckdb::main.plain",
    }


def test_a_bucket_is_swept(tmp_path):
    import fsspec

    fs = fsspec.filesystem("memory")
    fs.pipe("/bucket/data/a.csv", b"email\n" + "\n".join(MAILS).encode())
    fs.pipe("/bucket/data/sub/b.txt", b"call +44 20 7946 0123")
    report = sweep("memory://bucket/data")
    assert kinds(report) == {"a.csv": {"email"}, "sub/b.txt": {"phone"}}
    fs.pipe("/bucket/data/a.csv", b"n\n1\n")
    later = sweep("memory://bucket/data", against=report)
    assert later.data["changes"]["changed"] == ["a.csv"]
    assert later.data["changes"]["vanished"] == [{"item": "a.csv", "type": "email"}]
    with pytest.raises(AssayError):
        sweep("memory://bucket/nothing")


def test_all_tables_of_a_server_are_swept(postgres):
    import psycopg

    folder = postgres.partition("host=")[2]
    with psycopg.connect(host=folder, user="me", dbname="postgres") as con:
        con.execute("create schema if not exists hr")
        con.execute(
            "create table hr.staff as select 'user' || i || '@example.org' mail from generate_series(1, 30) i"
        )
        con.execute("create table hr.plain as select i from generate_series(1, 30) i")
    try:
        report = sweep(postgres)
        mine = {n: k for n, k in kinds(report).items() if "hr." in n}
        assert list(mine.values()) == [{"email"}]
        assert any(n.endswith("::hr.plain") for n in report.data["items"])
    finally:
        with psycopg.connect(host=folder, user="me", dbname="postgres") as con:
            con.execute("drop schema hr cascade")


def test_links_pipes_and_names_that_are_no_utf8_are_told_and_the_rest_is_read(tmp_path):
    folder = tmp_path / "share"
    folder.mkdir()
    (tmp_path / "outside.txt").write_text("ann@x.example")
    (folder / "away.txt").symlink_to(tmp_path / "outside.txt")
    (folder / "up").symlink_to("..")
    os.mkfifo(folder / "pipe.txt")
    (folder / os.fsdecode(b"odd\xff.txt")).write_text("write to bob@x.example")
    (folder / "line\n\x1b[31mred.txt").write_text("write to eve@x.example")
    (folder / "plain.txt").write_text("write to dan@x.example")
    report = sweep(folder)
    assert kinds(report) == {n: {"email"} for n in ("odd\\xff.txt", "line\n\x1b[31mred.txt", "plain.txt")}
    told = {s.what: s.why for s in report.coverage.skipped}
    assert told["away.txt"] == told["up"] == "it is a link, and was not followed"
    assert told["pipe.txt"] == "it is no regular file"
    assert "x.example" not in json.dumps(report.to_dict())


@pytest.mark.parametrize(
    "items",
    [
        [1, 2],
        {"a": None},
        {"a": {"types": 7}},
        {"a": {"types": "email"}},
        {"a": {"types": [{"b": 1}]}},
        {"a": {"types": {"\x1b[31m": 1}}},
        {"a": {"types": {"zoe@x.example": 1}}},
    ],
)
def test_a_forged_inventory_is_refused_in_a_sentence(tmp_path, items):
    (tmp_path / "a").write_text("x")
    report = sweep(tmp_path)
    forged = Report.make(coverage=report.coverage, data={"items": items})
    with pytest.raises(UsageError, match="inventory"):
        earlier(forged.data)
    with pytest.raises(UsageError, match="inventory"):
        earlier(items)


def test_an_allow_list_that_hides_all_of_a_table_makes_it_incomplete(tmp_path):
    folder = tmp_path / "f"
    folder.mkdir()
    (folder / "m.csv").write_text("mail\n" + "\n".join(MAILS))
    (folder / "n.txt").write_text(MAILS[0])
    allow = tmp_path / "allow.yaml"
    allow.write_text("allow: {patterns: ['.+']}")
    report = sweep(folder, allow=str(allow))
    assert {s.what for s in report.coverage.skipped} == {"m.csv", "n.txt"} and not report.coverage.complete
