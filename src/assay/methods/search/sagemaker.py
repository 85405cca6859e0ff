"""Search expressions of Amazon SageMaker's Search API, read as questions.

A request names a ``Resource`` and a ``SearchExpression`` of Filters (Name, Operator, Value), NestedFilters and
SubExpressions joined by And or Or, with SortBy, SortOrder and MaxResults.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any as Anything

from assay.kernel.errors import UsageError
from assay.methods.nearest import did_you_mean
from assay.methods.search.parse import DEEPEST, MOST, PARTS, compared
from assay.methods.search.query import All, Any, Comparison, Condition, Not, Operator, Question

LONGEST = 256 << 10
RESOURCES: Mapping[str, tuple[str, ...]] = {
    "TrainingJob": ("run",),
    "Experiment": ("run",),
    "ExperimentTrial": ("run",),
    "ExperimentTrialComponent": ("report",),
    "Pipeline": ("run",),
    "PipelineExecution": ("run",),
    "Model": ("model",),
    "ModelPackage": ("model",),
    "ModelPackageGroup": ("model",),
    "ModelCard": ("model",),
    "Endpoint": ("endpoint",),
    "Project": ("run",),
    "FeatureGroup": ("dataset",),
    "HyperParameterTuningJob": ("run",),
}
_NAMES = {
    "TrainingJobName": "key", "ExperimentName": "name", "TrialName": "key", "TrialComponentName": "name",
    "PipelineName": "pipeline", "PipelineExecutionArn": "key", "ModelName": "name", "ModelPackageName": "name",
    "ModelPackageGroupName": "name", "ModelPackageVersion": "version", "ModelApprovalStatus": "status", "ModelLifeCycle.Stage": "stage",
    "TrainingJobStatus": "outcome", "PipelineExecutionStatus": "outcome", "CreationTime": "at", "LastModifiedTime": "at",
    "TrainingStartTime": "started", "TrainingEndTime": "ended", "CreatedBy.UserProfileName": "actor", "FailureReason": "reason",
    "EndpointName": "name", "FeatureGroupName": "name", "DisplayName": "name",
    "InputDataConfig.DataSource.S3DataSource.S3Uri": "input", "InputDataConfig.ChannelName": "input",
    "OutputDataConfig.S3OutputPath": "output", "ModelArtifacts.S3ModelArtifacts": "output",
}  # fmt: skip
_PREFIXES = {
    "Metrics": "metrics", "HyperParameters": "params", "Parameters": "params", "Tags": "tags",
    "CustomerMetadataProperties": "tags", "TuningParameters": "params",
}  # fmt: skip
_STATES = {
    "status": {"Approved": "APPROVED", "Rejected": "REJECTED", "PendingManualApproval": "PENDING"},
    "outcome": {"Completed": "pass", "Succeeded": "pass", "Stopped": "interrupted", "InProgress": "running", "Executing": "running"},
}  # fmt: skip
_FAILED = ("fail", "error")  # a gate that failed, and a step that broke
_REQUEST = ("Resource", "SearchExpression", "SortBy", "SortOrder", "MaxResults")
_EXPRESSION = ("Filters", "NestedFilters", "SubExpressions", "Operator")
_OPERATORS: Mapping[str, Operator] = {
    "Equals": "=", "NotEquals": "!=", "GreaterThan": ">", "GreaterThanOrEqualTo": ">=", "LessThan": "<",
    "LessThanOrEqualTo": "<=", "Contains": "~",
}  # fmt: skip


def parse(text: str, now: dt.datetime) -> Question:
    """Return the question of a request's JSON; UsageError for what is none, or cannot be asked here."""
    if len(text) > LONGEST:
        raise UsageError("the search expression is too long", remedy=f"ask in {LONGEST:,} characters")
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the search expression is no JSON: {str(error)[:100]}") from None
    if not isinstance(raw, dict):
        raise UsageError("a search request is a JSON object with Resource and SearchExpression")
    bare = "SearchExpression" not in raw
    _only(raw, (*_REQUEST, *_EXPRESSION) if bare else _REQUEST, "a search request")
    expression = {k: raw[k] for k in _EXPRESSION if k in raw} if bare else raw["SearchExpression"]
    reader = _Reader(now)
    kinds = reader.kinds(raw.get("Resource"))
    where = reader.expression(expression, 0)
    order = (
        (reader.name(str(raw["SortBy"])), raw.get("SortOrder", "Descending") != "Ascending")
        if raw.get("SortBy")
        else None
    )
    return Question(kinds, where, order, reader.count(raw.get("MaxResults")))


def _only(raw: Mapping[str, Anything], known: Sequence[str], what: str) -> None:
    """Raise UsageError for what is not understood: passed over, it would let more be found than was asked for."""
    other = next((str(name) for name in raw if name not in known), None)
    if other is not None:
        raise UsageError(f"{what} has no {other[:60]!r} here", remedy=did_you_mean(other, known))


class _Reader:
    def __init__(self, now: dt.datetime) -> None:
        self.now, self.parts = now, 0

    def kinds(self, resource: Anything) -> tuple[str, ...]:
        if resource is None:
            return ()
        if resource not in RESOURCES:
            raise UsageError(
                f"there is no Resource {str(resource)[:60]!r}", remedy=did_you_mean(str(resource), RESOURCES)
            )
        return RESOURCES[resource]

    def count(self, most: Anything) -> int | None:
        if most is None:
            return None
        if not isinstance(most, int) or isinstance(most, bool) or not 1 <= most <= MOST:
            raise UsageError(f"MaxResults is a number from 1 to {MOST:,}")
        return most

    def expression(self, raw: Anything, depth: int) -> Condition:
        if not isinstance(raw, dict) or depth > DEEPEST:
            raise UsageError("a SearchExpression is an object of Filters, NestedFilters and SubExpressions")
        _only(raw, _EXPRESSION, "a SearchExpression")
        found = [self.filter(f) for f in self._listed(raw, "Filters")]
        found += [self.nested(n) for n in self._listed(raw, "NestedFilters")]
        found += [self.expression(e, depth + 1) for e in self._listed(raw, "SubExpressions")]
        joined = raw.get("Operator", "And")
        if joined not in ("And", "Or"):
            raise UsageError(f"expressions are joined by And or Or, and not by {str(joined)[:20]!r}")
        return Any(tuple(found)) if joined == "Or" and found else All(tuple(found))

    def _listed(self, raw: Mapping[str, Anything], name: str) -> list[Anything]:
        found = raw.get(name) or []
        self.parts += len(found) if isinstance(found, list) else 1
        if not isinstance(found, list) or self.parts > PARTS:
            raise UsageError(f"{name} is a list of at most {PARTS} in all")
        return found

    def nested(self, raw: Anything) -> Condition:
        if not isinstance(raw, dict):
            raise UsageError("a nested filter is an object of NestedPropertyName and Filters")
        return All(tuple(self.filter(f) for f in self._listed(raw, "Filters")))

    def filter(self, raw: Anything) -> Condition:
        if not isinstance(raw, dict) or not isinstance(raw.get("Name"), str):
            raise UsageError("a filter is an object of Name, Operator and Value")
        name, said = self.name(raw["Name"]), raw.get("Operator", "Equals")
        if said in ("Exists", "NotExists"):
            there = Comparison(name, "exists")
            return there if said == "Exists" else Not(there)
        value = raw.get("Value")
        if not isinstance(value, str):
            raise UsageError("the Value of a filter is a text", where=raw["Name"][:60])
        if said == "In":
            return Any(tuple(self.held(name, "=", v.strip()) for v in value.split(",")))
        if said not in _OPERATORS:
            known = (*_OPERATORS, "Exists", "NotExists", "In")
            raise UsageError(
                f"there is no operator {str(said)[:40]!r}", remedy=did_you_mean(str(said), known)
            )
        return self.held(name, _OPERATORS[said], value)

    def held(self, name: str, operator: Operator, value: str) -> Condition:
        if name == "outcome" and value == "Failed":
            found = Any(tuple(Comparison(name, "=", outcome) for outcome in _FAILED))
            return Not(found) if operator == "!=" else found
        said = _STATES.get(name, {}).get(value, value)
        try:
            number = float(said) if said[-1:].isdigit() else None
        except ValueError:
            number = None
        numeric = number is not None and operator != "~" and name != "at"
        return compared(name, operator, number if numeric and number is not None else said, self.now)

    def name(self, said: str) -> str:
        """Return our name of a property; the ARN, the value and the like of a metric stand under its name."""
        if said in _NAMES:
            return _NAMES[said]
        prefix, _, rest = said.replace("/", ".").partition(".")
        if prefix in _PREFIXES and rest:
            leaf = rest.removesuffix(".Last").removesuffix(".Avg").removesuffix(".Max").removesuffix(".Min")
            return f"{_PREFIXES[prefix]}.{leaf}"
        raise UsageError(
            f"nothing here has the property {said[:60]!r}",
            remedy=did_you_mean(said, [*_NAMES, *(f"{p}.name" for p in _PREFIXES)]),
        )
