"""Great Expectations itself, in an environment of its own, on the same suites and the same rows."""

from __future__ import annotations

import json
import subprocess

import numpy as np
import pandas as pd
import pytest

from assay.checks.data.quality import check

pytestmark = pytest.mark.slow
RUN = """
import json, sys, warnings
warnings.filterwarnings("ignore")
import great_expectations as gx
import pandas as pd
from great_expectations.core.expectation_suite import ExpectationSuite
frame = pd.read_parquet(sys.argv[1])
suite = json.load(open(sys.argv[2]))
context = gx.get_context(mode="ephemeral")
batch = (
    context.data_sources.add_pandas("p").add_dataframe_asset("a").add_batch_definition_whole_dataframe("b")
    .get_batch({"dataframe": frame})
)
out = []
for item in suite["expectations"]:
    one = batch.validate(ExpectationSuite(name="s", expectations=[item]), result_format="COMPLETE").results[0]
    result = one.result or {}
    rows = result.get("unexpected_index_list")
    out.append({
        "success": bool(one.success), "broken": result.get("unexpected_count"),
        "observed": result.get("observed_value"), "rows": rows,
        "error": str(one.exception_info)[:300] if "raised_exception" not in one.exception_info
        or one.exception_info["raised_exception"] else "",
    })
json.dump(out, open(sys.argv[3], "w"), default=str)
"""


@pytest.fixture(scope="module")
def peer(environment):
    return environment("great-expectations-1", "great_expectations>=1.5,<2", "pandas", "pyarrow")


def _frame():
    rng = np.random.default_rng(11)
    n = 300
    frame = pd.DataFrame(
        {
            "id": np.arange(n),
            "age": rng.integers(0, 100, n).astype("float64"),
            "score": rng.normal(size=n),
            "other": rng.normal(size=n),
            "kind": rng.choice(["a", "b", "c", None], n, p=[0.5, 0.3, 0.15, 0.05]),
            "code": [
                f"{c}{k:03d}"
                for c, k in zip(rng.choice(list("XYZ"), n), rng.integers(0, 400, n), strict=True)
            ],
            "a": rng.integers(0, 4, n),
            "b": rng.integers(0, 4, n),
            "c": rng.integers(0, 4, n),
            "when": rng.choice(["2024-01-31", "2024-02-30", "31/01/2024"], n),
            "json": rng.choice(['{"a": 1}', "[1, 2", "3"], n),
            "flag": rng.choice([True, False], n),
        }
    )
    frame.loc[rng.choice(n, 20, replace=False), "age"] = np.nan
    frame.loc[rng.choice(n, 10, replace=False), "other"] = np.nan
    frame.loc[7, "code"] = None
    return frame


def _expect(name, /, **kwargs):
    return {"type": f"expect_{name}", "kwargs": kwargs}


QUANTILES = {"quantiles": [0.1, 0.5, 0.9], "value_ranges": [[-3, 0], [-0.5, 0.5], [1.0, None]]}
CONDITION = {"condition_parser": "pandas", "row_condition": 'kind == "a" & age > 20'}
SUITE = [
    _expect("column_to_exist", column="age"),
    _expect("column_to_exist", column="age", column_index=1),
    _expect("table_column_count_to_equal", value=12),
    _expect("table_column_count_to_be_between", min_value=13, max_value=20),
    _expect("table_columns_to_match_set", column_set=["id", "age"], exact_match=True),
    _expect("table_columns_to_match_set", column_set=["id", "age"], exact_match=False),
    _expect("table_row_count_to_equal", value=300),
    _expect("table_row_count_to_be_between", min_value=301),
    _expect("column_values_to_not_be_null", column="age"),
    _expect("column_values_to_not_be_null", column="age", mostly=0.9),
    _expect("column_values_to_be_null", column="kind", mostly=0.03),
    _expect("column_values_to_be_unique", column="id"),
    _expect("column_values_to_be_unique", column="code", mostly=0.4),
    _expect("column_values_to_be_between", column="age", min_value=10, max_value=90),
    _expect("column_values_to_be_between", column="age", min_value=10, max_value=90, mostly=0.7),
    _expect("column_values_to_be_between", column="age", min_value=50, strict_min=True),
    _expect("column_values_to_be_in_set", column="kind", value_set=["a", "b"]),
    _expect("column_values_to_be_in_set", column="a", value_set=[0, 1, 2], mostly=0.6),
    _expect("column_values_to_not_be_in_set", column="kind", value_set=["c"]),
    _expect("column_values_to_match_regex", column="code", regex="^X"),
    _expect("column_values_to_match_regex", column="code", regex="0"),
    _expect("column_values_to_not_match_regex", column="code", regex="[12]3"),
    _expect("column_values_to_match_regex_list", column="code", regex_list=["^X", "9$"], match_on="any"),
    _expect("column_values_to_match_regex_list", column="code", regex_list=["^X", "9$"], match_on="all"),
    _expect("column_values_to_not_match_regex_list", column="code", regex_list=["^X", "9$"]),
    _expect("column_value_lengths_to_equal", column="code", value=4),
    _expect("column_value_lengths_to_be_between", column="when", min_value=10, max_value=10),
    _expect("column_values_to_be_of_type", column="age", type_="float64"),
    _expect("column_values_to_be_of_type", column="kind", type_="str"),
    _expect("column_values_to_be_of_type", column="flag", type_="int64"),
    _expect("column_values_to_be_in_type_list", column="a", type_list=["int64", "float64"]),
    _expect("column_values_to_match_strftime_format", column="when", strftime_format="%Y-%m-%d"),
    _expect("column_values_to_be_json_parseable", column="json"),
    _expect("column_values_to_be_increasing", column="id"),
    _expect("column_values_to_be_increasing", column="id", strictly=True),
    _expect("column_values_to_be_increasing", column="age"),
    _expect("column_values_to_be_decreasing", column="a", mostly=0.5),
    _expect("column_value_z_scores_to_be_less_than", column="score", threshold=2, double_sided=True),
    _expect("column_value_z_scores_to_be_less_than", column="score", threshold=1.5, double_sided=False),
    _expect("column_max_to_be_between", column="age", min_value=98, max_value=99),
    _expect("column_min_to_be_between", column="age", min_value=0, strict_min=True),
    _expect("column_mean_to_be_between", column="age", min_value=40, max_value=60),
    _expect("column_median_to_be_between", column="score", min_value=1),
    _expect("column_stdev_to_be_between", column="score", min_value=0.5, max_value=1.5),
    _expect("column_sum_to_be_between", column="a", min_value=0, max_value=10),
    _expect("column_unique_value_count_to_be_between", column="kind", min_value=3, max_value=3),
    _expect("column_proportion_of_unique_values_to_be_between", column="code", min_value=0.2, max_value=0.9),
    _expect("column_proportion_of_non_null_values_to_be_between", column="age", min_value=0.95),
    _expect("column_quantile_values_to_be_between", column="score", quantile_ranges=QUANTILES),
    _expect("column_most_common_value_to_be_in_set", column="kind", value_set=["a"]),
    _expect("column_most_common_value_to_be_in_set", column="kind", value_set=["b"]),
    _expect("column_distinct_values_to_be_in_set", column="kind", value_set=["a", "b", "c", "d"]),
    _expect("column_distinct_values_to_contain_set", column="kind", value_set=["a", "d"]),
    _expect("column_distinct_values_to_equal_set", column="kind", value_set=["a", "b", "c"]),
    _expect(
        "column_kl_divergence_to_be_less_than",
        column="kind",
        partition_object={"values": ["a", "b", "c"], "weights": [0.4, 0.4, 0.2]},
        threshold=0.001,
    ),
    _expect("column_pair_values_to_be_equal", column_A="a", column_B="b"),
    _expect("column_pair_values_a_to_be_greater_than_b", column_A="score", column_B="other"),
    _expect(
        "column_pair_values_a_to_be_greater_than_b",
        column_A="age", column_B="other", ignore_row_if="either_value_is_missing", mostly=0.9,
    ),  # fmt: skip
    _expect("column_pair_values_to_be_in_set", column_A="a", column_B="b", value_pairs_set=[[0, 0], [1, 2], [3, 3]]),
    _expect("compound_columns_to_be_unique", column_list=["a", "b", "c"]),
    _expect("compound_columns_to_be_unique", column_list=["id", "kind"]),
    _expect("multicolumn_sum_to_equal", column_list=["a", "b", "c"], sum_total=6),
    _expect("select_column_values_to_be_unique_within_record", column_list=["a", "b", "c"]),
    _expect("column_values_to_be_between", column="age", min_value=30, **CONDITION),
    _expect("column_values_to_not_be_null", column="age", condition_parser="pandas", row_condition="kind.notnull()"),
    _expect("column_mean_to_be_between", column="age", min_value=0, max_value=50, **CONDITION),
    _expect(
        "column_values_to_be_in_set", column="kind", value_set=["a"],
        row_condition={"type": "comparison", "column": {"name": "age"}, "operator": ">=", "parameter": 50},
    ),  # fmt: skip
    _expect(
        "column_values_to_be_between", column="age", max_value=80,
        row_condition={
            "type": "or",
            "conditions": [
                {"type": "comparison", "column": {"name": "kind"}, "operator": "IN", "parameter": ["a", "b"]},
                {"type": "nullity", "column": {"name": "kind"}, "is_null": True},
            ],
        },
    ),  # fmt: skip
]  # fmt: skip


def test_the_same_suite_gives_the_same_verdicts_counts_and_rows(peer, table, work, tmp_path):
    frame = _frame()
    frame.to_parquet(tmp_path / "t.parquet")
    (tmp_path / "suite.json").write_text(json.dumps({"name": "s", "expectations": SUITE}))
    done = subprocess.run(
        [peer, "-c", RUN, tmp_path / "t.parquet", tmp_path / "suite.json", tmp_path / "out.json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    theirs = json.loads((tmp_path / "out.json").read_text())
    report = check(table(tmp_path / "t.parquet"), rules=tmp_path / "suite.json", work=work)
    assert report.coverage.skipped == ()
    ours = report.data["rules"]
    assert len(ours) == len(theirs) == len(SUITE) >= 60
    kept = pd.read_parquet(work.store.path(report.outputs[0].digest))
    rows = {name: sorted((part.row - 1).tolist()) for name, part in kept.groupby("rule")}
    for item, mine, other in zip(SUITE, ours, theirs, strict=True):
        assert not other["error"], (item, other["error"])
        assert (mine["state"] == "holds") == other["success"], (item, mine, other)
        if "failing" in mine and other["broken"] is not None:
            assert mine["failing"] == other["broken"], (item, mine)
            if not other["success"] and other["rows"] is not None:
                assert rows[mine["name"]] == sorted(other["rows"]), item
        if (
            "value" in mine
            and isinstance(other["observed"], (int, float))
            and not isinstance(other["observed"], bool)
        ):
            assert mine["value"] == pytest.approx(other["observed"], rel=1e-9), (item, mine, other)
