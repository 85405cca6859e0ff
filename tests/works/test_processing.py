"""A team's own processing step: tables in, tables out, and what it may not leave."""

from __future__ import annotations

import pytest

from assay.works.running import run_file


class _Quiet:
    def begun(self, step, index, of): ...
    def progress(self, done, of, what): ...
    def ended(self, done): ...


def run(folder, script, steps="  s: {treat: s.py, of: d, arguments: {k: 3}}\n"):
    (folder / "d.csv").write_text("a,b\n1,x\n2,y\n3,z\n")
    (folder / "s.py").write_text(script)
    (folder / "assay.yaml").write_text(f"data: {{d: {{source: d.csv}}}}\nsteps:\n{steps}")
    result = run_file(folder / "assay.yaml", start=folder, environment={}, observer=_Quiet())
    return {d.step.name: d for d in result.steps}, folder / ".assay" / "objects"


def rows(store, asset):
    import pyarrow.parquet as pq

    text = asset.digest[7:]
    return pq.read_table(store / text[:2] / text[2:]).to_pylist()


def test_it_reads_its_input_and_arguments_and_what_it_leaves_is_made(tmp_path):
    script = (
        "import csv, sys, os\n"
        "found = list(csv.DictReader(open(os.environ['ASSAY_INPUT_DATA'] + '/data.csv')))\n"
        "assert sys.argv[1:] == ['--k', '3'], sys.argv\n"
        "for name, some in (('train', found[:2]), ('test', found[2:])):\n"
        "    out = csv.DictWriter(open('output/' + name + '.csv', 'w'), ['a', 'b']); out.writeheader(); out.writerows(some)\n"
    )
    steps = (
        "  s: {treat: s.py, of: d, arguments: {k: 3}}\n  t: {treat: data.drop, of: s.train, columns: [b]}\n"
    )
    done, store = run(tmp_path, script, steps)
    assert rows(store, done["s"].outputs["test"]) == [{"a": 3, "b": "z"}]
    assert rows(store, done["t"].outputs["out"]) == [{"a": 1}, {"a": 2}]
    again, _ = run(tmp_path, script, steps)
    assert again["s"].cached and again["t"].cached
    changed, _ = run(tmp_path, script + "#\n", steps)
    assert not changed["s"].cached and changed["t"].cached  # other code, the same rows


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("import os; os.symlink('/etc/passwd', 'output/p.csv')", "is a link or no regular file"),
        ("open('output/p.exe', 'w').write('x')", "p.exe is no table"),
        ("pass", "left no table"),
        ("print('bad luck'); raise SystemExit(4)", "ended with exit code 4. Its last line: bad luck"),
        ("open('input/data/data.csv', 'w')", "Read-only|Permission"),
        ("[open(f'output/{n}.csv', 'w').write('a\\n1\\n') for n in ('log', 'x')]", "calls a table"),
    ],
)  # fmt: skip
def test_what_it_may_not_leave_or_do_is_said_and_makes_nothing(tmp_path, script, said):
    import re

    done, _ = run(tmp_path, script)
    assert "out" not in done["s"].outputs and not done["s"].passed
    assert re.search(said, done["s"].verdict.report.findings[0].message), done["s"].verdict.report.findings
