"""Numbers that standards and authorities publish as examples, and what one wrong sign makes of them."""

from __future__ import annotations

import hashlib
import random

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.methods.recognise import (
    credentials,
    devices,
    digits,
    identities,
    keccak,
    medical,
    phones,
    vehicles,
    wallets,
)
from assay.methods.recognise.headers import fold, said
from assay.methods.recognise.telling import Columns

# country's rule: an example that its authority or python-stdnum's documentation gives
EXAMPLES = {
    "br.cpf": "390.533.447-05",
    "es.dni": "54362315K",
    "es.nie": "X-2482300-W",
    "it.codicefiscale": "RCCMNL83S18D969H",
    "pl.pesel": "44051401359",
    "cn.ric": "360426199101010071",
    "fr.nir": "2 95 10 99 126 111 93",
    "fi.hetu": "131052-308T",
    "nl.bsn": "111222333",
    "be.nn": "85.07.30-033.28",
    "ee.ik": "36805280109",
    "ro.cnp": "1630615123457",
    "tr.tckimlik": "17291716060",
    "kr.rrn": "971013-9019902",
    "ch.ssn": "756.9217.0769.85",
    "de.idnr": "36 574 261 809",
    "cl.rut": "12.531.909-2",
    "mx.curp": "BOXW310820HNERXN09",
    "sg.nric": "S1234567D",
    "hk.id": "A123456(3)",
    "de.vsnr": "15070649C103",
    "pl.dowod": "ABA300000",
    "za.idnr": "7503305044089",
}


@pytest.mark.parametrize("module", EXAMPLES)
def test_examples_of_authorities(module):
    rules = [r for r in identities.RULES if r.module == module]
    assert any(identities.valid(r, EXAMPLES[module]) for r in rules)
    text = EXAMPLES[module]
    place = next(i for i in range(len(text) - 2, 0, -1) if text[i].isdigit())
    slip = text[:place] + str((int(text[place]) + 1) % 10) + text[place + 1 :]
    assert not any(identities.valid(r, slip) for r in rules)


def test_more_than_forty_countries():
    assert len({r.country for r in identities.RULES}) >= 55


@given(st.text("0123456789-./ ABCXYZ", min_size=1, max_size=20))
def test_every_rule_answers_any_text(text):
    for rule in identities.RULES:
        assert identities.valid(rule, text) in (True, False)


# BIP 173 and BIP 350 (Bech32, Bech32m), and the first block's address
@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", True),
        ("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0", True),
        ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", False),
        ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", True),
        ("3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", True),
        ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNA", False),
        ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", True),
        ("0x0000000000000000000000000000000000000000", False),
        # ERC-55: mixed letters that are checked, one wrong, and letters of one size
        ("0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359", True),
        ("0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", True),
        ("0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb", True),
        ("0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9adb", False),
        ("0x52908400098527886E0F7030069857D2E4169EE7", True),
        ("0xde709f2102306220921060314715629080e2fb77", True),
    ],
)
def test_wallets(text, right):
    assert bool(list(wallets.spans(f"pay {text} now"))) == right


def test_vehicles_and_routing_numbers():
    assert vehicles.vin("1M8GDM9AXKP042788")  # the example of 49 CFR 565
    assert not vehicles.vin("1M8GDM9AXKP042789")
    assert digits.aba("111000025") and not digits.aba("111000026")


def test_numbers_of_health_systems():
    assert medical.nhs("943 476 5919") and not medical.nhs("943 476 5918")
    assert medical.npi("1234567893") and not medical.npi("1234567894")  # the example of CMS
    assert medical.kvnr("A123456780") and not medical.kvnr("A123456781")
    assert medical.share(["1EG4-TE5-MK73"]) == 1  # the example of CMS


def test_credentials_are_told_from_hashes():
    parts = ("AK" + "IAIOSFODNN7EXAMPLE", "gh" + "p_" + "a1B2" * 9, "x" + "oxb-123456789012-abcdefghij")
    for part in parts:
        assert [c.kind for c in credentials.found(f"key={part} ")]
        assert not list(credentials.found(f"z{part}"))  # a piece of something longer
    jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlc2lnbmF0dXJl"
    assert [c.kind for c in credentials.found(jwt)] == ["jwt"]
    for plain in (
        "ab" * 32,
        "password: ********",
        "password = ${SECRET}",
        "eyJub3QganNvbg.eyJzdWIi.x",
        "AKIA1",
    ):
        assert not list(credentials.found(plain)), plain
    assert [c.kind for c in credentials.found("-----BEGIN RSA PRIVATE" + " KEY-----")] == ["private_key"]


def test_numbering_plans():
    assert phones.plan(["030 23125 111", "089 2180 1234", "040 428 750"]) == (1.0, "DE")
    assert phones.plan(["+44 20 7946 0123", "+33 1 42 68 53 00"]) == (1.0, "")
    assert phones.plan(["12", "999"])[0] == 0


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("firstName", "name"), ("Prénom", "name"), ("ФИО", "name"), ("氏名", "name"), ("رقم الهاتف", "phone"), ("Handynummer", "phone"), ("fecha_de_nacimiento", "birth_date"), ("身份证号", "national_id"), ("पता", "address"), ("rs4680", "genetic"),
    ],
)  # fmt: skip
def test_headers_speak_many_languages(header, kind):
    assert said(header).hints(kind) == 2


@pytest.mark.parametrize("header", ["email_opened", "phone_model", "name_length", "birth_rate", "card_type"])
def test_a_property_of_a_thing_is_not_the_thing(header):
    assert said(header).about
    assert all(said(header).hints(k) == 0 for k in ("email", "phone", "name", "birth_date", "card"))


@given(st.text(max_size=300))
def test_any_header_is_read(text):
    said(text)
    assert fold(text) == fold(text).strip()


# of the submission to NIST, and the same sponge with SHA-3's suffix beside hashlib
def test_keccak():
    assert keccak.keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert (
        keccak.keccak256(b"abc").hex() == "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"
    )
    for size in (0, 1, 7, 8, 134, 135, 136, 137, 271, 272, 300):
        data = bytes(k * 7 % 256 for k in range(size))
        assert keccak._sponge(data, 0x06) == hashlib.sha3_256(data).digest()


def test_addresses_in_letters_of_one_size_are_less_sure():
    r = random.Random(5)
    small = [f"0x{r.getrandbits(160):040x}" for _ in range(60)]
    signs = [keccak.keccak256(t[2:].encode()).hex() for t in small]
    mixed = [
        "0x" + "".join(c.upper() if k >= "8" else c for c, k in zip(t[2:], s, strict=False))
        for t, s in zip(small, signs, strict=True)
    ]

    def told(texts):
        one = Columns([("v", "text")])
        one.feed_column("v", pa.array(texts))
        return [(t.type, t.confidence) for t in one.told()]

    (kind, low), (_, high) = told(small)[0], told(mixed)[0]
    assert kind == "crypto" and 0.5 < low < 0.8 and high > 0.94
    assert told([t[:-2] + t[-2:].swapcase() for t in mixed if not t[-2:].isdigit()]) == []


def test_numbers_of_devices():
    assert devices.checked("490154203237518")  # the example of 3GPP TS 23.003
    assert not devices.checked("490154203237519")
    assert devices.checked("89014103211118510720")
    assert devices.shares(["89490001", "490154203237518", "abc"]) == (1 / 3, 1 / 3)
