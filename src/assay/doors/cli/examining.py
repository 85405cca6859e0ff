"""check, checks, treat, treatments: commands made from signatures."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from assay.doors.cli import context, mending
from assay.doors.cli.groups import Group
from assay.kernel.severity import SEVERITIES
from assay.works import declared
from assay.works.declared import Kind, Loaded
from assay.works.signature import Param, signature

FORMATS = ("text", "json", "html", "sarif", "junit", "markdown")
_WIDE = 60  # characters of choices that are shown beside an option
_EVERYWHERE = ("seed",)  # every command has it, and passes it to the work


class Actions(Group):
    """The checks, or the treatments, as subcommands."""

    kind: Kind = "check"
    noun = "check"

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return their names."""
        return declared.names(self.kind)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Make the command of one."""
        return command(declared.load(self.kind, cmd_name))

    def elsewhere(self, name: str) -> None:
        """Say that a check is no treatment, and the other way round."""
        other: Kind = "treatment" if self.kind == "check" else "check"
        if name in declared.names(other):
            declared.load(self.kind, name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List them by their docstrings, importing none."""
        with formatter.section(self.kind.capitalize() + "s"):
            formatter.write_dl([(item.name, item.summary) for item in declared.listing(self.kind)])


class Treatments(Actions):
    """The treatments as subcommands."""

    kind: Kind = "treatment"
    noun = "treatment"


@click.group(cls=Actions, subcommand_metavar="NAME TARGET... [OPTIONS]")
def check() -> None:
    """Examine data or a model with one check.

    Works without a home and then records nothing; inside one, it is an event.

    Example: assay check data.profile bookings.csv.gz
    """


@click.group(cls=Treatments, subcommand_metavar="NAME TARGET -o OUT [OPTIONS]")
def treat() -> None:
    """Change data: repair, mask, drop, split.

    Example: assay treat data.mask bookings.csv.gz --columns email -o masked.csv
    """


def command(loaded: Loaded) -> click.Command:
    """Return a click command made from a check's or treatment's signature."""
    spec = signature(loaded.function)
    subject = next(p for p in spec if p.role == "input")
    many = loaded.kind == "check"
    metavar = "TARGET..." if many else "TARGET"
    params: list[click.Parameter] = [
        click.Argument(["target"], nargs=-1 if many else 1, required=True, metavar=metavar)
    ]
    params += [
        _option(p) for p in spec if p.role != "work" and p is not subject and p.name not in _EVERYWHERE
    ]
    in_place = bool(getattr(loaded.module, "IN_PLACE", False))
    params += _common(loaded.kind, in_place, bool(getattr(loaded.module, "OUTPUT_FOLDER", False)))
    params += REGISTRY if subject.kinds == ("image",) else []
    runner = _check if many else _treat_in_place if in_place else _treat
    return click.Command(
        loaded.name,
        params=params,
        callback=lambda **given: runner(loaded, **given),
        help=_help(loaded.doc),
        short_help=loaded.doc.strip().splitlines()[0] if loaded.doc.strip() else "",
    )


def _help(doc: str) -> str:
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


def _option(param: Param) -> click.Option:
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


def _common(kind: Kind, in_place: bool = False, folder: bool = False) -> list[click.Parameter]:
    common: list[click.Parameter] = [
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
        return [*own, *fail, *common]
    result = click.Option(
        ["-o", "--output"],
        type=click.Path(path_type=Path),
        required=not in_place,
        help="Where the result goes.",
    )
    return [result, *(mending.OPTIONS if in_place else ()), *common]


def _given(given: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in given.items() if v is not None and v != ()}


def _isolation(isolation: str | None, unsafe: bool) -> str | None:
    return "none" if unsafe else isolation


def _check(
    loaded: Loaded,
    *,
    target: tuple[str, ...],
    output: Path | None,
    keep: Path | None,
    fail_on: str,
    allow_incomplete: bool,
    format_: str,
    seed: int,
    engine: str | None,
    isolation: str | None,
    unsafe_no_isolation: bool,
    **given: Any,
) -> int:
    from assay.works.checking import carry_out

    login = {name: given.pop(name, None) for name in LOGIN}
    settings = context.settings(isolation=_isolation(isolation, unsafe_no_isolation), engine=engine, **login)
    gate = context.gate(fail_on, allow_incomplete)
    if getattr(loaded.module, "OUTPUT_FOLDER", False):
        keep, output = output or keep, None
    verdicts = []
    with watching(loaded.name) as progress:
        for one in target:
            verdict = carry_out(
                "check",
                loaded.name,
                one,
                _given(given),
                home=context.home(),
                gate=gate,
                settings=settings,
                keep=keep,
                seed=seed,
                progress=progress,
            )
            verdicts.append(verdict)
    show(verdicts, format_, output)
    return context.exit_code(verdicts)


def show(verdicts: list[Any], format_: str, output: Path | None) -> None:
    """Print reports in a format, or write them to a file."""
    from assay.reports import render
    from assay.works.registering import tool

    if format_ == "text" and output is None:
        from rich.console import Console

        from assay.reports.terminal import print_verdict

        for verdict in verdicts:
            print_verdict(Console(highlight=False, soft_wrap=False), verdict)
        return
    context.emit(render(verdicts, format_, tool=tool()), output)
    for verdict in verdicts if output is not None else ():  # an exit code alone says little
        context.outline(verdict)


def _treat(
    loaded: Loaded,
    *,
    target: str,
    output: Path,
    format_: str,
    seed: int,
    engine: str | None,
    isolation: str | None,
    unsafe_no_isolation: bool,
    **given: Any,
) -> int:
    from assay.works.checking import treat_to

    settings = context.settings(isolation=_isolation(isolation, unsafe_no_isolation), engine=engine)
    with watching(loaded.name) as progress:
        verdict, paths = treat_to(
            loaded.name,
            target,
            _given(given),
            output,
            home=context.home(),
            settings=settings,
            seed=seed,
            progress=progress,
        )
    show([verdict], format_, None)
    for path in paths if format_ != "text" else ():  # the text names them itself
        click.echo(f"written to {path}", err=True)
    return context.exit_code([verdict])


def _treat_in_place(loaded: Loaded, *, in_place: bool, undo: str | None, **given: Any) -> int:
    """Carry out a treatment that can also show what it would change, change a table where it lies, and undo that."""
    way = mending.way(loaded.name, given["output"], in_place, undo, bool(given.get("preview")))
    if way == "copy":
        return _treat(loaded, **given)
    shown = {k: given.pop(k) for k in ("format_", "seed", "engine", "isolation", "unsafe_no_isolation")}
    settings = context.settings(
        isolation=_isolation(shown["isolation"], shown["unsafe_no_isolation"]), engine=shown["engine"]
    )
    target = given.pop("target")
    del given["output"]
    with watching(loaded.name) as progress:
        verdict, done = mending.carry_out(
            way, loaded.name, target, _given(given), undo or "", settings, shown["seed"], progress
        )
    format_ = shown["format_"]
    if verdict is not None and not (done and format_ in ("text", "json")):
        show([verdict], format_, None)
    if format_ == "text" or (format_ == "json" and done):
        mending.tell(verdict, done, format_)
    return 0 if verdict is None else context.exit_code([verdict])


@contextlib.contextmanager
def watching(what: str) -> Iterator[Callable[[int, int, str], None] | None]:
    """Draw a bar on stderr while something long goes on, where it is a terminal."""
    if not context.interactive():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, of, said: bar.update(
            task, completed=done, total=of or None, description=f"{what} {said}".strip()
        )


def _described(loaded: Loaded) -> dict[str, Any]:
    """Return one check or treatment as JSON: what it is for, and each thing it is told."""
    first, _, doc = loaded.doc.strip().partition("\n")
    takes = [
        {
            "name": p.name,
            "role": "input" if p.role == "input" else "report" if p.role == "report" else "value",
            "expected": " or ".join(p.kinds) or p.expected,
            "many": p.many,
            "required": p.needed(()),
            "unless": p.unless or None,
            "default": list(p.default) if isinstance(p.default, tuple) else p.default,
            "doc": p.doc,
        }
        for p in signature(loaded.function)
        if p.role != "work"
    ]
    return {
        "schema": f"assay.{loaded.kind}/1",
        "name": loaded.name,
        "summary": first,
        "doc": doc.strip(),
        "params": takes,
    }


def _listing(kind: Kind, name: str | None, format_: str) -> None:
    if name is not None and format_ == "json":
        return context.emit_json(_described(declared.load(kind, name)))
    if name is not None:
        made = command(declared.load(kind, name))
        verb = "check" if kind == "check" else "treat"
        with click.Context(made, info_name=f"assay {verb} {name}", max_content_width=80) as ctx:
            click.echo(made.get_help(ctx))
        return None
    items = list(declared.listing(kind))
    if format_ == "json":
        rows = [{"name": i.name, "summary": i.summary} for i in items]
        context.emit_json({"schema": f"assay.{kind}s/1", f"{kind}s": rows})
        return None
    formatter = click.HelpFormatter(width=80)
    formatter.write_dl([(i.name, i.summary) for i in items])
    click.echo(formatter.getvalue().rstrip())
    return None


@click.command()
@click.argument("name", required=False)
@context.format_option
def checks(name: str | None, format_: str) -> None:
    """List the checks, or one check's full help.

    Example: assay checks data.bias
    """
    _listing("check", name, format_)


@click.command()
@click.argument("name", required=False)
@context.format_option
def treatments(name: str | None, format_: str) -> None:
    """List the treatments, or one treatment's full help.

    Example: assay treatments data.mask
    """
    _listing("treatment", name, format_)
