"""A model card as sections of plain blocks, which HTML and Markdown each draw in their own way. No text here is markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from assay.kernel.card import Card, Evaluation, Explanation, Facet
from assay.kernel.report import Metric
from assay.reports.card.blocks import Block, Bullets, Charts, Facts, Grid, Head, Section, Text
from assay.reports.card.short import in_short, percent
from assay.reports.numbers import metric, moment, number, seconds

NOT = "Not examined."
_ROWS = 60  # of a table that are shown; the rest is in the card as JSON
_GROUPS = 12  # groups of a facet that are shown
_BESIDE = 5  # so many stand side by side, a column each
_FACET = (
    "positive_share", "predicted_share", "DPL", "DPPL", "DI", "AD", "RD", "SD", "impact_ratio", "impact_p_value", "equalized_odds_difference",
    "demographic_parity_difference", "demographic_parity_ratio", "equal_opportunity_difference", "calibration_error",
    "mean_difference", "mae_difference", "standardized_mean_difference",
)  # fmt: skip
_PEOPLE = (
    ("Responsible", ("owner", "contact", "license", "risk_tier", "risk_reason")),
    ("For what", ("description", "intended_use", "users", "affected", "out_of_scope")),
    ("Care", ("considerations", "human_oversight", "maintenance")),
    (
        "Besides",
        (
            "business_problem",
            "stakeholders",
            "line_of_business",
            "data_source",
            "data_license",
            "energy",
            "references",
        ),
    ),
)


class Teller:
    """Tells a card, section by section."""

    def __init__(self, card: Card) -> None:
        self.card = card
        self.number = {s.digest: i for i, s in enumerate(card.sources, 1)}

    def sections(self) -> list[Section]:
        """Return every section; one that nobody examined says so."""
        return [
            Section("short", "In short", (Bullets(tuple(in_short(self.card))),)),
            Section("people", "What its owner says", tuple(self._people())),
            self._section("model", "What it is", self._model(), [self.card.model.source]),
            self._section("data", "Data", self._data(), [d.source for d in self.card.data]),
            self._section("training", "Training", self._training(), [self._of_training()]),
            self._section(
                "metrics", "How well it does", self._metrics(), [e.source for e in self.card.evaluations]
            ),
            self._section("bias", "How it treats groups", self._bias(), [f.source for f in self.card.facets]),
            self._section(
                "explanation",
                "What it goes by",
                self._explained(),
                [e.source for e in self.card.explanations],
            ),
            self._section("limits", "Limits", self._limits(), [x.source for x in self.card.limits]),
            Section("standing", "Standing", tuple(self._standing())),
            Section("sources", "Reports it stands on", tuple(self._sources())),
        ]

    def _section(self, key: str, title: str, blocks: Iterable[Block], on: Iterable[str]) -> Section:
        numbers = sorted({self.number[d] for d in on if d in self.number})
        return Section(key, title, tuple(blocks), tuple(numbers))

    def ref(self, digest: str) -> str:
        """Return which report a sentence stands on, as ``[3]``."""
        return f" [{self.number[digest]}]" if digest in self.number else ""

    def _people(self) -> Iterable[Block]:
        for title, names in _PEOPLE:
            pairs = []
            for name in names:
                field = self.card.field(name)
                if field.values:
                    said = (
                        tuple(self._mitigated(v) for v in field.values)
                        if name == "considerations"
                        else field.values
                    )
                    pairs.append((field.title, said))
                elif field.state == "missing":
                    pairs.append((field.title, ("MISSING: it is required",)))
                elif field.state == "waived":
                    pairs.append((field.title, (f"Not said: {field.why}",)))
            if pairs:
                yield Head(title)
                yield Facts(tuple(pairs))
        own = [
            f for f in self.card.fields if f.name.startswith("more.") and (f.values or f.state == "missing")
        ]
        if own:
            yield Facts(tuple((f.title, f.values or ("MISSING: it is required",)) for f in own))

    def _mitigated(self, risk: str) -> str:
        done = self.card.mitigations.get(risk)
        return f"{risk} What is done about it: {done}" if done else risk

    def _model(self) -> Iterable[Block]:
        one = self.card.model
        size = f"{number(one.size)} bytes" if one.size is not None else ""
        files = f" in {number(one.files)} files" if one.files is not None and one.files > 1 else ""
        pairs = [
            ("name", self.card.standing.name or one.name),
            ("version", str(self.card.standing.version or "") or "not registered yet"),
            ("digest", one.digest or "unpinned"),
            ("size", size + files or NOT),
            ("framework", one.framework or NOT),
            ("format", one.format or NOT),
            ("problem", one.task or NOT),
            ("label", one.label or NOT),
            ("the answer yes, or good", one.positive),
            ("classes", ", ".join(one.classes)),
        ]
        yield Facts(tuple((k, (v,)) for k, v in pairs if v))
        scan = [t.sentence + self.ref(t.source) for t in self.card.scan]
        yield Head("Safe to load")
        yield Bullets(tuple(scan)) if scan else Text(NOT, True)
        yield Head("Features")
        if not one.features:
            yield Text(NOT, True)
            return
        rows = [
            (
                f.name,
                f.type or "–",
                f.range or "–",
                "–" if f.missing is None else percent(f.missing),
                "–" if f.share is None else percent(f.share),
            )
            for f in one.features
        ]
        head = ("feature", "type", "values in the data behind it", "missing", "share of what it goes by")
        yield Grid(head, tuple(rows[:_ROWS]), False, max(0, len(rows) - _ROWS))

    def _data(self) -> Iterable[Block]:
        if not self.card.data:
            yield Text(NOT, True)
        else:
            head = ("table", "role", "rows", "columns", "digest")
            yield Grid(
                head,
                tuple(
                    (d.name, d.role, _or_dash(d.rows), _or_dash(d.columns), d.digest) for d in self.card.data
                ),
                False,
            )
        yield Head("Personal data")
        told = [t.sentence + self.ref(t.source) for t in self.card.personal]
        yield (
            Bullets(tuple(told))
            if told
            else Text(f"{NOT} No report of data.pii is of the data behind it.", True)
        )
        yield Head("What was found and done on the way")
        done = [
            t.sentence + self.ref(t.source) for t in self.card.changes if not t.check.startswith("model.")
        ]
        yield Bullets(tuple(done)) if done else Text("No report tells of it.", True)

    def _of_training(self) -> str:
        return self.card.training.source if self.card.training else ""

    def _training(self) -> Iterable[Block]:
        one = self.card.training
        if one is None:
            yield Text(f"{NOT} No report tells how it was trained.", True)
            return
        given = ", ".join(f"{k} = {v}" for k, v in one.hyperparameters.items())
        held = ", ".join(f"{k} {v}" for k, v in one.limits.items())
        energy = self.card.first("energy")
        pairs = [
            ("script", f"{one.script} ({one.code})" if one.code else one.script),
            ("hyperparameters", given or "none were given"),
            ("seed", str(one.seed)),
            ("Python", one.python),
            ("system", one.system),
            ("packages", f"{len(one.packages)}, each by version in the ML-BOM" if one.packages else ""),
            ("isolation", one.isolation),
            ("limits", held),
            ("began", moment(one.started) if one.started else ""),
            ("time", seconds(one.seconds) if one.seconds is not None else NOT),
            ("peak memory", f"{number(one.peak_memory)} bytes" if one.peak_memory is not None else NOT),
            ("energy", energy or "not measured"),
        ]
        yield Facts(tuple((k, (v,)) for k, v in pairs if v))
        after = [t.sentence + self.ref(t.source) for t in self.card.changes if t.check.startswith("model.")]
        if after:
            yield Head("After the training")
            yield Bullets(tuple(after))

    def _metrics(self) -> Iterable[Block]:
        if not self.card.evaluations:
            yield Text(NOT, True)
        for one in self.card.evaluations:
            yield from self._evaluated(one)
        if self.card.evaluations and not any(e.robustness for e in self.card.evaluations):
            yield Head("Data made worse")
            yield Text(NOT, True)

    def _evaluated(self, one: Evaluation) -> Iterable[Block]:
        rows = f", {number(one.rows)} rows" if one.rows is not None else ""
        yield Head(f"On {one.data}{rows}{self.ref(one.source)}")
        if one.main is not None:
            because = f" because {one.why}" if one.why else ""
            yield Text(
                f"The score that stands for it is {one.headline}, {metric(one.main)},{because}.".replace(
                    ",.", "."
                )
            )
        guess = {m.name: metric(m) for m in one.guess}
        train = {m.name: metric(m) for m in one.training}
        head = (
            "score",
            "value",
            "95 % interval",
            *([f"a {one.guesser}"] if guess else []),
            *(["training data"] if train else []),
        )
        body = [
            (
                m.name,
                number(m.value) if m.value is not None else metric(m),
                f"{number(m.interval[0])} to {number(m.interval[1])}" if m.interval else "–",
                *([guess.get(m.name, "–")] if guess else []),
                *([train.get(m.name, "–")] if train else []),
            )
            for m in one.scores
        ]
        yield Grid(head, tuple(body[:_ROWS]), more=max(0, len(body) - _ROWS))
        if one.fitting:
            yield Text(f"Fit: {one.fitting}.")
        if one.folds:
            yield Text("; ".join(f"{m.name} {metric(m)}" for m in one.folds) + ".")
        if one.charts:
            yield Charts(one.charts)
        yield Head(f"Weakest subgroups of {one.data}")
        if one.slices:
            yield Grid(
                ("where", "rows", "loss there", "loss elsewhere", "adjusted p"),
                tuple(
                    (s.where, _or_dash(s.rows), number(s.loss), number(s.elsewhere), _chance(s.p))
                    for s in one.slices
                ),
            )
        else:
            yield Text("None was found and confirmed." if one.searched else NOT, not one.searched)
        if one.robustness:
            yield Head("Data made worse")
            yield Grid(
                ("data", one.headline),
                tuple((str(m.of.get("data")), metric(m)) for m in one.robustness[:_ROWS]),
            )

    def _bias(self) -> Iterable[Block]:
        after = [f for f in self.card.facets if f.when == "after"]
        for title, facets in (
            ("The model", after),
            ("The data, before training", [f for f in self.card.facets if f.when == "before"]),
        ):
            if not facets:
                yield Head(title)
                yield Text(NOT, True)
            for one in facets:
                yield from self._facet(title, one)

    def _facet(self, title: str, one: Facet) -> Iterable[Block]:
        yield Head(f"{title}: {one.name}{self.ref(one.source)}")
        good = f" The good outcome is {one.good}." if one.good else ""
        yield Text(f"On {one.data}, held against {one.against}.{good}")
        yield Bullets(one.found) if one.found else Text("Nothing went beyond these limits.")
        yield from self._groups(one)
        if one.charts:
            yield Charts(one.charts)

    def _groups(self, one: Facet) -> Iterable[Block]:
        wide = [m for m in one.metrics if "group" not in m.of and m.name in _FACET]
        if wide:
            yield Grid(("of all groups", "value"), tuple((m.name, metric(m)) for m in wide))
        held: dict[str, dict[str, Metric]] = {}
        for found in one.metrics:
            if "group" in found.of and found.name in _FACET and found.value is not None:
                held.setdefault(str(found.of["group"]), {}).setdefault(found.name, found)
        names = [n for n in _FACET if any(n in of for of in held.values())]
        if not held:
            return
        if len(held) <= _BESIDE:  # a row a metric, so that it needs no scrolling
            rows = [("rows", *(_or_dash(one.groups.get(g)) for g in held))]
            rows += [(n, *(_said(of.get(n)) for of in held.values())) for n in names]
            yield Grid((one.name, *held), tuple(rows))
            return
        shown = list(held.items())
        rows = [
            (group, _or_dash(one.groups.get(group)), *(_said(of.get(n)) for n in names))
            for group, of in shown[:_GROUPS]
        ]
        yield Grid((one.name, "rows", *names), tuple(rows), more=max(0, len(shown) - _GROUPS))

    def _explained(self) -> Iterable[Block]:
        if not self.card.explanations:
            yield Text(NOT, True)
        for one in self.card.explanations:
            yield from self._goes_by(one)

    def _goes_by(self, one: Explanation) -> Iterable[Block]:
        total = sum(m.value or 0.0 for m in one.importance)
        yield Head(f"On {one.data}{self.ref(one.source)}")
        sound = (
            f" Its parts add up to its answers to {number(one.additivity)}."
            if one.additivity is not None
            else ""
        )
        yield Text(
            f"Mean absolute value of each feature's part in its answers ({one.unit}), by {one.method}.{sound}"
        )
        rows = [
            (str(m.of.get("feature")), percent((m.value or 0.0) / total) if total else "–", metric(m))
            for m in one.importance
        ]
        yield Grid(("feature", "share", "mean part"), tuple(rows[:20]), more=max(0, len(rows) - 20))
        if one.charts:
            yield Charts(one.charts)

    def _limits(self) -> Iterable[Block]:
        yield Head("Known to its owner")
        known = self.card.field("limits")
        yield (
            Bullets(known.values)
            if known.values
            else Text(
                "MISSING: it is required" if known.state == "missing" else "Its owner names none.", True
            )
        )
        yield Head("Found by examination")
        found = [
            f"{x.sentence} ({x.severity}, {x.rule}, {x.fingerprint}){self.ref(x.source)}"
            for x in self.card.limits
        ]
        yield (
            Bullets(tuple(found))
            if found
            else Text("No examination found any." if self.card.sources else NOT, not self.card.sources)
        )
        yield Head("Not examined")
        left = [t.sentence + self.ref(t.source) for t in self.card.gaps]
        left += [
            f"{f.title}: no report tells it."
            for f in self.card.fields
            if f.by == "reports" and f.state in ("open", "missing")
        ]
        left += [
            f"{f.title}: waived, {f.why}."
            for f in self.card.fields
            if f.by == "reports" and f.state == "waived"
        ]
        yield Bullets(tuple(left)) if left else Text("Nothing that was asked for was left out.")

    def _standing(self) -> Iterable[Block]:
        one = self.card.standing
        if not one.name:
            yield Text("It is not registered yet, so nobody has approved it and it bears no hallmark.", True)
            return
        decided = (
            f"by {one.decided_by}, {moment(one.decided_at)}" if one.decided_by else "nobody has decided yet"
        )
        mark = "examined: every gate passed; it does not say approved" if one.hallmark else "none"
        pairs = [
            ("status", one.status if one.version else "registered as PENDING; see `assay model show`"),
            (
                "registered",
                f"{moment(one.registered_at)} by {one.registered_by}" if one.registered_at else "",
            ),
            ("decided", decided if one.version else ""),
            ("reason", one.reason),
            ("hallmark", mark if one.version else ""),
            ("package", one.digest),
            ("run", one.run),
        ]
        yield Facts(tuple((k, (v,)) for k, v in pairs if v))

    def _sources(self) -> Iterable[Block]:
        if not self.card.sources:
            yield Text("It stands on no report.", True)
            return
        rows = tuple(
            (f"{i}", s.check, s.step, s.subject, moment(s.started), s.kept or s.digest)
            for i, s in enumerate(self.card.sources, 1)
        )
        if self.card.standing.run:
            yield Text(f"Each is a step of the run {self.card.standing.run}; `assay runs show` tells of it.")
        kept = any(s.kept for s in self.card.sources)
        what = "digest of its file in the package" if kept else "digest of its canonical JSON"
        yield Grid(("", "check", "step", "of", "begun", what), rows, False)


def _said(found: Metric | None) -> str:
    return "–" if found is None else _chance(found.value) if found.name.endswith("p_value") else metric(found)


def _chance(p: float | None) -> str:
    return "< 0.001" if p is not None and p < 0.001 else number(p)


def _or_dash(value: int | None) -> str:
    return "–" if value is None else number(value)


def sections(card: Card) -> Sequence[Section]:
    """Return a card's sections in order."""
    return Teller(card).sections()
