"""What lies in deploy/: it parses, asks for what the command line has, and is held to what it says of itself."""

from __future__ import annotations

import dataclasses
import json
import re
import shlex
import tomllib
from pathlib import Path

import click
import pytest
import yaml

from assay.doors.cli.main import cli
from assay.doors.gateway.application import _PLAIN
from assay.works.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
MANIFESTS = [
    m for p in sorted((DEPLOY / "kubernetes").glob("*.yaml")) for m in yaml.safe_load_all(p.read_text()) if m
]
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
DOCKERFILE = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
PODS = {m["metadata"]["name"]: m["spec"]["template"] for m in MANIFESTS if m["kind"] in ("Deployment", "Job")}


def typed(words):
    """The command that words name, with what it would be given; a word that it has not is an error."""
    command, context = cli, click.Context(cli, info_name="assay")
    while isinstance(command, click.Group):
        name, command, words = command.resolve_command(context, list(words))
        context = click.Context(command, info_name=name, parent=context)
    command.parse_args(context, list(words))
    return context.info_name, context.params


def docker(word):
    return [line.split(maxsplit=1)[1] for line in DOCKERFILE if line.startswith(f"{word} ")]


def named(kind):
    return [m for m in MANIFESTS if m["kind"] == kind]


COMMANDS = {
    "Dockerfile": json.loads(docker("CMD")[0]),
    **{f"compose {n}": s["command"] for n, s in COMPOSE["services"].items() if "command" in s},
    **{f"kubernetes {n}": p["spec"]["containers"][0]["args"] for n, p in PODS.items()},
}


@pytest.mark.parametrize("where", COMMANDS)
def test_each_command_is_one_that_there_is(where):
    name, params = typed(COMMANDS[where])
    assert name in ("serve", "init")
    if name == "serve":
        assert params["plain"] and params["host"] == "0.0.0.0"  # noqa: S104 - held against what is exposed


def test_commands_in_comments_are_ones_that_there_are():
    said = re.findall(r"exec serve (assay [^\n]+)", (DEPLOY / "compose.yaml").read_text())
    assert said and all(typed(shlex.split(one)[1:]) for one in said)


def test_every_setting_is_one_that_there_is():
    known = {f"ASSAY_{f.name.upper()}" for f in dataclasses.fields(Settings)} | {
        "ASSAY_HOME",
        "ASSAY_DATABASE_PASSWORD",
    }
    found = set()
    for path in DEPLOY.rglob("*"):
        if path.is_file():
            found |= set(re.findall(r"\bASSAY_[A-Z_]+", path.read_text()))
    assert found <= known, found - known


def test_the_image_installs_extras_that_there_are_and_runs_as_nobody():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    asked = re.search(r'"\.\[([\w,]+)\]"', "\n".join(DOCKERFILE))[1].split(",")
    assert set(asked) <= set(extras) and "serve" in asked
    assert docker("USER") == ["65532:65532"] and json.loads(docker("ENTRYPOINT")[0]) == ["assay"]
    for line in docker("COPY"):
        for source in line.split()[:-1]:
            assert source.startswith(("--from", "/opt")) or (ROOT / source).exists(), source
    assert all(":" in one.split()[0] for one in docker("FROM"))


def ports(command):
    return typed(command)[1]["port"]


def test_what_is_exposed_is_what_is_listened_on():
    assert int(docker("EXPOSE")[0]) == ports(COMMANDS["Dockerfile"])
    assert COMPOSE["services"]["serve"]["ports"] == [f"127.0.0.1:8080:{ports(COMMANDS['compose serve'])}"]
    container = PODS["assay"]["spec"]["containers"][0]
    assert container["ports"][0]["containerPort"] == ports(COMMANDS["kubernetes assay"])
    service = named("Service")[0]["spec"]
    assert service["ports"][0]["targetPort"] == container["ports"][0]["name"]
    policy = next(m for m in named("NetworkPolicy") if m["metadata"]["name"] == "serve")
    assert policy["spec"]["ingress"][0]["ports"][0]["port"] == container["ports"][0]["containerPort"]


def test_probes_ask_what_there_is():
    container = PODS["assay"]["spec"]["containers"][0]
    asked = {container[p]["httpGet"]["path"] for p in ("startupProbe", "livenessProbe", "readinessProbe")}
    asked |= {PODS["assay"]["metadata"]["annotations"]["prometheus.io/path"]}
    asked |= set(
        re.findall(
            r"http://127\.0\.0\.1:8080(/\w+)", " ".join(COMPOSE["services"]["serve"]["healthcheck"]["test"])
        )
    )
    assert asked == {"/healthz", "/readyz", "/metrics"} <= set(_PLAIN)


def test_whoever_ends_a_server_waits_until_it_has_ended():
    drain = typed(COMMANDS["kubernetes assay"])[1]["drain"]
    assert PODS["assay"]["spec"]["terminationGracePeriodSeconds"] >= 2 * drain + 5 + 5
    assert (
        int(COMPOSE["services"]["serve"]["stop_grace_period"].rstrip("s"))
        >= 2 * typed(COMMANDS["compose serve"])[1]["drain"] + 5
    )


@pytest.mark.parametrize("name", PODS)
def test_pods_keep_to_the_restricted_standard(name):
    spec = PODS[name]["spec"]
    assert (
        spec["securityContext"]["runAsNonRoot"]
        and spec["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
    )
    assert spec["automountServiceAccountToken"] is False
    for container in spec["containers"]:
        held = container["securityContext"]
        assert held["allowPrivilegeEscalation"] is False and held["readOnlyRootFilesystem"] is True
        assert held["capabilities"] == {"drop": ["ALL"]} and container["resources"]["limits"]["memory"]
        mounted = {m["name"] for m in container["volumeMounts"]}
        assert mounted == {v["name"] for v in spec["volumes"]}
    labels = named("Namespace")[0]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_each_part_names_another_that_there_is():
    labels = PODS["assay"]["metadata"]["labels"]
    deployment = named("Deployment")[0]["spec"]
    chosen = [deployment["selector"]["matchLabels"], named("Service")[0]["spec"]["selector"],
              named("PodDisruptionBudget")[0]["spec"]["selector"]["matchLabels"]]  # fmt: skip
    assert all(set(c.items()) <= set(labels.items()) for c in chosen)
    claims = {m["metadata"]["name"] for m in named("PersistentVolumeClaim")}
    used = {
        v["persistentVolumeClaim"]["claimName"]
        for p in PODS.values()
        for v in p["spec"]["volumes"]
        if "persistentVolumeClaim" in v
    }
    assert used == claims
    assert {m["metadata"].get("namespace", "assay") for m in MANIFESTS} == {"assay"}


def test_nothing_comes_in_or_goes_out_but_what_is_named():
    policies = {m["metadata"]["name"]: m["spec"] for m in named("NetworkPolicy")}
    assert policies["nothing"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert set(policies["serve"]["policyTypes"]) == {"Ingress", "Egress"}


def test_the_database_is_reached_from_inside_alone():
    services = COMPOSE["services"]
    assert "ports" not in services["database"] and services["database"]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"]["internal"] is True
    for name in ("serve", "init"):
        assert services[name]["read_only"] and services[name]["cap_drop"] == ["ALL"]
