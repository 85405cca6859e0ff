"""monitor: checks of what an endpoint is asked, window after window."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from assay.doors.cli import baselines, context, looks, show
from assay.doors.cli.examining import watching
from assay.doors.cli.groups import Group
from assay.kernel.severity import SEVERITIES

_SHORT = {"CompletedWithViolations": "Violations"}


@click.group(cls=Group)
def monitor() -> None:
    """Watch an endpoint: checks by a schedule, and what is done when they fail.

    Example: assay monitor list
    """


@monitor.command("create")
@click.argument("name")
@click.option("--endpoint", metavar="NAME", default="", help="Whose captured requests are watched.")
@click.option("--source", metavar="TABLE", default="", help="A table to watch instead, by --time.")
@click.option("--time", metavar="COLUMN", default="", help="The column of --source that says when.")
@click.option("--check", required=True, metavar="CHECK", help="Such as traffic.quality or data.drift.")
@click.option("--against", metavar="BASELINE", default="", help="What the check compares with.")
@click.option("--set", "sets", multiple=True, metavar="PARAM=VALUE", help="Tell the check more.")
@click.option(
    "--schedule",
    required=True,
    metavar="WHEN",
    help="'0 * * * *', 'cron(0 * ? * * *)' or 'every 1000 requests'; in UTC.",
)
@click.option("--window", default="1h", metavar="LENGTH", show_default=True, help="How long a look is.")
@click.option("--offset", default="0s", metavar="LENGTH", help="How long before it is due a look ends.")
@click.option("--patience", default="0s", metavar="LENGTH", help="Look again at truth that comes so late.")
@click.option(
    "--fail-on",
    "at",
    type=click.Choice(SEVERITIES),
    default="medium",
    show_default=True,
    help="A finding this grave is a violation.",
)
@click.option(
    "--missed",
    type=click.Choice(["run", "skip"]),
    default="run",
    show_default=True,
    help="Windows that no server looked at in time.",
)
@click.option("--since", metavar="TIME", default="", help="Begin with windows of then, not of now.")
@click.option("--policy", metavar="FILE", default="", help="What is done about violations.")
@context.format_option
def create(name: str, sets: tuple[str, ...], format_: str, **said: Any) -> None:
    """Make a monitor.

    A look at T is at what came from T - offset - window up to T - offset.

    \b
    Example: assay model approve bookings@1 --reason seen &&
      assay endpoint create bookings --model bookings@1 &&
      assay monitor create hourly --endpoint bookings --check data.profile \\
        --schedule "0 * * * *"
    """
    found = context.call("monitor.create", name=name, params=_params(sets), **said)
    if format_ == "json":
        return context.emit_json(found)
    click.echo(f"made the monitor {name} (event {found['event']})")
    if found["cursor"] < found["created_at"]:
        click.echo(
            f"it looks at windows since {found['cursor'][:16].replace('T', ' ')} first, a hundred at a time"
        )
    if found["next"]:
        click.echo(f"it is due at {found['next']}")
        click.echo("`assay serve` sees to it, or `assay monitor run --due`")
    return None


def _params(sets: tuple[str, ...]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for text in sets:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise click.UsageError(f"--set takes PARAM=VALUE, and {text[:60]!r} is not that")
        try:
            given = json.loads(value, parse_constant=str)
        except (ValueError, RecursionError):
            given = value
        had = out.get(name)
        out[name] = given if had is None else [*(had if isinstance(had, list) else [had]), given]
    return out


@monitor.command("run")
@click.argument("name", required=False)
@click.option("--due", is_flag=True, help="Every window that is due, and none else.")
@click.option("--from", "start", metavar="TIME", help="Where the window begins.")
@click.option("--to", "end", metavar="TIME", help="Where it ends.")
@click.option("--act", is_flag=True, help="Obey the policy, as for windows that are due.")
@context.format_option
def run(name: str | None, due: bool, start: str | None, end: str | None, act: bool, format_: str) -> int:
    """Look at a window now, or at all that are due. Exits 1 on violations.

    For those who schedule by cron or systemd: `assay monitor run --due`.

    Example: assay monitor run --due
    """
    if not due and name is None:
        raise click.UsageError("name a monitor, or say --due")
    if due and (start or end):
        raise click.UsageError("what is due has its own windows; leave --due or --from and --to away")
    with watching("monitor") as progress:
        if due:
            found = context.call("monitor.due", name=name, progress=progress)
        else:
            found = context.call("monitor.run", name=name, start=start, end=end, act=act)
    executions = found["executions"] if due else [found]
    if format_ == "json":
        context.emit_json(found)
    else:
        away = found.get("elsewhere") or []
        if executions or not away:
            looks.executions(executions, "nothing is due")
        for name in away:
            click.echo(f"{name} is looked at elsewhere, or was half a minute ago; ask again then")
        for execution in executions:
            looks.violations(execution)
            looks.held(execution)
    return _code(executions)


def _code(executions: list[dict[str, Any]]) -> int:
    codes = {"pass": 0, "fail": 1, "incomplete": 1}
    return max((codes.get(e["outcome"], 3) for e in executions), default=0)


@monitor.command("list")
@click.option("--endpoint", metavar="NAME", help="Of one endpoint.")
@context.at_option
@context.format_option
def list_(endpoint: str | None, at: str | None, format_: str) -> None:
    """List the monitors: when each is due, and what its last look came to.

    Example: assay monitor list --endpoint bookings
    """
    found = context.call("monitor.list", endpoint=endpoint, at=at)
    if format_ == "json":
        return context.emit_json(found)
    rows = [
        m
        | {"of": m["endpoint"] or Path(m["source"]).name, "next": (m["next"] or "")[5:16].replace("T", " ")}
        | {"last": _SHORT.get(m["last"], m["last"])}
        for m in found["monitors"]
    ]
    columns = (("name", "name"), ("of", "of"), ("check", "check"), ("schedule", "schedule"), ("next", "next"), ("last", "last"))  # fmt: skip
    return show.table(
        rows, columns, "no monitor yet; `assay monitor create` makes one", whole=("next", "last")
    )


@monitor.command("show")
@click.argument("name")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="Executions.")
@click.option("--chart", type=click.Path(path_type=Path), metavar="FILE.html", help="Draw them over time.")
@context.at_option
@context.format_option
def show_(name: str, limit: int, chart: Path | None, at: str | None, format_: str) -> None:
    """Show a monitor, its executions and their outcomes.

    \b
    Example: assay model approve bookings@1 --reason seen &&
      assay endpoint create bookings --model bookings@1 &&
      assay monitor create hourly --endpoint bookings --check data.profile \\
        --schedule "0 * * * *" &&
      assay monitor show hourly --chart hourly.html
    """
    found = context.call("monitor.show", name=name, limit=limit, at=at)
    if chart is not None:
        context.emit(context.call("monitor.page", name=name, limit=limit, at=at)["html"], chart)
    if format_ == "json":
        return context.emit_json(found)
    length = (
        f"{found['window']} s, ending {found['offset']} s before"
        if found["offset"]
        else f"{found['window']} s"
    )
    show.fields(
        [
            ("monitor", found["name"]),
            ("endpoint", found["endpoint"]),
            ("source", show.short(found["source"]) if found["source"] else ""),
            ("check", found["check"]),
            ("against", show.short(found["against"]) if found["against"] else ""),
            ("with", found["params"]),
            ("schedule", found["schedule"]),
            ("window", length),
            ("next", found["next"]),
            ("policy", found["policy_file"]),
        ]
    )
    click.echo()
    looks.executions(found["executions"], "it has looked at nothing yet")
    earlier = found["earlier"]
    if earlier["executions"]:
        click.echo(
            f"and {earlier['executions']:,} earlier, {earlier['violating']:,} of them with violations; "
            f"see --limit {min(10_000, limit + earlier['executions'])}"
        )
    if found["executions"]:
        looks.violations(found["executions"][0])
        looks.held(found["executions"][0])
    if found["policy"]:
        looks.deeds(context.call("monitor.actions", name=name, at=at)["actions"][:10])
    return None


@monitor.command("actions")
@click.argument("name", required=False)
@click.option("--open", "only_open", is_flag=True, help="Only what waits: proposals, and what failed.")
@context.at_option
@context.format_option
def actions(name: str | None, only_open: bool, at: str | None, format_: str) -> None:
    """List what was done about violations, what is proposed, and what failed.

    An alert that nobody took has failed, and is sent again a few times.

    Example: assay monitor actions --open
    """
    states = ("proposed", "failed", "begun") if only_open else ()
    found = context.call("monitor.actions", name=name, states=states, at=at)
    if format_ == "json":
        return context.emit_json(found)
    return looks.deeds(found["actions"], "nothing was done about anything")


def _one_or_all(action: str | None, everything: bool) -> list[str]:
    """Return the ids of what is meant: the one that is named, or all that is proposed."""
    if bool(action) == everything:
        raise click.UsageError("name a proposal, or say --all")
    if action:
        return [action]
    return [a["id"] for a in context.call("monitor.actions", states=("proposed",))["actions"]]


@monitor.command("accept")
@click.argument("action", required=False)
@click.option("--all", "everything", is_flag=True, help="Everything that is proposed.")
@context.format_option
def accept(action: str | None, everything: bool, format_: str) -> None:
    """Carry out what a policy proposed; ACTION is its id.

    Example: assay monitor actions --open && assay monitor accept --all
    """
    done = [context.call("monitor.accept", id=one) for one in _one_or_all(action, everything)]
    return _told(done, format_, "nothing is proposed")


@monitor.command("decline")
@click.argument("action", required=False)
@click.option("--all", "everything", is_flag=True, help="Everything that is proposed.")
@click.option("--reason", required=True, help="Why.")
@context.format_option
def decline(action: str | None, everything: bool, reason: str, format_: str) -> None:
    """Let a proposal go; ACTION is its id.

    \b
    Example: assay monitor actions --open &&
      assay monitor decline --all --reason "that window was a holiday"
    """
    done = [context.call("monitor.decline", id=one, reason=reason) for one in _one_or_all(action, everything)]
    return _told(done, format_, "nothing is proposed")


def _told(done: list[dict[str, Any]], format_: str, empty: str) -> None:
    if format_ == "json":
        return context.emit_json({"schema": "assay.actions/1", "actions": done})
    return looks.deeds(done, empty)


@monitor.command("policy")
@click.argument("file", required=False)
@context.format_option
def policy(file: str | None, format_: str) -> None:
    """Check a policy's file; without one, print a file to begin with.

    \b
    Example: assay monitor policy > policy.yaml &&
      assay monitor policy policy.yaml
    """
    found = context.call("monitor.policy", file=file or "")
    if format_ == "json":
        return context.emit_json(found)
    if not file:
        return click.echo(found["template"], nl=False)
    rows = [{**r, "do": ", ".join(r["do"])} for r in found["rules"]]
    columns = (("name", "rule"), ("mode", "mode"), ("consecutive", "windows"), ("do", "does"))
    return show.table(rows, columns, "")


@monitor.command("delete")
@click.argument("name")
@context.format_option
def delete(name: str, format_: str) -> None:
    """Delete a monitor. What it has found stays, and so does the log.

    \b
    Example: assay model approve bookings@1 --reason seen &&
      assay endpoint create bookings --model bookings@1 &&
      assay monitor create hourly --endpoint bookings --check data.profile \\
        --schedule "0 * * * *" &&
      assay monitor delete hourly
    """
    found = context.call("monitor.delete", name=name)
    if format_ == "json":
        return context.emit_json(found)
    return click.echo(f"deleted the monitor {name} (event {found['event']})")


monitor.add_command(baselines.baseline)
monitor.add_command(baselines.baselines)
