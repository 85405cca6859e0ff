"""Correlation remover: what facets tell of each number, in a straight line, taken out of it, as fairlearn's does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.errors import BadInput
from assay.methods.mitigation.grouping import MISSING, Grouping

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Straight:
    """mean: of each column of the facets. slopes: facets × columns, of least squares."""

    mean: Floats
    slopes: Floats

    @classmethod
    def learnt(cls, facets: Floats, values: Floats) -> Straight:
        """Return the slopes of values on facets, each column's of the rows in which it is there."""
        mean = facets.mean(axis=0)
        centred = facets - mean
        slopes = np.zeros((facets.shape[1], values.shape[1]))
        whole = np.isfinite(values).all(axis=0)
        if whole.any():
            slopes[:, whole] = np.linalg.lstsq(centred, values[:, whole], rcond=None)[0]
        for at in np.flatnonzero(~whole):
            rows = np.isfinite(values[:, at])
            if rows.any():
                own = centred[rows]
                slopes[:, at] = np.linalg.lstsq(own - own.mean(axis=0), values[rows, at], rcond=None)[0]
        return cls(mean, slopes)

    def removed(self, facets: Floats, values: Floats, alpha: float) -> Floats:
        """Return values less ``alpha`` of what the facets tell of them: x - alpha · (s - mean s) · slopes."""
        out: Floats = values - alpha * ((facets - self.mean) @ self.slopes)
        return out


class Learnt:
    """The slopes of columns on facets. facets: name → the values that have a column of their own; None for a number."""

    def __init__(
        self,
        facets: Mapping[str, Sequence[str] | None],
        names: Sequence[str],
        straight: Straight,
        alpha: float,
    ) -> None:
        self.facets, self.names, self.straight, self.alpha = dict(facets), list(names), straight, alpha

    @classmethod
    def of(cls, data: pa.Table, facet: Sequence[str], names: Sequence[str], alpha: float) -> Learnt:
        """Learn of a table."""
        from assay.methods import facets as methods
        from assay.methods import outcomes

        held: dict[str, Sequence[str] | None] = {}
        for name in dict.fromkeys(facet):
            own = Grouping.learnt(data, (name,))  # told where it has one value alone, or very many
            many = bool(methods.cuts(methods.plain(data.column(name), name)))
            held[name] = None if many else own.names
        return cls(held, names, Straight.learnt(_told(data, held), outcomes.floats(data, names)), alpha)

    def of_facets(self, data: pa.Table) -> Any:
        """Return the facets as n × s floats; a missing number is the mean that was learnt, whatever other rows are there."""
        return _told(data, self.facets, self.straight.mean)

    def strange(self, data: pa.Table) -> int:
        """Return how many values of facets were not there when this was learnt."""
        known = [(n, v) for n, v in self.facets.items() if v is not None]
        return sum(int((~np.isin(_spelled(data, n).astype(str), list(v))).sum()) for n, v in known)

    def untold(self, data: pa.Table) -> bool:
        """Whether no row has a facet that was there when this was learnt."""
        from assay.methods import outcomes

        if not data.num_rows:
            return False
        for name, values in self.facets.items():
            if values is None:
                there = np.isfinite(outcomes.finite(data.column(name), name))
            else:
                there = np.isin(_spelled(data, name).astype(str), [v for v in values if v != MISSING])
            if there.any():
                return False
        return True

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        facets = [{"name": n, "values": None if v is None else list(v)} for n, v in self.facets.items()]
        slopes = self.straight.slopes.tolist()
        return {
            "facets": facets,
            "columns": self.names,
            "mean": self.straight.mean.tolist(),
            "slopes": slopes,
            "alpha": self.alpha,
        }

    @classmethod
    def read(cls, raw: Any, where: str) -> Learnt:
        """Read what to_json wrote; BadInput where it is none."""
        try:
            facets = {
                str(f["name"]): None if f["values"] is None else tuple(map(str, f["values"]))
                for f in raw["facets"]
            }
            names = [str(n) for n in raw["columns"]]
            mean, slopes = (np.array(raw[n], dtype=np.float64) for n in ("mean", "slopes"))
            alpha, wide = float(raw["alpha"]), sum(2 if v is None else len(v) - 1 for v in facets.values())
            right = mean.shape == (wide,) and slopes.shape == (wide, len(names)) and wide > 0 and names
            if (
                not right
                or not np.isfinite(mean).all()
                or not np.isfinite(slopes).all()
                or not 0 <= alpha <= 1
            ):
                raise ValueError
        except (KeyError, TypeError, AttributeError, ValueError, OverflowError):
            raise BadInput("this cannot be applied: its slopes cannot be read", where=where) from None
        return cls(facets, names, Straight(mean, slopes), alpha)


def _told(data: pa.Table, facets: Mapping[str, Sequence[str] | None], means: Any = None) -> Any:
    """Return facets as n × s floats: a column of 0 and 1 for each value but the first, which the others tell; a number as it
    is, and a column that says where it is missing.

    means: of each column, what stands for a missing number; None for the mean of these rows.
    """
    from assay.methods import outcomes

    parts: list[Any] = []
    for name, values in facets.items():
        if values is not None:
            said = _spelled(data, name)
            parts += [(said == value).astype(float) for value in values[1:]]
            continue
        numbers = outcomes.finite(data.column(name), name)
        known = np.isfinite(numbers)
        mean = means[len(parts)] if means is not None else numbers[known].mean() if known.any() else 0.0
        parts += [np.where(known, numbers, mean), (~known).astype(float)]
    return np.column_stack(parts)


def _spelled(data: pa.Table, name: str) -> Any:
    """Return each row's value of a facet as it is spelled; a missing one has a name too."""
    from assay.methods import facets
    from assay.methods.values import spelled

    codes, held = facets.coded(facets.plain(data.column(name), name))
    said = np.array([*(spelled(v) or MISSING for v in held.to_pylist()), MISSING], dtype=object)
    return said[codes]
