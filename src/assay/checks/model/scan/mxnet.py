"""MXNet's container of arrays: numbers and their names, which must fill it exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.checks.model.scan._view import View

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground

_MAGIC = (0x112).to_bytes(8, "little")


def sniff(view: View) -> bool:
    """The container's number."""
    return view.head.startswith(_MAGIC)


def examine(view: View, ground: Ground) -> bool:
    """Read every array and name; nothing may be left over."""
    from assay.methods.mxnet import params

    try:
        params.parse(bytes(view.data))
    except ValueError as error:
        return ground.not_understood(view, str(error))
    return True
