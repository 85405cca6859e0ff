"""What operators of TensorFlow do that a model has no need of, said in one way for every format that holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.checks.model.scan._names import readable
from assay.kernel.severity import Severity
from assay.methods.modelfiles.tensorflow import DANGERS, registered

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground
    from assay.checks.model.scan._view import View


def tell(
    operator: str, view: View, ground: Ground, *, how: str = "", written: str = "", **where: Any
) -> None:
    """Note an operator that reaches out of the graph, or that TensorFlow does not bring."""
    shown = readable(written or operator)
    how = f" {how}" if how else ""
    what = DANGERS.get(operator)
    if what:
        python = operator in ("PyFunc", "PyFuncStateless", "EagerPyFunc")
        ground.find(
            "graph_operator",
            Severity.CRITICAL if python or "writes" in what or "native" in what else Severity.HIGH,
            f"{view.place} calls {shown}{how}, which {what}.",
            view,
            remedy="do not load it outside the sandbox; ask for the model without such operators",
            refs=("CWE-94",) if python else ("CWE-73",),
            operator=readable(operator),
            **where,
        )
    elif operator not in registered():
        ground.find(
            "custom_operator",
            Severity.HIGH,
            f"{view.place} calls the operator {shown}{how}, native code that TensorFlow does not bring.",
            view,
            remedy="load it only with a library that you trust to hold that operator",
            refs=("CWE-829",),
            operator=readable(operator),
            **where,
        )
