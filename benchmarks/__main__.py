"""Run every benchmark."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
for script in ("ledger.py", "masking.py", "profile.py", "drift.py", "quality.py"):
    print(f"== {script}", flush=True)
    runpy.run_path(str(Path(__file__).parent / script), run_name="__main__")
