"""The office over HTTP: each address is an action, for tokens that may administer alone."""

from __future__ import annotations

import json
import os
import pickle
import socket
import subprocess
import threading
import time

import pytest

from assay.doors.gateway import uploading
from assay.doors.gateway.api import ROUTES
from assay.kernel.errors import AssayError
from assay.works.verbs import VERBS


@pytest.fixture
def api(does, stand):
    s = stand(api=True)
    admin, caller = s.token(endpoints=[], admin=True), s.token()
    s.publish()

    def ask(method, path, body=None, token=admin, **headers):
        given = {"content-type": "application/json"} if body is not None else {"content-type": None}
        raw = json.dumps(body).encode() if isinstance(body, dict) else body
        return s.ask(raw, f"/api/v1{path}", method, token, **(given | headers))

    ask.caller, ask.stand, ask.admin = caller, s, admin
    return ask


def test_each_address_is_an_action_that_there_is():
    assert {r.action for r in ROUTES} <= set(VERBS)


def test_models_and_the_inventory_are_told(api):
    found = api("GET", "/models?status=approved")
    assert found.status == 200 and [m["name"] for m in found.body["models"]] == ["m"] * 4
    assert (
        api("GET", "/models/m@1").body["status"] == "APPROVED" and api("GET", "/models/m%401").status == 200
    )
    assert api("GET", "/inventory?format=csv").body["content"].startswith('"model"')
    assert (
        api("GET", "/search?query=kind:model&limit=2").status == 200
        and api("GET", "/runs").body["runs"] == []
    )


def test_an_endpoint_is_made_changed_and_deleted(api):
    made = api("POST", "/endpoints", {"name": "e", "model": "m@1"})
    assert (made.status, made.body["state"], made.body["created_by"]) == (201, "creating", "desk")
    assert api("PATCH", "/endpoints/e", {"guard": {"rate": 5}}).body["guard"]["rate"] == 5
    assert api("POST", "/endpoints/e/traffic", {"weights": {"v1": 2}}).body["variants"][0]["weight"] == 2
    assert api("GET", "/endpoints").body["endpoints"][0]["name"] == "e"
    assert api("DELETE", "/endpoints/e?reason=over").body["reason"] == "over"
    assert api("GET", "/endpoints/f").status == 404


def test_a_model_is_approved_by_whoever_the_token_is_of(api):
    found = api("POST", "/models/m@4/approve", {"reason": "seen"})
    assert (found.status, found.body["decided_by"]) == (200, "desk")
    refused = api("POST", "/endpoints", {"name": "e", "model": "m@5"})
    assert refused.status == 403 and "no hallmark" in refused.body["message"]


def test_who_may_not_administer_is_refused(api):
    assert api("GET", "/models", token=None).status == 401
    found = api("GET", "/models", token=api.caller)
    assert (found.status, found.body["rule"]) == (403, "auth.forbidden")


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("GET", "/nothing", None, 404, "nothing at this address"),
        ("PUT", "/models", {}, 405, "asked with GET"),
        ("GET", "/models/..%2f..%2fetc", None, 404, "nothing at this address"),
        ("GET", "/models?colour=red", None, 400, "'colour' is not asked here"),
        ("POST", "/models/m@4/answer", {"answers": {}, "file": "/etc/passwd"}, 400, "'file' is no parameter"),
        (
            "POST",
            "/models/m@4/approve",
            {},
            400,
            "model.approve needs reason, which the request does not give",
        ),
        ("GET", "/inventory", None, 400, "inventory.export needs format"),
        ("POST", "/models/m@4/approve", b"[1]", 400, "JSON object"),
        ("POST", "/models/m@4/approve", b"{", 400, "no JSON"),
        ("POST", "/endpoints", {"name": "e", "model": 7}, 400, "model is a text"),
        ("POST", "/endpoints", {"name": "e", "variants": [{"colour": "red"}]}, 400, ""),
        ("PATCH", "/endpoints/e", {"guard": []}, 400, "guard is an object"),
        ("PATCH", "/endpoints/e", {"guard": {}}, 404, "no endpoint"),
    ],
)
def test_what_is_wrong_is_one_sentence(api, method, path, body, status, said):
    found = api(method, path, body)
    assert found.status == status and said in found.body["message"], found.body


def test_a_server_without_the_api_offers_none(does, stand):
    s = stand()
    token = s.token(admin=True)
    s.publish()
    assert s.ask(None, "/api/v1/models", "GET", token).status == 404


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/search?" + "query=a&" * 60, None),
        ("GET", "/search?query=a%00b", None),
        ("GET", "/search?query=a&limit=abc", None),
        ("GET", "/search?query=a&limit=-1", None),
        ("GET", "/endpoints?deleted=perhaps", None),
        ("POST", "/models/m@4/approve", {"reason": "a\0b"}),
        ("POST", "/models/m@1/tag", {"tags": {"a\0": "b"}}),
        ("PATCH", "/endpoints/e", {"guard": {"auth": "no\0ne"}}),
        ("POST", "/endpoints", {"name": "e", "variants": [{"name": 1, "package": "m@1"}]}),
        ("POST", "/endpoints", {"name": "e", "model": "\ud800"}),
        ("PATCH", "/endpoints/e", {"model": "m@1", "plan": {"steps": ["x"]}}),
        ("PATCH", "/endpoints/e", {"model": "m@1", "plan": {"strategy": []}}),
        ("POST", "/models/m@1/tag", {"tags": {"a": {}}}),
        ("POST", "/models/m@1/describe", {"owners": [1]}),
        ("POST", "/models/m@1/answer", {"answers": {"a": []}}),
    ],
)
def test_a_part_of_another_kind_is_refused_and_is_no_fault_of_ours(api, method, path, body):
    found = api(method, path, body)
    assert found.status == 400 and found.body["rule"] == "usage"


def test_a_model_is_sent_scanned_and_registered(api):
    sent = {"content-type": "application/octet-stream"}
    found = api("POST", "/models?name=sent&file=m.json&owner=ada", b'{"learner": {"attributes": {}}}', **sent)
    assert found.status == 201, found.body
    assert (found.body["name"], found.body["version"], found.body["status"]) == ("sent", 1, "PENDING")
    assert api("GET", "/models/sent@1").body["registered_by"] == "desk"
    hostile = api("POST", "/models?name=bad&file=m.pkl", pickle.dumps(Runs()), **sent)
    assert hostile.status == 403 and "model.scan" in hostile.body["message"]
    assert api("GET", "/models/bad").status == 404
    assert not list((api.stand.home.root / "scratch").iterdir())


def test_models_that_were_sent_at_once_were_all_held_in_memory(api):
    sent = {"content-type": "application/octet-stream"}
    head = (
        f"POST /api/v1/models?name=x&file=m.json HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {api.admin}\r\n"
    )
    head += "content-type: application/octet-stream\r\ncontent-length: 1000000\r\n\r\n"
    held = [socket.create_connection(("127.0.0.1", api.stand.port), 5) for _ in range(2)]
    for one in held:
        one.sendall(head.encode() + b"{")
    until = time.monotonic() + 5
    while (found := api("POST", "/models?name=x&file=m.json", b"", **sent)).status != 503:
        assert time.monotonic() < until
    assert found.body["rule"] == "busy" and found.headers["retry-after"] == "5"
    assert api("GET", "/models").status == 200
    for one in held:  # cut off, and over
        one.close()
    until = time.monotonic() + 5
    while (found := api("POST", "/models?name=x&file=m.json", b"", **sent)).status == 503:
        assert time.monotonic() < until
    assert found.status == 400 and "nothing was sent" in found.body["message"]


class Runs:
    """What would ask the system for its name, were it loaded."""

    def __reduce__(self):
        return os.uname, ()


WRONG = (
    ("name=x&file=m.pkl", b"", "application/octet-stream", "nothing was sent"),
    ("name=x&file=../m.pkl", b"x", "application/octet-stream", "no name of a file"),
    ("name=x&file=-rf", b"x", "application/octet-stream", "no name of a file"),
    ("name=x", b"x", "application/octet-stream", "needs file"),
    ("file=m.pkl", b"x", "application/octet-stream", "needs name"),
    ("name=x&file=m.pkl", b"{}", "application/json", "application/octet-stream"),
    ("name=x&file=m.pkl&to=/tmp/x", b"x", "application/octet-stream", "'to' is not asked here"),
    ("name=..%2Fx&file=m.pkl", b"x", "application/octet-stream", "cannot be called '../x'"),
)


def test_what_is_sent_wrongly_is_told_in_a_sentence(api):
    for query, body, kind, said in WRONG:
        found = api("POST", f"/models?{query}", body, **{"content-type": kind})
        assert found.status == 400 and said in found.body["message"]


def test_a_gateway_that_ends_waits_for_no_scan(api, monkeypatch):
    slow = "import sys, time; sys.stdin.read(); time.sleep(60)"
    real = subprocess.Popen
    monkeypatch.setattr(
        uploading.subprocess, "Popen", lambda command, **rest: real([command[0], "-c", slow], **rest)
    )
    home, examiner = api.stand.home, uploading.Examiner()
    threading.Timer(0.5, examiner.close).start()
    began = time.monotonic()
    for _ in range(2):  # the one under way, and one that comes too late
        with pytest.raises(AssayError, match="could not be examined|the server ended"):
            examiner.register(home, "model.register", {"file": "m.json", "name": "m"}, b"{}", "ada")
    assert time.monotonic() - began < 20 and not list((home.root / "scratch").iterdir())
