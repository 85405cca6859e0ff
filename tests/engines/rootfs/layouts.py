"""OCI layouts made for tests: layers of tar members, as an image builder writes them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import platform
import subprocess
import sys
import sysconfig
import tarfile
from pathlib import Path

ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


def member(name, content=b"", kind=tarfile.REGTYPE, mode=0o644, link="", **more):
    made = tarfile.TarInfo(name)
    made.type, made.mode, made.linkname, made.size = kind, mode, link, len(content)
    for key, value in more.items():
        setattr(made, key, value)
    return made, content


def folder(name, mode=0o755):
    return member(name, kind=tarfile.DIRTYPE, mode=mode)


def link(name, to):
    return member(name, kind=tarfile.SYMTYPE, link=to)


def hard(name, to):
    return member(name, kind=tarfile.LNKTYPE, link=to)


def tar(members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for made, content in members:
            archive.addfile(made, io.BytesIO(content))
    return out.getvalue()


def layout(path, layers, config=None, *, packed=True, architecture=ARCHITECTURE, diffs=None):
    """Write a layout; layers: lists of members, or the bytes of a tar."""
    blobs = path / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def blob(content, kind):
        digest = hashlib.sha256(content).hexdigest()
        (blobs / digest).write_bytes(content)
        return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(content)}

    tars = [one if isinstance(one, bytes) else tar(one) for one in layers]
    said = diffs or [f"sha256:{hashlib.sha256(one).hexdigest()}" for one in tars]
    about = {
        "architecture": architecture, "os": "linux", "config": config or {}, "rootfs": {"type": "layers", "diff_ids": said},
    }  # fmt: skip
    manifest = {
        "schemaVersion": 2,
        "config": blob(json.dumps(about).encode(), "application/vnd.oci.image.config.v1+json"),
        "layers": [
            blob(gzip.compress(one, 1, mtime=0) if packed else one, "application/vnd.oci.image.layer.v1.tar")
            for one in tars
        ],
    }
    held = blob(json.dumps(manifest).encode(), "application/vnd.oci.image.manifest.v1+json")
    (path / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [held]}))
    (path / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return path


def python():
    """Return members of a layer that holds this machine's own python3, its standard library, and the libraries it needs."""
    program, library = Path(sys._base_executable).resolve(), Path(sysconfig.get_path("stdlib"))
    files = [program]
    for path in library.rglob("*"):
        apart = {"__pycache__", "test", "site-packages", "idlelib", "ensurepip", "tkinter"}
        if path.is_file() and not apart.intersection(path.relative_to(library).parts[:-1]):
            files.append(path)
    made = [member(str(f).lstrip("/"), f.read_bytes(), mode=0o755) for f in files]
    said = subprocess.run(["ldd", str(program)], capture_output=True, text=True).stdout
    needed = {word for word in said.split() if word.startswith("/")} - {str(f) for f in files}
    made += [member(word.lstrip("/"), Path(word).read_bytes(), mode=0o755) for word in sorted(needed)]
    return [*made, link("usr/bin/python3", str(program))]
