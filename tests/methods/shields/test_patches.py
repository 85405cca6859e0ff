"""Virtual patches and the file that says them."""

from pathlib import Path

import pytest

from assay.kernel.errors import UsageError
from assay.kernel.serving import Question
from assay.methods.document import parse
from assay.methods.shields import patches, settings

ONE = """
old-server:
  cve: CVE-2024-0001
  path: '/admin'
  test: {path: "/x/admin?a=1"}
  harmless: {path: /invocations}
"""


def read(text):
    return patches.read(parse(text.encode(), "firewall.yaml"))


def asked(**more):
    return Question("1", "e", "v", 0.0, "a", "", "", more.pop("body", b""), **more)


def test_ours_match_what_they_are_against_and_nothing_else():
    ours = patches.ours()  # reading them tries each on its own requests
    assert len(ours) >= 8 and all(p.cve.startswith("CVE-") and p.title for p in ours)
    plain = asked(
        headers=(("Host", "a"), ("User-Agent", "python-requests/2.32"), ("Content-Type", "text/csv"))
    )
    assert not any(p.matches(plain, [("text", "quiet room")]) for p in ours)


def test_all_that_a_patch_names_must_match():
    (one,) = read(
        "p: {method: POST, path: /a, headers: {X-A: '1'}, body: evil, text: bad, "
        "test: {path: /a, headers: {x-a: '1'}, body: evil, texts: [bad]}, harmless: {path: /a}}"
    )
    full = {"path": "/a", "headers": (("x-a", "1"),), "body": b"evil"}
    assert one.matches(asked(**full), [("t", "bad")])
    assert not one.matches(asked(**full), [("t", "good")])
    assert not one.matches(asked(**full, method="GET"), [("t", "bad")])
    for part, other in (("path", "/b"), ("headers", ()), ("body", b"fine")):
        assert not one.matches(asked(**{**full, part: other}), [("t", "bad")])


def test_an_escaped_path_is_read_too():
    (one,) = read(ONE)
    assert one.matches(asked(path="/%61dmin"), []) and one.matches(asked(path="/%2561dmin"), [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("p: {path: '/a', test: {path: /b}, harmless: {path: /c}}", "does not match its own `test`"),
        ("p: {path: '/', test: {path: /b}, harmless: {path: /c}}", "matches its own `harmless`"),
        ("p: {path: '/a', test: {path: /a}}", "has no `harmless:`"),
        ("p: {path: '/a', harmless: {path: /b}}", "has no `test:`"),
        ("p: {cve: CVE-2024-0001, test: {}, harmless: {}}", "names nothing"),
        ("p: {path: '(', test: {}, harmless: {}}", "no regular expression"),
        ("p: {path: '(a+)+$', test: {}, harmless: {}}", "takes too long"),
        ("p: {path: '(a|a)*b', test: {}, harmless: {}}", "takes too long"),
        ("p: {paths: /a}", "has no 'paths'"),
        ("P: {path: /a}", "no id of a patch"),
        ("p: {path: /a, mode: on, test: {}, harmless: {}}", "mode cannot be"),
        ("[]", "must be a mapping"),
    ],
)
def test_a_patch_that_is_wrong_is_named_with_its_line(text, said):
    with pytest.raises(UsageError, match=r"firewall\.yaml:1: .*" + said):
        read(text)


def test_a_homes_file_is_laid_over_what_comes_with_assay(tmp_path):
    path = tmp_path / "firewall.yaml"
    path.write_text(
        "crs: {paranoia: 2, threshold: 7, off: [942440], folder: /opt/crs}\n"
        "shields: {prompts: block, probes: off}\n"
        "patches:\n  ray-jobs: {mode: 'off', path: /a, test: {path: /a}, harmless: {path: /b}}\n"
        + "\n".join("  " + line for line in ONE.strip().splitlines())
    )
    found = settings.load(path)
    assert (found.paranoia, found.threshold, found.off, str(found.folder)) == (2, 7, (942440,), "/opt/crs")
    assert found.shields["prompts"] == "block" and found.shields["probes"] == "off"
    assert found.shields["pickles"] == "block"
    ids = {p.id for p in found.patches}
    assert "old-server" in ids and "log4shell" in ids and "ray-jobs" not in ids


def test_the_file_that_the_guide_shows_is_one(tmp_path):
    guide = (Path(__file__).parents[3] / "docs/how-to/guard-an-endpoint.md").read_text()
    path = tmp_path / "firewall.yaml"
    path.write_text(guide.split("```yaml\n")[1].split("```")[0])
    found = settings.load(path)
    assert found.shields == settings.SHIELDS and found.off == (942440,)
    assert {"old-admin"} <= {p.id for p in found.patches} and "ray-jobs" not in {p.id for p in found.patches}


@pytest.mark.parametrize(
    "text",
    [
        "crs: {paranoia: 9}",
        "crs: {off: 942440}",
        "crs: {off: [a]}",
        "shields: {prompts: maybe}",
        "rules: {}",
        "crs: {threshold: true}",
    ],
)
def test_a_homes_file_that_is_wrong_is_named_with_its_line(tmp_path, text):
    path = tmp_path / "firewall.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"firewall\.yaml:1"):
        settings.load(path)
