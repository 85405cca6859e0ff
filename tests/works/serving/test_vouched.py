"""A server acts upon rows that the log vouches for: what is written past the office opens nothing, and takes no guard away."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from assay.kernel.errors import Broken
from assay.office import history, pruning, schema
from assay.works.call import call
from assay.works.serving.deployable import deployable
from assay.works.serving.vouched import Vouched


@pytest.fixture
def token(home):
    return lambda verb, **given: call(f"token.{verb}", given, home=home, actor="bob")


def _forge(home, table, key, **values):
    """Change what a row's record says, past the office; return the row as it was."""
    with home.office.engine.begin() as connection:
        where = table.c.key == key
        before = dict(connection.execute(sa.select(table).where(where)).one()._mapping)
        text = json.dumps(json.loads(before["value"]) | values, sort_keys=True, separators=(",", ":"))
        columns = {k: v for k, v in values.items() if k in ("state", "subject")}
        connection.execute(sa.update(table).where(where).values(value=text, **columns))
    return before


def test_an_endpoint_whose_guard_was_taken_away_past_the_office_keeps_it(home, does, capsys):
    does("create", name="e", model="m@1")
    held = Vouched(home)
    good = held.endpoints()
    _forge(home, schema.endpoints, "e", guard={**good[0].guard, "auth": "none"})
    assert held.endpoints() == held.endpoints() == good and held.forged["endpoints"] == {"e"}
    assert capsys.readouterr().err.count("endpoints/'e' was written past the office") == 1
    assert Vouched(home).endpoints() == []  # a server that never saw it as it was does not answer for it
    does("create", name="f", model="m@2")
    assert [e.name for e in held.endpoints()] == ["e", "f"]


def test_a_token_that_was_written_past_the_office_opens_nothing(home, token):
    made = token("create", subject="desk", endpoints=["*"])
    held = Vouched(home)
    assert [t.id for t in held.tokens()] == [made["id"]]
    with home.office.engine.begin() as connection:
        row = dict(connection.execute(sa.select(schema.tokens)).one()._mapping)
        value = json.dumps({**json.loads(row["value"]), "id": "f" * 12, "scopes": ["admin"]})
        connection.execute(sa.insert(schema.tokens).values({**row, "key": "f" * 12, "value": value}))
    assert [t.id for t in held.tokens()] == [t.id for t in Vouched(home).tokens()] == [made["id"]]
    _forge(home, schema.tokens, made["id"], scopes=["admin"])
    assert held.tokens() == Vouched(home).tokens() == []


def test_a_token_that_was_revoked_does_not_come_back_as_the_row_that_once_held(home, token):
    made = token("create", subject="desk", endpoints=["*"])
    held = Vouched(home)
    assert held.tokens()
    with home.office.engine.connect() as connection:
        row = dict(connection.execute(sa.select(schema.tokens)).one()._mapping)
    token("revoke", which=made["id"])
    with home.office.engine.begin() as connection:
        connection.execute(sa.update(schema.tokens).values(**row))
    assert held.tokens() == Vouched(home).tokens() == []


def test_what_the_office_changes_is_acted_upon_at_once(home, does, token):
    held = Vouched(home)
    does("create", name="e", model="m@1")
    assert held.endpoints()[0].guard["rate"] == 0
    does("update", name="e", guard={"rate": 5})
    assert held.endpoints()[0].guard["rate"] == 5 and not held.forged["endpoints"]
    does("delete", name="e")
    assert held.endpoints() == []


def test_what_was_deployed_answers_on_when_the_events_of_it_were_pruned(home, does, token, clock):
    does("create", name="e", model="m@1")
    made = token("create", subject="desk", endpoints=["*"])
    clock.day += 2
    at = clock()
    pruning.prune(home.office, pruning.plan(home.office, at, []), actor="ada", policy="p", cutoff=at)
    assert history.latest(home.office, "endpoints", "e") is not None
    held = Vouched(home)
    assert [e.name for e in held.endpoints()] == ["e"] and [t.id for t in held.tokens()] == [made["id"]]
    assert deployable(home, "m@1").title == "m@1"


def test_a_lawful_change_does_not_vouch_for_a_row_that_was_forged_before(home, does, token):
    """An endpoint whose guard was taken away past the office kept that for good once anybody changed its rate."""
    does("create", name="e", model="m@1")
    made = token("create", subject="desk", endpoints=["*"])
    before = _forge(home, schema.endpoints, "e", guard={"auth": "none"})
    _forge(home, schema.tokens, made["id"], scopes=["admin"])
    with pytest.raises(Broken, match="endpoints/'e' was written past the office"):
        does("update", name="e", guard={"rate": 5.0}, reason="x")
    with pytest.raises(Broken, match="tokens/'.*' was written past the office"):
        token("revoke", which=made["id"], reason="x")
    with home.office.engine.begin() as connection:
        connection.execute(sa.update(schema.endpoints).values(value=before["value"]))
    assert does("update", name="e", guard={"rate": 5.0}, reason="x")["guard"]["rate"] == 5.0


def test_a_row_that_the_log_never_saw_is_not_changed(home, does):
    does("create", name="e", model="m@1")
    with home.office.engine.begin() as connection:
        row = dict(connection.execute(sa.select(schema.endpoints)).one()._mapping)
        connection.execute(sa.insert(schema.endpoints).values({**row, "key": "f"}))
    with pytest.raises(Broken, match="endpoints/'f'"), home.office.transaction() as tx:
        tx.held("endpoints", "f")
    with home.office.transaction() as tx:
        assert tx.held("endpoints", "e") == tx.get("endpoints", "e")
        assert tx.held("endpoints", "g") is None
