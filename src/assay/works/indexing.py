"""What the office knows, as records of its index: a run with its parameters and metrics, a model, a data set, a finding."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import AssayError
from assay.kernel.severity import Severity
from assay.office.index.record import Record
from assay.office.runs import SO_FAR

if TYPE_CHECKING:
    from assay.works.home import Home

Json = Mapping[str, Any]
_GROUPS = ("facet", "group", "column", "class")
_MOST_METRICS = 1_500
_LONGEST_REPORT = 64 << 20


class Deriving:
    """Records made of the office's rows and of the reports that these name; a report is read once."""

    def __init__(
        self,
        home: Home,
        rows: Mapping[str, Mapping[str, Json]],
        steps: Mapping[str, list[Json]],
        contexts: Mapping[str, Sequence[str]],
    ) -> None:
        """rows: table to key to value, of what has changed. steps: of each run among them, all its steps.

        contexts: by urn, those that a thing among them is in.
        """
        self.home, self.rows, self.steps, self.contexts = home, rows, steps, contexts
        self._reports: dict[str, Json] = {}

    def records(self) -> Iterator[Record]:
        """Return a record for each thing that has changed."""
        for table, make in (
            ("assets", self._dataset),
            ("findings", self._finding),
            ("actions", self._quarantine),
            ("steps", self._report),
            ("runs", self._run),
            ("packages", self._model),
            ("contexts", self._context),
        ):
            for key, value in self.rows.get(table, {}).items():
                made = make(key, value)
                if made is not None:
                    yield made

    def edges(self) -> Iterator[tuple[str, str, str]]:
        """Return the key of each edge, and what was made from what; what was withdrawn without them."""
        for key, value in self.rows.get("edges", {}).items():
            gone = value.get("withdrawn")
            yield key, "" if gone else str(value["source"]), "" if gone else str(value["target"])

    def _read(self, digest: str | None) -> Json:
        """Return a report from the store; nothing where it is gone or is none."""
        if not digest:
            return {}
        if digest not in self._reports:
            try:
                raw = self.home.store.read(digest)
                found = json.loads(raw) if len(raw) <= _LONGEST_REPORT else {}
            except (AssayError, ValueError, RecursionError):
                found = {}
            self._reports[digest] = found if isinstance(found, dict) else {}
        return self._reports[digest]

    def _dataset(self, key: str, value: Json) -> Record | None:
        if value.get("kind") != "table":
            return None
        urn = str(value.get("digest") or value["uri"])
        fields = {"format": value.get("format"), "uri": value["uri"], "digest": value.get("digest")}
        fields |= {"context": list(self.contexts.get(urn, ()))}
        body = {"name": value["name"], **fields}
        return Record("dataset", key, str(value.get("at", "")), str(value["name"]), fields, "", body, (urn,))

    def _finding(self, key: str, value: Json) -> Record:
        names = ("rule", "message", "asset", "status", "count", "first_seen", "last_seen", "remedy", "refs")
        fields = {name: value.get(name) for name in names} | {
            f"where.{k}": v
            for k, v in dict(value.get("where", {})).items()
            if not isinstance(v, (dict, list))
        }
        fields["severity"] = [value["severity"], int(Severity.parse(value["severity"]))]
        told = ("rule", "severity", "message", "asset", "status", "count", "where", "first_seen", "last_seen")
        body = {"name": value["rule"], "fingerprint": key} | {name: value.get(name) for name in told}
        text = f"{value['message']} {value.get('asset', '')} {value.get('remedy', '')}"
        about = (str(value["digest"]),) if value.get("digest") else ()
        return Record(
            "finding", key, str(value["last_seen"]), str(value["rule"]), fields, text, body, (), about
        )

    def _quarantine(self, key: str, value: Json) -> Record | None:
        told = dict(value.get("detail", {}))
        if value.get("name") != "data.load" or value.get("state") != "done" or not told.get("quarantined"):
            return None
        fields = {
            "rows": told["quarantined"],
            "store": value.get("subject"),
            "source": told.get("source"),
            "actor": value.get("actor"),
        }
        body = {"name": told["id"], "id": told["id"], **fields}
        return Record("quarantine", key, str(told.get("at", "")), str(told["id"]), fields, "", body)

    def _report(self, key: str, value: Json) -> Record | None:
        report = self._read(value.get("report"))
        if not report or value.get("cached"):
            return None
        subject = dict(report.get("subject") or {})
        fields = {
            "check": value["uses"],
            "outcome": value["outcome"],
            "run": value["run"] or None,
            "step": value["name"],
            "subject": subject.get("name"),
            "seconds": value["seconds"],
            "seed": report.get("seed"),
            **_named("params", report.get("params", {})),
            **_metrics("metrics", report),
        }
        body = {"name": value["uses"], "report": value["report"]} | {
            n: fields[n] for n in ("check", "outcome", "run", "step", "subject")
        }
        read, made = _urns(value["inputs"]), _urns(value["outputs"])
        at = str(report.get("started", ""))
        return Record(
            "report", key, at, str(value["uses"]), fields, str(subject.get("name", "")), body, (), read, made
        )

    def _run(self, key: str, value: Json) -> Record:
        steps = self.steps.get(key, [])
        fields: dict[str, Any] = {
            n: value.get(n)
            for n in ("pipeline", "experiment", "parent", "outcome", "actor", "started", "ended", "model")
        }
        detail = dict(value.get("detail", {}))
        fields |= _named("detail", {k: v for k, v in detail.items() if k not in ("steps", SO_FAR)})
        so_far = dict(detail.get(SO_FAR) or {})
        for kind in ("params", "tags", "metrics"):
            fields |= _named(kind, dict(so_far.get(kind) or {}))
        fields |= _around(steps) | {"context": list(self.contexts.get(f"run/{key}", ()))}
        fields["trace"] = detail.get("trace")
        fields |= {"step": [s["name"] for s in steps], "uses": sorted({s["uses"] for s in steps})}
        fields |= _together(self._told(s) for s in steps)
        failed = [s["name"] for s in steps if s["outcome"] not in ("pass", "done")]
        body = {"name": value["pipeline"], "id": key} | {
            n: value.get(n) for n in ("pipeline", "outcome", "actor", "started", "ended", "model")
        }
        body["failed"] = failed
        read = [u for s in steps for u in _urns(s["inputs"])]
        made = [u for s in steps for u in _urns(s["outputs"])]
        at = str(value.get("ended") or value["started"])
        text = " ".join([key, value["outcome"], *fields["step"], *fields["uses"]])
        return Record("run", key, at, str(value["pipeline"]), fields, text, body, (f"run/{key}",), read, made)

    def _told(self, step: Json) -> dict[str, Any]:
        report = self._read(step.get("report"))
        params = dict(report.get("params", {}))
        tags = _named("tags", dict(dict(report.get("data") or {}).get("tags") or {}))
        if step["uses"] == "train":
            params |= dict(params.pop("hyperparameters", None) or {})
        name = str(step["name"])
        return (
            tags
            | _named("params", params)
            | _named(f"params.{name}", params)
            | _metrics("metrics", report)
            | _metrics(f"metrics.{name}", report)
        )

    def _model(self, key: str, value: Json) -> Record:
        from assay.office import registry

        record = registry.of_row(value, self.home.office.clock())
        fields: dict[str, Any] = {
            n: value.get(n) for n in ("version", "run", "reason", "stage", "tier", "purpose")
        }
        fields |= {
            "status": record.status,
            "registered_by": record.registered_by,
            "registered": record.registered_at,
        }
        fields |= {"decided_by": record.decided_by, "decided": record.decided_at, "expires": record.expires}
        fields |= {"alias": list(record.aliases), "owner": list(record.owners), "purpose": record.purpose}
        fields |= {
            "approved_by": [a["by"] for a in record.approvals],
            "image": (record.image or {}).get("digest"),
        }
        fields |= {"successor": (record.ended or {}).get("successor")}
        fields |= {"context": list(self.contexts.get(record.urn, ()))}
        metadata = dict(record.metadata)
        fields |= {n: metadata[n] for n in ("framework", "pipeline") if metadata.get(n)}
        tags = dict(metadata.get("tags") or {}) | dict(record.tags)
        fields |= _named("tags", tags) | {"tag": list(tags)}
        fields |= _together(self._of_report(name, digest) for name, digest in record.reports.items())
        fields = {n: v for n, v in fields.items() if v not in ("", [])}
        told = (
            "version",
            "status",
            "stage",
            "alias",
            "tier",
            "registered_by",
            "registered",
            "owner",
            "purpose",
            "expires",
            "run",
        )
        body = {"name": record.name, "urn": record.urn} | {n: fields.get(n) for n in told}
        at = str(value.get("decided_at") or record.registered_at)
        words = (
            record.status,
            *record.owners,
            record.purpose,
            record.reason or "",
            record.stage,
            record.tier,
        )
        text = " ".join((*words, *record.aliases, *map(str, tags.values())))
        artifact = record.files.get(str(metadata.get("artifact", "")))
        is_ = [record.urn, *([artifact] if artifact else [])]
        return Record("model", key, at, record.name, fields, text, body, is_)

    def _context(self, key: str, value: Json) -> Record:
        fields = {"of": value["kind"], "by": value["by"]} | _named("about", dict(value.get("about") or {}))
        body = {"name": key, "of": value["kind"], "by": value["by"]}
        return Record("context", key, str(value["at"]), key, fields, str(value["name"]), body)

    def _of_report(self, name: str, digest: str) -> dict[str, Any]:
        step = name.rpartition("/")[2].removesuffix(".json")
        report = self._read(digest)
        return self._told({"name": step, "uses": report.get("check", ""), "report": digest})


def _around(steps: Iterable[Json]) -> dict[str, list[str]]:
    """Return what a run read from outside it, and what it made: names, and where they lie outside the office's store."""
    held: dict[str, dict[str, None]] = {"input": {}, "output": {}}
    steps = list(steps)
    made = {urn for s in steps for urn in _urns(s["outputs"])}
    for side, name in (("inputs", "input"), ("outputs", "output")):
        for asset in (a for s in steps for a in s[side].values()):
            if name == "output" or str(asset.get("digest") or asset.get("uri")) not in made:
                uri = str(asset["uri"])
                held[name] |= dict.fromkeys([asset["name"], *([] if uri.startswith("object:") else [uri])])
    return {name: list(values) for name, values in held.items()}


def _together(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return fields with every value that any part has of them."""
    out: dict[str, Any] = {}
    for part in parts:
        for name, held in part.items():
            values = held if isinstance(held, list) else [held]
            out.setdefault(name, []).extend(v for v in values if v not in out.get(name, []))
    return out


def _named(prefix: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return plain values by dotted names, two levels deep; lists of plain values as they are."""
    out: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            inner = {f"{name}.{k}": v for k, v in value.items() if not isinstance(v, (dict, list))}
            out |= {f"{prefix}.{k}": v for k, v in inner.items()}
        elif isinstance(value, list):
            out[f"{prefix}.{name}"] = [v for v in value if not isinstance(v, (dict, list))]
        else:
            out[f"{prefix}.{name}"] = value
    return out


def _metrics(prefix: str, report: Json) -> dict[str, Any]:
    """Return the metrics of the whole by name, and those of a group as ``metrics.DPL.sex.Female``."""
    out: dict[str, Any] = {}
    for metric in list(report.get("metrics", []))[:_MOST_METRICS]:
        of = dict(metric.get("of") or {})
        if metric.get("value") is None or set(of) - set(_GROUPS):
            continue
        name = ".".join([prefix, str(metric["name"]), *(str(of[g]) for g in _GROUPS if g in of)])
        out.setdefault(name, metric["value"])
    return out


def _urns(assets: Mapping[str, Any]) -> list[str]:
    return [str(a.get("digest") or a.get("uri")) for a in assets.values()]
