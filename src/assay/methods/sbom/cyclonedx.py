"""CycloneDX, 1.5 and 1.6 as JSON. https://cyclonedx.org/docs/1.6/json/

A model is a component of the type machine-learning-model, with what its file says in a modelCard. What could not be read stands in
``compositions`` as incomplete, so that whoever takes the bill for the whole is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from assay.methods.packages.osrelease import System
from assay.methods.packages.package import LONGEST, Package, Unreadable, from_purl
from assay.methods.sbom.bill import Bill, Told, hashes

VERSIONS = ("1.5", "1.6")
MOST = 1_000_000
_DEEPEST = 50


def write(bill: Bill, version: str = "1.6") -> dict[str, Any]:
    """Return the document."""
    refs: dict[str, int] = {}
    components = [_component(p, refs) for p in bill.packages]
    if bill.system.id:
        components.insert(0, _system(bill.system))
    return {
        "$schema": f"http://cyclonedx.org/schema/bom-{version}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": version,
        "serialNumber": f"urn:uuid:{bill.id}",
        "version": 1,
        "metadata": {
            "timestamp": bill.made,
            "tools": {"components": [{"type": "application", "name": "assay", "version": bill.tool}]},
            "component": {
                "type": bill.kind,
                "bom-ref": "subject",
                "name": bill.name,
                "version": bill.digest or "unpinned",
            },
        },
        "components": components,
        "compositions": [
            {"aggregate": "incomplete" if bill.gaps else "complete", "assemblies": ["subject"]},
        ],
        **({"properties": _gaps(bill)} if bill.gaps else {}),
    }


def _gaps(bill: Bill) -> list[dict[str, str]]:
    return [{"name": "assay:gap", "value": f"{what}: {why}"} for what, why in bill.gaps[:200]]


def _system(system: System) -> dict[str, Any]:
    told = {"type": "operating-system", "bom-ref": "system", "name": system.id, "version": system.version}
    return {
        **told,
        "description": system.name,
        "properties": _properties({"assay:like": " ".join(system.like)}),
    }


def _component(package: Package, refs: dict[str, int]) -> dict[str, Any]:
    model = package.kind == "mlmodel"
    purl = package.purl
    refs[purl] = refs.get(purl, 0) + 1
    ref = purl if refs[purl] == 1 else f"{purl}#{refs[purl]}"
    out: dict[str, Any] = {
        "type": "machine-learning-model" if model else "library",
        "bom-ref": ref,
        **(
            {"group": package.namespace}
            if package.namespace and package.kind not in ("deb", "apk", "rpm")
            else {}
        ),
        "name": package.name,
        **({"version": package.version} if package.version else {}),
        "purl": purl,
    }
    if package.licence:
        out["licenses"] = [{"license": {"name": package.licence}}]
    found = hashes(package.digests)
    if found:
        out["hashes"] = [{"alg": name, "content": value} for name, value in found]
    if package.path:
        out["evidence"] = {"occurrences": [{"location": package.path}]}
    told = {"assay:owner": package.owner, "assay:wanted": str(package.about.get("wanted", ""))}
    told |= {f"assay:{k}": " ".join(package.about.get(k, ())) for k in ("requires", "modules")}
    properties = _properties(told)
    if model:
        out["modelCard"] = {"properties": _properties({k: str(v) for k, v in package.about.items()})}
        architecture = package.about.get("architecture")
        if architecture:
            out["modelCard"]["modelParameters"] = {"modelArchitecture": str(architecture)}
    return {**out, **({"properties": properties} if properties else {})}


def _properties(told: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in told.items() if value]


def read(document: Mapping[str, Any]) -> Told:
    """Return what a document lists; components without a package URL are gaps, since nothing says what they are."""
    packages: list[Package] = []
    gaps: list[tuple[str, str]] = []
    system = System()
    unnamed = 0
    for one in _walk(document.get("components"), 0):
        kind = one.get("type")
        if kind == "operating-system":
            system = System(str(one.get("name", ""))[:80].lower(), str(one.get("version", ""))[:80])
        elif kind == "machine-learning-model" or isinstance(one.get("purl"), str):
            packages.append(_package(one, kind == "machine-learning-model"))
        elif kind in ("library", "framework", "application") and not one.get("components"):
            unnamed += 1
        if len(packages) > MOST:
            raise Unreadable(f"it lists more than {MOST:,} components")
    if unnamed:
        gaps.append(
            (f"{unnamed:,} components", "they have no package URL, so that nothing says what they are")
        )
    for one in document.get("compositions") or ():
        if isinstance(one, dict) and str(one.get("aggregate")).startswith("incomplete"):
            gaps.append(("the bill of materials", "it says of itself that it is incomplete"))
            break
    subject = (document.get("metadata") or {}).get("component") or {}
    names = (str(subject.get("name"))[:LONGEST],) if isinstance(subject, dict) and subject.get("name") else ()
    return Told(system, tuple(packages), tuple(gaps), names)


def _walk(found: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    if depth > _DEEPEST:
        raise Unreadable(f"its components nest deeper than {_DEEPEST}")
    for one in found if isinstance(found, list) else ():
        if isinstance(one, dict):
            yield one
            yield from _walk(one.get("components"), depth + 1)


def _package(one: Mapping[str, Any], model: bool) -> Package:
    places = (one.get("evidence") or {}).get("occurrences") or [{}]
    path = str(places[0].get("location", ""))[:LONGEST] if isinstance(places[0], dict) else ""
    told = {p.get("name"): p.get("value") for p in one.get("properties") or () if isinstance(p, dict)}
    path = (
        path
        or str(told.get("syft:location:0:path") or told.get("aquasecurity:trivy:FilePath") or "")[:LONGEST]
    )
    digests = {
        str(h["alg"]): str(h["content"])
        for h in one.get("hashes") or ()
        if isinstance(h, dict) and "alg" in h and "content" in h
    }
    if model:
        name, version = str(one.get("name", ""))[:LONGEST], str(one.get("version", ""))[:LONGEST]
        return Package("mlmodel", name, version, path=path, digests=digests)
    kept = {k: str(told.get(f"assay:{k}") or "").split() for k in ("requires", "modules")} if told else {}
    about = {k: v for k, v in kept.items() if v}
    return from_purl(str(one["purl"]), path, str(told.get("assay:owner") or ""), digests, about)
