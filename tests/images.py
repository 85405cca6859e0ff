"""Images, root directories and mirrors of advisories, made for tests; nothing in them runs."""

import gzip
import hashlib
import io
import json
import tarfile
import zipfile
from pathlib import Path

DEBIAN = 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n'


class NoWork:
    """A check's hands where only progress is told."""

    def progress(self, done, of, what=""):
        """Say nothing."""


def stanza(name, version, source="", status="install ok installed"):
    told = f"Package: {name}\nStatus: {status}\nArchitecture: amd64\nVersion: {version}\n"
    return told + (f"Source: {source}\n" if source else "") + "Description: a package\n of several lines\n\n"


def tree(root, files):
    """Write files, path → text or bytes, below a folder."""
    for path, content in files.items():
        place = Path(root) / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)
    return Path(root)


def layer(files, *, hard=(), soft=(), format=tarfile.PAX_FORMAT):
    """Return a plain tar of files, path → content (None: a folder), with links as (path, target)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format) as archive:
        for path, content in files.items():
            info = tarfile.TarInfo(path)
            if content is None:
                info.type = tarfile.DIRTYPE
                archive.addfile(info)
                continue
            body = content.encode() if isinstance(content, str) else content
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
        for kind, pairs in ((tarfile.LNKTYPE, hard), (tarfile.SYMTYPE, soft)):
            for path, target in pairs:
                info = tarfile.TarInfo(path)
                info.type, info.linkname = kind, target
                archive.addfile(info)
    return out.getvalue()


def digest(raw):
    return "sha256:" + hashlib.sha256(raw).hexdigest()


def zstd(raw):
    import pyarrow as pa

    return pa.Codec("zstd").compress(raw, asbytes=True)


def docker_save(path, layers, tags=("app:1",), wrong=False, architecture="amd64"):
    """Write what `docker save` writes: manifest.json, a configuration, and a tar a layer."""
    ids = [digest(raw) for raw in layers]
    if wrong:
        ids[-1] = digest(b"another")
    config = json.dumps(
        {"os": "linux", "architecture": architecture, "rootfs": {"type": "layers", "diff_ids": ids}}
    )
    name = hashlib.sha256(config.encode()).hexdigest()
    files = {f"{n}/layer.tar": raw for n, raw in enumerate(layers)}
    manifest = [{"Config": f"{name}.json", "RepoTags": list(tags), "Layers": list(files)}]
    whole = layer({**files, f"{name}.json": config, "manifest.json": json.dumps(manifest)})
    Path(path).write_bytes(whole)
    return Path(path)


def oci_layout(folder, layers, packed=gzip.compress, platforms=(("linux", "amd64"),), tag="app:1"):
    """Write an OCI layout as a folder; of several platforms each has the same layers."""
    folder = Path(folder)
    (folder / "blobs" / "sha256").mkdir(parents=True)

    def blob(raw):
        (folder / "blobs" / "sha256" / digest(raw)[7:]).write_bytes(raw)
        return {"digest": digest(raw), "size": len(raw)}

    named = []
    for system, architecture in platforms:
        config = {
            "os": system, "architecture": architecture,
            "rootfs": {"type": "layers", "diff_ids": [digest(raw) for raw in layers]},
        }  # fmt: skip
        kind = "application/vnd.oci.image.manifest.v1+json"
        manifest = {
            "schemaVersion": 2, "mediaType": kind,
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **blob(json.dumps(config).encode())},
            "layers": [
                {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", **blob(packed(raw))} for raw in layers
            ],
        }  # fmt: skip
        named.append(
            {
                "mediaType": kind, **blob(json.dumps(manifest).encode()),
                "platform": {"os": system, "architecture": architecture},
                "annotations": {"org.opencontainers.image.ref.name": tag},
            }
        )  # fmt: skip
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": named}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return folder


def record(id, ecosystem, name, *events, versions=None, type="ECOSYSTEM", **more):
    """Return an OSV record about one package; events are pairs."""
    affected = {"package": {"ecosystem": ecosystem, "name": name}}
    if events:
        affected["ranges"] = [{"type": type, "events": [{kind: at} for kind, at in events]}]
    if versions is not None:
        affected["versions"] = versions
    return {
        "schema_version": "1.6.7",
        "id": id,
        "modified": "2026-01-01T00:00:00Z",
        "affected": [affected],
        **more,
    }


def mirror(folder, *records):
    """Write a folder of records."""
    return tree(folder, {f"{r['id']}.json": json.dumps(r) for r in records})


def zipped(path, *records):
    """Write a zip of records, as an ecosystem's all.zip is."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for r in records:
            archive.writestr(f"{r['id']}.json", json.dumps(r))
    return Path(path)
