"""Endpoints from Python."""

from __future__ import annotations

import pytest
from tests.works.serving.conftest import approved, home  # noqa: F401 - fixtures

import assay
from assay.office import ledger


def test_endpoints_are_kept_from_python(home, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.delenv("ASSAY_HOME", raising=False)
    with assay.endpoints(tmp_path, actor="cleo") as live:
        live.home.office.clock = home.office.clock
        assert live.create("e", "m@1", guard={"rate": 5}, reason="first")["created_by"] == "cleo"
        assert [e["name"] for e in live.list()] == ["e"]
        assert live.update("e", blocked={"desk": 60})["blocked"].keys() == {"desk"}
        assert live.traffic("e", {"v1": 2})["variants"][0]["weight"] == 2
        assert live.rollback("e")["variants"][0]["weight"] == 1
        token = live.token("desk", ["e"])["token"]
        assert live.revoke(token)["tokens"][0]["state"] == "revoked"
        with pytest.raises(assay.AssayError, match="m@4 is PENDING"):
            live.update("e", "m@4")
        assert live.delete("e")["state"] == "deleted" and not live.list()
        assert {e.actor for e in ledger.tail(live.home.office, 7)} == {"cleo"}


def test_where_there_is_no_home_it_says_so(tmp_path, monkeypatch):
    monkeypatch.delenv("ASSAY_HOME", raising=False)
    with pytest.raises(assay.AssayError, match="no home here"):
        assay.endpoints(tmp_path)
