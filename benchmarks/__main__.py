"""Run every benchmark."""

from __future__ import annotations

import runpy
from pathlib import Path

for script in ("ledger.py", "profile.py"):
    print(f"== {script}", flush=True)
    runpy.run_path(str(Path(__file__).parent / script), run_name="__main__")
