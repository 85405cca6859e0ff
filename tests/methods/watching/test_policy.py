import pytest

from assay.kernel.errors import UsageError
from assay.methods.watching import policy

GOOD = """
registries:
  - registry.example.org
  - {host: "localhost:5000", plain: true, repositories: ["team/*"]}
  - docker.io
hooks:
  harbor: {token: env:HARBOR}
  ours: {hmac: file:/run/hook}
  hub: {token: env:HUB, in_url: true}
  ecr: {token: env:ECR, header: X-Api-Key}
alert: [security]
fail_on: medium
advisories: {mirror: osv, kev: kev.json, unscored: low}
"""


def load(tmp_path, text):
    (tmp_path / "watch.yaml").write_text(text)
    return policy.load(tmp_path / "watch.yaml")


def test_a_whole_file(tmp_path):
    found = load(tmp_path, GOOD)
    assert (
        found.registry("REGISTRY.example.org:443", "any/thing").uri("a/b", "1", "")
        == "oci://registry.example.org/a/b:1"
    )
    plain = found.registry("localhost:5000", "team/app")
    assert plain.uri("team/app", "", "sha256:1") == "registry+http://localhost:5000/team/app@sha256:1"
    assert (
        found.registry("localhost:5000", "other/app") is None
        and found.registry("localhost:5001", "team/app") is None
    )
    assert found.registry("registry-1.docker.io", "library/a").host == "docker.io"
    assert (
        found.hooks["ecr"].header == "x-api-key"
        and found.hooks["hub"].in_url
        and found.hooks["ours"].kind == "hmac"
    )
    assert found.advisories == {
        "mirror": str(tmp_path / "osv"),
        "kev": str(tmp_path / "kev.json"),
        "unscored": "low",
    }
    assert policy.load(tmp_path / "none.yaml") == policy.Policy()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hooks: {a: {token: hunter2hunter2hunter2}}", "would stand in this file"),
        ("hooks: {a: {}}", "one of token and hmac"),
        ("hooks: {a: {hmac: env:A, in_url: true}}", "does not stand in the address"),
        ("hooks: {'a/b': {token: env:A}}", "cannot be called"),
        ("registries: [https://example.org]", "is no host"),
        ("registries: [{plain: true}]", "has a host"),
        ("fail_on: grave", "fail_on cannot be"),
        ("advisories: {kev: x}", "have a mirror"),
        ("alarm: [x]", "has no 'alarm'"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path, text, said):
    with pytest.raises(UsageError, match=said) as error:
        load(tmp_path, text)
    assert "watch.yaml:1" in error.value.where
