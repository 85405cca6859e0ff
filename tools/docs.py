"""Write docs/reference from the code: a page a check and a treatment, and the command line. `--check` says what is stale."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import click
import yaml

from assay.doors.cli.examining import command
from assay.doors.cli.main import COMMANDS, cli
from assay.doors.gateway.api import PREFIX, ROUTES
from assay.methods.masking import policy
from assay.methods.masking.method import METHODS, UNFIT, Option
from assay.methods.quality.vocabulary import BOUNDS, COMMON, KINDS, ROWWISE
from assay.works import declared
from assay.works.verbs import VERBS

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
        "- [The office over HTTP](api.md)",
        "- [Rules of data.quality](quality-rules.md)",
        "- [The masking policy](masking-policy.md)",
        "- [The views of the log](log-views.md)",
        "- [The registry's policy and questions](registry-policy.md)",
        "- [The firewall and the Core Rule Set's own suite](firewall-suite.md)",
        "- [The policy of corrective actions, and its channels](action-policy.md)",
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
            parts = [
                f"# {item.name}",
                item.summary,
                f"```text\n{_plain(shown)}\n```",
                *_about(item.name),
                *_example(item.name),
            ]
            out[f"{item.name}.md"] = "\n\n".join(parts) + "\n"
            index.append(f"| [{item.name}]({item.name}.md) | {item.summary} |")
        index.append("")
    out["index.md"] = "\n".join(index)
    out["cli.md"] = _cli()
    out["api.md"] = _api()
    out["masking-policy.md"] = _policy()
    out["quality-rules.md"] = _rules()
    out["log-views.md"] = _views()
    out["registry-policy.md"] = _registry()
    out["firewall-suite.md"] = _suite()
    out["action-policy.md"] = _actions()
    return out


def _about(name: str) -> list[str]:
    """Return the part of a page that a person writes: formulas, how they are read, and when not to use it."""
    kept = ROOT / "about" / f"{name}.md"
    return [kept.read_text(encoding="utf-8").rstrip()] if kept.exists() else []


def _example(name: str) -> list[str]:
    """Return the part of a page that shows its example; tools/examples.py runs them."""
    kept = ROOT / "examples" / f"{name}.txt"
    if not kept.exists():
        return []
    said = "In the folder that `assay demo` lays out; how long it took is left out:"
    return ["## Example", said, f"```console\n{kept.read_text(encoding='utf-8').rstrip()}\n```"]


_ABOUT = {
    "each": "a column, or several with a rule each",
    "key": "columns taken together",
    "pair": "two columns",
    "nothing": "the table",
    "sql": "SQL",
    "names": "names of columns",
    "types": "columns and their types",
    "pattern": "a regular expression",
    "table": "another table",
    "rules": "a list of rules",
}


def _rules() -> str:
    """Return the page of the words of a ruleset, from the vocabulary that it is checked against."""

    def listed(words: Iterable[str]) -> str:
        return ", ".join(f"`{w}`" for w in words)

    parts = [
        "# Rules of data.quality",
        "",
        "Written from the code by `make docs`. A rule is `{kind: what it is about, word: …}`.",
        "",
        f"Every rule takes {listed(COMMON)}; rules of rows (*) also {listed(ROWWISE)}; rules with bounds one or two of "
        f"{listed(BOUNDS)}.",
        "",
        "| kind | about | its own words | it holds where |",
        "| --- | --- | --- | --- |",
    ]
    for name, kind in KINDS.items():
        words = ", ".join([*kind.fields, *(["bounds"] if kind.bounded else [])])
        parts.append(
            f"| `{name}`{'*' if kind.rowwise else ''} | {_ABOUT[kind.about]} | {words} | {kind.summary} |"
        )
    return "\n".join(parts) + "\n"


def _registry() -> str:
    """Return the page of a registry's policy: the commented template, and the questions that are built in."""
    from assay.methods.inventory import policy
    from assay.methods.inventory.questions import QUESTIONS

    parts = [
        "# The registry's policy and questions",
        "Written from the code by `make docs`. See [how to answer the risk committee](../how-to/answer-the-risk-committee.md).",
        *[" ".join(part.split()) for part in (policy.__doc__ or "").split("\n\n")],
        f"```yaml\n{policy.TEMPLATE.rstrip()}\n```",
        "## The questions",
        "\n".join(["| name | question |", "| --- | --- |", *(f"| `{q.key}` | {q.ask} |" for q in QUESTIONS)]),
    ]
    return "\n\n".join(parts) + "\n"


def _actions() -> str:
    """Return the page of corrective actions: the commented template, what a rule may say, each deed, the channels."""
    from assay.methods.remedies import channels, deeds, policy

    def words(doc: str | None) -> str:
        return " ".join((doc or "").split())

    table = ["| deed | parts | what it does |", "| --- | --- | --- |"]
    table += [
        f"| `{verb}` | {', '.join(f'`{p}`' for p in deeds.PARTS[verb]) or 'none'} | {words(read.__doc__)} |"
        for verb, read in deeds.VERBS.items()
    ]
    parts = [
        "# The policy of corrective actions",
        "Written from the code by `make docs`. See [how to act on drift](../how-to/act-on-drift.md).",
        words(policy.__doc__),
        f"```yaml\n{deeds.TEMPLATE.rstrip()}\n```",
        "## When",
        words(policy.When.__doc__),
        "## What is done",
        "\n".join(table),
        "## How often",
        words(policy.Rule.__doc__),
        "## Channels",
        *[words(part) for part in (channels.__doc__ or "").split("\n\n")],
        "\n".join(
            ["| kind | parts |", "| --- | --- |"]
            + [f"| `{k}` | {', '.join(f'`{p}`' for p in found)} |" for k, found in channels.PARTS.items()]
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _policy() -> str:
    """Return the page of what a masking policy may say, from the table that it is checked against."""
    parts = [
        "# The masking policy",
        "",
        "Written from the code by `make docs`.",
        "",
        policy.__doc__ or "",
        "",
    ]
    for name, method in METHODS.items():
        facts = [f"Leaves to be seen: {method.reveals}."]
        facts += [f"Works on {', '.join(method.takes)}."] if method.takes else []
        facts += {
            "may": ["Under the key, or one drawn for the run."],
            "must": ["Under the key."],
            "seed": ["Drawn from the key, or else from the run's seed."],
            "no": [],
        }[method.key]
        facts += ["data.unmask turns it back."] if method.reversible else []
        parts += [f"## {name}", "", f"{method.doc[:1].upper()}{method.doc[1:]}. {' '.join(facts)}", ""]
        parts += [_option(n, o) for n, o in method.options.items()]
        parts += [""] if method.options else []
    parts += ["## Of every method", "", _option("unfit", UNFIT), ""]
    return "\n".join(parts)


def _views() -> str:
    """Return the page of the views that `assay log query` reads, and of the queries that come with it."""
    from assay.works.logs import querying, views

    parts = [
        "# The views of the log",
        "What `assay log query` reads. Times are UTC; SQL is DuckDB's. Columns of type JSON are read out of `raw` when they"
        " are asked for: `request->>'$.bucketName'`. A filter on `time` passes over the files and row groups that hold"
        " nothing of it; with `--since` and `--until` such files are not even opened.",
    ]
    for view in views.views():
        rows = ["| column | type | what it is |", "| --- | --- | --- |"]
        rows += [
            f"| `{c}` | {t} | {d[0].upper()}{d[1:]} |".replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")
            for c, t, d in view.columns
        ]
        parts += [f"## {view.name}", view.doc, "\n".join(rows)]
    parts.append("## Queries that come with it")
    for name, (tells, sql) in querying.shipped().items():
        parts += [
            f"`assay log query --saved {name}`: {tells[0].lower()}{tells[1:]}",
            f"```sql\n{sql.strip()}\n```",
        ]
    return "\n\n".join(parts) + "\n"


_CURL = """
ADMIN=$(assay token create "release bot" --admin --expires 90d)
assay serve --port 8080 &
curl -H "Authorization: Bearer $ADMIN" 'http://127.0.0.1:8080/api/v1/models?status=pending'
curl -H "Authorization: Bearer $ADMIN" -G http://127.0.0.1:8080/api/v1/search --data-urlencode 'query=models status = PENDING'
curl -H "Authorization: Bearer $ADMIN" -H 'Content-Type: application/json' \\
  -d '{"reason": "reviewed on Monday", "expires": "90d"}' http://127.0.0.1:8080/api/v1/models/bookings@1/approve
assay model export bookings@1 --to bookings-1
curl -H "Authorization: Bearer $ADMIN" -H 'Content-Type: application/octet-stream' \\
  --data-binary @bookings-1/package/model.tar.gz \\
  'http://127.0.0.1:8080/api/v1/models?name=candidate&file=model.tar.gz&owner=revenue'
"""


def _api() -> str:
    """Return the page of the addresses under /api/v1, from the table that requests are held against."""
    table = ["| method | address | what it does | parameters |", "| --- | --- | --- | --- |"]
    for route in ROUTES:
        doc = (VERBS[route.action].__doc__ or "").split("\n\n")[
            0
        ]  # what stands after a semicolon is the command's alone
        said = " ".join(doc.partition(";")[0].split()).rstrip(".").replace("``", "`")
        words = ", ".join(f"`{w}`" for w in (*route.query, *route.body))
        table.append(f"| {route.method} | `{route.path}` | {said} | {words} |".replace("|  |", "| |"))
    parts = [
        "# The office over HTTP",
        f"Written from the code by `make docs`. `assay serve` answers under `{PREFIX}`, unless it was started with `--no-api`,"
        " for tokens made with `--admin`, in whose name each act is recorded. In a folder that has a home:",
        f"```sh\n{_CURL.strip()}\n```",
        "A name is `bookings`, `bookings@1` or `bookings@ALIAS`. Parameters of GET and DELETE stand in the query, those of POST"
        " and PATCH in a JSON object with `Content-Type: application/json`; no others are taken. A model to be registered"
        " is itself the body (`application/octet-stream`, up to 128 MiB; larger ones by `assay model register`), and is scanned in a"
        " process of its own. `at` asks how it was then. `guard`,"
        " `capture`, `fallback` and `plan` are objects as `assay endpoint show --format json` shows them. An"
        ' answer is what the command prints with `--format json`. A refusal is `{"message": …, "rule": …}`: 400 for what'
        " is asked wrongly, 401 without a token, 403 for what a rule forbids, 404 for what there is not, 405 for another method. What"
        " `query` may say: [search](../how-to/search-what-the-office-knows.md).",
        "\n".join(table),
    ]
    return "\n\n".join(parts) + "\n"


def _suite() -> str:
    """Return the page on the Core Rule Set's regression cases; tests play them and hold the list to what they find."""
    sys.path.insert(0, str(ROOT.parents[1]))
    from tests.engines.firewall import crs

    cases = crs.load()
    why = yaml.safe_load(crs.KEPT.with_name("explained.yaml").read_text())
    rows = []
    for kind, positive in (("positive: a rule must match", True), ("negative: a rule must not match", False)):
        of = [c for c in cases if not c.applies and c.positive is positive]
        odd = sum(c.name in why for c in of)
        rows.append(f"| {kind} | {len(of):,} | {len(of) - odd:,} | {1 - odd / len(of):.2%} |")
    left = sum(bool(c.applies) for c in cases)
    return "\n".join(
        [
            "# The firewall and the Core Rule Set's own suite",
            "",
            f"The {len(cases):,} regression cases of OWASP Core Rule Set 3.3.4, each played through the firewall as the suite's",
            "README asks: paranoia 4, detecting. `make test-slow` plays them, and holds this page's list to what it finds.",
            "",
            "| cases | apply | as expected | |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
            f"{left} cases do not apply: they ask how a web server answers a request that is no HTTP, and no rule.",
            "",
            "## Those that do not come out as expected",
            "",
            "| case | why |",
            "| --- | --- |",
            *(f"| {name} | {' '.join(str(text).split())} |" for name, text in why.items()),
            "",
        ]
    )


def _option(name: str, option: Option) -> str:
    said = [f"one of {', '.join(option.choices)}"] if option.choices else []
    said += (
        [f"from {option.low:g}" if option.type is int else f"above {option.low:g}"]
        if option.low is not None
        else []
    )
    said += [f"to {option.high:g}"] if option.high is not None else []
    said += ["needed"] if option.needed else []
    default = (
        ""
        if option.default in (None, "")
        else str(option.default).lower()
        if option.type is bool
        else option.default
    )
    said += [f"default `{default}`"] if default != "" else []
    return f"- `{name}`: {option.doc}{' (' + '; '.join(said) + ')' if said else ''}"


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
