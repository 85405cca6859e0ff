"""Integrity: rules the data obeys almost everywhere, and the rows that break them.

The rules are found by themselves, in a sample of the rows, and then held against every row:

  flags         has_changes is true where changes > 0
  bands         a category that parts a number's range: minor, adult, senior
  order         start <= end, among dates (in text too) and numbers
  arithmetic    sums of two to five terms, products and ratios such as
                price * quantity * (1 - discount), other units, rounded
                values, days between dates, ages
  copies        equal columns, in small letters, a code's first letters,
                two texts put together: join(first, ' ', last)
  dependencies  zip determines city; route and class determine the fare
  conditions    the fee is 0 wherever payment is 'cash'; never both flags
  keys          one column, or two or three together, different in every row
  inclusion     every customer_id is one of customers.id, of another table:
                --tables customers=customers.csv

Only what is too surprising to be chance is reported, most surprising first (in bits: the base-2 logarithm of how unlikely so
few violations are, had the columns nothing to do with one another), and only what some row breaks is a finding. What breaks a
mere tendency gathers, near a bound or where another column has one value; slips fall anywhere, and only they are
reported. Nested and binary columns take no part. Of very wide tables not every pair is tried: the report says
which were not, and is then incomplete; what was left of sums and products with more terms stands in data.untried. `--columns` chooses among which columns to look.

Rules of your own stand in a YAML file: `rules:` is a list of `{holds: "end >= start"}`,
`{when: "paid == 'Yes'", holds: "amount > 0"}`, `{key: [id]}` or `{determines: city, by: [zip]}`, each with an optional
name, severity, message and `repair: {set: column, to: expression}`.

Example: assay check data.integrity bookings.csv.gz
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Interval
from typing_extensions import Doc

from assay.checks.data.integrity._doubted import tendencies
from assay.checks.data.integrity._held import held
from assay.checks.data.integrity._proposed import proposed
from assay.checks.data.integrity._referred import referred
from assay.checks.data.integrity._told import capped, charts, finding, kind, listed, rows, title
from assay.kernel.handles import Column, ColumnInfo, Table, Work
from assay.kernel.report import Coverage, Finding, Metric, Report, Skipped

if TYPE_CHECKING:
    from assay.methods.integrity.inclusion import Referred
    from assay.methods.integrity.rule import Rule
    from assay.methods.integrity.stated import Stated
    from assay.methods.integrity.verify import Tally

CELLS = 20_000_000
# the share of all rows that may break a rule found in a sample; a stated rule is one whatever breaks it
MOST_BROKEN = {
    "derived_flag": 0.08,
    "dependency": 0.045,
    "condition": 0.045,
    "key": 0.045,
    "copy": 0.045,
    "equal": 0.06,
}
MOST_OF_OTHERS = 0.06


def check(
    table: Table,
    *,
    rules: Annotated[Path | None, Doc("a YAML file of rules that you state")] = None,
    tables: Annotated[
        Mapping[str, Table] | None, Doc("other tables whose keys columns may refer to, as NAME=FILE")
    ] = None,
    columns: Annotated[tuple[Column, ...], Doc("look for rules among these columns only")] = (),
    discover: Annotated[bool, Doc("look for rules in the data")] = True,
    sample: Annotated[
        int, Interval(ge=100, le=5_000_000), Doc("rows, evenly spread, in which rules are looked for")
    ] = 100_000,
    work: Work,
) -> Report:
    """Find rules, hold them and the stated ones against every row, and report the rows that break them."""
    stated = _stated(table, rules)
    found: tuple[Rule, ...] = ()
    untried: tuple[str, ...] = ()
    further: tuple[str, ...] = ()
    keys: list[Referred] = []
    usable = [c for c in table.columns if c.type not in ("binary", "other", "time")]
    if columns:
        usable = [c for c in usable if c.name in columns]
    rows_seen = max(1_000, min(sample, CELLS // max(1, len(usable))))
    if discover:
        found, untried, further, keys = _discovered(table, work, usable, rows_seen, tables or {})
    findings: list[Finding] = []
    metrics: list[Metric] = []
    told: list[dict[str, Any]] = []
    broken_rules: list[tuple[Any, Tally]] = []
    skipped = [Skipped(what, "the bound on what is tried at once") for what in untried]
    results = [(r, t) for r, t in held(table, work, [*stated, *found], keys) if t is None or _still(r, t)]
    doubtful = tendencies(table, work, usable, results) if table.rows > rows_seen else set()
    for rule, tally in results:
        if tally is None:
            skipped.append(Skipped(title(rule), "too many rows to compare in memory"))
            continue
        if id(rule) in doubtful:
            continue
        told.append(listed(rule, tally))
        if tally.broken:
            broken_rules.append((rule, tally))
            findings.append(finding(rule, tally))
            metrics.append(Metric.number("violations", tally.broken, of={"rule": title(rule)}, unit="rows"))
    metrics = [Metric("rules", len(told)), Metric("rules_broken", len(findings)), *metrics[:200]]
    outputs = []
    if broken_rules:
        outputs.append(work.put("failing_rows", rows(broken_rules, proposed(table, work, broken_rules))))
    return Report.make(
        coverage=Coverage(table.rows, table.rows, tuple(skipped)),
        metrics=metrics,
        findings=capped(findings),
        outputs=outputs,
        charts=charts(broken_rules),
        data={"rules": told[:500]} | ({"untried": list(further)} if further else {}),
    )


def _stated(table: Table, path: Path | None) -> list[Stated]:
    if path is None:
        return []
    from assay.methods.integrity.stated import LARGEST, read
    from assay.methods.plainfile import read_plain

    return read(read_plain(path, LARGEST, "the rules"), path.name, [c.name for c in table.columns])


def _discovered(
    table: Table, work: Work, usable: Sequence[ColumnInfo], most: int, others: Mapping[str, Table]
) -> tuple[tuple[Rule, ...], tuple[str, ...], tuple[str, ...], list[Referred]]:
    from assay.engines.sampling import evenly, sampled
    from assay.methods.integrity.discover import discover
    from assay.methods.integrity.inclusion import find

    columns = sampled(table, work, usable, evenly(table.rows, most))
    found = discover(columns, work.rng("integrity"))
    keys, unread = referred(table, columns, others, work)
    equal = [set(r.columns) for r in found.rules if r.kind == "equal"]  # whose values stand in one another
    included = [
        r for r in find(columns, keys) if r.inside not in [("", c) for e in equal if r.target in e for c in e]
    ]
    both = sorted([*found.rules, *included], key=lambda r: (-r.bits, r.kind, r.columns, r.shown))
    return tuple(both), (*found.untried, *unread), found.further, keys


def _still(rule: Any, tally: Tally) -> bool:
    """Whether a rule found in a sample is one in all rows too; a stated rule always is."""
    if kind(rule) == "stated":
        return True
    return tally.support > 0 and tally.broken / tally.support <= MOST_BROKEN.get(kind(rule), MOST_OF_OTHERS)
