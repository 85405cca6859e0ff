"""Files made to exhaust who looks at them, as a user types it: each in bounded time and memory, and with a finding."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

SECONDS, MEGABYTES = 60, 250  # of processor; at most
# What a process held is counted as held by those it starts, but for its own high-water mark.
ASSAY = """
import sys
from assay.doors.cli import main
held = sys.argv[1]
sys.argv = ["assay", *sys.argv[2:]]
try:
    main()
finally:
    with open("/proc/self/status") as file, open(held, "w") as out:
        out.write(next(line.split()[1] for line in file if line.startswith("VmHWM")))
"""


def _sparse(head: bytes):
    def write(path: Path) -> None:
        with path.open("wb") as file:
            file.write(head)
            file.truncate(5 << 30)

    return write


def _laughs(path: Path) -> None:
    """Sixty lists, each of ten times the one before."""
    parts = [b"\x80\x04]q\x00(K\x01K\x02e"]
    parts += [b"]q%c(" % i + b"h%c" % (i - 1) * 10 + b"e" for i in range(1, 60)]
    path.write_bytes(b"".join(parts) + b".")


def _members(path: Path, count: int = 10_000_000) -> None:
    """A zip of empty members, each in its place."""
    names = np.char.zfill(np.arange(count).astype("S8"), 8)
    local = np.zeros(count, [("magic", "S4"), ("version", "<u2"), ("rest", "V20"), ("length", "<u2"), ("extra", "<u2"), ("name", "S8")])  # fmt: skip
    local["magic"], local["version"], local["length"], local["name"] = b"PK\x03\x04", 20, 8, names
    central = np.zeros(count, [("magic", "S4"), ("made", "<u2"), ("version", "<u2"), ("rest", "V20"), ("length", "<u2"),
                               ("more", "V12"), ("header", "<u4"), ("name", "S8")])  # fmt: skip
    central["magic"], central["made"], central["version"], central["length"] = b"PK\x01\x02", 20, 20, 8
    central["header"], central["name"] = np.arange(count) * local.itemsize, names
    at = count * local.itemsize
    size = count * central.itemsize
    far = np.array([count, count, size, at], "<u8").tobytes()
    with path.open("wb") as file:
        local.tofile(file)
        central.tofile(file)
        file.write(b"PK\x06\x06" + np.array([44], "<u8").tobytes() + b"\x2d\0\x2d\0" + bytes(8) + far)
        file.write(b"PK\x06\x07" + bytes(4) + np.array([at + size], "<u8").tobytes() + b"\1\0\0\0")
        file.write(b"PK\x05\x06" + bytes(4) + b"\xff" * 12 + bytes(2))


def _cyclic(path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w") as file:
        file.create_group("a")["up"] = file["/"]


QUICK = {"laughs": ("m.pkl", _laughs, "bomb"), "cyclic": ("m.h5", _cyclic, "hdf5")}
SLOW = {
    "zeros": ("m.bin", _sparse(b""), "not_understood"),
    "a pickle and then zeros": ("m.pkl", _sparse(b"\x80\x04]"), "not_understood"),
    "a zip and then zeros": ("m.pt", _sparse(b"PK\x03\x04"), "not_understood"),
    "HDF5 and then zeros": ("m.h5", _sparse(b"\x89HDF\r\n\x1a\n"), "not_understood"),
    "safetensors and then zeros": ("m.safetensors", _sparse(b"\0\0\0\x40\1\0\0\0{"), "not_understood"),
    "ten million members": ("m.zip", _members, "bomb"),
}


def _ended(folder: Path, *words: str) -> tuple[int, float, float, str]:
    """Exit code, seconds of processor, megabytes, and what was said."""
    held = folder / "held"
    process = subprocess.Popen(
        [sys.executable, "-c", ASSAY, str(held), *words, "--format", "json"],
        stdout=subprocess.PIPE,
        text=True,
    )
    with process.stdout:
        said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, used.ru_utime + used.ru_stime, int(held.read_text()) / 1024, said


@pytest.mark.parametrize("kind", [*QUICK, *(pytest.param(k, marks=pytest.mark.slow) for k in SLOW)])
@pytest.mark.parametrize(
    "command", [("check", "model.scan"), pytest.param(("scan",), marks=pytest.mark.slow)]
)
def test_it_is_told_in_bounded_time_and_memory(command, kind, tmp_path):
    name, write, rule = (QUICK | SLOW)[kind]
    write(tmp_path / name)
    code, seconds, memory, said = _ended(tmp_path, *command, str(tmp_path / name))
    json.loads(said)
    assert code == 1 and f"model.scan.{rule}" in said
    assert seconds < SECONDS and memory < MEGABYTES, (seconds, memory)


def test_the_zip_of_many_members_is_one_that_others_read(tmp_path):
    _members(tmp_path / "few.zip", 70_000)
    with zipfile.ZipFile(tmp_path / "few.zip") as archive:
        assert len(archive.infolist()) == 70_000 and archive.read("00069999") == b""
