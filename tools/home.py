"""Write tests/homes/VERSION.tar.gz: a small home as this version leaves it, which every later one must open and verify.

Until a version is released its file is written anew when the schema changes; from then on it is never touched.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import struct
import sys
import tarfile
import tempfile
from pathlib import Path

import assay
from assay.works.call import call
from assay.works.checking import carry_out
from assay.works.done import Done
from assay.works.home import Home
from assay.works.running import run_file
from assay.works.step import Step

HOMES = Path(__file__).resolve().parent.parent / "tests" / "homes"
_ACTOR = {"ASSAY_ACTOR": "ada"}
_TABLE = "age,town,mail,paid\n" + "".join(
    f"{20 + i % 50},{'North' if i % 3 else 'South'},person{i}@example.com,{'yes' if i % 4 else 'no'}\n"
    for i in range(200)
)
_PIPELINE = """name: small
data:
  people: {source: people.csv}
steps:
  profile: {check: data.profile, of: people}
  split:   {treat: data.split, of: people, test: 0.25, stratify: paid}
  bias:    {check: data.bias, of: split.train, label: paid, positive: "yes", facet: [town], gate: none}
"""


class _Silent:
    def begun(self, step: Step, index: int, of: int) -> None: ...

    def progress(self, done: int, of: int, what: str) -> None: ...

    def ended(self, done: Done) -> None: ...


def _model(path: Path, byte: bytes) -> str:
    head = json.dumps({"w": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}).encode()
    path.write_bytes(struct.pack("<Q", len(head)) + head + byte * 16)
    return str(path)


def make(folder: Path) -> None:
    """Make a home in ``folder``: a run, a check of its own, three versions of a model, an approval, a rejection."""
    (folder / "people.csv").write_text(_TABLE)
    (folder / "assay.yaml").write_text(_PIPELINE)
    Home.create(folder, _ACTOR).close()
    run_file(folder / "assay.yaml", start=folder, environment=_ACTOR, observer=_Silent())
    home = Home.open(folder / ".assay", _ACTOR)
    carry_out("check", "data.pii", str(folder / "people.csv"), {}, home=home)
    for byte in (b"\0", b"\1", b"\2"):
        path = _model(folder / "m.safetensors", byte)
        call("model.register", {"file": path, "name": "m", "owner": "ada"}, home=home)
    call("model.approve", {"name": "m@1", "reason": "seen"}, home=home, actor="bob")
    call("model.reject", {"name": "m@2", "reason": "not seen"}, home=home, actor="bob")
    home.close()


def packed(folder: Path) -> bytes:
    """Return the home's files as a tar.gz: no owner, no time, no scratch."""
    out = io.BytesIO()
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=out, mtime=0) as zipped,
        tarfile.open(mode="w", fileobj=zipped) as tar,
    ):
        for path in sorted((folder / ".assay").rglob("*")):
            if path.is_file() and "scratch" not in path.parts:
                info = tarfile.TarInfo(path.relative_to(folder).as_posix())
                info.size, info.mode = path.stat().st_size, path.stat().st_mode & 0o777
                with path.open("rb") as content:
                    tar.addfile(info, content)
    return out.getvalue()


def main() -> int:
    """Make it and write it down."""
    with tempfile.TemporaryDirectory() as name:
        os.chdir(name)  # what it names lies beside it, and no path of this machine is written down
        make(Path())
        data = packed(Path())
    HOMES.mkdir(exist_ok=True)
    path = HOMES / f"{assay.__version__}.tar.gz"
    path.write_bytes(data)
    print(f"wrote {len(data):,} bytes to tests/homes/{path.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
