"""notebook: Jupyter servers, examined, set right, and reached."""

from __future__ import annotations

import shlex
import textwrap
from pathlib import Path

import click

from assay.doors.cli import context
from assay.doors.cli.examining import show, watching
from assay.doors.cli.groups import Group
from assay.doors.cli.options import FORMATS
from assay.kernel.severity import SEVERITIES
from assay.methods.jupyter.posture import TOKEN as _TOKEN


@click.group(cls=Group)
def notebook() -> None:
    """Jupyter servers: examined, set right, and reached.

    \b
    Example: assay notebook secure --dir jupyter &&
      assay notebook check jupyter --allow-incomplete
    """


@notebook.command()
@click.argument("target", default="", metavar="[URL|FOLDER]")
@click.option(
    "--token-file", type=click.Path(path_type=Path), help="A file with its token; - for standard input."
)
@click.option(
    "--ca", type=click.Path(exists=True, dir_okay=False), help="Authorities to trust besides, in PEM."
)
@click.option("--inside", is_flag=True, help="Start a kernel and ask what it reaches.")
@click.option(
    "--save",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Keep what was seen, to be judged elsewhere.",
)
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", help="How to print.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the report to a file.")
@click.option("--fail-on", type=click.Choice([*SEVERITIES, "none"]), default="high", show_default=True,
              help="Exit 1 at findings this grave.")  # fmt: skip
@click.option("--allow-incomplete", is_flag=True, help="Pass what could not be examined to the end.")
def check(
    target: str, token_file: Path | None, ca: str | None, inside: bool, save: Path | None, format_: str, output: Path | None, fail_on: str,
    allow_incomplete: bool,
) -> int:  # fmt: skip
    """Judge a server that runs, or a configuration folder.

    Without a target: the servers of yours that run here, or else your configuration. Of a server of this machine its
    process and files are judged too; of another what it shows, and more with its token.

    \b
    Example: assay notebook secure --dir jupyter &&
      assay notebook check jupyter --allow-incomplete
    """
    from assay.works.notebooks.examining import examine

    with watching("notebook") as progress:
        verdicts = examine(
            target, token=_secret(token_file), ca=ca or "", inside=inside, save=save, home=context.home(),
            gate=context.gate(fail_on, allow_incomplete), settings=context.settings(), progress=progress,
        )  # fmt: skip
    show(verdicts, format_, output)
    return context.exit_code(verdicts)


@notebook.command()
@click.option("--dir", "folder", type=click.Path(path_type=Path), default=Path("~/.jupyter"), show_default=True,
              help="The configuration folder.")  # fmt: skip
@click.option(
    "--name", "names", multiple=True, metavar="HOST", help="What the certificate is for; may be repeated."
)
@click.option("--bind", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Where it listens.")
@click.option("--port", default=8888, show_default=True)
@click.option(
    "--password-file", type=click.Path(path_type=Path), help="A file with a password; - for standard input."
)
@click.option("--terminals", is_flag=True, help="Keep terminals.")
@click.option("--idle", default=3600, show_default=True, metavar="SECONDS", help="When unused kernels end.")
@click.option("--no-tls", is_flag=True, help="No certificate: for a server behind a tunnel.")
@context.format_option
def secure(
    folder: Path, names: tuple[str, ...], bind: str, port: int, password_file: Path | None, terminals: bool, idle: int,
    no_tls: bool, format_: str,
) -> None:  # fmt: skip
    """Write a configuration that is right, with a certificate.

    Without a password the server draws a new token at each start. What the folder holds already is kept, except what
    speaks against it.

    Example: assay notebook secure --dir jupyter --name notebooks.example.org
    """
    done = context.call(
        "notebook.secure", folder=str(folder), names=names, bind=bind, port=port, password=_secret(password_file),
        terminals=terminals, idle=idle, tls=not no_tls,
    )  # fmt: skip
    if format_ == "json":
        context.emit_json(done)
        return
    click.echo(f"written into {folder}:")
    for name in done["written"]:
        click.echo(f"  {name}")
    if done["before"]:
        click.echo(f"what was there is kept in {done['before']}")
    for trait, file in done["overruled"].items():
        if trait == _TOKEN:
            click.echo(f"not in force: the token, which {file} sets to nothing: take that line out of it")
        else:
            click.echo(f"not in force: {trait}, which {file} says otherwise and is taken later")
    if done["names"]:
        click.echo(
            textwrap.fill("the certificate is for " + ", ".join(done["names"]), 79, subsequent_indent="  ")
        )
        click.echo(
            "tell your browser to trust notebook-authority.pem; it vouches for\nthese names alone, and its key was not kept"
        )
    if _TOKEN in done["overruled"]:
        click.echo("who gets in: anybody, until that line is gone")
    else:
        who = "the token it prints at each start" if done["token"] else "the password"
        click.echo(f"who gets in: whoever has {who}")
    click.echo(f"start it: JUPYTER_CONFIG_DIR={_for_a_shell(folder)} jupyter lab")


def _for_a_shell(folder: Path) -> str:
    """Return a folder as a shell reads it wherever it is then: ``~`` is expanded only where no quote holds it."""
    first, *rest = folder.parts or (".",)
    if first == "~":
        return "/".join(["~", *map(shlex.quote, rest)])
    return shlex.quote(str(folder)) if folder.is_absolute() else f'"$PWD"/{shlex.quote(str(folder))}'


@notebook.command()
@click.argument("host", metavar="USER@HOST")
@click.option("--port", "remote", default=8888, show_default=True, help="Where the server listens there.")
@click.option("--local", default=8888, show_default=True, help="The port here.")
@click.option("--key", default="", metavar="FILE", help="The SSH key.")
@click.option("--via", default="", metavar="USER@HOST", help="A machine to go through.")
@click.option("--ssh-port", default=22, show_default=True)
@click.option("--tls", is_flag=True, help="The server speaks HTTPS.")
@click.option(
    "--open", "open_", is_flag=True, help="Open it, until interrupted; else its command is printed."
)
def tunnel(
    host: str, remote: int, local: int, key: str, via: str, ssh_port: int, tls: bool, open_: bool
) -> int:
    """Reach a server that listens to its own machine alone.

    Example: assay notebook tunnel ana@notebooks.example.org
    """
    from assay.engines.terminal import say
    from assay.works.notebooks.tunnelling import Tunnel
    from assay.works.stopping import terminated

    way = Tunnel(host, remote, local, key, via, ssh_port)
    address = f"http{'s' * tls}://127.0.0.1:{local}/"
    if not open_:
        click.echo(way.shown())
        click.echo(f"then open {address}", err=True)
        return 0
    with terminated():
        process = way.open(say)
        try:
            say(f"open until you interrupt it: {address}")
            return 0 if process.wait() == 0 else 1
        except KeyboardInterrupt:
            return 0
        finally:
            process.terminate()
            process.wait()


def _secret(path: Path | None) -> str:
    """Read a secret's first line from a file, or from standard input."""
    from assay.kernel.errors import UsageError

    if path is None:
        return ""
    try:
        with click.open_file(str(path), encoding="utf-8") as handle:
            text = str(handle.readline(4096))
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"{path} cannot be read") from None
    return text.splitlines()[0].strip() if text.strip() else ""
