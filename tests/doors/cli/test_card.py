"""A model card as a user has it: written in a run, registered, shown, exported, and standing in the way where it is empty."""

from __future__ import annotations

import base64
import json
import shutil

FORMATS = ("html", "markdown", "huggingface", "sagemaker", "cyclonedx", "spdx", "json")


def _shown(folder, **given):
    """What the command shows, asked in this process."""
    from assay.works.call import call
    from assay.works.home import Home

    home = Home.find(folder, {})
    try:
        return call("model.card", {"name": "bookings@1", **given}, home=home)["content"]
    finally:
        home.close()


def test_the_demo_registers_its_model_with_a_card_under_the_hallmark(assay, demo):
    shown = assay.json(demo[0], "model", "show", "bookings@1")
    assert shown["metadata"]["card"] == {"complete": True, "missing": []}
    assert {n for n in shown["files"] if n.startswith("card/")} == {
        "card/README.md", "card/bom.cdx.json", "card/card.html", "card/card.json", "card/sagemaker.json",
    }  # fmt: skip
    statement = json.loads((demo[0] / ".assay/packages/bookings/1/hallmark.intoto.json").read_text())
    assert "card/card.json" in base64.b64decode(statement["payload"]).decode()
    card = json.loads(_shown(demo[0], format="json"))
    kept = {s["step"]: s["kept"] for s in card["sources"]}
    assert kept == {step: digest for step, digest in shown["reports"].items() if step != "card"}
    assert card["standing"]["hallmark"] and card["standing"]["status"] == "PENDING"


def test_each_form_of_it_is_written_and_is_the_same_each_time(assay, demo, tmp_path):
    for shown in FORMATS:
        first, again = (_shown(demo[0], format=shown) for _ in range(2))
        assert first == again and len(first) > 2000 and "Plan rooms and staff" in first
    assay(demo[0], "model", "card", "bookings@1", "-o", str(tmp_path / "c.html"))
    assert (tmp_path / "c.html").read_text() == _shown(demo[0], format="html")


def test_a_card_file_alone_is_shown_without_a_home(assay, demo, tmp_path):
    source = demo[0] / ".assay/packages/bookings/1/package/card/card.json"
    shutil.copy(source, tmp_path / "card.json")
    assert "# Model card: Cancelled bookings" in assay(tmp_path, "model", "card", "card.json")
    assert "no card 'nothing'" in assay.fails(tmp_path, "model", "card", "nothing")


def test_an_empty_field_and_a_claim_that_was_not_measured_stop_the_run_before_it_registers(assay, copy):
    text = (copy / "card.yaml").read_text().replace("owner: revenue team", "owner: TBD")
    (copy / "card.yaml").write_text(
        text.replace("  label: is_canceled\n", "  label: is_canceled\n  metrics: {f1: 0.99}\n")
    )
    run = assay.json(copy, "run", code=1)
    steps = {s["name"]: s["outcome"] for s in run["steps"]}
    assert steps["card"] == "fail" and steps["register"] == "stopped" and run["model"] is None
    assert [s["name"] for s in run["steps"] if not s["cached"]] == ["card", "register"]
    digest = next(s["report"] for s in run["steps"] if s["name"] == "card")[7:]
    report = json.loads((copy / ".assay/objects" / digest[:2] / digest[2:]).read_text())
    assert {f["rule"] for f in report["findings"]} == {"model.card.missing", "model.card.contradicted"}
    assert any("0.9167" in f["message"] and "card.yaml:" in f["message"] for f in report["findings"])


def test_a_card_that_was_changed_is_a_forgery(assay, copy):
    path = copy / ".assay/packages/bookings/1/package/card/README.md"
    path.write_text(path.read_text().replace("revenue team", "somebody else"))
    found = assay.json(copy, "model", "verify", "bookings", code=1)
    assert [p["file"] for p in found["problems"]] == ["card/README.md"]


def test_it_is_exported_and_tells_of_the_decision(assay, copy, tmp_path):
    assay(copy, "model", "approve", "bookings@1", "--reason", "looked at")
    assay(copy, "model", "export", "bookings@1", "--to", str(tmp_path / "out"))
    assert (tmp_path / "out/package/card/card.html").is_file()
    shown = assay(copy, "model", "card", "bookings@1")
    assert "**status**: APPROVED" in shown and "**reason**: looked at" in shown
    assert json.loads(_shown(copy, format="sagemaker"))["ModelCardStatus"] == "Approved"


def test_a_model_that_was_registered_without_one_has_one_written_of_what_is_known(assay, copy):
    package = ".assay/packages/bookings/1/package"
    assay(copy, "model", "register", f"{package}/model.tar.gz", "--as", "bare", "--owner", "Ines")
    done = assay.run(copy, "model", "card", "bare")
    assert done.returncode == 0 and "the card lacks" in done.stderr and "contact" in done.stderr
    assert "**Owner**: Ines" in done.stdout and "MISSING" in done.stdout and "Not examined" in done.stdout
    done = assay.run(copy, "model", "card", "bare", "--facts", "card.yaml")
    assert done.stderr.strip() == "the card lacks data, metrics, bias, explanation"


def test_a_home_begins_with_a_card_to_fill_in(assay, tmp_path):
    assert "card.yaml" in assay(tmp_path, "init")
    assert (tmp_path / "card.yaml").read_text() == assay(tmp_path, "model", "card", "--template")
    assert "already there" in assay.fails(tmp_path, "model", "card", "--template", "-o", "card.yaml")
    (tmp_path / "other").mkdir()
    assert "name a model" in assay.run(tmp_path, "model", "card").stderr


def test_a_file_that_is_not_there_is_said_to_be_none(assay, demo):
    assert "there is no file 'out/card.json'" in assay.fails(demo[0], "model", "card", "out/card.json")


def test_the_check_alone_takes_a_folder_of_reports(assay, demo):
    reports = demo[0] / ".assay/packages/bookings/1/package/reports"
    model = demo[0] / ".assay/packages/bookings/1/package/model.tar.gz"
    given = ("--reports", str(reports), "--owner", "Ines")
    found = assay.json(demo[0], "check", "model.card", str(model), *given, code=1)
    missing = {f["where"]["field"] for f in found["findings"]}
    assert "owner" not in missing and "contact" in missing and found["coverage"]["examined"] == 5


def test_from_python(demo, tmp_path):
    import assay

    package = demo[0] / ".assay/packages/bookings/1/package"
    result = assay.check(
        "model.card",
        package / "model.tar.gz",
        using=package / "reports",
        facts=demo[0] / "card.yaml",
        keep=tmp_path,
    )
    assert result.outcome == "pass" and (tmp_path / "card.json").is_file()
