"""A SageMaker model card against AWS's own words.

CONTENT is the model card JSON schema of the SageMaker developer guide ("Model cards", and "Model package model card
schema"), and of AWS::SageMaker::ModelCard in CloudFormation where the guide leaves a length open, written down here with
``additionalProperties: false`` where they have it. The call around it is held against botocore's model of CreateModelCard.
"""

from __future__ import annotations

import json
import re
from functools import cache

import pytest
from tests.cards import digest, examined

from assay.kernel.card import Card, Evaluation, Facet, Field, Identity, Limit, Standing, Training
from assay.kernel.report import Chart, Metric
from assay.reports.card.sagemaker import LONGEST, content, request


def _text(most):
    return {"type": "string", "maxLength": most}


def _object(required=(), **properties):
    return {
        "type": "object", "additionalProperties": False, "properties": properties, "required": list(required), "minProperties": 1,
    }  # fmt: skip


def _list(items, most=None, least=None):
    out = {"type": "array", "items": items}
    return out | ({"maxItems": most} if most else {}) | ({"minItems": least} if least else {})


_NAMED = {"type": "string", "minLength": 1, "maxLength": 255}
_GROUP = {"type": "string", "minLength": 1, "maxLength": 63}
_AXIS, _AXES = _text(63), _list(_text(63))
_NUMBER = {"type": "number"}
_CUSTOM = {
    "type": "object", "additionalProperties": False, "patternProperties": {"^[a-zA-Z_][a-zA-Z0-9_]*$": _text(1024)},
}  # fmt: skip


def _metric(kind, value, x=_AXIS, y=_AXIS):
    return _object(
        ("name", "type", "value"), name=_NAMED, notes=_text(1024), type={"enum": kind}, value=value, x_axis_name=x, y_axis_name=y
    )  # fmt: skip


_METRIC = {
    "anyOf": [
        _metric(["number", "string", "boolean"], {"anyOf": [_NUMBER, _text(63), {"type": "boolean"}]}),
        _metric(["linear_graph"], _list(_list(_NUMBER, 2, 2), least=1)),
        _metric(["bar_chart"], _list(_NUMBER, least=1), x=_AXES),
        _metric(["matrix"], _list(_list(_NUMBER, 20, 1), 20, 1), x=_AXES, y=_AXES),
    ]
}
_ENVIRONMENT = _object(container_image=_list(_text(1024), 15))
_MEASURED = _list(_object(("name", "value"), name=_NAMED, notes=_text(1024), value=_NUMBER), 50)
_GIVEN = _list(_object(("name", "value"), name=_NAMED, value=_NAMED), 100)
CONTENT = _object(
    model_overview=_object(
        model_id=_text(1024), model_name=_text(1024), model_description=_text(1024), model_version={"type": "number", "minimum": 1},
        problem_type=_text(1024), algorithm_type=_text(1024), model_creator=_text(1024), model_owner=_text(1024),
        model_artifact=_list(_text(1024), 15), inference_environment=_ENVIRONMENT,
    ),
    intended_uses=_object(
        purpose_of_model=_text(2048), intended_uses=_text(2048), factors_affecting_model_efficiency=_text(2048),
        risk_rating={"enum": ["High", "Medium", "Low", "Unknown"]}, explanations_for_risk_rating=_text(2048),
    ),
    business_details=_object(business_problem=_text(2048), business_stakeholders=_text(2048), line_of_business=_text(2048)),
    training_details=_object(
        objective_function=_object(
            function=_object(function={"enum": ["Maximize", "Minimize"]}, facet=_text(63), condition=_text(63)), notes=_text(1024)
        ),
        training_observations=_text(1024),
        training_job_details=_object(
            training_arn=_text(1024), training_datasets=_list(_text(1024), 15), training_environment=_ENVIRONMENT,
            training_metrics=_MEASURED, user_provided_training_metrics=_MEASURED, hyper_parameters=_GIVEN,
            user_provided_hyper_parameters=_GIVEN,
        ),
    ),
    evaluation_details=_list(
        _object(
            ("name",), name=_GROUP, evaluation_observation=_text(2096), evaluation_job_arn=_text(256),
            datasets=_list(_text(1024), 10), metadata=_CUSTOM,
            metric_groups=_list(_object(("name", "metric_data"), name=_GROUP, metric_data=_list(_METRIC))),
        )
    ),
    additional_information=_object(
        ethical_considerations=_text(2048), caveats_and_recommendations=_text(2048), custom_details=_CUSTOM
    ),
)  # fmt: skip


@cache
def _call():
    loaders = pytest.importorskip("botocore.loaders")
    return loaders.Loader().load_service_model("sagemaker", "service-2")


def _holds(card):
    """The whole request as AWS reads it; return its content."""
    schema = pytest.importorskip("jsonschema")
    sent = request(card)
    shapes = _call()["shapes"]
    asked = shapes["CreateModelCardRequest"]
    assert set(asked["required"]) <= set(sent) <= set(asked["members"])
    for key, value in sent.items():
        shape = shapes[asked["members"][key]["shape"]]
        if shape["type"] == "string":
            assert shape.get("min", 0) <= len(value) <= shape.get("max", 10**9), key
            assert value in shape.get("enum", [value]) and re.fullmatch(
                shape.get("pattern", ".*"), value, re.S
            ), key
    for tag in sent["Tags"]:
        assert re.fullmatch(r"[\w .:/=+\-@]{1,128}", tag["Key"]) and re.fullmatch(
            r"[\w .:/=+\-@]{0,256}", tag["Value"]
        )
    made = json.loads(sent["Content"])
    schema.Draft202012Validator(CONTENT).validate(made)
    return made


def test_the_schema_written_here_refuses_what_aws_refuses():
    schema = pytest.importorskip("jsonschema")
    check = schema.Draft202012Validator(CONTENT)
    for wrong in (
        {"model_overview": {"model_name": "x" * 1025}},
        {"intended_uses": {"risk_rating": "high"}},
        {"evaluation_details": [{"name": "x" * 64}]},
        {"evaluation_details": [{"name": "x", "metric_groups": [{"name": "g", "metric_data": [{"name": "m", "type": "number", "value": [1]}]}]}]},
        {"invented": {}},
    ):  # fmt: skip
        assert not check.is_valid(wrong), wrong


def test_a_card_is_a_request_that_aws_takes(tmp_path):
    card = examined(tmp_path)[1].with_(
        standing=Standing("loans", 2, "APPROVED", digest("p"), "ada", "2026", "ben", "2026", "fine")
    )
    made = _holds(card)
    assert request(card)["ModelCardName"] == "loans-2" and request(card)["ModelCardStatus"] == "Approved"
    assert (
        made["model_overview"]["model_version"] == 2
        and made["model_overview"]["problem_type"] == "BinaryClassification"
    )
    assert made["intended_uses"]["risk_rating"] == "High"
    names = [d["name"] for d in made["evaluation_details"]]
    assert names == [
        "Validation on split.test",
        "Bias of the data by sex",
        "Bias of the model by sex",
        "Explanation on split.test",
    ]
    groups = {g["name"]: g["metric_data"] for g in made["evaluation_details"][0]["metric_groups"]}
    assert groups["scores"][0] == {
        "name": "f1",
        "type": "number",
        "value": 0.9,
        "notes": "95 % interval 0.85 to 0.95",
    }
    assert [c["type"] for c in groups["charts"]] == ["linear_graph", "matrix"]
    (bars,) = made["evaluation_details"][3]["metric_groups"][0]["metric_data"]
    assert bars["value"] == [3.0, 1.0] and bars["x_axis_name"] == ["age", "town"]
    job = made["training_details"]["training_job_details"]
    assert job["user_provided_hyper_parameters"] == [{"name": "depth", "value": "3"}]


def test_an_empty_card_is_one_too():
    assert _holds(Card(Identity("", "")))["intended_uses"] == {"risk_rating": "Unknown"}
    assert request(Card(Identity("<b>ünter/..", "")))["ModelCardName"] == "b-nter"


LONG = "long " * 600


@pytest.mark.slow
def test_whatever_is_too_long_or_too_much_is_cut_to_what_aws_takes():
    many = tuple(
        Metric(f"{LONG}{i}", i / 7, {"facet": LONG, "group": f"{LONG}{i}"}, (0.0, 1.0)) for i in range(120)
    )
    table = tuple({"x": x, "y": y, "value": 1} for x in range(30) for y in range(30))
    curve = tuple({"x": i, "y": i * i} for i in range(50_000))
    charts = (Chart(LONG, "heatmap", table, "x", "y", "value"), Chart(LONG, "line", curve, "x", "y"))
    scores = tuple(Metric(f"{LONG}{i}", 0.5) for i in range(120))
    fields = tuple(
        Field(n, n, "people", "said", (LONG,) * 9)
        for n in (
            "description",
            "intended_use",
            "limits",
            "considerations",
            "owner",
            "human_oversight",
            "more.x y",
        )
    )
    card = Card(
        Identity(LONG, LONG, framework=LONG, task=LONG),
        fields=fields,
        training=Training(hyperparameters={f"{LONG}{i}": LONG for i in range(300)}),
        evaluations=tuple(
            Evaluation(LONG, LONG, headline=LONG, why=LONG, scores=scores, charts=charts) for _ in range(9)
        ),
        facets=tuple(Facet("after", LONG, LONG, metrics=many, found=(LONG,) * 50) for _ in range(4)),
        limits=(Limit(LONG, "high", LONG),) * 200,
        standing=Standing(LONG, 12),
    )
    made = _holds(card)
    assert len(request(card)["Content"]) <= LONGEST < len(json.dumps(content(card)))
    assert len({d["name"] for d in made["evaluation_details"]}) == len(made["evaluation_details"])
    assert any("did not fit" in d.get("evaluation_observation", "") for d in made["evaluation_details"])


def test_sentences_are_whole_and_those_without_room_are_counted():
    limits = tuple(
        Limit(f"Limit {i} is one of many sentences of a certain length.", "high", "r") for i in range(100)
    )
    said = content(Card(Identity("m", ""), limits=limits))["intended_uses"][
        "factors_affecting_model_efficiency"
    ]
    lines = said.split("\n")
    assert lines[0] == "Found: Limit 0 is one of many sentences of a certain length."
    assert lines[-1] == f"… and {100 - len(lines) + 1} more." and len(said) <= 2048
