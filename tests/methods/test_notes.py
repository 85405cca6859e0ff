"""Signed notes: the format of C2SP signed-note, and signatures checked with Ed25519 written from RFC 8032."""

from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from assay.methods import notes

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
NAME = "log.example/assay"
TEXT = "log.example/assay\n3\n" + base64.b64encode(bytes(32)).decode() + "\n"
# The published example of the specification: a verifier key and what it signed
VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
SIGNED = "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM="
PUBLISHED = f"This is an example message.\n\n— example.com/foo {SIGNED}\n"

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
ORDER = 2**252 + 27742317777372353535851937790883648493


def _x(y, sign):
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    assert (x * x - square) % P == 0
    return P - x if x & 1 != sign else x


def _add(a, b):
    (x1, y1), (x2, y2) = a, b
    product = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + product, -1, P) % P
    return x, (y1 * y2 + x1 * x2) * pow(1 - product, -1, P) % P


def _times(point, number):
    out = (0, 1)
    while number:
        out = _add(out, point) if number & 1 else out
        point, number = _add(point, point), number >> 1
    return out


def _point(raw):
    value = int.from_bytes(raw, "little")
    y = value & ((1 << 255) - 1)
    return _x(y, value >> 255), y


BASE = (_x(4 * pow(5, -1, P) % P, 0), 4 * pow(5, -1, P) % P)


def rfc8032(public, signature, message):
    """Whether S·B = R + H(R ‖ A ‖ M)·A, of RFC 8032 §5.1.7."""
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    k = int.from_bytes(hashlib.sha512(r + public + message).digest(), "little") % ORDER
    return s < ORDER and _times(BASE, s) == _add(_point(r), _times(_point(public), k))


def checker(public):
    key = Ed25519PublicKey.from_public_bytes(public)

    def check(signature, data):
        try:
            key.verify(signature, data)
        except InvalidSignature:
            return False
        return True

    return check


def verify(note, name=NAME, public=PUBLIC):
    return notes.verify(note, name, public, checker(public))


def line(note, at=-1):
    return note.rpartition("\n\n")[2].splitlines()[at]


@pytest.fixture
def note():
    return notes.sign(TEXT, NAME, PUBLIC, KEY.sign)


def test_the_published_example_verifies():
    name, key, public = VKEY.split("+")
    raw = base64.b64decode(public)
    assert raw[:1] == notes.ED25519 and notes.key_id(name, raw[1:]).hex() == key
    assert verify(PUBLISHED, name, raw[1:]) == "This is an example message.\n"
    assert verify(PUBLISHED.replace("example m", "example M"), name, raw[1:]) is None


def test_what_is_signed_holds_by_an_ed25519_of_our_own(note):
    blob = base64.b64decode(line(note).split(" ")[2])
    assert blob[:4] == hashlib.sha256(NAME.encode() + b"\n\x01" + PUBLIC).digest()[:4]
    assert rfc8032(PUBLIC, blob[4:], TEXT.encode())
    assert not rfc8032(PUBLIC, blob[4:], TEXT.encode() + b"x")
    assert verify(note) == TEXT


def test_other_keys_signatures_are_ignored_and_a_wrong_one_of_this_key_is_not(note):
    other = Ed25519PrivateKey.generate()
    theirs = line(notes.sign(TEXT, "witness.example", other.public_key().public_bytes_raw(), other.sign))
    namesake = line(notes.sign(TEXT, NAME, other.public_key().public_bytes_raw(), other.sign))
    wrong = line(notes.sign("another\n", NAME, PUBLIC, KEY.sign))
    body = note.rpartition("\n\n")[0]
    assert verify(f"{body}\n\n{theirs}\n{namesake}\n{line(note)}\n") == TEXT
    assert verify(f"{body}\n\n{theirs}\n{namesake}\n") is None
    assert verify(f"{body}\n\n{line(note)}\n{wrong}\n") is None


def test_sixteen_signatures_of_five_kilobytes_are_taken(note):
    large = base64.b64encode(b"\x00\x01\x02\x03" + bytes(5000)).decode()
    others = "".join(f"— witness{i}.example {large}\n" for i in range(15))
    body = note.rpartition("\n\n")[0]
    assert verify(f"{body}\n\n{others}{line(note)}\n") == TEXT


def test_the_text_ends_at_the_last_empty_line():
    text = "first\n\nthird\n"
    assert verify(notes.sign(text, NAME, PUBLIC, KEY.sign)) == text


@pytest.mark.parametrize(
    "change",
    [
        lambda n: n[:-1],  # no newline at the end
        lambda n: n + "\n",
        lambda n: n.replace("\n", "\r\n"),
        lambda n: n.replace("— ", "-- "),
        lambda n: n + "no signature\n",
        lambda n: n[:-1] + "\x0b" + line(n) + "\n",  # a vertical tab is no end of line
        lambda n: n.replace(" log.example/assay ", " log.example/ assay "),
        lambda n: n.replace("\n\n", "\n"),
        lambda n: n.rpartition("\n\n")[0] + "\n\n",
        lambda n: "x" * notes.MAX_NOTE + n,
    ],
)
def test_what_is_not_written_as_a_note_is_refused(note, change):
    assert verify(change(note)) is None


def test_a_second_spelling_of_the_signature_is_refused(note):
    """The last character before the padding carries two bits that belong to no byte."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    at = note.rindex("=") - 1
    assert note.endswith("=\n") and note[at] in letters
    other = letters[letters.index(note[at]) ^ 1]
    assert base64.b64decode(line(note).split(" ")[2]) == base64.b64decode(
        line(note[:at] + other + note[at + 1 :]).split(" ")[2]
    )
    assert verify(note[:at] + other + note[at + 1 :]) is None


@given(st.data())
def test_no_byte_may_change(data):
    note = notes.sign(TEXT, NAME, PUBLIC, KEY.sign).encode()
    at = data.draw(st.integers(0, len(note) - 1))
    changed = bytearray(note)
    changed[at] ^= 1 << data.draw(st.integers(0, 7))
    try:
        text = changed.decode()
    except UnicodeDecodeError:
        return
    assert verify(text) is None


@given(st.text(st.characters(blacklist_categories=["Cc", "Cs"], whitelist_characters="\n"), max_size=200))
def test_any_text_comes_back(text):
    text = text + "\n"
    assert verify(notes.sign(text, NAME, PUBLIC, KEY.sign)) == text


def test_a_checkpoint_says_what_was_written():
    root = hashlib.sha256(b"").digest()
    made = notes.Checkpoint("log.example", 7, root)
    assert made.text == f"log.example\n7\n{base64.b64encode(root).decode()}\n"
    assert notes.Checkpoint.parse(made.text) == made
    assert notes.Checkpoint.parse(made.text + "an extension\n") == made
    assert notes.Checkpoint.parse(f"o\n0\n{base64.b64encode(root).decode()}\n").size == 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "o\n1\n",
        "\n1\n" + base64.b64encode(bytes(32)).decode() + "\n",
        "o\n01\n" + base64.b64encode(bytes(32)).decode() + "\n",
        "o\n-1\n" + base64.b64encode(bytes(32)).decode() + "\n",
        "o\n١\n" + base64.b64encode(bytes(32)).decode() + "\n",
        "o\n" + "9" * 5000 + "\n" + base64.b64encode(bytes(32)).decode() + "\n",
        "o\n1\n" + base64.b64encode(bytes(31)).decode() + "\n",
        "o\n1\nno base64\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text):
    with pytest.raises(ValueError):
        notes.Checkpoint.parse(text)
