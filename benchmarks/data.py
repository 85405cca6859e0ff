"""Time what Assay does with data beside its peers, in one run: profile, drift, sensitive data, quality, anonymity.

Adult twenty times over (976,840 rows) and a table of 5,000 columns; anonymity on Adult itself, since pycanon needs minutes
for that already. Each part is a benchmark of its own as well, and says there what is compared and how.

    python benchmarks/data.py                 all of it: an hour
    python benchmarks/data.py --runs 1        each once
"""

from __future__ import annotations

import argparse
import runpy
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PARTS = (
    ("profile.py", "--times", "20"),
    ("profile.py", "--wide"),
    ("drift.py", "--times", "20"),
    ("pii.py",),
    ("quality.py", "--times", "20"),
    ("anonymity.py",),
)


def main() -> None:
    """Run them one after another."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    failed = []
    for script, *arguments in PARTS:
        print(f"== {script} {' '.join(arguments)}".rstrip(), flush=True)
        before = sys.argv
        sys.argv = [script, *arguments, "--runs", str(given.runs)]
        try:
            runpy.run_path(str(HERE / script), run_name="__main__")
        except SystemExit as end:  # a peer that cannot be had stops its own comparison, not the others
            if end.code:
                print(end.code, file=sys.stderr, flush=True)
                failed.append(script)
        finally:
            sys.argv = before
        print(flush=True)
    sys.exit(f"not measured: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
