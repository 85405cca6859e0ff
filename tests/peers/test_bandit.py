"""code.review beside bandit, on bandit's own examples: what it names, or why that is none of it."""

import json
import subprocess
import tarfile
from collections import defaultdict

import pytest

from assay.checks.code.review import _walk

pytestmark = pytest.mark.slow
BANDIT = "bandit==1.9.4"
# What it names by looking at imports or words, where code.review follows what is called with them; asserts and passes are no matter of
# security; passwords are code.secrets' own.
ELSEWHERE = {
    "B101": "assert", "B110": "except: pass", "B112": "except: continue", "B105": "code.secrets", "B106": "code.secrets", "B107": "code.secrets",
    "B401": "import", "B402": "import", "B403": "import", "B404": "import", "B405": "import", "B406": "import", "B407": "import", "B408": "import",
    "B409": "import", "B410": "import", "B411": "import", "B412": "import", "B413": "import", "B415": "import",
    "B310": "any urlopen", "B311": "any use of random", "B603": "any process without a shell", "B606": "any process without a shell",
    "B607": "a program without its path", "B608": "a text that looks like SQL, run or not",
}  # fmt: skip
# Of the rest: lines on which all that is run stands written out in the file, or what is named does no harm.
WRITTEN = {
    "exec.py": {1}, "eval.py": {3, 4}, "os_system.py": {3}, "os-popen.py": {6, 7, 8, 9, 10, 11, 12, 14}, "popen_wrappers.py": {5, 6, 11, 12, 13, 14, 15},
    "imports-aliases.py": {9}, "multiline_statement.py": {5, 11}, "new_candidates-all.py": {7}, "new_candidates-some.py": {7}, "nosec.py": {9, 11, 17},
    "subprocess_shell.py": {11, 12, 14, 21, 24, 27, 30, 31, 34, 36, 37, 38, 43, 46, 47, 48, 49, 51, 52, 53, 54}, "paramiko_injection.py": {7},
    "mark_safe.py": {4}, "mark_safe_insecure.py": {10, 11, 12, 13, 14, 143, 149}, "mark_safe_secure.py": {4, 11, 14, 17, 29, 33, 35, 36, 37, 41, 45, 47, 48, 54, 75},
    "markupsafe_markup_xss.py": {5, 6, 10, 11}, "markupsafe_markup_xss_allowed_calls.py": {5, 9}, "markupsafe_markup_xss_extend_markup_names.py": {5},
    "django_sql_injection_extra.py": {12, 13, 15, 16, 17, 20, 22, 23, 24, 27, 29}, "django_sql_injection_raw.py": {5, 6, 8, 11, 12, 13},
    "xml_etree_celementtree.py": {7}, "xml_etree_elementtree.py": {7}, "xml_expatbuilder.py": {9}, "xml_sax.py": {21, 23}, "xml_minidom.py": {3}, "xml_pulldom.py": {3},
    "ssl-insecure-version.py": {6, 10, 38},  # SSLv23 settles on the best that both sides have
    "os-chmod.py": {8, 10, 12},  # for a group
    "jinja2_templating.py": {9, 29},  # autoescape is worked out elsewhere
    "tarfile_extractall.py": {38}, "mktemp.py": {8},  # of a module that was not imported
}  # fmt: skip


@pytest.fixture(scope="module")
def examples(environment, tmp_path_factory):
    """Return the folder of bandit's examples, and what bandit names in it."""
    python = environment("bandit", BANDIT)
    folder = tmp_path_factory.mktemp("bandit")
    command = [
        python,
        "-m",
        "pip",
        "download",
        "-q",
        "--no-deps",
        "--no-binary",
        ":all:",
        BANDIT,
        "-d",
        str(folder),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"the examples cannot be fetched here: {done.stderr[-200:]}")
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        archive.extractall(folder, filter="data")
    (place,) = folder.glob("bandit-*/examples")
    command = [python, "-m", "bandit", "-q", "-r", str(place), "-f", "json", "--exit-zero"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return place, json.loads(said)["results"]


def test_what_bandit_names_is_named_or_is_written_out(examples):
    place, results = examples
    by_file = defaultdict(list)
    for one in results:
        by_file[one["filename"].rpartition("/")[2]].append(one)
    missed, asked = [], 0
    for name, found in sorted(by_file.items()):
        text = (place / name).read_bytes().decode("utf-8", "replace")
        lines = {spot.line for spot in _walk.python(text)}
        for one in found:
            if one["test_id"] in ELSEWHERE:
                continue
            asked += 1
            span = {one["line_number"], *one["line_range"]}
            if not lines & span and one["line_number"] not in WRITTEN.get(name, set()):
                missed.append((one["test_id"], name, one["line_number"]))
    assert missed == [] and asked > 350


def test_what_is_excused_is_excused_for_a_reason(examples):
    """An excuse that is not needed any more would hide the next thing that is lost."""
    place, results = examples
    named = {
        (r["filename"].rpartition("/")[2], r["line_number"]) for r in results if r["test_id"] not in ELSEWHERE
    }
    for name, lines in WRITTEN.items():
        for line in lines:
            assert (name, line) in named, (name, line)
