"""watch: what arrives, scanned as it arrives; images held against advisories that change. arrivals: what became of it."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assay.doors.cli import context, show
from assay.doors.cli.groups import Group
from assay.engines.terminal import say
from assay.kernel.printable import printable
from assay.kernel.severity import SEVERITIES

if TYPE_CHECKING:
    from assay.works.watching.rescanning import Rescanned
    from assay.works.watching.scanning import Looked

_FILE = click.Path(exists=True, dir_okay=False)
_GIVEN = ("advisories", "kev", "epss", "vex", "unscored")


@click.command()
@click.argument("folder", nargs=-1, metavar="[DIR]")
@click.option(
    "--once", is_flag=True, help="End when all that is there is done; exit 1 where it does not pass."
)
@click.option("--advisories", metavar="PATH", help="OSV records: images are held against them, and again when they change.")  # fmt: skip
@click.option("--kev", metavar="FILE", help="CISA's list of what is known to be exploited.")
@click.option("--epss", metavar="FILE", help="FIRST's EPSS scores.")
@click.option("--vex", metavar="PATH", help="Statements that some do not matter here.")
@click.option("--unscored", type=click.Choice(["low", "medium", "high", "critical"]), help="How grave what nobody rates is.")  # fmt: skip
@click.option("--listen", metavar="HOST:PORT", help="Where registries say what was pushed; port 0 takes a free one.")  # fmt: skip
@click.option("--tls-cert", type=_FILE, metavar="FILE", help="The certificate chain for --listen, as PEM.")
@click.option("--tls-key", type=_FILE, metavar="FILE", help="Its key, where the chain's file has none.")
@click.option("--plain", is_flag=True, help="Listen without TLS beyond this machine: something ends it before.")  # fmt: skip
@click.option("--depth", type=click.IntRange(1, 16), default=1, show_default=True, help="How deep arrivals lie in DIR.")  # fmt: skip
@click.option("--settle", type=click.FloatRange(0), default=2, show_default=True, metavar="S",
              help="Without a change until something has landed.")  # fmt: skip
@click.option("--every", type=click.FloatRange(0.05), default=1, show_default=True, metavar="S", help="Between looks.")  # fmt: skip
@click.option("--seconds", type=click.FloatRange(0.1), metavar="S", help="End after so long.")
@click.option("--fail-on", type=click.Choice([*SEVERITIES, "none"]), help="What is told, and fails: this grave.  [default: high]")  # fmt: skip
@click.option("--allow-incomplete", is_flag=True, help="Pass what could not be examined to the end.")
@context.format_option
def watch(folder: tuple[str, ...], format_: str, **raw: Any) -> int:
    """Scan what is put into a folder or an OCI layout, as it arrives.

    Models, images and code are examined once they have landed, each by the
    checks that fit it. What is known by its digest is not examined again,
    whatever it is called and however often this is started. DIR may be several.

    Images are held against --advisories, and, from the bills of materials that
    the office keeps, again whenever these change: what is new is told, what is
    gone is closed. With --listen, registries say what was pushed, at
    /hooks/NAME. watch.yaml of the home names the hooks, the registries that
    are pulled from, and who is told.

    Ctrl-C and SIGTERM end it.

    Example: assay watch incoming --once
    """
    text = format_ == "text"
    given = {("mirror" if k == "advisories" else k): raw[k] for k in _GIVEN if raw[k]}
    found = context.call(
        "watch",
        folders=list(folder),
        advisories=given,
        listen=_listen(raw),
        once=raw["once"],
        depth=raw["depth"],
        settle=raw["settle"],
        every=raw["every"],
        seconds=raw["seconds"],
        fail_on=raw["fail_on"] or "",
        allow_incomplete=raw["allow_incomplete"],
        tell=_tell if text else lambda found: None,
        ready=_ready,
        warn=lambda said: say(f"not done: {said}"),
    )
    if text:
        _summary(found)
    else:
        context.emit_json(found)
    return 0 if found["passed"] or not raw["once"] else 1


@click.group(cls=Group)
def arrivals() -> None:
    """What `assay watch` took in, from folders and from registries, and what became of it.

    Example: assay arrivals list
    """


@arrivals.command("list")
@click.option("--state", type=click.Choice(["queued", "scanned", "failed"]), help="Those alone.")
@click.option("--outcome", type=click.Choice(["pass", "fail", "incomplete", "error"]), help="Those alone.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="How many.")
@context.at_option
@context.format_option
def list_(state: str | None, outcome: str | None, limit: int, at: str | None, format_: str) -> None:
    """List what arrived, the latest first, each with the worst of its verdicts.

    Example: assay arrivals list --outcome fail
    """
    found = context.call("arrivals.list", state=state, outcome=outcome, limit=limit, at=at)
    if format_ == "json":
        return context.emit_json(found)
    rows = [
        {"at": a["at"], "outcome": a["outcome"] or a["state"], "what": _named(a),
         "key": "" if a["kind"] == "pushed" else a["key"][:19],  # where its name is the beginning of it
         "found": ", ".join(f"{n} {severity}" for severity, n in a["found"].items()) or a["why"][:80]}
        for a in found["arrivals"]
    ]  # fmt: skip
    columns = (("at", "at"), ("outcome", "outcome"), ("what", "what"), ("found", "found"), ("key", "key"))
    return show.table(rows, columns, "nothing has arrived; `assay watch DIR` looks", whole=("outcome",))


def _named(arrival: dict[str, Any]) -> str:
    """Return what an arrival is called where there is little room: an image by the registry's name, else the file's."""
    return _called(arrival["key"]) if arrival["kind"] == "pushed" else Path(arrival["what"]).name


def _called(key: str) -> str:
    from assay.works.watching.pulling import called

    name, mark, digest = called(key).partition("@")
    return name + mark + digest[:19]


@arrivals.command("show")
@click.argument("key")
@context.at_option
@context.format_option
def show_(key: str, at: str | None, format_: str) -> None:
    """Show one arrival: what it was, its verdict, why it failed, and its reports.

    KEY is as `assay arrivals list` has it, or the beginning of it.

    Example: assay watch incoming --once && assay arrivals show sha256:
    """
    found = context.call("arrivals.show", key=key, at=at)
    if format_ == "json":
        return context.emit_json(found)
    paths = found["kind"] != "pushed"
    told = {k: show.short(v) if paths and k in ("what", "source") else v for k, v in found.items()}
    told["key"] = "" if told["key"] == told["digest"] else told["key"]
    told["reports"] = [f"{digest[:19]}…" for digest in found["reports"]]
    return show.fields([(k, v) for k, v in told.items() if k != "schema"])


def _listen(raw: dict[str, Any]) -> dict[str, Any] | None:
    if not raw["listen"]:
        return None
    host, _, port = raw["listen"].rpartition(":")
    if not port.isdecimal() or int(port) > 65_535 or not host:
        raise click.UsageError(f"--listen cannot be {raw['listen'][:60]!r}; write HOST:PORT")
    return {"host": host.strip("[]"), "port": int(port), "cert": raw["tls_cert"], "key": raw["tls_key"],
            "plain": raw["plain"]}  # fmt: skip


def _ready(url: str) -> None:
    say(f"watching{f', hooks at {url}/hooks/NAME' if url else ''}; Ctrl-C ends it")


def _tell(found: Looked | Rescanned) -> None:
    """Print what was seen to: its outcome, its name, and the gravest finding below."""
    from assay.works.watching.scanning import Looked

    if isinstance(found, Looked):
        arrival = found.arrival
        name = _called(arrival.key) if arrival.kind == "pushed" else Path(arrival.what).name
        counts = ", ".join(f"{n} {severity}" for severity, n in arrival.found.items())
        _line(arrival.outcome, name, counts or ("nothing found" if not arrival.why else ""))
        findings = [f for v in found.verdicts for f in v.stopping]
        _below(arrival.why, [f.message for f in findings])
        return
    outcome = found.verdict.outcome if found.verdict else "error"
    _line(outcome, found.name, f"{len(found.fresh)} new or graver, {len(found.closed)} closed")
    _below(found.why, [f.message for f in found.fresh])


def _line(outcome: str, name: str, said: str) -> None:
    click.echo(f"{outcome.upper():<10}  {printable(name)}{f'  {said}' if said else ''}")


def _below(why: str, messages: list[str]) -> None:
    for message in ([why] if why else []) + messages[:3]:
        for line in textwrap.wrap(printable(message), 76, max_lines=3, placeholder=" …"):
            click.echo(f"    {line}")
    if len(messages) > 3:
        click.echo(f"    and {len(messages) - 3:,} more: assay findings list")


def _summary(found: dict[str, Any]) -> None:
    parts = [f"{found['scanned']:,} scanned", f"{found['known']:,} known already"]
    parts += [f"of these {found['uncleared']:,} not cleared"] if found["uncleared"] else []
    images = "1 image" if found["rescanned"] == 1 else f"{found['rescanned']:,} images"
    parts += [f"{images} held against new advisories"] if found["rescanned"] else []
    parts += [f"{found['moving']:,} still being written"] if found["moving"] else []
    parts += [f"{found['postponed']:,} to be pulled later"] if found["postponed"] else []
    say(", ".join(parts))
