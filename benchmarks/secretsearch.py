"""Hold code.secrets against detect-secrets: what each finds of a planted repository, and how fast, on the same files.

The planted repository is put together here: secrets of every kind in the forms that people write them, and beside them what
looks like one and is none. A line that holds a planted secret and is named counts as found; a line named that holds none is a
false alarm. detect-secrets reads files only, so the history of 10,000 commits is timed for Assay alone, and the newest tree of
it for both.

    python benchmarks/secretsearch.py [--quick]
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from peers import Peer, run

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tests.methods.secrets import repository

ASSAY = "from assay.doors.cli import main; main()"
TIMED = "import sys; from assay.doors.cli import main; main(['check', 'code.secrets', *sys.argv[1:], '--fail-on', 'none'])"
DETECT = """
import json, os, sys
os.chdir(sys.argv[1])
from detect_secrets.main import main
main(["scan", "--all-files", "--no-verify", "."])
"""


def found_by_assay(folder: Path) -> set[tuple[str, int]]:
    """Return file and line of everything that is told."""
    command = [
        sys.executable,
        "-c",
        ASSAY,
        "check",
        "code.secrets",
        str(folder),
        "--format",
        "json",
        "--no-history",
    ]
    said = json.loads(subprocess.run(command, capture_output=True, text=True).stdout)
    return {
        (f["where"]["file"], f["where"].get("line", 0)) for f in said["findings"] if f["severity"] != "info"
    }


def found_by_detect_secrets(peer: Peer, folder: Path) -> set[tuple[str, int]]:
    """Return file and line of everything that is told."""
    said = json.loads(
        subprocess.run([peer.python(), "-c", DETECT, str(folder)], capture_output=True, text=True).stdout
    )
    return {(name, one["line_number"]) for name, many in said["results"].items() for one in many}


def score(found: set[tuple[str, int]], planted: dict[tuple[str, int], str]) -> tuple[float, float, list[str]]:
    """Return recall, precision, and the kinds that were missed."""
    right = found & planted.keys()
    missed = sorted({planted[k] for k in planted.keys() - right})
    return len(right) / len(planted), len(right) / max(1, len(found)), missed


def main() -> None:
    """Print both comparisons."""
    quick = "--quick" in sys.argv
    peer = Peer("detect-secrets", DETECT, (), ("detect-secrets",), "detect-secrets")
    print(
        f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}, detect-secrets {peer.version()}"
    )
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "planted"
        planted = repository.plant(folder, copies=2 if quick else 5)
        print(
            f"\n{len(planted)} planted secrets of {len(set(planted.values()))} kinds, {repository.count(folder)} files"
        )
        print("| | recall | precision | kinds missed |\n| --- | --- | --- | --- |")
        for name, found in (
            ("Assay", found_by_assay(folder)),
            ("detect-secrets", found_by_detect_secrets(peer, folder)),
        ):
            recall, precision, missed = score(found, planted)
            print(f"| {name} | {recall:.3f} | {precision:.3f} | {len(missed)}: {', '.join(missed)} |")
        history = Path(made) / "history"
        commits = 1_000 if quick else 10_000
        repository.grow(history, commits)
        ours = Peer("Assay", TIMED)
        spent = run(ours, [history], 600)
        if spent:
            print(
                f"\n{commits:,} commits, every object: {spent.seconds:.1f} s ({spent.processor:.1f} s of processors, {spent.memory:.0f} MB)"
            )
        subprocess.run(["rm", "-rf", str(history / ".git")], check=True)
        for one in (ours, peer):
            spent = run(one, [history], 600)
            if spent:
                print(
                    f"its newest tree, {repository.count(history)} files: {one.name} {spent.seconds:.1f} s ({spent.processor:.1f})"
                )


if __name__ == "__main__":
    from peers import told

    told(__doc__)
    main()
