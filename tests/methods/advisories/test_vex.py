"""Statements of VEX: which package of which image each speaks of, and which of two is the later."""

import json

import pytest

from assay.methods.advisories import vex
from assay.methods.packages.package import Package

CORE = Package("npm", "core", "1.0", "@angular")
APP = vex.Subject(("registry.example:5000/team/app:1#linux/amd64",), "sha256:" + "a" * 64)


def status(statements, package=CORE, subject=APP):
    document = {"@context": "https://openvex.dev/ns/v0.2.0", "timestamp": "2026-01-01T00:00:00Z"}
    known = vex.read(json.dumps({**document, "statements": statements}).encode())
    found = vex.said(known, ["CVE-1"], package, subject)
    return found.status if found else None


def statement(*products, status="not_affected", **more):
    return {"vulnerability": {"name": "CVE-1"}, "status": status, "products": list(products), **more}


def of(image, *parts):
    return {"@id": image, "subcomponents": [{"@id": p} for p in parts]}


def test_the_parts_of_one_product_are_none_of_another():
    two = statement(of("pkg:oci/app", "pkg:npm/other"), of("pkg:oci/another", "pkg:npm/%40angular/core"))
    assert status([two]) is None
    assert status([statement(of("pkg:oci/another", "pkg:npm/x"), of("pkg:oci/app"))]) == "not_affected"


@pytest.mark.parametrize(
    ("product", "clears"),
    [
        ("pkg:oci/app", True),
        ("pkg:oci/app?tag=1", True),
        ("pkg:oci/app?tag=2", False),
        ("pkg:oci/app?repository_url=registry.example:5000/team/app&tag=1", True),
        ("pkg:oci/app?repository_url=registry.example:5000/team", True),
        ("pkg:oci/app?repository_url=ghcr.io/others/app", False),
        ("pkg:npm/%40angular/core", True),
        ("pkg:npm/core", False),
        ("pkg:npm/%40babel/core", False),
    ],
)
def test_a_product_is_the_one_that_it_names_whole(product, clears):
    assert status([statement(product)]) == ("not_affected" if clears else None)


def test_an_image_without_a_host_is_the_hubs():
    debian = vex.Subject(("debian:12",), "")
    assert status([statement("pkg:oci/debian?repository_url=docker.io/library/debian")], subject=debian)
    assert status([statement("pkg:oci/debian?repository_url=ghcr.io/x/debian")], subject=debian) is None


def test_a_package_of_a_system_may_be_named_without_its_distribution():
    zlib = Package("deb", "zlib1g", "1.2.13", "debian")
    assert status([statement("pkg:deb/zlib1g")], zlib) == "not_affected"


def test_of_two_moments_the_later_one_counts_whatever_their_offsets():
    early = statement("pkg:oci/app", timestamp="2026-01-02T01:00:00+05:00")  # the evening before, in UTC
    late = statement("pkg:oci/app", status="affected", timestamp="2026-01-01T23:00:00Z")
    assert status([late, early]) == status([early, late]) == "affected"
