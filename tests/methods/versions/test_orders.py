"""Orders of versions against what defines them: dpkg and rpm themselves, apk-tools' and rpm's own vectors, packaging, the specifications."""

import contextlib
import os
import random
import shutil
import subprocess
import time

import pytest

from assay.methods.versions import apk, cran, dpkg, gem, maven, nuget, packagist, pep440, pub, rpm, semver


def order(a, b):
    return (a > b) - (a < b)


def below(key, *versions):
    """Hold a chain, each below the next."""
    keys = [key(v) for v in versions]
    for i, low in enumerate(keys):
        for j, high in enumerate(keys):
            assert order(low, high) == order(i, j), (versions[i], versions[j])


def texts(pieces, seed, most=6):
    """Return what makes a version of random pieces."""
    drawn = random.Random(seed)
    return lambda: "1" + "".join(drawn.choice(pieces) for _ in range(drawn.randint(0, most)))


# apk-tools, test/version.data at fd8f39f1: those that a simpler rule gets wrong.
APK = """2.34 > 0.1.0_alpha|0.1.0_alpha = 0.1.0_alpha|0.1.0_alpha2 > 0.1.0_alpha|1.0.4-r3 < 1.0.4-r4|1.1 > 1.1_alpha1
1.2 < 1.3_alpha|1.3_alpha2 < 1.3_alpha3|2.3.0b-r1 < 2.3.0b-r2|0.12 < 0.13_beta1|1.06-r6 < 006|006 > 1.0.0|1.2.12.1 < 1.2.13
3.1_p16 < 3.1_p17|2.01.01_alpha10 > 0.94|1.00_beta2 > 0.9.2|1.02 < 1.03-r1|4.2.52_p2-r1 < 4.2.52_p4-r2|1.02.07 < 1.02.10-r1
2.18.3-r10 > 1.05-r18|20060720 > 3.0.20060720|2.5.1-r8 < 2.5.1a-r1|1.3.5-r10 > 1.3.5-r8|021109-r3 < 20060512|6b-r7 > 1.12-r7
2.1_pre20 < 2.1_pre26|2.10.1 > 02.08.01b|1.2.07.8 < 1.2.12.04|1.2.12.04 < 1.2.12.05|1.07.5 > 1.07|0.59s-r11 < 0.65
4.5_p1-r1 > 4.5_p1|0.9.8c-r1 < 0.9.8d|013 < 014-r1|1.8.5 < 1.8.5_p2|087-r1 < 103|104-r11 > 104-r9|7.0.17 < 7.0.174
1.3-r0 < 1.3.1-r0|1.3_pre1-r1 < 1.3.2|1.0_p10-r0 > 1.0_p9-r0|0.1.0_alpha_pre2 < 0.1.0_alpha
1.0.0_pre20191002222144-r0 < 1.0.0_pre20210530193627-r0"""
# rpm, tests/rpmvercmp.at at 0920d333
RPM = """1.0 = 1.0|2.0 < 2.0.1|2.0.1a > 2.0.1|5.5p1 < 5.5p2|5.5p1 < 5.5p10|10xyz < 10.1xyz|xyz10 < xyz10.1|xyz.4 < 8|xyz.4 < 2
5.5p2 < 5.6p1|6.0.rc1 > 6.0|10b2 > 10a1|1.0a < 1.0aa|10.0001 = 10.1|10.0001 < 10.0039|4.999.9 < 5.0|2_0 = 2.0|a+ = a_
+a = _a|+ = _|1.0~rc1 < 1.0|1.0~rc1 < 1.0~rc2|1.0~rc1~git123 < 1.0~rc1|1.0^ > 1.0|1.0^git1 < 1.01|1.0~rc1^git1 > 1.0~rc1"""


@pytest.mark.parametrize(("key", "vectors"), [(apk.key, APK), (rpm.part, RPM)], ids=["apk", "rpm"])
def test_the_vectors_of_their_own_tools(key, vectors):
    for line in vectors.replace("\n", "|").split("|"):
        a, sign, b = line.split()
        assert order(key(a), key(b)) == {"<": -1, "=": 0, ">": 1}[sign], line


@pytest.mark.skipif(not shutil.which("rpm"), reason="there is no rpm here to compare with")
def test_rpm_itself_orders_random_versions_so():
    make = texts(["0", "1", "10", ".", "a", "~", "^", "rc", "_", "01", "+"], 3)
    pairs = [(make(), make()) for _ in range(500)]
    asked = " ".join(f'print(rpm.vercmp("{a}","{b}")..",")' for a, b in pairs)
    said = subprocess.run(["rpm", "--eval", f"%{{lua: {asked}}}"], capture_output=True, text=True, check=True)
    found = [int(n) for n in said.stdout.replace("\n", "").split(",") if n]
    assert found == [order(rpm.part(a), rpm.part(b)) for a, b in pairs]


@pytest.mark.skipif(not shutil.which("dpkg"), reason="there is no dpkg here to compare with")
def test_dpkg_itself_orders_random_versions_so():
    make = texts(["0", "1", ".", "a", "~", "+", "b1", "00", "~rc", "z", "-1", "-0"], 5)
    for _ in range(60):
        a, b = make(), make()
        sign = {-1: "lt", 0: "eq", 1: "gt"}[order(dpkg.key(a), dpkg.key(b))]
        assert subprocess.run(["dpkg", "--compare-versions", a, sign, b]).returncode == 0, (a, sign, b)


def test_dpkg_by_its_policy():
    below(dpkg.key, "1.0~~", "1.0~~a", "1.0~", "1.0", "1.0-1", "1.0-1+b1", "1.0a", "1.0+b", "1.0.1", "1:0.1")
    assert dpkg.key("1.0") == dpkg.key("0:1.0-0") and dpkg.key("1.00") == dpkg.key("1.0")


def test_packaging_orders_random_versions_so():
    from packaging.version import InvalidVersion, Version

    make = texts(
        ["!", ".0", ".1", "a", "b1", "rc", ".dev", ".dev3", ".post1", "-1", "+abc", "+1.a", "_pre2", "c"],
        7,
        4,
    )
    compared = 0
    while compared < 1_500:
        a, b = make(), make()
        try:
            said = order(Version(a), Version(b))
        except InvalidVersion:
            continue
        compared += 1
        assert order(pep440.key(a), pep440.key(b)) == said, (a, b)


def test_what_is_no_pep_440_version_is_below_all_that_are():
    below(pep440.key, "2004d", "2004f", "0.0.dev0", "0.1")


def test_semantic_versions_by_their_specification():
    below(
        semver.key, "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
        "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1", "1.1.0", "2.0.0",
    )  # fmt: skip
    assert semver.key("1.0.0+a") == semver.key("v1.0.0+b")
    below(semver.key, "v0.0.0-20190101000000-abcdefabcdef", "v0.0.0-20200101000000-abcdefabcdef", "v0.0.1")


def test_maven_by_its_specification():
    below(
        maven.key, "1-alpha-1", "1-beta", "1-milestone", "1-rc", "1-snapshot", "1", "1-sp", "1-foo", "1-1", "1.1", "1.2", "1.10", "2"
    )  # fmt: skip
    for a, b in (
        ("1", "1.0.0"),
        ("1", "1-ga"),
        ("1-final", "1.0"),
        ("1-cr1", "1-rc1"),
        ("1-a1", "1-alpha-1"),
        ("1x", "1-x"),
    ):
        assert maven.key(a) == maven.key(b)
    # MNG-6964: a list is held against nothing by all of its items, not by its first
    assert maven.key("1-0.alpha") < maven.key("1") and maven.key("1-0.beta") < maven.key("1")


def test_r_by_package_version():
    below(cran.key, "1.0", "1.0-1", "1.0.2", "1.1", "1.10")


@pytest.mark.parametrize(
    "key",
    [
        dpkg.key,
        rpm.key,
        apk.key,
        semver.key,
        maven.key,
        pep440.key,
        cran.key,
        gem.key,
        nuget.key,
        packagist.key,
        pub.key,
    ],
)
def test_what_is_no_version_is_refused_and_never_ordered(key):
    with pytest.raises(ValueError):
        key(" ")


# OSV's schema names the orders; these are what the ecosystems' own documents and tests say, each below the next.
GEM = ("0", "0.5.a", "0.5.b1", "0.5", "1.0.a.2", "1.0.a10", "1.0.b", "1.0-rc.1", "1.0", "1.0.1.pre", "1.0.1", "1.1", "1.10", "2.0.0.rc1", "2.0.0")  # fmt: skip
NUGET = (
    "1.0.0-1", "1.0.0-2", "1.0.0-11", "1.0.0-alpha", "1.0.0-ALPHA.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-rc.2", "1.0.0-rc.10",
    "1.0.0-zzz", "1.0", "1.0.0.1", "1.0.1", "1.2", "1.10", "10.0",
)  # fmt: skip
PACKAGIST = (
    "1.0.0-dev", "1.0.0-alpha", "1.0.0-alpha2", "1.0.0-alpha10", "1.0.0-beta1", "1.0.0-RC1", "1.0.0", "1.0.0-patch1", "1.0.0.1", "v1.0.1",
    "1.2", "1.10.0",
)  # fmt: skip
PUB = (
    "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0-rc.1+build.1", "1.0.0",
    "1.0.0+0.3.7", "1.3.7+build", "1.3.7+build.2.b8f12d7", "1.3.7+build.11.e0f985a", "2.0.0",
)  # fmt: skip


@pytest.mark.parametrize(
    ("key", "chain"),
    [(gem.key, GEM), (nuget.key, NUGET), (packagist.key, PACKAGIST), (pub.key, PUB)],
    ids=["gem", "nuget", "packagist", "pub"],
)
def test_the_chains_of_their_documents(key, chain):
    below(key, *chain)


@pytest.mark.parametrize(
    ("key", "same"),
    [
        (gem.key, ("1", "1.0", "1.0.0")), (gem.key, ("1.0.a", "1.a", "1.0.0.a")), (gem.key, ("1.0-rc", "1.0.pre.rc")),
        (nuget.key, ("1", "1.0", "1.0.0", "1.0.0.0", "01.0", "1.0.0+git")), (nuget.key, ("1.0-Beta", "1.0.0-beta")),
        (packagist.key, ("1", "v1.0", "1.0.0.0", "1.0.0-stable", "1.0.0+build")), (packagist.key, ("1.0b2", "1.0-beta2", "1.0.0.0-beta.2")),
        (packagist.key, ("1.0.0-RC1", "1.0rc1")), (packagist.key, ("1.0.0-p1", "1.0.0-pl1", "1.0.0-patch1")),
    ],
)  # fmt: skip
def test_one_version_in_several_spellings(key, same):
    assert len({key(one) for one in same}) == 1


@pytest.mark.skipif(not shutil.which("ruby"), reason="there is no Ruby here to compare with")
def test_rubygems_itself_orders_random_versions_so():
    make = texts([".0", ".1", ".10", ".a", ".b", ".rc", "-1", "-a", ".0a", ".01", ".a1"], 5)
    pairs = [(make(), make()) for _ in range(1_500)]
    asked = "STDIN.each { |l| a, b = l.split.map { |v| Gem::Version.new(v) }; puts a <=> b }"
    said = subprocess.run(
        ["ruby", "-e", asked],
        input="".join(f"{a} {b}\n" for a, b in pairs),
        capture_output=True,
        text=True,
        check=True,
    )
    for (a, b), known in zip(pairs, said.stdout.split(), strict=True):
        assert order(gem.key(a), gem.key(b)) == int(known), (a, b)


SEMVER = "/usr/share/php/Composer/Semver/autoload.php"


@pytest.mark.skipif(
    not shutil.which("php") or not os.path.exists(SEMVER), reason="composer/semver is not here"
)
def test_composer_itself_orders_random_versions_so():
    words = [
        "-dev",
        "-alpha",
        "-alpha1",
        "-beta2",
        "-beta.10",
        "-RC1",
        "-rc2",
        "-p1",
        "-patch2",
        "-stable",
        "b3",
        "-a",
        "",
    ]
    drawn = random.Random(9)

    def make():
        return ".".join(str(drawn.choice([0, 1, 2, 10])) for _ in range(drawn.randint(1, 4))) + drawn.choice(
            words
        )

    pairs = [(make(), make()) for _ in range(1_500)]
    asked = (
        f"require '{SEMVER}'; use Composer\\Semver\\Comparator; $p = new Composer\\Semver\\VersionParser;"
        "foreach (file('php://stdin', FILE_IGNORE_NEW_LINES) as $l) { [$a, $b] = explode(' ', $l); $a = $p->normalize($a);"
        '$b = $p->normalize($b); echo Comparator::lessThan($a, $b) ? -1 : (Comparator::greaterThan($a, $b) ? 1 : 0), "\\n"; }'
    )
    said = subprocess.run(
        ["php", "-r", asked],
        input="".join(f"{a} {b}\n" for a, b in pairs),
        capture_output=True,
        text=True,
        check=True,
    )
    for (a, b), known in zip(pairs, said.stdout.split(), strict=True):
        assert order(packagist.key(a), packagist.key(b)) == int(known), (a, b)


@pytest.mark.parametrize("text", ["dev-main", "2.x-dev", "1.0.x", "", "a", "1..0", "1.0-", "1.0 beta"])
def test_a_branch_has_no_order(text):
    with pytest.raises(ValueError):
        packagist.key(text)


@pytest.mark.parametrize("key", [gem.key, nuget.key, packagist.key, pub.key])
def test_a_number_of_a_million_digits_takes_no_long_time(key):
    begun = time.process_time()
    with contextlib.suppress(ValueError):
        key("1." * 50_000 + "1" * 1_000_000)
    assert time.process_time() - begun < 1
