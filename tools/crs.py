"""The Core Rule Set's regression cases: packed for the tests from a checkout, and the table of what does not come out as expected.

python tools/crs.py FOLDER   packs tests/regression/tests of a checkout into tests/data/crs-3.3.4/cases.b85
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))


def main() -> None:
    """Pack the cases of the folder named."""
    from tests.engines.firewall import crs

    crs.KEPT.write_bytes(crs.keep(Path(sys.argv[1])))
    print(f"{len(crs.load()):,} cases in {crs.KEPT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
