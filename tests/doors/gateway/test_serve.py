"""A server as a user starts it: asked over HTTP while models are updated, processes killed, and the server ended.

The models are scripts that answer with their version; they run in the sandbox as any other.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.doors.gateway.scripted import approve, lay_out

from assay.works.call import call
from assay.works.home import Home

pytestmark = pytest.mark.slow
ASSAY = [sys.executable, "-c", "from assay.doors.cli import main; main()"]
SCRIPT = b"""
import os, time

def model_fn(folder):
    number = int(open(os.path.join(folder, "number.txt")).read())
    if number == 4:
        raise RuntimeError("this one does not load")
    return number

def input_fn(body, content_type):
    return body if isinstance(body, str) else body.decode()

def predict_fn(text, number):
    if number == 3 and not text.startswith("warm"):
        raise RuntimeError("this one fails")
    if text.startswith("sleep"):
        time.sleep(float(text.split()[1]))
    return number

def output_fn(answer, accept):
    return str(answer), "text/plain"
"""


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """A home with s@1 and s@2, which answer, s@3, which fails, and s@4, which does not load; all approved."""
    return lay_out(tmp_path_factory.mktemp("models"), SCRIPT)


class Served:
    """``assay serve`` under way."""

    def __init__(self, folder, *more, env=None):
        self.folder, self.answers = folder, []
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("ASSAY_")} | (env or {})
        command = [*ASSAY, "serve", "--port", "0", "--drain", "10", *more]
        self.process = subprocess.Popen(
            command, cwd=folder, env=self.env, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.said = []
        while not self.said or "answering on" not in self.said[-1]:
            line = self.process.stderr.readline()
            assert line, self.said
            self.said.append(line)
        self.url = re.search(r"answering on (\S+);", self.said[-1])[1]
        threading.Thread(target=lambda: self.said.extend(self.process.stderr), daemon=True).start()
        self.port = urlsplit(self.url).port

    def ask(self, body="x", path="/endpoints/e/invocations", token=None, method="POST", **headers):
        """Return status, variant and body; status 0 where the connection broke."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            given = {"content-type": "text/plain", **headers}
            given |= {"authorization": f"Bearer {token}"} if token else {}
            connection.request(method, path, body, given)
            found = connection.getresponse()
            return found.status, found.headers.get("x-amzn-invoked-production-variant"), found.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, None, ""
        finally:
            connection.close()

    def load(self, threads=4, body="x"):
        """Ask again and again in threads, until the block ends; what was answered is in ``answers``."""
        served, over = self, threading.Event()

        class Load:
            def __enter__(self):
                def ask():
                    while not over.is_set():
                        served.answers.append(served.ask(body))

                self.threads = [threading.Thread(target=ask) for _ in range(threads)]
                for t in self.threads:
                    t.start()
                return self

            def __exit__(self, *exc):
                over.set()
                for t in self.threads:
                    t.join()

        return Load()

    def children(self):
        """The processes below the server: each with its command line."""
        out = {}
        for pid in Path("/proc").glob("[0-9]*"):
            try:
                told = (pid / "stat").read_text().rpartition(")")[2].split()
                out[int(pid.name)] = (
                    int(told[1]),
                    (pid / "cmdline").read_bytes().replace(b"\0", b" ").decode(),
                )
            except OSError:
                continue
        mine, grown = {self.process.pid}, True
        while grown:
            more = {p for p, (parent, _) in out.items() if parent in mine} - mine
            grown = bool(more)
            mine |= more
        return {p: out[p][1] for p in mine if p != self.process.pid}

    def models(self):
        """The processes of models that stand."""
        return {p for p, c in self.children().items() if "assay.engines.serving.inside" in c}

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        code = self.process.wait(timeout=60)
        return code, self.process.stdout.read()

    def metric(self, name):
        text = self.ask(None, "/metrics", method="GET")[2]
        return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(f"{name}{{"))


@pytest.fixture
def server(models, tmp_path):
    """Start servers of a copy of that home, with an endpoint e of s@1 that anybody may ask."""
    import shutil

    made = []
    shutil.copytree(models / ".assay", tmp_path / ".assay")

    def start(*more, **given):
        made.append(Served(tmp_path, *more, **given))
        return made[-1]

    start.folder = tmp_path
    yield start
    for one in made:
        if one.process.poll() is None:
            one.end(signal.SIGKILL)


def does(assay, folder, verb, *words):
    return assay.json(folder, "endpoint", verb, *words)


def until(that, seconds=40.0):
    end = time.monotonic() + seconds
    while True:
        found = that()
        if found:
            return found
        assert time.monotonic() < end
        time.sleep(0.1)


def create(assay, folder, *more):
    return does(
        assay, folder, "create", "e", "--auth", "none", "--schema", "off", *(more or ("--model", "s@1"))
    )


def state(assay, folder, *wanted):
    return until(lambda: (found := does(assay, folder, "show", "e"))["state"] in wanted and found)


def test_updates_rollbacks_and_canaries_under_load_lose_no_request(assay, server):
    folder = server.folder
    create(assay, folder)
    s = server("--workers", "2")
    assert until(lambda: s.ask()[0] == 200 and s.ask()) == (200, "v1", "1")
    state(assay, folder, "in_service")
    with s.load():
        does(assay, folder, "update", "e", "--model", "s@2")
        until(lambda: s.ask()[1] == "v2")
        state(assay, folder, "in_service")
        before = s.models()
        does(assay, folder, "rollback", "e", "--reason", "to see how quick it is")
        until(lambda: s.ask()[1] == "v1")
        assert s.models() == before  # the models of before were still there: none was started
        state(assay, folder, "in_service")
        does(
            assay,
            folder,
            "update",
            "e",
            "--model",
            "s@2",
            "--steps",
            "20,100",
            "--every",
            "1.5",
            "--least",
            "10",
        )
        seen = until(lambda: {s.ask()[1] for _ in range(20)} == {"v1", "v2"})
        assert seen
        assert state(assay, folder, "in_service")["variants"][0]["package"] == "s@2"
    assert len(s.answers) > 200 and {a[0] for a in s.answers} == {200}, Counter(a[0] for a in s.answers)
    code, out = s.end()
    assert code == 0 and "requests were answered" in out
    actions = [
        e["action"]
        for e in assay.json(folder, "log", "tail", "-n", "60")["events"]
        if e["subject"] == "endpoint://e"
    ]
    for action in (
        "endpoint.create",
        "endpoint.update",
        "endpoint.rollback",
        "endpoint.ready",
        "endpoint.step",
    ):
        assert action in actions
    assay(folder, "log", "verify")


def test_a_canary_that_fails_goes_back_by_itself_and_so_does_a_model_that_does_not_load(assay, server):
    folder = server.folder
    create(assay, folder)
    s = server()
    state(assay, folder, "in_service")
    does(
        assay,
        folder,
        "update",
        "e",
        "--model",
        "s@3",
        "--steps",
        "30,100",
        "--every",
        "60",
        "--errors",
        "0.05",
        "--least",
        "10",
    )
    with s.load(2):
        found = until(
            lambda: (
                (f := does(assay, folder, "show", "e"))["rollout"] is None
                and f["state"] == "in_service"
                and f
            )
        )
    assert [v["package"] for v in found["variants"]] == ["s@1"] and "answers failed" in found["reason"]
    assert s.metric("assay_requests_total") > 10
    does(assay, folder, "update", "e", "--model", "s@4")
    found = until(
        lambda: (
            (f := does(assay, folder, "show", "e"))["state"] == "in_service"
            and "could not be started" in f["reason"]
            and f
        ),
        90,
    )
    assert [v["package"] for v in found["variants"]] == ["s@1"]
    assert s.ask()[0] == 200
    tail = assay.json(folder, "log", "tail", "-n", "40")["events"]
    told = [e for e in tail if e["action"] == "endpoint.rollback"]
    assert len(told) == 2 and {e["actor"] for e in told} == {"assay serve"}


def test_an_endpoint_whose_only_model_does_not_load_has_failed_and_says_why(assay, server):
    create(assay, server.folder, "--model", "s@4")
    server()
    found = state(assay, server.folder, "failed")
    assert "this one does not load" in found["reason"]


def test_a_gateway_and_a_model_that_are_killed_cost_what_they_had_and_lose_no_capture(assay, server):
    folder = server.folder
    create(assay, folder, "--model", "s@1", "--replicas", "2", "--capture", "100")
    s = server("--workers", "2")
    state(assay, folder, "in_service")
    with s.load(4):
        for round_ in range(6):
            time.sleep(1.0)
            word = "assay.doors.gateway.worker" if round_ % 2 else "assay.engines.serving.inside"
            victims = [p for p, c in s.children().items() if word in c]
            assert victims, s.children()
            os.kill(victims[round_ % len(victims)], signal.SIGKILL)
        time.sleep(2.0)
    counts = Counter(a[0] for a in s.answers)
    assert counts[200] > 300 and set(counts) <= {0, 200, 500}
    assert counts[0] + counts[500] <= 6 * 4, counts
    assert [a[0] for a in s.answers[-20:]] == [200] * 20
    assert s.end()[0] == 0
    assay(folder, "endpoint", "capture", "export", "e", "-o", "out")
    lines = [line for path in (folder / "out").rglob("*.jsonl") for line in path.read_text().splitlines()]
    told = assay.json(folder, "endpoint", "capture", "show", "e")
    # A request does not wait for its capture: what a killed process had not written is told as lost, to the last one.
    assert len(lines) >= told["captured"] and told["lost"] < 100, told
    assert len(lines) + told["lost"] + told["dropped"] >= counts[200], (len(lines), counts, told)


def test_a_server_that_is_told_to_end_answers_what_is_under_way(assay, server):
    create(assay, server.folder)
    s = server("--workers", "2")
    state(assay, server.folder, "in_service")
    with s.load(4, "sleep 1.5"):
        time.sleep(0.7)
        ended = threading.Thread(target=s.end)
        ended.start()
        time.sleep(0.2)
        first = len(s.answers)
        with pytest.raises(ConnectionRefusedError):  # it was taken, and broken off when the last was answered
            socket.create_connection(("127.0.0.1", s.port), 5).close()
        time.sleep(1.5)
        assert first == 0
    ended.join()
    assert [a[0] for a in s.answers if a[0]] == [200] * 4 and not s.children() and s.process.returncode == 0


def test_a_server_that_is_killed_leaves_nothing_running_and_the_next_goes_on(assay, server):
    create(assay, server.folder)
    s = server()
    state(assay, server.folder, "in_service")
    for _ in range(5):
        s.ask()
    s.ask(path="/endpoints/nowhere/invocations")
    below = list(s.children())
    s.end(signal.SIGKILL)
    until(
        lambda: (
            not [
                p
                for p in below
                if Path(f"/proc/{p}").exists()
                and "Z" not in Path(f"/proc/{p}/stat").read_text().rpartition(")")[2].split()[0]
            ]
        )
    )
    again = server()
    until(lambda: again.ask()[0] == 200)
    time.sleep(6)
    tail = assay.json(server.folder, "log", "tail", "-n", "20")["events"]
    batches = [e["detail"] for e in tail if e["action"] == "endpoint.requests"]
    assert sum(b["refused"].get("nowhere/auth.unknown", 0) for b in batches) == 1
    assert again.end()[0] == 0
    assay(server.folder, "log", "verify")


def test_boto3_asks_an_endpoint_as_it_asks_sagemakers(assay, server):
    boto3 = pytest.importorskip("boto3")
    from botocore.exceptions import ClientError

    folder = server.folder
    does(assay, folder, "create", "e", "--variant", "a=s@1:1", "--variant", "b=s@2:0", "--schema", "off")
    token = assay.json(folder, "token", "create", "desk", "--endpoint", "e")["token"]
    s = server()
    state(assay, folder, "in_service")

    def client(token):
        return boto3.client(
            "sagemaker-runtime", endpoint_url=s.url, region_name="eu-west-1", aws_access_key_id="any",
            aws_secret_access_key="any", aws_session_token=token,
        )  # fmt: skip

    mine = client(token)
    found = mine.invoke_endpoint(EndpointName="e", Body=b"x", ContentType="text/plain", InferenceId="i-1")
    assert (found["Body"].read(), found["InvokedProductionVariant"], found["ContentType"]) == (
        b"1",
        "a",
        "text/plain",
    )
    found = mine.invoke_endpoint(EndpointName="e", Body=b"x", ContentType="text/plain", TargetVariant="b")
    assert (found["Body"].read(), found["InvokedProductionVariant"]) == (b"2", "b")
    with pytest.raises(ClientError) as error:
        client("assay_000000000000_" + "x" * 43).invoke_endpoint(EndpointName="e", Body=b"x")
    assert error.value.response["Error"]["Code"] == "AccessDeniedException"
    with pytest.raises(ClientError, match="no such endpoint"):
        mine.invoke_endpoint(EndpointName="other", Body=b"x")


def test_two_servers_on_one_postgresql_serve_the_same_endpoints(assay, server, fresh_database):
    """The home's folder, with its keys, is shared; the state lies in PostgreSQL."""
    import shutil

    folder = server.folder
    shutil.rmtree(folder / ".assay")
    env = {"ASSAY_DATABASE_URL": fresh_database, "ASSAY_ACTOR": "ada"}
    home = Home.create(folder, env)
    for number in (1, 2):
        approve(home, SCRIPT, number)
    call(
        "endpoint.create",
        {"name": "e", "model": "s@1", "guard": {"auth": "none", "schema": "off"}},
        home=home,
    )
    one, two = server(env=env), server(env=env)
    for s in (one, two):
        until(lambda s=s: s.ask() == (200, "v1", "1"))
    call(
        "endpoint.update",
        {
            "name": "e",
            "model": "s@2",
            "plan": {"strategy": "canary", "steps": [0.5, 1], "every": 1, "least": 5},
        },
        home=home,
    )
    with one.load(2), two.load(2):
        until(lambda: call("endpoint.show", {"name": "e"}, home=home)["state"] == "in_service")
        until(lambda: one.ask()[1] == two.ask()[1] == "v2")
    assert {a[0] for a in one.answers + two.answers} == {200}
    events = [e for e in _events(home) if e.subject == "endpoint://e"]
    assert Counter(e.action for e in events) == {
        "endpoint.create": 1,
        "endpoint.ready": 2,
        "endpoint.update": 1,
        "endpoint.step": 2,
    }
    call("token.create", {"subject": "desk", "endpoints": ["*"]}, home=home)
    call("endpoint.update", {"name": "e", "guard": {"auth": "token"}}, home=home)
    until(lambda: one.ask()[0] == two.ask()[0] == 401, 5)
    assert one.end()[0] == two.end()[0] == 0
    assert call("log.verify", {}, home=home)["ok"]
    home.close()


def _events(home):
    from assay.office import ledger

    return ledger.tail(home.office, 200)


def test_a_request_is_answered_while_the_office_cannot_be_reached(assay, server, fresh_database):
    """What answers goes on: the gateways hold what was published last."""
    import psycopg

    folder = server.folder
    import shutil

    shutil.rmtree(folder / ".assay")
    env = {"ASSAY_DATABASE_URL": fresh_database, "ASSAY_ACTOR": "ada"}
    home = Home.create(folder, env)
    approve(home, SCRIPT, 1)
    call(
        "endpoint.create",
        {"name": "e", "model": "s@1", "guard": {"auth": "none", "schema": "off"}},
        home=home,
    )
    home.close()
    s = server(env=env)
    until(lambda: s.ask()[0] == 200)
    place = fresh_database.partition("host=")[2]
    with psycopg.connect(host=place, user="me", dbname="postgres", autocommit=True) as con:
        con.execute("ALTER DATABASE office ALLOW_CONNECTIONS false")
        con.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'office'")
        time.sleep(3)
        assert [s.ask()[0] for _ in range(5)] == [200] * 5
        con.execute("ALTER DATABASE office ALLOW_CONNECTIONS true")
    until(lambda: json.loads(s.ask(None, "/readyz", method="GET")[2])["status"] == "ready")
    assert s.end()[0] == 0
