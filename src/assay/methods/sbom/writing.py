"""A bill of materials as bytes, in the form that is asked for."""

from __future__ import annotations

import json

import msgspec

from assay.methods.sbom import cyclonedx, spdx, spdx3
from assay.methods.sbom.bill import Bill
from assay.methods.sbom.unhindered import unhindered

FORMS = ("cyclonedx", "cyclonedx-1.5", "spdx", "spdx-3")
_END = 4_096


def write(bill: Bill, form: str) -> bytes:
    """Return the document of a form: cyclonedx (1.6), cyclonedx-1.5, spdx (2.3), or spdx-3 (3.0.1)."""
    with unhindered():
        return _written(bill, form)


def _written(bill: Bill, form: str) -> bytes:
    if form == "spdx":
        document = spdx.write(bill)
    elif form == "spdx-3":
        document = spdx3.write(bill)
    else:
        document = cyclonedx.write(bill, "1.5" if form.endswith("1.5") else "1.6")
    # Lines and their indents are put in afterwards: json itself takes five times as long as soon as it is to indent.
    plain = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return msgspec.json.format(plain, indent=1) + b"\n"


def suffix(form: str) -> str:
    """Return how such a file is called."""
    return {"spdx": "spdx.json", "spdx-3": "spdx3.json"}.get(form, "cdx.json")


def form_of(document: bytes) -> str:
    """Return the form of a bill that was read already: by its beginning and its end, where a form is said."""
    ends = document[:_END] + document[-_END:]
    if b'"bomFormat"' in ends:
        return "cyclonedx"
    return "spdx-3" if b"spdx.org/rdf/3" in ends else "spdx"
