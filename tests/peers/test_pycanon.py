"""pycanon, in an environment of its own, measures on Adult what data.anonymity measures."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from assay.checks.data.anonymity import check

pytestmark = pytest.mark.slow
ADULT = Path(__file__).parents[2] / "src/assay/examples/income/adult.csv.gz"
QUASI, SENSITIVE = ["age", "education", "sex"], ["income", "hours_per_week"]
ASKED = f"""
import json, sys, warnings
warnings.filterwarnings("ignore")
import pandas as pd
from pycanon import anonymity as a
given = pd.read_csv(sys.argv[1]), {QUASI}, {SENSITIVE}
print(json.dumps({{
    "k": int(a.k_anonymity(*given[:2])), "l_distinct": int(a.l_diversity(*given)),
    "alpha": float(a.alpha_k_anonymity(*given)[0]), "t_closeness": float(a.t_closeness(*given)),
    "beta_likeness": float(a.basic_beta_likeness(*given)), "delta_disclosure": float(a.delta_disclosure(*given)),
}}))
"""


@pytest.fixture(scope="module")
def pycanon(environment):
    return environment("pycanon-1.3", "pycanon==1.3.*")


def test_its_numbers_are_ours(pycanon, table, work, tmp_path):
    frame = pd.read_csv(ADULT).iloc[:6000]
    frame.to_csv(tmp_path / "adult.csv", index=False)
    done = subprocess.run(
        [pycanon, "-c", ASKED, tmp_path / "adult.csv"], capture_output=True, text=True, check=True
    )
    report = check(table(frame), quasi=tuple(QUASI), sensitive=tuple(SENSITIVE), work=work)
    for name, theirs in json.loads(done.stdout).items():
        found = [m.value for m in report.metrics if m.name == name]
        assert (min if name.startswith(("l_", "k")) else max)(found) == pytest.approx(theirs), name
