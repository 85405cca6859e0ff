"""Each record of packages, as its tool writes it, and what is wrong with it told."""

import io
import json
import struct
import zipfile
import zlib

import pytest

from assay.methods.packages import (
    apk,
    binary,
    cargolock,
    conda,
    dpkg,
    java,
    npm,
    npmlock,
    osrelease,
    python,
    rlang,
)  # fmt: skip
from assay.methods.packages.package import Unreadable, from_purl, parsed
from assay.methods.packages.wanted import kind_of, resolved


def urls(found):
    return [p.purl for p in found]


def test_dpkg_leaves_out_what_is_removed_and_takes_distroless_files():
    status = (
        b"Package: a\nStatus: install ok installed\nVersion: 1\n\nPackage: b\nStatus: deinstall ok config-files\nVersion: 2\n\n"
        b"Package: c\nStatus: install ok half-configured\nSource: cc (9)\nVersion: 3\n"
    )
    assert [(p.name, p.source, p.source_version) for p in dpkg.read(status, "var/lib/dpkg/status")] == [
        ("a", "a", "1"), ("c", "cc", "9"),
    ]  # fmt: skip
    assert urls(dpkg.read(b"Package: d\nVersion: 4\n", "var/lib/dpkg/status.d/d")) == ["pkg:deb/d@4"]
    with pytest.raises(Unreadable):
        list(dpkg.read(b"Package: a\nStatus: install ok installed\n", "var/lib/dpkg/status"))


def test_apk_names_the_origin_and_the_files_that_tell_of_others():
    raw = b"C:Q1x\nP:py3-six\nV:1.16.0-r9\nA:x86_64\nL:MIT\no:six\nF:usr/lib/python3.12/site-packages/six-1.16.0.dist-info\nR:METADATA\n\n"
    found = next(apk.read(raw, "lib/apk/db/installed"))
    assert (found.name, found.version, found.source) == ("py3-six", "1.16.0-r9", "six")
    assert found.about["files"] == ("usr/lib/python3.12/site-packages/six-1.16.0.dist-info/METADATA",)


def test_python_and_its_modules():
    raw = b"Metadata-Version: 2.1\nName: Typing_Extensions\nVersion: 4.1\nRequires-Dist: a>=1\nRequires-Dist: b; extra == 'x'\n\nVersion: 9\n"
    found = next(python.read(raw, "x"))
    assert found.purl == "pkg:pypi/typing-extensions@4.1" and found.about["requires"] == ["a"]
    named = python.modules(
        b"mod/__init__.py,,\nsingle.py,,\na-1.dist-info/METADATA,,\n../../bin/x,,\n", "RECORD"
    )
    assert named == ["mod", "single"]


def test_npm_as_installed_and_as_locked():
    one = json.dumps({"name": "@a/b", "version": "1.0.0"}).encode()
    assert urls(npm.read(one, "app/node_modules/@a/b/package.json")) == ["pkg:npm/%40a/b@1.0.0"]
    assert urls(npm.read(one, "app/node_modules/@a/b/test/package.json")) == []
    first = {
        "lockfileVersion": 1,
        "dependencies": {"x": {"version": "1.2.3", "dependencies": {"y": {"version": "2.0.0"}}}},
    }
    third = {
        "lockfileVersion": 3,
        "packages": {
            "": {"name": "own"},
            "node_modules/x": {"version": "1.2.3"},
            "node_modules/x/node_modules/y": {"version": "2.0.0"},
            "lib": {"version": "1.0.0"},
        },
    }
    for lock in (first, third):
        assert urls(npmlock.read(json.dumps(lock).encode(), "l")) == ["pkg:npm/x@1.2.3", "pkg:npm/y@2.0.0"]


def test_conda_cargo_and_r():
    assert urls(conda.read(b'{"name": "numpy", "version": "2.0", "sha256": "ab"}', "c")) == [
        "pkg:conda/numpy@2.0"
    ]
    lock = b'[[package]]\nname = "own"\nversion = "1.0.0"\n[[package]]\nname = "serde"\nversion = "1.0.1"\nsource = "registry+x"\n'
    assert urls(cargolock.read(lock, "Cargo.lock")) == ["pkg:cargo/serde@1.0.1"]
    assert urls(rlang.read(b"Package: dplyr\nVersion: 1.1.4\nBuilt: R 4.4.0\n", "r")) == [
        "pkg:cran/dplyr@1.1.4"
    ]
    assert urls(rlang.read(b"Package: base\nVersion: 4.4\nPriority: base\nBuilt: R 4.4.0\n", "r")) == []


def jar(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def test_java_archives_within_archives():
    inner = jar(
        {"META-INF/maven/org.x/core/pom.properties": "#c\ngroupId=org.x\nartifactId=core\nversion=2.14.1\n"}
    )
    raw = jar(
        {
            "META-INF/MANIFEST.MF": "Implementation-Vendor-Id: com.y\r\nImplementation-Version: 3.0\r\n",
            "WEB-INF/lib/core.jar": inner,
        }
    )
    found = list(java.read(io.BytesIO(raw), "app/web.war", len(raw)))
    assert urls(found) == ["pkg:maven/org.x/core@2.14.1", "pkg:maven/com.y/web@3.0"]
    assert found[0].path == "app/web.war!WEB-INF/lib/core.jar"
    for damaged in (raw[: len(raw) // 2], b"none", raw[:-30]):
        with pytest.raises(Unreadable):
            list(java.read(io.BytesIO(damaged), "x.jar", len(damaged)))
    deep = inner
    for _ in range(6):
        deep = jar({"a.jar": deep})
    with pytest.raises(Unreadable, match="deeper"):
        list(java.read(io.BytesIO(deep), "x.jar", len(deep)))


@pytest.mark.parametrize(
    ("monkey", "said"), [({"bytes": 5_000}, "more is packed"), ({"members": 20}, "more is packed"), ({}, "")]
)
def test_all_that_a_java_archive_holds_is_unpacked_from_one_budget(monkey, said):
    """Each archive within it had a budget of its own, so that ten thousand of them were unpacked for days."""
    one = jar({"META-INF/MANIFEST.MF": "a: " + "b" * 900, "x": "y"})
    raw = jar({f"{n}.jar": one for n in range(12)})
    budget = java._Budget(**monkey)
    if said:
        with pytest.raises(Unreadable, match=said):
            list(java.read(io.BytesIO(raw), "a.jar", len(raw), budget=budget))
    else:
        assert len(list(java.read(io.BytesIO(raw), "a.jar", len(raw), budget=budget))) == 13


@pytest.mark.parametrize("way", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_java_archive_packed_as_java_reads_none_is_unreadable(way):
    """LZMA's header asks for a dictionary of up to 4 GiB before the first byte comes out."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", way) as archive:
        archive.writestr("META-INF/MANIFEST.MF", "a: b")
    with pytest.raises(Unreadable, match="packed in a way"):
        list(java.read(out, "a.jar", 1)) if out.seek(0) == 0 else None


def test_a_java_archive_whose_list_of_members_is_endless_is_unreadable():
    raw = bytearray(jar({"a": "b"}))
    raw[-10:-6] = (65 << 20).to_bytes(4, "little")
    with pytest.raises(Unreadable, match="list of members"):
        list(java.read(io.BytesIO(raw), "a.jar", len(raw)))


@pytest.mark.parametrize("text", ["[" + "a." * 300_000 + "a]", "[a.b.c.d.e.f.g]", "a.b.c.d.e.f.g = 1", "x = {" + "a." * 300 + "a = 1}"])  # fmt: skip
def test_a_lock_of_cargo_with_a_name_of_many_parts_is_unreadable(text):
    """Seven megabytes of names of two parts and more were read for minutes."""
    with pytest.raises(Unreadable, match="parts"):
        list(cargolock.read(text.encode(), "Cargo.lock"))


def elf(sections):
    """An ELF file of 64 bits with the sections given, name → bytes."""
    names, data, headers = b"\0", b"", [bytes(64)]
    for name, content in [*sections.items(), (".shstrtab", None)]:
        at = len(names)
        names += name.encode() + b"\0"
        content = names if content is None else content
        data += bytes(-(64 + len(data)) % 16)
        headers.append(struct.pack("<IIQQQQIIQQ", at, 1, 0, 0, 64 + len(data), len(content), 0, 0, 1, 0))
        data += content
    head = b"\x7fELF\x02\x01\x01" + bytes(9)
    head += struct.pack(
        "<HHIQQQIHHHHHH", 2, 62, 1, 0, 0, 64 + len(data), 0, 64, 0, 0, 64, len(headers), len(headers) - 1
    )
    return head + data + b"".join(headers)


def varint(text):
    raw, length, out = text.encode("latin-1"), len(text), b""
    while length > 127:
        out, length = out + bytes([length & 127 | 128]), length >> 7
    return out + bytes([length]) + raw


def test_go_programs_say_their_modules_and_what_replaces_them():
    told = "path\tx\nmod\texample.org/app\t(devel)\t\ndep\texample.org/a/b\tv1.2.3\th1:x=\ndep\texample.org/old\tv1.0.0\n=>\texample.org/new\tv2.0.0\th1:y=\n"
    info = (
        b"\xff Go buildinf:\x08\x02".ljust(32, b"\0")
        + varint("go1.22.1")
        + varint("0" * 16 + told + "0" * 16)
    )
    raw = elf({".text": b"x" * 100, ".go.buildinfo": info})
    assert urls(binary.read(io.BytesIO(raw), "bin/app", len(raw))) == [
        "pkg:golang/stdlib@1.22.1", "pkg:golang/example.org/a/b@v1.2.3", "pkg:golang/example.org/new@v2.0.0",
    ]  # fmt: skip
    cut = b"MZ" + bytes(14) + info[:40]
    with pytest.raises(Unreadable, match="cut short"):
        list(binary.read(io.BytesIO(cut), "app.exe", len(cut)))


def test_rust_programs_say_their_crates():
    told = {
        "packages": [
            {"name": "app", "version": "0.1.0", "source": "local", "root": True},
            {"name": "ring", "version": "0.17.8", "source": "crates.io"},
            {"name": "cc", "version": "1.0.0", "source": "crates.io", "kind": "build"},
        ]
    }
    raw = elf({".dep-v0": zlib.compress(json.dumps(told).encode())})
    assert urls(binary.read(io.BytesIO(raw), "bin/app", len(raw))) == ["pkg:cargo/ring@0.17.8"]
    bomb = elf({".dep-v0": zlib.compress(bytes(80 << 20), 9)})
    with pytest.raises(Unreadable):
        list(binary.read(io.BytesIO(bomb), "bin/app", len(bomb)))


def test_package_urls_go_there_and_back():
    for text in (
        "pkg:deb/debian/libssl3@3.0.11-1~deb12u1?arch=amd64&distro=debian-12&upstream=openssl",
        "pkg:npm/%40a/b@1.0.0",
        "pkg:golang/example.org/a/b@v1.2.3",
        "pkg:maven/org.x/core@2.14.1",
    ):
        assert from_purl(text).purl == text
    assert parsed("pkg:npm/%40a/b@1.0.0")[:4] == ("npm", "@a", "b", "1.0.0")
    with pytest.raises(Unreadable):
        parsed("https://example.org")
    syft = from_purl(
        "pkg:rpm/rhel/glibc@2.34-60.el9?arch=x86_64&upstream=glibc-2.34-60.el9.src.rpm&distro=rhel-9"
    )
    assert syft.source == "glibc"


def test_a_system_is_read_from_its_own_words():
    found = osrelease.read(b"ID=alpine\nVERSION_ID=3.20.1\nPRETTY_NAME='Alpine Linux v3.20'\n")
    assert (found.id, found.version, found.name) == ("alpine", "3.20.1", "Alpine Linux v3.20")


def test_links_are_followed_within_the_image_and_loops_end():
    assert resolved("lib/apk/db/installed", {"lib": "usr/lib"}) == "usr/lib/apk/db/installed"
    assert resolved("a/b", {"a": "../../../x"}) == "x/b"
    assert resolved("a/b", {"a": "c", "c": "a"}) == ""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("var/lib/dpkg/status", "dpkg"), ("opt/var/lib/dpkg/status.txt", ""), ("var/lib/dpkg/status.d/base.md5sums", ""),
        ("a/x.dist-info/METADATA", "python"), ("a/METADATA", ""), ("a/node_modules/b/package.json", "npm"),
        ("a/package.json", "lock"), ("x/model.safetensors", "model"), ("usr/bin/app", "binary"), ("var/lib", "above"),
    ],
)  # fmt: skip
def test_files_are_told_by_their_path(path, kind):
    assert kind_of(path, 1 << 20) == kind
