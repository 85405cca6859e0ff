"""Shell: what is fetched and run at once, what is not verified, notebooks open to all, boxes without walls."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assay.kernel.severity import Severity
from assay.methods.review.shell import Command, wild
from assay.methods.review.spot import Spot

LANGUAGE = "shell"
_SHELLS = ("sh", "bash", "zsh", "dash", "python", "python3", "perl", "ruby", "node")
_PLAIN = re.compile(r"http://(?!localhost|127\.|\[::1\]|0\.0\.0\.0|169\.254\.)[\w.-]+\.\w", re.IGNORECASE)
_INTERPRETER = re.compile(r"(?:ba|da|z|k)?sh|python[\d.]*|perl|ruby|node|php")
_LEADS = ("sudo", "env", "exec", "nohup", "nice")
_INSIDE = re.compile(r"(?:\$\(|<\(|`)\s{0,10}(?:curl|wget)\b")
_EMPTY_TOKEN = re.compile(r"--(?:NotebookApp|ServerApp|IdentityProvider|LabApp)\.(?:token|password)=?['\"]*$")
_SECRET = re.compile(
    r"(?i)^(?:AWS_SECRET_ACCESS_KEY|AWS_SESSION_TOKEN|\w*(?:PASSWORD|SECRET|TOKEN|API_?KEY))=(?![\"']?\$)['\"]?[^\s'\"]{8,}"
)


def rule(commands: list[Command]) -> Iterator[Spot]:
    """Name each."""
    for one in commands:
        yield from _fetched(one)
        yield from _jupyter(one)
        yield from _rest(one)


def _spot(one: Command, rule: str, severity: Severity, message: str, remedy: str, cwe: str) -> Spot:
    return Spot(rule, severity, message, one.line, remedy, cwe, 1, one.text[:120])


def _fetched(one: Command) -> Iterator[Spot]:
    words, name = one.words, one.name
    fetch = name in ("curl", "wget")
    if (fetch and _run_by(one)) or _substituted(one):
        yield _spot(one, "fetched_and_run", Severity.HIGH, f"What {name if fetch else 'is fetched'}{' fetches' if fetch else ''} is run before anybody saw it.",
                    "fetch a file, compare its digest, then run it", "CWE-494")  # fmt: skip
    if (
        name == "curl" and any(w == "--insecure" or re.fullmatch(r"-[a-zA-Z]*k[a-zA-Z]*", w) for w in words)
    ) or "--no-check-certificate" in words:
        yield _spot(
            one,
            "no_verification",
            Severity.HIGH,
            "Whoever stands in between is taken for the server.",
            "leave it out",
            "CWE-295",
        )
    if name in ("pip", "pip3") or words[:3] in (("python", "-m", "pip"), ("python3", "-m", "pip")):
        if any(w.startswith("--trusted-host") for w in words):
            yield _spot(
                one,
                "no_verification",
                Severity.HIGH,
                "Packages come from a host that is not verified.",
                "leave --trusted-host out",
                "CWE-295",
            )
        if any(w.startswith("--extra-index-url") for w in words):
            yield _spot(one, "two_indexes", Severity.MEDIUM, "The higher version wins, whichever index it comes from: anybody may publish one.",
                        "one index (--index-url) that mirrors the other, and hashes (--require-hashes)", "CWE-427")  # fmt: skip
    if any("sslVerify=false" in w for w in words) or any(
        s.startswith("GIT_SSL_NO_VERIFY=") for s in one.sets
    ):
        yield _spot(
            one,
            "no_verification",
            Severity.HIGH,
            "git does not verify whom it fetches from.",
            "leave it out",
            "CWE-295",
        )
    fetches = fetch or name in ("git", "pip", "pip3", "aria2c", "conda", "apt-key")
    if fetches and any(_PLAIN.search(w) for w in words):
        yield _spot(
            one,
            "plain_http",
            Severity.MEDIUM,
            "What is fetched comes over HTTP, where anybody on the way can change it.",
            "https://",
            "CWE-319",
        )


def _run_by(one: Command) -> bool:
    """Whether what a command writes is handed to an interpreter as its program, by way of sudo, env or tee."""
    for words in (one.into, *one.beyond):
        at = 0
        while at < len(words) and (
            words[at].startswith("-") or "=" in words[at] or words[at].rpartition("/")[2] in _LEADS
        ):
            at += 2 if words[at] in ("-u", "-g", "--user") else 1
        name = words[at].rpartition("/")[2] if at < len(words) else ""
        if _INTERPRETER.fullmatch(name) and _reads_its_program(name, words[at + 1 :]):
            return True
    return False


def _reads_its_program(name: str, words: tuple[str, ...]) -> bool:
    """Whether an interpreter runs what it is handed: not where its program stands in a word (``-c``, ``-m``, ``-e``) or a file."""
    own = (
        "cm"
        if name.startswith("python")
        else "c"
        if name.endswith("sh")
        else "r"
        if name == "php"
        else "enpE"
    )
    passed = False
    for word in words:
        if passed:
            passed = False
        elif word in ("-", "/dev/stdin") or (
            name.endswith("sh") and re.fullmatch(r"-[a-zA-Z]*s[a-zA-Z]*", word)
        ):
            return True
        elif word.startswith("--"):
            if word.startswith(("--eval", "--print")):
                return False
        elif word.startswith(("-", "+")):
            if re.match(rf"-[a-zA-Z]*[{own}]", word):
                return False
            passed = word in ("-o", "+o", "-W", "-X", "-O", "-I")
        else:
            return False
    return True


def _substituted(one: Command) -> bool:
    """Whether an interpreter, eval or source is given what a command inside fetches: ``sh -c "$(curl …)"``, ``. <(curl …)``."""
    if not (_INTERPRETER.fullmatch(one.name) or one.name in ("eval", "source", ".")):
        return False
    return _INSIDE.search(" ".join(one.words)[:4_000]) is not None or _INSIDE.search(one.text) is not None


def _jupyter(one: Command) -> Iterator[Spot]:
    if not one.name.startswith("jupyter") and one.words[1:2] != ("notebook",):
        return
    words = one.words
    opened = [
        w
        for i, w in enumerate(words)
        if _EMPTY_TOKEN.match(w) and (w.endswith(("=", "'", '"')) or words[i + 1 : i + 2] == ("",))
    ]
    if opened:
        yield _spot(one, "jupyter_open", Severity.CRITICAL if _all(words) else Severity.HIGH, "The notebook server asks for no token: whoever reaches it runs code.",
                    "leave the empty token out; see assay notebook secure", "CWE-306")  # fmt: skip
    elif _all(words):
        yield _spot(
            one,
            "every_address",
            Severity.MEDIUM,
            "The notebook server listens on every address.",
            "--ip=127.0.0.1, and assay notebook tunnel",
            "CWE-668",
        )
    if "--allow-root" in words:
        yield _spot(
            one,
            "root",
            Severity.MEDIUM,
            "The notebook server runs as root.",
            "run it as a user of its own",
            "CWE-250",
        )


def _all(words: tuple[str, ...]) -> bool:
    return any(w in ("--ip=0.0.0.0", "--ip=*", "--ip=::") for w in words) or "0.0.0.0" in words  # noqa: S104 - what is looked for


def _rest(one: Command) -> Iterator[Spot]:
    words, name = one.words, one.name
    if wild(one):
        yield _spot(one, "wildcard", Severity.LOW, f"A file whose name begins with a dash is an option of {name} here.",
                    "./* instead of *, or -- before it", "CWE-155")  # fmt: skip
    if name == "eval" and any(re.search(r"\$[@*1-9{]", w) for w in words[1:]):
        yield _spot(
            one,
            "eval",
            Severity.MEDIUM,
            "eval runs what the script was called with.",
            '"$@", or a case of what is meant',
            "CWE-95",
        )
    if name == "chmod" and any(re.fullmatch(r"0?777|a\+rwx|o\+w|a\+w", w) for w in words):
        yield _spot(
            one,
            "world_writable",
            Severity.MEDIUM,
            "Everybody may change it.",
            "give its owner what is needed",
            "CWE-732",
        )
    if name in ("docker", "podman") and ("--privileged" in words or any("docker.sock" in w for w in words)):
        yield _spot(
            one,
            "no_walls",
            Severity.HIGH,
            "The container owns the machine.",
            "leave --privileged and docker.sock out",
            "CWE-250",
        )
    if name in ("ssh", "scp", "rsync", "sftp") and any("StrictHostKeyChecking=no" in w for w in words):
        yield _spot(
            one,
            "host_key",
            Severity.MEDIUM,
            "A host that is not known is taken for the one that is meant.",
            "known_hosts, with accept-new at most",
            "CWE-322",
        )
    if any(_SECRET.match(w) for w in ([*words[1:], *one.sets] if name == "export" else one.sets)):
        yield _spot(
            one,
            "written_secret",
            Severity.HIGH,
            "A secret stands in the script.",
            "read it from a store of secrets when it is needed; and change it",
            "CWE-798",
        )
