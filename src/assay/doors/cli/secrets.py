"""secrets: those that are borne, and those that a commit would bring in."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assay.doors.cli import context
from assay.doors.cli.groups import Group
from assay.engines.terminal import say
from assay.kernel.severity import SEVERITIES

if TYPE_CHECKING:
    from assay.kernel.handles import Key


@click.group(cls=Group)
def secrets() -> None:
    """Secrets in code: kept out of commits, and borne for a reason.

    `assay check code.secrets` finds them.

    Example: assay secrets hook
    """


@secrets.command("staged")
@click.option("--key", "key_", metavar="KEY", help="That the baseline was made with.")
@click.option(
    "--fail-on",
    type=click.Choice(SEVERITIES),
    default="medium",
    show_default=True,
    help="The least that stops a commit.",
)
@context.format_option
def staged_(key_: str | None, fail_on: str, format_: str) -> int:
    """Search what is staged, and exit 1 where a commit would bring a secret in.

    What the newest commit has already is not told again; what the baseline
    .assay-secrets or a comment accepts is none.

    Example: assay secrets staged
    """
    from assay.works.staged import keyed, staged

    here = Path.cwd()
    found, left = staged(here, _key(key_, made_with=keyed(here) if key_ is None else ""), fail_on)
    if format_ == "json":
        context.emit_json(
            {"schema": "assay.staged/1", "secrets": [f.to_dict() for f in found], "skipped": left}
        )
        return 1 if found or left else 0
    for one in found:
        place = f"{one.file}{f' ({one.member})' if one.member else ''}:{one.line}"
        said = _filled(f"{one.severity} {place}: {one.message}", "  ")
        click.secho(one.severity, bold=True, nl=False, err=True)
        click.echo(said.removeprefix(one.severity), err=True)
        click.echo(_filled(f"  → {one.remedy}", "    "), err=True)
    for name in left:
        say(f"{name} is too large to be searched before each commit")
    if found:
        say("Not committed. To bear one: a comment `assay: allow-secret REASON` on its line.")
    return 1 if found or left else 0


def _filled(text: str, later: str) -> str:
    """Fold a text at 80 columns, what follows its first line behind later; a path is never cut."""
    return textwrap.fill(text, 80, subsequent_indent=later, break_long_words=False, break_on_hyphens=False)


@secrets.command("hook")
@click.argument("folder", type=click.Path(path_type=Path), default=".")
def hook_(folder: Path) -> None:
    """Write a pre-commit hook into a git repository: no commit brings a secret in.

    With the pre-commit framework, name this repository's hook assay-secrets.

    Example: assay secrets hook
    """
    from assay.works.staged import install

    click.echo(f"{install(folder)} runs `assay secrets staged` before each commit")


@secrets.command("accept")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--reason", required=True, help="Why they are borne.")
@click.option(
    "--only", multiple=True, metavar="FINGERPRINT", help="One of them, by where.secret; again. [default: all]"
)
@click.option("--exclude", multiple=True, metavar="GLOB", help="Files to leave out.")
@click.option("--history/--no-history", default=True, help="Those in the history too. [default: on]")
@click.option(
    "--key", "key_", metavar="KEY", help="To make fingerprints with, instead of a salt in the file."
)
@context.format_option
def accept_(
    folder: Path,
    reason: str,
    only: tuple[str, ...],
    exclude: tuple[str, ...],
    history: bool,
    key_: str | None,
    format_: str,
) -> None:
    """Write the secrets of a folder into its baseline, .assay-secrets.

    The file holds fingerprints, reasons and places, and no secret. code.secrets
    then tells them as info. Commit it.

    Example: assay secrets accept . --reason 'of the demo, revoked on 3 May'
    """
    from assay.works.accepting import accept

    path, new = accept(
        folder, reason, only, key=_key(key_), home=context.home(), exclude=exclude, history=history
    )
    if format_ == "json":
        return context.emit_json(
            {"schema": "assay.accepted/1", "file": str(path), "secrets": [a.to_dict() for a in new]}
        )
    return click.echo(f"{len(new)} accepted in {path}")


@secrets.command("rewrite")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH…")
@click.option("--write", is_flag=True, help="Change the files.")
@click.option(
    "--patch",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write what git apply takes, with no secret in it.",
)
@context.format_option
def rewrite_(paths: tuple[Path, ...], write: bool, patch: Path | None, format_: str) -> None:
    """Take literal credentials out of Python files.

    boto3 and s3fs are left to the default credential chain; a name that a
    secret is assigned to is read from the environment. Shows what would
    change, with secrets masked, and changes it with --write. Of a folder what
    is hidden or installed, such as .venv, is left out.

    Example: assay secrets rewrite .
    """
    from assay.works.rewriting import rewritten

    found = rewritten(list(paths), write)
    if patch is not None and found:
        context.emit("".join(one.patch for one in found), patch)
    if format_ == "json":
        rows = [{"file": r.file, "diff": r.diff, "written": r.written} for r in found]
        return context.emit_json({"schema": "assay.rewritten/1", "files": rows})
    for one in found:
        click.echo(one.diff, nl=False)
    many = f"{len(found)} {'file' if len(found) == 1 else 'files'}"
    return click.echo(f"{many} changed" if write else f"{many} would change", err=True)


def _key(name: str | None, made_with: str = "") -> Key | None:
    """Open the key that was named, or the home's own where a baseline was made with one."""
    if name is None and not made_with:
        return None
    from assay.works.keys import open_key

    return open_key(name or "secrets", context.home(), "--key")
