"""500 packages of an image held against 200,000 OSV records; and an image of 100,000 files read layer by layer.

Times are of this process alone (CPU and wall). The records are made up in the proportions and sizes of the public mirror: most
packages have a few, some have hundreds. Bound: matching takes under 1 s once the mirror is indexed.
"""

from __future__ import annotations

import io
import json
import random
import statistics
import tarfile
import tempfile
import time
import zipfile
from pathlib import Path

from assay.checks.image.vulnerabilities._match import match
from assay.engines.advisories import mirror
from assay.engines.advisories.index import Index, build
from assay.engines.containers.inventory import take
from assay.engines.containers.opening import open_image, pin
from assay.methods.packages.osrelease import System
from assay.methods.packages.package import Package

RECORDS, PACKAGES, FILES, RUNS = 200_000, 500, 100_000, 5
SHARES = {
    "Debian:12": 60_000,
    "npm": 60_000,
    "PyPI": 25_000,
    "Maven": 20_000,
    "Go": 15_000,
    "Alpine:v3.20": 20_000,
}
KINDS = {"Debian:12": "deb", "npm": "npm", "PyPI": "pypi", "Maven": "maven", "Go": "golang"}
COUNTS = {"Debian:12": 250, "npm": 120, "PyPI": 80, "Maven": 25, "Go": 25}


class Quiet:
    """A check's hands that say nothing."""

    def progress(self, done: int, of: int, what: str = "") -> None:
        """Say nothing."""


def name(ecosystem: str, number: int) -> str:
    """Return the name of a package: few have many records."""
    base = f"package-{number}"
    return {"Maven": f"org.example:{base}", "Go": f"example.org/team/{base}"}.get(ecosystem, base)


def _drawn(drawn: random.Random) -> int:
    """Return which package a record is of: the first has some thousands in each ecosystem, as a kernel has, the last a few."""
    return int(20_000 * drawn.random() ** 4)


def version(drawn: random.Random, ecosystem: str) -> str:
    """Return a version of an ecosystem."""
    plain = f"{drawn.randint(0, 5)}.{drawn.randint(0, 30)}.{drawn.randint(0, 20)}"
    if ecosystem == "Debian:12":
        return f"{plain}-{drawn.randint(1, 9)}+deb12u{drawn.randint(1, 9)}"
    return f"{plain}-r{drawn.randint(0, 9)}" if ecosystem.startswith("Alpine") else plain


def records(path: Path) -> None:
    """Write a mirror as one zip."""
    drawn = random.Random(7)
    text = "A flaw in how lengths are read lets whoever sends a message read beyond its end. " * 8
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for ecosystem, count in SHARES.items():
            for n in range(count):
                package = _drawn(drawn)
                pairs = [{"introduced": "0"}, {"fixed": version(drawn, ecosystem)}]
                listed = [version(drawn, ecosystem) for _ in range(drawn.randint(0, 40))]
                one = {
                    "id": f"X-{ecosystem}-{n}", "modified": "2026-01-01T00:00:00Z", "summary": text[:80], "details": text,
                    "aliases": [f"CVE-2025-{100_000 + n}"],
                    "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}],
                    "affected": [{
                        "package": {"ecosystem": ecosystem, "name": name(ecosystem, package)},
                        "ranges": [{"type": "ECOSYSTEM", "events": pairs}], "versions": listed,
                    }],
                    "references": [{"type": "WEB", "url": f"https://example.org/{n}"}],
                }  # fmt: skip
                archive.writestr(f"{one['id'].replace(':', '-')}.json", json.dumps(one))


def packages() -> list[Package]:
    """Return what is installed."""
    drawn = random.Random(3)
    out = []
    for ecosystem, count in COUNTS.items():
        # One has thousands of records, as a kernel has; the others are drawn from all that there are.
        first = [0] if ecosystem == "Debian:12" else []
        for n in [*first, *drawn.sample(range(1, 20_000), count - len(first))]:
            full = name(ecosystem, n)
            space, _, own = full.rpartition(":" if ecosystem == "Maven" else "/")
            text = version(drawn, ecosystem)
            out.append(Package(KINDS[ecosystem], own, text, space, source=own, source_version=text))
    return out


def image(path: Path) -> None:
    """Write an image of two layers and many files, as docker save does."""
    import gzip
    import hashlib

    layers = []
    for half in range(2):
        raw = io.BytesIO()
        with tarfile.open(fileobj=raw, mode="w") as layer:
            for n in range(FILES // 2):
                info = tarfile.TarInfo(f"usr/share/{half}/{n % 97}/file{n}.txt")
                info.size = 2_000
                layer.addfile(info, io.BytesIO(b"text " * 400))
            status = "".join(
                f"Package: p{n}\nStatus: install ok installed\nVersion: 1.{n}\n\n" for n in range(300)
            ).encode()
            info = tarfile.TarInfo("var/lib/dpkg/status")
            info.size = len(status)
            layer.addfile(info, io.BytesIO(status))
        layers.append(raw.getvalue())
    ids = ["sha256:" + hashlib.sha256(raw).hexdigest() for raw in layers]
    config = json.dumps({"rootfs": {"diff_ids": ids}}).encode()
    told = {f"{hashlib.sha256(config).hexdigest()}.json": config}
    told |= {f"{n}.tar": gzip.compress(raw, 1) for n, raw in enumerate(layers)}
    manifest = [{"Config": next(iter(told)), "Layers": ["0.tar", "1.tar"], "RepoTags": ["a:1"]}]
    told["manifest.json"] = json.dumps(manifest).encode()
    with tarfile.open(path, "w") as out:
        for key, content in told.items():
            info = tarfile.TarInfo(key)
            info.size = len(content)
            out.addfile(info, io.BytesIO(content))


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        records(here / "all.zip")
        asset = mirror.pin(str(here / "all.zip"))
        wall, cpu = time.perf_counter(), time.process_time()
        build(asset, here / "index.sqlite")
        size = (here / "index.sqlite").stat().st_size >> 20
        print(
            f"indexing {RECORDS:,} records ({(here / 'all.zip').stat().st_size >> 20} MiB zipped, an index of {size} MiB): "
            f"{time.perf_counter() - wall:.1f} s wall, {time.process_time() - cpu:.1f} s CPU, once"
        )
        installed, taken, spent = packages(), [], []
        for _ in range(RUNS):
            wall, cpu = time.perf_counter(), time.process_time()
            index = Index(asset, here / "index.sqlite")
            found = match(installed, System("debian", "12"), index, Quiet())  # type: ignore[arg-type]
            index.close()
            taken.append(time.perf_counter() - wall)
            spent.append(time.process_time() - cpu)
        print(
            f"matching {PACKAGES} packages: {statistics.median(taken):.3f} s (median of {RUNS}, worst {max(taken):.3f} s), {statistics.median(spent):.3f} s CPU, "
            f"{len(found.hits):,} vulnerabilities; bound: 1 s"
        )
        image(here / "app.tar")
        wall, cpu = time.perf_counter(), time.process_time()
        one = pin(str(here / "app.tar"), None)  # type: ignore[arg-type]
        opened = open_image(one, here / "app.tar", here)
        inventory = take(opened, Quiet())  # type: ignore[arg-type]
        print(
            f"an image of {FILES:,} files in two gzip layers: {time.perf_counter() - wall:.2f} s wall, "
            f"{time.process_time() - cpu:.2f} s CPU, {len(inventory.packages)} packages, digests verified"
        )


if __name__ == "__main__":
    from peers import told

    told(__doc__)
    main()
