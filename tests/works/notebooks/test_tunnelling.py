import getpass
import os
import shutil
import socket
import subprocess
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
    import sys

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
