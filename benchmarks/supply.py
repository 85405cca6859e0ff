"""Time model.scan beside picklescan, modelscan, fickling and modelaudit, and hold their verdicts on the corpus against one another.

Three files: a pickle of small Python objects (170 MB, 60 million opcodes; and a fortieth of it for those that do not finish), a
PyTorch zip and a safetensors of 1 GB of tensors. Each figure is of a whole process, start and imports included; opcodes a
second are its opcodes over its seconds of processor. With --corpus each tool is asked of every file of tests/corpus.

    python benchmarks/supply.py [--quick] [--corpus [--family NAME]...] [--peer NAME]... [--limit SECONDS]
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import platform
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from pathlib import Path

from peers import Peer, Spent, run

# No longer this folder, whose names are also the standard library's.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

from tests.corpus.streams import body, glob, text  # noqa: E402

ROWS, OPCODES_A_ROW, SHARE = 3_240_000, 19, 40
ASSAY = """
import sys
from assay.doors.cli import main
sys.argv = ["assay", "check", "model.scan", *sys.argv[1:]]
main()
"""
SCRIPTS = {
    "picklescan": """
import sys
from picklescan.scanner import scan_file_path
def verdict(path):
    found = scan_file_path(path)
    return "hit" if found.issues_count else "error" if found.scan_err else "none" if not found.scanned_files else "pass"
""",
    "picklescan --strict": """
import sys
from picklescan.scanner import scan_file_path
def verdict(path):
    found = scan_file_path(path, strict=True)
    return "hit" if found.issues_count else "error" if found.scan_err else "none" if not found.scanned_files else "pass"
""",
    "modelscan": """
import sys
from modelscan.modelscan import ModelScan
def verdict(path):
    found = ModelScan().scan(path)
    if found["summary"]["total_issues"]:
        return "hit"
    return "error" if found["errors"] else "pass" if found["summary"]["scanned"]["total_scanned"] else "none"
""",
    "fickling": """
import sys, zipfile
from fickling.fickle import StackedPickle
from fickling.analysis import check_safety, Severity
def of(stream):
    worst = max((check_safety(p).severity for p in StackedPickle.load(stream)), key=lambda s: s.value[0], default=None)
    return "none" if worst is None else "hit" if worst.value[0] > Severity.LIKELY_SAFE.value[0] else "pass"
def verdict(path):
    if zipfile.is_zipfile(path):
        said = []
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.endswith((".pkl", ".pickle")):
                    said.append(of(archive.open(name)))
        return "hit" if "hit" in said else said[0] if said else "none"
    with open(path, "rb") as stream:
        return of(stream)
""",
    "modelaudit": """
import sys, logging
logging.disable(logging.CRITICAL)
from modelaudit.core import scan_model_directory_or_file
def verdict(path):
    found = scan_model_directory_or_file(path)
    said = {str(getattr(i.severity, "value", i.severity)) for i in found.issues}
    if said & {"critical", "warning"}:
        return "hit"
    return "pass" if found.success else "error"
""",
}  # fmt: skip
ONE = "\nprint(verdict(sys.argv[1]))\n"
# Each file in a child of its own, with a minute at most: what crashes or hangs costs its own file.
MANY = """
import json, os, signal
for path in json.load(open(sys.argv[1])):
    read, write = os.pipe()
    child = os.fork()
    if not child:
        signal.alarm(60)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        try:
            said = verdict(path)
        except BaseException as error:
            said = "error"
        os.write(write, said.encode())
        os._exit(0)
    os.close(write)
    said = os.read(read, 100).decode()
    os.close(read)
    os.waitpid(child, 0)
    print(json.dumps([path, said or "error"]), flush=True)
"""
PACKAGES = {n: ("picklescan" if "picklescan" in n else n) for n in SCRIPTS}


def peer(name: str, ending: str) -> Peer:
    """Return a tool, with what its script does with its verdict."""
    package = PACKAGES[name]
    packages = (
        (package, "typing_extensions") if package == "fickling" else (package,)
    )  # which it forgets to ask for
    return Peer(name, SCRIPTS[name] + ending, (), packages, package)


def small_objects(path: Path, rows: int) -> int:
    """Write a list of small dicts, and return how many opcodes that takes."""
    out = (
        {"id": i, "name": f"user{i}", "score": i * 0.5, "ok": i % 2 == 0, "tag": (i % 7, f"t{i % 100}")}
        for i in range(rows)
    )
    child = os.fork()  # what a process held is counted as held by those it starts
    if not child:
        with path.open("wb") as file:
            pickle.dump(list(out), file, 4)
        os._exit(0)
    os.waitpid(child, 0)
    return rows * OPCODES_A_ROW


def tensors(folder: Path, size: int) -> tuple[Path, Path]:
    """Write the same numbers as a PyTorch zip and as safetensors, without either library."""
    zipped, safe = folder / "tensors.pt", folder / "tensors.safetensors"
    count, each = 16, size // 16 // 4 * 4
    numbers = os.urandom(1 << 20) * (each // (1 << 20) + 1)
    parts = [b"\x80\x02}("]
    for i in range(count):
        storage = (
            b"("
            + text("storage")
            + glob("torch", "FloatStorage")
            + text(str(i))
            + text("cpu")
            + body(each // 4)
            + b"tQ"
        )
        shape = body(each // 4) + b"\x85" + body(1) + b"\x85"
        parts.append(
            text(f"layer{i}")
            + glob("torch._utils", "_rebuild_tensor_v2")
            + b"("
            + storage
            + body(0)
            + shape
            + b"\x89"
            + glob("collections", "OrderedDict")
            + b")RtR"
        )
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("archive/data.pkl", b"".join([*parts, b"u."]))
        archive.writestr("archive/version", b"3\n")
        for i in range(count):
            archive.writestr(f"archive/data/{i}", numbers[:each])
    header = {
        f"layer{i}": {"dtype": "F32", "shape": [each // 4], "data_offsets": [i * each, (i + 1) * each]}
        for i in range(count)
    }
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    with safe.open("wb") as file:
        file.write(struct.pack("<Q", len(head)) + head)
        for _ in range(count):
            file.write(numbers[:each])
    return zipped, safe


def told(
    name: str, version: str, spent: Spent | None, first: Spent, size: int, opcodes: int, limit: float
) -> None:
    """Print one line."""
    if spent is None:
        print(f"  {name:20} {version:8} failed, or took over {limit:.0f} s", flush=True)
        return
    speed = (
        f"{opcodes / spent.processor / 1e6:9.2f} M opcodes/s"
        if opcodes
        else f"{size / spent.seconds / 1e9:6.2f} GB/s"
    )
    print(
        f"  {name:20} {version:8} {spent.seconds:8.2f} s {spent.seconds / first.seconds:7.1f} x  "
        f"{spent.processor:7.2f} s of processor {spent.processor / first.processor:7.1f} x  {spent.memory:6.0f} MB {speed}",
        flush=True,
    )


def race(
    title: str, path: Path, names: list[str], versions: dict[str, str], limit: float, opcodes: int = 0
) -> dict[str, float]:
    """Run Assay three times and each peer once on a file, and return the seconds each peer took."""
    size = path.stat().st_size
    of = f", {opcodes / 1e6:.0f} million opcodes" if opcodes else ""
    print(f"{title}: {size / 1e6:,.0f} MB{of}")
    assay = Peer("assay", ASSAY)
    runs = sorted(s for s in (run(assay, [path], limit) for _ in range(3)) if s)
    if not runs:
        raise SystemExit("assay failed")
    first = runs[len(runs) // 2]
    told("assay", versions["assay"], first, first, size, opcodes, limit)
    took = {}
    for name in names:
        spent = run(peer(name, ONE), [path], limit)
        told(name, versions[name], spent, first, size, opcodes, limit)
        took[name] = spent.seconds if spent else limit
    return took


def in_time(took: dict[str, float], times: int, limit: float) -> list[str]:
    """Return the peers that so much more would not take past the limit, and say which it would."""
    for name, seconds in took.items():
        if times * seconds > limit:
            print(
                f"  {name} took {seconds:.1f} s for a {times}th of the next file, and is not asked of all of it"
            )
    return [n for n, seconds in took.items() if times * seconds <= limit]


def corpus(names: list[str], versions: dict[str, str], folder: Path, kept: list[str]) -> None:
    """Ask every tool of every file of the corpus, and count; what is no verdict is counted as none."""
    from tests.corpus.judged import found, refused, scanned
    from tests.corpus.sample import families, made

    from assay.engines.blobs import Store
    from assay.works.work import LocalWork

    scratch = folder / "scratch"
    scratch.mkdir()
    work = LocalWork(seed=7, scratch=scratch, store=Store(str(folder / "store")), cores=1)
    samples = [s for f in kept or families() for s in made(f, folder / "corpus")]
    hostile, benign = (sum(s.hostile is h for s in samples) for h in (True, False))
    print(f"corpus: {hostile} hostile and {benign} benign files")
    print(f"  {'':20} {'':8} {'found':>14} {'no verdict':>12} {'false alarms':>16} {'no verdict':>12}")
    reports = {s.path: scanned(s, work) for s in samples}
    own = {p: "hit" if found(r) else "error" if refused(r) else "pass" for p, r in reports.items()}
    listed = folder / "files.json"
    listed.write_text(json.dumps([str(s.path) for s in samples]))
    for name in ["assay", *names]:
        said = own if name == "assay" else asked(name, listed)
        count = Counter((s.hostile, said.get(s.path, "error")) for s in samples)
        none = [count[h, "error"] + count[h, "none"] for h in (True, False)]
        print(
            f"  {name:20} {versions[name]:8} {count[True, 'hit']:5} {count[True, 'hit'] / hostile:7.1%} {none[0]:12} "
            f"{count[False, 'hit']:7} {count[False, 'hit'] / max(1, benign):7.1%} {none[1]:12}",
            flush=True,
        )


def asked(name: str, listed: Path) -> dict[Path, str]:
    """Return a peer's verdict on each file."""
    tool = peer(name, MANY)
    command = [tool.python(), "-c", tool.script, str(listed)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("[")]
    return {Path(path): said for path, said in map(json.loads, lines)}


def main() -> None:
    """Read the options, and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--quick", action="store_true", help="a fortieth of the objects, and 100 MB of tensors"
    )
    parser.add_argument("--corpus", action="store_true", help="verdicts on the corpus, and no times")
    parser.add_argument("--family", action="append", default=[], help="a family of the corpus, and no others")
    parser.add_argument("--peer", action="append", choices=SCRIPTS, help="a tool, and no others beside Assay")
    parser.add_argument("--limit", type=float, default=900, help="seconds that a run may take")
    options = parser.parse_args()
    names, versions = [], {"assay": Peer("assay", "").version()}
    for name in options.peer or SCRIPTS:
        try:
            versions[name] = peer(name, "").version()
            names.append(name)
        except SystemExit as why:
            print(why)
    print(
        f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores; load {os.getloadavg()[0]:.1f}"
    )
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        if options.corpus:
            corpus(names, versions, folder, options.family)
            return
        plain = [n for n in names if "strict" not in n]
        few, many = folder / "few.pkl", folder / "many.pkl"
        opcodes = small_objects(few, ROWS // SHARE)
        took = race("small objects", few, plain, versions, options.limit, opcodes)
        if not options.quick:
            opcodes = small_objects(many, ROWS)
            race("small objects", many, in_time(took, SHARE, options.limit), versions, options.limit, opcodes)
        for path in tensors(folder, (100 if options.quick else 1000) << 20):
            race(f"tensors in {path.suffix}", path, plain, versions, options.limit)


if __name__ == "__main__":
    main()
