"""Compiles what Assay has in C when a wheel is built, where there is a compiler; where there is none the wheel is plain Python."""

from __future__ import annotations

import importlib.util
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PLACE = "src/assay/methods/pickles"


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Hatchling's hook, before it packs."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile in place, and pack the result; say why where it cannot be compiled."""
        root = Path(self.root)
        spec = importlib.util.spec_from_file_location("compiling", root / "src/assay/engines/compiling.py")
        assert spec is not None and spec.loader is not None
        compiling = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(compiling)
        try:
            made = compiling.compile_pickles(root / PLACE)
        except OSError as error:
            self.app.display_warning(
                f"The pickle machine is not compiled, and works in Python instead: {error}"
            )
            return
        if version == "editable":
            return
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["pure_python"] = False
        build_data["tag"] = f"cp311-abi3-{platform}"
        build_data["artifacts"].append(f"{PLACE}/{made.name}")
