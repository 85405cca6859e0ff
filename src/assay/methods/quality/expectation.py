"""Expectations of Great Expectations, each as the rule it is."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from assay.kernel.errors import UsageError
from assay.methods.quality.bounds import UNBOUNDED, Bounds, equal
from assay.methods.quality.kwargs import Kwargs
from assay.methods.quality.rule import Rule
from assay.methods.quality.stated import MOST_VALUES
from assay.methods.quality.values import number, sql_number
from assay.methods.sqltext import literal, quoted

_TYPES = {
    "integer": "int int8 int16 int32 int64 uint8 uint16 uint32 uint64 int_ integer bigint smallint tinyint long "
    "integertype longtype shorttype bytetype int64dtype int32dtype number(38,0)",
    "number": "float float16 float32 float64 float_ double decimal numeric real number doubletype floattype decimaltype "
    "double_precision float64dtype",
    "text": "str string str_ unicode varchar text char nvarchar stringtype stringdtype categorydtype category",
    "boolean": "bool bool_ boolean booleantype booleandtype",
    "date": "date datetype",
    "timestamp": "datetime datetime64 datetime64[ns] datetime64[us] timestamp timestamptype datetime_ timestamptz "
    "datetime2 timestamp_ntz timestamp_tz datetimetz",
    "binary": "bytes binary blob bytea binarytype varbinary",
}
_WORD = {name: word for word, names in _TYPES.items() for name in names.split()}
_MEASURES = {
    "max": "maximum",
    "min": "minimum",
    "mean": "mean",
    "median": "median",
    "stdev": "stddev",
    "sum": "sum",
    "unique_value_count": "distinct",
    "proportion_of_unique_values": "distinct_share",
    "proportion_of_non_null_values": "completeness",
}
Maker = Callable[[Kwargs], Rule]


def _rule(kind: str, *columns: str, bounds: Bounds = UNBOUNDED, **given: Any) -> Rule:
    return Rule(kind, "", columns, given, bounds)


def _listed(kind: str) -> Maker:
    return lambda k: _rule(kind, k.column(), values=k.values())


def _measure(kind: str) -> Maker:
    return lambda k: _rule(kind, k.column(), bounds=k.bounds())


def _between(k: Kwargs) -> Rule:
    if k.flag("parse_strings_as_datetimes"):
        k.take("output_strftime_format")
    return _rule("range", k.column(), bounds=k.bounds())


def _lengths_equal(k: Kwargs) -> Rule:
    return _rule("length", k.column(), bounds=equal(_number(k.take("value"))))


def _number(value: Any) -> int | float:
    found = None if isinstance(value, (bool, str)) else number(value)
    if found is None:
        raise UsageError(f"{str(value)[:40]!r} is no number")
    return found


def _patterns(how: str, key: str) -> Maker:
    def make(k: Kwargs) -> Rule:
        match_on = k.take("match_on", "any")
        if match_on not in ("any", "all"):
            raise UsageError("its match_on is neither any nor all")
        escape = k.take("escape")
        more: dict[str, Any] = {"every": True} if match_on == "all" and not how.startswith("not_") else {}
        more |= {"escape": escape} if isinstance(escape, str) and len(escape) == 1 else {}
        return Rule("pattern", "", (k.column(),), {how: k.texts(key), **more})

    return make


def _typed(key: str) -> Maker:
    def make(k: Kwargs) -> Rule:
        words: list[str] = []
        for name in k.texts(key):
            low = name.lower()
            if low in ("object", "object_", "o"):
                words += ["text", "other"]
            elif low.split("(")[0] in _WORD or low in _WORD:
                words.append(_WORD.get(low) or _WORD[low.split("(")[0]])
            else:
                raise UsageError(f"the type {name[:40]!r} is not known")
        return Rule("type", "", (k.column(),), {"is": list(dict.fromkeys(words)), "stored": True})

    return make


def _ordered(kind: str) -> Maker:
    def make(k: Kwargs) -> Rule:
        if k.flag("parse_strings_as_datetimes"):
            raise UsageError("it parses texts as dates in whatever form")
        return _rule(kind, k.column(), strictly=k.flag("strictly"))

    return make


def _scores(k: Kwargs) -> Rule:
    given: dict[str, Any] = {"zscore": _positive(k.take("threshold")), "strictly": True}
    given |= {} if k.flag("double_sided") else {"one_sided": True}
    return _rule("outliers", k.column(), **given)


def _outliers(k: Kwargs) -> Rule:
    method, times = k.take("method", "iqr"), _positive(k.take("multiplier", 1.5))
    if method not in ("iqr", "std"):
        raise UsageError(f"its method {str(method)[:40]!r} is not known")
    given: dict[str, Any] = {"iqr": times} if method == "iqr" else {"zscore": times, "strictly": True}
    return _rule("outliers", k.column(), **given)


def _positive(value: Any) -> int | float:
    found = _number(value)
    if found <= 0:
        raise UsageError(f"{found} is not above 0")
    return found


def _exists(k: Kwargs) -> Rule:
    at = k.take("column_index")
    return Rule("exists", "", (k.column(),), {"at": int(_number(at))} if at is not None else {})


def _match_set(k: Kwargs) -> Rule:
    exact = k.take("exact_match", True)
    return _rule("columns", *k.columns("column_set"), others="forbid" if exact else "allow")


def _quantiles(k: Kwargs) -> Rule:
    column, ranges = k.column(), k.take("quantile_ranges")
    k.take("allow_relative_error")
    at = ranges.get("quantiles") if isinstance(ranges, Mapping) else None
    bounds = ranges.get("value_ranges") if isinstance(ranges, Mapping) else None
    if not isinstance(at, list) or not isinstance(bounds, list) or len(at) != len(bounds) or not at:
        raise UsageError("its quantile_ranges are no quantiles and value_ranges")
    parts = []
    for quantile, pair in zip(at, bounds, strict=True):
        share = _number(quantile)
        if not 0 <= share <= 1 or not isinstance(pair, list) or len(pair) != 2:
            raise UsageError("its quantile_ranges are no quantiles and value_ranges")
        low, high = (None if e is None else _number(e) for e in pair)
        one = _rule("quantile_nearest", column, bounds=Bounds(low, high), at=float(share))
        parts.append(replace(one, name=f"quantile {share}"))
    return parts[0] if len(parts) == 1 else Rule("all", "", (column,), parts=tuple(parts))


def _equal_set(k: Kwargs) -> Rule:
    column, values = k.column(), k.values()
    one, other = _rule("set", column, values=values), _rule("occurs", column, values=values)
    return Rule(
        "all", "", (column,), parts=(replace(one, name="in set"), replace(other, name="contains set"))
    )


def _common(k: Kwargs) -> Rule:
    ties = k.take("ties_okay") or False
    return _rule("most_common", k.column(), values=k.values(), ties=bool(ties))


def _partition(k: Kwargs) -> dict[str, float]:
    given = k.take("partition_object")
    values = given.get("values") if isinstance(given, Mapping) else None
    weights = given.get("weights") if isinstance(given, Mapping) else None
    if (
        not isinstance(values, list)
        or not isinstance(weights, list)
        or len(values) != len(weights)
        or not values
    ):
        raise UsageError(
            "its partition_object holds no values and weights; bins of numbers are not understood"
        )
    return {str(v): float(_number(w)) for v, w in zip(values, weights, strict=True)}


def _divergence(k: Kwargs) -> Rule:
    for key in ("internal_weight_holdout", "tail_weight_holdout"):
        if k.take(key, 0):
            raise UsageError(f"its {key} is not understood")
    k.take("bucketize_data")
    limit = Bounds(high=_number(k.take("threshold")))
    return _rule("distribution", k.column(), bounds=limit, test="kl", shares=_partition(k))


def _chi_square(k: Kwargs) -> Rule:
    limit = Bounds(low=_number(k.take("p", 0.05)), low_open=True)
    if k.take("tail_weight_holdout", 0):
        raise UsageError("its tail_weight_holdout is not understood")
    return _rule("distribution", k.column(), bounds=limit, test="chi_square", shares=_partition(k))


def _counted(columns: Sequence[str], ignore: Any, holds: str) -> Rule:
    """Return a rule of SQL over several columns, with the rows left out that ``ignore_row_if`` names."""
    names = [quoted(c) for c in columns]
    words = {
        "both_values_are_missing": " OR ", "all_values_are_missing": " OR ", "either_value_is_missing": " AND ",
        "any_value_is_missing": " AND ", "neither": "", "never": "",
    }  # fmt: skip
    if not isinstance(ignore, str) or ignore not in words:
        raise UsageError(f"its ignore_row_if {str(ignore)[:40]!r} is not known")
    over = words[ignore].join(f"{n} IS NOT NULL" for n in names) if words[ignore] else "TRUE"
    made = f"CASE WHEN {over} THEN coalesce({holds}, FALSE) END"
    return Rule("sql", "", tuple(columns), {"made": made})


def _pair(k: Kwargs) -> tuple[str, str, Any]:
    return k.column("column_A"), k.column("column_B"), k.take("ignore_row_if", "both_values_are_missing")


def _pair_equal(k: Kwargs) -> Rule:
    a, b, ignore = _pair(k)
    return _counted((a, b), ignore, f"{quoted(a)} = {quoted(b)}")


def _pair_greater(k: Kwargs) -> Rule:
    a, b, ignore = _pair(k)
    if k.flag("parse_strings_as_datetimes"):
        raise UsageError("it parses texts as dates in whatever form")
    word = ">=" if k.flag("or_equal") else ">"
    return _counted((a, b), ignore, f"{quoted(a)} {word} {quoted(b)}")


def _pair_in(k: Kwargs) -> Rule:
    a, b, ignore = _pair(k)
    pairs = k.take("value_pairs_set")
    if (
        not isinstance(pairs, list)
        or not all(isinstance(p, list) and len(p) == 2 for p in pairs)
        or not pairs
    ):
        raise UsageError("its value_pairs_set is no list of pairs")
    each = [f"({_same(a, x)} AND {_same(b, y)})" for x, y in pairs[:MOST_VALUES]]
    return _counted((a, b), ignore, " OR ".join(each))


def _same(column: str, value: Any) -> str:
    if value is None:
        return f"{quoted(column)} IS NULL"
    if isinstance(value, bool):
        return f"{quoted(column)} = {str(value).upper()}"
    if isinstance(value, (int, float)):
        return f"{quoted(column)} = {sql_number(_number(value))}"
    return f"{quoted(column)} = {literal(str(value))}"


def _compound(k: Kwargs) -> Rule:
    ignore = k.take("ignore_row_if", "all_values_are_missing")
    if ignore not in ("all_values_are_missing", "any_value_is_missing"):
        raise UsageError(f"its ignore_row_if {str(ignore)[:40]!r} is not understood")
    whole: dict[str, Any] = {"whole": True} if ignore == "any_value_is_missing" else {}
    return _rule("unique", *k.columns(), **whole)


def _list_and_ignore(k: Kwargs) -> tuple[tuple[str, ...], Any]:
    return k.columns(), k.take("ignore_row_if", "all_values_are_missing")


def _sum_equal(k: Kwargs) -> Rule:
    columns, ignore = _list_and_ignore(k)
    total = sql_number(_number(k.take("sum_total")))
    return _counted(columns, ignore, f"{' + '.join(map(quoted, columns))} = {total}")


def _within_record(k: Kwargs) -> Rule:
    columns, ignore = _list_and_ignore(k)
    names = [quoted(c) for c in columns]
    if len(names) > 50:
        raise UsageError("it compares more than 50 columns with one another")
    pairs = [f"{a} IS DISTINCT FROM {b}" for n, a in enumerate(names) for b in names[n + 1 :]]
    return _counted(columns, ignore, " AND ".join(pairs) or "TRUE")


def _all_equal(k: Kwargs) -> Rule:
    columns, ignore = _list_and_ignore(k)
    names = [quoted(c) for c in columns]
    pairs = [f"{a} = {b}" for a, b in itertools.pairwise(names)]
    return _counted(columns, ignore, " AND ".join(pairs) or "TRUE")


def _unexpected_rows(k: Kwargs) -> Rule:
    """A query for rows that must not be: those of this table that a filter lets through."""
    from assay.methods.quality.query import filtered

    text = k.take("unexpected_rows_query")
    if not isinstance(text, str):
        raise UsageError("it has no unexpected_rows_query")
    where, columns = filtered(text.replace("{batch}", "batch"), ("batch",))
    return Rule("sql", "", columns, {"sql": f"NOT coalesce(({where}), FALSE)"})


def _plain(kind: str, **given: Any) -> Maker:
    return lambda k: _rule(kind, k.column(), **given)


_SHORT: dict[str, Maker] = {
    "column_to_exist": _exists,
    "table_columns_to_match_ordered_list": lambda k: _rule("columns", *k.columns(), order="exact"),
    "table_columns_to_match_set": _match_set,
    "table_column_count_to_equal": lambda k: _rule("column_count", bounds=equal(_number(k.take("value")))),
    "table_column_count_to_be_between": lambda k: _rule("column_count", bounds=k.bounds()),
    "table_row_count_to_equal": lambda k: _rule("row_count", bounds=equal(_number(k.take("value")))),
    "table_row_count_to_be_between": lambda k: _rule("row_count", bounds=k.bounds()),
    "table_row_count_to_equal_other_table": lambda k: _rule(
        "row_count", bounds=equal(1.0), relative_to=k.column("other_table_name")
    ),
    "column_values_to_not_be_null": _plain("complete"),
    "column_values_to_be_null": _plain("absent"),
    "column_values_to_be_unique": _plain("unique"),
    "column_values_to_be_between": _between,
    "column_values_to_be_in_set": _listed("set"),
    "column_values_to_not_be_in_set": _listed("forbidden"),
    "column_values_to_match_regex": _patterns("contains", "regex"),
    "column_values_to_not_match_regex": _patterns("not_contains", "regex"),
    "column_values_to_match_regex_list": _patterns("contains", "regex_list"),
    "column_values_to_not_match_regex_list": _patterns("not_contains", "regex_list"),
    "column_values_to_match_like_pattern": _patterns("like", "like_pattern"),
    "column_values_to_not_match_like_pattern": _patterns("not_like", "like_pattern"),
    "column_values_to_match_like_pattern_list": _patterns("like", "like_pattern_list"),
    "column_values_to_not_match_like_pattern_list": _patterns("not_like", "like_pattern_list"),
    "column_value_lengths_to_be_between": lambda k: _rule("length", k.column(), bounds=k.bounds()),
    "column_value_lengths_to_equal": _lengths_equal,
    "column_values_to_be_of_type": _typed("type_"),
    "column_type_to_be": _typed("type_"),
    "column_values_to_be_in_type_list": _typed("type_list"),
    "column_values_to_match_strftime_format": lambda k: Rule(
        "format", "", (k.column(),), {"is": k.texts("strftime_format")[0]}
    ),
    "column_values_to_be_json_parseable": lambda k: Rule("format", "", (k.column(),), {"is": "json"}),
    "column_values_to_be_increasing": _ordered("increasing"),
    "column_values_to_be_decreasing": _ordered("decreasing"),
    "column_value_z_scores_to_be_less_than": _scores,
    "column_values_to_not_be_outliers": _outliers,
    "column_quantile_values_to_be_between": _quantiles,
    "column_most_common_value_to_be_in_set": _common,
    "column_distinct_values_to_be_in_set": _listed("set"),
    "column_distinct_values_to_contain_set": _listed("occurs"),
    "column_distinct_values_to_equal_set": _equal_set,
    "column_kl_divergence_to_be_less_than": _divergence,
    "column_chisquare_test_p_value_to_be_greater_than": _chi_square,
    "column_pair_values_to_be_equal": _pair_equal,
    "column_pair_values_a_to_be_greater_than_b": _pair_greater,
    "column_pair_values_to_be_in_set": _pair_in,
    "compound_columns_to_be_unique": _compound,
    "multicolumn_sum_to_equal": _sum_equal,
    "multicolumn_values_to_be_unique": _within_record,
    "select_column_values_to_be_unique_within_record": _within_record,
    "multicolumn_values_to_be_equal": _all_equal,
    **{f"column_{name}_to_be_between": _measure(kind) for name, kind in _MEASURES.items()},
}
MAKERS: dict[str, Maker] = {f"expect_{name}": maker for name, maker in _SHORT.items()}
MAKERS["unexpected_rows_expectation"] = _unexpected_rows
WHY = {
    "expect_column_values_to_be_dateutil_parseable": "it reads dates in whatever form; state the form "
    "(expect_column_values_to_match_strftime_format)",
    "expect_column_values_to_match_json_schema": "JSON schemas are not examined",
    "expect_query_results_to_match_comparison": "it sends queries of its own to two data sources",
}
