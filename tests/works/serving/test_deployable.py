"""What may be deployed: approved, marked, unchanged; and each reason why something may not."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from assay.kernel.errors import Missing, Refused
from assay.office import schema
from assay.works.call import call
from assay.works.marking import place_of, strike
from assay.works.serving.deployable import deployable


def test_an_approved_model_whose_hallmark_verifies_may_answer(home):
    assert deployable(home, "m@2").title == "m@2"


def test_an_alias_is_the_version_that_bears_it(home):
    call("model.alias", {"name": "m@3", "alias": "champion"}, home=home)
    assert deployable(home, "m@champion").title == "m@3"


def test_one_that_awaits_approval_is_refused(home):
    with pytest.raises(Refused, match="m@4 is PENDING, and only an approved model"):
        deployable(home, "m@4")


def test_one_that_was_rejected_is_refused_with_the_reason(home):
    call("model.reject", {"name": "m@4", "reason": "too old"}, home=home)
    with pytest.raises(Refused, match="m@4 is REJECTED, by ada: too old"):
        deployable(home, "m@4")


def test_one_whose_approval_ran_out_is_refused(home, clock):
    clock.day = 40
    with pytest.raises(Refused, match="m@1 is EXPIRED, since its approval ran out on 2026-01-31"):
        deployable(home, "m@1")


def test_one_that_was_retired_is_refused_and_names_its_successor(home):
    call("model.retire", {"name": "m@1", "reason": "old", "successor": "m@2"}, home=home)
    with pytest.raises(Refused, match="retired by ada.*use m@2"):
        deployable(home, "m@1")


def test_one_without_a_hallmark_is_refused(home):
    with pytest.raises(Refused, match="m@5 bears no hallmark"):
        deployable(home, "m@5")


def test_one_that_is_not_there_is_missing(home):
    with pytest.raises(Missing, match="no model 'n@1'"):
        deployable(home, "n@1")


@pytest.mark.parametrize(
    "name", ["package/model.bin", "model.sig", "hallmark.intoto.json", "decision.intoto.json"]
)
def test_a_file_that_was_changed_on_disk_is_refused(home, name):
    from assay.office import registry

    deployable(home, "m@1")
    path = place_of(home, registry.get(home.office, "m@1")) / name
    path.chmod(0o600)
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(Refused, match="m@1 is not what was approved"):
        deployable(home, "m@1")


def _set(home, **values):
    """Change the package's row behind the office's back."""
    row = {
        **json.loads(
            home.office.rows(sa.select(schema.packages.c.value).where(schema.packages.c.key == "m@4"))[0][0]
        )
    }
    row |= values
    with home.office.engine.begin() as connection:
        text = json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        connection.execute(
            sa.update(schema.packages)
            .where(schema.packages.c.key == "m@4")
            .values(value=text, status="APPROVED")
        )


def test_a_row_that_was_made_to_say_approved_is_refused(home):
    _set(home, status="APPROVED", decided_by="ada", reason="seen")
    with pytest.raises(Refused, match="nobody's signed approval is kept"):
        deployable(home, "m@4")


def test_an_approval_that_was_copied_from_another_version_is_refused(home):
    _set(home, status="APPROVED", decided_by="ada", reason="seen")
    with home.office.engine.begin() as connection:
        told = connection.execute(
            sa.select(schema.statements).where(schema.statements.c.key == "m@1/decided")
        ).one()
        connection.execute(sa.insert(schema.statements).values({**told._mapping, "key": "m@4/decided"}))
    with pytest.raises(Refused, match="not what was approved"):
        deployable(home, "m@4")


def test_a_rejected_row_that_was_turned_round_is_refused(home):
    call("model.reject", {"name": "m@4", "reason": "too old"}, home=home)
    _set(home, status="APPROVED")
    with pytest.raises(Refused, match="another decision than was signed"):
        deployable(home, "m@4")


def test_an_approval_that_was_made_longer_behind_the_logs_back_is_refused(home, clock):
    with home.office.engine.begin() as connection:
        where = schema.packages.c.key == "m@1"
        text = connection.execute(sa.select(schema.packages.c.value).where(where)).scalar()
        connection.execute(
            sa.update(schema.packages).where(where).values(value=text.replace("2026-01-31", "2029-01-31"))
        )
    clock.day = 40
    with pytest.raises(Refused, match="another decision than was signed"):
        deployable(home, "m@1")


def test_one_whose_rows_cannot_be_prepared_one_by_one_is_refused_and_says_which_treatment(home):
    from assay.methods.preparing.preparation import FILE, Preparation
    from assay.office import registry

    blocked = Preparation({"a": "number"}, ("a",), (), ("k (data.kanonymity) looks at more than one row",))
    digest = home.store.put_bytes(b"\7" * 16)
    files = {"model.bin": digest, FILE: home.store.put_bytes(blocked.to_bytes())}
    with home.office.transaction() as tx:
        record = registry.enter(
            tx, home.office, "k", digest=digest, files=files, reports={}, run="", actor="ada", metadata={"artifact": "model.bin"},
        )  # fmt: skip
        tx.record("model.register", record.urn, actor="ada")
    strike(home, record, "ada", "full")
    call("model.approve", {"name": "k@1", "reason": "seen"}, home=home, actor="bob")
    with pytest.raises(
        Refused, match=r"k@1 cannot be asked with raw rows: k \(data.kanonymity\) looks at more"
    ):
        deployable(home, "k@1")
