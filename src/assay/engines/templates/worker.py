"""cfn-lint inside the sandbox: GIVEN MADE COUNT; writes what it says of NUMBER.template as NUMBER.json."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any

_MOST = 500  # words of a template


def main() -> None:
    """Hold every template of the folder to the schemas, each in a process of its own: one that takes too long ends that alone."""
    from cfnlint import api, config

    from assay.engines.templates import SECONDS

    def unheard(self: Any, template: object) -> None:
        self._template_args = {}

    config.TemplateArgs.set_template_args = unheard  # what the template says of rules, and of Python to load
    config.TemplateArgs.template_args = property(config.TemplateArgs.get_template_args, unheard)
    logging.disable(logging.CRITICAL)
    given, made = Path(sys.argv[1]), Path(sys.argv[2])
    api.lint("Resources: {}")  # so that rules and schemas are loaded once, before processes part
    for at in range(int(sys.argv[3])):
        child = os.fork()
        if not child:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(SECONDS)  # ends the process, whatever cfn-lint catches
            _one(given / f"{at}.template", made, at)
            os._exit(0)
        os.waitpid(child, 0)


def _one(path: Path, made: Path, at: int) -> None:
    from cfnlint import api, config

    said: Any
    try:
        manual = config.ManualArgs(regions=["us-east-1"], mandatory_checks=["E", "W"])
        said = [_plain(one) for one in api.lint(path.read_text(), config=manual)[:_MOST]]
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a hostile template finds what no linter foresaw
        said = f"cfn-lint failed over it: {type(error).__name__}: {str(error)[:150]}"
    part = made / f"{at}.part"
    part.write_text(json.dumps(said))
    part.rename(made / f"{at}.json")


def _plain(found: Any) -> dict[str, object]:
    level = {"E": "Error", "W": "Warning", "F": "Error"}.get(str(found.rule.id)[:1], "Informational")
    return {
        "rule": found.rule.id,
        "level": level,
        "message": found.message,
        "line": found.linenumber,
        "column": found.columnnumber,
    }
