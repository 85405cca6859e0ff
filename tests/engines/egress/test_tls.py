"""The name in a client's first message, as OpenSSL writes it."""

from __future__ import annotations

import ssl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.engines.egress import tls


def hello(name, versions=(ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)):
    context = ssl.create_default_context()
    context.minimum_version, context.maximum_version = versions
    context.check_hostname = False
    out = ssl.MemoryBIO()
    made = context.wrap_bio(ssl.MemoryBIO(), out, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        made.do_handshake()
    return out.read()


@pytest.mark.parametrize("name", ["files.example.org", "x" * 63 + ".example"])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_name_is_found(name, version):
    record = hello(name, (version, version))
    assert tls.record_length(record) == len(record)
    assert tls.server_name(record) == name


def test_one_without_a_name_has_none():
    assert tls.server_name(hello(None)) == ""


def test_what_is_no_tls_is_told_apart():
    assert tls.record_length(b"GET / HTTP/1.1") is None
    assert tls.record_length(b"\x16\x03\x01\xff\xff") is None
    assert tls.record_length(b"SSH-2.0-x") is None


HELLO = hello("a.example")


@settings(max_examples=30)
@given(st.data())
def test_a_message_that_is_cut_or_bent_never_raises(data):
    record = bytearray(HELLO)
    for _ in range(data.draw(st.integers(1, 4))):
        record[data.draw(st.integers(5, len(record) - 1))] = data.draw(st.integers(0, 255))
    found = tls.server_name(bytes(record[: data.draw(st.integers(6, len(record)))]))
    assert found is None or isinstance(found, str)
