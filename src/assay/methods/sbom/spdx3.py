"""SPDX 3.0.1 as JSON-LD, out and in: profiles core, software, simple licensing and AI. https://spdx.github.io/spdx-spec/v3.0.1/

A graph of elements with one CreationInfo. A model's file is an AIPackage of the purpose ``model``; since the AI profile demands it, each
has a declared and a concluded licence, which is no assertion where nobody says one. What could not be read makes the relationship
that lists the contents ``incomplete``, and stands in the creation's comment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from assay.kernel.spdxgraph import ALGORITHMS, Graph, hashed
from assay.methods.packages.osrelease import System
from assay.methods.packages.package import LONGEST, Package, Unreadable, from_purl
from assay.methods.sbom.bill import Bill, Told, hashes

MOST = 1_000_000
_MODEL = "assay:model"  # how a model's file is known again
_BACK = {v: k for k, v in ALGORITHMS.items()}
_PURPOSES = {"operating-system": "operatingSystem"} | {k: k for k in ("container", "application", "file")}


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
            graph.licensed(id_, package.licence[:LONGEST])
        return id_
    about = package.about
    family = str(about.get("architecture") or "")
    id_ = graph.add(
        "ai_AIPackage", f"model-{number}", software_primaryPurpose="model", ai_typeOfModel=[family] if family else None,
        description=" ".join(filter(None, (str(about.get("format") or ""), "model"))),
        **told | {"comment": _MODEL},
    )  # fmt: skip
    graph.licensed(id_, package.licence[:LONGEST])
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
