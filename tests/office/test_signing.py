"""The OpenSSF model-signing bundle, taken apart by hand."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.engines.keys import FileKeyring, verifier
from assay.office import signing


@pytest.fixture
def keys(tmp_path):
    return FileKeyring(tmp_path / "keys")


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "package"
    (folder / "b").mkdir(parents=True)
    (folder / "b" / "w.bin").write_bytes(b"1")
    (folder / "b.txt").write_bytes(b"2")
    (folder / "a").write_bytes(b"")
    return folder


def signed(keys, folder):
    digests = signing.file_digests(folder)
    return signing.sign(folder.name, digests, keys.sign_p256, keys.public_pem("hallmark"))


def sha(data):
    return hashlib.sha256(data).hexdigest()


def test_what_is_signed_is_every_file_in_order_of_path(keys, folder):
    raw = json.loads(signed(keys, folder))
    assert raw["mediaType"] == "application/vnd.dev.sigstore.bundle.v0.3+json"
    envelope = raw["dsseEnvelope"]
    payload = base64.b64decode(envelope["payload"])
    statement = json.loads(payload)
    files = {"a": sha(b""), "b.txt": sha(b"2"), "b/w.bin": sha(b"1")}
    found = {r["name"]: r["digest"] for r in statement["predicate"]["resources"]}
    assert found == files and list(found) == ["a", "b.txt", "b/w.bin"]
    root = sha(b"".join(bytes.fromhex(d) for d in files.values()))
    assert statement["subject"] == [{"name": "package", "digest": {"sha256": root}}]
    pre = b"DSSEv1 28 application/vnd.in-toto+json %d %s" % (len(payload), payload)
    signature = base64.b64decode(envelope["signatures"][0]["sig"])
    assert verifier(keys.public_pem("hallmark"))(signature, pre)


def test_it_vouches_for_what_lies_there_and_no_more(keys, folder):
    bundle = signed(keys, folder)
    check = verifier(keys.public_pem("hallmark"))
    assert signing.signed_digests(bundle, check) == signing.file_digests(folder)
    (folder / "a").write_bytes(b"x")
    assert signing.signed_digests(bundle, check) != signing.file_digests(folder)


def test_a_link_is_told_as_one_and_never_followed(folder):
    (folder / "z").symlink_to("/etc/passwd")
    assert signing.file_digests(folder)["z"] == "a link"


def resigned(keys, statement):
    from assay.methods import dsse

    return json.dumps(
        {"dsseEnvelope": dsse.envelope(json.dumps(statement).encode(), keys.sign_p256)}
    ).encode()


def test_a_signed_statement_about_something_else_is_no_bundle(keys, folder):
    check = verifier(keys.public_pem("hallmark"))
    raw = json.loads(signed(keys, folder))
    statement = json.loads(base64.b64decode(raw["dsseEnvelope"]["payload"]))
    assert signing.signed_digests(resigned(keys, statement), check)
    with pytest.raises(ValueError, match="not a model-signing"):
        signing.signed_digests(resigned(keys, statement | {"predicateType": "another"}), check)
    wrong = [{"name": "package", "digest": {"sha256": "0" * 64}}]
    with pytest.raises(ValueError, match="root"):
        signing.signed_digests(resigned(keys, statement | {"subject": wrong}), check)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["dsseEnvelope", "payload", "payloadType", "signatures", "sig"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_refused_as_no_bundle(raw):
    with pytest.raises(ValueError):
        signing.signed_digests(json.dumps(raw).encode(), lambda signature, data: False)


@pytest.mark.parametrize("raw", [b"", b"\xff", b"[" * 200_000, b'{"dsseEnvelope":' * 50_000])
def test_bytes_that_are_no_json_are_refused_as_no_bundle(raw):
    with pytest.raises(ValueError):
        signing.signed_digests(raw, lambda signature, data: False)
