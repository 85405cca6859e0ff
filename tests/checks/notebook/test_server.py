"""notebook.server: every question by a server that is right, and by one that is not in one thing."""

import json

import pytest

from assay.kernel.errors import UsageError
from assay.methods.jupyter.posture import NAME, PASSWORD, TOKEN, Posture
from assay.works.checking import carry_out

RIGHT = {
    "ServerApp.ip": "127.0.0.1", "ServerApp.certfile": "/k/notebook.pem", "ServerApp.keyfile": "/k/notebook.key",
    "ServerApp.allow_unauthenticated_access": False, "ServerApp.terminals_enabled": False,
    "MappingKernelManager.cull_idle_timeout": 3600, PASSWORD: {"strength": "strong", "said": "argon2id"},
}  # fmt: skip
SEEN = {
    "version": "2.17.0", "tls": True, "open": False, "addresses": ["127.0.0.1"], "terminals": False, "extensions": [],
    "headers": {"content-security-policy": "frame-ancestors 'self'; report-uri /x"}, "xsrf": True, "any_host": False,
    "cors": {"any": False, "credentials": False}, "versions": {"TLSv1": False, "TLSv1.2": True, "TLSv1.3": True},
    "certificate": {"days": 200, "until": "2027-06-01", "since": "2026-01-01", "names": "localhost", "weak": "",
                    "named": True, "trusted": True, "early": False},
}  # fmt: skip
REACH = {"uid": 1000, "imds_v1": False, "imds_v2": False, "role": "", "environment": ""}


def judged(
    tmp_path,
    *,
    settings=RIGHT,
    running=True,
    observed=SEEN,
    reach=REACH,
    process=None,
    files=(),
    unknown=None,
):
    folder = tmp_path / "jupyter"
    folder.mkdir()
    kept = {
        k: {"value": v, "where": f"/etc/jupyter/c.py:{i}"} for i, (k, v) in enumerate(settings.items(), 1)
    }
    posture = Posture(
        "https://127.0.0.1:8888/",
        running,
        kept,
        unknown or {},
        tuple(files),
        {"uid": 1000} if process is None else process,
        observed,
        reach,
    )
    (folder / NAME).write_text(posture.to_json())
    verdict = carry_out("check", "notebook.server", str(folder), {}, home=None)
    assert not verdict.report.error, verdict.report.error
    return verdict


def rules(verdict):
    return {f.rule.removeprefix("notebook.server."): str(f.severity) for f in verdict.report.findings}


def test_a_server_that_is_right_passes(tmp_path):
    verdict = judged(tmp_path)
    assert rules(verdict) == {}
    assert verdict.outcome == "pass"
    assert verdict.report.coverage.examined == verdict.report.coverage.of == 22


def seen(**more):
    return {"observed": SEEN | more}


def told(**more):
    return {"settings": RIGHT | {k.replace("__", "."): v for k, v in more.items()}}


def certificate(**more):
    return seen(certificate=SEEN["certificate"] | more)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (seen(addresses=["0.0.0.0"]), {"bind": "medium"}),
        (seen(addresses=["10.1.2.3"], tls=False), {"bind": "high", "clear_text": "high"}),
        (seen(tls=False), {}),
        (
            seen(addresses=["localhost.example.org"]),
            {"bind": "medium"},
        ),  # which only begins like this machine
        (seen(open=True), {"open": "high"}),
        (seen(open=True, addresses=["::"]), {"open": "critical", "bind": "medium"}),
        ({"settings": RIGHT | {TOKEN: {"bits": 20.0}}}, {"token_weak": "high", "token_kept": "medium"}),
        ({"settings": RIGHT | {TOKEN: {"bits": 190.0}}}, {"token_kept": "medium"}),
        ({"settings": RIGHT | {PASSWORD: {"strength": "broken", "said": "sha1"}}}, {"password_hash": "high"}),
        (
            {"settings": RIGHT | {PASSWORD: {"strength": "weak", "said": "sha256"}}},
            {"password_hash": "medium"},
        ),
        ({"settings": RIGHT | {PASSWORD: {"strength": "unknown", "said": "?"}}}, {"password_hash": "high"}),
        ({"settings": RIGHT | {"password in the open": True}}, {"password_kept": "high"}),
        (told(ServerApp__allow_unauthenticated_access=True), {"unauthenticated": "low"}),
        (seen(versions={"TLSv1": True, "TLSv1.1": True, "TLSv1.2": True}), {"tls_version": "high"}),
        (certificate(days=-3), {"certificate_expired": "high"}),
        (certificate(days=3), {"certificate_expires": "medium"}),
        (certificate(early=True), {"certificate_expired": "high"}),
        (certificate(named=False), {"certificate_names": "medium"}),
        (certificate(weak="RSA of 1024 bits"), {"certificate_weak": "high"}),
        (certificate(trusted=False), {"certificate_untrusted": "low"}),
        ({"files": [{"path": "/k", "kind": "key", "mode": "644"}]}, {"key_readable": "high"}),
        ({"files": [{"path": "/k", "kind": "key", "mode": "600"}]}, {}),
        ({"files": [{"path": "/c", "kind": "config", "mode": "666"}]}, {"config_writable": "high"}),
        ({"files": [{"path": "/c", "kind": "folder", "mode": "1777", "sticky": True}]}, {}),
        (told(KernelManager__ip="0.0.0.0"), {"kernel_bind": "high"}),
        (seen(cors={"any": True, "credentials": False}), {"cors": "high"}),
        (seen(cors={"any": True, "credentials": True}), {"cors": "critical"}),
        (seen(xsrf=False), {"xsrf": "high"}),
        (seen(any_host=True), {"rebinding": "medium"}),
        (seen(headers={}), {"framed": "medium"}),
        (seen(headers={"content-security-policy": "frame-ancestors *"}), {"framed": "medium"}),
        (seen(headers={"x-frame-options": "DENY"}), {}),
        ({"process": {"uid": 0}}, {"root": "high"}),
        (told(ServerApp__allow_root=True), {"root_allowed": "medium"}),
        (seen(terminals=True), {"terminals": "low"}),
        (told(MappingKernelManager__cull_idle_timeout=0), {"idle": "low"}),
        (told(MappingKernelManager__cull_idle_timeout=400_000), {"idle": "low"}),
        (seen(extensions=["jupyterlab", "@jupyter/x", "nbgitpuller"]), {"extensions": "info"}),
        (told(ContentsManager__allow_hidden=True), {"hidden_files": "medium"}),
        (told(ServerApp__root_dir="/"), {"whole_disk": "medium"}),
        ({"reach": REACH | {"imds_v1": True, "role": "notebooks"}}, {"metadata_v1": "high"}),
        ({"reach": REACH | {"imds_v2": True}}, {"metadata_v2": "medium"}),
        ({"reach": REACH | {"container": True}}, {"metadata_container": "medium"}),
        ({"reach": REACH | {"environment": "AWS_SESSION_TOKEN"}}, {"environment": "medium"}),
        (
            told(ServerApp__trust_xheaders=True) | seen(addresses=["10.0.0.1"]),
            {"xheaders": "low", "bind": "medium"},
        ),
    ],
)
def test_one_thing_that_is_not_right_is_found_and_nothing_else(tmp_path, change, expected):
    assert rules(judged(tmp_path, **change)) == expected


def test_what_is_set_is_found_where_it_stands(tmp_path):
    found = judged(tmp_path, **told(ServerApp__allow_root=True)).report.findings[0]
    assert found.where == {
        "resource": "https://127.0.0.1:8888/",
        "field": "ServerApp.allow_root",
        "file": "/etc/jupyter/c.py",
        "line": 8,
    }


@pytest.mark.parametrize(
    "trait",
    ["ServerApp.ip", TOKEN, "ServerApp.allow_origin", "ServerApp.disable_check_xsrf", "ServerApp.allow_root",
     "ServerApp.terminals_enabled", "ServerApp.certfile", "ContentsManager.allow_hidden"],
)  # fmt: skip
def test_what_a_configuration_works_out_while_it_runs_is_not_passed(tmp_path, trait):
    settings = {k: v for k, v in RIGHT.items() if k != trait}
    verdict = judged(
        tmp_path,
        running=False,
        observed={},
        reach=REACH,
        settings=settings,
        unknown={trait: "c.py:3 works it out while it runs"},
    )
    assert verdict.outcome == "incomplete"
    assert verdict.report.coverage.examined < verdict.report.coverage.of


def test_a_server_far_away_is_never_passed_for_what_it_does_not_show(tmp_path):
    bare = {k: v for k, v in SEEN.items() if k not in ("addresses", "terminals", "extensions")}
    verdict = judged(tmp_path, settings={}, reach={}, process={}, observed=bare)
    assert verdict.outcome == "incomplete"
    skipped = " ".join(s.what for s in verdict.report.coverage.skipped)
    for what in ("addresses", "root", "terminals", "kernels that nobody uses", "cloud's credentials"):
        assert what in skipped


@pytest.mark.parametrize(
    "content", [None, "{}", "x" * 100, json.dumps({"schema": "assay.jupyter/1", "target": 3})]
)
def test_a_folder_that_describes_no_server_is_refused(tmp_path, content):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / ("other" if content is None else NAME)).write_text(content or "")
    with pytest.raises(UsageError, match="Jupyter"):
        carry_out("check", "notebook.server", str(tmp_path / "d"), {}, home=None)
