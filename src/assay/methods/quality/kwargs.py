"""The keywords of one expectation of Great Expectations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.kernel.errors import UsageError
from assay.methods.quality.bounds import Bounds
from assay.methods.quality.stated import MOST_VALUES

IGNORED = {
    "result_format", "include_config", "catch_exceptions", "meta", "notes", "batch_id", "description", "id",
    "profiler_config", "rendered_content", "allow_cross_type_comparisons", "severity", "window",
}  # fmt: skip


class Kwargs:
    """The keywords of one expectation; each is taken once, and what is left over was not understood."""

    def __init__(self, given: Mapping[str, Any], parameters: Mapping[str, Any]) -> None:
        self.given, self.parameters = dict(given), parameters
        for key in [*IGNORED, *(k for k, v in given.items() if v is None)]:
            self.given.pop(key, None)

    def take(self, key: str, default: Any = None) -> Any:
        """Return a keyword's value, with a suite parameter replaced by what the suite says it is."""
        return self._filled(self.given.pop(key, default), 0)

    def _filled(self, value: Any, depth: int) -> Any:
        if depth > 5:
            raise UsageError("a keyword nests too deep")
        if isinstance(value, Mapping):
            if "$PARAMETER" in value:
                name = value["$PARAMETER"]
                if isinstance(name, str) and not isinstance(self.parameters.get(name), (Mapping, type(None))):
                    return self.parameters[name]
                raise UsageError(f"its parameter {str(name)[:60]!r} has no value in the suite")
            return {k: self._filled(v, depth + 1) for k, v in value.items()}
        if isinstance(value, list):
            return [self._filled(v, depth + 1) for v in value]
        return value

    def column(self, key: str = "column") -> str:
        """Return the name of a column."""
        name = self.take(key)
        if not isinstance(name, str) or not name:
            raise UsageError(f"it names no {key}")
        return name

    def columns(self, key: str = "column_list") -> tuple[str, ...]:
        """Return names of columns."""
        names = self.take(key)
        if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
            raise UsageError(f"its {key} is no list of columns")
        return tuple(names)

    def values(self, key: str = "value_set") -> list[Any]:
        """Return a list of plain values, without nulls, which no expectation looks at."""
        found = self.take(key)
        if not isinstance(found, list) or any(isinstance(v, (dict, list)) for v in found):
            raise UsageError(f"its {key} is no list of values")
        if len(found) > MOST_VALUES:
            raise UsageError(f"its {key} lists more than {MOST_VALUES:,} values")
        return [v for v in found if v is not None]

    def texts(self, key: str) -> list[str]:
        """Return a text or a list of texts as a list."""
        found = self.take(key)
        found = [found] if isinstance(found, str) else found
        if not isinstance(found, list) or not found or not all(isinstance(t, str) for t in found):
            raise UsageError(f"its {key} is no text")
        return found

    def flag(self, key: str) -> bool:
        """Return a truth value, false where it is not given."""
        found = self.take(key, False)
        if not isinstance(found, bool):
            raise UsageError(f"its {key} is neither true nor false")
        return found

    def bounds(self) -> Bounds:
        """Return min_value to max_value."""
        low, high = (_end(self.take(k)) for k in ("min_value", "max_value"))
        found = Bounds(low, high, self.flag("strict_min"), self.flag("strict_max"))
        if not found.given:
            raise UsageError("it bounds nothing")
        return found


def _end(value: Any) -> Any:
    if value is None or (isinstance(value, (str, int, float)) and not isinstance(value, bool)):
        return value
    raise UsageError(f"it is bounded by {str(value)[:40]!r}, which is neither a number nor a text")
