"""Masking as a person types it: policies, keys of a home and in files, tables that still join, and the way back."""

from __future__ import annotations

import csv
import json
import os
import stat

import pytest

from assay.doors.cli import main

POLICY = """
key: tests
missing: skip
columns:
  customer: {method: fpe, digits: 9}
  email: token
  card: {method: fpe, luhn: true}
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in [n for n in os.environ if n.startswith("ASSAY_")]:
        monkeypatch.delenv(name)
    (tmp_path / "customers.csv").write_text(
        "customer,email,card\n1,ann@x.example,4111 1111 1111 1111\n2,bo@x.example,5555-5555-5555-4444\n",
        encoding="utf-8",
    )
    (tmp_path / "orders.csv").write_text("order,customer\n10,2\n11,2\n12,1\n", encoding="utf-8")
    (tmp_path / "policy.yaml").write_text(POLICY, encoding="utf-8")
    return tmp_path


@pytest.fixture
def run(here, capfd):
    """Carry out a command line and return (what it printed, what it said)."""

    def run_(*words, code=0):
        with pytest.raises(SystemExit) as ended:
            main([str(w) for w in words])
        done = capfd.readouterr()
        assert ended.value.code == code, done
        return done

    return run_


def rows(path):
    with open(path, encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_home_makes_the_key_and_two_tables_join(here, run):
    run("init")
    run("treat", "data.mask", "customers.csv", "-o", "c.csv", "--policy", "policy.yaml")
    done = run(
        "treat", "data.mask", "orders.csv", "-o", "o.csv", "--policy", "policy.yaml", "--format", "json"
    )
    report = json.loads(done.out)
    (here / "o.json").write_text(done.out, encoding="utf-8")
    by_id = {r["customer"]: r for r in rows("c.csv")}
    assert [by_id[r["customer"]]["email"] for r in rows("o.csv")][:2] == [rows("c.csv")[1]["email"]] * 2
    assert not {"1", "2"} & set(by_id)
    path = here / ".assay" / "secrets" / "tests.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    secret = path.read_text(encoding="utf-8").strip()
    assert (
        report["inputs"]["key"]["name"] == "tests"
        and report["inputs"]["key"]["uri"] == f"key:{report['data']['key']}"
    )
    for file in (here / ".assay").rglob("*"):
        assert file == path or not file.is_file() or secret.encode() not in file.read_bytes(), file
    run("treat", "data.unmask", "o.csv", "-o", "back.csv", "--using", "o.json", "--key", "tests")
    assert rows("back.csv") == rows("orders.csv")
    run("treat", "data.unmask", "c.csv", "-o", "back2.csv", "--policy", "policy.yaml")
    assert rows("back2.csv") == rows("customers.csv")


def test_a_key_that_is_not_there_turns_nothing_back(here, run):
    run("init")
    done = run("treat", "data.unmask", "customers.csv", "-o", "x.csv", "--policy", "policy.yaml", code=2)
    assert "there is no key 'tests'" in done.err
    assert not (here / ".assay" / "secrets").exists()


def test_without_a_home_a_private_file_is_the_key(here, run):
    words = ("treat", "data.mask", "customers.csv", "-o", "c.csv", "--policy", "policy.yaml")
    assert "no home here" in run(*words, code=2).err
    key = here / "mask.key"
    assert "openssl rand" in run(*words, "--key", "mask.key", code=2).err
    key.write_text("ab" * 32, encoding="utf-8")
    key.chmod(0o644)
    assert "chmod 600" in run(*words, "--key", "mask.key", code=1).err
    key.chmod(0o600)
    assert "ab" * 8 not in run(*words, "--key", "mask.key").err
    run("treat", "data.unmask", "c.csv", "-o", "back.csv", "--policy", "policy.yaml", "--key", "mask.key")
    assert rows("back.csv") == rows("customers.csv")
    other = here / "other.key"
    other.write_bytes(bytes(32))
    other.chmod(0o600)
    done = run(
        "treat",
        "data.unmask",
        "c.csv",
        "-o",
        "b.csv",
        "--policy",
        "policy.yaml",
        "--key",
        "other.key",
        code=1,
    )
    assert "this is not the key" in done.err and not (here / "b.csv").exists()


def test_a_pipeline_names_its_key_and_is_reused_while_key_and_hierarchy_are_the_same(here, run):
    (here / "h.csv").write_text("10,low\n11,low\n12,high\n", encoding="utf-8")
    (here / "orders.yaml").write_text(
        "columns:\n  customer: hash\n  order: {method: generalise, hierarchy: h.csv}\n", encoding="utf-8"
    )
    (here / "assay.yaml").write_text(
        "data:\n  orders: {source: orders.csv}\n"
        "steps:\n  masked: {treat: data.mask, of: orders, policy: orders.yaml, key: tests}\n"
        "  look: {check: data.profile, of: masked}\n",
        encoding="utf-8",
    )
    run("run", "assay.yaml")

    def cached():
        run("run", "assay.yaml")
        last = json.loads(run("runs", "list", "--format", "json").out)["runs"][0]["id"]
        shown = json.loads(run("runs", "show", last, "--format", "json").out)
        return next(s["cached"] for s in shown["steps"] if s["name"] == "masked")

    assert cached()
    (here / "h.csv").write_text("10,low\n11,high\n12,high\n", encoding="utf-8")
    assert not cached()
    (here / ".assay" / "secrets" / "tests.key").write_text("cd" * 32, encoding="utf-8")
    assert not cached()


def test_the_quick_way_without_a_policy(here, run):
    run("init")
    run(
        "treat",
        "data.mask",
        "customers.csv",
        "-o",
        "c.csv",
        "--columns",
        "email",
        "--method",
        "token",
        "--key",
        "tests",
    )
    assert all(r["email"].startswith("tok1_") for r in rows("c.csv"))
    done = run(
        "treat",
        "data.mask",
        "customers.csv",
        "-o",
        "d.csv",
        "--columns",
        "email",
        "--method",
        "token",
        code=2,
    )
    assert "--key NAME" in done.err
