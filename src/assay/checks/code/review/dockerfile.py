"""Dockerfiles: images that are whatever they are that day, containers that run as root, secrets in layers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assay.checks.code.review import shell
from assay.kernel.severity import Severity
from assay.methods.review.dockerfile import Instruction
from assay.methods.review.shell import Command, of_lines
from assay.methods.review.spot import Spot

LANGUAGE = "dockerfile"
# TOKENIZERS_PARALLELISM is no token, MAX_TOKENS a number of them, and SECRET_NAME or a path says where a secret is.
_SECRET = re.compile(
    r"(?i)^(?!\w{0,80}TOKENS?(?:_\w{0,80})?[= ][\"']?[\d.,_]+[\"']?(?:\s|$))(?!\w{0,80}_(?:NAME|FILE|PATH|DIR|URL|URI|TYPE)[= ])"
    r"\w{0,80}?(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|ACCESS_KEY)(?:S|KEY|ID)?(?:_\w{0,80}|\d{0,3})[= ](?![\"']?[$/])['\"]?\S{6,}"
)


def rule(found: list[Instruction]) -> Iterator[Spot]:
    """Name each."""
    stages: dict[str, str] = {}  # and whom each runs as so far
    user, last, stage = "", None, ""
    for one in found:
        if one.name == "FROM":
            stages |= {stage: user} if stage else {}
            yield from _base(one, stages)
            words = [w.lower() for w in one.text.split() if not w.startswith("--")]
            user, last = stages.get(words[0], "") if words else "", one
            stage = words[2] if len(words) > 2 and words[1] == "as" else ""
        elif one.name == "USER":
            user = one.text.strip()
        elif one.name == "ADD" and re.search(r"https?://", one.text):
            grave = Severity.HIGH if "http://" in one.text else Severity.MEDIUM
            if "--checksum=" not in one.text:
                yield _spot(
                    one,
                    "added_unseen",
                    grave,
                    "What is added from an address is whatever it is that day.",
                    "ADD --checksum=sha256:…",
                    "CWE-494",
                )
        elif one.name in ("ENV", "ARG") and any(
            _SECRET.match(part) for part in re.split(r"\s+(?=\w+=)", one.text)
        ):
            yield _spot(one, "written_secret", Severity.HIGH, "A secret stays in a layer of the image, whatever later ones say.",
                        "RUN --mount=type=secret; and change it", "CWE-798")  # fmt: skip
        elif one.name in ("RUN", "CMD", "ENTRYPOINT"):
            lines = [Command(one.words, one.line, one.text[:200])] if one.words else list(of_lines(one.lines))
            yield from shell.rule(lines)
    if last is not None and user.partition(":")[0] in ("", "root", "0"):
        yield _spot(
            last,
            "root",
            Severity.MEDIUM,
            "The container runs as root.",
            "USER with a name of its own, at the end",
            "CWE-250",
        )


def _base(one: Instruction, stages: dict[str, str]) -> Iterator[Spot]:
    words = [w for w in one.text.split() if not w.startswith("--")]
    image = words[0] if words else ""
    known = image.lower() in stages or image == "scratch" or "$" in image
    if known or "@sha256:" in image:
        return
    tag = image.rpartition("/")[2].partition(":")[2]
    if tag in ("", "latest"):
        yield _spot(
            one,
            "unpinned_image",
            Severity.MEDIUM,
            f"{image[:80]} is whatever it is on the day it is built.",
            "name a version and its digest: image:1.2@sha256:…",
            "CWE-494",
        )
    else:
        yield _spot(
            one,
            "unpinned_image",
            Severity.LOW,
            f"{image[:80]} can be moved to another image.",
            "name its digest too: image:1.2@sha256:…",
            "CWE-494",
        )


def _spot(one: Instruction, rule: str, severity: Severity, message: str, remedy: str, cwe: str) -> Spot:
    return Spot(rule, severity, message, one.line, remedy, cwe, 1, f"{one.name} {one.text}"[:120])
