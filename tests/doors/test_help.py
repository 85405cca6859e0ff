"""Every command's help: it fits 80 columns, and its example runs as it stands in the folder that the demo lays out."""

from __future__ import annotations

import http.server
import importlib.util
import re
import shlex
import subprocess
import threading
from pathlib import Path

import click
import joblib
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from tests import images

from assay.doors.cli.main import cli, main

_spec = importlib.util.spec_from_file_location(
    "examples", Path(__file__).parents[2] / "tools" / "examples.py"
)
tools = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(tools)
# Loads a model, or trains one
LOADS_A_MODEL = (
    "model.bias", "model.validate", "model.explain", "model.trade", "treat model.", "assay run ", "diagnose", "reproduce", "endpoint invoke",
    "data.reweigh", "data.resample", "data.impact", "data.decorrelate", "traffic.attribution",
)  # fmt: skip


def _walk(command, path, parent):
    ctx = click.Context(command, info_name=path, parent=parent, max_content_width=80)
    yield " ".join(ctx.command_path.split()), command.get_help(ctx)
    if isinstance(command, click.Group):
        for name in command.list_commands(ctx):
            yield from _walk(command.get_command(ctx, name), name, ctx)


PAGES = dict(_walk(cli, "assay", None))


def _example(text):
    found = re.search(r"^ *Example: (.*\n(?:^ {4,}\S.*\n)*)", text, re.M)
    return found and " ".join(found[1].replace("\\\n", " ").split())


def _shown():
    """The examples whose output a page of the reference shows, and what it shows."""
    out = {}
    for path in tools.EXAMPLES.iterdir():
        lines = path.read_text(encoding="utf-8").splitlines()
        typed = [line[2:] for line in lines if line.startswith(("$ ", "> "))]
        out[" ".join(" ".join(typed).replace("\\ ", " ").split())] = "\n".join(lines[len(typed) :]) + "\n"
    return out


EXAMPLES_SHOWN = _shown()
EXAMPLES = sorted({e for e in map(_example, PAGES.values()) if e})


def _marks(example):
    return [pytest.mark.slow] if any(word in example for word in LOADS_A_MODEL) else []


@pytest.mark.parametrize("path", PAGES)
def test_help_fits_80_columns_and_has_an_example(path):
    text = PAGES[path]
    assert max(map(len, text.splitlines())) <= 80
    assert "..." not in text.replace("TARGET...", "").replace("[ARGS]...", "").replace(
        "[QUERY]...", ""
    ).replace("COMMAND", "")
    example = _example(text)
    assert example and example.split("&& ")[-1].startswith(path)


def test_an_example_of_several_lines_can_be_typed_as_it_is_printed():
    """Three of monitors broke off in the middle of a command: the shell took the next line for another."""
    found = {
        path: re.search(r"^ *Example: (.*\n(?:^ {4,}\S.*\n)*)", text, re.M) for path, text in PAGES.items()
    }
    lines = {path: match[1].splitlines() for path, match in found.items() if match}
    assert not {p for p, these in lines.items() if not all(x.endswith(("&&", "\\", "|")) for x in these[:-1])}


@pytest.mark.parametrize("example", [pytest.param(e, marks=_marks(e)) for e in EXAMPLES if e != "assay demo"])
def test_its_example_runs_in_the_demos_folder(example, copy, monkeypatch, capsys, request):
    monkeypatch.chdir(copy)
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("ASSAY_HOME", "ASSAY_ISOLATION"):
        monkeypatch.delenv(name, raising=False)
    if "--to /tmp/assay-demo" in example:
        example = example.replace("/tmp/assay-demo", ".")  # it is laid out here, and reused
    if "kept.txt" in example and ">" not in example:
        _run("assay log checkpoint > kept.txt", copy, capsys)
    if "app.tar" in example:  # the demo has no image, and nothing known of what one would hold
        _lay_out_an_image(copy)
    if "model.joblib" in example:  # nor a model with code in it
        _lay_out_a_model(copy)
    if "watch incoming" in example:  # nor is there a folder that things are put into
        (copy / "incoming").mkdir()
        (copy / "incoming" / "tidy.py").write_text("print(sum(range(10)))\n")
    if "channel test" in example:  # nor is anybody told of anything
        request.getfixturevalue("told")(copy)
    if example.startswith("assay secrets"):  # nor is it a repository
        subprocess.run(["git", "init", "-q"], check=True)
    printed = "".join(_run(part, copy, capsys) for part in example.split("&&"))
    page = EXAMPLES_SHOWN.get(example)
    if page is not None:
        assert tools.shown(tools.settled(printed)) == page, "the docs show another output: make docs"


def _lay_out_an_image(folder):
    files = {"etc/os-release": images.DEBIAN, "var/lib/dpkg/status": images.stanza("base-files", "12.4")}
    images.docker_save(folder / "app.tar", [images.layer(files)])
    (folder / "osv").mkdir()
    images.zipped(folder / "osv" / "all.zip", images.record("A-1", "Debian:12", "other", ("introduced", "0")))


def _lay_out_a_model(folder):
    rows = pd.read_csv(folder / "bookings.csv.gz")
    columns = ["lead_time", "adults", "total_of_special_requests"]
    model = LogisticRegression(max_iter=500).fit(rows[columns], rows["is_canceled"])
    joblib.dump(model, folder / "model.joblib")


@pytest.fixture
def told(monkeypatch):
    """Write into a demo's folder that its channel ops leads to a receiver of this test."""

    class Taking(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Taking)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("OPS_SECRET", "made up")

    def written(folder):
        url = f"http://127.0.0.1:{server.server_address[1]}/"
        (folder / ".assay" / "channels.yaml").write_text(
            f"hosts: [127.0.0.1]\nchannels:\n  ops: {{webhook: '{url}', secret: env:OPS_SECRET}}\n"
        )

    yield written
    server.shutdown()
    server.server_close()
    thread.join()


def _run(line, folder, capsys):
    words = shlex.split(line)
    to = None
    if ">" in words:
        words, to = words[:-2], words[-1]
    assert words[0] == "assay"
    with pytest.raises(SystemExit) as ended:
        main(words[1:])
    out, err = capsys.readouterr()
    failed = 1 if words[1:3] == ["check", "data.integrity"] or words[1:3] == ["check", "data.leakage"] else 0
    assert ended.value.code in (0, failed), err
    if to:
        (folder / to).write_text(out)
        return ""
    if "--format" not in words:
        assert max([len(one) for one in out.splitlines()] or [0]) <= 80
    return out


def test_a_group_without_a_command_shows_its_help_and_nothing_before_or_after_it(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["model"])
    err = capsys.readouterr().err
    assert ended.value.code == 2
    assert err.startswith("Usage: assay model") and "see `assay" not in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["modl"], "there is no command 'modl'; did you mean 'model'? see `assay --help`"),
        (["model", "lst"], "there is no command 'lst'; did you mean 'list'? see `assay model --help`"),
        (["check", "data.profil"], "there is no check 'data.profil'; did you mean 'data.profile'?"),
    ],
)
def test_the_nearest_command_is_named_in_every_group(words, said, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2 and said in capsys.readouterr().err
