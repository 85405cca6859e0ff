"""Write docs/reference/examples: each check's and treatment's own example, run in the demo's folder, and what it printed."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from assay.works import declared

EXAMPLES = Path(__file__).resolve().parent.parent / "docs" / "reference" / "examples"
ASSAY = [sys.executable, "-c", "from assay.doors.cli import main; main()"]
LONGEST = 60  # lines of a printed report that a page shows
# What examples name that the demo has not: an image, a model of its own, a server.
ELSEWHERE = ("app.tar", "model.joblib", "seen")


def command(doc: str) -> str:
    """Return the example of a docstring as it stands there, lines and all."""
    lines = doc[doc.index("Example: ") + len("Example: ") :].splitlines()
    more = [at for at, line in enumerate(lines) if not line.endswith(("\\", "&&"))]
    return "\n".join(lines[: more[0] + 1])


def parts(line: str) -> list[list[str]]:
    """Return the words of each command of an example."""
    joined = " ".join(line.replace("\\\n", " ").split())
    return [shlex.split(part) for part in joined.split("&&")]


def settled(printed: str) -> str:
    """Return what was printed without what differs from run to run: how long it took, and digests."""
    printed = re.sub(r"\b\d[\d,]*(\.\d+)? m?s$", "1 s", printed, flags=re.MULTILINE)
    return re.sub(r"sha256:[0-9a-f]{12,64}", "sha256:…", printed)


def run(line: str, folder: Path) -> str:
    """Return what an example prints in a folder."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("ASSAY_")} | {"COLUMNS": "80"}
    out = ""
    for words in parts(line):
        words, to = (words[:-2], words[-1]) if ">" in words else (words, "")
        done = subprocess.run(
            [*ASSAY, *words[1:]], cwd=folder, env=env, capture_output=True, text=True, check=False
        )
        if done.returncode > 1:
            raise SystemExit(f"{' '.join(words)}: {done.stderr}")
        if to:
            (folder / to).write_text(done.stdout, encoding="utf-8")
        else:
            out += done.stdout
    return settled(out)


def shown(printed: str) -> str:
    """Return what a page shows of what was printed: cut where it is long."""
    lines = printed.rstrip().splitlines()
    left = len(lines) - LONGEST
    return "\n".join([*lines[:LONGEST], f"… and {left} lines more"] if left > 0 else lines) + "\n"


def console(line: str, printed: str) -> str:
    """Return the command of an example and what it printed."""
    first, *rest = line.splitlines()
    return "\n".join([f"$ {first}", *(f"> {one.strip()}" for one in rest), shown(printed)])


def main() -> None:
    """Write them all."""
    EXAMPLES.mkdir(exist_ok=True)
    kinds: tuple[declared.Kind, ...] = ("check", "treatment")
    items = [item for kind in kinds for item in declared.listing(kind)]
    with tempfile.TemporaryDirectory() as name:
        # Both are called alike, for data.sweep says how its folder is called
        demo, copy = Path(name) / "laid" / "demo", Path(name) / "demo"
        demo.parent.mkdir()
        subprocess.run([*ASSAY, "demo", "--to", str(demo)], check=True, stdout=subprocess.DEVNULL)
        for item in items:
            line = command(item.doc)
            if any(name in line.split() for name in ELSEWHERE):
                continue
            shutil.copytree(demo, copy)
            (EXAMPLES / f"{item.name}.txt").write_text(console(line, run(line, copy)), encoding="utf-8")
            shutil.rmtree(copy)
    known = {f"{item.name}.txt" for item in items}
    for path in EXAMPLES.iterdir():
        if path.name not in known:
            path.unlink()


if __name__ == "__main__":
    main()
