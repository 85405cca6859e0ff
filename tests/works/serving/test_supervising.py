"""What one server does about models that do not start; replicas are stood in for."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from assay.kernel.canonical import sha256
from assay.office import ledger
from assay.works.serving import supervising
from assay.works.serving.gateways import Options
from assay.works.serving.publishing import Reader
from assay.works.serving.supervising import Supervisor


@pytest.fixture
def supervisor(home, tmp_path):
    """A server of the home whose replicas are ready at once, and whose gateways are never started."""
    folder = tmp_path / "run"
    folder.mkdir()

    def start(package: Path, path: Path, *, level: str, before) -> SimpleNamespace:
        before()
        return SimpleNamespace(path=path, state="ready", reason="", before=before, end=lambda: None)

    made = Supervisor(home, "ada", folder, Options("127.0.0.1", 0, 0, ["true"]), start)
    yield made
    made.close()


def look(supervisor: Supervisor, times: int = 3) -> None:
    for _ in range(times):
        supervisor.look(0.0)
        for thread in supervisor.fleet._threads:
            thread.join(20)


def packaged(home) -> Path:
    """A file of the first package."""
    return next(p for p in sorted((home.root / "packages" / "m" / "1" / "package").rglob("*")) if p.is_file())


def test_what_no_guard_looks_at_was_said_again_at_each_revision(home, does, supervisor, capsys):
    does("create", name="e", model="m@1")
    look(supervisor)
    supervisor._carry_on(supervisor._vouched.endpoints())
    does("update", name="e", guard={"rate": 5})
    look(supervisor)
    assert capsys.readouterr().err.count("there is no firewall before it") == 1
    does("update", name="e", guard={"schema": "off"})
    look(supervisor)
    said = capsys.readouterr().err
    assert said.count("there is no firewall before it") == 0 and said.count("(guard schema is off)") == 1


def test_a_package_that_was_edited_while_it_answered_was_said_to_be_in_service_and_nobody_was_told(
    home, does, supervisor, capsys, monkeypatch
):
    does("create", name="e", model="m@1")
    look(supervisor)
    supervisor._carry_on(supervisor._vouched.endpoints())
    assert does("show", name="e")["state"] == "in_service"
    file = packaged(home)
    kept = file.read_bytes()
    file.write_bytes(kept + b" ")
    (crew,) = supervisor.fleet.crews.values()
    with pytest.raises(
        Exception, match="not what was approved"
    ) as found:  # as a replica asks before it is replaced
        crew.units[0].before()
    crew.units[0].state, crew.units[0].reason = "failed", str(found.value)
    capsys.readouterr()
    look(supervisor)
    said = capsys.readouterr().err
    assert said.count("e is not answered for as it should be: m@1 is not what was approved") == 1
    event = ledger.tail(home.office, 1)[0]
    assert (event.action, event.outcome) == ("endpoint.broken", "failed")
    assert file.name in event.detail["why"]
    published = Reader(supervisor.folder).changed()
    assert published is not None and published.broken == ("e",)
    # Whoever mends it need not end the server: it is tried again, and said no more of.
    file.write_bytes(kept)
    monkeypatch.setattr(supervising, "_RETRY", 0.0)
    supervisor._again.clear()
    look(supervisor)
    supervisor._try_again(supervisor._vouched.endpoints()[0])
    look(supervisor)
    published = Reader(supervisor.folder).changed()
    assert published is not None and published.broken == () and published.endpoints["e"].sockets
    assert not supervisor._broken


def test_a_package_that_was_edited_before_the_start_is_told_once_and_is_not_answered_for(
    home, does, supervisor, capsys
):
    does("create", name="e", model="m@1")
    does("create", name="f", model="m@2")
    file = packaged(home)
    file.write_bytes(file.read_bytes() + b" ")
    look(supervisor, 4)
    assert capsys.readouterr().err.count("is not answered for as it should be") == 1
    published = Reader(supervisor.folder).changed()
    assert published is not None and published.broken == ("e",)
    assert "f" in published.endpoints and "e" not in published.endpoints


def rule_set(folder):
    """A folder laid out as the Core Rule Set is, with one rule."""
    (folder / "rules").mkdir(parents=True)
    (folder / "crs-setup.conf").write_text("")
    (folder / "rules" / "one.conf").write_text('SecAction "id:1,phase:1,pass,nolog"\n')
    (folder / "rules" / "words.data").write_text("one\n")
    return folder


def ruled(home):
    """The latest event that says which rules guards go by."""
    return [e for e in ledger.tail(home.office, 9) if e.action == "endpoint.rules"][-1]


def test_which_rules_guards_go_by_is_in_the_log(home, does, supervisor, capsys, tmp_path):
    does("create", name="e", model="m@1", guard={"firewall": "block"})
    folder = rule_set(tmp_path / "crs")
    file, seen = home.root / "firewall.yaml", []
    for text in (f"crs: {{folder: {folder}}}\n", f"crs: {{paranoia: 2, folder: {folder}}}\n"):
        file.write_text(text)
        file.chmod(0o600)
        look(supervisor)
        event = ruled(home)
        assert event.inputs["firewall.yaml"] == sha256(text.encode())
        seen.append(event.inputs["crs"])
    assert seen[0] == seen[1] and does("show", name="e")["rules"] == event.inputs
    published = Reader(supervisor.folder).changed()
    assert published is not None and published.endpoints["e"].rules == event.inputs
    assert capsys.readouterr().err.count("the guards of e go by firewall.yaml ") == 2
    does("update", name="e", guard={"firewall": "off"})
    look(supervisor)
    assert ruled(home).inputs == {}


@pytest.mark.parametrize("name", ["rules/one.conf", "rules/words.data", "crs-setup.conf", "rules/two.conf"])
def test_an_update_of_the_core_rule_set_was_not_noticed(home, does, supervisor, tmp_path, name):
    does("create", name="e", model="m@1", guard={"firewall": "block"})
    folder = rule_set(tmp_path / "crs")
    (home.root / "firewall.yaml").write_text(f"crs: {{folder: {folder}}}\n")
    (home.root / "firewall.yaml").chmod(0o600)
    look(supervisor)
    before = does("show", name="e")["rules"]
    (folder / name).write_text('SecAction "id:2,phase:1,pass,nolog"\n')
    look(supervisor)
    event = ruled(home)
    assert event.inputs["crs"] != before["crs"]
    assert event.inputs["firewall.yaml"] == before["firewall.yaml"]
