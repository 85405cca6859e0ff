"""Trees, files and images made to hang, blind or bring down whoever examines them: each ends, in a sentence or a finding, soon."""

import json
import os
import socket
import subprocess
import sys

import pytest
from click.testing import CliRunner
from tests.images import layer, oci_layout

from assay.doors.cli.main import cli
from assay.engines.blobs import digest_tree
from assay.kernel.errors import AssayError, BadInput, UsageError
from assay.kernel.severity import Severity
from assay.kernel.verdict import Gate
from assay.works.home import Home
from assay.works.scanning import scan
from assay.works.settings import Settings

EVIL = b"cos\nsystem\n(S'ls'\ntR."


def told(*words):
    return CliRunner().invoke(cli, [str(w) for w in words], standalone_mode=False)


@pytest.mark.parametrize("check", ["image.sbom", "model.scan"])
def test_a_pipe_a_socket_and_a_loop_named_alone_are_a_sentence(tmp_path, check):
    """image.sbom of a FIFO waited for a writer for ever; of a socket it was a fault of ours."""
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as held:
        held.bind(str(tmp_path / "sock"))
        (tmp_path / "loop").symlink_to("loop")
        for name in ("pipe", "sock", "loop"):
            assert isinstance(told("check", check, tmp_path / name).exception, AssayError)


@pytest.mark.parametrize("odd", ["pipe", "link"])
def test_a_layout_whose_index_is_a_pipe_is_a_sentence(tmp_path, odd, monkeypatch):
    """`assay scan` and `assay watch` waited for whoever would write into it."""
    folder = oci_layout(tmp_path / "in" / "layout", [layer({"a": "b"})])
    (folder / "index.json").unlink()
    os.mkfifo(folder / "index.json") if odd == "pipe" else (folder / "index.json").symlink_to("index.json")
    with pytest.raises(AssayError, match="index of the layout"):
        scan([str(folder)], {}, home=None, settings=Settings(), gate=Gate(Severity.HIGH))
    home = Home.create(tmp_path / "home", {"ASSAY_ACTOR": "ada"})
    home.close()
    monkeypatch.setenv("ASSAY_HOME", str(home.root))
    for place in (folder, folder.parent):
        result = told("watch", place, "--once", "--settle", "0", "--format", "json")
        assert result.return_value == 1 or isinstance(result.exception, AssayError)


def test_a_thousand_folders_within_one_another_are_a_sentence(tmp_path):
    """The stack ran out, which was a fault of ours."""
    here = os.getcwd()
    try:
        os.chdir(tmp_path)
        for _ in range(1_100):
            os.mkdir("d")
            os.chdir("d")
    finally:
        os.chdir(here)
    with pytest.raises(BadInput, match="deeper than 200"):
        digest_tree(tmp_path)
    assert isinstance(told("check", "model.scan", tmp_path).exception, BadInput)
    subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=True)


def test_a_folder_that_cannot_be_looked_into_is_no_empty_one(tmp_path):
    """Its models were passed over without a word, for everybody but root."""
    (tmp_path / "shut").mkdir()
    (tmp_path / "shut" / "m.pkl").write_bytes(EVIL)
    (tmp_path / "shut").chmod(0)
    code = "import sys, assay.engines.blobs as b, os\nos.chdir(sys.argv[1])\nif not os.getuid(): os.setgroups([]); os.setgid(65534); os.setuid(65534)\ntry: b.digest_tree('.')\nexcept Exception as e: print(type(e).__name__, e)"
    tmp_path.chmod(0o755)
    found = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True)
    (tmp_path / "shut").chmod(0o755)
    assert found.stdout.startswith("BadInput shut cannot be looked at"), found.stdout + found.stderr


def test_a_file_that_goes_while_it_is_read_is_a_sentence(tmp_path, monkeypatch):
    """It was a fault of ours."""
    from assay.engines import blobs

    (tmp_path / "t").mkdir()
    for name in "ab":
        (tmp_path / "t" / name).write_bytes(EVIL)
    read = blobs.digest_file

    def going(path):
        (tmp_path / "t" / "b").unlink(missing_ok=True)
        return read(path)

    monkeypatch.setattr(blobs, "digest_file", going)
    with pytest.raises(UsageError, match="b went while it was read"):
        blobs.digest_tree(tmp_path / "t")


def test_a_file_whose_name_is_no_text_is_examined_and_told(tmp_path, monkeypatch):
    """It was a fault of ours in JSON, SARIF and every home."""
    path = os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff\n\x1b[31m.pkl")
    with open(path, "wb") as out:
        out.write(EVIL)
    home = Home.create(tmp_path / "home", {"ASSAY_ACTOR": "ada"})
    home.close()
    for environment in ({}, {"ASSAY_HOME": str(home.root)}):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        for form in ("text", "json", "sarif"):
            result = told("check", "model.scan", path, "--format", form)
            assert result.return_value == 1 and "\x1b" not in result.output and "bad\\" in result.output
    found = json.loads(told("check", "model.scan", path, "--format", "json").output)
    assert found["subject"]["name"].startswith("bad\\xff")


@pytest.mark.parametrize("config", [[1, 2], 7, "x", None])
def test_a_configuration_that_is_no_object_is_a_sentence(tmp_path, config):
    from assay.engines.containers.bundle import Bundle
    from assay.engines.containers.described import of_manifest

    said = {"digest": "sha256:" + "0" * 64, "size": 1}
    bundle = Bundle(oci_layout(tmp_path / "layout", [layer({"a": "b"})]))
    with pytest.raises(BadInput, match="configuration is no JSON object"):
        of_manifest({"layers": [], "config": said}, said, lambda digest: config, bundle.bad)
