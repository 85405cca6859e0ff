import getpass
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from assay.kernel.errors import UsageError
from assay.works.notebooks.tunnelling import Tunnel


def test_the_command_ties_both_ends_to_their_own_machines():
    assert Tunnel("ana@notebooks.example.org", 9999, 8888).shown() == (
        "ssh -N -L 127.0.0.1:8888:127.0.0.1:9999 \\\n  -o ExitOnForwardFailure=yes \\\n"
        "  -o ServerAliveInterval=30 \\\n  ana@notebooks.example.org"
    )
    shown = Tunnel("h", key="a key", via="bob@door.example.org", ssh_port=2222).shown()
    assert "-J bob@door.example.org -i 'a key' -p 2222" in shown.replace("\\\n  ", "")


@pytest.mark.parametrize(
    "host", ["-oProxyCommand=touch x", "a b", "", "ana@", "ana@-x", "a;b", "$(x)", "a" * 400]
)
def test_what_is_no_machine_never_reaches_ssh(host):
    with pytest.raises(UsageError):
        Tunnel(host)
    if host:
        with pytest.raises(UsageError):
            Tunnel("h", via=host)


def free():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.mark.parametrize(
    ("writes", "told"),
    [
        ("@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.", "not the one that is known"),
        ("Host key verification failed.", "not known here, and was not accepted"),
        ("ana@h: Permission denied (publickey).", "takes none of your keys"),
        ("ssh: connect to host h port 22: Connection refused", "no SSH server answers at h, port 22"),
        ("ssh: Could not resolve hostname h: Name or service not known", "no machine called h"),
        ("kex_exchange_identification: something new.", "does not open the tunnel: kex_exchange_identification: something new"),
        ("", "said nothing, and left with 255"),
    ],
)  # fmt: skip
def test_why_it_does_not_open_is_one_sentence(tmp_path, monkeypatch, writes, told):
    """A page of ssh's stood above a sentence that only pointed at it."""
    fake = tmp_path / "ssh"
    fake.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{writes}\nEND\nexit 255\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(UsageError) as caught:
        Tunnel("ana@h", local=free()).open()
    assert told in str(caught.value) and "\n" not in str(caught.value)


def test_a_key_that_is_not_there_is_told_before_ssh_is_asked(tmp_path):
    with pytest.raises(UsageError, match="there is no key"):
        Tunnel("h", key=str(tmp_path / "no"), local=free()).open()


def test_what_ssh_says_once_it_is_open_is_passed_on_and_a_sigterm_ends_it_too(tmp_path):
    """Ended by SIGTERM, the command left its ssh behind with the tunnel open."""
    port, fake = free(), tmp_path / "ssh"
    fake.write_text(
        f"#!{sys.executable}\nimport os, socket, sys, time\nsys.stderr.write('a greeting\\n'); sys.stderr.flush()\n"
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\n"
        f"s = socket.create_server(('127.0.0.1', {port}))\ntime.sleep(0.3)\n"
        "sys.stderr.write('channel 2: open failed\\n'); sys.stderr.flush()\ntime.sleep(60)\n"
    )
    fake.chmod(0o755)
    command = [sys.executable, "-c", "from assay.doors.cli import main; main()"]
    run = subprocess.Popen(
        [*command, "notebook", "tunnel", "h", "--local", str(port), "--open"],
        env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    said = [run.stderr.readline().strip() for _ in range(3)]
    assert (
        said[0] == "a greeting"
        and "open until you interrupt it" in said[1]
        and said[2].startswith("channel 2")
    )
    run.terminate()
    assert run.wait(20) == 0
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


@pytest.mark.slow
def test_through_a_real_sshd(tmp_path):
    sshd = shutil.which("sshd", path="/usr/sbin:/usr/bin")
    if sshd is None or shutil.which("ssh-keygen") is None:
        pytest.skip("openssh-server is not installed here")
    for name in ("host", "own"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name], check=True)
    port, behind, local = free(), free(), free()
    keys = tmp_path / "keys"
    keys.write_text((tmp_path / "own.pub").read_text())
    keys.chmod(0o600)
    os.makedirs("/run/sshd", exist_ok=True)
    (tmp_path / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {tmp_path}/host\nAuthorizedKeysFile {keys}\nStrictModes no\nUsePAM no\n"
        f"PidFile {tmp_path}/pid\nPasswordAuthentication no\nPermitRootLogin yes\n"
    )
    # what ssh knows of the host comes from a file of its own, so that nothing is asked and nothing of the user's is touched
    (tmp_path / "known").write_text(f"[127.0.0.1]:{port} " + (tmp_path / "host.pub").read_text())
    wrapper = tmp_path / "bin" / "ssh"
    wrapper.parent.mkdir()
    wrapper.write_text(
        f'#!/bin/sh\nexec {shutil.which("ssh")} -F none -o UserKnownHostsFile={tmp_path}/known "$@"\n'
    )
    wrapper.chmod(0o755)
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "api").write_text("seen through it")
    server = subprocess.Popen([sshd, "-D", "-e", "-f", tmp_path / "sshd_config"], stderr=subprocess.DEVNULL)
    site = subprocess.Popen(
        [sys.executable, "-m", "http.server", str(behind), "--bind", "127.0.0.1", "-d", tmp_path / "page"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(100):
            with socket.socket() as one, socket.socket() as two:
                if not one.connect_ex(("127.0.0.1", port)) and not two.connect_ex(("127.0.0.1", behind)):
                    break
            time.sleep(0.05)
        before = os.environ["PATH"]
        os.environ["PATH"] = f"{wrapper.parent}:{before}"
        try:
            way = Tunnel(
                f"{getpass.getuser()}@127.0.0.1", behind, local, key=str(tmp_path / "own"), ssh_port=port
            )
            process = way.open()
            with pytest.raises(UsageError, match="taken"):
                way.open()
        finally:
            os.environ["PATH"] = before
        try:
            assert urllib.request.urlopen(f"http://127.0.0.1:{local}/api").read() == b"seen through it"
        finally:
            process.terminate()
            process.wait()
    finally:
        for one in (server, site):
            one.terminate()
            one.wait()
