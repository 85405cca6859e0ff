import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.methods.jupyter.posture import PASSWORD, TOKEN, Posture, described
from assay.methods.jupyter.settings import Settings, take_arguments, take_json, take_python


def of(text: str) -> Settings:
    settings = Settings()
    take_python(text, "f.py", settings)
    return settings


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("c.ServerApp.ip = '0.0.0.0'", "ServerApp.ip", "0.0.0.0"),
        ("c.NotebookApp.ip = '*'", "ServerApp.ip", "*"),
        ("c['ServerApp']['port'] = 9", "ServerApp.port", 9),
        ("c.ServerApp.token = ''", TOKEN, ""),
        ("c.NotebookApp.password = 'sha1:ab12:cd'", PASSWORD, "sha1:ab12:cd"),
        ("c.ServerApp.update({'allow_root': True})", "ServerApp.allow_root", True),
        ("c = get_config()\nimport os\nc.ServerApp.ip = '::1'", "ServerApp.ip", "::1"),
        ("c.ServerApp.ip = 'a'\nc.ServerApp.ip = 'b'", "ServerApp.ip", "b"),
        ("c.ServerApp.ip = 'a'\nif x:\n    c.ServerApp.ip = 'a'", "ServerApp.ip", "a"),
    ],
)
def test_literals_are_settings_under_the_name_of_today(text, name, value):
    settings = of(text)
    assert settings.get(name) == value
    assert settings.where(name).startswith("f.py:")
    assert not settings.unknown


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("import os\nc.ServerApp.ip = os.environ['IP']", "ServerApp.ip"),
        ("if x:\n    c.ServerApp.ip = '0.0.0.0'", "ServerApp.ip"),
        ("for ip in ips:\n    c.ServerApp.ip = ip", "ServerApp.ip"),
        ("match x:\n    case 1:\n        c.ServerApp.ip = '0.0.0.0'", "ServerApp.ip"),
        ("try:\n    pass\nexcept E:\n    c.ServerApp.ip = 'x'", "ServerApp.ip"),
        ("c.ServerApp.ip += '0'", "ServerApp.ip"),
        ("load_subconfig('other.py')", "f.py:1"),
        ("exec(open('x').read())", "f.py:1"),
        ("setattr(c.ServerApp, 'ip', '0.0.0.0')", "f.py:1"),
        ("d = c.ServerApp", "f.py:1"),
        ("change(c)", "f.py:1"),
        ("c.ServerApp.update(more)", "f.py:1"),
        ("this is no python", "f.py"),
        ("(" * 5000, "f.py"),
    ],
)
def test_what_it_works_out_while_it_runs_is_unknown_and_never_a_default(text, place):
    settings = of(text)
    assert place in settings.unknown
    assert "ServerApp.ip" not in settings.known


def test_a_password_typed_into_the_file_is_seen():
    settings = of("from jupyter_server.auth import passwd\nc.ServerApp.password = passwd('tulip')")
    assert settings.get("password in the open") is True
    assert PASSWORD in settings.unknown


def test_json_goes_over_python_and_the_command_line_over_both():
    settings = of("c.ServerApp.ip = 'a'\nc.ServerApp.port = 1")
    take_json('{"ServerApp": {"ip": "b", "port": 2}}', "f.json", settings)
    take_arguments(["lab", "--ip=c", "--ServerApp.token", "''", "--allow-root", "--port"], settings)
    assert settings.get("ServerApp.ip") == "c"
    assert settings.get("ServerApp.port") == ""
    assert settings.get(TOKEN) == ""
    assert settings.get("ServerApp.allow_root") is True
    assert settings.where("ServerApp.ip") == "command line"


def test_a_setting_that_comes_later_ends_a_doubt():
    settings = of("c.ServerApp.ip = name()")
    take_json('{"ServerApp": {"ip": "127.0.0.1"}}', "f.json", settings)
    assert settings.get("ServerApp.ip") == "127.0.0.1"
    assert not settings.unknown


@given(
    st.text(max_size=200)
    | st.recursive(st.none() | st.integers() | st.text(max_size=5), st.lists).map(json.dumps)
)
def test_no_file_makes_it_fail(text):
    settings = Settings()
    take_json(text, "f.json", settings)
    take_python(text, "f.py", settings)
    assert (
        Posture.from_json(
            Posture("x", settings=described(settings), unknown=settings.unknown).to_json()
        ).target
        == "x"
    )


def test_no_secret_is_in_what_is_kept():
    settings = of(
        "c.ServerApp.token = 'sesame-open-4711'\nc.GitLab.api_token = 'sesame'\nc.X.client_secret = 'sesame'"
    )
    text = Posture("x", settings=described(settings)).to_json()
    assert "sesame" not in text
    assert described(settings)[TOKEN]["value"]["bits"] > 40


@pytest.mark.parametrize("text", ["[]", "{}", '{"schema": "assay.jupyter/1"}', '{"schema": "assay.jupyter/1", "target": "x", "files": [1]}',
                                  '{"schema": "assay.jupyter/1", "target": "x", "settings": {"a": 1}}', "x"])  # fmt: skip
def test_what_is_no_description_is_refused(text):
    with pytest.raises(ValueError):
        Posture.from_json(text)
