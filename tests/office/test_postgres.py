"""The same office on a real PostgreSQL server: kept, proved, forged and found out."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from assay.kernel.errors import Refused
from assay.office import history, ledger, registry, runs, verification
from assay.office.asof import AsOf, Point
from assay.office.registry import PackageRecord
from assay.works.home import Home


def test_it_keeps_proves_and_finds_forgeries_out(fresh_database, opened):
    office = opened(url=fresh_database)
    with office.transaction() as tx:
        runs.begin(tx, "r1", "p", "ada", {})
    with office.transaction() as tx:
        runs.end(tx, "r1", "pass", None, None)
    found = verification.verify(office)
    assert found.ok and found.size == 2
    assert ledger.verify_proof(ledger.prove(office, 1), office.keyring.public_pem("ledger"))
    assert runs.get(office, "r1").outcome == "pass"
    then = AsOf(office, Point(seq=0))
    assert runs.get(then, "r1").outcome == "running" and runs.under_way(office) == []
    assert [r.id for r in runs.under_way(then)] == ["r1"] and then.pruned("runs") == 0
    end = "2026-06-01T00:00:00.000Z"
    package = PackageRecord("m", 1, "APPROVED", "sha256:0", {}, "ada", "", 2, 2, expires=end)
    with office.transaction() as tx:
        registry.write(tx, package)
        tx.record("model.test", package.urn, actor="ada")
    assert [key for key, _ in registry.run_out(office, "2026-05-01", end)] == ["m@1"]
    assert registry.run_out(office, end, "2027") == [] and registry.listing(then) == []
    assert [s.value["expires"] for s in history.of(office, "packages", "m@1")] == [end]
    with office.engine.begin() as connection:
        connection.execute(sa.text("UPDATE runs SET outcome = 'fail'"))
    assert {p.kind for p in verification.verify(office).problems} == {"row-edited"}
    with office.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM events WHERE seq = 1"))
    assert "deleted" in {p.kind for p in verification.verify(office).problems}


def test_two_writers_at_once_leave_one_order(fresh_database, opened):
    offices = [opened(url=fresh_database), opened(url=fresh_database)]

    def write(office):
        for _ in range(25):
            with office.transaction() as tx:
                tx.record("test.act", "x", actor="ada")

    threads = [threading.Thread(target=write, args=(office,)) for office in offices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = verification.verify(offices[0])
    assert found.ok and found.size == 50


def test_a_database_that_is_another_homes_office_is_refused(fresh_database, tmp_path):
    first, told = {"ASSAY_DATABASE_URL": fresh_database}, "the office of another home"
    home = Home.create(tmp_path / "first", first)
    with home.office.transaction() as tx:
        tx.record("test", "thing", actor="ada")
    with pytest.raises(Refused, match=told):
        Home.create(tmp_path / "second", first)
    assert not (tmp_path / "second" / ".assay" / "home.json").exists()
    later = Home.create(tmp_path / "third", {})
    with pytest.raises(Refused, match=told):
        _ = Home.open(later.root, first).office
    assert verification.verify(Home.open(home.root, first).office).ok
