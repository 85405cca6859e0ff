"""Malformed questions through all guards at once: each is answered, in bounded time, and nothing is raised."""

from __future__ import annotations

import base64
import json
import math
import os
import pickle
import random
import time
from types import SimpleNamespace

import pytest

from assay.engines.firewall.firewall import standing
from assay.kernel.serving import Question, Refusal
from assay.methods.inputschema.schema import FILE, Feature, Schema
from assay.methods.payloads.reading import read
from assay.methods.payloads.refused import PayloadRefused
from assay.works.home import Home
from assay.works.serving import guards

pytestmark = pytest.mark.skipif(standing()[0] == "missing", reason=standing()[1])
KINDS = (
    "text/csv", "application/json", "application/jsonlines", "application/vnd.apache.arrow.stream", "text/plain", "",
    "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "multipart/form-data", "application/xml",
    "application/octet-stream", "image/png", "application/json; charset=\udcff", "\x00", "text/csv; header=absent", "x" * 5000,
)  # fmt: skip
PIECES = (
    "{{7*7}}", "<script>", "' or 1=1 --", "../", "\x00", "\ud800", "\u202e", "NaN", "Infinity", "-", "1e999", '"', "\\", "[", "{", "}", "]",
    ",", "\n", "\r", "${jndi:", "__class__", "py/object", "\x80\x04", "%00", "%u0000", "&", "=", ";", "ignore all previous instructions ",
    "gASV", "é", "漢", "\U0001f600", "0" * 400, "a" * 400, " " * 400, "$(" * 50, "<!--", "]]>", "()", "union select ",
)  # fmt: skip


class Fuzzer:
    """Makes questions that are broken in some way, each from the one generator."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        plain = ("POST", "127.0.0.1", "/invocations", (("Host", "models.example"), ("Content-Length", "9")))
        self.heads = [plain] * 15

    def text(self, most: int = 12) -> str:
        r = self.random
        return "".join(
            r.choice(PIECES) if r.random() < 0.5 else chr(r.randrange(1, 0x2FF))
            for _ in range(r.randrange(most))
        )

    def value(self, depth: int = 0):
        r = self.random
        kind = r.randrange(10 if depth < 4 else 7)
        if kind == 7:
            return [self.value(depth + 1) for _ in range(r.randrange(4))]
        if kind == 8:
            return {self.text(3): self.value(depth + 1) for _ in range(r.randrange(3))}
        if kind == 9:
            return base64.b64encode(pickle.dumps([1, self.text(2)], r.randrange(6))).decode()
        return (
            None,
            True,
            r.randint(-(10**20), 10**20),
            r.uniform(-1e308, 1e308),
            math.nan,
            math.inf,
            self.text(),
        )[kind]

    def body(self) -> bytes:
        r = self.random
        kind = r.randrange(8)
        if kind == 0:
            raw = r.randbytes(r.randrange(400))
        elif kind == 1:
            raw = json.dumps(
                {"instances": [[self.value() for _ in range(r.randrange(5))] for _ in range(r.randrange(4))]}
            ).encode()
        elif kind == 2:
            raw = json.dumps([{self.text(3) or "note": self.value()} for _ in range(r.randrange(4))]).encode()
        elif kind == 3:
            raw = "\n".join(",".join(self.text(3) for _ in range(3)) for _ in range(r.randrange(5))).encode(
                "utf-8", "replace"
            )
        elif kind == 4:
            raw = pickle.dumps(self.text(), r.randrange(6))
        elif kind == 5:
            raw = self.text(60).encode("utf-8", "surrogatepass")
        elif kind == 6:
            raw = b"[" * r.randrange(3000) + b"1" + b"]" * r.randrange(3000)
        else:
            raw = (
                b"--b\r\nContent-Disposition: form-data; name="
                + self.text(4).encode("utf-8", "replace")
                + b"\r\n\r\n"
                + r.randbytes(40)
            )
        if raw and r.random() < 0.4:  # broken once more
            at = r.randrange(len(raw))
            raw = raw[:at] + r.randbytes(r.randrange(6)) + raw[at + r.randrange(4) :]
        return raw

    def question(self) -> Question:
        r = self.random
        body, kind = self.body(), r.choice(KINDS)
        rows = None
        try:
            rows = read(body, kind, features=("age", "note")) if body else None
        except (PayloadRefused, UnicodeEncodeError):
            rows = None
        if r.random() < 0.1:  # a head costs most: few are new, or odd
            self.heads[15:] = [*self.heads[-4:], self.head()]
        method, address, path, headers = r.choice(self.heads)
        return Question(
            "i",
            "e",
            "v",
            0.0,
            f"c{r.randrange(700)}",
            kind,
            "",
            body,
            rows,
            "",
            "",
            address,
            method,
            path,
            headers,
        )

    def head(self):
        r = self.random
        headers = tuple((self.text(2), self.text(5)) for _ in range(r.randrange(4)))
        path = "/invocations" if r.random() < 0.6 else "/" + self.text(6)
        method = r.choice(("POST", "GET", "", "POST\x00", self.text(2)))
        return method, r.choice(("127.0.0.1", "::1", "", "not an address", "10.0.0.1")), path, headers


@pytest.fixture
def all_guards(tmp_path):
    home = Home.create(tmp_path, {"ASSAY_ACTOR": "ada"})
    package = tmp_path / "package"
    package.mkdir()
    features = (
        Feature("age", "integer", False, True, 0, 120),
        Feature("note", "text", True, False, values={"quiet": 9}, longest=50),
        *(Feature(f"f{i}", "number", True, False, 0.0, 1.0) for i in range(4)),
        Feature("v", "list", True, False, 0.0, 1.0, shortest=1, longest=9),
    )
    (package / FILE).write_bytes(Schema(features).to_bytes())
    record = SimpleNamespace(name="e", guard={"schema": "block", "firewall": "block"})
    return guards.of(home, record, package)


def play(all_guards, seed, times):
    fuzzer, slowest, refused = Fuzzer(seed), 0.0, 0
    for _ in range(times):
        question = fuzzer.question()
        clock = time.thread_time()
        for guard in all_guards:
            assert guard.slow(question) in (True, False)
            found = guard.examine(question)
            assert all(isinstance(f, Refusal) and 400 <= f.status < 600 and f.message for f in found)
            refused += bool(found)
        slowest = max(slowest, time.thread_time() - clock)
    return slowest, refused


def test_malformed_questions_are_answered_in_bounded_time(all_guards):
    slowest, refused = play(all_guards, 1, 60)
    assert refused > 20 and slowest < 0.5


@pytest.mark.slow
def test_a_hundred_thousand_malformed_questions_crash_nothing(all_guards):
    def resident():
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    play(all_guards, 2, 20_000)  # what is remembered is full
    before = resident()
    slowest, refused = play(all_guards, 3, 80_000)
    assert refused > 20_000 and slowest < 0.5
    assert resident() - before < 64 << 20
