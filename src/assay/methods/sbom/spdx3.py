"""SPDX 3.0.1 as JSON-LD, out and in: profiles core, software, simple licensing and AI. https://spdx.github.io/spdx-spec/v3.0.1/

A graph of elements with one CreationInfo. A model's file is an AIPackage of the purpose ``model``; since the AI profile demands it, each
has a declared and a concluded licence, which is no assertion where nobody says one. What could not be read makes the relationship
that lists the contents ``incomplete``, and stands in the creation's comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from assay.methods.packages.osrelease import System
from assay.methods.packages.package import LONGEST, Package, Unreadable, from_purl
from assay.methods.sbom.bill import Bill, Told, hashes

VERSION = "3.0.1"
CONTEXT = f"https://spdx.org/rdf/{VERSION}/spdx-context.jsonld"
NO_ASSERTION = f"https://spdx.org/rdf/{VERSION}/terms/ExpandedLicensing/NoAssertionLicense"
MOST = 1_000_000
_INFO = "_:creation"
_MODEL = "assay:model"  # how a model's file is known again
# CycloneDX's names of algorithms → SPDX's.
_ALGORITHMS = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
_BACK = {v: k for k, v in _ALGORITHMS.items()}
_PURPOSES = {"operating-system": "operatingSystem"} | {k: k for k in ("container", "application", "file")}


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
        """Add a relationship and return its id."""
        self._count += 1
        told = {"from": one, "relationshipType": how, "to": list(others), **properties}
        return self.add("Relationship", f"relationship-{self._count}", **told)

    def licensed(self, element: str, declared: str = "") -> None:
        """Say under which licence an element is declared to be; nothing is concluded here."""
        at = element.rpartition("#")[2]
        to = NO_ASSERTION
        if declared:
            to = self.add("simplelicensing_SimpleLicensingText", f"licence-{at}", name=declared[:LONGEST],
                          simplelicensing_licenseText=declared[:LONGEST])  # fmt: skip
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
    return [
        {"type": "Hash", "algorithm": _ALGORITHMS[n], "hashValue": v} for n, v in found if n in _ALGORITHMS
    ]


def write(bill: Bill) -> dict[str, Any]:
    """Return the document: what it is of, and each package that it contains."""
    gaps = "; ".join(f"{what}: {why}" for what, why in bill.gaps[:50])
    graph = Graph(
        f"urn:uuid:{bill.id}", bill.made, f"assay-{bill.tool}", f"Incomplete. {gaps}" if gaps else ""
    )
    bare = bill.digest.removeprefix("sha256:")
    root = graph.add(
        "software_Package", "subject", name=bill.name, software_packageVersion=bill.digest or "unpinned",
        software_primaryPurpose=_PURPOSES.get(bill.kind, "other"),
        verifiedUsing=hashed([("SHA-256", bare)]) if re.fullmatch(r"[0-9a-f]{64}", bare) else None,
    )  # fmt: skip
    inside = []
    if bill.system.id:
        inside.append(
            graph.add(
                "software_Package",
                "system",
                name=bill.system.id,
                software_packageVersion=bill.system.version,
                software_primaryPurpose="operatingSystem",
                summary=bill.system.name,
            )
        )
    inside += [_package(graph, package, n) for n, package in enumerate(bill.packages)]
    if inside:
        whole = "incomplete" if bill.gaps else "complete"
        graph.relate(root, "contains", inside, completeness=whole)
    models = any(p.kind == "mlmodel" for p in bill.packages)
    profiles = ["core", "software", "simpleLicensing", *(["ai"] if models else [])]
    return graph.document(bill.name, root, profiles, ["analyzed"])


def _package(graph: Graph, package: Package, number: int) -> str:
    model = package.kind == "mlmodel"
    told = {
        "name": package.full,
        "software_packageVersion": package.version or None,
        "software_packageUrl": package.purl,
        "verifiedUsing": hashed(hashes(package.digests)),
        "software_sourceInfo": f"found in {package.path}" if package.path else "",
        "comment": f"assay:owner={package.owner}" if package.owner else "",
    }
    if not model:
        id_ = graph.add("software_Package", f"package-{number}", software_primaryPurpose="library", **told)
        if package.licence:
            graph.licensed(id_, package.licence)
        return id_
    about = package.about
    family = str(about.get("architecture") or "")
    id_ = graph.add(
        "ai_AIPackage", f"model-{number}", software_primaryPurpose="model", ai_typeOfModel=[family] if family else None,
        description=" ".join(filter(None, (str(about.get("format") or ""), "model"))),
        **told | {"comment": _MODEL},
    )  # fmt: skip
    graph.licensed(id_, package.licence)
    return id_


def read(document: Mapping[str, Any]) -> Told:
    """Return what a document lists: elements of software and AI packages with a package URL; those without are gaps."""
    packages: list[Package] = []
    unnamed, system, whole = 0, System(), True
    elements = [e for e in document.get("@graph") or () if isinstance(e, dict)]
    roots = {str(r) for e in elements if _kind(e).endswith("Sbom") for r in e.get("rootElement") or ()}
    for one in elements:
        kind = _kind(one)
        if (
            kind == "Relationship"
            and one.get("relationshipType") == "contains"
            and one.get("completeness") == "incomplete"
        ):
            whole = False
        if not kind.endswith(("software_Package", "ai_AIPackage", "dataset_DatasetPackage")):
            continue
        name, version = (str(one.get(k, ""))[:LONGEST] for k in ("name", "software_packageVersion"))
        if one.get("software_primaryPurpose") == "operatingSystem" and not one.get("software_packageUrl"):
            system = System(name[:80].lower(), version[:80]) if one.get("spdxId") not in roots else system
            continue
        url = _url(one)
        if url:
            packages.append(_told(one, url, name, version))
        elif kind.endswith("software_Package") and one.get("spdxId") not in roots:
            unnamed += 1
        if len(packages) > MOST:
            raise Unreadable(f"it lists more than {MOST:,} packages")
    gaps = []
    if unnamed:
        gaps.append((f"{unnamed:,} packages", "they have no package URL, so that nothing says what they are"))
    if not whole:
        gaps.append(("the bill of materials", "it says of itself that it is incomplete"))
    names = [str(e.get("name", ""))[:LONGEST] for e in elements if _kind(e) == "SpdxDocument"]
    return Told(system, tuple(packages), tuple(gaps), tuple(n for n in names if n))


def _kind(element: Mapping[str, Any]) -> str:
    return str(element.get("type") or element.get("@type") or "")


def _url(one: Mapping[str, Any]) -> str:
    said = one.get("software_packageUrl")
    others = one.get("externalIdentifier")
    for other in others if isinstance(others, list) else ():
        if isinstance(other, dict) and other.get("externalIdentifierType") == "packageUrl":
            said = said or other.get("identifier")
    return said if isinstance(said, str) else ""


def _told(one: Mapping[str, Any], url: str, name: str, version: str) -> Package:
    digests = {
        _BACK[str(h["algorithm"])]: str(h.get("hashValue"))
        for h in one.get("verifiedUsing") or ()
        if isinstance(h, dict) and str(h.get("algorithm")) in _BACK
    }
    path = str(one.get("software_sourceInfo") or "").removeprefix("found in ")[:LONGEST]
    if _kind(one).endswith("ai_AIPackage") and one.get("comment") == _MODEL:
        return Package("mlmodel", name, version, path=path, digests=digests)
    owner = re.fullmatch(r"assay:owner=(\S+)", str(one.get("comment") or ""))
    return replace(from_purl(url, path), digests=digests, owner=owner[1] if owner else "")
