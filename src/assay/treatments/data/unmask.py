"""Unmask: tokens, encrypted formats and shifted dates turned back, with the key that they were made under.

What was done to which column is read from the report of data.mask (`--using`), which also says whether this is its key, or
from the policy. Whoever has the key may do this, and nobody else can: a token of another key is refused, and so is a key
that is not the report's. Columns that were hidden for good stay as they are.

Example: assay treat data.mask bookings.csv.gz --columns email --key mine \\
    --method token -o masked.csv --format json > mask.json &&
  assay treat data.unmask masked.csv --using mask.json --key mine -o back.csv
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typing_extensions import Doc

from assay.kernel.errors import Refused, UsageError
from assay.kernel.handles import Key, MustExist, Table, Work
from assay.kernel.report import Coverage, Finding, Metric, Report
from assay.kernel.severity import Severity
from assay.kernel.treatment import Made

if TYPE_CHECKING:
    import pyarrow as pa

    from assay.methods.masking.choice import Choice
    from assay.methods.masking.way import Column


def inputs_named(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the policy names: its key."""
    from assay.methods.masking.policy import read_policy

    policy = read_policy(Path(params["policy"])) if params.get("policy") is not None else None
    return {"key": policy.key} if policy is not None and policy.key else {}


def treat(
    table: Table,
    *,
    using: Annotated[Report | None, Doc("the report of data.mask that made the table")] = None,
    policy: Annotated[Path | None, Doc("the policy that it was masked by")] = None,
    key: Annotated[Key | None, MustExist(), Doc("the key, by name or as a private file")] = None,
    work: Work,
) -> Made:
    """Return the table with what the key turns back turned back."""
    from assay.engines.rewrite import rewrite
    from assay.methods.masking.token import WrongKey

    if key is None:
        raise UsageError(
            "the key is needed", where="--key", remedy="give the one that the table was masked under"
        )
    choices, sure = _choices(table, using, policy, key)
    columns, left = _ways_back(table, choices, key, work)

    def change(batch: pa.RecordBatch, first: int) -> pa.RecordBatch:
        import pyarrow as pa

        for column in columns:
            array = column.hide(batch, first)
            place = batch.schema.get_field_index(column.name)
            batch = batch.set_column(place, pa.field(column.name, array.type), array)
        return batch

    try:
        out = rewrite(table, work, "out", change)
    except WrongKey as error:
        raise Refused(
            f"this is not the key ({key.id}): {error}",
            where=table.asset.name,
            remedy="give the key, and the scope, that the table was masked under",
        ) from None
    sure = sure or any(c.rule.method == "token" for c in choices)
    return Made({"out": out}, _report(table, choices, columns, left, key, sure))


def _choices(table: Table, using: Report | None, policy: Path | None, key: Key) -> tuple[list[Choice], bool]:
    """Return what was done to which column, and whether the key is known to be the one."""
    from assay.methods.masking.choice import Choice, Found, choose
    from assay.methods.masking.method import Rule
    from assay.methods.masking.policy import read_policy

    plan = using.data.get("plan") if using is not None else None
    if using is not None and isinstance(plan, Mapping):
        made = str(using.data.get("key", ""))
        if made != key.id:
            said = f"under the key {made}" if made else "without a key that was kept"
            raise Refused(
                f"the table was masked {said}, and this is {key.id}",
                where=table.asset.name,
                remedy="give that key",
            )
        try:
            return [Choice.from_dict(str(n), c) for n, c in plan.items()], True
        except (KeyError, TypeError, ValueError, AttributeError):
            raise UsageError(
                "the report given as `using` has no plan that can be read", where="--using"
            ) from None
    if policy is None:
        raise UsageError(
            "nothing says what was masked how",
            remedy="give --policy, or --using with the report of data.mask",
        )
    found = Found.read(using.data) if using is not None else Found()
    return choose(table.columns, found, policy=read_policy(policy), rule=Rule("partial")), False


def _ways_back(
    table: Table, choices: list[Choice], key: Key, work: Work
) -> tuple[list[Column], dict[str, str]]:
    """Return the columns with a way back, ids before the dates that were shifted by them, and why others have none."""
    from assay.methods.masking.way import Column
    from assay.methods.masking.ways import Tools, back

    present = tuple(c.name for c in table.columns)

    def batches(names: list[str]) -> Iterator[pa.RecordBatch]:
        return table.batches(names)

    tools = Tools(key.mac, work.rng, batches, present)
    columns: list[Column] = []
    left: dict[str, str] = {}
    for choice in sorted(choices, key=lambda c: c.rule.method == "shift"):
        if choice.column not in present:
            left[choice.column] = "it is not in the table"
            continue
        _subject(choice, choices, present)
        way = back(choice, tools)
        if way is None:
            left[choice.column] = f"{choice.rule.method} has no way back"
        else:
            columns.append(Column(choice.column, way, "keep"))
    return columns, left


def _subject(choice: Choice, choices: list[Choice], present: tuple[str, ...]) -> None:
    """Raise UsageError where dates were shifted by an id that is no longer to be had."""
    if choice.rule.method != "shift":
        return
    by = str(choice.rule.options["by"])
    gone = [c for c in choices if c.column == by and not c.rule.of.reversible]
    if gone or by not in present:
        why = f"was masked by {gone[0].rule.method}" if gone else "is not in the table"
        raise UsageError(
            f"{choice.column} was shifted by {by}, which {why}, so its dates cannot be turned back",
            where=choice.rule.place,
            remedy=f"mask {by} by token or fpe, if the dates must come back",
        )


def _report(
    table: Table, choices: list[Choice], columns: list[Column], left: Mapping[str, str], key: Key, sure: bool
) -> Report:
    method = {c.column: c.rule.method for c in choices}
    findings = []
    for column in columns:
        said = f"{column.changed:,} cells of {column.name} were turned back ({method[column.name]})."
        where = {"column": column.name}
        findings.append(
            Finding("data.unmask.restored", Severity.INFO, said, where, count=max(1, column.changed))
        )
        if column.lost:
            said = f"{column.lost:,} of {column.values:,} values of {column.name} were not made by {method[column.name]}"
            said += ", and were left as they are or, in a column of another type, empty."
            findings.append(
                Finding("data.unmask.not_masked", Severity.MEDIUM, said, where, count=column.lost)
            )
    findings += [
        Finding("data.unmask.left", Severity.INFO, f"{name} was left as it is: {why}.", {"column": name})
        for name, why in left.items()
    ]
    unsure = [c.name for c in columns if method[c.name] in ("fpe", "shift")]
    if unsure and not sure:
        said = f"Nothing in the table says whether this is the key of {', '.join(unsure)}: another one gives wrong values."
        findings.append(
            Finding(
                "data.unmask.unsure", Severity.MEDIUM, said, {}, "give the report of data.mask too (--using)"
            )
        )
    if not columns:
        findings.append(
            Finding(
                "data.unmask.unchanged", Severity.INFO, "No column has a way back, so the table was copied."
            )
        )
    return Report.make(
        coverage=Coverage(table.rows, table.rows),
        metrics=[
            Metric("cells_restored", sum(c.changed for c in columns), unit="cells"),
            *(Metric("cells_restored", c.changed, of={"column": c.name}, unit="cells") for c in columns),
            *(Metric("cells_not_masked", c.lost, of={"column": c.name}, unit="cells") for c in columns),
        ],
        findings=findings,
        data={"restored": [c.name for c in columns], "left": dict(left), "key": key.id},
    )
