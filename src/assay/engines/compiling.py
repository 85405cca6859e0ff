"""Builds the compiled parts of Assay with the C compiler of this machine: python -m assay.engines.compiling

Nothing but a compiler and Python's headers is needed, and nothing of Assay needs it: what is compiled has a twin in
Python. The build of a wheel does the same (tools/build_hook.py). The module keeps to Python's stable ABI, so that one
built under Python 3.11 serves every later one.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

PICKLES = Path(__file__).resolve().parents[1] / "methods" / "pickles"
ENDING = ".abi3.so"
NEEDS = "a C compiler and Python's headers (on Debian: apt install gcc python3-dev)"


def compiler() -> list[str] | None:
    """Return the C compiler, None where there is none: the one Python was built with, or cc, gcc, clang."""
    asked = shlex.split(os.environ.get("CC", "")) or shlex.split(sysconfig.get_config_var("CC") or "")
    for command in (asked, ["cc"], ["gcc"], ["clang"]):
        if command and shutil.which(command[0]):
            return command
    return None


def compile_pickles(folder: Path = PICKLES, *, more: tuple[str, ...] = ()) -> Path:
    """Build the pickle machine's loop beside its Python, and return the file; OSError that says why it cannot be.

    folder: where the package's source lies. more: further options of the compiler.
    """
    command = compiler()
    include = Path(sysconfig.get_paths()["include"])
    if command is None:
        raise OSError(f"there is no C compiler here; it needs {NEEDS}")
    if not (include / "Python.h").exists():
        raise OSError(f"Python's headers are not in {include}; it needs {NEEDS}")
    target = folder / f"_compiled{ENDING}"
    flags = ["-shared", "-fPIC", "-O2", "-std=c11", "-fstack-protector-strong", "-fvisibility=hidden"]
    if sys.platform == "darwin":
        flags += ["-undefined", "dynamic_lookup"]
    with tempfile.TemporaryDirectory(dir=folder) as place:
        made = Path(place) / target.name
        line = [
            *command,
            *flags,
            *more,
            f"-I{include}",
            str(folder / "native" / "machine.c"),
            "-o",
            str(made),
        ]
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        if done.returncode:
            raise OSError(f"{command[0]} failed: {(done.stderr or done.stdout).strip()[-400:]}")
        made.chmod(0o755)
        made.replace(target)
    return target


if __name__ == "__main__":
    try:
        print(f"built {compile_pickles()}")  # noqa: T201
    except OSError as error:
        sys.exit(f"not built: {error}")
