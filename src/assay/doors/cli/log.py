"""log: the tamper-evident ledger."""

from __future__ import annotations

from typing import Any

import click

from assay.doors.cli import context, logs, retention, show
from assay.doors.cli.groups import Group


@click.group(cls=Group)
def log() -> None:
    """The tamper-evident ledger: every act, in a Merkle tree.

    Example: assay log verify
    """


for _command in (logs.query, logs.queries, logs.import_, retention.retain, retention.hold):
    log.add_command(_command)


@log.command("tail")
@click.option(
    "-n", "number", type=click.IntRange(1, 100_000), default=20, show_default=True, help="How many."
)
@context.format_option
def tail(number: int, format_: str) -> None:
    """Show the latest events.

    Example: assay log tail -n 5
    """
    found = context.call("log.tail", number=number)
    if format_ == "json":
        return context.emit_json(found)
    columns = (
        ("seq", "seq"),
        ("time", "time"),
        ("actor", "actor"),
        ("action", "action"),
        ("outcome", "outcome"),
        ("subject", "subject"),
    )
    return show.table(found["events"], columns, "the log is empty", parted=("action", "subject"))


@log.command("verify")
@click.option("--checkpoint", metavar="FILE", help="A checkpoint kept elsewhere.")
@click.option(
    "--export", "export", metavar="FILE", help="A log written by `assay log export`; needs no home."
)
@click.option("--proof", metavar="FILE", help="A proof written by `assay log prove`; needs no home.")
@click.option("--key", metavar="FILE", help="The log's public key, where there is no home.")
@click.option(
    "--witness",
    "witnesses",
    metavar="WHO",
    multiple=True,
    help="Ask a witness too; `all` asks each that has one.",
)
@context.format_option
def verify(
    checkpoint: str | None, export: str | None, proof: str | None, key: str | None, witnesses: tuple[str, ...],
    format_: str,
) -> int:  # fmt: skip
    """Verify the log: every event, its order, every row it vouches for.

    With --checkpoint also that the log still holds everything that the kept
    checkpoint saw, which nothing inside the home can prove. With --proof that
    one event is in the log, or that the log only grew since a checkpoint. Exits 1 on any forgery, and 2 where there is
    nothing to verify.

    Example: assay log verify --checkpoint kept.txt
    """
    if proof:
        found = context.call("log.verify_proof", proof=proof, key=key, checkpoint=checkpoint)
    elif checkpoint or export:
        found = context.call("log.verify_against", checkpoint=checkpoint, export=export, key=key)
    else:
        found = context.call("log.verify", witnesses=witnesses)
    if format_ == "json":
        context.emit_json(found)
    elif found["ok"]:
        click.secho("VERIFIED", fg="green", bold=True, nl=False)
        click.echo(f"  {found['size']} events, {_about(found)}")
        for policy, count in (found.get("pruned") or {}).items():
            click.echo(f"{count} bodies were pruned under the policy {policy}; their leaves hold")
    else:
        click.secho("FORGED OR DAMAGED", fg="red", bold=True)
    if format_ != "json":
        show.problems(found["problems"])
        for told in found.get("witnesses", ()):
            if told["confirms"]:
                when = f", at {told['time']}" if told["time"] else ""
                click.echo(f"confirmed by {told['witness']}: {told['size']} events{when}")
    return 0 if found["ok"] else 1


def _about(found: dict[str, Any]) -> str:
    if "root" in found:
        return f"root {found['root']}"
    if "since" in found:
        return f"the first {found['since']} as they were at the kept checkpoint"
    return f"among them event {found['index']}"


@log.command("prove")
@click.argument("seq", type=click.IntRange(0), required=False)
@click.option("--since", metavar="FILE", help="A kept checkpoint: that the log only grew since.")
@context.format_option
def prove(seq: int | None, since: str | None, format_: str) -> None:
    """Prove that an event is in the log, or that the log only grew.

    Prints the event, its path to the root and the signed checkpoint: all that
    a verifier needs. With --since both checkpoints and the path between them,
    and no event: who kept the earlier one needs nothing of the log itself.

    Example: assay log prove 12 > proof.json
    """
    context.emit_json(context.call("log.prove", seq=seq, since=since))


@log.command("checkpoint")
@click.option(
    "--witness",
    "witnesses",
    metavar="WHO",
    multiple=True,
    help="Give it to file:PATH, git:PATH, s3://… or tsa:URL#ROOT.",
)
@context.format_option
def checkpoint(witnesses: tuple[str, ...], format_: str) -> None:
    """Print the signed checkpoint, or give it to witnesses.

    A witness keeps it outside the home: a file on another disk, a git
    repository, a bucket (?days=400 locks the object), or a time-stamp authority
    (RFC 3161). `assay log verify --witness all` asks them.

    Example: assay log checkpoint --witness file:kept.jsonl
    """
    found = context.call("log.checkpoint", witnesses=witnesses)
    if format_ == "json":
        return context.emit_json(found)
    for one in found["witnesses"]:
        click.echo(f"{one['witness']} has it: {one['size']} events, {one['place']}")
    return click.echo(found["checkpoint"], nl=False) if not witnesses else None


@log.command("export")
@click.argument("to", metavar="FILE")
@click.option(
    "--since", metavar="TIME", help="Events from then on: 2026-01-31, or 7d for the last seven days."
)
@click.option("--until", metavar="TIME", help="Events before then.")
@context.format_option
def export(to: str, since: str | None, until: str | None, format_: str) -> None:
    """Write the whole log as JSON lines, or a period of it as an archive.

    The log's public key is written beside it. An archive (a period, or a FILE
    that ends in .zip) proves itself: the script verify.py in it shows, without
    Assay and offline, that no event in it is missing, added, edited or moved.

    Example: assay log export january.zip --since 2026-01-01
    """
    found = context.call("log.export", to=to, since=since, until=until)
    if format_ == "json":
        return context.emit_json(found)
    if "count" in found:
        click.echo(f"{found['count']} events, from number {found['first']} on, of {found['size']}")
    return click.echo(f"written to {found['file']} and {found['key']}")
