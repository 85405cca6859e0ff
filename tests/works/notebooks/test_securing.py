import json
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
     {"bind": "0.0.0.0", "tls": False}],
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
