"""The options of a check's or a treatment's command: what its signature takes, and what all have in common."""

from __future__ import annotations

from pathlib import Path

import click

from assay.doors.cli import mending
from assay.kernel.severity import SEVERITIES
from assay.works.declared import Kind
from assay.works.signature import Param

FORMATS = ("text", "json", "html", "sarif", "junit", "markdown")
_WIDE = 60  # characters of choices that are shown beside an option


def help_of(doc: str) -> str:
    """Keep paragraphs; an example stands alone, unwrapped, with the lines that follow it."""
    out = []
    for block in doc.strip().split("\n\n"):
        lines = block.splitlines()
        begins = next((i for i, line in enumerate(lines) if line.strip().startswith("Example:")), len(lines))
        plain, example = lines[:begins], lines[begins:]
        if plain:
            listed = any(line.startswith((" ", "- ", "* ", "|")) for line in plain)
            out.append(("\b\n" if listed else "") + "\n".join(plain))
        out += ["\b\n" + "\n".join(example)] if example else []
    return "\n\n".join(out)


def option(param: Param) -> click.Option:
    """Return the option that gives a parameter: an input, a report, a switch or a value."""
    names = [param.flag, param.argument]
    text = param.doc[:1].upper() + param.doc[1:] if param.doc else param.expected
    if param.role == "input" and param.many:
        shown = "NAME=TABLE" if "table" in param.kinds else "NAME=PATH"
        return click.Option(names, metavar=shown, multiple=True, help=text or "other tables, by name")
    if param.role == "input":
        words = {"table": "TABLE", "trainer": "SCRIPT|MODEL"}
        metavar = next((words[k] for k in param.kinds if k in words), param.kinds[0].upper())
        return click.Option(names, metavar=metavar, required=param.required, help=text or "another table")
    if param.role == "report" and param.many:
        names = [param.flag, *(["--reports"] if param.name == "using" else []), param.argument]
        shown = text or "reports, as JSON"
        return click.Option(names, metavar="FILE|DIR", multiple=True, help=shown)
    if param.role == "report":
        shown = text or "a report, as JSON"
        return click.Option(names, metavar="REPORT.json", required=param.required, help=shown)
    if param.type is bool:
        names = [f"{param.flag}/--no-{param.flag[2:]}", param.argument]
        shown = f"{text}  [default: {'on' if param.default else 'off'}]"
        return click.Option(names, default=None, help=shown)
    given = param.default if isinstance(param.default, tuple) else (param.default,)
    shown_default = ", ".join(str(one) for one in given if one not in (None, "", {}))
    text += f"  [required, unless --{param.unless} says it]" if param.unless else ""
    metavar_ = None if param.choices else _metavar(param)
    if len("|".join(param.choices)) > _WIDE:  # a line holds 80: the words stand in the text
        metavar_, text = "WORD", f"{text}: {', '.join(param.choices)}"
    return click.Option(
        names,
        multiple=param.many or param.type is dict,
        required=param.required,
        default=None,
        type=click.Choice(param.choices) if param.choices else None,
        metavar=metavar_,
        help=f"{text}  [default: {shown_default}]" if shown_default else text,
    )


def _metavar(param: Param) -> str:
    words = {int: "N", float: "X", Path: "FILE", dict: "NAME=VALUE"}
    if param.type.__class__.__name__ == "NewType" or getattr(param.type, "__name__", "") == "Column":
        return "COLUMN"
    return words.get(param.type, "TEXT")


# Who images in a registry are asked for as; a password is never an option, which others on the machine can read.
REGISTRY: list[click.Parameter] = [
    click.Option(
        ["--registry-user"],
        metavar="NAME@HOST",
        help="Log in there; the password from ASSAY_REGISTRY_PASSWORD or a file.",
    ),
    click.Option(
        ["--registry-password-file"], metavar="FILE", help="The file that holds that password alone."
    ),
    click.Option(
        ["--registry-config"], metavar="FILE", help="Docker's config.json; helpers it names are not started."
    ),
]
LOGIN = ("registry_user", "registry_password_file", "registry_config")


def common(kind: Kind, in_place: bool = False, folder: bool = False) -> list[click.Parameter]:
    """Return what each command of a kind takes; in_place: it can change a table where it lies; folder: it writes several files."""
    shared: list[click.Parameter] = [
        click.Option(
            ["--format", "format_"], type=click.Choice(FORMATS), default="text", help="How to print."
        ),
        click.Option(
            ["--engine"],
            metavar="ENGINE",
            help="Where tables run: duckdb, spark, local[2], spark://…, sc://…",
        ),
        click.Option(["--seed"], type=int, default=7, show_default=True, help="Of every random choice."),
        click.Option(
            ["--isolation"],
            type=click.Choice(["full", "partial"]),
            help="The least isolation that loading a model accepts.",
        ),
        click.Option(
            ["--unsafe-no-isolation"], is_flag=True, help="Load models with no isolation. Only for your own."
        ),
    ]
    fail = [
        click.Option(
            ["--fail-on"],
            type=click.Choice([*SEVERITIES, "none"]),
            default="high",
            show_default=True,
            help="Exit 1 at findings this grave.",
        ),
        click.Option(
            ["--allow-incomplete"], is_flag=True, help="Pass what could not be examined to the end."
        ),
    ]
    if kind == "check":
        own: list[click.Parameter] = [
            click.Option(
                ["-o", "--output"],
                type=click.Path(path_type=Path),
                metavar="DIR" if folder else "PATH",
                help="Write the documents into a folder." if folder else "Write the report to a file.",
            ),
            click.Option(
                ["--keep"],
                type=click.Path(path_type=Path),
                metavar="DIR",
                help="Keep the outputs (failing rows …).",
            ),
        ]
        return [*own, *fail, *shared]
    result = click.Option(
        ["-o", "--output"],
        type=click.Path(path_type=Path),
        required=not in_place,
        help="Where the result goes.",
    )
    return [result, *(mending.OPTIONS if in_place else ()), *shared]
