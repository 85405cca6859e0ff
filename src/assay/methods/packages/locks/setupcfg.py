"""What setup.cfg asks for. https://setuptools.pypa.io/en/latest/userguide/declarative_config.html"""

from __future__ import annotations

import configparser
import re

from assay.methods.packages.locks.locked import Locked
from assay.methods.packages.package import Unreadable

_WIDE = re.compile(r"\S[^\S\n]{100}")


def read(content: bytes, path: str) -> Locked:
    """Return what is asked for with its extras; a file that ``file:`` names is referred to. Other tools' settings are no part.

    A list on one line is parted by ``;`` as setuptools does.
    """
    text = content.decode("utf-8-sig")
    if _WIDE.search(text):  # configparser goes back over a gap from each of its places
        raise Unreadable("a gap within a line is wider than any")
    told = configparser.ConfigParser(interpolation=None, delimiters=("=", ":"))
    told.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        told.read_string(text)
    except configparser.Error as error:
        raise Unreadable(f"it is no file of settings: {str(error).splitlines()[0][:120]}") from None
    out = Locked()
    asked = [told.get("options", name, fallback="") for name in ("install_requires", "tests_require")]
    if told.has_section("options.extras_require"):
        asked += [value for _, value in told.items("options.extras_require")]
    for text in asked:
        if text.lstrip().startswith("file:"):
            out.refers += [one.strip() for one in text.lstrip()[5:].split(",") if one.strip()]
            continue
        for line in text.splitlines() if "\n" in text else text.split(";"):
            bare = line.partition("#")[0].strip() if "://" not in line else line.strip()
            if bare:
                out.ask(bare, path)
    return out
