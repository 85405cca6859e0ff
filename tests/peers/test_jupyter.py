"""notebook: a real Jupyter server, started as it comes, as it should not be, and as it was set right."""

import json
import os
import socket
import subprocess
import time
from contextlib import contextmanager

import pytest

pytestmark = pytest.mark.slow
PACKAGES = ("jupyter-server>=2.14,<3", "ipykernel>=6,<8")


def free():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextmanager
def jupyter(python, folder, config, *args):
    """Run a server with a configuration folder, and give where its runtime files lie."""
    runtime = folder / "runtime"
    runtime.mkdir()
    env = {k: v for k, v in os.environ.items() if not k.startswith("JUPYTER")}
    env |= {"JUPYTER_CONFIG_DIR": str(config), "JUPYTER_RUNTIME_DIR": str(runtime), "HOME": str(folder)}
    command = [python, "-m", "jupyter", "server", "--allow-root", "--no-browser", *args]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=log)
    try:
        end = time.monotonic() + 60
        while not list(runtime.glob("jpserver-*.json")):
            assert process.poll() is None and time.monotonic() < end, (folder / "log").read_text()
            time.sleep(0.1)
        url = json.loads(next(runtime.glob("jpserver-*.json")).read_text())["url"]
        port = int(url.split(":")[2].split("/")[0])
        while socket.socket().connect_ex(("127.0.0.1", port)):
            assert time.monotonic() < end
            time.sleep(0.1)
        yield runtime
    finally:
        process.terminate()
        process.wait()


def rules(report):
    return {f["rule"].removeprefix("notebook.server."): f["severity"] for f in report["findings"]}


@pytest.fixture
def python(environment):
    return environment("jupyter", *PACKAGES)


def test_one_that_is_open_to_all_is_found_from_within_and_from_outside(assay, python, tmp_path, monkeypatch):
    config = tmp_path / "config"
    config.mkdir()
    port = free()
    (config / "jupyter_server_config.py").write_text(
        f"c.ServerApp.ip = '0.0.0.0'\nc.ServerApp.port = {port}\nc.IdentityProvider.token = ''\nc.ServerApp.allow_origin = '*'\n"
        "c.ServerApp.allow_credentials = True\nc.ServerApp.disable_check_xsrf = True\n"
    )
    with jupyter(python, tmp_path, config) as runtime:
        monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(runtime))
        monkeypatch.setenv("HOME", str(tmp_path))
        here = assay.json(tmp_path, "notebook", "check", "--inside", code=1)
        monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "nowhere"))
        far = assay.json(tmp_path, "notebook", "check", f"http://127.0.0.1:{port}/", code=1)
    found = rules(here)
    assert {k: found[k] for k in ("open", "cors", "bind", "clear_text", "xsrf")} == {
        "open": "critical", "cors": "critical", "bind": "high", "clear_text": "high", "xsrf": "high",
    }  # fmt: skip
    assert {"open", "cors", "xsrf"} <= rules(far).keys()
    assert far["coverage"]["skipped"]


def test_as_it_comes_it_asks_for_its_token_and_gives_no_more_away(assay, python, tmp_path, monkeypatch):
    (tmp_path / "config").mkdir()
    with jupyter(
        python,
        tmp_path,
        tmp_path / "config",
        f"--port={free()}",
        "--IdentityProvider.token=" + "a1b2c3d4e5f6" * 4,
    ) as runtime:
        monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(runtime))
        found = rules(assay.json(tmp_path, "notebook", "check", "--fail-on", "none"))
    assert not {"open", "cors", "bind", "clear_text", "xsrf", "rebinding", "framed"} & found.keys()
    assert found["token_kept"] == "medium"
    assert found["idle"] == "low"


def test_what_was_set_right_is_what_the_server_does(assay, python, tmp_path, monkeypatch):
    """JSON goes over a .py beside it, the password opens it, another does not, and nothing is found that can be helped."""
    config, port = tmp_path / "config", free()
    config.mkdir()
    (config / "jupyter_server_config.py").write_text(
        "c.ServerApp.ip = '0.0.0.0'\nc.ServerApp.allow_origin = '*'\nc.ServerApp.token = ''\n"
    )
    (tmp_path / "word").write_text("correct horse battery\n")
    assay(tmp_path, "notebook", "secure", "--dir", "config", "--port", str(port), "--password-file", "word")
    with jupyter(python, tmp_path, config) as runtime:
        monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(runtime))
        monkeypatch.setenv("HOME", str(tmp_path))
        ca = config / "notebook-authority.pem"
        report = assay.json(
            tmp_path, "notebook", "check", "--ca", str(ca), "--fail-on", "none", "--allow-incomplete"
        )
        found = rules(report)
        script = (
            "import http.cookiejar, ssl, sys, urllib.request as u, urllib.parse as p, urllib.error\n"
            "site, ca = sys.argv[1:3]\n"
            "def enters(word):\n"
            "    jar = http.cookiejar.CookieJar()\n"
            "    o = u.build_opener(u.HTTPCookieProcessor(jar), u.HTTPSHandler(context=ssl.create_default_context(cafile=ca)))\n"
            "    o.open(site + 'login').read()\n"
            "    mark = next(c.value for c in jar if c.name == '_xsrf')\n"
            "    try:\n"
            "        o.open(site + 'login', p.urlencode({'password': word, '_xsrf': mark}).encode()).read()\n"
            "        return o.open(site + 'api/contents?content=0').status\n"
            "    except urllib.error.HTTPError as error:\n"
            "        return error.code\n"
            "print(enters('correct horse battery'), enters('wrong'))\n"
        )
        done = subprocess.run(
            [python, "-c", script, f"https://127.0.0.1:{port}/", str(ca)], capture_output=True, text=True
        )
    assert done.stdout.split() == ["200", "401"], done.stderr
    expected = {"root"} if os.getuid() == 0 else set()
    assert (
        found.keys() - {"root_allowed", "environment", "metadata_v1", "metadata_v2", "metadata_container"}
        == expected
    )
