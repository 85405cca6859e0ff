"""Actions: two transactions with none open between, done once a key, and asked after a crash."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import sqlalchemy as sa

from assay.kernel.action import Action, Settled
from assay.kernel.errors import InDoubt, Refused, UsageError
from assay.office import actions, ledger, verification


class Write(Action):
    """Writes a file: the world. Its state is a row of the catalogue."""

    name = "test.write"

    def __init__(self, path: Path, text: str = "done", key: str = "k", allowed: bool = True):
        self.path, self.text, self.allowed, self.times = path, text, allowed, 0
        self.subject, self.actor, self.key = str(path), "ada", key
        self.inputs, self.order = {"of": "sha256:00"}, {"path": str(path)}

    def authorise(self):
        if not self.allowed:
            raise Refused("ada may not write")

    def do(self, begun):
        self.times += 1
        self.begun = begun
        self.path.write_text(self.text)
        return {"text": self.text}

    def happened(self, begun):
        return {"text": self.path.read_text()} if self.path.is_file() else None

    def settle(self, tx, made):
        tx.write("assets", "written", {"text": made["text"]}, name="written", digest="", at=tx.now)
        return Settled("file/written", {"to": "sha256:01"}, {"text": made["text"]})


def acts(office):
    return [(e.action, e.subject, e.outcome) for e in ledger.tail(office, 100) if e.action == "test.write"]


def state(office):
    rows = office.rows(sa.text("SELECT value FROM assets WHERE key = 'written'"))
    return rows[0][0] if rows else None


def test_it_is_begun_then_done_with_the_state_it_leaves(office, tmp_path):
    action = Write(tmp_path / "f")
    done = actions.carry_out(office, action)
    assert acts(office) == [
        ("test.write", str(tmp_path / "f"), "begun"),
        ("test.write", "file/written", "done"),
    ]
    assert state(office) == '{"text":"done"}'
    assert (done.state, done.detail, done.begun, done.event) == ("done", {"text": "done"}, 10, 11)
    assert action.begun.leaf == ledger.leaf(office, 10)
    begun, ended = ledger.event(office, 10), ledger.event(office, 11)
    assert begun.detail == {"key": "k", "order": {"path": str(tmp_path / "f")}}
    assert set(begun.rows) == {"actions/k"} and set(ended.rows) == {"actions/k", "assets/written"}
    assert verification.verify(office).ok


def test_no_transaction_is_open_while_it_is_done(office, tmp_path):
    class Slow(Write):
        def do(self, begun):
            with office.transaction() as tx:  # would wait for ever, were one open
                tx.record("test.other", "x", actor="eve")
            return super().do(begun)

    actions.carry_out(office, Slow(tmp_path / "f"))
    assert [e.action for e in ledger.tail(office, 3)] == ["test.write", "test.other", "test.write"]


def test_the_same_key_is_done_once(office, tmp_path):
    first = actions.carry_out(office, Write(tmp_path / "f"))
    again = Write(tmp_path / "f", "other")
    assert actions.carry_out(office, again) == first
    assert again.times == 0 and (tmp_path / "f").read_text() == "done"
    assert len(acts(office)) == 2


def test_what_is_refused_leaves_no_trace(office, tmp_path):
    with pytest.raises(Refused):
        actions.carry_out(office, Write(tmp_path / "f", allowed=False))
    assert not acts(office) and actions.get(office, "k") is None and not (tmp_path / "f").exists()


def test_what_goes_wrong_is_recorded_as_failed_and_may_be_tried_again(office, tmp_path):
    action = Write(tmp_path / "nowhere" / "f")
    with pytest.raises(FileNotFoundError):
        actions.carry_out(office, action)
    assert [a[2] for a in acts(office)] == ["begun", "failed"]
    assert state(office) is None
    record = actions.get(office, "k")
    assert record.state == "failed" and record.detail["why"].startswith("FileNotFoundError: ")
    action.path.parent.mkdir()
    assert actions.carry_out(office, action).state == "done"
    assert [a[2] for a in acts(office)] == ["begun", "failed", "begun", "done"]
    assert verification.verify(office).ok


def test_what_cannot_be_settled_leaves_no_state_and_is_recorded_as_failed(office, tmp_path):
    class Late(Write):
        def settle(self, tx, made):
            raise UsageError("it changed meanwhile")

    with pytest.raises(UsageError, match="meanwhile"):
        actions.carry_out(office, Late(tmp_path / "f"))
    assert [a[2] for a in acts(office)] == ["begun", "failed"]
    assert state(office) is None and verification.verify(office).ok


ELSEWHERE = textwrap.dedent(
    """
    import os, sys
    from pathlib import Path
    sys.path[:0] = [{here!r}]
    from test_actions import Write
    from assay.engines.keys import FileKeyring
    from assay.office import actions
    from assay.office.office import Office
    folder = Path({folder!r})
    office = Office.open(f"sqlite:///{{folder / 'office.db'}}", keyring=FileKeyring(folder / "keys"),
        checkpoints=folder / "checkpoints", clock=lambda: "2026-01-01T00:00:00.000Z", origin="assay/test")
    class Dies(Write):
        def do(self, begun):
            if {after}:
                super().do(begun)
            os._exit(9)
    """
)


def elsewhere(folder: Path, line: str, *, after: bool = True) -> subprocess.Popen[bytes]:
    code = ELSEWHERE.format(here=str(Path(__file__).parent), folder=str(folder), after=after)
    return subprocess.Popen([sys.executable, "-c", code + line])


def killed(folder: Path, *, after: bool) -> None:
    assert elsewhere(folder, 'actions.carry_out(office, Dies(folder / "f"))', after=after).wait(120) == 9


@pytest.mark.parametrize(("after", "outcome"), [(True, "done"), (False, "failed")])
def test_killed_on_the_way_it_is_asked_whether_it_happened(office, tmp_path, after, outcome):
    killed(tmp_path, after=after)
    assert [a[2] for a in acts(office)] == ["begun"]
    with actions.abandoned(office) as found:
        assert [r.key for r in found] == ["k"]
        record = actions.ask(office, Write(tmp_path / "f"), found[0])
    assert record.state == outcome
    assert [a[2] for a in acts(office)] == ["begun", outcome]
    assert state(office) == ('{"text":"done"}' if after else None)
    with actions.abandoned(office) as found:
        assert found == []
    assert verification.verify(office).ok


@pytest.mark.parametrize("after", [True, False])
def test_repeated_after_a_kill_it_is_done_once(office, tmp_path, after):
    killed(tmp_path, after=after)
    action = Write(tmp_path / "f")
    assert actions.carry_out(office, action).state == "done"
    assert action.times == (0 if after else 1)
    assert state(office) == '{"text":"done"}' and verification.verify(office).ok


def test_one_that_is_under_way_elsewhere_is_not_asked(office, opened, tmp_path):
    class Looks(Write):
        def do(self, begun):
            with actions.abandoned(opened()) as found:
                assert found == []
            return super().do(begun)

    assert actions.carry_out(office, Looks(tmp_path / "f")).state == "done"


def test_two_about_one_subject_come_one_after_the_other(office, tmp_path):
    processes = []

    class First(Write):
        def do(self, begun):
            line = 'actions.carry_out(office, Write(folder / "f", "second", key="second"))'
            processes.append(elsewhere(tmp_path, line))
            with pytest.raises(subprocess.TimeoutExpired):
                processes[0].wait(2)  # it waits for us
            return super().do(begun)

    actions.carry_out(office, First(tmp_path / "f", "first", key="first"))
    assert processes[0].wait(120) == 0
    assert [a[2] for a in acts(office)] == ["begun", "done", "begun", "done"]
    assert (tmp_path / "f").read_text() == "second"


def test_a_begun_action_forged_into_the_table_is_left_for_the_verification(office, tmp_path):
    forged = (
        '{"actor":"eve","begun":3,"detail":{},"event":3,"inputs":{},"key":"x","name":"test.write",'
        '"order":{},"state":"begun","subject":"s"}'
    )
    with office.engine.begin() as connection:
        connection.execute(
            sa.text("INSERT INTO actions VALUES ('x', 'test.write', 'begun', :v)"), {"v": forged}
        )
    with actions.abandoned(office) as found:
        assert found == []
    assert {p.kind for p in verification.verify(office).problems} == {"row-added"}


@pytest.mark.parametrize("error", [KeyboardInterrupt(), InDoubt("lost"), OSError(28, "full")])
@pytest.mark.parametrize("before", [True, False])
def test_what_happened_before_it_was_broken_off_is_recorded_as_done(error, before, office, tmp_path):
    """An interrupt just behind the commit was recorded as failed, though the table was changed."""

    class BrokenOff(Write):
        def do(self, begun):
            if not before:
                super().do(begun)
            raise error

    with pytest.raises(type(error)):
        actions.carry_out(office, BrokenOff(tmp_path / "f"))
    assert [a[2] for a in acts(office)] == ["begun", "failed" if before else "done"]
    assert state(office) == (None if before else '{"text":"done"}') and verification.verify(office).ok


def test_what_cannot_be_told_stays_begun_until_it_can(office, tmp_path):
    class Away(Write):
        away = True

        def do(self, begun):
            super().do(begun)
            raise InDoubt("the server was lost")

        def happened(self, begun):
            if self.away:
                raise UsageError("the server is away")
            return super().happened(begun)

    action = Away(tmp_path / "f")
    with pytest.raises(InDoubt):
        actions.carry_out(office, action)
    assert [a[2] for a in acts(office)] == ["begun"]
    action.away = False
    assert actions.carry_out(office, action).state == "done" and action.times == 1


def test_what_says_itself_that_it_failed_is_not_asked(office, tmp_path):
    class Fails(Write):
        def do(self, begun):
            raise UsageError("no")

        def happened(self, begun):
            raise AssertionError("asked")

    with pytest.raises(UsageError):
        actions.carry_out(office, Fails(tmp_path / "f"))
    assert [a[2] for a in acts(office)] == ["begun", "failed"]
