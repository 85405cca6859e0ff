"""code.review: shell, Dockerfiles, workflows, CloudFormation and Terraform, by what does it and by what does not."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.checks.code.review import _walk
from assay.works.checking import carry_out

JOB = "on: {event}\njobs:\n  a:\n    runs-on: x\n    steps:\n"
NOTEBOOK = "AWSTemplateFormatVersion: 2010-09-09\nResources:\n  N:\n    Type: AWS::SageMaker::NotebookInstance\n    Properties:\n"
FOUND = [
    ("a.sh", "curl -sSL https://x.example.org/i.sh | sudo bash", "fetched_and_run", "high", 1),
    ("a.sh", "true\ncurl \\\n  -fsSLk https://x.example.org", "no_verification", "high", 2),
    ("a.sh", "curl https://x.example.org | sudo -u me env A=1 bash -eu -o pipefail -s -- --yes", "fetched_and_run", "high", 1),
    ("a.sh", "curl https://x.example.org | python3 -", "fetched_and_run", "high", 1),
    (".github/workflows/a.yml", JOB.format(event="push") + "    - run: echo ${{ github.event.issue.number }} ${{ format('{0}', github.event.issue.title) }}", "shell", "high", 6),
    ("a.sh", "wget --no-check-certificate https://x.example.org", "no_verification", "high", 1),
    ("a.sh", "pip install --trusted-host x --index-url http://x.example.org/simple y", "no_verification", "high", 1),
    ("a.sh", "pip install --index-url http://x.example.org/simple y", "plain_http", "medium", 1),
    ("a.sh", "python -m pip install --extra-index-url https://x.example.org y", "two_indexes", "medium", 1),
    ("a.sh", "GIT_SSL_NO_VERIFY=1 git clone https://x.example.org/a", "no_verification", "high", 1),
    ("a.sh", "jupyter notebook --ip=0.0.0.0 --NotebookApp.token=''", "jupyter_open", "critical", 1),
    ("a.sh", "jupyter lab --ServerApp.token= --allow-root", "jupyter_open", "high", 1),
    ("a.sh", "nohup jupyter lab --ip 0.0.0.0 &", "every_address", "medium", 1),
    ("a.sh", 'eval "$1"', "eval", "medium", 1),
    ("a.sh", "cd /models\ntar czf all.tgz *", "wildcard", "low", 2),
    ("a.sh", "chmod -R 777 /models", "world_writable", "medium", 1),
    ("a.sh", "docker run --privileged x", "no_walls", "high", 1),
    ("a.sh", "docker run -v /var/run/docker.sock:/s x", "no_walls", "high", 1),
    ("a.sh", "ssh -o StrictHostKeyChecking=no h", "host_key", "medium", 1),
    ("a.sh", "export AWS_SECRET_ACCESS_KEY=abcdefghijklmnop", "written_secret", "high", 1),
    ("run", "#!/usr/bin/env bash\nchmod 777 x", "world_writable", "medium", 2),
    ("Dockerfile", "FROM python:latest\nUSER app", "unpinned_image", "medium", 1),
    ("Dockerfile", "FROM python:3.12\nUSER app", "unpinned_image", "low", 1),
    ("Dockerfile.gpu", "FROM python:latest\nUSER app", "unpinned_image", "medium", 1),
    ("Dockerfile", "FROM scratch\nCOPY a b", "root", "medium", 1),
    ("Dockerfile", "FROM scratch\nUSER app\nFROM scratch AS b", "root", "medium", 3),
    ("Dockerfile", "FROM scratch\nADD https://x.example.org/m.bin /m\nUSER a", "added_unseen", "medium", 2),
    ("Dockerfile", "FROM scratch\nENV DB_PASSWORD=hunter2hunter2\nUSER a", "written_secret", "high", 2),
    ("Dockerfile", "FROM scratch\nRUN a && \\\n    # why\n    curl https://x.example.org | sh\nUSER a", "fetched_and_run", "high", 2),
    ("Dockerfile", "FROM scratch\nRUN <<EOF\ncurl https://x.example.org | sh\nEOF\nUSER a", "fetched_and_run", "high", 3),
    ("Dockerfile", "FROM scratch\nRUN echo $((1<<20))\nRUN curl https://x.example.org | sh\nUSER a", "fetched_and_run", "high", 3),
    ("Dockerfile", "FROM scratch\nRUN bash -c 'cat <<<hello'\nRUN curl https://x.example.org | sh\nUSER a", "fetched_and_run", "high", 3),
    ("Dockerfile", "FROM scratch\nRUN\tcurl https://x.example.org | sh\nUSER\ta", "fetched_and_run", "high", 2),
    ("Dockerfile", "FROM scratch\nONBUILD RUN curl https://x.example.org | sh\nUSER a", "fetched_and_run", "high", 2),
    ("Dockerfile", "FROM scratch\nRUN --mount=type=cache,target=/x curl https://x.example.org | sh\nUSER a", "fetched_and_run", "high", 2),
    ("Dockerfile", "# escape=`\nFROM scratch\nRUN a `\n  && curl https://x.example.org | sh\nUSER a", "fetched_and_run", "high", 3),
    ("Dockerfile", "FROM scratch\nRUN a \\\n\n  && curl https://x.example.org | sh\nUSER a", "fetched_and_run", "high", 2),
    ("Dockerfile", "FROM scratch\nENV HF_TOKEN hf_abcdefgh\nUSER a", "written_secret", "high", 2),
    ("x.Dockerfile", 'FROM scratch\nUSER a\nCMD ["jupyter", "lab", "--ip=0.0.0.0", "--ServerApp.token="]', "jupyter_open", "critical", 3),
    (".github/workflows/a.yml", JOB.format(event="issues") + "    - run: |\n        echo ${{ github.event.issue.title }}", "shell", "high", 6),
    (".github/workflows/a.yml", JOB.format(event="push") + "    - run: echo ${{ github.head_ref }}", "shell", "high", 6),
    (".github/workflows/a.yml", JOB.format(event="[pull_request_target]") + "    - uses: actions/checkout@" + "a" * 40 + "\n      with: {ref: '${{ github.event.pull_request.head.sha }}'}",
     "foreign_code", "critical", 6),
    (".github/workflows/a.yml", JOB.format(event="push") + "    - uses: some/action@main", "unpinned_action", "medium", 6),
    (".github/workflows/a.yml", JOB.format(event="push") + "    - uses: some/action@v3", "unpinned_action", "low", 6),
    (".github/workflows/a.yml", "permissions: write-all\n" + JOB.format(event="push") + "    - run: |\n        x\n        curl -k https://x.example.org", "no_verification", "high", 9),
    (".github/workflows/a.yml", "permissions: write-all\n" + JOB.format(event="push"), "permissions", "medium", 1),
    ("action.yml", "name: a\nruns:\n  using: composite\n  steps:\n    - run: echo ${{ github.event.issue.title }}\n      shell: bash", "shell", "high", 5),
    (".github/workflows/a.yml", "on: push\njobs:\n  a:\n    uses: o/r/.github/workflows/x.yml@main", "unpinned_action", "medium", 4),
    (".github/workflows/a.yml", JOB.format(event="issues") + "    - uses: actions/github-script@" + "a" * 40
     + "\n      with:\n        script: |\n          x('${{ github.event.issue.title }}')", "eval", "high", 8),
    (".gitlab-ci.yml", "spec:\n  inputs:\n    a: {}\n---\na:\n  script:\n    - curl https://x.example.org | sh", "fetched_and_run", "high", 7),
    ("t.json", '{\n\t"Resources": {\n\t\t"N": {\n\t\t\t"Type": "AWS::SageMaker::NotebookInstance", "Properties": {"DirectInternetAccess": "Enabled"}\n\t\t}\n\t}\n}',
     "notebook_internet", "high", 4),
    ("t.yaml", NOTEBOOK + "      RoleArn: !GetAtt R.Arn", "notebook_internet", "high", 3),
    ("t.yaml", NOTEBOOK + "      DirectInternetAccess: Enabled", "notebook_internet", "high", 6),
    ("t.yaml", NOTEBOOK + "      DirectInternetAccess: Disabled\n      RootAccess: Enabled\n      KmsKeyId: k", "root", "medium", 7),
    ("t.json", json.dumps({"Resources": {"M": {"Type": "AWS::SageMaker::Model", "Properties": {}}}}), "sagemaker_network", "high", 1),
    ("t.yaml", "Resources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties:\n      AccessControl: PublicReadWrite", "public_bucket", "critical", 5),
    ("t.yaml", "Resources:\n  G:\n    Type: AWS::EC2::SecurityGroup\n    Properties:\n      SecurityGroupIngress:\n      - {CidrIp: 0.0.0.0/0, FromPort: 8888}", "every_address", "high", 5),
    ("t.yaml", "Resources:\n  R:\n    Type: AWS::IAM::Role\n    Properties:\n      ManagedPolicyArns: [arn:aws:iam::aws:policy/AmazonSageMakerFullAccess]", "full_access", "high", 5),
    ("t.yaml", "Resources:\n  R:\n    Type: AWS::IAM::Policy\n    Properties:\n      PolicyDocument:\n        Statement: [{Effect: Allow, Action: '*', Resource: '*'}]", "full_access", "high", 5),
    ("a.tf", 'resource "aws_sagemaker_notebook_instance" "n" {\n  name = "n"\n}', "notebook_internet", "high", 1),
    ("a.tf", '# why\nresource "aws_sagemaker_model" "m" {\n  enable_network_isolation = false\n  vpc_config {\n    subnets = []\n  }\n}', "sagemaker_network", "high", 2),
    ("a.tf", 'resource "aws_sagemaker_endpoint_configuration" "e" {\n}', "no_key", "medium", 1),
    ("a.tf", 'resource "aws_security_group" "g" {\n  ingress {\n    from_port = 22\n    cidr_blocks = ["0.0.0.0/0"]\n  }\n}', "every_address", "high", 1),
    ("a.tf", 'resource "aws_iam_policy" "p" {\n  policy = jsonencode({\n    Statement = [{ Effect = "Allow", Action = "*", Resource = "*" }]\n  })\n}', "full_access", "high", 1),
    ("a.tf", 'resource "aws_iam_role_policy_attachment" "p" {\n  policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess"\n}', "full_access", "high", 2),
    ("a.tf", 'resource "aws_s3_bucket_acl" "b" {\n  acl = "public-read"\n}', "public_bucket", "high", 1),
    ("a.tf", 'resource "aws_iam_policy" "p" {\n  policy = <<EOF\n{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}\nEOF\n}', "full_access", "high", 1),
    ("a.tf.json", json.dumps({"resource": {"aws_sagemaker_notebook_instance": {"n": {"root_access": "${var.root}", "kms_key_id": "k"}}}}), "notebook_internet", "high", 1),
    ("a.tf.json", json.dumps({"resource": [{"aws_iam_policy": [{"p": {"policy": '{"Statement": [{"Action": "*", "Resource": "*"}]}'}}]}]}), "full_access", "high", 1),
    (".github/workflows/a.yml", "permissions: {}\n" + JOB.format(event="push") + "    - run: curl -k https://x.example.org", "no_verification", "high", 7),
    ("ci.yml", JOB.format(event="push") + "    - uses: some/action@main", "unpinned_action", "medium", 6),
    (".gitlab-ci.yml", "train:\n  image: python:3.12@sha256:" + "a" * 64 + "\n  script:\n    - make\n    - curl https://x.example.org/i | bash", "fetched_and_run", "high", 5),
    (".gitlab-ci.yml", "train:\n  script:\n    - |\n      make\n      pip install --trusted-host x y", "no_verification", "high", 5),
    (".gitlab-ci.yml", "train:\n  script:\n    - |\n      make\n    - eval $CI_COMMIT_MESSAGE", "shell", "high", 5),
    (".gitlab-ci.yml", "image: {name: 'python:latest'}", "unpinned_image", "medium", 1),
    (".gitlab-ci.yml", "default:\n  image: python:3.12", "unpinned_image", "low", 2),
    (".gitlab-ci.yml", "include:\n  - remote: https://x.example.org/ci.yml", "added_unseen", "medium", 1),
    (".gitlab-ci.yml", "include:\n  - remote: http://x.example.org/ci.yml", "added_unseen", "high", 1),
    (".gitlab-ci.yml", "include:\n  - {project: a/b, ref: main, file: /x.yml}", "unpinned_action", "low", 1),
    ("ci/train.gitlab-ci.yml", "variables:\n  DB_PASSWORD: hunter2hunter2", "written_secret", "high", 2),
    (".gitlab-ci.yml", "a:\n  script: !reference [b, script]\n  after_script:\n    - chmod 777 x", "world_writable", "medium", 4),
    ("buildspec-train.yml", "version: 0.2\nenv:\n  variables:\n    API_TOKEN: abcdefgh", "written_secret", "high", 4),
    ("build.yaml", "version: 0.2\nphases:\n  build:\n    commands:\n      - docker run --privileged x", "no_walls", "high", 5),
    (".circleci/config.yml", "jobs:\n  a:\n    steps:\n      - run:\n          command: curl https://x.example.org | sh", "fetched_and_run", "high", 5),
    ("bitbucket-pipelines.yml", "pipelines:\n  default:\n    - step:\n        script:\n          - chmod 777 x", "world_writable", "medium", 5),
    ("azure-pipelines.yml", "steps:\n- bash: |\n    curl https://x.example.org | sh", "fetched_and_run", "high", 3),
]  # fmt: skip
CLEAN = [
    ("t.yaml", NOTEBOOK.replace("Properties:\n", "Properties: !If [a, {DirectInternetAccess: Disabled}, {}]\n")),
    (".gitlab-ci.yml", "include:\n  - local: x.yml\n  - {project: a/b, ref: " + "a" * 40 + "}\n  - {remote: 'https://x.example.org/a.yml', integrity: sha256-aa}\nimage: $IMAGE\nvariables:\n  DB_PASSWORD: $SECRET\n  PATH: /usr/local/bin\n"
                       "train:\n  script:\n    - pip install --require-hashes -r requirements.txt\n    - echo \"$CI_COMMIT_MESSAGE\""),
    ("buildspec.yml", "version: 0.2\nenv:\n  parameter-store:\n    DB_PASSWORD: /app/db\n  secrets-manager:\n    API_TOKEN: app:token\nphases:\n  build:\n    commands:\n      - make"),
    ("a.tf.json", json.dumps({"resource": {"aws_sagemaker_notebook_instance": {"n": {"direct_internet_access": "Disabled", "root_access": "${var.root}", "kms_key_id": "${k.arn}"}}}})),
    ("a.sh", "curl -fsSL https://x.example.org -o f && sha256sum -c f.sum && bash f\n# curl x | sh\necho 'curl x | sh'\nchmod 755 f\neval \"$(ssh-agent)\""),
    ("a.sh", "cat <<'EOF'\ncurl https://x.example.org | sh\nEOF\nexport TOKEN=\"$1\"\nexport A_TOKEN=$(cat f)\npip install --index-url https://x.example.org/simple y"),
    ("a.sh", "curl -s https://x.example.org/j | python3 -m json.tool\ncurl -s https://x.example.org/j | python -c 'print(1)'\n"
             "curl -s https://x.example.org/j | perl -ne print\ncurl -s https://x.example.org/j | bash read.sh"),
    (".github/workflows/a.yml", "permissions: {contents: read}\n" + JOB.format(event="push")
     + "    - run: echo ${{ github.event.pull_request.number }} ${{ github.event.pull_request.head.sha }} ${{ github.event.commits[0].id }}"),
    ("a.sh", "tar czf all.tgz ./*\nchown ml -- *\nls *\nrm -rf /tmp/x/*"),
    ("a.sh", "jupyter lab --ip=127.0.0.1\nkubectl -k x\ncurl -o k https://x.example.org\ncurl http://localhost:8080/ping"),
    ("Dockerfile", "FROM python:3.12@sha256:" + "a" * 64 + " AS base\nFROM base\nARG TOKEN\nENV PATH=/x\nRUN pip install x\nUSER app\nADD --checksum=sha256:aa https://x.example.org/m /m"),
    ("Dockerfile", "FROM scratch AS a\nUSER app\nFROM a\nCMD x"),
    ("Dockerfile", "FROM scratch\nENV TOKENIZERS_PARALLELISM=disabled MAX_TOKENS=4096000 SECRET_PATH=run/secrets\nUSER a"),
    ("Dockerfile", "FROM scratch\nUSER 1000:1000\nCMD [\"python\", \"a.py\"]"),
    ("dockerfile.py", "from python import latest"),
    (".github/workflows/a.yml", "permissions: {contents: read}\n" + JOB.format(event="pull_request_target") + "    - uses: actions/checkout@" + "a" * 40 + "\n    - uses: ./own\n    - run: echo \"$T\"\n      env: {T: '${{ github.event.issue.title }}'}"),
    ("t.yaml", NOTEBOOK + "      DirectInternetAccess: Disabled\n      RootAccess: Disabled\n      KmsKeyId: !Ref K"),
    ("t.yaml", NOTEBOOK + "      DirectInternetAccess: !Ref A\n      RootAccess: {'Fn::If': [a, b, c]}\n      KmsKeyId: {Ref: K}"),
    ("a.tf", 'resource "aws_sagemaker_notebook_instance" "n" {\n  direct_internet_access = "Disabled"\n  root_access = var.root\n  kms_key_id = aws_kms_key.k.arn\n}\n'
             'resource "aws_sagemaker_model" "m" {\n  enable_network_isolation = true\n  vpc_config {\n    subnets = [for s in x : s.id]\n  }\n}\nlocals {\n  a = { b = "c ${d}" }\n  e = <<-EOT\n    resource {\n  EOT\n}'),
    ("a.tf", 'resource "aws_security_group" "g" {\n  ingress {\n    from_port = 443\n    cidr_blocks = ["0.0.0.0/0"]\n  }\n  ingress {\n    from_port = 22\n    cidr_blocks = ["10.0.0.0/8"]\n  }\n}'),
]  # fmt: skip


def named(name, text):
    found = _walk.read(name, text[:200], text)
    return [] if found is None else [(s.rule, str(s.severity), s.line) for s in found.spots]


@pytest.mark.parametrize(("name", "text", "rule", "severity", "line"), FOUND, ids=range(len(FOUND)))
def test_it_is_found_how_grave_it_is_and_where(name, text, rule, severity, line):
    assert (rule, severity, line) in named(name, text)


@pytest.mark.parametrize(("name", "text"), CLEAN, ids=range(len(CLEAN)))
def test_what_does_not_is_left_alone(name, text):
    assert named(name, text) == []


def test_what_is_no_program_is_not_counted(tmp_path):
    for name, text in (
        ("a.yaml", "a: 1"),
        ("b.json", "{}"),
        ("README.md", "x"),
        ("c.json", '{"a": "AWS::S3::Bucket"}'),
        ("run", "#!/usr/bin/perl"),
    ):
        (tmp_path / name).write_text(text)
    report = carry_out("check", "code.review", str(tmp_path), {}, home=None).report
    assert report.coverage.of == 0


def test_what_a_notebook_hands_to_a_shell_is_read_too(tmp_path):
    cells = [
        {"cell_type": "code", "source": ["x = 1\n", "!curl https://x.example.org | sh"]},
        {"cell_type": "code", "source": "%%bash\nls\nchmod 777 x"},
    ]
    (tmp_path / "n.ipynb").write_text(json.dumps({"cells": cells}))
    report = carry_out("check", "code.review", str(tmp_path), {}, home=None).report
    found = {(f.rule.rpartition(".")[2], f.where["cell"], f.where["line"]) for f in report.findings}
    assert found == {("fetched_and_run", 1, 2), ("world_writable", 2, 3)}


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{c}: &{c} [{', '.join([f'*{b}'] * 9)}]\n" for b, c in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("name", "text"),
    [("t.yaml", "Resources: AWS::\n" + BOMB), ("t.yaml", "AWS::: &a [*a]"), ("t.yaml", "AWS::: " + "[" * 5000), ("t.yaml", "AWS::: !!python/object/apply:os.system [x"),
     ("a.tf", "a = " + "[" * 5000), ("a.tf", "a {" * 5000), ("a.tf", 'a = "'), ("a.tf", "\x00"), (".github/workflows/a.yml", "- 1"), ("a.tf", "x" * 2_000_000)],
    ids=range(10),
)  # fmt: skip
@pytest.mark.slow
def test_what_is_not_read_to_its_end_is_not_passed(tmp_path, name, text):
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text(text)
    verdict = carry_out("check", "code.review", str(tmp_path), {}, home=None)
    assert verdict.outcome == "incomplete"
    assert len(verdict.report.coverage.skipped) == 1


@given(
    st.sampled_from(["a.sh", "Dockerfile", ".github/workflows/a.yml", "t.yaml", "a.tf"]),
    st.text(alphabet="AWS:{}[]()<>=|&;'\"\\\n\t -$!#*%RUNFOMaeirstc012", max_size=150) | st.text(max_size=80),
)
@settings(max_examples=150)
def test_no_text_makes_it_fail(name, text):
    try:
        _walk.read(name, text[:200], text)
    except ValueError:
        pass
