"""What registries send, in the shapes that their documentation gives, and what somebody else might send."""

import json

import pytest

from assay.methods.watching import pushes
from assay.methods.watching.pushes import NoPush, Pushed

D = "sha256:" + "ab" * 32
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DISTRIBUTION = {
    "events": [
        {
            "id": "asdf-asdf-asdf-asdf-0", "timestamp": "2026-01-02T15:04:05Z", "action": "push",
            "target": {
                "mediaType": MANIFEST, "length": 1, "digest": D, "repository": "library/test", "tag": "latest",
                "url": f"https://example.com/v2/library/test/manifests/{D}",
            },
            "request": {"id": "x", "addr": "192.0.2.1", "host": "registry.example.org:5000", "method": "PUT"},
        },
        {"action": "push", "target": {"mediaType": "application/octet-stream", "digest": D, "repository": "library/test"}},
        {"action": "pull", "target": {"mediaType": MANIFEST, "digest": D, "repository": "library/test"}},
    ]
}  # fmt: skip
HARBOR = {
    "type": "PUSH_ARTIFACT", "occur_at": 1680501893, "operator": "harbor-jobservice",
    "event_data": {
        "resources": [{"digest": D, "tag": "latest", "resource_url": "harbor.example.org/team/alpine:latest"}],
        "repository": {"name": "alpine", "namespace": "team", "repo_full_name": "team/alpine", "repo_type": "private"},
    },
}  # fmt: skip
CLOUD_EVENT = {
    "specversion": "1.0", "type": "harbor.artifact.pushed", "source": "/projects/1/webhook/policies/15",
    "data": HARBOR["event_data"],
}  # fmt: skip
HUB = {
    "callback_url": "https://registry.hub.docker.com/u/ada/testhook/hook/2141b5bi5i5b02bec211i4eeih0242eg11000a/",
    "push_data": {"pushed_at": 1417566161, "pusher": "ada", "tag": "v2"},
    "repository": {"repo_name": "ada/testhook", "repo_url": "https://registry.hub.docker.com/u/ada/testhook/", "namespace": "ada"},
}  # fmt: skip
ECR = {
    "version": "0", "id": "13cde686", "detail-type": "ECR Image Action", "source": "aws.ecr", "account": "123456789012",
    "time": "2026-11-16T01:54:34Z", "region": "us-west-2", "resources": [],
    "detail": {
        "result": "SUCCESS", "repository-name": "my-repository-name", "image-digest": D, "action-type": "PUSH", "image-tag": "latest",
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("body", "pushed", "passed"),
    [
        (DISTRIBUTION, Pushed("registry.example.org:5000", "library/test", "latest", D), 2),
        (HARBOR, Pushed("harbor.example.org", "team/alpine", "latest", D), 0),
        (CLOUD_EVENT, Pushed("harbor.example.org", "team/alpine", "latest", D), 0),
        (HUB, Pushed("docker.io", "ada/testhook", "v2"), 0),
        (ECR, Pushed("123456789012.dkr.ecr.us-west-2.amazonaws.com", "my-repository-name", "latest", D), 0),
    ],
)
def test_each_registrys_own_shape_is_read(body, pushed, passed):
    assert pushes.read(json.dumps(body).encode()) == ([pushed], passed)


def test_what_is_no_push_is_passed_over():
    deleted = {**HARBOR, "type": "DELETE_ARTIFACT"}
    assert pushes.read(json.dumps(deleted).encode()) == ([], 1)
    scanned = {**ECR, "detail": {"scan-status": "COMPLETE"}}
    assert pushes.read(json.dumps(scanned).encode()) == ([], 1)


def changed(**target):
    event = DISTRIBUTION["events"][0]
    return {"events": [{**event, "target": {**event["target"], **target}}]}


@pytest.mark.parametrize(
    "body",
    [
        [], "x", 1, {}, {"events": "x"}, {"events": [[]], "x": [[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]},
        changed(repository="../../etc/passwd"), changed(repository="a b"), changed(repository="a/" * 200 + "a"),
        changed(tag="x\r\nHost: y"), changed(digest="sha256:xyz"), changed(repository="team/app?x=1#"),
        {"events": [{**DISTRIBUTION["events"][0], "request": {"host": "user:secret@example.org"}}]},
        {"events": [{**DISTRIBUTION["events"][0], "request": {"host": "example.org/path"}}]},
        {**ECR, "region": "evil.example.org#"}, {**ECR, "account": "1"},
        {"events": DISTRIBUTION["events"][:1] * 1 + [changed(tag=f"t{n}")["events"][0] for n in range(300)]},
    ],
)  # fmt: skip
def test_what_names_no_image_is_refused(body):
    raw = json.dumps(body).encode()
    try:
        pushed, _ = pushes.read(raw)
    except NoPush:
        return
    assert pushed == []


def test_a_body_that_is_too_large_or_nests_too_deep_is_refused():
    with pytest.raises(NoPush):
        pushes.read(b" " * (pushes.LARGEST + 1))
    with pytest.raises(NoPush):
        pushes.read(b"[" * 100_000)
