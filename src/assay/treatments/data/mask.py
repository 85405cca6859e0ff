"""Mask: sensitive values hidden, column by column, by a policy, by what data.pii found, or in the columns you name.

Without a policy, `--method` says how. `partial` keeps what is useful and names nobody (`*******@email.com`, the last four
digits, a date's year); `redact` and `full` hide all; `hash` puts 16 hex digits, `token` what the key turns back, `fpe` a value
of the same format, `pseudonym` an invented one; `drop` leaves the column out, `null` empties it. Inside longer texts only the
occurrences are hidden.

A policy (`--policy policy.yaml`) says it for each column, pattern or type: those methods with their options, and dates shifted
by person, numbers in ranges, rounded or with noise, codes cut short, categories up a hierarchy, columns shuffled.

The same key gives the same value the same result, in every table masked with it, so that they still join; data.unmask turns
tokens, formats and dates back with it. `--key NAME` is a key of the home, made on first use, and `--key FILE` a private file.
Without one, `hash` and the like use a key that is drawn for this run and thrown away. A missing value stays missing, and a
value that cannot be masked as said is hidden whole and counted.

Example: assay treat data.mask bookings.csv.gz --columns email -o masked.csv
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from typing_extensions import Doc

from assay.kernel.errors import UsageError
from assay.kernel.handles import Column, Key, Table, Tree, Work
from assay.kernel.report import Report
from assay.kernel.treatment import Made

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from assay.methods.masking.choice import Choice
    from assay.methods.masking.ways import Tools

Method = Literal["partial", "redact", "full", "hash", "token", "fpe", "pseudonym", "null", "drop"]


def inputs_named(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the policy names besides columns: its key, and its hierarchies."""
    from assay.methods.masking.policy import read_policy

    if params.get("policy") is None:
        return {}
    policy = read_policy(Path(params["policy"]))
    files = {str(r.options["hierarchy"]) for r in policy.rules if "hierarchy" in r.options}
    out: dict[str, Any] = {f"hierarchies.{f}": policy.folder / f for f in sorted(files)}
    return out | ({"key": policy.key} if policy.key else {})


def treat(
    table: Table,
    *,
    using: Annotated[Report | None, Doc("a report of data.pii: the columns it found are masked")] = None,
    columns: Annotated[tuple[Column, ...], Doc("a column to mask, besides those of the report")] = (),
    method: Annotated[Method, Doc("how values are hidden, where no policy says it")] = "partial",
    keep: Annotated[tuple[Column, ...], Doc("a column of the report to leave as it is")] = (),
    policy: Annotated[Path | None, Doc("a YAML file that says which column is hidden how")] = None,
    key: Annotated[Key | None, Doc("a key of the home, or a private file that holds one")] = None,
    hierarchies: Annotated[
        Mapping[str, Tree], Doc("files of the policy's hierarchies, where they lie elsewhere")
    ] = {},
    work: Work,
) -> Made:
    """Return the table with its sensitive values hidden."""
    from assay.engines.rewrite import rewrite
    from assay.methods.masking.choice import Found, check_type, choose
    from assay.methods.masking.loss import Loss
    from assay.methods.masking.method import Rule
    from assay.methods.masking.policy import read_policy
    from assay.methods.masking.ways import column_of
    from assay.treatments.data._masked import report

    if policy is not None and columns:
        raise UsageError("the policy says which columns are masked", where="--columns", remedy="say it there")
    said = read_policy(policy) if policy is not None else None
    lacking = said.check([c.name for c in table.columns]) if said else []
    found = Found.read(using.of("data.pii").data) if using is not None else Found()
    rule = Rule("full" if method == "redact" else method)
    choices = choose(table.columns, found, policy=said, named=columns, rule=rule, keep=keep)
    kinds = {f.name: str(f.type) for f in table.arrow(limit=0).schema}
    choices = [replace(c, was=kinds[c.column]) for c in choices]
    infos = {c.name: c for c in table.columns}
    for choice in choices:
        check_type(choice, infos[choice.column])
    dropped = [c.column for c in choices if c.rule.method == "drop"]
    left = [c.name for c in table.columns if c.name not in dropped]
    if not left:
        raise UsageError("no column would be left", where=table.asset.name, remedy="choose another method")
    tools = _tools(table, key, choices, hierarchies, work)
    masks = [column_of(c, tools, choices) for c in choices if c.rule.method != "drop"]
    losses = {m.name: Loss() for m in masks}
    coarse = Loss.of_rows([c.column for c in choices if c.rule.method in ("partial", "generalise", "round")])
    needed = [*left, *_subjects(choices, dropped)]

    def change(batch: pa.RecordBatch, first: int) -> pa.RecordBatch:
        import pyarrow as pa

        out = batch.select(left)
        for mask in masks:
            place = out.schema.get_field_index(mask.name)
            array = mask.hide(batch, first)
            losses[mask.name].add(batch.column(mask.name), array)
            out = out.set_column(place, pa.field(mask.name, array.type), array)
        coarse.add_rows(out)
        return out

    asset = rewrite(table, work, "out", change, needed)
    made = report(table, choices, masks, losses, coarse, key=key, missing=lacking, method=method)
    return Made({"out": asset}, made)


def _subjects(choices: list[Choice], dropped: list[str]) -> list[str]:
    """Return the dropped columns that dates are shifted by: read, and not written."""
    wanted = dict.fromkeys(str(c.rule.options["by"]) for c in choices if c.rule.method == "shift")
    return [name for name in wanted if name in dropped]


def _tools(
    table: Table, key: Key | None, choices: list[Choice], hierarchies: Mapping[str, Tree], work: Work
) -> Tools:
    import hmac
    import secrets

    from assay.methods.masking.subkey import subkey
    from assay.methods.masking.ways import Tools

    for choice in choices:
        if key is None and choice.needs_key:
            raise UsageError(
                f"tokens need a key, so that {choice.column} can be turned back",
                where=choice.rule.place,
                remedy="name one: --key NAME (of the home, made on first use) or --key FILE",
            )
    # Drawn from the machine, not from the seed: whoever knows the seed must not be able to try guesses.
    drawn = secrets.token_bytes(32)
    mac = key.mac if key is not None else lambda data: hmac.digest(drawn, data, "sha256")

    def rng(name: str) -> np.random.Generator:
        import numpy as np

        if key is None:
            return work.rng(f"mask/{name}")
        return np.random.Generator(np.random.PCG64(int.from_bytes(subkey(key.mac, "rng", name, 16), "big")))

    def batches(names: list[str]) -> Iterator[pa.RecordBatch]:
        return table.batches(names)

    paths = {name: tree.root for name, tree in hierarchies.items()}
    return Tools(mac, rng, batches, tuple(c.name for c in table.columns), paths)
