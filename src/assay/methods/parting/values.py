"""What became of one column's values, row for row: made constant, recoded, cut, shuffled, rescaled, or written anew."""

from __future__ import annotations

from typing import Any

import numpy as np

from assay.methods.parting.alignment import Alignment
from assay.methods.parting.columns import Held, most_common, shown
from assay.methods.parting.parting import Parting

_LEAST = 0.005  # of the rows: fewer that changed are a correction and no parting
_PURE = 0.999
_FEW = 50  # values that a recoding is looked for among


def became(old: Held, new: Held, rows: Alignment, *, label: bool = False) -> Parting | None:
    """Return how the values of rows that belong together changed; None where hardly any did."""
    name = new.name
    a, b = old.codes[0][rows.old], new.codes[0][rows.new]
    olds, news = old.codes[1], new.codes[1]
    if old.numeric and new.numeric:
        x, y = old.floats[rows.old], new.floats[rows.new]
        differs = ~((x == y) | (np.isnan(x) & np.isnan(y)))
    elif old.numeric or new.numeric:  # as people write them: 1 and "1" are the same
        at = {text: place for place, text in enumerate(news)}
        differs = np.array([*(at.get(text, -2) for text in olds), -1])[a] != b
    else:
        differs = ~((a < 0) & (b < 0)) & (old.strings[rows.old] != new.strings[rows.new])
    share = float(differs.mean()) if len(differs) else 0.0
    if share < _LEAST:
        return None
    told: dict[str, Any] = {"label": label, "size": share, "more": {"changed": round(share, 6)}}
    before, after = most_common(old), most_common(new)
    if new.counted.distinct == 1 and old.counted.distinct > 1:
        said = f"`{name}` is {next(iter(after))} in 100% of rows (before: {_mix(before)})"
        return Parting("constant", name, said, 1.0, before, after, label, {"changed": round(share, 6)})
    lost = float(((b < 0) & (a >= 0)).mean())
    if lost >= 0.5 * share:
        said = f"`{name}` is missing in {lost:.1%} of rows where it was not"
        return Parting("missing", name, said, before=before, after=after, **told)
    if (
        old.numeric and new.numeric
    ):  # before recodings: of few values each became another one too, which says less
        found = _numbers(name, x, y, told, before, after, few=len(olds) <= _FEW)
        if found is not None:
            return found
    recoded = _recoded(a, b, olds, news)
    if len(recoded) > 1 and old.counted.distinct <= _FEW:
        pairs = ", ".join(f"{o} → {n}" for o, n in list(recoded.items())[:4] if o != n)
        merged = len(set(recoded.values())) < len(recoded)
        how = "has values put together" if merged else "has its values recoded"
        said = f"`{name}` {how}: {pairs}, in {share:.0%} of rows"
        return Parting("remapped", name, said, before=before, after=after, **told)
    if old.same_values(new) and _as_often(a, b) and share > 0.02:
        said = f"`{name}` holds the same values in other rows: {share:.0%} of rows have another's"
        return Parting("shuffled", name, said, before=before, after=after, **told)
    kind: Any = "label" if label else "rewritten"
    return Parting(
        kind,
        name,
        f"`{name}` is another in {share:.1%} of rows ({_mix(before)}; then {_mix(after)})",
        before=before,
        after=after,
        **told,
    )


def _recoded(a: Any, b: Any, olds: list[str], news: list[str]) -> dict[str, str]:
    """Return old → new value where each old value became one and the same, else nothing."""
    if len(olds) > _FEW or len(news) > _FEW:
        return {}
    known = (a >= 0) & (b >= 0)
    table = np.zeros((len(olds), len(news)), np.int64)
    np.add.at(table, (a[known], b[known]), 1)
    total = table.sum()
    if not total or table.max(axis=1).sum() < _PURE * total or known.sum() < _PURE * (a >= 0).sum():
        return {}
    return {olds[i]: news[int(table[i].argmax())] for i in range(len(olds)) if table[i].sum()}


def _numbers(
    name: str, x: Any, y: Any, told: dict[str, Any], before: Any, after: Any, *, few: bool
) -> Parting | None:
    """Return that numbers were cut, or lie on another scale; among few values one that is turned round is a recoding."""
    known = np.isfinite(x) & np.isfinite(y)
    u, v = x[known], y[known]
    if len(u) < 20:
        return None
    fraction = u != np.trunc(u)
    cut = next(
        (w for w, f in (("truncated", np.trunc), ("rounded", np.rint), ("rounded down", np.floor)) if np.array_equal(f(u), v)), ""
    )  # fmt: skip
    if cut and fraction.any():
        kinds = f"{len(np.unique(u)):,} values became {len(np.unique(v)):,}"
        said = f"`{name}` is {cut} to whole numbers in {float(fraction.mean()):.0%} of rows: {kinds}"
        return Parting("truncated", name, said, before=before, after=after, **told)
    if not (u.std() > 0 and v.std() > 0) or len(before) < 3:
        return None
    likeness = float(np.corrcoef(u, v)[0, 1])
    if (likeness if few else abs(likeness)) > 0.999999:
        said = (
            f"`{name}` is on another scale: mean {shown(u.mean())} and deviation {shown(u.std())} "
            f"became {shown(v.mean())} and {shown(v.std())}"
        )
        scale = {"mean": float(v.mean()), "deviation": float(v.std())}
        was = {"mean": float(u.mean()), "deviation": float(u.std())}
        return Parting("rescaled", name, said, before=was, after=scale, **told)
    return None


def _as_often(a: Any, b: Any) -> bool:
    n = int(max(a.max(initial=-1), b.max(initial=-1))) + 2
    return bool(np.array_equal(np.bincount(a + 1, minlength=n), np.bincount(b + 1, minlength=n)))


def _mix(shares: dict[str, float]) -> str:
    some = list(shares.items())[:3]
    if all(share < 0.02 for _, share in some):
        return f"many values, such as {some[0][0]}" if some else "nothing"
    return ", ".join(f"{value} in {share:.0%}" for value, share in some)
