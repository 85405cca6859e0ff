"""Secrets that are put together where they stand."""

import base64
import codecs
import time

import pytest

from assay.methods.secrets.engine import as_text
from assay.methods.secrets.joined import joined
from assay.works.checking import carry_out

KEY = "wJ9rXUtnF3MI/K7MDENG/" + "bPxRf1CYzq2Lm8NvTpQ"
FORMS = {
    "a continued literal": f'x = 1\naws_secret_access_key = "{KEY[:20]}\\\n{KEY[20:]}"\n',
    "literals that are added": f'x = 1\naws_secret_access_key = "{KEY[:20]}" + "{KEY[20:]}"\n',
    "literals beside one another": f'x = 1\naws_secret_access_key = ("{KEY[:20]}"\n    "{KEY[20:]}")\n',
    "base 64": f'x = 1\naws_secret_access_key = base64.b64decode("{base64.b64encode(KEY.encode()).decode()}")\n',
    "hex": f'x = 1\naws_secret_access_key = bytes.fromhex("{KEY.encode().hex()}")\n',
    "a shell's continued line": f"x=1\nexport AWS_SECRET_ACCESS_KEY=\\\n{KEY}\n",
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_a_secret_in_parts_is_told_at_its_line_and_shown_nowhere_whole(tmp_path, text):
    (tmp_path / "a.sh").write_text(text)
    report = carry_out("check", "code.secrets", str(tmp_path), {"history": False}, home=None).report
    assert ("code.secrets.aws_secret_key", 2) in [(f.rule, f.where["line"]) for f in report.findings]
    assert KEY not in str(report.to_dict())


@pytest.mark.parametrize("name", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_read(name):
    text = f"AWS_SECRET_ACCESS_KEY={KEY}\n".encode(name)
    assert as_text(text) == f"AWS_SECRET_ACCESS_KEY={KEY}\n".encode()
    assert as_text(codecs.BOM_UTF8 + b"x = 1 and so on...") == codecs.BOM_UTF8 + b"x = 1 and so on..."


def test_lines_keep_their_numbers_and_what_is_whole_is_not_told_twice():
    made = joined(b'token = "a" + "b"\nplain = "c"\nsecret = "d" \\\n"e"\nlast\nkey = "f"+"g"\n')
    assert made is not None
    lines = made.split(b"\n")
    assert lines[0] == b'token = "ab"'
    assert lines[1] == b""
    assert lines[5] == b'key = "fg"'
    assert joined(b'token = "ab"\n') is None


@pytest.mark.parametrize("filler", [b'"', b"\\\n", b"' + ", b"( ", b"= (", b"a.", b'b64decode("AAAA', b'" '])
def test_lines_made_for_backtracking_are_through_in_no_time(filler):
    begun = time.process_time()
    joined(b"token" + filler * (500_000 // len(filler)))
    assert time.process_time() - begun < 5
