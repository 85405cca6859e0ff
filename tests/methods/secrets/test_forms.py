"""Each form of a secret is found at its line, and what only has such a form is not."""

import time

import pytest
from tests.methods.secrets.forms import API, CLIENT, FORMS, KEY, LOGIN, NONE, PASS, TOKEN

from assay.checks.code.secrets._files import Piece, pieces_of
from assay.checks.code.secrets._tally import Spot, Tally
from assay.methods.secrets.engine import Engine
from assay.methods.secrets.rewritten import Seen, rewritten


def found(name, text):
    """What is told of a file but what is low: (rule, line)."""
    hits = Engine("2026-11-28T00:00:00Z").search(pieces_of(Spot(name), text.encode(), Tally()))
    out = []
    for blob, many in hits:
        assert isinstance(blob.key, Piece)
        out += [(h.rule.name, h.line, h.secret.decode()) for h in many if h.severity not in ("low", "info")]
    return out


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_found(form):
    name, text, line = form
    told = found(name, text)
    if line:
        assert line in [at for _, at, _ in told], told
        assert any(
            secret in (API, CLIENT, KEY, LOGIN, PASS, TOKEN) or secret in text for _, _, secret in told
        )


@pytest.mark.parametrize("form", NONE.values(), ids=NONE)
def test_none(form):
    name, text, _ = form
    assert found(name, text) == []


def test_a_comment_accepts_it_in_other_words_too():
    from assay.methods.secrets.allowed import allowed

    for name, text in (
        ("a.yaml", f"password:\n  {PASS}  # assay: allow-secret of the demo\n"),
        (
            "a.py",
            f'head = "{TOKEN[:20]}"\n# assay: allow-secret of the demo\ntoken = head + "{TOKEN[20:]}"\n',
        ),
    ):
        blobs = Engine().search(pieces_of(Spot(name), text.encode(), Tally()))
        told = [
            allowed(blob.data, hit.start)
            for blob, hits in blobs
            for hit in hits
            if hit.secret.decode() in (PASS, TOKEN)
        ]
        assert told and set(told) == {"of the demo"}


LONG = (
    b'"', b"key:\n  ", b"<key>token</key>", b"<token>\n", b'variable "token" {\n default = "a', b"x1=abcD1\n", b"token = x1 + ", b"${x1}",
    b"\\x41", b"name: token\n", b'f"{x1}"', b"token=x1=", b'["a","b"].join("', b"' . '", b'"%s" % (', b"[::-1]", b"machine a login b ",
    b" token:\n   a\n", b"  Default: ", b"x1+=abcD1\n", b'a, b = "abc", "d"', b"bytes([41, 65, ", b'"token":\n', b"    a:\n        b\n",
)  # fmt: skip


@pytest.mark.parametrize("filler", LONG)
@pytest.mark.parametrize(
    "before",
    [b"", b'x1 = "abcD1"\ntoken b64decode password machine value default variable "token" alue</key> '],
)
def test_lines_made_to_be_slow_are_through_in_no_time(filler, before):
    data = before + filler * ((64 << 10) // len(filler))
    begun = time.process_time()
    list(rewritten("a.properties", data))
    assert time.process_time() - begun < 1


def test_of_versions_in_a_history_what_is_new_is_looked_through():
    seen = Seen()
    old = b"x = 1\ny = 2\n"
    assert not seen.worth(old)
    new = old + f'head = "{TOKEN[:20]}"\ntoken = head + "{TOKEN[20:]}"\n'.encode()
    assert seen.worth(new) and not seen.worth(new) and not seen.worth(new + b"z = 3\n")
