"""Logins of registries: read of a config.json, sent to whom they are of, and shown nowhere."""

import base64
import json

import pytest

from assay.engines.containers.logins import Login, Logins, of_config, same_house
from assay.kernel.errors import UsageError
from assay.works.logins import logins
from assay.works.settings import Settings


def written(tmp_path, **told):
    place = tmp_path / "config.json"
    place.write_text(json.dumps(told))
    return of_config(place)


def kept(user, password):
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def test_a_config_of_docker_is_read_and_no_helper_started(tmp_path):
    found = written(
        tmp_path,
        auths={
            "https://index.docker.io/v1/": kept("ann", "p:w"), "https://r.example/v2/": kept("bea", "2"), "r.example:5000": {},
            "r.example/team": kept("carl", "3"), "acr.example": {**kept("0", ""), "identitytoken": "t"}, "b.example": {"registrytoken": "b"},
        },
        credsStore="evil; touch x", credHelpers={"h.example": "gcloud"},
    )  # fmt: skip
    assert found.of("registry-1.docker.io", "library/x") == Login("ann", "p:w")
    assert found.of("r.example", "other/app") == Login("bea", "2")
    assert found.of("r.example", "team/app") == Login("carl", "3")
    assert found.of("acr.example", "x").identity == "t" and found.of("b.example", "x").bearer == "b"
    assert found.of("r.example:5000", "x") is None and found.of("example", "x") is None
    assert found.helper("h.example") == "gcloud" and found.helper("r.example:5000") == "evil; touch x"
    assert "p:w" not in repr(found) and "p:w" not in repr(found.of("docker.io", "x"))


@pytest.mark.parametrize(
    "told", ["[]", "{", '{"auths": {"a": {"auth": "%%%"}}}', '{"auths": {"a": {"username": "u", "password": "a\\r\\nX: y"}}}', " " * (2 << 20)]
)  # fmt: skip
def test_a_config_that_is_none_is_told_without_what_is_in_it(tmp_path, told):
    (tmp_path / "c").write_text(told)
    with pytest.raises(UsageError) as failed:
        of_config(tmp_path / "c")
    assert "%%%" not in str(failed.value) and "X: y" not in str(failed.value)


@pytest.mark.parametrize(
    ("realm", "registry", "may"),
    [
        ("auth.docker.io", "registry-1.docker.io", True), ("gitlab.com", "registry.gitlab.com", True), ("ghcr.io", "GHCR.io.", True),
        ("auth.corp.example.co.uk", "r.corp.example.co.uk", True), ("evil.io", "ghcr.io", False), ("io", "ghcr.io", False),
        ("evil.co.uk", "registry.co.uk", False), ("evil-docker.io", "registry-1.docker.io", False), ("10.0.0.2", "10.0.0.1", False),
        ("docker.io.evil.example", "registry-1.docker.io", False), ("", "r.example.org", False),
    ],
)  # fmt: skip
def test_a_token_service_sees_a_login_only_where_it_is_of_the_same_house(realm, registry, may):
    assert same_house(realm, registry) is may


def test_a_user_that_is_named_has_its_password_of_the_environment_or_a_file(tmp_path):
    (tmp_path / "pw").write_text("two words\n")
    base = Settings(registry_user="robot$a@b@r.example:5000")
    assert logins(base, {"ASSAY_REGISTRY_PASSWORD": "one"}).of("r.example:5000", "x") == Login(
        "robot$a@b", "one"
    )
    filed = base.updated({"registry_password_file": str(tmp_path / "pw")}, "")
    assert logins(filed, {"ASSAY_REGISTRY_PASSWORD": "one"}).of("r.example:5000", "x").password == "two words"
    assert logins(Settings(), {}) == Logins()
    for settings, environment in ((base, {}), (filed.updated({"registry_password_file": "/not/there"}, ""), {}), (Settings(registry_user="ann"), {"ASSAY_REGISTRY_PASSWORD": "secret"})):  # fmt: skip
        with pytest.raises(UsageError) as failed:
            logins(settings, environment)
        assert "secret" not in str(failed.value)
