import json
import subprocess
from pathlib import Path

import pytest

from assay.doors.cli.notebooks import _for_a_shell


def _read_by_a_shell(said, folder, **environment):
    """Return the configuration folder that a shell hands to Jupyter, where what was said is typed."""
    (line,) = [one.partition(": ")[2] for one in said.splitlines() if one.startswith("start it: ")]
    typed = line.replace("jupyter lab", "sh -c 'echo \"$JUPYTER_CONFIG_DIR\"'")
    done = subprocess.run(
        ["sh", "-c", typed], cwd=folder, env=environment or None, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("folder", "read"),
    [
        ("~/.jupyter", "/home/ada/.jupyter"),
        ("~/my notes", "/home/ada/my notes"),
        ("/srv/a b", "/srv/a b"),
        ("~", "/home/ada"),
    ],
)
def test_in_quotes_a_tilde_was_a_folder_of_that_name(tmp_path, folder, read):
    said = f"start it: JUPYTER_CONFIG_DIR={_for_a_shell(Path(folder))} jupyter lab"
    assert _read_by_a_shell(said, tmp_path, HOME="/home/ada", PATH="/usr/bin:/bin") == read


def test_what_is_set_right_passes_but_for_what_only_a_running_server_tells(assay, tmp_path):
    said = assay(tmp_path, "notebook", "secure", "--dir", "j", "--name", "notebooks.example.org")
    assert "notebook.key" in said
    assert "notebooks.example.org" in said
    assert _read_by_a_shell(said, tmp_path) == f"{tmp_path}/j"
    report = assay.json(tmp_path, "notebook", "check", "j", "--allow-incomplete", "--save", "seen")
    assert report["findings"] == []
    assert len(report["coverage"]["skipped"]) == 2
    again = assay.json(tmp_path, "check", "notebook.server", "seen", "--allow-incomplete")
    assert (again["coverage"], again["data"]) == (report["coverage"], report["data"])
    assert "already there" in assay.fails(tmp_path, "notebook", "check", "j", "--save", "seen")


def test_an_empty_token_that_stays_is_not_said_to_be_drawn(assay, tmp_path):
    """It said that the server draws a token at each start, and that the .py is taken later, which it is not."""
    (tmp_path / "j").mkdir()
    (tmp_path / "j" / "jupyter_server_config.py").write_text("c.IdentityProvider.token = ''\n")
    said = assay(tmp_path, "notebook", "secure", "--dir", "j")
    assert "sets to nothing: take that line out" in said and "anybody, until" in said
    assert "taken later" not in said and "at each start" not in said


def test_in_a_home_both_are_events_and_no_password_is_in_them(assay, tmp_path):
    assay(tmp_path, "init")
    (tmp_path / "word").write_text("correct horse battery\n")
    assay(tmp_path, "notebook", "secure", "--dir", "j", "--password-file", "word")
    assay(tmp_path, "notebook", "check", "j", code=1)
    events = json.dumps(assay.json(tmp_path, "log", "tail"))
    assert "notebook.secure" in events
    assert "notebook.server" in events
    assert "correct horse" not in events


def test_what_is_asked_wrongly_is_told_in_a_sentence(assay, tmp_path):
    (tmp_path / "word").write_text("short")
    assert "neither a file nor a folder" in assay.fails(tmp_path, "notebook", "check", "nothing")
    assert "nobody answers" in assay.fails(tmp_path, "notebook", "check", "http://127.0.0.1:1/")
    assert "no address" in assay.fails(tmp_path, "notebook", "check", "http://[::/")
    assert "is no machine" in assay.fails(tmp_path, "notebook", "tunnel", "--", "-oProxyCommand=x")
    assert "cannot be read" in assay.fails(
        tmp_path, "notebook", "secure", "--dir", "j", "--password-file", "no"
    )
    assert "12 characters" in assay.fails(
        tmp_path, "notebook", "secure", "--dir", "j", "--password-file", "word"
    )
