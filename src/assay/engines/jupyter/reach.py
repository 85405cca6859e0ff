"""What the machine of a notebook reaches: the cloud's metadata service, a container's credentials, keys in the environment.

It is run as it stands, here or in a kernel, with the standard library alone: ``told()`` is its answer. No credential is asked
for or kept: of a role its name, of a variable that it is there.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
from typing import Any

INSTANCE = ("169.254.169.254", 80)
CONTAINER = ("169.254.170.2", 80)
KEYS = (
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AZURE_CLIENT_SECRET",
    "GOOGLE_APPLICATION_CREDENTIALS",
)
_ROLE = "/latest/meta-data/iam/security-credentials/"


def _asked(method: str, path: str, headers: dict[str, str], place: tuple[str, int]) -> tuple[int, str]:
    link = http.client.HTTPConnection(place[0], place[1], timeout=1)
    try:
        link.request(method, path, headers=headers)
        answer = link.getresponse()
        return answer.status, answer.read(4096).decode("latin-1")
    except (OSError, http.client.HTTPException):
        return 0, ""
    finally:
        link.close()


def told(instance: tuple[str, int] = INSTANCE, container: tuple[str, int] = CONTAINER) -> dict[str, Any]:
    """Return what is reached, as a dictionary of plain values."""
    status, body = _asked("GET", _ROLE, {}, instance)
    found = {
        "uid": getattr(os, "getuid", lambda: -1)(),
        "imds_v1": status == 200,
        "imds_v2": False,
        "role": "",
    }
    if status != 200:
        status, token = _asked(
            "PUT", "/latest/api/token", {"X-aws-ec2-metadata-token-ttl-seconds": "60"}, instance
        )
        if status == 200:
            found["imds_v2"] = True
            status, body = _asked("GET", _ROLE, {"X-aws-ec2-metadata-token": token}, instance)
    if status == 200 and body:
        found["role"] = body.split()[0][:128]
    if os.environ.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") or os.environ.get(
        "AWS_CONTAINER_CREDENTIALS_FULL_URI"
    ):
        try:
            socket.create_connection(container, timeout=1).close()
            found["container"] = True
        except OSError:
            found["container"] = False
    found["environment"] = ", ".join(name for name in KEYS if os.environ.get(name))
    return found


if __name__ == "__main__":
    print(json.dumps(told()))  # noqa: T201 - a kernel answers by what it prints
