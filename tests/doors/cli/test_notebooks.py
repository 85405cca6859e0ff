import json


def test_what_is_set_right_passes_but_for_what_only_a_running_server_tells(assay, tmp_path):
    said = assay(tmp_path, "notebook", "secure", "--dir", "j", "--name", "notebooks.example.org")
    assert "notebook.key" in said
    assert "notebooks.example.org" in said
    assert f"JUPYTER_CONFIG_DIR={tmp_path}/j jupyter lab" in said  # in quotes a ~ is a folder of that name
    report = assay.json(tmp_path, "notebook", "check", "j", "--allow-incomplete", "--save", "seen")
    assert report["findings"] == []
    assert len(report["coverage"]["skipped"]) == 2
    again = assay.json(tmp_path, "check", "notebook.server", "seen", "--allow-incomplete")
    assert (again["coverage"], again["data"]) == (report["coverage"], report["data"])
    assert "already there" in assay.fails(tmp_path, "notebook", "check", "j", "--save", "seen")


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
