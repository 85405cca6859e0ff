"""Write constraints.txt: the versions that were tested together, from the environment this runs in."""

from __future__ import annotations

from importlib.metadata import distributions
from pathlib import Path

OWN = {"assay", "pip", "setuptools", "wheel"}
HEAD = """\
# The versions that were tested together, on Python 3.11. Written by tools/lock.py; pip reads it as constraints,
# so that a fresh machine gets what was tested and only what it asks for.
"""


def main() -> None:
    """Write the file."""
    found = {d.metadata["Name"].lower().replace("_", "-"): d.version for d in distributions()}
    lines = [f"{name}=={version}" for name, version in sorted(found.items()) if name not in OWN]
    Path("constraints.txt").write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
