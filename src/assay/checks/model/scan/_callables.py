"""How a name that a file would import or call is told, whatever the format: known to do harm, or known to nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.checks.model.scan._ground import CWE_502, FORMATS_WITHOUT_CODE
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground
    from assay.checks.model.scan._view import View

NO_MORE = f"do not load it; ask for the model as {FORMATS_WITHOUT_CODE}"


def tell(
    name: str,
    does: str,
    harm: str,
    view: View,
    ground: Ground,
    *,
    refs: tuple[str, ...] = (CWE_502,),
    count: int = 1,
    remedy: str = "",
    inner: str = "",
    **where: Any,
) -> None:
    """Note what a file does with a name (``would run os.system('id') when loaded``). The name is readable already.

    harm: what the name can do, as a verb (``runs commands``); empty where it is on no list. remedy: what to do instead
    of allowing an unknown name. inner: what of the view does it, such as a pickle that it holds.
    """
    ground.find(
        "unsafe_callable" if harm else "unknown_callable",
        Severity.CRITICAL if harm else Severity.HIGH,
        f"{inner}{view.place} {does}"
        + (f"; {name} {harm}." if harm else ", and what that does is not known."),
        view,
        remedy=NO_MORE if harm else remedy or f"if you know and trust it, allow it by name: --allow {name}",
        refs=refs,
        count=count,
        callable=name,
        **where,
    )
