"""Time data.quality beside Great Expectations and pandera: the same rules, on the same rows, all failing rows kept.

Each peer runs in a virtual environment of its own under benchmarks/.envs, made with pip on first use. Each figure is of
a whole process, start, imports and reading the file included: the median of the runs, and the most memory it held.
Before anything is timed, the numbers of failing rows that the tools found are compared, rule by rule.

Measured on 2 cores under a load of 3, medians of 3 runs of 976,840 rows and 15 rules: 0.59 s of processor and 135 MB,
beside 5.5 s and 721 MB of Great Expectations (9.3x), 2.2 s and 644 MB of pandera on pandas (3.7x), 1.1 s and 576 MB
of pandera on polars (1.9x); on the wall 0.66 s, 11.1x, 3.5x and 1.8x. A third of ours is starting Python and its imports.

    python benchmarks/quality.py              Adult twenty times over, 976,840 rows
    python benchmarks/quality.py --times 2    fewer rows
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from peers import ADULT, Peer, race, run

EDUCATIONS = ["Bachelors", "HS-grad", "11th", "Masters", "9th", "Some-college", "Assoc-acdm", "Assoc-voc", "7th-8th",
              "Prof-school", "5th-6th", "10th", "Preschool", "12th", "1st-4th"]  # fmt: skip  # no Doctorate

# Each rule by its name: in our words, as an expectation, and as pandera's check of a column.
RULES = [
    ("complete age", {"complete": "age"}, ("column_values_to_not_be_null", {"column": "age"}), ("age", "null", None)),
    ("complete workclass", {"complete": "workclass"}, ("column_values_to_not_be_null", {"column": "workclass"}), ("workclass", "null", None)),
    ("complete occupation", {"complete": "occupation"}, ("column_values_to_not_be_null", {"column": "occupation"}), ("occupation", "null", None)),
    ("complete native_country", {"complete": "native_country"}, ("column_values_to_not_be_null", {"column": "native_country"}), ("native_country", "null", None)),
    ("range age", {"range": "age", "min": 18, "max": 80}, ("column_values_to_be_between", {"column": "age", "min_value": 18, "max_value": 80}), ("age", "in_range", (18, 80))),
    ("range hours_per_week", {"range": "hours_per_week", "min": 1, "max": 90}, ("column_values_to_be_between", {"column": "hours_per_week", "min_value": 1, "max_value": 90}), ("hours_per_week", "in_range", (1, 90))),
    ("range capital_gain", {"range": "capital_gain", "min": 0, "max": 50000}, ("column_values_to_be_between", {"column": "capital_gain", "min_value": 0, "max_value": 50000}), ("capital_gain", "in_range", (0, 50000))),
    ("range education_num", {"range": "education_num", "min": 1, "max": 16}, ("column_values_to_be_between", {"column": "education_num", "min_value": 1, "max_value": 16}), ("education_num", "in_range", (1, 16))),
    ("set sex", {"set": "sex", "values": ["Male", "Female"]}, ("column_values_to_be_in_set", {"column": "sex", "value_set": ["Male", "Female"]}), ("sex", "isin", (["Male", "Female"],))),
    ("set education", {"set": "education", "values": EDUCATIONS}, ("column_values_to_be_in_set", {"column": "education", "value_set": EDUCATIONS}), ("education", "isin", (EDUCATIONS,))),
    ("forbidden race", {"forbidden": "race", "values": ["Other"]}, ("column_values_to_not_be_in_set", {"column": "race", "value_set": ["Other"]}), ("race", "notin", (["Other"],))),
    ("pattern marital_status", {"pattern": "marital_status", "contains": "^[A-Z][a-z]+(-[a-z]+)*$"}, ("column_values_to_match_regex", {"column": "marital_status", "regex": "^[A-Z][a-z]+(-[a-z]+)*$"}), ("marital_status", "str_contains", ("^[A-Z][a-z]+(?:-[a-z]+)*$",))),
    ("pattern relationship", {"pattern": "relationship", "contains": "^[A-Z]"}, ("column_values_to_match_regex", {"column": "relationship", "regex": "^[A-Z]"}), ("relationship", "str_contains", ("^[A-Z]",))),
    ("length education", {"length": "education", "min": 3, "max": 11}, ("column_value_lengths_to_be_between", {"column": "education", "min_value": 3, "max_value": 11}), ("education", "str_length", (3, 11))),
    ("unique row_id", {"unique": "row_id"}, ("column_values_to_be_unique", {"column": "row_id"}), ("row_id", "unique", None)),
]  # fmt: skip

ASSAY = """
import json, sys
from assay.works.checking import carry_out
verdict = carry_out("check", "data.quality", sys.argv[1],
                    {"rules": sys.argv[2], "failing_rows": 1_000_000}, home=None, keep=__import__("pathlib").Path(sys.argv[3]))
assert not verdict.report.error, verdict.report.error
json.dump({r["name"]: r["failing"] for r in verdict.report.data["rules"]}, open(sys.argv[3] + "/counts.json", "w"))
"""
GX = """
import json, os, sys, warnings
warnings.filterwarnings("ignore")
os.environ["GX_ANALYTICS_ENABLED"] = "false"
import great_expectations as gx
import pandas as pd
from great_expectations.core.expectation_suite import ExpectationSuite
frame = pd.read_parquet(sys.argv[1])
suite = json.load(open(sys.argv[2]))
context = gx.get_context(mode="ephemeral")
context.variables.progress_bars = {"globally": False}
batch = (context.data_sources.add_pandas("p").add_dataframe_asset("a").add_batch_definition_whole_dataframe("b")
         .get_batch({"dataframe": frame}))
found = batch.validate(ExpectationSuite(name="s", expectations=suite["expectations"]), result_format="COMPLETE")
counts, rows = {}, 0
named = {(e["type"], e["kwargs"]["column"]): n for e, n in zip(suite["expectations"], suite["meta"]["names"])}
for result in found.results:  # in an order of its own
    config = result.expectation_config
    counts[named[config.type, config.kwargs["column"]]] = result.result["unexpected_count"]
    rows += len(result.result.get("unexpected_index_list") or [])
json.dump(counts, open(sys.argv[3] + "/counts.json", "w"))
"""
PANDERA = """
import json, os, sys, warnings
warnings.filterwarnings("ignore")
os.environ["DISABLE_PANDERA_IMPORT_WARNING"] = "True"
kind = sys.argv[4]
if kind == "polars":
    import pandera.polars as pa, polars as pl
    frame = pl.read_parquet(sys.argv[1])
else:
    import pandera.pandas as pa, pandas as pd
    frame = pd.read_parquet(sys.argv[1])
rules = json.load(open(sys.argv[2]))
columns = {}
for name, (column, check, arguments) in rules:
    one = columns.setdefault(column, {"checks": [], "nullable": True, "unique": False})
    if check == "null":
        one["nullable"] = False
    elif check == "unique":
        one["unique"] = True
    else:
        one["checks"].append(getattr(pa.Check, check)(*arguments, error=name))
schema = pa.DataFrameSchema({c: pa.Column(**given) for c, given in columns.items()})
try:
    schema.validate(frame, lazy=True)
    cases = None
except pa.errors.SchemaErrors as error:
    cases = error.failure_cases
counts = {name: 0 for name, _ in rules}
if cases is not None:
    cases = cases.to_pandas() if kind == "polars" else cases
    for (column, check), count in cases.groupby(["column", "check"]).size().items():
        name = {"not_nullable": f"complete {column}", "field_uniqueness": f"unique {column}"}.get(check, check)
        counts[name] = int(count)
json.dump(counts, open(sys.argv[3] + "/counts.json", "w"))
"""
MAKE = """
import sys, duckdb
adult, times, parquet = sys.argv[1:]
con = duckdb.connect()
con.execute(f"COPY (SELECT row_number() OVER () AS row_id, a.* FROM read_csv('{adult}') a, range({times})) TO '{parquet}'")
"""


def write(folder: Path) -> dict[str, Path]:
    """Write the rules as each tool takes them."""
    out = {k: folder / f"{k}.json" for k in ("gx", "pandera")} | {"assay": folder / "rules.yaml"}
    lines = ["rules:", *(f"  - {json.dumps(rule | {'name': name})}" for name, rule, _, _ in RULES)]
    out["assay"].write_text("\n".join(lines) + "\n")
    expectations = [{"type": f"expect_{kind}", "kwargs": kwargs} for _, _, (kind, kwargs), _ in RULES]
    suite = {"name": "s", "expectations": expectations, "meta": {"names": [name for name, *_ in RULES]}}
    out["gx"].write_text(json.dumps(suite))
    out["pandera"].write_text(json.dumps([(name, check) for name, _, _, check in RULES]))
    return out


def main() -> None:
    """Compare, measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--times", type=int, default=20, help="how many times Adult's 48,842 rows")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--limit", type=float, default=900, help="seconds that one run may take")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = write(folder)
        table = folder / "adult.parquet"
        subprocess.run([sys.executable, "-c", MAKE, str(ADULT), str(given.times), str(table)], check=True)
        gx = ("great_expectations>=1.5,<2", "pyarrow", "pandas")
        pandera = ("pandera[polars]>=0.26", "pyarrow", "pandas")
        peers = [
            Peer("assay data.quality", ASSAY, (str(files["assay"]), str(folder))),
            Peer("Great Expectations", GX, (str(files["gx"]), str(folder)), gx, "gx"),
            Peer(
                "pandera on pandas",
                PANDERA,
                (str(files["pandera"]), str(folder), "pandas"),
                pandera,
                "pandera",
            ),
            Peer(
                "pandera on polars",
                PANDERA,
                (str(files["pandera"]), str(folder), "polars"),
                pandera,
                "pandera",
            ),
        ]
        cores = len(os.sched_getaffinity(0))
        print(f"{platform.platform()}, Python {platform.python_version()}, {cores} cores, runs: {given.runs}")
        print(f"Adult x{given.times}, {48_842 * given.times:,} rows, {len(RULES)} rules, parquet\n")
        found: dict[str, dict[str, int]] = {}
        for peer in peers:
            (folder / "counts.json").unlink(missing_ok=True)
            if run(peer, [table], given.limit):
                found[peer.name] = json.loads((folder / "counts.json").read_text())
        _agree(found)
        race(peers, [table], lambda _: given.runs, given.limit, {p.name: p.version() for p in peers})


def _agree(found: dict[str, dict[str, int]]) -> None:
    """Say where a tool counts other failing rows than we do."""
    first = next(iter(found.values()), {})
    print(f"failing rows: {sum(first.values()):,}, of {sum(c > 0 for c in first.values())} rules")
    for name, counts in found.items():
        odd = {r: (c, first[r]) for r, c in counts.items() if c != first[r]}
        if odd:
            print(f"  {name} counts otherwise (theirs, ours): {odd}")
    print()


if __name__ == "__main__":
    main()
