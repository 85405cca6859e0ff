"""The address that registries call, attacked: tokens, signatures, bodies, other names; it is answered at once and says little."""

import hashlib
import hmac
import http.client
import json
import threading
import time
from contextlib import contextmanager

import pytest

from assay.engines.watching import hooks
from assay.engines.watching.hooks import Busy, Caller, Hooks
from assay.kernel.errors import UsageError
from assay.methods.watching.pushes import LARGEST

SECRET = b"0123456789abcdef-a-secret"
BODY = json.dumps({"push_data": {"tag": "v2"}, "repository": {"repo_name": "ada/app"}}).encode()
CALLERS = {
    "plain": Caller("plain", "token", SECRET),
    "key": Caller("key", "token", SECRET, "x-api-key"),
    "hub": Caller("hub", "token", SECRET, in_url=True),
    "signed": Caller("signed", "hmac", SECRET, ""),
}


@contextmanager
def serving(note=lambda hook, pushed: len(pushed)):
    noted = []

    def keep(hook, pushed):
        noted.append((hook, [p.name for p in pushed]))
        return note(hook, pushed)

    with Hooks("127.0.0.1", 0, CALLERS, keep) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server.server_address[1], noted
        server.shutdown()
        thread.join()


def post(port, path, body=BODY, method="POST", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
    answer = connection.getresponse()
    said = json.loads(answer.read() or b"{}")
    connection.close()
    return answer.status, said


def signature(body=BODY, secret=SECRET):
    return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()


def ours(moment, body=BODY):
    return f"t={moment},v1={hmac.new(SECRET, b'%d.' % moment + body, hashlib.sha256).hexdigest()}"


def test_a_token_a_key_an_address_or_a_signature_is_known():
    token = SECRET.decode()
    with serving() as (port, noted):
        assert post(port, "/hooks/plain", Authorization=f"Bearer {token}") == (
            202,
            {"noted": 1, "refused": 0, "passed_over": 0},
        )
        assert post(port, "/hooks/plain", Authorization=token)[0] == 202  # as Harbor sends it
        assert post(port, "/hooks/key", X_Api_Key=token)[0] == 202  # as EventBridge's API destinations do
        assert post(port, f"/hooks/hub?token={token}")[0] == 202  # Docker Hub has no other place
        assert post(port, "/hooks/signed", X_Hub_Signature_256=signature())[0] == 202
        assert post(port, "/hooks/signed", Assay_Signature=ours(int(time.time())))[0] == 202
        assert noted == [
            (n, ["docker.io/ada/app:v2"]) for n in ("plain", "plain", "key", "hub", "signed", "signed")
        ]


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/hooks/plain", {}),
        ("/hooks/plain", {"Authorization": "Bearer "}),
        ("/hooks/plain", {"Authorization": "Bearer wrong"}),
        ("/hooks/plain?token=" + SECRET.decode(), {}),
        ("/hooks/key", {"Authorization": SECRET.decode()}),
        ("/hooks/hub?token=", {}),
        ("/hooks/hub?" + "&".join(f"a{n}=1" for n in range(50)), {}),
        ("/hooks/signed", {"X_Hub_Signature_256": signature(b"another body")}),
        ("/hooks/signed", {"X_Hub_Signature_256": signature(secret=b"guess")}),
        ("/hooks/signed", {"Assay_Signature": ours(int(time.time()) - 3600)}),
        ("/hooks/signed", {"Authorization": SECRET.decode()}),
        ("/hooks/none", {"Authorization": SECRET.decode()}),
    ],
)
def test_a_stranger_learns_nothing(path, headers):
    with serving() as (port, noted):
        status, said = post(port, path, **headers)
        assert status == 401 and said == {
            "message": "the hook is not known, or its token or signature is wrong"
        }
        assert noted == []


def test_what_is_no_notice_and_what_is_elsewhere_is_refused():
    known = {"Authorization": SECRET.decode()}
    with serving() as (port, noted):
        assert post(port, "/hooks/plain", b"{}", **known)[0] == 400
        assert post(port, "/", **known)[0] == 404 and post(port, "/hooks/../plain", **known)[0] == 404
        assert post(port, "/hooks/plain", method="GET", **known)[0] == 405
        assert post(port, "/hooks/plain", Host="evil.example.org", **known)[0] == 421
        assert post(port, "/hooks/plain", Content_Encoding="gzip", **known)[0] == 415
        assert post(port, "/hooks/plain", b" " * (LARGEST + 1), **known)[0] == 413
        assert noted == []


def test_the_body_of_a_request_to_another_name_was_read_as_the_next_request():
    inner = f"POST /hooks/plain HTTP/1.1\r\nHost: localhost\r\nAuthorization: {SECRET.decode()}\r\n".encode()
    inner += f"Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY
    with serving() as (port, noted):
        assert post(port, "/hooks/plain", inner, Host="evil.example.org")[0] == 421
        time.sleep(0.1)
        assert noted == []
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("POST", "/hooks/plain", b"", {"Host": "evil.example.org"})
        answer = connection.getresponse()
        assert answer.getheader("Connection") == "close" and answer.read()


def test_more_than_may_wait_is_told_to_come_again():
    def full(hook, pushed):
        raise Busy("1,000 images wait already")

    with serving(full) as (port, _):
        assert post(port, "/hooks/plain", Authorization=SECRET.decode()) == (
            503,
            {"message": "1,000 images wait already"},
        )


def test_a_secret_that_could_be_guessed_and_an_open_address_are_refused():
    with pytest.raises(UsageError, match="fewer than 16"):
        Caller("a", "token", b"short")
    assert "secret" not in repr(CALLERS["plain"])
    with pytest.raises(UsageError, match="tokens"):
        Hooks("0.0.0.0", 0, CALLERS, lambda *a: 0)
    with pytest.raises(UsageError, match="nobody may call"):
        Hooks("127.0.0.1", 0, {}, lambda *a: 0)
    assert hooks._NOBODY.knows({"authorization": ""}, "", b"", 0.0) is False
