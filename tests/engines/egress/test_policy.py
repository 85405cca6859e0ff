"""Which stores are named, which addresses a name may stand for, and that a name is resolved once."""

from __future__ import annotations

import ipaddress
import threading
import time

import pytest

from assay.engines.egress import policy
from assay.engines.egress.addresses import judge
from assay.engines.egress.policy import Egress, Store, read_network
from assay.kernel.errors import UsageError


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_addresses_of_the_world_may_be_reached(address):
    assert judge(ipaddress.ip_address(address)) == ""


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.9.9", "192.168.1.1", "100.64.0.1", "169.254.1.1",
        "224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "240.0.0.1", "::1", "::", "fe80::1", "fd00::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:0001::", "64:ff9b::7f00:1", "64:ff9b::a00:1", "::127.0.0.1",
        "2001:0:7f00:1::",
    ],
)  # fmt: skip
def test_addresses_of_this_machine_and_its_networks_may_not(address):
    assert judge(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.170.2",
        "fd00:ec2::254",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "fd00:ec2::254%1",
        "fe80::a9fe:a9fe%eth0",
    ],
)
def test_where_clouds_hand_out_credentials_is_reached_by_no_name_at_all(address):
    everything = [ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0")]
    assert "credentials" in judge(ipaddress.ip_address(address), everything)


def test_a_private_range_that_is_named_may_be_reached_and_no_other():
    named = [ipaddress.ip_network("10.2.0.0/16")]
    assert judge(ipaddress.ip_address("10.2.3.4"), named) == ""
    assert judge(ipaddress.ip_address("10.3.3.4"), named)


@pytest.mark.parametrize(
    ("store", "asked", "held"),
    [
        ("https://a.example", ("https", "a.example", 443), True),
        ("https://a.example", ("https", "b.a.example", 443), False),
        ("https://a.example", ("https", "a.example", 8443), False),
        ("https://a.example", ("http", "a.example", 443), False),
        ("https://A.Example.:8443", ("https", "a.example", 8443), True),
        ("http://a.example/public/", ("http", "a.example", 80, "/public/x"), True),
        ("http://a.example/public/", ("http", "a.example", 80, "/public/../secret"), False),
        ("http://a.example/public/", ("http", "a.example", 80, "/public/%2e%2e/secret"), False),
        ("http://a.example/public/", ("http", "a.example", 80, "/publicity"), False),
        ("s3://bucket-1", ("https", "bucket-1.s3.amazonaws.com", 443), True),
        ("s3://bucket-1", ("https", "bucket-1.s3.eu-central-1.amazonaws.com", 443), True),
        ("s3://bucket-1", ("https", "bucket-1.s3-evil.example.amazonaws.com", 443), False),
        ("s3://bucket-1", ("https", "bucket-2.s3.amazonaws.com", 443), False),
        ("s3://bucket-1", ("https", "s3.amazonaws.com", 443), False),
    ],
)
def test_a_store_is_its_host_port_and_beginning(store, asked, held):
    assert Store.read(store).holds(*asked) is held


@pytest.mark.parametrize(
    "text", ["ftp://a.example", "a.example", "https://", "https://u:p@a.example", "https://a.example/path", "https://*.example",
             "https://a.example?x=1", "https://a.example:99999", "s3://my_bucket", "s3://b/key", "http://[::1", "https://a b"]
)  # fmt: skip
def test_what_names_no_store_is_a_mistake(text):
    with pytest.raises(UsageError):
        Store.read(text)


@pytest.mark.parametrize(
    "given",
    [{}, {"allow": []}, {"allow": "https://a.example"}, {"allow": ["https://a.example"], "deny": []},
     {"allow": ["https://a.example"], "addresses": ["ten"]}],
)  # fmt: skip
def test_a_network_that_names_nothing_is_a_mistake(given):
    with pytest.raises(UsageError):
        read_network(given)


def egress(*stores, **more):
    found, ranges = read_network(
        {"allow": list(stores), **({"addresses": more.pop("addresses")} if "addresses" in more else {})}
    )
    return Egress(found, ranges, **more)


def test_a_name_that_leads_home_goes_nowhere():
    made = egress("https://a.example", resolve=lambda host, port: ["127.0.0.1"])
    assert made.addresses("https", "a.example", 443)[0] == ()


def test_one_address_at_home_among_others_condemns_the_name():
    made = egress("https://a.example", resolve=lambda host, port: ["8.8.8.8", "169.254.169.254"])
    addresses, why = made.addresses("https", "a.example", 443)
    assert addresses == () and "credentials" in why


def test_a_name_that_changes_its_mind_is_not_asked_again():
    """DNS rebinding: what was judged is what is connected to, for as long as the job lives."""
    answers = [["8.8.8.8"], ["127.0.0.1"]]
    made = egress("https://a.example", resolve=lambda host, port: answers.pop(0))
    for _ in range(3):
        assert [str(a) for a in made.addresses("https", "a.example", 443)[0]] == ["8.8.8.8"]
    assert len(answers) == 1


def test_a_slow_name_service_keeps_no_other_name_waiting():
    asked, go = threading.Event(), threading.Event()

    def resolve(host, port):
        if host == "slow.example":
            asked.set()
            assert go.wait(20)
        return ["8.8.8.8"]

    made = egress("https://slow.example", "https://fast.example", resolve=resolve)
    found = []
    slow = threading.Thread(target=lambda: found.append(made.judged("slow.example", 443)))
    slow.start()
    assert asked.wait(5)
    others = threading.Thread(target=lambda: (made.judged("fast.example", 443), made.enter(), made.begin()))
    others.start()
    others.join(5)
    stalled = others.is_alive()
    go.set()
    slow.join()
    others.join()
    assert not stalled and found[0][1] == ""


def test_a_name_that_is_not_named_is_not_even_resolved():
    def never(host, port):
        raise AssertionError(host)

    assert (
        egress("https://a.example", resolve=never).addresses("https", "b.example", 443)[1]
        == "no store of this job"
    )


def test_a_store_that_is_named_by_its_address_is_reached_at_home_but_no_metadata():
    assert egress("http://127.0.0.1:9000").addresses("http", "127.0.0.1", 9000)[1] == ""
    for named in ("169.254.169.254", "fd00:ec2::254%1"):
        shown = f"[{named}]" if ":" in named else named
        assert "credentials" in egress(f"http://{shown}").addresses("http", named, 80)[1]


def test_the_credential_is_the_jobs_own_and_ends_with_it(monkeypatch):
    one, other = egress("https://a.example", seconds=60), egress("https://a.example", seconds=600)
    assert not one.knows(one.token)  # it has not begun
    one.begin()
    other.begin()
    assert one.knows(one.token) and not one.knows(other.token) and not one.knows("")
    now = time.monotonic()
    monkeypatch.setattr(policy.time, "monotonic", lambda: now + 61)
    assert not one.knows(one.token) and other.knows(other.token)
    other.end()
    assert not other.knows(other.token)
    assert one.token not in repr(one)
