"""Which addresses an alert may go to, beside the standard library's registry."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.methods.remedies.addresses import allowed, kind


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("93.184.215.14", "public"),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", "public"),
        ("10.1.2.3", "inside"),
        ("127.0.0.1", "inside"),
        ("::1", "inside"),
        ("fd12:3456::1", "inside"),
        ("100.64.0.1", "inside"),
        ("169.254.169.254", "forbidden"),
        ("169.254.170.2", "forbidden"),
        ("fd00:ec2::254", "forbidden"),
        ("fe80::1%eth0", "forbidden"),
        ("::ffff:169.254.169.254", "forbidden"),
        ("64:ff9b::a9fe:a9fe", "forbidden"),
        ("2002:a9fe:a9fe::1", "forbidden"),
        ("::ffff:10.0.0.1", "inside"),
        ("0.0.0.0", "forbidden"),
        ("::", "forbidden"),
        ("255.255.255.255", "forbidden"),
        ("224.0.0.1", "forbidden"),
    ],
)
def test_addresses(address, expected):
    assert kind(address) == expected


@given(st.ip_addresses(v=4))
def test_what_the_registry_calls_global_is_public_and_the_rest_is_not(address):
    ours = ("168.63.129.16/32", "192.0.0.0/24")  # of which the registry thinks otherwise, or says it in parts
    if any(address in ipaddress.ip_network(n) for n in ours):
        return
    outside = address.is_global and not address.is_multicast
    if outside or address.is_private or address.is_multicast:
        assert (kind(str(address)) == "public") == outside


@pytest.mark.parametrize(
    ("host", "hosts", "good"),
    [
        ("alerts.example.com", ["alerts.example.com"], True),
        ("Alerts.Example.com.", ["alerts.example.com"], True),
        ("alerts.example.com", ["*.example.com"], True),
        ("example.com", ["*.example.com"], False),
        ("evilexample.com", ["*.example.com"], False),
        ("alerts.example.com.evil.net", ["alerts.example.com", "*.example.com"], False),
        ("anything", ["*"], False),
        ("x", [], False),
    ],
)
def test_hosts(host, hosts, good):
    assert allowed(host, hosts) is good
