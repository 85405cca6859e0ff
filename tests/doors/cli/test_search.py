import json
import subprocess
import sys


def test_a_search_is_told_in_lines_and_as_json(copy, assay):
    told = assay(copy, "search", "models metrics.roc_auc > 0.5 status = PENDING")
    assert told.startswith("model       registry://bookings@1  ") and "status PENDING" in told
    assert all(len(line) <= 80 for line in told.splitlines())
    found = assay.json(copy, "search", "findings severity >= low", "--limit", "3")
    assert found["schema"] == "assay.results/1" and len(found["results"]) == 3 and found["more"]
    assert assay(copy, "search", "models", "status", "=", "APPROVED") == "nothing was found\n"


def test_what_the_shell_held_together_stays_together(copy, assay):
    message = assay.json(copy, "search", "findings")["results"][0]["message"]
    words = " ".join(w for w in message.split() if w.isalpha())[:200].split()[:2]
    phrase = next(f"{a} {b}" for a, b in zip(words, words[1:], strict=False) if f"{a} {b}" in message)
    together = assay.json(copy, "search", "findings", phrase)["results"]
    assert together and all(phrase.lower() in r["message"].lower() for r in together)
    assert len(together) <= len(assay.json(copy, "search", "findings", *phrase.split())["results"])


def test_a_condition_in_quotes_of_its_own_is_no_phrase(copy, assay):
    """It was looked for as words, and nothing was found."""
    assert "bookings@1" in assay(copy, "search", "models", "metrics.roc_auc > 0.5", "status", "=", "PENDING")
    assert "bookings@1" in assay(copy, "search", "models", "metrics.roc_auc exists", "from bookings")
    purpose = "which bookings will be cancelled"
    assert "bookings@1" in assay(copy, "search", "models", "purpose", "=", purpose)
    assert "nothing was found" in assay(copy, "search", "models", "purpose =", f"{purpose} > exists")


def test_a_model_is_made_from_the_data_that_bear_its_name(copy, assay):
    """The model itself is named so too, and what a question begins with was left out."""
    found = assay.json(copy, "search", "models from bookings")["results"]
    assert "registry://bookings@1" in [r["urn"] for r in found]


def test_sagemaker_s_expressions_are_answered(copy, assay):
    request = {
        "Resource": "ModelPackage",
        "SearchExpression": {"Filters": [{"Name": "ModelApprovalStatus", "Value": "PendingManualApproval"}]},
    }
    found = assay.json(copy, "search", "--sagemaker", json.dumps(request))["results"]
    assert [r["urn"] for r in found] == ["registry://bookings@1"]
    done = subprocess.run(
        [sys.executable, "-m", "assay", "search", "--sagemaker", "-"],
        input=json.dumps(request), capture_output=True, text=True, cwd=copy, check=True,
    )  # fmt: skip
    assert "registry://bookings@1" in done.stdout


def test_mistakes_are_one_sentence(copy, assay):
    assert "did you mean" in assay.fails(copy, "search", "runs outcom = pass")
    assert "at character" in assay.fails(copy, "search", "(runs")
    assert "containing (quarantines" in assay.fails(copy, "search", "datasets containing (runs)")
