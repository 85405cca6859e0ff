from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import pytest
from annotated_types import Ge, Interval
from typing_extensions import Doc

from assay.kernel.errors import UsageError
from assay.kernel.handles import Column, Model, Table, Work
from assay.kernel.report import Report
from assay.works.signature import signature


def _check(
    subject: Table | Model,
    *,
    data: Table | None = None,
    label: Annotated[Column, Doc("what is told")],
    share: Annotated[float, Interval(gt=0, lt=1), Doc("a share")] = 0.5,
    row: tuple[Annotated[int, Ge(1)], ...] = (),
    way: Literal["fast", "slow"] = "fast",
    rules: Path | None = None,
    deep: bool = False,
    using: Report | None = None,
    work: Work,
) -> Report:
    raise AssertionError


SPEC = {p.name: p for p in signature(_check)}


def test_roles_and_kinds():
    assert SPEC["subject"].kinds == ("table", "model") and SPEC["subject"].required
    assert SPEC["data"].role == "input" and not SPEC["data"].required
    assert SPEC["using"].role == "report" and SPEC["work"].role == "work"
    assert SPEC["row"].many and SPEC["label"].doc == "what is told"


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("share", "0.25", 0.25),
        ("row", "3", (3,)),
        ("row", ["1", 2], (1, 2)),
        ("way", "slow", "slow"),
        ("deep", "yes", True),
        ("rules", "a.yaml", Path("a.yaml")),
        ("label", 5, "5"),
    ],
)
def test_what_is_given_becomes_the_type(name, raw, value):
    assert SPEC[name].value(raw) == value


@pytest.mark.parametrize(
    ("name", "raw"),
    [("share", "1"), ("share", "nan"), ("share", "x"), ("share", True), ("row", 0), ("row", 1.5), ("way", "quick"), ("deep", "maybe"), ("label", {"a": 1}), ("share", [1, 2])],
)  # fmt: skip
def test_what_is_outside_its_limits_is_refused_in_one_sentence(name, raw):
    with pytest.raises(UsageError) as error:
        SPEC[name].value(raw)
    assert name in str(error.value) and "\n" not in str(error.value)
