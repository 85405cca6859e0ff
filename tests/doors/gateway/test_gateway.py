"""Endpoints asked over HTTP: who may, who answers, what is refused, and what the log keeps of it. Models are stood in for."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import threading
import time
from collections import Counter
from types import SimpleNamespace

import pytest

from assay.kernel.serving import Answer, Refusal
from assay.office import ledger, verification
from assay.works.call import call
from assay.works.serving import journal


@pytest.fixture
def serving(does, stand):
    """An endpoint ``e`` of m@1, answered for; what is given changes how it was made."""

    def make(at=None, **given):
        does("create", name="e", **({"model": "m@1"} | given if "variants" not in given else given))
        one = stand(**(at or {}))
        one.publish()
        return one

    return make


OPEN = {"auth": "none", "schema": "off"}


def test_a_token_opens_the_endpoints_that_it_names(serving, does):
    s = serving()
    does("create", name="other", model="m@2")
    s.publish()
    whole, one = s.token(), s.token(endpoints=["e"])
    s.publish()
    assert s.ask(token=whole).body == b"v1" and s.ask(token=one).status == 200
    found = s.ask(token=one, path="/endpoints/other/invocations")
    assert found.status == 403 and found.body["rule"] == "auth.forbidden"
    assert s.ask(token=None).status == 401 and s.ask(token=None).headers["www-authenticate"].startswith(
        "Bearer"
    )
    assert s.ask(token=whole[:-1] + "!").status == 401
    assert s.ask(token=whole, path="/endpoints/nowhere/invocations").status == 404
    assert (
        s.ask(path="/endpoints/nowhere/invocations").status == 401
    )  # who may not ask is not told what there is


def test_a_token_that_was_made_a_moment_ago_opens_once_it_is_published_and_no_more_when_revoked(
    serving, home
):
    s = serving()
    token = s.token()
    assert s.ask(token=token).status == 401
    s.publish()
    assert s.ask(token=token).status == 200
    call("token.revoke", {"which": token}, home=home)
    s.publish()
    assert s.ask(token=token).status == 401


def test_a_token_whose_time_is_over_opens_nothing(serving, clock):
    s = serving()
    token = s.token(expires="10d")  # of the home's clock, which is of the past
    s.publish()
    assert s.ask(token=token).status == 401


def test_the_session_token_of_an_aws_client_is_a_token(serving):
    s = serving()
    token = s.token()
    s.publish()
    found = s.ask(authorization="AWS4-HMAC-SHA256 Credential=x/y", **{"x-amz-security-token": token})
    assert found.status == 200


def test_an_alpha_endpoint_is_opened_by_its_name_alone(serving, does):
    s = serving(stage="alpha")
    named, all_ = s.token(endpoints=["e"]), s.token()
    s.publish()
    found = s.ask(token=named)
    assert (found.status, found.headers["x-assay-stage"]) == (200, "alpha") and s.ask(
        token=all_
    ).status == 403
    does("promote", name="e")
    s.publish()
    assert s.ask(token=all_).status == 200 and "x-assay-stage" not in s.ask(token=all_).headers


@pytest.mark.parametrize("said", ["x" * 65, "caf\xe9", "a\tb"])
def test_an_inference_id_that_no_client_of_sagemaker_sends_was_taken(serving, said):
    s = serving(guard=OPEN)
    found = s.ask(**{"x-amzn-sagemaker-inference-id": said})
    assert (found.status, found.body["rule"]) == (400, "inference.id") and not s.asked


def test_an_answer_tells_its_variant_and_ids(serving):
    s = serving(guard=OPEN)
    found = s.ask(**{"x-amzn-sagemaker-inference-id": "mine-1", "x-amzn-sagemaker-custom-attributes": "a=b"})
    assert found.headers["x-amzn-invoked-production-variant"] == "v1"
    assert found.headers["x-amzn-sagemaker-inference-id"] == "mine-1"
    question = s.asked[0][1]
    assert (question.id, question.inference_id, question.attributes) == (
        found.headers["x-amzn-requestid"],
        "mine-1",
        "a=b",
    )
    assert question.caller == question.address == "127.0.0.1" and question.body == b"1,2\n"
    assert s.ask(**{"x-amzn-sagemaker-inference-id": "m" * 64}).status == 200
    long = s.ask(**{"x-amzn-sagemaker-inference-id": "m" * 65})
    assert long.status == 400 and "at most 64 characters" in long.body["message"]


def test_invocations_without_a_name_go_to_the_only_endpoint(serving, does):
    s = serving(guard=OPEN)
    assert s.ask(path="/invocations").status == 200
    does("create", name="f", model="m@1", guard=OPEN)
    s.publish()
    token = s.token()
    s.publish()
    found = s.ask(path="/invocations", token=token)
    assert (found.status, found.body["rule"]) == (400, "endpoint.unnamed")


def test_variants_answer_by_their_shares_and_one_that_is_named_always(serving):
    s = serving(
        guard=OPEN,
        variants=[
            {"package": "m@1", "weight": 3},
            {"package": "m@2", "weight": 1},
            {"package": "m@3", "weight": 0},
        ],
    )
    counts = Counter(s.ask().body for _ in range(120))
    assert 60 < counts[b"v1"] < 115 and counts[b"v2"] and not counts[b"v3"]
    assert s.ask(**{"X-Amzn-SageMaker-Target-Variant": "v3"}).body == b"v3"
    found = s.ask(**{"X-Amzn-SageMaker-Target-Variant": "v9"})
    assert (found.status, found.body["rule"]) == (400, "variant.unknown")


@pytest.mark.parametrize("sticky", ["header:X-Session", "cookie:sid"])
def test_a_caller_stays_with_one_variant(serving, sticky):
    s = serving(guard=OPEN, sticky=sticky, variants=[{"package": "m@1"}, {"package": "m@2"}])
    seen = set()
    for who in range(12):
        given = {"x-session": f"c{who}"} if sticky.startswith("header") else {"cookie": f"a=b; sid=c{who}"}
        answers = {s.ask(**given).body for _ in range(4)}
        assert len(answers) == 1
        seen |= answers
    assert seen == {b"v1", b"v2"}


def test_a_shadow_is_asked_beside_and_answers_nobody(serving):
    s = serving(guard=OPEN, variants=[{"package": "m@1"}, {"package": "m@2", "shadow": True}])
    taken = tap(s)
    s.does["v2"] = lambda q: Answer(500, b'{"error":"broken"}', "application/json")
    assert [s.ask().body for _ in range(5)] == [b"v1"] * 5
    wait(lambda: len(taken) == 10)
    assert Counter((q.variant, a.status) for q, a in taken) == {("v1", 200): 5, ("v2", 500): 5}
    assert s.ask(**{"X-Amzn-SageMaker-Target-Variant": "v2"}).status == 400
    assert {q.shadow for q, _ in taken if q.variant == "v2"} == {True}
    assert not any(q.shadow for q, _ in taken if q.variant == "v1")
    s.does["v2"] = s.does["v1"] = lambda q: Answer(200, b"1,0.25", "text/csv")
    s.ask()
    wait(lambda: len(taken) == 12)
    s.does["v2"] = lambda q: Answer(200, b"0,0.75", "text/csv")
    s.ask()
    wait(lambda: len(taken) == 14)
    assert s.gateway.counts.compared.values == {("e", "v2", "same"): 1, ("e", "v2", "other"): 1}


def test_of_a_shadows_answers_so_many_a_second_are_taken_apart(serving, monkeypatch):
    monkeypatch.setattr("assay.works.serving.tallies.A_SECOND", 2)
    s = serving(guard=OPEN, variants=[{"package": "m@1"}, {"package": "m@2", "shadow": True}])
    s.gateway.beside.clock = lambda: 5.0
    taken = tap(s)
    s.does["v2"] = s.does["v1"] = lambda q: Answer(200, b"1", "text/csv")
    for _ in range(5):
        s.ask()
    wait(lambda: len(taken) == 10)
    assert s.gateway.counts.compared.values == {("e", "v2", "same"): 2}


def test_a_slow_shadow_holds_nobody_up(serving):
    s = serving(guard=OPEN, variants=[{"package": "m@1"}, {"package": "m@2", "shadow": True}])
    s.does["v2"] = lambda q: asyncio.sleep(1)
    began = time.monotonic()
    for _ in range(5):
        s.ask()
    assert time.monotonic() - began < 0.8


def test_a_model_that_fails_hangs_or_breaks_off_is_told_in_one_sentence(serving):
    s = serving(guard=OPEN | {"seconds": 0.2})
    s.does["v1"] = lambda q: Answer(
        500, b'{"error":"the model could not answer this request"}', "application/json", reason="secret"
    )
    found = s.ask()
    assert (found.status, found.body["rule"], found.headers["x-amzn-errortype"]) == (
        500,
        "model",
        "InternalFailure",
    )
    assert (
        "secret" not in json.dumps(found.body)
        and found.body["request_id"] == found.headers["x-amzn-requestid"]
    )
    s.does["v1"] = lambda q: asyncio.sleep(5)
    assert s.ask().status == 504

    def breaks(question):
        raise ConnectionResetError("gone")

    s.does["v1"] = breaks
    assert s.ask().status == 502


def test_a_fallback_answers_where_a_model_fails_or_always(serving, does):
    rule = {
        "when": "failed",
        "rules": [{"column": "lead_time", "op": ">", "value": 100, "then": 1}],
        "else": 0,
    }
    s = serving(guard=OPEN, fallback=rule)
    body = b'{"instances": [{"lead_time": 200}, {"lead_time": 3}]}'
    assert s.ask(body, **{"content-type": "application/json"}).body == b"v1"
    s.does["v1"] = lambda q: Answer(500, b"", "")
    found = s.ask(body, **{"content-type": "application/json"})
    assert found.body == {"predictions": [{"prediction": 1}, {"prediction": 0}]}
    assert found.headers["x-amzn-invoked-production-variant"] == "fallback"
    s.does.clear()
    does("update", name="e", fallback=rule | {"when": "always"})
    s.publish()
    asked = len(s.asked)
    assert s.ask(body, **{"content-type": "application/json"}).body["predictions"][0] == {"prediction": 1}
    assert len(s.asked) == asked


def test_an_answer_is_given_again_for_so_long_and_to_the_same_question_alone(serving):
    s = serving(guard=OPEN | {"cache": 0.3})
    for _ in range(3):
        s.ask(b"1\n")
    s.ask(b"2\n")
    s.ask(b"1\n", accept="application/json")
    assert len(s.asked) == 3
    time.sleep(0.35)
    s.ask(b"1\n")
    assert len(s.asked) == 4


def test_nobody_is_given_what_another_caller_asked_for(serving):
    """An answer was given again to whoever sent the same bytes: its time told that another had asked before."""
    s = serving(guard={"schema": "off", "cache": 10})
    one, same, other = s.token(), s.token(), s.token(subject="lobby")
    s.publish()
    for token in (one, same, other):  # two tokens of one subject are two callers
        assert [s.ask(b"1\n", token=token).status for _ in range(3)] == [200] * 3
    assert len(s.asked) == 3


def test_a_caller_without_a_token_is_given_again_what_the_same_address_asked(serving):
    s = serving(guard=OPEN | {"cache": 10})
    token = s.token()
    s.publish()
    s.ask(b"1\n"), s.ask(b"1\n"), s.ask(b"1\n", token=token), s.ask(b"1\n", token=token)
    assert len(s.asked) == 2


def test_a_long_inference_id_was_refused_after_its_rows_were_read(serving):
    s = serving(guard=OPEN)
    with socket.create_connection(("127.0.0.1", s.port), timeout=5) as wire:
        wire.sendall(
            b"POST /endpoints/e/invocations HTTP/1.1\r\nhost: x\r\ncontent-type: text/csv\r\n"
            b"x-amzn-sagemaker-inference-id: " + b"i" * 65 + b"\r\ncontent-length: 1000\r\n\r\n" + b"1" * 1000
        )
        assert b"inference.id" in wire.recv(65536)
    assert not s.asked


def test_a_tap_that_failed_was_silent(serving, capsys):
    s = serving(guard=OPEN)

    class Broken:
        def put(self, question, answer):
            raise OSError(28, "No space left on device")

    s.gateway.lines["e"].taps = [Broken()]
    assert [s.ask().status for _ in range(3)] == [200] * 3
    assert s.gateway.counts.captured.values == {("e", "dropped"): 3}
    assert capsys.readouterr().err.count("cannot be captured: OSError: [Errno 28] No space left") == 1


def test_captures_that_a_full_disk_did_not_take_were_counted_as_kept(serving, capsys):
    s = serving(guard=OPEN)
    lost = [0, ""]
    s.gateway.lines["e"].taps = [
        SimpleNamespace(put=lambda question, answer: True, unwritten=lambda: tuple(lost))
    ]
    s.ask(), s.ask(), s.gateway.look()
    lost[:] = [2, "No space left on device"]
    for _ in range(3):
        s.gateway.look()
    assert s.gateway.counts.captured.values == {("e", "kept"): 2, ("e", "unwritten"): 2}
    assert capsys.readouterr().err.count("what e answers cannot be captured: No space left on device") == 1


def test_a_failure_is_not_given_again(serving):
    s = serving(guard=OPEN | {"cache": 10})
    s.does["v1"] = lambda q: Answer(500, b"", "")
    s.ask()
    s.does.clear()
    assert s.ask().status == 200


def test_a_caller_who_asks_too_often_is_told_when_to_come_again(serving):
    s = serving(guard={"schema": "off", "rate": 2, "burst": 3})
    token, quick = s.token(), s.token(rate=1000)
    s.publish()
    found = [s.ask(token=token) for _ in range(5)]
    assert [f.status for f in found] == [200, 200, 200, 429, 429]
    assert (
        found[4].headers["retry-after"] == "1"
        and found[4].headers["x-amzn-errortype"] == "ThrottlingException"
    )
    assert [s.ask(token=quick).status for _ in range(10)] == [200] * 10
    time.sleep(0.55)
    assert s.ask(token=token).status == 200


@pytest.mark.parametrize("who", ["desk", "127.0.0.1"])
def test_a_blocked_caller_is_not_answered_until_the_time_is_over(serving, does, who):
    s = serving()
    token = s.token()
    does("update", name="e", blocked={who: "2199-01-01T00:00:00Z"})
    s.publish()
    assert s.ask(token=token).body["rule"] == "blocked"
    does("update", name="e", blocked={who: "2026-01-02T00:00:00Z"})
    s.publish()
    assert s.ask(token=token).status == 200


def test_more_requests_at_once_than_there_may_be_are_told_to_come_again(serving):
    s = serving(guard=OPEN | {"concurrency": 2})
    s.does["v1"] = lambda q: asyncio.sleep(0.3)
    threads = [threading.Thread(target=s.ask) for _ in range(2)]
    for t in threads:
        t.start()
    wait(lambda: len(s.asked) == 2)
    assert (s.ask().status, s.ask().body["rule"]) == (503, "concurrency")
    for t in threads:
        t.join()
    assert s.ask().status == 200


@pytest.mark.parametrize(
    ("given", "status", "rule"),
    [
        ({"body": b"x" * 2000}, 413, "request.body"),
        ({"body": gzip.compress(b"1," * 50_000), "content-encoding": "gzip"}, 413, "request.gzip"),
        ({"body": b"no gzip", "content-encoding": "gzip"}, 400, "request.gzip"),
        ({"body": b"1\n", "content-encoding": "br"}, 415, "encoding"),
        ({"method": "GET", "body": None}, 405, "method"),
        ({"path": "/nothing"}, 404, "path"),
        ({"path": "/endpoints/../invocations"}, 401, "auth.unknown"),
        ({"path": "/endpoints/e%2finvocations"}, 404, "path"),
    ],
)
def test_what_is_refused_is_told_with_its_rule(serving, given, status, rule):
    s = serving(guard=OPEN | {"body": 1000})
    body = given.pop("body", b"1\n")
    found = s.ask(body, **given)
    assert (found.status, found.body["rule"]) == (status, rule) and not s.asked
    assert s.ask().status == 200


def test_a_compressed_body_is_unpacked(serving):
    s = serving(guard=OPEN)
    s.ask(gzip.compress(b"1,2\n"), **{"content-encoding": "gzip"})
    assert s.asked[0][1].body == b"1,2\n"


class Guard:
    name = "test"

    def __init__(self, *found):
        self.found, self.seen, self.threads = found, [], []

    def examine(self, question):
        self.seen.append(question)
        self.threads.append(threading.current_thread())
        return list(self.found)

    def slow(self, question):
        return len(question.body) > 50


def guarded(s, *refusals):
    guard = Guard(*refusals)
    for arm in s.gateway.lines["e"].arms.values():
        arm.guards = [guard]
    return guard


def tap(s):
    taken = []

    class Tap:
        def put(self, question, answer):
            taken.append((question, answer))
            return len(taken) % 2 == 1

    s.gateway.lines["e"].taps = [Tap()]
    return taken


def wait(that, seconds=5.0):
    end = time.monotonic() + seconds
    while not that():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_guard_reads_the_rows_and_stops_what_it_blocks(serving):
    s = serving(guard=OPEN)
    guard = guarded(s, Refusal("test.odd", "this looks odd", 400, detail="very"))
    found = s.ask(b"1,x\n2,y\n")
    assert (found.status, found.body["message"]) == (400, "this looks odd") and not s.asked
    assert guard.seen[0].rows.cells == [[1, "x"], [2, "y"]] and guard.seen[0].headers


def test_a_guard_that_takes_long_is_asked_from_a_thread(serving):
    s = serving(guard=OPEN)
    guard = guarded(s)
    s.ask(b"1,x\n")
    s.ask(b"1,x\n" * 20)
    own, other = guard.threads
    assert own is not other


def test_a_guard_that_only_detects_is_counted(serving):
    s = serving(guard=OPEN)
    guarded(s, Refusal("test.odd", "this looks odd", blocks=False))
    assert s.ask().status == 200 and s.gateway.counts.noted.values == {("e", "test.odd"): 1}


@pytest.mark.parametrize("kind", ["text/csv", "application/json", "application/jsonlines"])
@pytest.mark.parametrize(
    "body", [b"\xff\xfe\x00", b"\x80\x04\x95pickle", b'{"a": ' * 5000, b"", b"[" * 100_000, b"PAR1"]
)
def test_what_cannot_be_read_is_refused_before_a_model_sees_it(serving, body, kind):
    s = serving(guard=OPEN)
    guarded(s)
    found = s.ask(body, **{"content-type": kind})
    if kind == "text/csv" and body[:1] == b"{":  # a text like any other
        assert found.status == 200
        return
    assert 400 <= found.status < 500 and found.body["rule"].startswith("payload.") and not s.asked


def test_questions_and_answers_are_tapped_and_drops_are_counted(serving):
    s = serving(guard=OPEN)
    taken = tap(s)
    for _ in range(4):
        s.ask()
    assert [(q.body, a.body) for q, a in taken] == [(b"1,2\n", b"v1")] * 4
    assert s.gateway.counts.captured.values == {("e", "kept"): 2, ("e", "dropped"): 2}


def test_an_update_loses_no_request(serving, does):
    s = serving(guard=OPEN)
    s.does = {f"v{n}": lambda q: asyncio.sleep(0.01) for n in (1, 2, 3)}
    answers, over = [], threading.Event()

    def ask():
        while not over.is_set():
            answers.append(s.ask().status)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for t in threads:
        t.start()
    for n in range(9):
        does("update", name="e", model=f"m@{n % 3 + 1}")
        s.publish()
        time.sleep(0.03)
    over.set()
    for t in threads:
        t.join()
    assert len(answers) > 40 and set(answers) == {200}
    wait(lambda: sum(not getattr(p, "closed", False) for p in s.pools) == 1)


def test_what_has_not_changed_keeps_its_connections(serving, does):
    s = serving(guard=OPEN, variants=[{"package": "m@1"}, {"package": "m@2"}])
    does("traffic", name="e", weights={"v1": 5})
    s.publish()
    assert len(s.pools) == 2


def test_an_endpoint_without_a_ready_model_says_so_and_is_not_ready(serving):
    s = serving(guard=OPEN)
    assert s.ask(path="/readyz", method="GET", body=None).status == 200
    s.ready = []
    s.publish()
    assert (s.ask().status, s.ask().body["rule"]) == (503, "endpoint.closed")
    found = s.ask(path="/readyz", method="GET", body=None)
    assert found.status == 503 and list(found.body["endpoints"]) == ["e"]
    assert s.ask(path="/healthz", method="GET", body=None).status == 200
    s.ready = None
    s.publish(draining=True)
    assert s.ask(path="/ping", method="GET", body=None).status == 503 and s.ask().status == 200


def test_an_endpoint_whose_first_model_still_starts_is_not_called_unknown(serving):
    """A caller was told 404, "there is no such endpoint", and /readyz was 200, while the model started."""
    s = serving()
    token = s.token()
    s.publish(starting=("e",))
    for path in ("/endpoints/e/invocations", "/invocations"):
        found = s.ask(path=path, token=token)
        assert (found.status, found.body["rule"]) == (
            503,
            "endpoint.closed",
        ) and "retry-after" in found.headers
    assert s.ask(path="/endpoints/f/invocations", token=token).status == 404
    assert s.ask().status == 401  # who brings no token is not told what there is
    for query in ("", "?endpoint=e"):
        assert s.ask(path=f"/readyz{query}", method="GET", body=None).status == 503
    text = s.ask(path="/metrics", method="GET", body=None).body.decode()
    assert 'assay_endpoint_ready{endpoint="e"} 0' in text
    s.publish()
    assert s.ask(token=token).status == 200
    assert s.ask(path="/readyz", method="GET", body=None).status == 200


def test_one_endpoint_that_is_not_answered_takes_no_other_from_its_callers(serving, does):
    s = serving(guard=OPEN)
    does("create", name="f", model="m@2", guard=OPEN)
    s.ready = ["v2"]
    s.publish()
    for query, status in (("", 200), ("?endpoint=e", 503), ("?endpoint=f", 200), ("?endpoint=nowhere", 503)):
        assert s.ask(path=f"/readyz{query}", method="GET", body=None).status == status, query
    text = s.ask(path="/metrics", method="GET", body=None).body.decode()
    assert 'assay_endpoint_ready{endpoint="e"} 0' in text and 'assay_endpoint_ready{endpoint="f"} 1' in text


def test_an_endpoint_whose_guard_cannot_be_opened_is_not_answered_unguarded(serving, home):
    (home.root / "schemas").mkdir()
    (home.root / "schemas" / "e.json").write_text("{}")
    s = serving(guard={"auth": "none"})
    found = s.ask()
    assert (found.status, found.body["rule"]) == (503, "endpoint.closed") and not s.asked
    assert "no input schema" in s.ask(path="/readyz", method="GET", body=None).body["endpoints"]["e"]


def test_a_deleted_endpoint_is_gone(serving, does):
    s = serving(guard=OPEN)
    does("delete", name="e")
    s.publish()
    assert s.ask().status == 401


def test_what_was_answered_and_refused_is_one_leaf_of_the_log_a_batch(serving, home):
    s = serving()
    token = s.token()
    s.publish()
    for _ in range(7):
        s.ask(token=token)
    for _ in range(3):
        s.ask(b"secret payload")
    s.loop.run(settled(s))
    before = ledger.tail(home.office, 1)[0].seq
    seq = journal.record(home, "ada")
    event = ledger.event(home.office, seq)
    assert seq == before + 1 and event.action == "endpoint.requests"
    assert event.detail["answered"] == {"e/v1/200": 7} and event.detail["refused"] == {"e/auth.unknown": 3}
    with home.store.open(event.inputs["batch"]) as opened:
        raw = opened.read()
    told = [json.loads(line) for line in raw.splitlines()]
    assert {t["rule"] for t in told if "rule" in t} == {"auth.unknown"} and b"secret" not in raw
    assert all(t["address"] == "127.0.0.1" for t in told if "rule" in t)
    assert journal.record(home, "ada") is None and not verification.verify(home.office).problems


async def settled(s):
    s.gateway.settle()


def test_a_batch_whose_event_was_recorded_is_not_recorded_twice(serving, home, monkeypatch):
    s = serving()
    s.ask()
    s.loop.run(settled(s))
    kept = {p: p.read_bytes() for p in s.journal_folder.glob("*.batch")}
    seq = journal.record(home, "ada")
    for path, raw in kept.items():  # as a crash leaves it that comes after the commit
        path.write_bytes(raw)
    (s.journal_folder / "begun").write_text("0")
    assert journal.record(home, "ada") is None and ledger.tail(home.office, 1)[0].seq == seq
    assert not list(s.journal_folder.glob("*.batch"))


def test_two_servers_of_one_home_record_a_batch_once(serving, home):
    s = serving()
    for _ in range(3):
        s.ask()
        s.loop.run(settled(s))
    found = []
    threads = [threading.Thread(target=lambda: found.append(journal.record(home, "ada"))) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    batches = [e for e in ledger.tail(home.office, 10) if e.action == "endpoint.requests"]
    assert len(found) == 4 and sum(e.detail["refused"]["e/auth.unknown"] for e in batches) == 3


def test_a_flood_of_refusals_is_counted_and_written_in_part(serving, home):
    s = serving()
    wait(lambda: time.time() % 1 < 0.3)
    for _ in range(140):
        s.ask(body=None, path="/endpoints/e/invocations")
    s.loop.run(settled(s))
    event = ledger.event(home.office, journal.record(home, "ada"))
    assert event.detail["refused"] == {"e/auth.unknown": 140}


def test_metrics_are_written_as_prometheus_reads_them(serving):
    s = serving(guard=OPEN)
    s.ask()
    s.ask(path="/nothing", body=None)
    found = s.ask(path="/metrics", method="GET", body=None)
    assert found.headers["content-type"].startswith("text/plain; version=0.0.4")
    text = found.body.decode()
    assert 'assay_requests_total{endpoint="e",variant="v1",status="200"} 1' in text
    assert 'assay_request_seconds_bucket{endpoint="e",le="+Inf"} 1' in text
    assert 'assay_request_seconds_count{endpoint="e"} 1' in text


def test_a_tap_or_a_guard_of_another_endpoint_is_not_asked(serving, does):
    s = serving(guard=OPEN)
    does("create", name="f", model="m@2", guard=OPEN)
    s.publish()
    guard, taken = guarded(s), tap(s)
    assert s.ask(path="/endpoints/f/invocations").body == b"v2" and not guard.seen and not taken


def test_a_caller_cut_off_in_the_middle_of_a_body_leaves_nothing_under_way(serving):
    import socket

    s = serving(guard=OPEN)
    with socket.create_connection(("127.0.0.1", s.port)) as c:
        c.sendall(b"POST /endpoints/e/invocations HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf")
        wait(lambda: s.gateway.under_way == 1)
    wait(lambda: s.gateway.under_way == 0)
    assert s.gateway.lines["e"].held == 0


def test_metrics_were_for_everybody(serving):
    s = serving(at={"guarded": True})
    token = s.token(endpoints=[], admin=True)
    s.publish()
    refused = s.ask(None, "/metrics", "GET")
    assert refused.status == 401 and refused.body["rule"] == "auth.unknown"
    assert s.ask(None, "/metrics", "GET", "assay_000000000000_x").status == 401
    assert b"assay_refused_total" in s.ask(None, "/metrics", "GET", token).body
    assert s.ask(None, "/healthz", "GET").status == 200
