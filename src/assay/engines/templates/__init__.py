"""CloudFormation templates held to the service's own schemas by cfn-lint, in the sandbox alone.

A template can tell cfn-lint what to leave out, and which Python to load beside its rules (``Metadata: cfn-lint``); a folder can by its
``.cfnlintrc``. So it runs where nothing else is, without network, and what templates tell it is not heard.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from assay.engines.isolation.grant import Grant, Level, Limits, interpreter, source
from assay.engines.isolation.sandbox import run

MOST = 200  # templates that are held to the schemas
_SAID = 4 << 20  # bytes of what is said of a template
SECONDS = 30  # that a template may take


@dataclass(frozen=True, slots=True)
class Word:
    """What is said of a place. rule: cfn-lint's name of it. level: Error, Warning or Informational. line, column: from 1."""

    rule: str
    level: str
    message: str
    line: int
    column: int


def present() -> bool:
    """Whether cfn-lint is installed."""
    return find_spec("cfnlint") is not None


def words(
    templates: Sequence[str],
    scratch: Path,
    level: Level = "full",
    span: Callable[[str], AbstractContextManager[object]] = nullcontext,
) -> list[list[Word] | str]:
    """Return what cfn-lint says of each template, or as text why it says nothing. The order is kept.

    span: records how long the job takes. One that takes too long is told as not read.
    """
    folder = scratch / f"templates-{uuid.uuid4().hex[:12]}"
    given, made = folder / "given", folder / "made"
    given.mkdir(parents=True)
    made.mkdir()
    taken = templates[:MOST]
    for at, text in enumerate(taken):
        (given / f"{at}.template").write_text(text, encoding="utf-8", errors="replace")
    limits = Limits(memory=4 << 30, seconds=60.0 + (SECONDS + 5) * len(taken), processes=16, disk=64 << 20)
    env = {
        "PYTHONPATH": str(source()),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(made),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    grant = Grant(read=(given,), write=(made,), limits=limits, level=level, env=env)
    command = "from assay.engines.templates.worker import main; main()"
    argv = [str(interpreter()), "-s", "-c", command, str(given), str(made), str(len(taken))]
    with span("job hold templates to their schemas"):
        run(argv, grant, log=folder / "log", cwd=made)
    out = [_read(made / f"{at}.json") for at in range(len(taken))]
    return [*out, *(f"only {MOST} templates are held to the schemas" for _ in templates[MOST:])]


def _read(path: Path) -> list[Word] | str:
    """Return what the job wrote of a template; it is judged as what anybody may have written."""
    if not path.is_file() or path.is_symlink() or path.stat().st_size > _SAID:
        return "cfn-lint did not come to an end over it"
    try:
        found = json.loads(path.read_bytes())
        return found[:500] if isinstance(found, str) else [_word(one) for one in found]
    except (ValueError, TypeError, KeyError, RecursionError):
        return "what cfn-lint said of it cannot be read"


def _word(raw: dict[str, Any]) -> Word:
    return Word(
        str(raw["rule"])[:20],
        str(raw["level"])[:20],
        str(raw["message"])[:500],
        max(1, int(raw["line"])),
        max(1, int(raw["column"])),
    )
