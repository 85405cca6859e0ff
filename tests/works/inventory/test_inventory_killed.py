"""Whoever looks after models is killed at any instant: what was acknowledged is there, nothing is half done, all of it verifies."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import textwrap

import pytest

from assay.office import history, registry
from assay.works.call import call
from assay.works.home import Home

CODE = """
import json
from pathlib import Path
from assay.works.call import call
from assay.works.home import Home
home = Home.open(Path({root!r}), {{"ASSAY_ACTOR": "ada"}})
call("model.tag", {{"name": "m@3", "tags": {{"start": "{start}"}}}}, home=home)
n = {start}
print("ready", flush=True)
while True:
    for who in ("bob", "cleo"):
        found = call("model.approve", {{"name": "m@1", "reason": str(n)}}, home=home, actor=who)
    print(json.dumps(["APPROVED", str(n), found["event"]]), flush=True)
    found = call("model.alias", {{"name": f"m@{{1 + n % 3}}", "alias": "champion"}}, home=home)
    print(json.dumps(["alias", 1 + n % 3, found["event"]]), flush=True)
    found = call("model.answer", {{"name": "m@1", "answers": {{"harm": str(n)}}}}, home=home)
    print(json.dumps(["answer", str(n), found["event"]]), flush=True)
    n += 1
"""


@pytest.mark.slow
def test_killed_at_forty_instants(home, policy):
    policy("approvals: 2\n")
    root, chance = home.root, random.Random(7)
    home.close()
    acknowledged, start = [], 0
    for _ in range(40):
        start += 100
        code = textwrap.dedent(CODE.format(root=str(root), start=start))
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None and process.stdout.readline() == "ready\n"
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(chance.uniform(0.0, 0.4))
            os.kill(process.pid, signal.SIGKILL)
            whole = process.stdout.read().splitlines()
        acknowledged += [json.loads(line) for line in whole if line.endswith("]")]
        again = Home.open(root, {"ASSAY_ACTOR": "ada"})
        found = call("model.verify", {"name": "m@1"}, home=again)
        assert found["ok"], found["problems"]
        bearers = [r.version for r in registry.versions(again.office, "m") if "champion" in r.aliases]
        assert len(bearers) <= 1
        record = registry.get(again.office, "m@1")
        assert len(record.approvals) in (0, 2) and len(record.pending) < 2
        assert (record.status == "APPROVED") == (len(record.approvals) == 2)
        if record.status == "APPROVED" or record.pending:  # what comes next begins with nobody's approval
            call("model.describe", {"name": "m@1", "purpose": str(start)}, home=again)
        for version in bearers:
            call("model.alias", {"name": f"m@{version}", "alias": "champion", "remove": True}, home=again)
        again.close()
    again = Home.open(root, {"ASSAY_ACTOR": "ada"})
    states = {v: {s.seq: s.value for s in history.of(again.office, "packages", f"m@{v}")} for v in (1, 2, 3)}
    assert len(acknowledged) > 40
    for kind, said, event in acknowledged:
        if kind == "APPROVED":
            left = states[1][event]
            assert (left["status"], left["reason"]) == ("APPROVED", said)
            assert [a["by"] for a in left["approvals"]] == ["bob", "cleo"]
        elif kind == "alias":
            assert states[said][event]["aliases"] == ["champion"]
        else:
            assert states[1][event]["status"] == "PENDING"
    again.close()
