"""traces, runs show --trace and runs export, as a person types them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from assay.doors.cli.main import main
from assay.kernel.span import Scope, Span
from assay.methods.traces import otlp
from assay.works.call import call
from assay.works.home import Home

ASSAY = [sys.executable, "-c", "from assay.doors.cli import main; main()"]
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
EVIL = "\x1b[2J\u202e" + "x" * 300


@pytest.fixture
def said(capsys):
    """Run a command line; return (exit code, what it printed, what it said on the side)."""

    def run(*args):
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(list(args))
        out = capsys.readouterr()
        return int(ended.value.code or 0), out.out, out.err

    return run


@pytest.fixture
def home(tmp_path, monkeypatch, said):
    """The working directory, with a home and one check, called from a trace."""
    monkeypatch.chdir(tmp_path)
    for name in [n for n in os.environ if n.startswith(("ASSAY_", "OTEL_", "TRACE"))]:
        monkeypatch.delenv(name)
    (tmp_path / "t.csv").write_text("a,b\n1,x\n2,y\n2,y\n")
    assert said("init")[0] == 0
    monkeypatch.setenv("TRACEPARENT", PARENT)
    assert said("check", "data.profile", "t.csv")[0] == 0
    monkeypatch.delenv("TRACEPARENT")
    return tmp_path


def test_a_check_is_shown_to_scale_in_its_callers_trace(said, home):
    code, out, _ = said("traces", "show", "4bf9")
    lines = out.splitlines()
    assert code == 0 and lines[0].startswith("trace 4bf92f3577b34da6a3ce929d0e0e4736, ")
    assert any(line.startswith("check data.profile ") and "█" in line for line in lines)
    assert any(line.startswith("of ") and " were in " in line for line in lines)
    assert max(map(len, lines)) <= 80
    code, out, _ = said("traces", "list")
    assert code == 0 and "4bf92f3577b3" in out and max(map(len, out.splitlines())) <= 80
    (listed,) = json.loads(said("traces", "list", "--format", "json")[1])["traces"]
    shown = json.loads(said("runs", "show", listed["run"], "--trace", "--format", "json")[1])
    assert (
        shown["schema"] == "assay.trace/1"
        and len(otlp.read_json(json.dumps(shown["otlp"]).encode()).spans) == listed["spans"]
    )


def test_out_to_files_and_in_again(said, home):
    for args in (("--otlp", "t.json"), ("--otlp", "t.pb", "--encoding", "protobuf"), ("--xray", "t.xray")):
        code, out, _ = said("traces", "export", *args)
        assert code == 0 and out.startswith(tuple("0123456789")) and out.rstrip().endswith(args[1])
    code, out, _ = said("traces", "import", "t.json", "t.pb", "t.xray")
    assert code == 0 and "were here" in out
    assert said("log", "verify")[0] == 0


MISTAKES = [
    (("traces", "export"), "say --otlp"),
    (("traces", "export", "--otlp", "a", "--xray", "b"), "say --otlp"),
    (("traces", "show", "ffff"), "no trace or run begins with 'ffff'"),
    (("runs", "show", "zzzz", "--trace"), "no run begins with 'zzzz'"),
    (("traces", "import", "t.csv"), "it holds no spans"),
    (("traces", "import", "t.json", "--xray"), "there is no file"),
    (("traces", "export", "--otlp", "http://me:pw@h"), "password"),
    (("traces", "receive", "--host", "0.0.0.0"), "token"),
    (("traces", "export", "--xray", "http://localhost:1"), "written to a file"),
]


def test_a_mistake_is_one_sentence(said, home):
    for args, told in MISTAKES:
        code, out, err = said(*args)
        assert code == 2 and told in err and not out and len(err.strip().splitlines()) == 1, args


def test_headers_come_from_opentelemetrys_own_variable(said, home, monkeypatch):
    from assay.doors.cli.traces import _headers

    assert _headers({"OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20x, a-b=c,"}) == {
        "authorization": "Bearer x",
        "a-b": "c",
    }
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x=a%0d%0aevil: 1")
    code, _, err = said("traces", "export", "--otlp", "http://localhost:1")
    assert code == 2 and "no name=value" in err


def test_hostile_names_move_no_cursor(said, home):
    spans = [
        Span(
            "ab" * 16,
            "cd" * 8,
            EVIL,
            10**18,
            10**18 + 5,
            scope=Scope({"service.name": EVIL}),
            message=EVIL,
            status="error",
        )
    ]
    (home / "evil.json").write_bytes(otlp.write_json(spans))
    assert said("traces", "import", "evil.json")[0] == 0
    for args in (("traces", "show", "abab"), ("traces", "list"), ("traces", "list", "--format", "json")):
        code, out, _ = said(*args)
        assert code == 0 and "\x1b" not in out and "\u202e" not in out


def test_what_is_rejected_is_exit_1(said, home):
    bad = [Span("ab" * 16, "cd" * 8, "n", 1, 2), Span("0" * 32, "cd" * 8, "n", 1, 2)]
    (home / "bad.json").write_bytes(otlp.write_json(bad))
    code, out, _ = said("traces", "import", "bad.json")
    assert code == 1 and "1 were rejected: a traceId is none" in out


def _receiver(home, *args):
    env = {k: v for k, v in os.environ.items() if not k.startswith("ASSAY_")}
    process = subprocess.Popen(
        [*ASSAY, "traces", "receive", "--port", "0", *args],
        cwd=home,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    line = process.stderr.readline()
    assert line.startswith("listening on http://127.0.0.1:"), line + process.stderr.read()
    return process, line.split()[2].rstrip(";")


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.slow
def test_a_receiver_that_is_ended_keeps_what_it_took_and_says_so(said, home, end):
    process, url = _receiver(home)
    code, _, err = said("traces", "export", "4bf9", "--otlp", url, "--encoding", "json")
    assert code == 0, err
    process.send_signal(end)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 0 and "were here" in out
    assert said("log", "verify")[0] == 0


@pytest.mark.slow
def test_a_receiver_killed_again_and_again_loses_nothing_that_it_answered_for(said, home):
    """SIGKILL at instants of which nobody knows: each span that was answered for is there, and the log verifies."""
    import http.client
    import random
    import threading

    lot, answered = random.Random(5), []
    for turn in range(6):
        process, url = _receiver(home)
        port = int(url.split(":")[2].split("/")[0])
        threading.Timer(lot.uniform(0.02, 0.8), process.kill).start()
        number = 0
        while process.poll() is None:
            number += 1
            span = Span(f"{turn + 1:016x}{number:016x}", "cd" * 8, "n", 10**18, 10**18 + 5)
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            try:
                connection.request(
                    "POST", "/v1/traces", otlp.write_json([span]), {"Content-Type": "application/json"}
                )
                if connection.getresponse().status == 200:
                    answered.append(span.trace)
            except (OSError, http.client.HTTPException):
                time.sleep(0.01)
            finally:
                connection.close()
        process.communicate()
    opened = Home.open(home / ".assay", {"ASSAY_ACTOR": "ada"})
    assert answered and call("log.verify", {}, home=opened)["ok"]
    for trace in answered:
        assert call("traces.show", {"trace": trace}, home=opened)["trace"] == trace
    opened.close()
