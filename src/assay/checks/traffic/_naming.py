"""Which column of a window stands for which of its baseline: by name, or by place where the capture names none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assay.kernel.errors import UsageError
from assay.kernel.handles import Traffic


def columns(traffic: Traffic, types: Mapping[str, str], answers: Sequence[str] = ()) -> dict[str, str]:
    """Return which of a window's columns (by its own name) is called what in the baseline; what is left out is no part of it.

    types: the baseline's columns, in order, and their inferred types. answers: those that the endpoint's answers are of.
    Columns without names are the answers' first and then the input's, in the baseline's order; a baseline of as many columns
    as the input is of the input alone where its types say so. Named answers that the baseline does not know stand for the one
    column that only it has.
    """
    wanted = list(types)
    held = set(wanted)
    for name in answers:
        if name not in held:
            raise UsageError(
                f"the baseline has no column {name!r}", remedy=f"it has {', '.join(wanted[:6])} …"
            )
    if len(answers) > len(traffic.outputs):
        raise UsageError(f"the answers have {len(traffic.outputs)} columns and {len(answers)} are named")
    if not traffic.named:
        return _by_place(traffic, types, answers)
    out = {n: n for n in traffic.features}
    left = [n for n in wanted if n not in out]
    if answers:
        return out | dict(zip(traffic.outputs, answers, strict=False))
    out |= {n: n for n in traffic.outputs if n in left}
    left = [n for n in left if n not in out.values()]
    if len(left) == 1 and traffic.outputs and traffic.outputs[0] not in out:
        out[traffic.outputs[0]] = left[0]
    return out


def _by_place(traffic: Traffic, types: Mapping[str, str], answers: Sequence[str]) -> dict[str, str]:
    features, outputs, wanted = list(traffic.features), list(traffic.outputs), list(types)
    if answers:
        told = dict(zip(outputs, answers, strict=False))
        rest = [n for n in wanted if n not in answers]
        return told | _onto(features, rest)
    both, alone = _onto([*outputs, *features], wanted), _onto(features, wanted)
    if len(wanted) == len(features) and _fitting(traffic, types, alone) > _fitting(traffic, types, both):
        return alone
    return both


_FITS = {
    "Integral": ("integer",),
    "Fractional": ("number", "integer"),
    "String": ("text", "boolean", "date", "timestamp", "time"),
}


def _fitting(traffic: Traffic, types: Mapping[str, str], named: Mapping[str, str]) -> int:
    """Return how many columns are of the type that the baseline has under the name they would get."""
    own = {c.name: c.type for c in traffic.columns}
    return sum(own[n] in _FITS.get(types.get(name, ""), ()) for n, name in named.items())


def _onto(own: Sequence[str], wanted: Sequence[str]) -> dict[str, str]:
    """Return names by place; columns beyond those of the baseline keep a name by place."""
    return {n: wanted[i] if i < len(wanted) else f"_c{i}" for i, n in enumerate(own)}
