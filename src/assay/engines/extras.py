"""How an extra is installed: by the packages it names, since Assay itself may not come from an index."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, requires


def install(extra: str) -> str:
    """Return the one command that brings what ``assay[extra]`` asks for."""
    try:
        wanted = requires("assay") or []
    except PackageNotFoundError:
        wanted = []
    mark = re.compile(rf"""extra\s*==\s*['"]{re.escape(extra)}['"]""")
    packages = [part.split(";")[0].strip() for part in wanted if mark.search(part)]
    return f"pip install {' '.join(f'{p!r}' for p in packages) or repr(f'assay[{extra}]')}"
