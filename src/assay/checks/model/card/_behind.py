"""What reports say of one model, put in order: what made it, what judged it, and the data behind it back to the first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from assay.kernel.asset import Asset
from assay.kernel.canonical import digest_of
from assay.kernel.report import Report


@dataclass(frozen=True)
class Behind:
    """Reports by name, and the model that they are asked about.

    other: reports of other models. untied: reports of predictions alone, which nothing ties to this model. besides: reports
    of a way of training, or of candidates side by side, which are of no model by itself.
    """

    model: Asset
    using: Mapping[str, Report]
    _digests: dict[str, str] = field(default_factory=dict)

    def digest(self, report: Report) -> str:
        """Return the digest of a report's canonical JSON, the same wherever it is read from: it has no outcome yet."""
        name = next(n for n, r in self.using.items() if r is report)
        if name not in self._digests:
            self._digests[name] = digest_of(report.to_dict())
        return self._digests[name]

    def of(self, check: str) -> list[Report]:
        """Return the reports of one check about this model."""
        return [r for r in self.about if r.check == check]

    @cached_property
    def about(self) -> list[Report]:
        """The reports whose subject is this model."""
        return [r for n, r in self.using.items() if _is(r.subject, self.model) and n not in self.cards]

    @cached_property
    def cards(self) -> set[str]:
        """The names of reports of cards written before: a card does not stand on a card."""
        return {n for n, r in self.using.items() if r.check == "model.card"}

    @cached_property
    def other(self) -> dict[str, Report]:
        """The reports about other models, but for those that this one was made from."""
        return {
            n: r
            for n, r in self.using.items()
            if r.check.startswith("model.")
            and n not in self.cards
            and r.subject is not None
            and r.subject.kind != "table"
            and not _is(r.subject, self.model)
            and r.subject.digest not in self.ancestors
        }

    @cached_property
    def untied(self) -> dict[str, Report]:
        """The reports of a table of predictions: whose they are is not in them."""
        return {n: r for n, r in self._of_tables.items() if n not in self.besides}

    @cached_property
    def besides(self) -> dict[str, Report]:
        """The reports that judge a way of training, or candidates side by side."""
        return {n: r for n, r in self._of_tables.items() if r.check == "model.trade" or "retrain" in r.inputs}

    @cached_property
    def _of_tables(self) -> dict[str, Report]:
        """The reports of models whose subject is a table, and which made no model of it, as model.reduce does."""
        return {
            n: r
            for n, r in self.using.items()
            if r.check.startswith("model.") and r.subject is not None and r.subject.kind == "table"
            and not any(o.kind == "model" for o in r.outputs)
        }  # fmt: skip

    @cached_property
    def made(self) -> list[Report]:
        """The reports of what made it and the data it was made from, the nearest first."""
        return list(self._makers(self.model.digest))

    @cached_property
    def trained(self) -> Report | None:
        """The report of the training that made it."""
        return next((r for r in self.made if r.check == "train"), None)

    @cached_property
    def remade(self) -> list[Report]:
        """The reports of what made it of another model: thresholds moved, say."""
        return [r for r in self.made if r.check != "train" and any(o.kind == "model" for o in r.outputs)]

    @cached_property
    def ancestors(self) -> dict[str, Asset]:
        """What it was made from, by digest, the nearest first."""
        return {a.digest: a for r in self.made for a in r.inputs.values() if a.digest}

    @cached_property
    def training(self) -> list[Asset]:
        """The tables that it was trained on: of what trained it, or as whoever judged it named them."""
        treated = (r for r in self.remade if r.subject is not None and r.subject.kind == "table")
        maker = self.trained or next(treated, None)
        if maker is not None:
            return [a for a in maker.inputs.values() if a.kind == "table"]
        named = [r.inputs["training"] for r in self.about if "training" in r.inputs]
        return list({a.digest: a for a in named}.values())

    @cached_property
    def judged(self) -> list[Asset]:
        """The tables that it was judged on."""
        found = [r.inputs["data"] for r in self.about if "data" in r.inputs]
        return list({a.digest or a.uri: a for a in found}.values())

    @cached_property
    def upstream(self) -> dict[str, Asset]:
        """The tables behind the training and the judging, by digest; those two among them."""
        out: dict[str, Asset] = {}
        for table in (*self.training, *self.judged):
            out.setdefault(table.digest, table)
            for report in self._makers(table.digest):
                for asset in report.inputs.values():
                    if asset.kind == "table" and asset.digest:
                        out.setdefault(asset.digest, asset)
        return out

    def on(self, digest: str) -> list[Report]:
        """Return the reports about one table: checks alone, no treatment of it."""
        return [
            r
            for r in self.using.values()
            if digest and r.subject is not None and r.subject.digest == digest and r.check.startswith("data.")
            and self.maker(r) is None
        ]  # fmt: skip

    def maker(self, report: Report) -> Report | None:
        """Return the report itself where it made something that others work with: a treatment's, or a training's."""
        return (
            report
            if any(o.kind in ("table", "model") and o.digest in self._wanted for o in report.outputs)
            else None
        )

    def made_by(self, digest: str) -> Report | None:
        """Return the report of what made the thing of a digest."""
        return next(
            (
                r
                for r in self.using.values()
                if digest and any(o.digest == digest and o.kind in ("table", "model") for o in r.outputs)
            ),
            None,
        )

    @cached_property
    def _wanted(self) -> set[str]:
        return {a.digest for r in self.using.values() for a in r.inputs.values()} | {self.model.digest}

    def _makers(self, digest: str) -> Iterator[Report]:
        todo, seen = [digest], set[str]()
        while todo:
            one = todo.pop(0)
            report = self.made_by(one)
            if one in seen or report is None:
                continue
            seen.add(one)
            yield report
            todo += [a.digest for a in report.inputs.values()]

    def rows(self, table: Asset) -> int | None:
        """Return how many rows a table has, as a report of it counted them."""
        for report in self.on(table.digest):
            if report.coverage.unit == "rows" and report.coverage.of:
                return report.coverage.of
        for report in self.about:
            if _is(report.inputs.get("data"), table) and report.coverage.unit == "rows":
                return report.coverage.of or None
        report_ = self.made_by(table.digest)
        if report_ is None:
            return next(
                (
                    r.coverage.of
                    for r in self.using.values()
                    if _is(r.subject, table) and r.coverage.unit == "rows" and r.coverage.of
                ),
                None,
            )
        part = next(o.name for o in report_.outputs if o.digest == table.digest)
        found = [m.value for m in report_.metrics if m.name == "rows" and m.of.get("part") == part]
        if found and isinstance(found[0], int):
            return found[0]
        consumed = [
            r.coverage.of for r in self.using.values()
            if _is(r.subject, table) and r.coverage.unit == "rows" and r.check != "train"
        ]  # fmt: skip
        return next((n for n in consumed if n), None)

    def columns(self, table: Asset, depth: int = 0) -> int | None:
        """Return how many columns a table has, as a profile counted them, or what made it left of those it was given."""
        for report in self.on(table.digest):
            if report.check == "data.profile":
                return _whole(report, "columns")
        maker = self.made_by(table.digest)
        if maker is None or maker.subject is None or depth > 50:
            return None
        if maker.check == "data.drop":
            return _whole(maker, "columns_kept")
        same = maker.check in ("data.split", "data.repair") or (
            maker.check == "data.mask" and not maker.data.get("dropped")
        )
        return self.columns(maker.subject, depth + 1) if same else None


def _whole(report: Report, name: str) -> int | None:
    found: Any = next((m.value for m in report.metrics if m.name == name and not m.of), None)
    return found if isinstance(found, int) else None


def _is(one: Asset | None, other: Asset) -> bool:
    return one is not None and bool(one.digest) and one.digest == other.digest
