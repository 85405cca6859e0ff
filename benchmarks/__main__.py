"""Run every benchmark of this folder."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
for script in sorted(HERE.glob("[a-z]*.py")):
    if script.stem != "peers":
        print(f"== {script.name}", flush=True)
        runpy.run_path(str(script), run_name="__main__")
