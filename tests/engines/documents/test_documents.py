"""Documents written by other hands (openpyxl, python-docx, the email package, pypdf), and hostile ones made here."""

from __future__ import annotations

import io
import json
import mailbox
import zipfile
from email.message import EmailMessage
from pathlib import Path

import docx
import openpyxl
import pytest

from assay.engines.documents import kind, read
from assay.engines.documents.bounds import Room, TooMuch
from assay.engines.documents.reading import parts


def told(raw: bytes, name: str) -> dict[str, dict[str, list[str]]]:
    return {p.name: p.columns for p in parts(raw, name, Room())}


def workbook() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "People"
    sheet.append(["name", "email", "age"])
    for k in range(30):
        sheet.append([f"Maria {k}", f"user{k}@example.org", 20 + k])
    book.create_sheet("Empty")
    sheet["B2"].comment = openpyxl.comments.Comment("call bob@example.com", "Ada")
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def letter() -> bytes:
    made = docx.Document()
    made.add_paragraph("Dear Ada, write to ada@example.org.")
    table = made.add_table(rows=1, cols=2)
    table.cell(0, 0).text, table.cell(0, 1).text = "IBAN", "DE89370400440532013000"
    made.sections[0].header.paragraphs[0].text = "Confidential, bob@example.com"
    made.core_properties.author = "Grace Example"
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def mail(*attached: tuple[str, bytes]) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = (
        "Ada <ada@example.org>",
        "bob@example.com",
        "Your card",
    )
    message.set_content("The card is 4111 1111 1111 1111.")
    message.add_alternative("<p>The card is <b>4111 1111 1111 1111</b>&nbsp;.</p>", subtype="html")
    for name, raw in attached:
        message.add_attachment(raw, maintype="application", subtype="octet-stream", filename=name)
    return message


def pdf(text: str = "", *, pages: int = 1) -> bytes:
    from pypdf import PdfWriter
    from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

    writer = PdfWriter()
    for _ in range(pages):
        page = writer.add_blank_page(300, 300)
        if text:
            stream = DecodedStreamObject()
            stream.set_data(f"BT /F1 12 Tf 10 100 Td ({text}) Tj ET".encode())
            font = DictionaryObject(
                {
                    NameObject("/Type"): NameObject("/Font"),
                    NameObject("/Subtype"): NameObject("/Type1"),
                    NameObject("/BaseFont"): NameObject("/Helvetica"),
                }
            )
            fonts = DictionaryObject({NameObject("/F1"): font})
            page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
            page[NameObject("/Contents")] = writer._add_object(stream)
    writer.add_metadata({"/Author": "Grace Example"})
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_a_workbook():
    found = told(workbook(), "a.xlsx")
    assert list(found["People"]) == ["name", "email", "age"]
    assert found["People"]["email"][3] == "user3@example.org"
    assert found["People"]["age"][0] == "20"
    assert any("bob@example.com" in line for p in found.values() for c in p.values() for line in c if line)
    assert "Empty" not in found


def test_a_letter():
    found = told(letter(), "a.docx")
    assert found["document.xml"]["text"] == [
        "Dear Ada, write to ada@example.org.",
        "IBAN",
        "DE89370400440532013000",
    ]
    assert "Confidential, bob@example.com" in str(found)
    assert found["docProps"]["author"] == ["Grace Example"]


def test_a_message_and_what_is_attached():
    found = told(mail(("list.xlsx", workbook()), ("deep.eml", mail().as_bytes())).as_bytes(), "a.eml")
    assert found["headers"]["To"] == ["bob@example.com"]
    assert found["list.xlsx/People"]["email"][0] == "user0@example.org"
    assert "The card is 4111 1111 1111 1111" in str(found["deep.eml body"])
    assert "<b>" not in str(found)


def test_a_mailbox(tmp_path):
    box = mailbox.mbox(tmp_path / "a.mbox")
    for _ in range(3):
        box.add(mail())
    box.flush()
    found = told((tmp_path / "a.mbox").read_bytes(), "a.mbox")
    assert {n.partition(" headers")[0] for n in found if "headers" in n} == {
        f"message {k}" for k in (1, 2, 3)
    }


def test_json_records_become_columns():
    raw = json.dumps(
        {"people": [{"mail": f"u{k}@example.org", "tags": ["a", {"deep": k}]} for k in range(3)]}
    )
    found = told(raw.encode(), "a.json")[""]
    assert found == {
        "people.mail": ["u0@example.org", "u1@example.org", "u2@example.org"],
        "people.tags": ["a", "a", "a"],
        "people.tags.deep": ["0", "1", "2"],
    }


def test_a_pdf():
    found = told(pdf("write to ada@example.org"), "a.pdf")
    assert found["page 1"]["text"] == ["write to ada@example.org"]
    assert found["properties"]["author"] == ["Grace Example"]
    with pytest.raises(ValueError, match="pictures"):
        told(pdf(), "a.pdf")


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in members.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), raw)
    return out.getvalue()


ENTITY = (
    b'<!DOCTYPE a [<!ENTITY x "aaaaaaaaaa">]><w:document xmlns:w="w"><w:p><w:t>&x;</w:t></w:p></w:document>'
)
DEEP = b"<a>" * 5_000 + b"</a>" * 5_000


@pytest.mark.parametrize(
    ("name", "raw", "said"),
    [
        ("a.docx", zipped(word__document_xml=ENTITY), "document type"),
        ("a.docx", zipped(word__document_xml=DEEP), "deeper"),
        ("a.docx", zipped(word__document_xml=b"<a>" + b" " * (300 << 20)), "MiB"),
        ("a.docx", zipped(other_xml=b"<a/>"), "no Word document"),
        ("a.docx", b"PK\x03\x04broken", "no whole archive"),
        ("a.json", b"[" * 100_000, "deeper"),
        ("a.json", b"{", "Expecting"),
        ("a.txt", b"a\0b", "no text"),
        ("a.pdf", b"%PDF-1.4 nothing", ""),
        ("a.eml", b"no header at all", "no e-mail"),
    ],
)
def test_hostile_documents_are_refused(name, raw, said):
    with pytest.raises((ValueError, TooMuch)) as raised:
        list(parts(raw, name, Room()))
    assert said in str(raised.value)


def test_messages_within_messages_end():
    message = mail()
    for _ in range(12):
        outer = mail()
        outer.add_attachment(message)
        message = outer
    with pytest.raises(TooMuch, match="deeper"):
        list(parts(message.as_bytes(), "a.eml", Room()))


def test_kinds_are_told_by_content():
    assert kind("a.bin", b"%PDF-1.7") == "pdf"
    assert kind("a.pdf", b"hello") == ""
    assert kind("a.zip", b"PK\x03\x04") == ""
    assert kind("a.docx", b"PK\x03\x04") == "docx"
    assert kind("photo.jpg", b"\xff\xd8") == ""


def test_in_the_sandbox_one_that_ends_the_reader_harms_no_other(tmp_path):
    root = tmp_path / "in"
    root.mkdir()
    files = {"a.docx": letter(), "bad.docx": b"PK\x03\x04x", "c.eml": mail().as_bytes(), "d.pdf": pdf("x y")}
    for name, raw in files.items():
        (root / name).write_bytes(raw)
    listed = [(n, root / n) for n in files]
    found = {d.name: d for d in read(listed, tmp_path / "scratch")}
    assert list(found) == list(files)
    assert found["a.docx"].why == found["c.eml"].why == ""
    assert "archive" in found["bad.docx"].why
    assert dict(found["d.pdf"].parts)["page 1"] == {"text": ["x y"]}


@pytest.mark.slow
def test_what_takes_too_much_memory_is_told_and_the_next_is_read(tmp_path: Path, monkeypatch):
    root = tmp_path / "in"
    root.mkdir()
    (root / "a.json").write_bytes(
        b"[" + b"[1],[2]," * 3_000_000 + b"3]"
    )  # over its limit for a second and more
    (root / "b.txt").write_text("ada@example.org")
    import assay.engines.documents as documents

    monkeypatch.setattr(documents, "MEMORY", 100 << 20)
    found = list(read([("a.json", root / "a.json"), ("b.txt", root / "b.txt")], tmp_path / "s"))
    assert found[0].why
    assert found[1].parts[0][1] == {"text": ["ada@example.org"]}


def test_a_folder_that_holds_the_scratch_is_read_too(tmp_path: Path):
    """Whoever swept the folder of a home had no document read: what is written lay within what may be read."""
    (tmp_path / "a.txt").write_text("write to ada@example.org")
    (tmp_path / "beside.txt").write_text("not asked for")
    (found,) = read([("a.txt", tmp_path / "a.txt")], tmp_path / "scratch")
    assert found.why == "" and "ada@example.org" in str(found.parts)
