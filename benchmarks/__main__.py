"""Run every benchmark of this folder."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
# data.py is the others on one table; peers.py is their harness
scripts = [s for s in sorted(HERE.glob("[a-z]*.py")) if s.stem not in ("peers", "data")]
print(
    f"{len(scripts)} benchmarks, one after another: half an hour or more. One alone: python benchmarks/ledger.py\n"
    "Each peer is installed with pip into an environment of its own under benchmarks/.envs.",
    flush=True,
)
failed = []
for script in scripts:
    print(f"== {script.name}", flush=True)
    try:
        runpy.run_path(str(script), run_name="__main__")
    except SystemExit as end:  # a peer that cannot be had stops its own comparison, not the others
        if end.code:
            print(end.code, file=sys.stderr, flush=True)
            failed.append(script.name)
sys.exit(f"not measured: {', '.join(failed)}" if failed else 0)
