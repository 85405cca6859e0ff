"""SPDX 2.3 as JSON, out and in; version 3 is in ``spdx3``. https://spdx.github.io/spdx-spec/v2.3/"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from assay.methods.packages.osrelease import System
from assay.methods.packages.package import LONGEST, Package, Unreadable, from_purl
from assay.methods.sbom.bill import KINDS, Bill, Told, hashes

MOST = 1_000_000
_ODD = re.compile(r"[^A-Za-z0-9.-]+")
_NONE = "NOASSERTION"


def write(bill: Bill) -> dict[str, Any]:
    """Return the document: what it is of, and each package that it contains."""
    root = "SPDXRef-Subject"
    packages = [_root(bill, root)]
    relations = [_related("SPDXRef-DOCUMENT", "DESCRIBES", root)]
    if bill.system.id:
        packages.append(_plain("SPDXRef-System", bill.system.id, bill.system.version, "OPERATING-SYSTEM"))
        relations.append(_related(root, "CONTAINS", "SPDXRef-System"))
    for number, package in enumerate(bill.packages):
        id_ = f"SPDXRef-{_ODD.sub('-', f'{package.kind}-{package.name}')[:80]}-{number}"
        packages.append(_package(package, id_))
        relations.append(_related(root, "CONTAINS", id_))
    comment = "; ".join(f"{what}: {why}" for what, why in bill.gaps[:50])
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": bill.name,
        "documentNamespace": f"urn:uuid:{bill.id}",
        "creationInfo": {
            "created": re.sub(r"\.\d+", "", bill.made),  # 6.9: to the second, and no finer
            "creators": [f"Tool: assay-{bill.tool}"],
            **({"comment": f"Incomplete. {comment}"} if comment else {}),
        },
        "packages": packages,
        "relationships": relations,
    }


def _related(one: str, how: str, other: str) -> dict[str, str]:
    return {"spdxElementId": one, "relationshipType": how, "relatedSpdxElement": other}


def _plain(id_: str, name: str, version: str, purpose: str) -> dict[str, Any]:
    return {
        "SPDXID": id_,
        "name": name,
        **({"versionInfo": version} if version else {}),
        "downloadLocation": _NONE,
        "filesAnalyzed": False,
        "licenseConcluded": _NONE,
        "licenseDeclared": _NONE,
        "copyrightText": _NONE,
        "primaryPackagePurpose": purpose,
    }


def _root(bill: Bill, id_: str) -> dict[str, Any]:
    purpose = bill.kind.upper() if bill.kind in KINDS else "OTHER"
    return _plain(id_, bill.name, bill.digest, purpose)


def _package(package: Package, id_: str) -> dict[str, Any]:
    model = package.kind == "mlmodel"
    out = _plain(id_, package.full, package.version, "OTHER" if model else "LIBRARY")
    out["externalRefs"] = [
        {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": package.purl}
    ]
    if package.licence:
        out["licenseComments"] = f"declared as: {package.licence}"
    found = hashes(package.digests)
    if found:
        out["checksums"] = [{"algorithm": n.replace("-", ""), "checksumValue": v} for n, v in found]
    if package.path:
        out["sourceInfo"] = f"found in {package.path}"
    if package.owner:
        out["comment"] = f"assay:owner={package.owner}"
    if model:
        out["description"] = "machine-learning model " + str(package.about.get("format") or "")
    return out


def read(document: Mapping[str, Any]) -> Told:
    """Return what a document of version 2 lists; packages without a package URL are gaps."""
    packages: list[Package] = []
    system, unnamed = System(), 0
    found = document.get("packages")
    described = {
        str(r.get("relatedSpdxElement"))
        for r in document.get("relationships") or ()
        if isinstance(r, dict) and r.get("relationshipType") == "DESCRIBES"
    } | {str(d) for d in document.get("documentDescribes") or ()}
    for one in found if isinstance(found, list) else ():
        if not isinstance(one, dict):
            continue
        if len(packages) > MOST:
            raise Unreadable(f"it lists more than {MOST:,} packages")
        if one.get("primaryPackagePurpose") == "OPERATING-SYSTEM":
            system = System(str(one.get("name", ""))[:80].lower(), str(one.get("versionInfo", ""))[:80])
            continue
        urls = [
            str(r.get("referenceLocator"))
            for r in one.get("externalRefs") or ()
            if isinstance(r, dict) and r.get("referenceType") == "purl"
        ]
        if urls:
            place = str(one.get("sourceInfo") or "")[:LONGEST]
            package = from_purl(urls[0], place.removeprefix("found in "))
            digests = {
                _dashed(str(c["algorithm"])): str(c["checksumValue"])
                for c in one.get("checksums") or ()
                if isinstance(c, dict) and "algorithm" in c and "checksumValue" in c
            }
            owner = re.fullmatch(r"assay:owner=(\S+)", str(one.get("comment") or ""))
            model = str(one.get("description") or "").startswith("machine-learning model")
            kind = "mlmodel" if model else package.kind
            packages.append(replace(package, kind=kind, digests=digests, owner=owner[1] if owner else ""))
        elif str(one.get("SPDXID")) not in described:
            unnamed += 1
    return Told(system, tuple(packages), _gaps(document, unnamed), (str(document.get("name", ""))[:LONGEST],))


def _dashed(algorithm: str) -> str:
    return re.sub(r"^SHA(\d)", r"SHA-\1", algorithm)


def _gaps(document: Mapping[str, Any], unnamed: int) -> tuple[tuple[str, str], ...]:
    out = []
    if unnamed:
        out.append((f"{unnamed:,} packages", "they have no package URL, so that nothing says what they are"))
    if str((document.get("creationInfo") or {}).get("comment") or "").startswith("Incomplete."):
        out.append(("the bill of materials", "it says of itself that it is incomplete"))
    return tuple(out)
