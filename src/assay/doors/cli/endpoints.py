"""endpoint: models in production, made, shown, changed, asked, rolled back and ended."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from assay.doors.cli import captures, context, show
from assay.doors.cli.groups import Group
from assay.engines.terminal import say
from assay.kernel.printable import printable

F = TypeVar("F", bound=Callable[..., Any])
_REASON = click.option("--reason", default="", help="Why; it is kept in the log.")
_MODES = click.Choice(["off", "detect", "block"])


@click.group(cls=Group)
def endpoint() -> None:
    """Models in production: approved ones, behind guards, with captured traffic.

    `assay serve` answers for every endpoint of the home.

    \b
    Example: assay model approve bookings@1 --reason seen &&
      assay endpoint create bookings --model bookings@1
    """


def _stacked(*options: Callable[[F], F]) -> Callable[[F], F]:
    def apply(function: F) -> F:
        for one in reversed(options):
            function = one(function)
        return function

    return apply


_models = _stacked(
    click.option("--model", default="", metavar="MODEL@VERSION", help="The one that answers."),
    click.option(
        "--variant", "variants", multiple=True, metavar="NAME=MODEL@V:SHARE", help="One of several; again."
    ),
    click.option(
        "--shadow", "shadows", multiple=True, metavar="NAME=MODEL@V", help="Asked beside, answers nobody."
    ),
    click.option("--replicas", type=click.IntRange(1, 64), help="Worker processes of each variant."),
)
_settings = _stacked(
    click.option("--auth", type=click.Choice(["token", "certificate", "none"]), help="Whom to answer."),
    click.option("--rate", type=click.FloatRange(0), metavar="N", help="Requests a second of one caller."),
    click.option("--burst", type=click.IntRange(0), metavar="N", help="That one may send at once."),
    click.option("--body", metavar="SIZE", help="The largest body, such as 6MB."),
    click.option("--seconds", type=click.FloatRange(0.01), metavar="S", help="That a model may take."),
    click.option("--concurrency", type=click.IntRange(1), metavar="N", help="Requests under way at once."),
    click.option("--schema", type=_MODES, help="What does not fit the schema."),
    click.option("--firewall", type=_MODES, help="What looks like an attack."),
    click.option("--batch", type=click.IntRange(1), metavar="ROWS", help="Asked at once of a busy model."),
    click.option("--cache", type=click.FloatRange(0), metavar="S", help="Give an answer again so long."),
    click.option("--capture", type=click.FloatRange(0, 100), metavar="PERCENT", help="Of the requests."),
    click.option("--capture-what", type=click.Choice(["both", "input", "output"]), help="What is captured."),
    click.option("--capture-format", type=click.Choice(["jsonl", "parquet"]), help="As what."),
    click.option("--sticky", metavar="header:NAME", help="Keep a caller with one variant; or cookie:NAME."),
    click.option(
        "--fallback", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
        help="A rule, as JSON, that answers where no model does.",
    ),
)  # fmt: skip
_plan = _stacked(
    click.option(
        "--strategy", type=click.Choice(["all-at-once", "blue-green", "canary"]), help="How it takes over."
    ),
    click.option("--steps", metavar="10,50,100", help="Of a canary: its percentages."),
    click.option("--every", type=click.FloatRange(0), metavar="S", help="That a step lasts at least."),
    click.option("--errors", type=click.FloatRange(0, 1), metavar="SHARE", help="Of answers that may fail."),
    click.option("--least", type=click.IntRange(0), metavar="N", help="Requests that a step must see."),
    click.option("--slower", type=float, metavar="TIMES", help="The p95 of before that it may take; 0: any."),
    click.option(
        "--outside", type=click.FloatRange(0, 1), metavar="SHARE", help="Of answers never given before."
    ),
    click.option(
        "--shift", type=click.FloatRange(0, 1), metavar="D", help="Between its answers and those before."
    ),
    click.option(
        "--alarms", type=click.Choice(["hold", "back", "ignore"]), help="What a monitor's alarm does."
    ),
)
_GUARD = ("auth", "rate", "burst", "body", "seconds", "concurrency", "schema", "firewall", "batch", "cache")
_PLAN = ("strategy", "steps", "every", "errors", "least", "slower", "outside", "shift", "alarms")


def _given(raw: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {n: raw[n] for n in names if raw.get(n) is not None}


def _params(raw: dict[str, Any]) -> dict[str, Any]:
    """Return a verb's parameters of what was typed."""
    from assay.engines.isolation.limits import read_size

    guard = _given(raw, _GUARD)
    if "body" in guard:
        try:
            guard["body"] = read_size(guard["body"])
        except ValueError:
            raise click.UsageError(f"--body cannot be {guard['body']!r}; write it like 6MB") from None
    capture = _given({"percent": raw["capture"], "what": raw["capture_what"], "format": raw["capture_format"]},
                     ("percent", "what", "format"))  # fmt: skip
    out: dict[str, Any] = {
        "variants": [_variant(v, False) for v in raw["variants"]]
        + [_variant(v, True) for v in raw["shadows"]],
        "model": raw["model"],
        "reason": raw["reason"],
    }
    out |= {"guard": guard} if guard else {}
    out |= {"capture": capture} if capture else {}
    out |= {"sticky": raw["sticky"]} if raw["sticky"] is not None else {}
    out |= {"replicas": raw["replicas"]} if raw["replicas"] is not None else {}
    out |= {"fallback": _document(raw["fallback"])} if raw["fallback"] is not None else {}
    return out


def _variant(said: str, shadow: bool) -> dict[str, Any]:
    name, equals, rest = said.rpartition("=")
    package, colon, share = rest.partition(":")
    out: dict[str, Any] = {"package": package, "shadow": shadow}
    out |= {"name": name} if equals else {}
    if colon:
        try:
            out["weight"] = float(share)
        except ValueError:
            raise click.UsageError(f"{said!r} has no share; write champion=bookings@1:0.9") from None
    return out


def _document(path: Path) -> Any:
    from assay.kernel.errors import UsageError

    if path.stat().st_size > 1 << 20:
        raise UsageError(f"{path} is too large for a rule", remedy="a rule has at most 1 MB")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError, OSError):
        found = None
    if not isinstance(found, dict):
        raise UsageError(f"{path} holds no rule", remedy='write {"when": "failed", "rules": [], "else": 0}')
    return found


def _plan_of(raw: dict[str, Any]) -> dict[str, Any]:
    plan = _given(raw, _PLAN)
    if "steps" in plan:
        try:
            plan["steps"] = [float(p) / 100 for p in str(plan["steps"]).split(",")]
        except ValueError:
            raise click.UsageError("--steps are percentages, such as 10,50,100") from None
        plan.setdefault("strategy", "canary")
    return plan


@endpoint.command("create")
@click.argument("name")
@_models
@click.option("--stage", type=click.Choice(["alpha", "production"]), default="production", show_default=True)
@_settings
@_REASON
@context.format_option
def create(name: str, stage: str, format_: str, **raw: Any) -> None:
    """Make an endpoint of one approved package, or of several.

    Refused for a package that is not approved, or whose hallmark does not
    verify. A SHARE is a number beside the others'. An alpha endpoint answers
    only callers whose token names it.

    What is not said is: --auth token, --schema detect, --firewall off, no
    --rate, --body 6MB, --seconds 60, --concurrency 256, --batch 64, no
    --cache, --capture 0.

    \b
    Example: assay model approve bookings@1 --reason seen &&
      assay endpoint create bookings --model bookings@1 --capture 100
    """
    return _told(context.call("endpoint.create", name=name, stage=stage, **_params(raw)), format_)


@endpoint.command("show")
@click.argument("name")
@context.at_option
@context.format_option
def show_(name: str, at: str | None, format_: str) -> None:
    """Show an endpoint: its models, their shares, its guards.

    \b
    Example: assay model approve bookings@1 --reason seen &&
      assay endpoint create bookings --model bookings@1 &&
      assay endpoint show bookings
    """
    return _told(context.call("endpoint.show", name=name, at=at), format_)


@endpoint.command("list")
@click.option("--deleted", is_flag=True, help="Those that were deleted too.")
@context.at_option
@context.format_option
def list_(deleted: bool, at: str | None, format_: str) -> int:
    """List the endpoints. Exits 1 where one of them cannot be read.

    Example: assay endpoint list
    """
    found = context.call("endpoint.list", deleted=deleted, at=at)
    for name in found["unreadable"]:
        say(f"assay: {printable(name)[:80]} cannot be read; see `assay log verify`")
    if format_ == "json":
        context.emit_json(found)
        return int(bool(found["unreadable"]))
    rows = [
        e
        | {
            "models": [f"{v['package']}{_share(v)}" for v in e["variants"]],
            "captured": f"{e['capture'].get('percent', 0):g}%",
        }
        for e in found["endpoints"]
    ]
    columns = (("name", "endpoint"), ("state", "state"), ("stage", "stage"), ("models", "models"),
               ("captured", "captured"), ("revision", "revision"))  # fmt: skip
    show.table(rows, columns, "no endpoint yet; `assay endpoint create` makes one", whole=("state",))
    return int(bool(found["unreadable"]))


def _share(variant: dict[str, Any]) -> str:
    return " (shadow)" if variant["shadow"] else f" {variant['weight']:g}"


@endpoint.command("update")
@click.argument("name")
@_models
@_plan
@_settings
@click.option("--block", multiple=True, metavar="CALLER=SECONDS", help="Answer a caller no more; again.")
@click.option("--unblock", multiple=True, metavar="CALLER", help="Answer them again.")
@click.option("--no-fallback", is_flag=True, help="Take the fallback away.")
@_REASON
@context.format_option
def update(
    name: str, block: tuple[str, ...], unblock: tuple[str, ...], no_fallback: bool, format_: str, **raw: Any
) -> None:
    """Change an endpoint: its models, guards, capture, or whom it answers.

    New models start beside the old ones, and no request is lost. all-at-once
    switches when they are ready; blue-green switches and watches; canary goes
    on in steps, and back when answers fail, come later (--slower) or are others
    (--outside, --shift) than before; a monitor's alarm holds it up.

    \b
    Example: assay model approve bookings@1 --reason seen &&
      assay endpoint create bookings --model bookings@1 &&
      assay endpoint update bookings --schema block --rate 50
    """
    params = _params(raw) | {"plan": _plan_of(raw)}
    blocked: dict[str, Any] = dict.fromkeys(unblock)
    for said in block:
        caller, equals, seconds = said.rpartition("=")
        if not equals:
            raise click.UsageError(f"{said!r} says no time; write CALLER=3600")
        blocked[caller] = seconds
    params |= {"blocked": blocked} if blocked else {}
    params |= {"fallback": {}} if no_fallback else {}
    return _told(context.call("endpoint.update", name=name, **params), format_)


@endpoint.command("traffic")
@click.argument("name")
@click.argument("shares", metavar="VARIANT=SHARE", nargs=-1, required=True)
@_REASON
@context.format_option
def traffic(name: str, shares: tuple[str, ...], reason: str, format_: str) -> None:
    """Give the variants of an endpoint other shares of its traffic.

    \b
    Example: assay model approve bookings@1 --reason seen &&
      assay endpoint create bookings --model bookings@1 &&
      assay endpoint traffic bookings v1=1
    """
    weights = {k: v for k, _, v in (s.partition("=") for s in shares)}
    return _told(context.call("endpoint.traffic", name=name, weights=weights, reason=reason), format_)


_KINDS = {
    ".csv": "text/csv", ".json": "application/json", ".jsonl": "application/jsonlines",
    ".parquet": "application/vnd.apache.parquet", ".arrow": "application/vnd.apache.arrow.stream",
}  # fmt: skip


@endpoint.command("invoke")
@click.argument("name")
@click.option("--data", type=click.File("rb"), metavar="FILE", help="The rows; - for what is piped in.")
@click.option("--content-type", default="", help="Of the rows; else by the file's suffix.")
@click.option("--accept", default="", help="The form of the answer.")
@click.option("--variant", default="", help="Ask this one.")
@click.option("--url", default="", metavar="URL", help="Ask the server there.")
@click.option("--token", default="", envvar="ASSAY_TOKEN", help="For that server; or ASSAY_TOKEN.")
@click.option("--ca", type=click.Path(exists=True), metavar="FILE", help="Who signed its certificate.")
@context.format_option
def invoke(name: str, data: Any, content_type: str, format_: str, **more: Any) -> int:
    """Ask an endpoint once, and print its answer.

    Without --url a replica is started here for this one question. Without
    --data a row is made up from the model's input schema. Exits 1 where the
    endpoint answers with an error.

    \b
    Example: assay model approve bookings@1 --reason seen &&
      assay endpoint create bookings --model bookings@1 &&
      assay endpoint invoke bookings
    """
    body = data.read(1 << 30) if data is not None else None
    kind = content_type or (_KINDS.get(Path(data.name).suffix.lower(), "") if data is not None else "")
    found = context.call("endpoint.invoke", name=name, body=body, content_type=kind, **more)
    if format_ == "json":
        context.emit_json(found)
    else:
        for line in found["noted"]:
            say(f"noted: {line}")
        click.echo(found.get("body", f"{len(found.get('base64', ''))} characters of base64").rstrip("\n"))
        click.echo(f"{found['status']} by {found['variant'] or 'nobody'}", err=True)
    return int(found["status"] >= 400)


@endpoint.command("promote")
@click.argument("name")
@click.option("--variant", default="", help="Let this one answer everything; a shadow too.")
@_plan
@_REASON
@context.format_option
def promote(name: str, variant: str, reason: str, format_: str, **raw: Any) -> None:
    """Put an endpoint from alpha into production, or a variant in charge.

    \b
    Example: assay model approve bookings@1 --reason seen &&
      assay endpoint create bookings --model bookings@1 --stage alpha &&
      assay endpoint promote bookings
    """
    found = context.call("endpoint.promote", name=name, variant=variant, plan=_plan_of(raw), reason=reason)
    return _told(found, format_)


@endpoint.command("rollback")
@click.argument("name")
@_REASON
@context.format_option
def rollback(name: str, reason: str, format_: str) -> None:
    """Take the latest change of an endpoint's models back.

    \b
    Example: assay model approve bookings@1 --reason seen &&
      assay endpoint create bookings --model bookings@1 &&
      assay endpoint traffic bookings v1=2 && assay endpoint rollback bookings
    """
    return _told(context.call("endpoint.rollback", name=name, reason=reason), format_)


@endpoint.command("delete")
@click.argument("name")
@_REASON
@context.format_option
def delete(name: str, reason: str, format_: str) -> None:
    """End an endpoint: what is under way is answered, and nothing else.

    \b
    Example: assay model approve bookings@1 --reason seen &&
      assay endpoint create bookings --model bookings@1 &&
      assay endpoint delete bookings --reason "no longer asked"
    """
    return _told(context.call("endpoint.delete", name=name, reason=reason), format_)


def _rolling(rollout: dict[str, Any]) -> str:
    """Return how far a change has come, and what its step waits for: without requests it stays where it is."""
    said = f"{rollout['strategy']}, step {rollout['at'] + 1} of {len(rollout['steps'])}"
    if rollout["since"] is None:
        return f"{said}, until its models are ready"
    return f"{said} since {str(rollout['since'])[11:19]}, for {rollout['every']:g} s and {rollout['least']:,} requests"


def _told(found: dict[str, Any], format_: str) -> None:
    if format_ == "json":
        return context.emit_json(found)
    rollout = found.get("rollout")
    guard = {k: v for k, v in found["guard"].items() if v not in (0, 0.0, "off")}
    show.fields([
        ("endpoint", found["name"]),
        ("state", f"{found['state'].replace('_', ' ')}, {found['stage']}, revision {found['revision']}"),
        ("reason", found["reason"]),
    ])  # fmt: skip
    rows = [
        v | {"share": "shadow" if v["shadow"] else f"{v['weight']:g}", "status": found["packages"][v["package"]].lower()}
        for v in found["variants"]
    ]  # fmt: skip
    columns = (("name", "variant"), ("package", "package"), ("status", "status"), ("share", "share"),
               ("replicas", "replicas"), ("digest", "digest"))  # fmt: skip
    show.table(rows, columns, "it has no variant", whole=("name", "package"))
    before = found.get("previous")
    show.fields([
        ("rolling out", rollout and _rolling(rollout)),
        ("before", before and [v["package"] for v in before["variants"]]),
        ("guards", guard),
        ("rules", {name: digest.removeprefix("sha256:")[:12] for name, digest in found.get("rules", {}).items()}),
        ("capture", found["capture"] if found["capture"].get("percent") else ""),
        ("sticky", found["sticky"]),
        ("fallback", found["fallback"].get("when", "")),
        ("blocked", found["blocked"]),
        ("changed", f"{found['changed_at'][:19]}Z, event {found['event']}"),
    ])  # fmt: skip
    return None


endpoint.add_command(captures.capture)
endpoint.add_command(captures.truth)
