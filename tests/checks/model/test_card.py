"""model.card: what it tells of reports, what it lacks, what people say against what was measured."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cards import FACTS, digest, examined, model, report, reports, table

from assay.kernel.errors import UsageError
from assay.kernel.report import Coverage, Finding, Metric, Report
from assay.kernel.severity import Severity
from assay.methods.card.fields import EXAMINED, PEOPLE
from assay.works import cards


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return examined(tmp_path_factory.mktemp("card"))


def _rules(report):
    return [(f.rule, f.where.get("field", f.where.get("step"))) for f in report.findings]


def test_a_card_of_a_whole_run_lacks_nothing_and_says_what_each_report_said(written):
    report, card = written
    assert report.findings == () and report.coverage.complete
    assert (report.metric("fields_required").value, report.metric("fields_filled").value) == (14, 14)
    assert card.model.framework == "xgboost" and card.model.classes == ("no", "yes")
    assert card.model.digest == digest(b"not a model, and never loaded") and card.model.size == 29
    assert (card.model.task, card.model.label, card.model.positive) == ("binary", "paid", "yes")
    (one,) = card.evaluations
    assert one.main == Metric("f1", 0.9, {}, (0.85, 0.95)) and one.why == "both ways to err count alike"
    assert [m.value for m in one.guess] == [0.5] and [m.value for m in one.training] == [0.99]
    assert [m.name for m in one.scores] == ["f1", "accuracy", "pr_auc"] and [m.value for m in one.folds] == [
        0.89
    ]
    assert [(s.where, s.rows, s.loss, s.elsewhere, s.p) for s in one.slices] == [
        ("town = Bb", 9, 0.4, 0.1, 0.01)
    ]
    assert [(f.when, f.name) for f in card.facets] == [("before", "sex"), ("after", "sex")]
    assert card.facets[1].groups == {"f": 12} and card.facets[1].found == ("sex = f: the difference is 0.2.",)


def test_shares_are_of_the_sum_of_all_features(written):
    _, card = written
    assert {f.name: f.share for f in card.model.features} == {"age": 0.75, "town": 0.25, "name": None}
    assert [m.of["feature"] for m in card.explanations[0].importance] == ["age", "town"]


def test_the_data_is_followed_back_to_its_source_by_digest(written):
    _, card = written
    assert [(d.role, d.name, d.rows, d.columns) for d in card.data] == [
        ("source", "people", 100, 5),
        ("training", "split.train", 75, 5),
        ("evaluation", "split.test", 25, 5),
    ]
    assert card.training.hyperparameters == {"depth": "3"} and card.training.code == digest("code")
    assert [t.check for t in card.changes] == ["data.split"]


def test_values_of_people_rare_values_and_single_rows_are_not_shown(written):
    _, card = written
    ranges = {f.name: f.range for f in card.model.features}
    assert ranges["age"] == "18 to 77" and ranges["town"] == "Aa, Bb and 2 more"
    assert ranges["name"] == "not shown: it holds people's data"
    text = card.to_bytes().decode()
    assert "Ada Ant" not in text and "aged 71" not in text and "Zz" not in text
    assert [t.sentence for t in card.personal] == [
        "people holds people's data in name (name).",
        "name was masked (partial).",
    ]


def test_personal_data_that_is_left_is_told(tmp_path):
    using = {n: r for n, r in reports().items() if n != "masked"}
    using["split"] = using["split"].with_(subject=table("people"), inputs={"table": table("people")})
    _, card = examined(tmp_path, using)
    assert card.personal[-1].sentence == "name was left as it is."


def test_a_limit_is_the_sentence_of_a_finding_with_its_fingerprint_and_report(written):
    _, card = written
    by = {s.digest: s for s in card.sources}
    assert [(x.rule, by[x.source].step) for x in card.limits] == [
        ("model.validate.weak_slice", "validate"),
        ("model.bias.DPPL", "after"),
    ]
    finding = reports()["after"].findings[0]
    assert card.limits[1].sentence == finding.message and card.limits[1].fingerprint == finding.fingerprint(
        "model"
    )


def test_what_a_report_left_out_is_told_as_not_examined(written):
    _, card = written
    assert [t.sentence for t in card.gaps] == [
        "the facet race was not examined: the table has no such column."
    ]


_SILENT = ("", " TBD", " 'todo: ask'", " n/a", " '<who?>'", " []", " [TBD, '']", " '\u200b-'")


@pytest.mark.parametrize(
    ("field", "said"),
    [(f.name, "") for f in PEOPLE if f.required] + [("users", said) for said in _SILENT],
)
def test_a_required_field_that_says_nothing_fails_the_gate(tmp_path, field, said):
    lines, skip = [], False
    for line in FACTS.splitlines():
        skip = line.startswith(f"{field}:") or (skip and line.startswith(" "))
        lines += [] if skip else [line]
    report, card = examined(tmp_path, facts="\n".join([*lines, f"{field}:{said}"]))
    (found,) = report.findings
    assert (found.rule, found.severity, found.where) == (
        "model.card.missing",
        Severity.HIGH,
        {"field": field},
    )
    assert f"write `{field}:` in card.yaml" in found.remedy and not report.coverage.complete
    assert [f.name for f in card.missing] == [field]


def test_each_missing_field_has_a_fingerprint_of_its_own(tmp_path):
    report, _ = examined(tmp_path, facts=None)
    prints = {f.fingerprint("model") for f in report.findings}
    assert len(prints) == len(report.findings) == sum(f.required for f in PEOPLE)


@pytest.mark.parametrize(
    ("left_out", "field", "way"),
    [
        ("model", "data", "train"),
        ("validate", "metrics", "model.validate"),
        ("after", "bias", "model.bias"),
        ("explain", "explanation", "model.explain"),
    ],
)
def test_what_no_report_tells_is_a_finding_that_names_the_check_to_run(tmp_path, left_out, field, way):
    using = {n: r for n, r in reports().items() if n != left_out}
    report, _ = examined(tmp_path, using)
    assert _rules(report) == [("model.card.not_examined", field)]
    assert way in report.findings[0].remedy


def test_training_data_is_known_from_whoever_judged_the_model_where_no_training_is(tmp_path):
    using = {n: r for n, r in reports().items() if n != "model"}
    using["validate"] = using["validate"].with_(
        inputs={**using["validate"].inputs, "training": table("split.train")}
    )
    report, card = examined(tmp_path, using)
    assert report.findings == () and next(iter(card.data_of("training"))).name == "split.train"


def test_a_policy_adds_fields_and_waives_others_with_a_reason(tmp_path):
    (tmp_path / "p.yaml").write_text(
        "require: [maintenance, robustness, more.dpia]\nwaive: {license: it never leaves the house}\n"
    )
    facts = FACTS.replace("license: Apache-2.0", "license: TBD")
    report, card = examined(tmp_path, facts=facts, policy=tmp_path / "p.yaml")
    assert set(_rules(report)) == {
        ("model.card.missing", "maintenance"),
        ("model.card.missing", "more.dpia"),
        ("model.card.not_examined", "robustness"),
    }
    assert (
        card.field("license").state == "waived" and card.field("license").why == "it never leaves the house"
    )
    filled = facts + "maintenance: yearly\nmore: {dpia: DPIA-7}\n"
    report, card = examined(tmp_path, facts=filled, policy=tmp_path / "p.yaml")
    assert _rules(report) == [("model.card.not_examined", "robustness")] and card.said("more.dpia") == (
        "DPIA-7",
    )


def test_options_stand_over_the_file(tmp_path):
    report, card = examined(
        tmp_path, facts=FACTS.replace("owner: lending", "owner:"), owner="Ines", risk_tier="Limited"
    )
    assert report.findings == () and card.first("owner") == "Ines" and card.first("risk_tier") == "limited"
    with pytest.raises(UsageError, match="risk_tier cannot be"):
        examined(tmp_path, risk_tier="grim")


@pytest.mark.parametrize(
    ("claim", "rule", "says"),
    [
        ("metrics: {f1: 0.97}", "contradicted", "0.9, with 95 % confidence 0.85 to 0.95"),
        ("metrics: {f1: 0.84}", "contradicted", "f1 is 0.84"),
        ("metrics: {accuracy: 0.93}", "contradicted", "accuracy is 0.93"),
        ("metrics: {auc: 0.9}", "unsupported", "no report measured auc"),
        ("task: regression", "contradicted", "task is regression, and it is binary"),
        ("label: refused", "contradicted", "label is refused, and it is paid"),
        ("framework: lightgbm", "contradicted", "framework is lightgbm, and it is xgboost"),
        (f"digest: '{digest('another')}'", "contradicted", "digest is sha256:"),
        ("digest: sha256:c1", "contradicted", "digest is"),
        ("rows: 100", "contradicted", "rows is 100, and it is 75"),
    ],
)
def test_a_claim_that_was_measured_otherwise_is_a_finding(tmp_path, claim, rule, says):
    report, _ = examined(tmp_path, facts=f"{FACTS}claims:\n  {claim}\n")
    (found,) = report.findings
    assert found.rule == f"model.card.{rule}" and says in found.message
    assert "card.yaml:" in found.message and (found.severity is Severity.HIGH) == (rule == "contradicted")


@pytest.mark.parametrize(
    "claim",
    [
        "metrics: {f1: 0.93, F1-score: 0.86, accuracy: 0.923}",
        "task: Binary classification",
        "task: classification",
        "label: paid",
        "framework: XGB",
        f"digest: {digest(b'not a model, and never loaded')[7:30]}",
        "rows: 75",
    ],
)
def test_a_claim_that_goes_with_what_was_measured_is_none(tmp_path, claim):
    assert examined(tmp_path, facts=f"{FACTS}claims:\n  {claim}\n")[0].findings == ()


def test_a_report_of_another_model_is_a_finding_and_is_left_out(tmp_path):
    other = model("rival", b"other bytes")
    using = reports() | {
        "rival": report("model.validate", other, 20, metrics=[Metric("f1", 0.99)], data={"metric": "f1"})
    }
    found, card = examined(tmp_path, using)
    assert _rules(found) == [("model.card.other_model", "rival")]
    assert len(card.evaluations) == 1 and "rival" not in {s.step for s in card.sources}


def test_predictions_alone_are_tied_to_no_model(tmp_path):
    using = reports() | {"loose": report("model.bias", table("predictions"), 20)}
    found, _ = examined(tmp_path, using)
    assert _rules(found) == [("model.card.untied", "loose")]


def test_what_judges_candidates_or_a_way_of_training_is_not_taken_for_predictions_of_nobody(tmp_path):
    using = reports() | {
        "trade": report("model.trade", table("split.test"), 20, inputs={"models.model": model()}),
        "anew": report(
            "model.validate", table("split.train"), 21, inputs={"retrain": model("train.py", b"code")}
        ),
    }
    found, card = examined(tmp_path, using)
    assert _rules(found) == [("model.card.besides", "trade"), ("model.card.besides", "anew")]
    assert {str(f.severity) for f in found.findings} == {"info"}
    assert len(card.evaluations) == 1 and not {"trade", "anew"} & {s.step for s in card.sources}


def test_the_treatment_of_a_table_that_made_the_model_is_not_taken_for_predictions_of_nobody(tmp_path):
    """model.reduce trains on a table; its report says where the model comes from."""
    using = reports()
    using["model"] = report("model.reduce", table("split.train"), 6, outputs=[model().renamed("out")])
    found, card = examined(tmp_path, using)
    assert "model.card.untied" not in {f.rule for f in found.findings}
    assert [d.name for d in card.data_of("training")] == ["split.train"]
    assert "split.train: model.reduce made a model of it." in {c.sentence for c in card.changes}
    assert "model" in {s.step for s in card.sources}


def test_the_model_that_it_was_made_from_is_no_other_model(tmp_path):
    """A model whose thresholds were moved is made from another, which was examined too."""
    before = model("model", b"before")
    using = reports()
    using["first"] = report("model.validate", before, 7, metrics=[Metric("f1", 0.7)])
    using["model"] = using["model"].with_(outputs=(before.renamed("out"),))
    using["moved"] = report("model.thresholds", before, 7, outputs=[model().renamed("out")])
    found, card = examined(tmp_path, using)
    assert found.findings == () and card.training is not None and len(card.evaluations) == 1
    assert card.changes[-1].sentence == "model: model.thresholds made another model of it."


def test_the_same_reports_give_the_same_bytes_in_whatever_order_and_from_files(tmp_path):
    _, card = examined(tmp_path / "a")
    folder = tmp_path / "reports"
    folder.mkdir()
    for name, one in reports().items():
        (folder / f"{name}.json").write_text(json.dumps(one.to_dict() | {"outcome": "pass", "tool": {}}))
    _, again = examined(tmp_path / "b", [folder])  # type: ignore[arg-type]
    _, turned = examined(tmp_path / "c", dict(reversed(reports().items())))
    assert card.to_bytes() == again.to_bytes() == turned.to_bytes()


def test_a_card_stands_on_no_card(tmp_path):
    first, card = examined(tmp_path / "a")
    _, again = examined(tmp_path / "b", reports() | {"card": first})
    assert again.sources == card.sources


def test_nothing_given_at_all_is_a_card_that_says_so(tmp_path):
    report, card = examined(tmp_path, {}, facts=None)
    assert {f.name for f in card.missing} == {f.name for f in (*PEOPLE, *EXAMINED) if f.required}
    assert len(report.findings) == 14 and card.sources == () and card.model.framework == ""


_JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=5), st.just([]), st.just({}),
    st.just([[1]]), st.just({"x": [None]}), st.just({"y": {"z": {}}}),
)  # fmt: skip


def _nodes(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from _nodes(inner, (*path, key))


_PARTS = [(n, p) for n, r in reports().items() for p in _nodes(r.to_dict()) if p]


@settings(max_examples=60)
@given(part=st.sampled_from(_PARTS), junk=_JUNK)
def test_a_forged_report_is_refused_in_a_sentence_or_told_in_every_form(tmp_path_factory, part, junk):
    from assay.reports.card import FORMATS, render

    folder = tmp_path_factory.getbasetemp() / "forged-card"
    name, path = part
    raw = reports()[name].to_dict()
    inner = raw
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = junk
    folder.mkdir(exist_ok=True)
    (folder / "forged.json").write_text(json.dumps(raw))
    try:
        found, card = examined(
            folder, [*[r for n, r in reports().items() if n != name], folder / "forged.json"]
        )  # type: ignore[arg-type]
    except UsageError as error:
        assert len(str(error).splitlines()) == 1
        return
    assert not found.error
    for shown in FORMATS:
        assert render(card, shown)


def test_a_report_without_end_is_bounded(tmp_path):
    many = report("model.validate", model(), 8, metrics=[Metric("f1", 0.5)] * 500_001)
    with pytest.raises(UsageError, match="500,001 statements"):
        examined(tmp_path, {"validate": many})


def test_what_an_examination_found_is_told_gravest_first_and_lesser_ones_are_counted(tmp_path):
    using = reports()
    extra = [
        Finding("model.scan.low", Severity.LOW, "a trifle"),
        Finding("model.scan.bad", Severity.HIGH, "something grave"),
    ]
    using["scan"] = report("model.scan", model(), 7, findings=extra, coverage=Coverage(1, 1, unit="files"))
    _, card = examined(tmp_path, using)
    assert [x.severity for x in card.limits] == ["high", "medium", "medium"]
    assert card.gaps[-1].sentence == "1 lesser finding is in the reports alone."


def test_an_error_in_a_report_is_a_gap(tmp_path):
    using = reports() | {
        "later": Report(check="model.explain", subject=model(), error="it hung", coverage=Coverage(0, 0))
    }
    _, card = examined(tmp_path, using)
    assert any(t.sentence == "It ended in an error: it hung" for t in card.gaps)


def test_a_card_that_is_none_is_refused_in_a_sentence(tmp_path):
    path = tmp_path / "c.json"
    for raw in (
        b"",
        b"[]",
        b'{"model": {}}',
        b'{"model": {"name": 3, "digest": "x"}}',
        b"[" * 100_000,
        b'{"model":{"name":"m","digest":""},"schema":"assay.card/9"}',
    ):
        path.write_bytes(raw)
        with pytest.raises(UsageError) as caught:
            cards.read(path)
        assert len(str(caught.value).splitlines()) == 1
