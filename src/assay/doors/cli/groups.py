"""A group of commands: lists each with its whole first line, and names the nearest when one is misspelt."""

from __future__ import annotations

import click

from assay.methods.nearest import did_you_mean


class Group(click.Group):
    """A group whose list fits 80 columns without cutting a sentence off. noun: what its members are called."""

    noun = "command"

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command; name the nearest when there is none."""
        known = self.list_commands(ctx)
        if args and args[0] not in known and not args[0].startswith("-"):
            self.elsewhere(args[0])
            advice = did_you_mean(args[0], known)
            raise click.UsageError(f"there is no {self.noun} {args[0]!r}; {advice}", ctx)
        return super().resolve_command(ctx, args)

    def elsewhere(self, name: str) -> None:
        """Raise where ``name`` belongs to another group; here nothing is known of any."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each command with the first line of its help."""
        rows = []
        for name in self.list_commands(ctx):
            made = self.get_command(ctx, name)
            rows.append((name, made.get_short_help_str(limit=1000) if made else ""))
        with formatter.section("Commands"):
            formatter.write_dl(rows)
