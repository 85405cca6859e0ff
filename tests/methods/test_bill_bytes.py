"""A bill is read and written by quick ways that leave the same bytes and the same packages as json's own."""

import gc
import json

import pytest

from assay.methods.packages.package import Package, Unreadable
from assay.methods.sbom import cyclonedx, spdx, spdx3
from assay.methods.sbom.bill import Bill
from assay.methods.sbom.reading import read
from assay.methods.sbom.writing import write

ODD = 'a "b" \\ / \x07\x7f\u2028 é 😀 \n\t{}[],:'
BILL = Bill(
    ODD, "sha256:0", "2024-01-01T00:00:00Z", "1",
    packages=(
        Package("npm", "lodash", "4.17.20", "@x", path=ODD, licence=ODD, digests={"integrity": "sha1-qqqq"}),
        Package("npm", "lodash", "4.17.20", "@x", path="twice"),
        Package("pypi", "a", "", about={"wanted": ">=1", "requires": ("b", "c")}, owner="d"),
        Package("deb", "p", "1:2-3", "debian", source="s", about={"distro": "debian-12"}),
        Package("mlmodel", "m", "", about={"format": ODD}, digests={"SHA-256": "0" * 64}),
    ),
    gaps=((ODD, ODD),),
)  # fmt: skip


@pytest.mark.parametrize(
    ("form", "made"),
    [("cyclonedx", cyclonedx.write), ("spdx", spdx.write), ("spdx-3", spdx3.write)],
)
def test_a_bill_has_the_bytes_that_json_itself_would_write(form, made):
    plain = json.dumps(made(BILL), indent=1, ensure_ascii=False).encode() + b"\n"
    assert write(BILL, form) == plain
    empty = Bill("x", "", "2024-01-01T00:00:00Z", "1")
    assert write(empty, form) == json.dumps(made(empty), indent=1, ensure_ascii=False).encode() + b"\n"


def test_what_msgspec_does_not_read_is_read_by_json():
    plain = write(BILL, "cyclonedx")
    known = read(plain)
    assert read(b"\xef\xbb\xbf" + plain) == known
    half = plain.replace(b'"bomFormat"', b'"x": NaN, "y": "\\ud800", "z": 1e999, "bomFormat"')
    assert read(half).packages == known.packages
    for wrong in (b"{", b"[" * 100_000, b"\xff", b"[]"):
        with pytest.raises(Unreadable):
            read(wrong)
    assert gc.isenabled()
