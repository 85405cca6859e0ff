"""The root command; each command is imported when it is asked for, so that help stays quick."""

from __future__ import annotations

import importlib
import io
import keyword
import os
import sys

import click

from assay import __version__
from assay.doors.cli.groups import Group
from assay.engines.terminal import say
from assay.kernel.errors import AssayError, interrupted, of_the_machine

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("pipeline", "The whole journey on real data, in one command."),
    "init": ("pipeline", "Make a home and a commented assay.yaml."),
    "run": ("pipeline", "Run a governed pipeline."),
    "check": ("examining", "Examine data or a model with one check."),
    "checks": ("cataloguing", "List the checks, or one check's full help."),
    "treat": ("examining", "Change data: repair, mask, drop, split."),
    "treatments": ("cataloguing", "List the treatments, or one's full help."),
    "secrets": ("secrets", "Secrets kept out of commits, or borne for a reason."),
    "data": ("data", "The gate before a store: load what keeps the rules."),
    "scan": ("scanning", "Run all checks that fit a target."),
    "watch": ("arriving", "Scan what arrives, as it arrives."),
    "arrivals": ("arriving", "What arrived, and what became of it."),
    "model": ("models", "The registry: register, approve, verify."),
    "inventory": ("inventory", "Every model's owner, risk and approval."),
    "endpoint": ("endpoints", "Models in production, behind the gateway."),
    "serve": ("serving", "Answer for endpoints over HTTP."),
    "token": ("tokens", "API keys of callers."),
    "notebook": ("notebooks", "Jupyter servers: examined, set right, reached."),
    "monitor": ("monitors", "Checks of what is asked, by a schedule."),
    "channel": ("channels", "Where alerts go: listed, and tried."),
    "runs": ("book", "List the runs, or show one."),
    "traces": ("traces", "Spans: shown, received, imported, exported."),
    "diff": ("comparing", "What differs between two runs."),
    "diagnose": ("comparing", "Why a run went wrong, and the proof."),
    "reproduce": ("reproducing", "Rebuild a run or a model, and compare."),
    "lineage": ("book", "What a thing was made from, or what from it."),
    "associate": ("book", "Say how two things belong together."),
    "context": ("grouping", "Groups of runs and things."),
    "findings": ("book", "What was found."),
    "search": ("search", "Search runs, models, data sets and findings."),
    "import": ("importing", "Take in runs of MLflow, ML Metadata, OpenLineage."),
    "log": ("log", "The tamper-evident ledger."),
    "doctor": ("doctor", "What this machine can do, and what is missing."),
}


class Root(Group):
    """The commands, listed without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return their names in the order of a journey."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"assay.doors.cli.{COMMANDS[cmd_name][0]}")
        return getattr(module, f"{cmd_name}_" if cmd_name in keyword.kwlist else cmd_name)  # type: ignore[no-any-return]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table above."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80})
@click.version_option(__version__, prog_name="assay")
@click.option("--debug", is_flag=True, help="Show a traceback when something fails.")
def cli(debug: bool) -> None:
    """Assay: an assay office for machine learning.

    Examines data, models and code, keeps a record that nobody can rewrite,
    and hallmarks what passes.

    Example: assay demo
    """


def main(args: list[str] | None = None) -> None:
    """Run the command line and exit: 0 pass, 1 findings, 2 the user's mistake, 3 ours, 130 interrupted."""
    os.environ.setdefault(
        "OMP_WAIT_POLICY", "PASSIVE"
    )  # read when xgboost is first imported; see the sandbox
    for stream in (sys.stdout, sys.stderr):  # a terminal that has no arrow shows a question mark
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    argv = sys.argv[1:] if args is None else args
    debug = "--debug" in argv
    argv = [a for a in argv if a != "--debug"]  # it may stand anywhere
    try:
        code = cli.main(args=argv, prog_name="assay", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Abort:
        click.echo("interrupted; run it again to go on", err=True)
        sys.exit(130)
    except KeyboardInterrupt:
        click.echo("interrupted; run it again to go on", err=True)
        sys.exit(130)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        sys.exit(2)
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else "assay"
        what = error.format_message().rstrip(".")
        pause = " " if what.endswith("?") else "; "
        say(f"assay: {what}{pause}see `{where} --help`")
        sys.exit(2)
    except click.ClickException as error:
        say(f"assay: {error.format_message()}")
        sys.exit(2)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if interrupted(error):
            click.echo("interrupted; run it again to go on", err=True)
            sys.exit(130)
        if debug:
            raise
        told = of_the_machine(error) if isinstance(error, OSError) else error
        if isinstance(told, AssayError):
            say(f"assay: {told}")
            sys.exit(told.exit_code)
        said = str(error).strip().splitlines()
        first = said[0][:300] if said else ""
        say(f"assay: this is a fault of ours: {type(error).__name__}: {first}; run again with --debug")
        sys.exit(3)
