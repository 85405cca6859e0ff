"""This repository passes the examinations that it sells: what tests make up is accepted by name, and nothing else is there."""

import shutil
import subprocess
from pathlib import Path

import pytest

from assay.works.checking import carry_out

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a clone")
def test_code_secrets_passes_on_this_repository(tmp_path):
    listed = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listed, capture_output=True, check=True).stdout.decode().split("\0"):
        if name and (ROOT / name).is_file() and not (ROOT / name).is_symlink():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, tmp_path / name)
    report = carry_out("check", "code.secrets", str(tmp_path), {"history": False}, home=None).report
    assert [(f.rule, f.where["file"]) for f in report.findings if f.severity.name != "INFO"] == []
    assert report.coverage.skipped == ()


def test_code_review_finds_nothing_in_the_examples():
    report = carry_out("check", "code.review", str(ROOT / "src/assay/examples"), {}, home=None).report
    assert report.coverage.examined == 3 and report.findings == ()
