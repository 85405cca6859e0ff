"""Which reports a step is told of where it names none: those about its subject and the data behind it, and no others."""

from __future__ import annotations

import pytest

from assay.kernel.errors import UsageError
from assay.works.pipeline import load

PIPELINE = """
name: p
data:
  a: {source: a.csv}
  b: {source: b.csv}
steps:
  profile:  {check: data.profile, of: a}
  other:    {check: data.profile, of: b}
  clean:    {treat: data.drop, of: a, columns: [x]}
  people:   {check: data.pii, of: clean}
  side:     {treat: data.mask, of: clean, using: people}
  sided:    {check: data.profile, of: side}
  split:    {treat: data.split, of: clean, test: 0.2}
  before:   {check: data.bias, of: split.train, label: y, facet: [f]}
  model:    {train: t.py, of: {train: split.train}}
  rival:    {train: t.py, of: {train: split.train}}
  scan:     {check: model.scan, of: model}
  validate: {check: model.validate, of: model, data: split.test, against: rival, label: y, gate: none}
  vrival:   {check: model.validate, of: rival, data: split.test, label: y}
  tested:   {check: data.profile, of: split.test}
  card:     {check: model.card, of: model}
  second:   {check: model.card, of: model, gate: none}
  register: {do: model.register, of: model, as: m}
"""


def _load(tmp_path, text):
    (tmp_path / "assay.yaml").write_text(text)
    return load(tmp_path / "assay.yaml")


def test_they_are_all_about_the_model_and_the_data_behind_it(tmp_path):
    pipeline = _load(tmp_path, PIPELINE)
    told = set(pipeline.steps["card"].reports.values())
    assert told == {"profile", "clean", "people", "split", "before", "model", "scan", "validate", "tested"}
    assert told == set(pipeline.steps["second"].reports.values())
    order = list(pipeline.steps)
    assert order.index("card") > max(order.index(n) for n in told) and order[-1] == "register"


def test_those_that_are_named_are_those_it_is_told_of(tmp_path):
    pipeline = _load(
        tmp_path, PIPELINE.replace("of: model}\n  second", "of: model, using: [validate, before]}\n  second")
    )
    assert pipeline.steps["card"].reports == {"using.validate": "validate", "using.before": "before"}
    one = _load(tmp_path, PIPELINE.replace("of: model}\n  second", "of: model, using: validate}\n  second"))
    assert one.steps["card"].reports == {"using.validate": "validate"}


def test_a_step_that_is_not_there_is_told_with_its_line(tmp_path):
    with pytest.raises(UsageError, match="did you mean 'validate'"):
        _load(tmp_path, PIPELINE.replace("of: model}\n  second", "of: model, using: [validat]}\n  second"))
