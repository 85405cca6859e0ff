"""CloudFormation templates held to their schemas by cfn-lint, in the sandbox: what it says, and what templates may not tell it."""

import json

import pytest

from assay.engines import templates
from assay.engines.templates import Word, words
from assay.works.checking import carry_out

GOOD = "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  B:\n    Type: AWS::S3::Bucket\n"
BAD = """Resources:
  N:
    Type: AWS::SageMaker::NotebookInstance
    Properties:
      InstanceType: ml.t3.medium
      RoleArn: !GetAtt Rol.Arn
      DirectInternetAcess: Disabled
  B:
    Type: AWS::S3::Buckett
"""
PASSWORD = """Parameters:
  Password: {Type: String, NoEcho: true}
Resources:
  D:
    Type: AWS::RDS::DBInstance
    DeletionPolicy: Snapshot
    UpdateReplacePolicy: Snapshot
    Properties: {DBInstanceClass: db.t3.micro, Engine: postgres, AllocatedStorage: "20", MasterUsername: m, MasterUserPassword: !Ref Password}
Outputs:
  P: {Value: !Ref Password}
"""
BOMB = GOOD + "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{c}: &{c} [{', '.join([f'*{b}'] * 9)}]\n" for b, c in zip("abcdefgh", "bcdefghi", strict=True)
)  # fmt: skip


def telling(rules):
    """Return a template that would leave everything out and load Python of its own, if it were heard."""
    return f"""Metadata:
  cfn-lint:
    config: {{append_rules: [{rules}], ignore_checks: [E, W], custom_rules: /etc/passwd, override_spec: /etc/shadow}}
Resources:
  B:
    Type: AWS::S3::Buckett
    Metadata: {{cfn-lint: {{config: {{ignore_checks: [E3006, E]}}}}}}
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    pytest.importorskip("cfnlint", reason="cfn-lint is not installed: the extra review")
    folder = tmp_path_factory.mktemp("templates")
    (folder / "rules.py").write_text(f"open({str(folder / 'ran')!r}, 'w').write('x')\n")
    given = [
        GOOD,
        BAD,
        PASSWORD,
        telling(folder / "rules.py"),
        BOMB,
        "Resources: {1: {Type: 5}, null: 3}",
        "{",
        "x: !Ref",
    ]
    found = words(given, folder)
    assert not (folder / "ran").exists()
    return found


def rules(found):
    return {(one.rule, one.line) for one in found}


@pytest.mark.slow
def test_a_template_that_the_service_takes_is_left_alone(said):
    assert said[0] == []


@pytest.mark.slow
def test_types_properties_and_references_are_held_to_the_schemas(said):
    assert rules(said[1]) >= {("E1010", 6), ("E3002", 7), ("E3006", 9)}
    assert "Did you mean 'DirectInternetAccess'" in next(w.message for w in said[1] if w.rule == "E3002")
    assert "W1011" in {one.rule for one in said[2]}


@pytest.mark.slow
def test_what_a_template_tells_of_the_rules_is_not_heard(said):
    """cfn-lint takes from a template what to leave out, and files of Python to load."""
    assert ("E3006", 6) in rules(said[3])


@pytest.mark.slow
def test_templates_that_grow_or_are_none_are_told(said):
    for one in said[4:]:
        assert isinstance(one, str) or {w.level for w in one} == {"Error"}, one


EACH = "[" + ", ".join(f"a{i}" for i in range(20)) + "]"
GROWS = f"""Transform: AWS::LanguageExtensions
Resources:
  Fn::ForEach::A:
    - A
    - {EACH}
    - Fn::ForEach::B:
      - B
      - {EACH}
      - Fn::ForEach::C:
        - C
        - {EACH}
        - "X${{A}}${{B}}${{C}}": {{Type: AWS::S3::Bucket}}
"""


@pytest.mark.slow
def test_a_template_that_takes_for_ever_holds_up_no_other(tmp_path):
    """Loops within loops make thousands of resources: cfn-lint was at it for minutes, and read none after it."""
    pytest.importorskip("cfnlint", reason="cfn-lint is not installed: the extra review")
    first, second = words([GROWS, GOOD], tmp_path)
    assert first == "cfn-lint did not come to an end over it" and second == []


@pytest.mark.slow
def test_the_review_names_what_is_said_and_lets_pass_what_is_allowed(tmp_path):
    pytest.importorskip("cfnlint", reason="cfn-lint is not installed: the extra review")
    (tmp_path / "bad.yaml").write_text(
        BAD.replace("Buckett", "Buckett  # assay: allow template_refused -- a type of our own")
    )
    (tmp_path / "secret.yaml").write_text(PASSWORD)
    report = carry_out("check", "code.review", str(tmp_path), {}, home=None).report
    found = {
        (f.rule.rpartition(".")[2], str(f.severity), f.where["file"], f.where["line"])
        for f in report.findings
    }
    assert {
        ("template_refused", "medium", "bad.yaml", 6),
        ("template_refused", "medium", "bad.yaml", 7),
    } <= found
    assert not any(line == 9 and file == "bad.yaml" for _, _, file, line in found)
    assert ("shown_secret", "medium") in {one[:2] for one in found}
    assert {f.refs for f in report.findings if f.rule.endswith(".template_refused")} >= {("cfn-lint E3002",)}
    assert report.coverage.examined == 2


def test_without_cfn_lint_it_is_said_that_templates_were_not_held_to_their_schemas(tmp_path, monkeypatch):
    monkeypatch.setattr(templates, "present", lambda: False)
    (tmp_path / "a.yaml").write_text(BAD)
    (tmp_path / "b.json").write_text(json.dumps({"Resources": {"B": {"Type": "AWS::S3::Bucket"}}}))
    report = carry_out("check", "code.review", str(tmp_path), {}, home=None).report
    (told,) = [f for f in report.findings if f.rule == "code.review.template_not_held"]
    assert told.count == 2 and str(told.severity) == "info" and "cfn-lint" in told.message
    assert report.coverage.examined == 2


def test_what_the_job_wrote_is_taken_for_what_anybody_may_have_written(tmp_path):
    file = tmp_path / "0.json"
    assert templates._read(file) == "cfn-lint did not come to an end over it"
    for text in (
        "{",
        "[3]",
        "[{}]",
        "3",
        '[{"rule": "a", "level": "b", "message": "c", "line": "x", "column": 1}]',
        "[" * 100_000,
    ):
        file.write_text(text)
        assert isinstance(templates._read(file), str), text
    file.write_text(
        json.dumps([{"rule": "E1", "level": "Error", "message": "m" * 900, "line": -3, "column": 0}])
    )
    assert templates._read(file) == [Word("E1", "Error", "m" * 500, 1, 1)]
