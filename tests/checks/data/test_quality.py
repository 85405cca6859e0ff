"""data.quality: each kind of rule beside pandas, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.checks.data.quality import check
from assay.kernel.errors import UsageError
from assay.kernel.severity import Severity

FRAME = pd.DataFrame(
    {
        "id": [1, 2, 3, 3, 5, 6, 7, 8],
        "line": [1, 1, 1, 2, 1, 1, 1, 1],
        "age": [34, 51, None, 17, 200, 28, 41, 63],
        "code": ["A1", "B2", None, "c3", "D44", "E5", "F6", ""],
        "kind": ["x", "y", "x", "x", None, "z", "x", "y"],
        "paid": [True, False, True, True, True, None, False, True],
        "day": pd.to_datetime(
            [
                "2024-01-01",
                "2024-01-03",
                "2024-01-02",
                None,
                "2024-02-01",
                "2024-02-02",
                "2024-02-03",
                "2024-02-04",
            ]
        ),
        "amount": [1.5, -2.0, 0.0, np.nan, 10.0, 4.25, 1e3, 7.0],
        "text_number": ["1", "2.5", "x", None, "7", "-1", " 3 ", "1e2"],
    }
)


@pytest.fixture
def held(table, work, tmp_path):
    """Hold YAML rules against a frame; return the report, with the failing rows of each rule."""

    def hold(rules, frame=FRAME, **given):
        path = tmp_path / "rules.yaml"
        path.write_text(rules if "rules:" in rules else "rules:\n" + rules)
        report = check(table(frame), rules=path, work=work, **given)
        rows = {}
        for output in report.outputs:
            kept = pd.read_parquet(work.store.path(output.digest))
            rows = {name: part.row.tolist() for name, part in kept.groupby("rule", sort=False)}
        return report, rows

    return hold


def _at(mask):
    return (np.flatnonzero(np.asarray(mask, dtype=bool)) + 1).tolist()


ROWWISE = [
    ("{complete: age}", FRAME.age.isna(), 8),
    ("{absent: kind}", FRAME.kind.notna(), 8),
    ("{range: age, min: 18, max: 120}", (FRAME.age < 18) | (FRAME.age > 120), 7),
    ("{range: age, above: 17, below: 200}", (FRAME.age <= 17) | (FRAME.age >= 200), 7),
    ("{range: age, min: 18, nulls: fail}", ~(FRAME.age >= 18), 8),
    ("{range: age, min: 18, nulls: pass}", FRAME.age < 18, 8),
    ("{range: day, min: 2024-01-02}", FRAME.day < "2024-01-02", 7),
    ("{range: day, max: now - 1 day}", FRAME.day > pd.Timestamp.now(), 7),
    ("{range: code, min: B, max: E}", (FRAME.code < "B") | (FRAME.code > "E"), 7),
    ("{range: text_number, min: 0, max: 10}", FRAME.text_number.isin(["x", "-1", "1e2"]), 7),
    ("{set: kind, values: [x, y]}", FRAME.kind.eq("z"), 7),
    ("{set: kind, values: [x, y, z, null], nulls: fail}", [False] * 8, 8),
    ("{set: age, values: [34, 51, '28']}", FRAME.age.notna() & ~FRAME.age.isin([34, 51, 28]), 7),
    ("{set: paid, values: [true]}", FRAME.paid.eq(False), 7),
    ("{set: day, values: [2024-01-01]}", FRAME.day.notna() & (FRAME.day != "2024-01-01"), 7),
    ("{forbidden: kind, values: [z]}", FRAME.kind.eq("z"), 7),
    ("{forbidden: kind, values: [z, null], nulls: fail}", FRAME.kind.eq("z") | FRAME.kind.isna(), 8),
    ("{pattern: code, matches: '[A-Z]\\d'}", FRAME.code.isin(["c3", "D44", ""]), 7),
    ("{pattern: code, contains: '\\d'}", FRAME.code.eq(""), 7),
    ("{pattern: code, like: ['A%', '_4_']}", FRAME.code.isin(["B2", "c3", "E5", "F6", ""]), 7),
    ("{pattern: code, not_contains: ['4', '^c']}", FRAME.code.isin(["D44", "c3"]), 7),
    ("{length: code, equals: 2}", FRAME.code.isin(["D44", ""]), 7),
    ("{length: code, min: 1, max: 2}", FRAME.code.isin(["D44", ""]), 7),
    ("{type: text_number, is: number}", FRAME.text_number.eq("x"), 7),
    ("{type: text_number, is: integer}", FRAME.text_number.isin(["2.5", "x", "1e2"]), 7),
    ("{type: age, is: number}", [False] * 8, 7),
    ("{format: code, is: integer}", FRAME.code.notna(), 7),
    ("{sql: 'age >= 18 OR paid'}", [False] * 4 + [False, False, False, False], None),
    ("{sql: 'id < age', when: 'paid'}", (FRAME.id >= FRAME.age) & FRAME.paid.eq(True), None),
    ("{range: age, min: 30, when: \"kind = 'x'\"}", (FRAME.age < 30) & FRAME.kind.eq("x"), 3),
    ("{outliers: age, zscore: 2}", (FRAME.age - FRAME.age.mean()).abs() > 2 * FRAME.age.std(), 7),
    ("{unique: id}", FRAME.id.duplicated(keep=False), 8),
    ("{unique: [id, line]}", FRAME.duplicated(["id", "line"], keep=False), 8),
    ("{unique: kind}", FRAME.kind.duplicated(keep=False) & FRAME.kind.notna(), 7),
    ("{unique: kind, nulls: fail}", FRAME.kind.duplicated(keep=False) | FRAME.kind.isna(), 8),
    ("{unique: id, when: 'line = 1'}", [False] * 8, 7),
    ("{increasing: id}", [False] * 8, 8),
    ("{increasing: id, strictly: true}", FRAME.id.diff() <= 0, 8),
    (
        "{increasing: day}",
        FRAME.day.dropna().diff().lt(pd.Timedelta(0)).reindex(FRAME.index, fill_value=False),
        7,
    ),
    ("{decreasing: line}", FRAME.line.diff() > 0, 8),
    ("{increasing: amount, by: kind}", None, 7),
]


def test_each_rule_of_rows_beside_pandas(held):
    good = FRAME[FRAME.amount.notna()]  # within each group, nulls left out
    grouped = (good.groupby("kind", dropna=False).amount.diff() < 0).reindex(FRAME.index, fill_value=False)
    report, rows = held("".join(f"  - {rule[:-1]}, name: r{n}}}\n" for n, (rule, *_) in enumerate(ROWWISE)))
    for n, (rule, mask, support) in enumerate(ROWWISE):
        told = report.data["rules"][n]
        expected = _at(grouped if mask is None else mask)
        assert rows.get(f"r{n}", []) == expected, rule
        assert told["state"] == ("broken" if expected else "holds"), rule
        assert told["failing"] == len(expected), rule
        if support is not None:
            assert told["support"] == support, rule


def test_quartile_fences_beside_numpy(held):
    low, high = np.nanquantile(FRAME.amount, [0.25, 0.75])
    wide = 1.5 * (high - low)
    mask = (FRAME.amount < low - wide) | (FRAME.amount > high + wide)
    assert held("  - {outliers: amount, iqr: 1.5}")[1] == {"outliers amount": _at(mask)}


FORMS = [
    ("email", ["a@b.co", "x.y+z@sub.example.org"], ["a@b", "a b@c.de", "@b.co", "a@-b.co"]),
    ("url", ["https://x.example/a?b#c", "s3://bucket/key"], ["x.example", "http://", "http://a b"]),
    ("uuid", ["123e4567-e89b-12d3-a456-426614174000"], ["123e4567e89b12d3a456426614174000", "x"]),
    ("ipv4", ["10.0.0.1", "255.255.255.255"], ["256.0.0.1", "1.2.3", "1.2.3.4.5"]),
    ("json", ['{"a": [1, null]}', "3", '"x"'], ["{a: 1}", "[1,"]),
    ("date", ["2024-02-29"], ["2023-02-29", "tomorrow"]),
    ("timestamp", ["2024-02-29 12:30:00"], ["2024-02-29 25:00:00"]),
    ("integer", ["7", "-12"], ["1.5", "x"]),
    ("number", ["7", "-1.5e3"], ["1,5", "x"]),
    ("%d/%m/%Y", ["31/12/2024"], ["12/31/2024", "2024-12-31"]),
]


def test_formats(held):
    wide = max(len(good) + len(bad) for _, good, bad in FORMS) + 1
    columns = {form: [*good, None, *bad] for form, good, bad in FORMS}
    frame = pd.DataFrame({form: v + [None] * (wide - len(v)) for form, v in columns.items()})
    report, rows = held("".join(f"  - {{format: '{f}', is: '{f}'}}\n" for f, *_ in FORMS), frame=frame)
    for told, (form, good, bad) in zip(report.data["rules"], FORMS, strict=True):
        assert told["support"] == len(good) + len(bad), form
        assert rows[told["name"]] == [len(good) + 2 + n for n in range(len(bad))], form


MEASURES = [
    ("minimum: age", FRAME.age.min()),
    ("maximum: amount", FRAME.amount.max()),
    ("mean: amount", FRAME.amount.mean()),
    ("median: age", FRAME.age.median()),
    ("sum: amount", FRAME.amount.sum()),
    ("stddev: amount", FRAME.amount.std()),
    ("variance: age", FRAME.age.var()),
    ("skewness: amount", FRAME.amount.skew()),
    ("kurtosis: amount", FRAME.amount.kurt()),
    ("distinct: kind", FRAME.kind.nunique()),
    ("distinct_share: kind", FRAME.kind.nunique() / FRAME.kind.count()),
    ("unique_share: kind", (FRAME.kind.value_counts() == 1).sum() / FRAME.kind.count()),
    ("completeness: code", FRAME.code.count() / 8),
    ("correlation: [id, amount]", FRAME.id.corr(FRAME.amount)),
    ("row_count: ", 8),
    ("column_count: ", FRAME.shape[1]),
    ("duplicate_rows: ", 0),
    ("aggregate: sum(amount) / count(*)", FRAME.amount.sum() / 8),
    ("aggregate: count(*) FILTER (WHERE paid)", FRAME.paid.eq(True).sum()),
    ("quantile: amount\n    at: 0.9", FRAME.amount.quantile(0.9)),
    (
        "entropy: kind",
        -(FRAME.kind.value_counts(normalize=True) * np.log(FRAME.kind.value_counts(normalize=True))).sum(),
    ),
]


def test_each_measure_beside_pandas(held):
    text = ""
    for rule, value in MEASURES:
        text += f"  - {rule}\n    min: {value - 1e-6}\n    max: {value + 1e-6}\n"
        text += f"  - {rule}\n    above: {value + 1e-6}\n"
    report, _ = held(text)
    told = report.data["rules"]
    for n, (rule, value) in enumerate(MEASURES):
        assert told[2 * n]["value"] == pytest.approx(float(value), rel=1e-9), rule
        assert (told[2 * n]["state"], told[2 * n + 1]["state"]) == ("holds", "broken"), rule


def test_measures_of_filtered_rows_and_of_dates(held):
    report, _ = held(
        "  - {mean: amount, min: 253, max: 254, when: \"kind = 'x'\"}\n"
        "  - {maximum: day, max: 2024-02-04}\n  - {minimum: day, above: 2024-01-01}\n"
        "  - {minimum: kind, min: x}\n"
        "  - {row_count:, equals: 4, when: \"kind = 'x'\"}\n"
    )
    assert [r["state"] for r in report.data["rules"]] == ["broken", "holds", "broken", "holds", "holds"]
    assert report.data["rules"][0]["value"] == pytest.approx(FRAME[FRAME.kind == "x"].amount.mean())


def test_what_cannot_be_measured_is_broken_and_never_obeyed(held):
    report, _ = held(
        "  - {mean: code, min: 0}\n  - {mean: amount, min: 0, when: id > 100}\n  - {complete: agee}\n"
        "  - {sql: agee > 1}\n  - {range: paid, min: 2024-01-01}\n  - {type: day, is: integer}\n"
    )
    assert [r["state"] for r in report.data["rules"]] == ["broken"] * 6
    said = " ".join(f.message for f in report.findings)
    assert "did you mean 'age'?" in said and "no number" in said and "no value to measure" in said


def test_a_bound_of_one_is_not_taken_for_truth(held):
    report, _ = held("  - {mean: id, min: 1}\n  - {mean: id, above: 1, max: 1.5}\n  - {aggregate: sum(id)}\n")
    assert [r["state"] for r in report.data["rules"]] == ["holds", "broken", "unknown"]


def test_a_suite_of_great_expectations_is_held_and_its_unknown_parts_make_the_report_incomplete(
    table, work, tmp_path
):
    suite = tmp_path / "suite.json"
    suite.write_text(
        '{"name": "s", "expectations": [{"type": "expect_column_values_to_be_between", "kwargs": {"column": "age", '
        '"max_value": 100}, "severity": "critical"}, {"type": "expect_magic", "kwargs": {}}]}'
    )
    report = check(table(FRAME), rules=suite, work=work)
    assert [(f.severity, f.count) for f in report.findings] == [(Severity.CRITICAL, 1)]
    assert [(s.what, s.why) for s in report.coverage.skipped] == [
        ("expect_magic (suite.json, expectation 2)", "this expectation is not known")
    ]
    assert report.data["source"] == "great_expectations"


def test_an_engine_error_leaves_the_other_rules_and_is_incomplete(held):
    report, _ = held(
        "  - {complete: age}\n  - {sql: CAST(code AS INT) > 1}\n  - {unique: id}\n  - {mean: age, max: 99}\n"
    )
    assert [r["state"] for r in report.data["rules"]] == ["broken", "unknown", "broken", "holds"]
    assert not report.coverage.complete
    (skipped,) = report.coverage.skipped
    assert "rules.yaml:3" in skipped.what and "Could not convert" in skipped.why


def test_columns_and_schema(held):
    names = ", ".join(FRAME.columns)
    other = ", ".join([FRAME.columns[1], FRAME.columns[0], *FRAME.columns[2:]])
    report, _ = held(
        f"  - columns: [{names}]\n    order: exact\n  - columns: [{other}]\n  - columns: [{other}]\n    order: exact\n"
        "  - {columns: [id], others: allow}\n  - {columns: [id]}\n  - {columns: [id, idd], others: allow}\n"
        "  - {exists: [id, kind]}\n  - {exists: nope}\n"
        "  - {schema: {id: integer, age: number, kind: text, paid: boolean, day: timestamp}}\n"
        "  - {schema: {id: text}}\n  - {column_names: '[a-z_]+'}\n  - {column_names: '[a-z]+'}\n"
        "  - {constant: kind}\n  - {occurs: kind, values: [x, z]}\n  - {occurs: kind, values: [x, q]}\n"
        "  - {most_common: kind, values: [x]}\n  - {most_common: kind, values: [y]}\n"
    )
    assert [r["state"] for r in report.data["rules"]] == [
        "holds", "holds", "broken", "holds", "broken", "broken", "holds", "broken", "holds", "broken", "holds",
        "broken", "broken", "holds", "broken", "holds", "broken",
    ]  # fmt: skip
    assert "text_number" in next(f.message for f in report.findings if f.rule == "data.quality.column_names")


def test_freshness(held, work):
    age = (pd.Timestamp(work.now).tz_localize(None) - FRAME.day.max()) / pd.Timedelta(hours=1)
    report, _ = held(
        f"  - {{freshness: day, within: {int(age) + 2} hours}}\n  - {{freshness: day, within: 2 days}}\n"
    )
    assert [r["state"] for r in report.data["rules"]] == ["holds", "broken"]
    assert report.data["rules"][0]["value"] == pytest.approx(age, abs=1e-2)


def test_references_single_and_composite(held, table, tmp_path, work):
    other = pd.DataFrame({"key": [1, 2, 3, 5, None], "line": [1, 1, 2, 1, 1]})
    other.to_csv(tmp_path / "other.csv", index=False)
    given = {"tables": {"other": table(other)}}
    report, rows = held(
        "  - {references: id, table: other, column: key, name: single}\n"
        "  - {references: [id, line], table: other, column: [key, line], name: both}\n"
        "  - {references: kind, table: other, column: line, name: types}\n"
        "  - {references: id, table: nope, name: nowhere}\n"
        "  - {references: id, table: other, name: there}\n",
        **given,
    )
    assert rows["single"] == _at(~FRAME.id.isin(other.key.dropna()))
    pairs = set(map(tuple, other.dropna().astype(int).to_numpy()))
    assert rows["both"] == _at([t not in pairs for t in zip(FRAME.id, FRAME.line, strict=True)])
    assert rows["types"] == _at(FRAME.kind.notna())
    states = {r["name"]: r["state"] for r in report.data["rules"]}
    assert states["nowhere"] == "unknown" and states["there"] == "broken"
    assert "--tables nope=FILE" in report.coverage.skipped[0].why


def test_another_table_of_the_same_data(held, table):
    other = FRAME.copy()
    other.loc[1, "amount"] = 99.0
    other = other.drop(index=4)
    report, rows = held(
        "  - {same_data: other, key: [id, line], compare: [amount, kind], name: same}\n"
        "  - {same_schema: other}\n  - {row_count:, relative_to: other, min: 1.1, max: 1.2}\n"
        "  - {aggregate: sum(age), relative_to: other, max: 1.0}\n",
        tables={"other": table(other)},
    )
    assert rows["same"] == [2, 5]
    assert [r["state"] for r in report.data["rules"]] == ["broken", "holds", "holds", "broken"]
    assert report.data["rules"][3]["value"] == pytest.approx(FRAME.age.sum() / other.age.sum())


def test_distributions_beside_scipy(held, table):
    from scipy import stats

    rng = np.random.default_rng(5)
    base = pd.DataFrame({"n": rng.normal(size=800), "c": rng.choice(list("abc"), 800, p=[0.5, 0.3, 0.2])})
    new = pd.DataFrame({"n": rng.normal(0.2, 1.0, 500), "c": rng.choice(list("abd"), 500, p=[0.4, 0.4, 0.2])})
    report, _ = held(
        "  - {distribution: n, test: ks}\n  - {distribution: n, test: ks_distance, max: 1}\n"
        "  - {distribution: c, test: chi_square}\n  - {distribution: c, test: total_variation, against: base}\n"
        "  - {distribution: c, test: chi_square, shares: {a: 0.4, b: 0.4, d: 0.2}}\n"
        "  - {distribution: c, test: psi}\n  - {distribution: n, test: psi}\n  - {distribution: c, test: kl}\n",
        frame=new,
        against=table(base),
        tables={"base": table(base)},
    )
    values = [r["value"] for r in report.data["rules"]]
    expected = stats.ks_2samp(new.n, base.n, method="exact")
    assert values[0] == pytest.approx(expected.pvalue, rel=1e-6)
    assert values[1] == pytest.approx(expected.statistic)
    counts = pd.concat([new.c.value_counts(), base.c.value_counts()], axis=1).fillna(0)
    assert values[2] == pytest.approx(
        stats.chi2_contingency(counts.T, correction=False).pvalue, rel=1e-6, abs=1e-12
    )
    p, q = (counts.iloc[:, n] / counts.iloc[:, n].sum() for n in (0, 1))
    assert values[3] == pytest.approx(abs(p - q).sum() / 2)
    observed = [(new.c == v).sum() for v in "abd"]
    assert values[4] == pytest.approx(stats.chisquare(observed, [200, 200, 100]).pvalue)
    p, q = p.clip(1e-4), q.clip(1e-4)
    assert values[5] == pytest.approx(((p - q) * np.log(p / q)).sum())
    edges = [-np.inf, *np.quantile(base.n, np.arange(1, 10) / 10), np.inf]
    p, q = (np.histogram(x, edges)[0] / len(x) for x in (new.n, base.n))
    assert values[6] == pytest.approx(((p - q) * np.log(p / q)).sum(), abs=1e-3)
    assert values[7] == "infinite"


def test_all_and_any(held):
    report, rows = held(
        "  - any: [{complete: age}, {range: id, min: 1}]\n    name: one\n"
        "  - any: [{complete: age}, {constant: kind}]\n    name: none\n    severity: low\n"
        "  - all: [{complete: id}, {any: [{constant: kind}, {distinct: kind, equals: 3}]}]\n    name: nested\n"
        "  - all: [{complete: id}, {references: id, table: nowhere}]\n    name: not known\n"
        "  - any: [{complete: id}, {references: id, table: nowhere}]\n    name: known\n"
    )
    states = {r["name"]: r["state"] for r in report.data["rules"]}
    assert states == {
        "one": "holds",
        "none": "broken",
        "nested": "holds",
        "not known": "unknown",
        "known": "holds",
    }
    assert rows == {"none": [3]}
    assert [f.severity for f in report.findings] == [Severity.LOW]


def test_thresholds_severities_messages_and_places(held):
    report, _ = held(
        "description: orders\nrules:\n  - {range: age, min: 18, mostly: 0.85}\n"
        "  - range: age\n    min: 18\n    mostly: 0.86\n    severity: critical\n    message: too young\n    name: adults\n"
    )
    (finding,) = report.findings
    assert finding.severity is Severity.CRITICAL and finding.rule == "data.quality.range"
    assert finding.message.startswith("too young: 1 of 7 rows breaks it, the first being row 4")
    assert dict(finding.where) == {
        "pair": "adults",
        "column": "age",
        "file": "rules.yaml",
        "line": 4,
        "row": 4,
    }
    assert finding.count == 1
    assert report.metric("share", rule="adults").value == pytest.approx(6 / 7)
    assert report.metric("failing", rule="adults").value == 1
    assert report.metric("score").value == 0.5


def test_failing_rows_are_capped_with_the_true_count_kept(held, work):
    frame = pd.DataFrame({"a": range(1000), "b": [None] * 1000, "c": [1] * 1000})
    report, rows = held(
        "  - {range: a, max: 9}\n  - {complete: b}\n  - {unique: c}\n  - {unique: [a, c]}\n",
        frame=frame,
        failing_rows=5,
    )
    assert rows == {
        "range a": [11, 12, 13, 14, 15],
        "complete b": [1, 2, 3, 4, 5],
        "unique c": [1, 2, 3, 4, 5],
    }
    assert [f.count for f in report.findings] == [990, 1000, 1000]
    kept = pd.read_parquet(work.store.path(report.outputs[0].digest))
    assert kept[kept.rule == "range a"].value.tolist() == ["10", "11", "12", "13", "14"]
    assert kept.column.unique().tolist() == ["a", "b", "c"]
    assert held("  - {range: a, max: 9}\n", frame=frame, failing_rows=0)[0].outputs == ()


def test_rules_that_no_row_counts_for_are_told(held):
    report, _ = held("  - {range: age, min: 0, when: id > 100}\n")
    assert [(f.rule, f.severity) for f in report.findings] == [("data.quality.idle", Severity.LOW)]
    empty = FRAME.iloc[:0]
    report, _ = held(
        "  - {range: age, min: 0}\n  - {mean: age, min: 0}\n  - {row_count:, min: 1}\n", frame=empty
    )
    assert [r["state"] for r in report.data["rules"]] == ["holds", "broken", "broken"]


def test_neither_rules_nor_suggest(table, work):
    with pytest.raises(UsageError, match="--suggest"):
        check(table(FRAME), work=work)


def test_a_column_is_not_taken_for_a_name_of_ours(held):
    frame = pd.DataFrame(
        {n: [1, 1, 2, None] for n in ("c", "x", "p", "d", "n", "u", "k0", "v", "row", "#count")}
    )
    report, rows = held(
        "".join(
            f"  - {{unique: '{n}'}}\n  - {{increasing: '{n}', strictly: true}}\n"
            f"  - {{unique_share: '{n}', min: 0.3, max: 0.34}}\n  - {{most_common: '{n}', values: [1]}}\n"
            f"  - {{occurs: '{n}', values: [1, 2]}}\n  - {{duplicate_rows:, equals: 1}}\n"
            for n in frame.columns
        ),
        frame=frame,
    )
    states = [r["state"] for r in report.data["rules"]]
    assert states == ["broken", "broken", *["holds"] * 4] * frame.shape[1]
    assert list(rows.values()) == [[1, 2], [2]] * frame.shape[1]


def test_names_that_would_break_out_of_sql(held):
    frame = pd.DataFrame(
        {'a"; DROP TABLE data; --': [1, 2], "#row": ["x'y", None], "#h0": [1, 1], "t": [3, 4]}
    )
    report, rows = held(
        "  - {range: 'a\"; DROP TABLE data; --', max: 1}\n  - {set: '#row', values: [\"x'y\"]}\n  - {complete: '#row'}\n"
        "  - {unique: '#h0'}\n  - {sql: '\"#h0\" = 1 AND t > 3'}\n",
        frame=frame,
    )
    assert [r["state"] for r in report.data["rules"]] == ["broken", "holds", "broken", "broken", "broken"]
    assert list(rows.values()) == [[2], [2], [1, 2], [1]]


def test_nested_and_binary_columns(held):
    frame = pa.table({"l": [[1], None, [2]], "b": [b"x", None, b"y"], "s": [{"a": 1}, {"a": 1}, None]})
    report, rows = held("  - {complete: [l, b, s]}\n  - {unique: s}\n  - {exists: l}\n", frame=frame)
    assert rows == {"complete l": [2], "complete b": [2], "complete s": [3], "unique s": [1, 2]}


@pytest.mark.parametrize("kind", ["csv", "parquet", "duckdb", "sqlite"])
def test_the_same_answers_wherever_the_table_lies(table, work, tmp_path, kind):
    frame = FRAME.drop(columns=["paid", "day"])
    place = tmp_path / f"t.{kind}"
    if kind == "csv":
        frame.to_csv(place, index=False)
    elif kind == "parquet":
        frame.to_parquet(place)
    elif kind == "duckdb":
        import duckdb

        with duckdb.connect(str(place)) as con:
            con.execute("CREATE TABLE t AS SELECT * FROM frame")
    else:
        import sqlite3

        with sqlite3.connect(place) as con:
            frame.to_sql("t", con, index=False)
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        "- {range: age, min: 18, max: 120}\n- {unique: id}\n- {increasing: amount}\n- {mean: amount, min: 500}\n"
        "- {complete: kind}\n- {pattern: kind, matches: x}\n"
    )
    report = check(table(place), rules=rules, work=work)
    kept = pd.read_parquet(work.store.path(report.outputs[0].digest))
    assert {n: p.row.tolist() for n, p in kept.groupby("rule")} == {
        "range age": [4, 5],
        "unique id": [3, 4],
        "increasing amount": _at(FRAME.amount.dropna().diff().lt(0).reindex(FRAME.index, fill_value=False)),
        "complete kind": [5],
        "pattern kind": [2, 6, 8],
    }


def test_a_server_is_copied_and_asked_alike(postgres, table, work, tmp_path):
    import psycopg

    with psycopg.connect(host=postgres.partition("host=")[2], user="me", dbname="postgres") as con:
        con.execute("CREATE TABLE quality (a integer, b text)")
        con.execute("INSERT INTO quality VALUES (1, 'x'), (1, NULL), (5, 'y')")
    rules = tmp_path / "rules.yaml"
    rules.write_text("- {range: a, max: 3}\n- {complete: b}\n- {unique: a}\n")
    report = check(table(f"{postgres}::quality"), rules=rules, work=work)
    assert [r["failing"] for r in report.data["rules"]] == [1, 1, 2]
    with psycopg.connect(host=postgres.partition("host=")[2], user="me", dbname="postgres") as con:
        con.execute("DROP TABLE quality")


VALUES = st.one_of(st.none(), st.integers(-5, 5))


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    a=st.lists(VALUES, min_size=1, max_size=30),
    low=st.integers(-5, 5),
    wide=st.integers(0, 5),
    mostly=st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]),
    nulls=st.sampled_from(["ignore", "fail", "pass"]),
)
def test_counts_and_rows_are_those_of_plain_python(table, work, tmp_path, a, low, wide, mostly, nulls):
    frame = pa.table({"a": pa.array(a, pa.int64())})
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        f"- {{range: a, min: {low}, max: {low + wide}, mostly: {mostly}, nulls: {nulls}}}\n- {{unique: a}}\n"
        f"- {{increasing: a}}\n- {{distinct: a, min: 0}}\n"
    )
    report = check(table(frame), rules=rules, work=work)
    by = {r["kind"]: r for r in report.data["rules"]}
    counts = [v for v in a if v is not None or nulls != "ignore"]
    bad = [
        v for v in counts if (v is None and nulls == "fail") or (v is not None and not low <= v <= low + wide)
    ]
    assert (by["range"]["support"], by["range"]["failing"]) == (len(counts), len(bad))
    good = len(counts) - len(bad)
    assert (by["range"]["state"] == "holds") == (not counts or good / len(counts) >= mostly)
    known = [v for v in a if v is not None]
    assert by["unique"]["failing"] == sum(known.count(v) > 1 for v in known)
    assert by["increasing"]["failing"] == sum(y < x for x, y in zip(known, known[1:], strict=False))
    assert by["distinct"]["value"] == len(set(known))


def test_nan_that_the_statistics_of_a_parquet_file_tell_nothing_of_is_an_empty_cell(table, work, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    for kind in (pa.float32(), pa.float64()):
        pq.write_table(pa.table({"x": pa.array([1.0, float("nan"), 3.0], kind)}), tmp_path / "t.parquet")
        rules = tmp_path / "rules.yaml"
        rules.write_text("rules:\n  - {complete: x}\n  - {mean: x, equals: 2}\n  - {range: x, max: 2}\n")
        report = check(table(str(tmp_path / "t.parquet")), rules=rules, work=work)
        assert [r["state"] for r in report.data["rules"]] == ["broken", "holds", "broken"]
        assert [r.get("failing") for r in report.data["rules"]] == [1, None, 1]
