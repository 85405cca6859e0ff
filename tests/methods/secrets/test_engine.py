"""Each kind of secret is found in the forms it has, verified by its structure, and nothing else is."""

import pytest
from tests.methods.secrets.planted import Maker

from assay.methods.secrets import table
from assay.methods.secrets.amazon import account_of
from assay.methods.secrets.checksums import bech32, crc62
from assay.methods.secrets.engine import Blob, Engine
from assay.methods.secrets.shown import masked

NOW = "2026-11-28T00:00:00.000Z"


def found(text, name="settings.py"):
    data = text if isinstance(text, bytes) else text.encode()
    ((_, hits),) = Engine(NOW).search([Blob(data, name)])
    return hits


def names(text, name="settings.py"):
    return [h.rule.name for h in found(text, name)]


def test_the_account_of_a_published_access_key_id():
    # The id and account stand in the article that made the scheme known (T. Be'ery, A short note on AWS KEY ID).
    assert account_of(b"ASIA" + b"QNZGKIQY56JQ7WML") == "029608264753"
    assert account_of(b"AKIA" + b"IOSFODNN7EXAMPLE") == ""


def test_the_checksum_of_a_published_github_token():
    assert crc62(b"zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ") == b"0mLq17"


def test_bech32_by_the_vectors_of_bip_173():
    assert bech32("A12UEL5L") and bech32("abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw")
    assert not bech32("A12UEL5M") and not bech32("abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxv")


def test_an_access_key_tells_its_account_and_that_its_secret_lies_beside_it():
    make = Maker()
    hits = found(
        f'c = boto3.client("s3", aws_access_key_id="{make.aws_id()}", aws_secret_access_key="{make.aws_secret()}")'
    )
    assert [h.rule.name for h in hits] == ["aws_access_key", "aws_secret_key"]
    assert "account 123456789012" in hits[0].said and hits[0].severity == "critical"
    assert names("AKIA" + "IOSFODNN7EXAMPLE") == []


def test_a_token_whose_checksum_is_wrong_is_none():
    make = Maker()
    for whole, name in ((make.github(), "github_token"), (make.npm(), "npm_token")):
        assert names(f'x = "{whole}"') == [name]
        assert names(f'x = "{whole[:-1]}{"a" if whole[-1] != "a" else "b"}"') == []


def test_a_pypi_token_tells_its_index():
    make = Maker()
    assert "pypi.org" in found(f"twine -p {make.pypi()}")[0].said
    assert names("pypi-AgE" + "x" * 80) == []


@pytest.mark.parametrize(
    ("claims", "severity"),
    [({"exp": 1_700_000_000}, "low"), ({"exp": 1_900_000_000}, "high"), ({"sub": "x"}, "high")],
)
def test_a_jwt_is_read_and_held_against_the_time(claims, severity):
    (hit,) = found("t = " + Maker().jwt(**claims))
    assert (hit.rule.name, hit.severity) == ("jwt", severity)


def test_private_keys_are_decoded_and_those_under_a_passphrase_told_apart():
    make = Maker()
    assert [h.severity for h in found(make.pkcs8(), "key.pem")] == ["critical"]
    assert [h.severity for h in found(make.openssh(), "id")] == ["critical"]
    assert [h.severity for h in found(make.openssh(b"aes256-ctr"), "id")] == ["low"]
    escaped = make.pkcs8().replace("\n", "\\n")
    assert names(f'KEY = "{escaped}"') == ["private_key"]
    assert names("-----BEGIN PRIVATE KEY-----\nMIIE...\n-----END PRIVATE KEY-----") == []
    assert names('if "-----BEGIN PRIVATE KEY-----" in text: pass') == []
    assert found(make.pkcs8(), "k")[0].secret.endswith(b"-----END PRIVATE KEY-----")


def test_a_service_account_is_told_as_one_and_names_itself():
    import json

    text = json.dumps(
        {"type": "service_account", "private_key": Maker().pkcs8(), "client_email": "ml@acme.iam"}
    )
    (hit,) = found(text, "sa.json")
    assert hit.rule.name == "gcp_service_account" and "ml@acme.iam" in hit.said


def test_azure_keys():
    make = Maker()
    text = f"AccountName=models;AccountKey={make.azure()};EndpointSuffix=core.windows.net"
    assert [(h.rule.name, h.said) for h in found(text)] == [("azure_storage_key", "of the account models")]


@pytest.mark.parametrize(
    ("text", "name", "rule"),
    [
        ("postgres://ada:{p}@db.acme.io/x", "a.yaml", "password_in_url"),
        ("Server=db.acme.io;Database=x;User Id=sa;Password={p};", "app.config", "connection_string"),
        ("machine api.acme.io login ada password {p}", ".netrc", "netrc_login"),
        ("db.acme.io:5432:ml:ada:{p}", ".pgpass", "pgpass_login"),
        ("DB_PASSWORD={p}", ".env", "assigned"),
        ("password: {p}", "values.yaml", "assigned"),
        ("db_password = '{p}'", "x.py", "assigned"),
        ('"password": "{p}",', "x.json", "assigned"),
        ('cfg.Password = "{p}";', "x.java", "assigned"),
        ('password: str = "{p}"', "x.py", "assigned"),
        ("<password>{p}</password>", "x.xml", "assigned"),
        ("curl -u ada:{p} https://acme.io", "x.sh", "curl_login"),
        ("mysql --password={p} -h db", "x.sh", "assigned"),
        ('os.environ["DB_PASSWORD"] = "{p}"', "x.py", "assigned"),
        ('os.environ.setdefault("API_PASSWORD", "{p}")', "x.py", "assigned"),
    ],
)
def test_a_password_in_the_forms_that_it_is_written_in(text, name, rule):
    secret = "Zx9kkW2" + "!mQ"
    (hit,) = found(text.format(p=secret), name)
    assert hit.rule.name == rule and secret.encode() in hit.secret and hit.severity in ("high", "critical")


@pytest.mark.parametrize(
    "text",
    [
        'password = os.environ["PASSWORD"]',
        "password = getpass.getpass()",
        'password = "changeme"',
        'password = "<your-password>"',
        'password = "${DB_PASSWORD}"',
        'password = "{{ db_password }}"',
        "password: !vault |",
        'token = "%s" % value',
        'pad_token = "<|endoftext|>"',
        'tokenizer = "bert-base-uncased"',
        'api_key_name = "X-Api-Key-Header-1"',
        'secret_name = "prod/models/database-2"',
        'commit_token = "da39a3ee5e6b4b0d3255bfef95601890afd80709" == x',
        'sha256_token_hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"',
        'integrity = "sha512-9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08=="',
        'if password == "hunter2!X": pass',
        'Path("/etc/passwd").read_text()',
        "postgres://user:password@localhost/db",
        "https://user:pass@example.com/",
        "max_tokens: 4096",
        'raise ValueError("password must have 8 characters, 1 digit")',
        "$ANSIBLE_VAULT;1.1;AES256\n6638643965323633646262656665303262",
        'label_password = "Password (min. 8)"',
        "self.user_password = master_user_password",
        "url, need_auth = split_auth_netloc_from_url(url)",
        'password = f"{registry_id}-auth-token"',
        "jupyter lab --ServerApp.token= --allow-root",
        'moves = [Moved("HTTPPasswordMgr", "urllib2", "urllib.request")]',
    ],
)  # fmt: skip
def test_what_stands_in_a_secrets_place_is_none(text):
    assert names(text, "x.py") == [] and names(text, "x.yaml") == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("$db_password = '{}';", "config.php"),
        ('my $api_token = "{}";', "a.pl"),
        ("$password = '{}'", "a.ps1"),
        ('apiKey := "{}"', "a.go"),
        (":password => '{}'", "a.rb"),
        ("if (token := '{}'):", "a.py"),
        ('token = """{}"""', "a.py"),
        ("token = '''{}'''", "a.py"),
    ],
)
def test_a_variable_of_whatever_language_is_given_a_secret(text, name):
    """A sign before the name, := and three quotes hid it."""
    assert names(text.format(Maker().base62(32)), name) == ["assigned"]


@pytest.mark.parametrize("text", ["if ($password == '{}')", 'echo "$PASSWORD: {}"', "f($token, '{}')"])
def test_a_variable_that_is_only_read_is_given_none(text):
    assert names(text.format(Maker().base62(32)), "a.php") == []


def test_a_lock_file_is_full_of_hashes():
    text = f'"secret-token": "{Maker().base62(40)}"'
    assert names(text, "package-lock.json") == [] and names(text, "app.json") == ["assigned"]


def test_lines_are_counted_from_one_and_long_ones_searched_in_windows():
    make = Maker()
    token = make.github()
    assert [h.line for h in found(f"a\nb\n\n{token}\n{token}")] == [4, 5]
    for before in (0, 7_600, 7_660, 7_700, 8_150, 20_000):
        (hit,) = found("," * before + f' "{token}" ' + "," * 30_000)
        assert hit.secret.decode() == token and hit.line == 1, before


def test_utf_16_is_read():
    assert [h.rule.name for h in found(f'x="{Maker().github()}"'.encode("utf-16"))] == ["github_token"]


def test_a_blob_of_a_batch_does_not_borrow_the_lines_of_another():
    make = Maker()
    blobs = [
        Blob(b"", "a"),
        Blob(make.github().encode(), "b"),
        Blob(b"x\n", "c"),
        Blob(b"\n" + make.github().encode() + b"\n", "d"),
    ]
    assert [(b.name, [h.line for h in hits]) for b, hits in Engine(NOW).search(blobs)] == [
        ("a", []),
        ("b", [1]),
        ("c", []),
        ("d", [2]),
    ]


@pytest.mark.parametrize("unit", [b"password=", b"eyJ", b"a:b@", b"://a:", b"AKIA", b"-----BEGIN ", b"secret.", b"'\\\"", b"machine x login ", b"A" * 50, b"x y=\"", b"curl -u ", b"key-", b"1:"])  # fmt: skip
def test_no_text_makes_the_search_slow(unit):
    """A megabyte of whatever a pattern begins with: bounded work for each byte."""
    import time

    began = time.process_time()
    for tail in (b"", b"\n"):
        list(Engine(NOW).search([Blob((unit * 40 + tail) * (200_000 // (len(unit) * 40)), "x.yaml")]))
    assert time.process_time() - began < 5


def test_a_secret_is_never_shown_whole():
    assert masked(b"AKIA" + b"Q" * 16) == "AKIA… (20 characters)"
    assert masked(b"abcd") == "a… (4 characters)" and masked(b"abc") == "… (3 characters)"


def test_each_rule_has_what_a_report_needs():
    for rule in table.RULES:
        assert rule.title and rule.remedy and rule.keys and all(k == k.lower() for k in rule.keys)


def test_the_end_of_a_sentence_was_no_name_of_the_text_behind_it():
    assert names('found("keep its hash and change the password", "CWE-256", trait="open")') == []
    assert names('log_in(("user", "ada"), ("password", "hunter2!Xk"))') == ["assigned"]
