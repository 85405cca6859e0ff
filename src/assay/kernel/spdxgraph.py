"""A document of SPDX 3.0.1 as it is put together: elements of one creation, relationships, and the bill that lists them, as JSON-LD.

Bills of materials and cards of models are written with it. https://spdx.github.io/spdx-spec/v3.0.1/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

VERSION = "3.0.1"
CONTEXT = f"https://spdx.org/rdf/{VERSION}/spdx-context.jsonld"
NO_ASSERTION = f"https://spdx.org/rdf/{VERSION}/terms/ExpandedLicensing/NoAssertionLicense"
_INFO = "_:creation"
# CycloneDX's names of algorithms → SPDX's.
ALGORITHMS = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}


class Graph:
    """Elements as they are put together. base: what their ids begin with. made: RFC 3339. tool: name and version."""

    def __init__(self, base: str, made: str, tool: str, comment: str = "") -> None:
        self.base = base
        self.elements: list[dict[str, Any]] = []
        self._count = 0
        agent = self.add("SoftwareAgent", "agent", name="Assay")
        used = self.add("Tool", "tool", name=tool)
        self._info = {
            "type": "CreationInfo", "@id": _INFO, "specVersion": VERSION, "created": re.sub(r"\.\d+", "", made),
            "createdBy": [agent], "createdUsing": [used], **({"comment": comment} if comment else {}),
        }  # fmt: skip

    def add(self, type: str, at: str, **properties: Any) -> str:
        """Add an element and return its id, which ends with ``at``; what is empty is left out."""
        id_ = f"{self.base}#{at}"
        kept = {k: v for k, v in properties.items() if v not in (None, "", [], {})}
        self.elements.append({"type": type, "spdxId": id_, "creationInfo": _INFO, **kept})
        return id_

    def relate(self, one: str, how: str, others: Sequence[str], **properties: Any) -> str:
        """Add a relationship and return its id; nothing where there is nothing to relate to."""
        if not others:
            return ""
        self._count += 1
        told = {"from": one, "relationshipType": how, "to": list(others), **properties}
        return self.add("Relationship", f"relationship-{self._count}", **told)

    def licensed(self, element: str, declared: str = "") -> None:
        """Say under which licence an element is declared to be; nothing is concluded here."""
        at = element.rpartition("#")[2]
        to = NO_ASSERTION
        if declared:
            to = self.add("simplelicensing_SimpleLicensingText", f"licence-{at}", name=declared,
                          simplelicensing_licenseText=declared)  # fmt: skip
        self.relate(element, "hasDeclaredLicense", [to])
        self.relate(element, "hasConcludedLicense", [NO_ASSERTION])

    def document(self, name: str, root: str, profiles: Iterable[str], kinds: Sequence[str]) -> dict[str, Any]:
        """Return the whole: the elements, the bill of materials that lists them, and the document around it."""
        listed = [e["spdxId"] for e in self.elements]
        told = {"profileConformance": list(profiles), "name": name}
        bill = self.add(
            "software_Sbom", "sbom", rootElement=[root], element=listed, software_sbomType=list(kinds), **told
        )
        self.add("SpdxDocument", "document", rootElement=[bill], element=[*listed, bill], **told)
        return {"@context": CONTEXT, "@graph": [self._info, *self.elements]}


def hashed(found: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    """Return digests, as (CycloneDX's name, hex), as an element is verified by them."""
    return [{"type": "Hash", "algorithm": ALGORITHMS[n], "hashValue": v} for n, v in found if n in ALGORITHMS]
