"""The views that a query of the logs may read: each imported source, the office's own book, and all of them as one."""

# ruff: noqa: S608 - SQL is made here of quoted names
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assay.methods.logs.sniff import SOURCES
from assay.methods.logs.source import Source
from assay.methods.sqltext import literal, quoted


@dataclass(frozen=True, slots=True)
class View:
    """A view: what it holds, and its columns as (name, type, what it means)."""

    name: str
    doc: str
    columns: tuple[tuple[str, str, str], ...]


_JSON = "raw->>"
_OWN: Mapping[str, tuple[str, Sequence[tuple[str, str, str, str]]]] = {
    "events": (
        "The office's own ledger: every act, whoever asked it, with its outcome.",
        (
            ("seq", "BIGINT", "seq", "its place in the ledger"),
            (
                "time",
                "TIMESTAMP WITH TIME ZONE",
                "TRY_CAST(raw->>'$.time' AS TIMESTAMPTZ)",
                "when it happened",
            ),
            ("actor", "VARCHAR", "raw->>'$.actor'", "who acted"),
            ("action", "VARCHAR", "raw->>'$.action'", "what was done: `model.approve`, `run.start`, …"),
            ("subject", "VARCHAR", "raw->>'$.subject'", "to what"),
            (
                "outcome",
                "VARCHAR",
                "raw->>'$.outcome'",
                "`done`, `begun`, `failed`, `denied`, `pass`, `fail`, …",
            ),
            ("inputs", "JSON", "raw->'$.inputs'", "name and digest of what went in"),
            ("detail", "JSON", "raw->'$.detail'", "what else was kept"),
            ("rows", "JSON", "raw->'$.rows'", "the digest of each row of the office that it left"),
            ("pruned", "VARCHAR", "raw->>'$.policy'", "the policy by which its body was pruned; else null"),
            ("raw", "VARCHAR", "raw", "the leaf of the tree: the event's canonical JSON"),
        ),
    ),
    "findings": (
        "What checks have found, once however often it was seen.",
        (
            ("fingerprint", "VARCHAR", "raw->>'$.fingerprint'", "its name for good"),
            ("rule", "VARCHAR", "raw->>'$.rule'", "the check and its rule"),
            ("severity", "VARCHAR", "raw->>'$.severity'", "`info` to `critical`"),
            ("message", "VARCHAR", "raw->>'$.message'", "what was found"),
            ("asset", "VARCHAR", "raw->>'$.asset'", "in what"),
            ("count", "BIGINT", "TRY_CAST(raw->>'$.count' AS BIGINT)", "how often in it"),
            ("status", "VARCHAR", "raw->>'$.status'", "`open`, …"),
            (
                "first_seen",
                "TIMESTAMP WITH TIME ZONE",
                "TRY_CAST(raw->>'$.first_seen' AS TIMESTAMPTZ)",
                "when first",
            ),
            ("time", "TIMESTAMP WITH TIME ZONE", "TRY_CAST(raw->>'$.last_seen' AS TIMESTAMPTZ)", "when last"),
            ("raw", "VARCHAR", "raw", "the whole finding"),
        ),
    ),
    "runs": (
        "Runs of pipelines, scripts and notebooks, and those taken in from elsewhere.",
        (
            ("id", "VARCHAR", "raw->>'$.id'", "the run"),
            ("pipeline", "VARCHAR", "raw->>'$.pipeline'", "of which pipeline"),
            ("experiment", "VARCHAR", "raw->>'$.experiment'", "the experiment that it belongs to"),
            ("parent", "VARCHAR", "raw->>'$.parent'", "the run that it is a part of; else null"),
            ("actor", "VARCHAR", "raw->>'$.actor'", "who ran it"),
            ("outcome", "VARCHAR", "raw->>'$.outcome'", "`pass`, `fail`, `error`, `interrupted`, `running`"),
            (
                "time",
                "TIMESTAMP WITH TIME ZONE",
                "TRY_CAST(raw->>'$.started' AS TIMESTAMPTZ)",
                "when it began",
            ),
            (
                "ended",
                "TIMESTAMP WITH TIME ZONE",
                "TRY_CAST(raw->>'$.ended' AS TIMESTAMPTZ)",
                "when it ended",
            ),
            ("model", "VARCHAR", "raw->>'$.model'", "the model it registered"),
            ("raw", "VARCHAR", "raw", "the whole record"),
        ),
    ),
    "spans": (
        "Spans of traces: of runs and checks, and those that were received or imported.",
        (
            ("trace", "VARCHAR", "trace", "the trace, 32 hexadecimal digits"),
            ("span", "VARCHAR", "span", "the span, 16 hexadecimal digits"),
            ("parent", "VARCHAR", "parent", "the span that it is a part of; null for a root"),
            ("name", "VARCHAR", "name", "what was done"),
            ("kind", "VARCHAR", "kind", "`internal`, `server`, `client`, `producer`, `consumer`"),
            ("service", "VARCHAR", "service", "`service.name` of who tells; `assay` of Assay's own"),
            ("scope", "VARCHAR", "scope", "the library that tells"),
            ("time", "TIMESTAMP WITH TIME ZONE", "time", "when it began"),
            ("ended", "TIMESTAMP WITH TIME ZONE", "ended", "when it ended; null while it is under way"),
            ("seconds", "DOUBLE", "date_diff('microsecond', time, ended) / 1e6", "how long it took"),
            ("status", "VARCHAR", "status", "`unset`, `ok`, `error`"),
            ("message", "VARCHAR", "message", "what is said of the status"),
            ("attributes", "JSON", "attributes", "its attributes: `attributes->>'$.\"assay.step\"'`"),
            ("events", "JSON", "events", "what happened within it"),
            ("links", "JSON", "links", "spans that it belongs together with"),
            ("resource", "JSON", "resource", "the attributes of who tells"),
            ("run", "VARCHAR", "run", "the run or check that recorded it"),
            ("source", "VARCHAR", "source", "`assay`, `otlp`, `xray`"),
            (
                "untrusted",
                "BOOLEAN",
                "coalesce(TRY_CAST(attributes->>'$.\"assay.untrusted\"' AS BOOLEAN), false)",
                "whether code in a sandbox told of it",
            ),
        ),
    ),
}
_ALL = (
    ("time", "TIMESTAMP WITH TIME ZONE", "when it happened"),
    ("source", "VARCHAR", "the view that the row stands in"),
    ("actor", "VARCHAR", "who acted, as that log names them"),
    ("action", "VARCHAR", "what was done"),
    ("subject", "VARCHAR", "to what"),
    ("outcome", "VARCHAR", "`done`, `denied`, `error`; of events, what the ledger says"),
    ("address", "VARCHAR", "where the request came from"),
    ("raw", "VARCHAR", "the record as it was read"),
)
_BAD = "error_code ILIKE '%denied%' OR error_code ILIKE '%unauthorized%' OR error_code ILIKE '%forbidden%'"
_MADE_ONE: Mapping[str, tuple[str, str, str, str, str]] = {  # actor, action, subject, outcome, address
    "events": ("actor", "action", "subject", "outcome", "NULL"),
    "cloudtrail": (
        "coalesce(identity_arn, user_name, principal_id, invoked_by)",
        "event_source || ':' || event_name",
        "raw->>'$.resources[0].ARN'",
        "CASE WHEN raw->>'$.responseElements.ConsoleLogin' = 'Failure' THEN 'denied' WHEN error_code IS NULL THEN 'done'"
        f" WHEN {_BAD} THEN 'denied' ELSE 'error' END",
        "source_ip",
    ),
    "cloudwatch": (
        "NULL", "log_group", "log_stream",
        "CASE WHEN regexp_matches(message[1:512], '\\b(ERROR|FATAL|CRITICAL|Traceback)\\b') THEN 'error' ELSE 'done' END",
        "NULL",
    ),
    "access": (
        "user_name", "method", "path",
        "CASE WHEN status IN (401, 403) THEN 'denied' WHEN status >= 400 THEN 'error' ELSE 'done' END", "client",
    ),
    "kubernetes": (
        "user_name", "verb", "concat_ws('/', resource, namespace, name)",
        "CASE WHEN decision = 'forbid' OR status IN (401, 403) THEN 'denied' WHEN status >= 400 THEN 'error' ELSE 'done' END",
        "source_ip",
    ),
    "otel": (
        "NULL", "coalesce(event_name, scope)", "service",
        "CASE WHEN severity_number >= 17 THEN 'error' ELSE 'done' END", "NULL",
    ),
    "jsonl": (
        "actor", "logger", "message",
        "CASE WHEN lower(level) IN ('error', 'err', 'fatal', 'critical', 'alert', 'emergency', 'panic') THEN 'error' ELSE 'done' END",
        "NULL",
    ),
}  # fmt: skip
ALL = "logs"
NAMES = (*_OWN, *SOURCES, ALL)


def views() -> list[View]:
    """Return every view with its columns, for people."""
    own = [View(n, doc, tuple((c, t, d) for c, t, _, d in cols)) for n, (doc, cols) in _OWN.items()]
    from_logs = [View(s.name, f"{s.title}.", _columns(s)) for s in SOURCES.values()]
    whole = View(ALL, "All of the logs above as one: what each has in common.", _ALL)
    return [*own, *from_logs, whole]


def _columns(source: Source) -> tuple[tuple[str, str, str], ...]:
    stored = [(c.name, c.type, c.doc) for c in source.all_columns()]
    made = [(n, t, d) for n, _, t, d in source.computed]
    day = ("day", "DATE", "the day of `time` in UTC, by which the files are divided")
    return (*stored[:-1], *made, day, stored[-1])


def of_source(source: Source, files: Sequence[str]) -> str:
    """Return the SQL of an imported source's view over its Parquet files."""
    if not files:
        empty = ", ".join(f"NULL::{t} AS {quoted(n)}" for n, t, _ in _columns(source))
        return f"SELECT {empty} WHERE false"
    made = {n: sql for n, sql, _, _ in source.computed}
    chosen = ", ".join(
        f"{made[n]} AS {quoted(n)}" if n in made else quoted(n) for n, _, _ in _columns(source)
    )
    listed = ", ".join(map(literal, files))
    return f"SELECT {chosen} FROM read_parquet([{listed}], hive_partitioning = true, hive_types = {{'day': DATE}})"


def of_own(name: str, file: str | None) -> str:
    """Return the SQL of one of the office's own views over the Parquet file that holds its rows; None: it has none."""
    if file is None:
        empty = ", ".join(f"NULL::{kind} AS {quoted(c)}" for c, kind, _, _ in _OWN[name][1])
        return f"SELECT {empty} WHERE false"
    chosen = ", ".join(
        f"({sql}){'::JSON' if kind == 'JSON' and name == 'spans' else ''} AS {quoted(c)}"
        for c, kind, sql, _ in _OWN[name][1]
    )
    return f"SELECT {chosen} FROM read_parquet({literal(file)})"


def of_all() -> str:
    """Return the SQL of the view that is all of them."""
    parts = []
    for name, columns in _MADE_ONE.items():
        actor, action, subject, outcome, address = (f"CAST({c} AS VARCHAR)" for c in columns)
        parts.append(
            f"SELECT time, {literal(name)} AS source, {actor} AS actor, {action} AS action, {subject} AS subject,"
            f" {outcome} AS outcome, {address} AS address, raw FROM {name}"
        )
    return " UNION ALL ".join(parts)
