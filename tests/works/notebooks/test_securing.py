import json
import os
import stat

import pytest

from assay.kernel.errors import UsageError
from assay.methods.jupyter import passwords
from assay.works.notebooks.examining import postures
from assay.works.notebooks.securing import AUTHORITY, FILE, KEY, hashed, secure


def test_what_is_there_is_kept_but_for_what_speaks_against_it(tmp_path):
    before = {
        "ServerApp": {"ip": "0.0.0.0", "root_dir": "/work", "jpserver_extensions": {"jupyterlab": True}, "token": ""},
        "NotebookApp": {"allow_origin": "*", "password": ""}, "LabApp": {"collaborative": True},
        "FileContentsManager": {"allow_hidden": True, "delete_to_trash": False},
    }  # fmt: skip
    (tmp_path / FILE).write_text(json.dumps(before))
    done = secure(tmp_path, password="correct horse battery")
    now = json.loads((tmp_path / FILE).read_text())
    assert now["ServerApp"]["root_dir"] == "/work"
    assert now["ServerApp"]["jpserver_extensions"] == {"jupyterlab": True}
    assert now["ServerApp"]["ip"] == "127.0.0.1"
    assert now["LabApp"] == {"collaborative": True}
    assert now["FileContentsManager"] == {"delete_to_trash": False}
    assert "token" not in now["ServerApp"]
    assert "NotebookApp" not in now or "allow_origin" not in now["NotebookApp"]
    assert json.loads((tmp_path / done["before"]).read_text()) == before


def test_only_its_owner_reads_what_is_secret(tmp_path):
    tmp_path.chmod(0o777)
    secure(tmp_path, password="correct horse battery")
    modes = {n: stat.S_IMODE((tmp_path / n).stat().st_mode) for n in (FILE, KEY, AUTHORITY)}
    assert modes == {FILE: 0o600, KEY: 0o600, AUTHORITY: 0o644}
    assert not stat.S_IMODE(tmp_path.stat().st_mode) & 0o022
    assert "correct horse" not in "".join(p.read_text() for p in tmp_path.iterdir())


def test_what_it_writes_it_finds_right(tmp_path):
    secure(tmp_path, password="correct horse battery")
    posture = next(iter(postures(str(tmp_path), "", "", False, {"HOME": str(tmp_path)})))
    assert not posture.unknown
    assert posture.value("PasswordIdentityProvider.hashed_password")["strength"] == "strong"
    assert posture.observed["certificate"]["days"] > 390


def test_a_password_is_argon2id_and_salted():
    one, two = hashed("correct horse battery"), hashed("correct horse battery")
    assert one != two
    assert passwords.judged(one) == ("strong", "argon2id of 64 MiB and 3 passes")


@pytest.mark.parametrize(
    "wrong",
    [{"password": "short"}, {"names": ["-oProxyCommand=x"]}, {"names": ["a b"]}, {"port": 0}, {"idle": 5},
     {"names": [".."]}, {"names": ["a..b"]}, {"names": ["999.1.1.1"]}, {"names": ["-a.example"]}, {"names": ["fe80::1%eth0"]},
     {"names": ["*.example.org"]}, {"bind": "0.0.0.0", "tls": False}],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_nothing_is_written(tmp_path, wrong):
    with pytest.raises(UsageError):
        secure(tmp_path / "new", **wrong)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("content", ["nonsense", "[]", "[" * 100_000])
def test_a_configuration_that_cannot_be_read_is_left_as_it_is(tmp_path, content):
    (tmp_path / FILE).write_text(content)
    with pytest.raises(UsageError, match="nothing was changed"):
        secure(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == [FILE]
    assert (tmp_path / FILE).read_text() == content


@pytest.mark.parametrize("said", ["text", None, 7, ["ip"], True])
def test_a_group_that_is_no_mapping_gives_way(tmp_path, said):
    """It raised TypeError, and nothing was set right."""
    (tmp_path / FILE).write_text(json.dumps({"ServerApp": said, "Other": said}))
    done = secure(tmp_path)
    now = json.loads((tmp_path / FILE).read_text())
    assert now["ServerApp"]["ip"] == "127.0.0.1" and now["Other"] == said and done["kept"] == ["Other"]


def test_what_is_no_file_is_left_as_it_is(tmp_path):
    """A pipe was waited at for ever, and a link was written over, so that what it led to was not set right."""
    elsewhere = tmp_path / "elsewhere.json"
    elsewhere.write_text("{}")
    for number, make in enumerate(
        (os.mkfifo, os.mkdir, lambda p: os.symlink(elsewhere, p), lambda p: os.symlink("/nowhere", p))
    ):
        for name in (FILE, KEY, f"{FILE}.before"):
            folder = tmp_path / f"{number}{name}"
            folder.mkdir()
            make(folder / name)
            with pytest.raises(UsageError, match="nothing was changed"):
                secure(folder)
            assert [p.name for p in folder.iterdir()] == [name]
    assert elsewhere.read_text() == "{}"


def test_a_folder_that_cannot_be_is_told_in_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below", tmp_path / ("a" * 300), "/proc/nothing"):
        with pytest.raises(UsageError, match="cannot be used"):
            secure(type(tmp_path)(folder))


@pytest.mark.parametrize("depth", [300, 900, 5000])
def test_one_that_nests_deep_is_kept_or_told(tmp_path, depth):
    """It could be read, and not be written again."""
    (tmp_path / FILE).write_text('{"Deep": ' + '{"a": ' * depth + "1" + "}" * depth + "}")
    try:
        secure(tmp_path)
    except UsageError:
        assert [p.name for p in tmp_path.iterdir()] == [FILE]
    else:
        assert "Deep" in json.loads((tmp_path / FILE).read_text())


def test_what_another_file_says_later_is_told(tmp_path):
    (tmp_path / "jupyter_lab_config.py").write_text("c.ServerApp.ip = '0.0.0.0'\nc.ServerApp.token = ''\n")
    (tmp_path / "jupyter_server_config.py").write_text("c.ServerApp.port = 1\n")  # which is taken before
    done = secure(tmp_path)
    assert done["overruled"] == {
        "IdentityProvider.token": "jupyter_lab_config.py",
        "ServerApp.ip": "jupyter_lab_config.py",
    }
    (tmp_path / "jupyter_lab_config.py").unlink()
    assert secure(tmp_path)["overruled"] == {}


def test_an_empty_token_lets_nobody_in_where_there_is_a_password(tmp_path):
    (tmp_path / "jupyter_server_config.py").write_text("c.IdentityProvider.token = ''\n")
    assert secure(tmp_path)["overruled"] == {"IdentityProvider.token": "jupyter_server_config.py"}
    assert secure(tmp_path, password="correct horse battery")["overruled"] == {}


def test_bytes_that_are_no_text_and_numbers_that_are_none_are_borne(tmp_path):
    (tmp_path / FILE).write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="nothing was changed"):
        secure(tmp_path)
    (tmp_path / FILE).write_text('{"A": {"x": NaN, "y": "\\ud800", "z": 1e999}}')
    assert secure(tmp_path)["kept"] == ["A"]
