"""Every kind of rule that data.integrity offers to set right is one that data.repair takes."""

from __future__ import annotations

from typing import get_args, get_type_hints

import pytest
from tests.methods.integrity.planted import TABLES
from tests.methods.integrity.planting import plant

from assay.checks.data.integrity import check
from assay.treatments.data.repair import treat

KINDS = get_args(get_args(get_type_hints(treat)["kinds"])[0])


@pytest.mark.parametrize(("domain", "n"), TABLES, ids=[d.__name__ for d, _ in TABLES])
def test_what_integrity_proposes_repair_carries_out(domain, n, table, work, tmp_path):
    """Copies, units, roundings and dates came with a repair, and the treatment knew no such kind."""
    made = plant(domain, 3, n)
    made.frame.to_csv(tmp_path / "t.csv", index=False)
    opened = table(tmp_path / "t.csv")
    found = check(opened, work=work)
    offered = [r for r in found.data["rules"] if r.get("repair") and r["violations"]]
    assert {r["kind"] for r in offered} <= set(KINDS)
    report = treat(opened, using=found, kinds=KINDS, work=work).report
    before = {m.of["rule"]: m.value for m in report.metrics if m.name == "violations_before"}
    after = {m.of["rule"]: m.value for m in report.metrics if m.name == "violations_after"}
    assert set(before) == {r["rule"] for r in offered}
    assert sum(after.values()) < sum(before.values()) or not offered
