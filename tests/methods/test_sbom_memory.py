"""A bill of materials is refused before it is taken apart where that would take more memory than a bill may."""

import json
import time
import tracemalloc

import pytest

from assay.methods.packages.package import Unreadable
from assay.methods.sbom.reading import memory, read

MANY = 100_000
SHAPES = {
    "empty objects": b"[" + b"{}," * MANY + b"{}]",
    "objects": b"[" + b'{"a":1},' * MANY + b"{}]",
    "objects of many names": b"[" + b",".join(b'{"a%d":1,"b%d":[]}' % (i, i) for i in range(MANY)) + b"]",
    "one object": b"{" + b",".join(b'"k%d":1' % i for i in range(MANY)) + b"}",
    "lists": b"[" + b"[]," * MANY + b"[]]",
    "lists of one": b"[" + b"[1]," * MANY + b"[]]",
    "texts": b"[" + b'"ab",' * MANY + b'""]',
    "numbers": b"[" + b"12345678.5," * MANY + b"1]",
    "wide letters": ('["' + "\U0001f600" * MANY + '"]').encode(),
    "one wide letter": ('["' + "a" * MANY * 10 + '\U0001f600"]').encode(),
    "wide texts": b"[" + '"\u00e9\u2026",'.encode() * MANY + b'""]',
    "escapes": b'["' + b"\\u00e9" * MANY + b'"]',
}


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_counted_is_no_less_than_what_it_takes(shape):
    raw = SHAPES[shape]
    tracemalloc.start()
    try:
        json.loads(raw.decode())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= memory(raw) <= 12 * peak


def test_eighty_million_empty_objects_are_refused_at_once():
    """A bill of 240 MB took more than five minutes and all memory there was."""
    raw = b'{"bomFormat":"CycloneDX","components":[' + b"{}," * 12_000_000 + b"{}]}"
    began = time.perf_counter()
    with pytest.raises(Unreadable, match="GiB of memory"):
        read(raw)
    assert time.perf_counter() - began < 1


def test_a_bill_of_all_packages_that_an_image_may_have_is_within_the_bound():
    one = json.dumps(
        {"type": "library", "bom-ref": "pkg:pypi/name-of-a-package@1.22.333?a=b", "name": "name-of-a-package", "version": "1.22.333",
         "purl": "pkg:pypi/name-of-a-package@1.22.333", "licenses": [{"license": {"name": "MIT"}}], "hashes": [{"alg": "SHA-256", "content": "a" * 64}],
         "evidence": {"occurrences": [{"location": "usr/lib/python3/dist-packages/name/METADATA"}]}, "properties": [{"name": "assay:owner", "value": "x"}]}
    ).encode()  # fmt: skip
    assert 250_000 * (memory(one) + 48) < 2 << 30
