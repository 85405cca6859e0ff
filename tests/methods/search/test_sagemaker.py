import datetime as dt
import json

import pytest

from assay.kernel.errors import UsageError
from assay.methods.search.query import All, Any, Comparison, Not, Question
from assay.methods.search.sagemaker import parse

NOW = dt.datetime(2026, 11, 26, tzinfo=dt.UTC)


def _read(**request):
    return parse(json.dumps(request), NOW)


def test_a_request_is_read_as_a_question():
    found = _read(
        Resource="TrainingJob",
        SearchExpression={
            "Filters": [
                {"Name": "Metrics.validation:accuracy", "Operator": "GreaterThanOrEqualTo", "Value": "0.8"},
                {"Name": "HyperParameters.max_depth", "Operator": "In", "Value": "4, 6"},
                {"Name": "TrainingJobStatus", "Value": "Completed"},
            ],
            "SubExpressions": [
                {
                    "Operator": "Or",
                    "Filters": [
                        {"Name": "Tags.team", "Operator": "NotExists"},
                        {"Name": "TrainingJobName", "Operator": "Contains", "Value": "hotel"},
                    ],
                }
            ],
        },
        SortBy="Metrics.validation:accuracy",
        SortOrder="Ascending",
        MaxResults=7,
    )
    assert found == Question(
        ("run",),
        All(
            (
                Comparison("metrics.validation:accuracy", ">=", 0.8),
                Any((Comparison("params.max_depth", "=", 4.0), Comparison("params.max_depth", "=", 6.0))),
                Comparison("outcome", "=", "pass"),
                Any((Not(Comparison("tags.team", "exists")), Comparison("key", "~", "hotel"))),
            )
        ),
        ("metrics.validation:accuracy", False),
        7,
    )


def test_times_and_states_are_translated():
    found = _read(
        Resource="ModelPackage",
        SearchExpression={
            "NestedFilters": [
                {
                    "NestedPropertyName": "x",
                    "Filters": [
                        {"Name": "CreationTime", "Operator": "GreaterThan", "Value": "2026-11-01T00:00:00Z"}
                    ],
                }
            ],
            "Filters": [{"Name": "ModelApprovalStatus", "Value": "PendingManualApproval"}],
        },
    )
    inner = All((Comparison("at", ">", "2026-11-01T00:00:00.000Z"),))
    assert found.where == All((Comparison("status", "=", "PENDING"), inner))


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ("[]", "JSON object"),
        ("{", "no JSON"),
        ('{"Resource": "TrainingJbo"}', "TrainingJob"),
        ('{"SearchExpression": {"Filters": [{"Name": "Colour", "Value": "x"}]}}', "Colour"),
        ('{"SearchExpression": {"Filters": [{"Name": "Tags.a", "Operator": "Like", "Value": "x"}]}}', "Like"),
        ('{"SearchExpression": {"Filters": [{"Name": "Tags.a", "Value": 3}]}}', "a text"),
        ('{"SearchExpression": {"Operator": "Xor"}}', "And or Or"),
        ('{"MaxResults": 0}', "MaxResults"),
        ('{"SearchExpression": ' + '{"SubExpressions": [' * 30 + "{}" + "]}" * 30 + "}", "SearchExpression"),
        ("[" * 100_000, "no JSON"),
        ('{"Resource": "Model", "VisibilityConditions": []}', "VisibilityConditions"),
        ('{"SearchExpression": {"Filter": []}}', "did you mean 'Filters'"),
        ('{"Filters": [], "SubExpresions": []}', "did you mean 'SubExpressions'"),
    ],
)
def test_what_is_no_request_is_refused_in_a_sentence(request_, said):
    with pytest.raises(UsageError, match=said):
        parse(request_, NOW)


def test_a_job_that_failed_is_one_that_broke_too():
    either = Any((Comparison("outcome", "=", "fail"), Comparison("outcome", "=", "error")))
    assert _read(Filters=[{"Name": "TrainingJobStatus", "Value": "Failed"}]).where == All((either,))
    not_ = {"Name": "TrainingJobStatus", "Operator": "NotEquals", "Value": "Failed"}
    assert _read(Filters=[not_]).where == All((Not(either),))


def test_the_data_that_a_job_read_are_asked_for_as_in_sagemaker_s_own_example():
    name = "InputDataConfig.DataSource.S3DataSource.S3Uri"
    filters = [{"Name": name, "Operator": "Contains", "Value": "mnist"}]
    found = _read(
        SearchExpression={"NestedFilters": [{"NestedPropertyName": "InputDataConfig", "Filters": filters}]}
    )
    assert found.where == All((All((Comparison("input", "~", "mnist"),)),))
