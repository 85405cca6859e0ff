"""Write docs/reference from the code: a page a check and a treatment, and the command line. `--check` says what is stale."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from assay.doors.cli.examining import command
from assay.doors.cli.main import COMMANDS, cli
from assay.works import declared

ROOT = Path(__file__).resolve().parent.parent / "docs" / "reference"


def pages() -> dict[str, str]:
    """Return path → text of every generated page."""
    out: dict[str, str] = {}
    index = [
        "# Reference",
        "",
        "Written from the code by `make docs`.",
        "",
        "- [The command line](cli.md)",
        "",
    ]
    kinds: tuple[declared.Kind, ...] = ("check", "treatment")
    for kind in kinds:
        index += [f"## {kind.capitalize()}s", "", "| name | what it does |", "| --- | --- |"]
        for item in declared.listing(kind):
            made = command(declared.load(kind, item.name))
            verb = "check" if kind == "check" else "treat"
            with click.Context(made, info_name=f"assay {verb} {item.name}", max_content_width=80) as ctx:
                shown = made.get_help(ctx)
            out[f"{item.name}.md"] = f"# {item.name}\n\n{item.summary}\n\n```text\n{_plain(shown)}\n```\n"
            index.append(f"| [{item.name}]({item.name}.md) | {item.summary} |")
        index.append("")
    out["index.md"] = "\n".join(index)
    out["cli.md"] = _cli()
    return out


def _cli() -> str:
    parts = ["# The command line", "", "Written from the code by `make docs`.", ""]
    root = click.Context(cli, info_name="assay", max_content_width=80)
    parts += ["```text", _plain(cli.get_help(root)), "```", ""]
    for name in COMMANDS:
        parts += _one(cli.get_command(root, name), f"assay {name}", root)
    return "\n".join(parts)


def _one(made: click.Command | None, path: str, parent: click.Context) -> list[str]:
    assert made is not None
    ctx = click.Context(made, info_name=path, max_content_width=80)
    parts = [f"## {path}", "", "```text", _plain(made.get_help(ctx)), "```", ""]
    if isinstance(made, click.Group) and path not in ("assay check", "assay treat"):
        for name in made.list_commands(ctx):
            parts += _one(made.get_command(ctx, name), f"{path} {name}", ctx)
    return parts


def _plain(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.replace("\b", "").splitlines())


def main() -> int:
    """Write the pages, or with --check say which are stale."""
    made = pages()
    if "--check" in sys.argv:
        stale = [
            n
            for n, t in made.items()
            if not (ROOT / n).is_file() or (ROOT / n).read_text(encoding="utf-8") != t
        ]
        stale += [p.name for p in ROOT.glob("*.md") if p.name not in made]
        print("\n".join(f"stale: docs/reference/{name}" for name in stale) or "the reference is fresh")
        return 1 if stale else 0
    ROOT.mkdir(parents=True, exist_ok=True)
    for path in ROOT.glob("*.md"):
        path.unlink()
    for name, text in made.items():
        (ROOT / name).write_text(text, encoding="utf-8")
    print(f"wrote {len(made)} pages to docs/reference")
    return 0


if __name__ == "__main__":
    sys.exit(main())
