"""What is said of a model after it was registered: commands of `assay model`."""

from __future__ import annotations

import click

from assay.doors.cli import context, show
from assay.doors.cli.packaged import show_model

_REASON = click.option("--reason", default="", help="Why; it is kept in the log.")
_NEEDED = click.option("--reason", required=True, help="Why; it is kept in the log.")


def _told(found: dict[str, object], format_: str) -> None:
    if format_ == "json":
        return context.emit_json(found)
    return show_model(found)


@click.command("describe")
@click.argument("name")
@click.option("--owner", "owners", multiple=True, help="Who answers for it; again for another.")
@click.option("--purpose", help="What it is for.")
@click.option("--tier", help="Its risk tier: low, medium or high, or the policy's.")
@context.format_option
def describe(name: str, owners: tuple[str, ...], purpose: str | None, tier: str | None, format_: str) -> None:
    """Say who owns a package, what it is for, how risky it is.

    A new purpose or tier takes an approval back: it was given to another one.

    \b
    Example: assay model describe bookings@1 --owner "Revenue team" --tier high
    """
    if not owners and purpose is None and tier is None:
        raise click.UsageError("say --owner, --purpose or --tier")
    found = context.call("model.describe", name=name, owners=list(owners) or None, purpose=purpose, tier=tier)
    return _told(found, format_)


@click.command("alias")
@click.argument("name")
@click.argument("alias")
@click.option("--remove", is_flag=True, help="Take the alias away.")
@_REASON
@context.format_option
def alias(name: str, alias: str, remove: bool, reason: str, format_: str) -> None:
    """Let ALIAS name this version, and no other any more.

    From then on bookings@champion stands wherever a package is named.

    Example: assay model alias bookings@1 champion
    """
    return _told(context.call("model.alias", name=name, alias=alias, remove=remove, reason=reason), format_)


@click.command("tag")
@click.argument("name")
@click.argument("tags", nargs=-1, metavar="KEY=VALUE")
@click.option("--remove", multiple=True, metavar="KEY", help="Take a tag away; again for another.")
@context.format_option
def tag(name: str, tags: tuple[str, ...], remove: tuple[str, ...], format_: str) -> None:
    """Give a package tags, and take some away.

    Example: assay model tag bookings@1 team=revenue region=eu
    """
    if not tags and not remove:
        raise click.UsageError("name a tag, such as team=revenue, or --remove one")
    given = {k: v for k, _, v in (t.partition("=") for t in tags)}
    return _told(context.call("model.tag", name=name, tags=given, remove=list(remove)), format_)


@click.command("stage")
@click.argument("name")
@click.argument("stage")
@_REASON
@context.format_option
def stage(name: str, stage: str, reason: str, format_: str) -> None:
    """Put a package on a STAGE, or on none.

    development, staging or production, or those of the policy; none takes it
    off.

    Example: assay model stage bookings@1 staging
    """
    return _told(context.call("model.stage", name=name, stage=stage, reason=reason), format_)


@click.command("answer")
@click.argument("name")
@click.argument("question", required=False)
@click.argument("answer", required=False)
@click.option("--from", "file", type=click.Path(), metavar="FILE", help="A YAML file: question: answer.")
@context.format_option
def answer(name: str, question: str | None, answer: str | None, file: str | None, format_: str) -> None:
    """Answer a question of the risk committee.

    `assay inventory questions` lists them. Who answered and when is kept. A new
    answer takes an approval back: it was given to another one.

    \b
    Example: assay model answer bookings@1 fallback \\
      "The desk decides by hand; the duty manager may switch it off."
    """
    if (question is None) == (file is None) or (question is not None and answer is None):
        raise click.UsageError("name a question and its answer, or a file of both after --from")
    given = {question: answer} if question is not None else {}
    return _told(context.call("model.answer", name=name, answers=given, file=file), format_)


@click.command("image")
@click.argument("name")
@click.argument("folder", type=click.Path(), required=False)
@context.format_option
def image(name: str, folder: str | None, format_: str) -> None:
    """Record the image of its environment, an OCI layout on disk.

    Each blob is verified now, and again by `assay model verify`. Another image
    takes an approval back. Without FOLDER it shows what is recorded.

    Example: assay model image bookings@1
    """
    if folder is not None:
        return _told(context.call("model.image", name=name, folder=folder), format_)
    found = context.call("model.show", name=name)["image"]
    if format_ == "json":
        return context.emit_json({"schema": "assay.image/1", "image": found})
    if not found:
        return click.echo(f"no image is recorded; record one: assay model image {name} FOLDER")
    return show.fields([(k, v) for k, v in found.items()])


@click.command("archive")
@click.argument("name")
@_NEEDED
@context.format_option
def archive(name: str, reason: str, format_: str) -> None:
    """Put a package away: shown and verified, and used by nobody.

    Example: assay model archive bookings@1 --reason "no longer in use"
    """
    return _told(context.call("model.archive", name=name, reason=reason), format_)


@click.command("restore")
@click.argument("name")
@_NEEDED
@context.format_option
def restore(name: str, reason: str, format_: str) -> None:
    """Take an archived package back; it is approved anew.

    \b
    Example: assay model archive bookings@1 --reason "no longer in use" &&
      assay model restore bookings@1 --reason "needed after all"
    """
    return _told(context.call("model.restore", name=name, reason=reason), format_)


@click.command("retire")
@click.argument("name")
@_NEEDED
@click.option("--successor", default="", metavar="NAME@VERSION", help="What takes its place.")
@context.format_option
def retire(name: str, reason: str, successor: str, format_: str) -> None:
    """End a package for good.

    Whoever names it from then on is refused, and told why and what takes its
    place. It is still shown, verified and told of.

    Example: assay model retire bookings@1 --reason "the season is over"
    """
    found = context.call("model.retire", name=name, reason=reason, successor=successor)
    return _told(found, format_)


@click.command("history")
@click.argument("name")
@context.format_option
def history(name: str, format_: str) -> None:
    """What became of a package: each change, by whom and when.

    Example: assay model history bookings@1
    """
    found = context.call("model.history", name=name)
    if format_ == "json":
        return context.emit_json(found)
    rows = [
        {
            "event": state["event"],
            "at": state["at"][:16].replace("T", " "),
            "by": state.get("actor"),
            "what": state.get("action", "pruned"),
            "changed": _changed(state),
        }
        for state in found["states"]
    ]
    columns = (("event", "event"), ("at", "when"), ("by", "by"), ("what", "what"), ("changed", "changed"))
    return show.table(rows, columns, "nothing is known of it", whole=("event", "at"))


_QUIET = ("decided_at", "hallmark", "approvals", "metadata")


def _changed(state: dict[str, object]) -> str:
    changed = state.get("changed")
    if state.get("pruned"):
        return "what it was then was pruned"
    if not isinstance(changed, dict):
        return ""
    return "; ".join(f"{k}: {_brief(a)} → {_brief(b)}" for k, (a, b) in changed.items() if k not in _QUIET)


def _brief(value: object) -> str:
    if value in (None, "", [], {}):
        return "–"
    if isinstance(value, dict):
        told = value.get("digest") or value.get("reason")
        return str(told)[:40] if told else ", ".join(f"{k}={v}" for k, v in value.items())[:60]
    if isinstance(value, list):
        return ", ".join(str(v.get("by")) if isinstance(v, dict) else str(v) for v in value)[:60]
    return str(value)[:60]


COMMANDS = (describe, alias, tag, stage, answer, image, archive, restore, retire, history)
