from __future__ import annotations

import pytest

from assay.kernel.errors import Refused, UsageError
from assay.works.settings import Settings, read_settings


def test_environment_over_file_over_default(tmp_path):
    (tmp_path / "config.yaml").write_text("cores: 3\nfour_eyes: yes\nmemory: 2GB\n")
    found = read_settings(tmp_path, {"ASSAY_CORES": "5", "ASSAY_HOME": "/nowhere"})
    assert (found.cores, found.four_eyes, found.memory) == (5, True, "2GB")
    assert read_settings(None, {}).isolation == "full"


@pytest.mark.parametrize(
    "given",
    [
        {"isolation": "none"}, {"isolaton": "full"}, {"cores": 0}, {"cores": "x"}, {"four_eyes": "?"},
        {"cores": 10**11}, {"cores": float("inf")}, {"memory": "potato"}, {"memory": -1}, {"memory": None},
        {"memory": {"a": 1}}, {"actor": ["x"]},
    ],
)  # fmt: skip
def test_a_wrong_setting_is_one_sentence(given):
    with pytest.raises(UsageError) as error:
        Settings().updated(given, "here")
    assert "here" in str(error.value)


def test_two_people_asked_for_by_the_home_cannot_be_lifted_by_whoever_acts(tmp_path):
    (tmp_path / "config.yaml").write_text("four_eyes: true\n")
    found = read_settings(tmp_path, {"ASSAY_FOUR_EYES": "false"})
    assert found.four_eyes and found.updated({"four_eyes": False}, "assay.yaml").four_eyes
    assert not Settings().updated({"four_eyes": "no"}, "here").four_eyes


def test_the_settings_of_a_home_that_came_with_a_clone_are_not_obeyed(tmp_path):
    """Its config.yaml could send tables to somebody's cluster, and objects to somebody's bucket."""
    (tmp_path / "config.yaml").write_text("engine: sc://somewhere.example:15002\n")
    assert read_settings(tmp_path, {}).engine.startswith("sc://")
    tmp_path.chmod(0o755)  # as git and tar leave a folder
    with pytest.raises(Refused, match="came from elsewhere or is open to others.*chmod 700"):
        read_settings(tmp_path, {})
    (tmp_path / "config.yaml").unlink()
    assert read_settings(tmp_path, {}).engine == "duckdb"


def test_the_user_is_whom_the_system_knows_and_not_whom_the_environment_names(monkeypatch):
    import os
    import pwd

    from assay.works.home import os_user

    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    assert os_user() == pwd.getpwuid(os.getuid()).pw_name


def test_a_home_without_its_name_is_one_sentence(tmp_path):
    from assay.kernel.errors import Broken
    from assay.works.home import Home

    (tmp_path / "home.json").write_text('{"schema": "assay.home/1"}')
    with pytest.raises(Broken, match="home.json cannot be read"):
        Home.open(tmp_path, {})
