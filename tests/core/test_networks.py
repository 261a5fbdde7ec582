"""Whose address is counted, and how networks are kept."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from challenge.core.networks import (
    UnknownAddress,
    client_address,
    network_hash,
    parse_address,
    prefixes,
)

PROXIES = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        (" 192.0.2.1 ", "192.0.2.1"),
        ("192.0.2.1:8080", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("[::ffff:192.0.2.1]:80", "192.0.2.1"),
    ],
)
def test_addresses_as_proxies_write_them(text: str, expected: str) -> None:
    assert parse_address(text) == ip_address(expected)


@pytest.mark.parametrize(
    "text",
    ["", "unknown", "_hidden", "192.0.2.1:", "192.0.2.1:99999", "192.0.2.1:٨", "[2001:db8::1",
     "[2001:db8::1]443", "192.0.2.01", "1.2.3", "example.org", "192.0.2.1 192.0.2.2"],
)  # fmt: skip
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError):
        parse_address(text)


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        # nothing is believed of a peer that is no proxy of ours
        ("198.51.100.7", ["203.0.113.9"], "198.51.100.7"),
        ("127.0.0.1", ["203.0.113.9"], "127.0.0.1"),
        # from the right, past our own proxies, to the first that is not ours
        ("10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["1.1.1.1, 203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["1.1.1.1, 203.0.113.9, 10.2.2.2"], "203.0.113.9"),
        ("10.0.0.1", ["1.1.1.1", "203.0.113.9", "10.2.2.2"], "203.0.113.9"),
        ("fd00::1", ["2001:db8::5"], "2001:db8::5"),
        # a client inside the trusted network, or no header
        ("10.0.0.1", ["10.3.3.3"], "10.3.3.3"),
        ("10.0.0.1", [], "10.0.0.1"),
        # nonsense ends the walk with the proxy that passed it on
        ("10.0.0.1", ["203.0.113.9, nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9, , 10.2.2.2"], "10.2.2.2"),
        ("::ffff:10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
    ],
)
def test_the_walk(peer: str, forwarded: list[str], expected: str) -> None:
    assert client_address(peer, forwarded, PROXIES) == ip_address(expected)


def test_without_proxies_the_header_is_inert_and_with_them_it_is_not() -> None:
    peer, forged = "198.51.100.7", ["203.0.113.9"]
    assert client_address(peer, forged, []) == ip_address(peer)
    everybody = [ip_network("0.0.0.0/0")]
    assert client_address(peer, forged, everybody) == ip_address("203.0.113.9")


@pytest.mark.parametrize("peer", [None, "", "/run/socket"])
def test_no_peer_is_an_error(peer: str | None) -> None:
    with pytest.raises(UnknownAddress):
        client_address(peer, ["203.0.113.9"], PROXIES)


def test_prefixes_narrowest_first() -> None:
    assert [str(p) for p in prefixes(ip_address("192.0.2.77"))] == ["192.0.2.77/32", "192.0.2.0/24"]
    assert [str(p) for p in prefixes(ip_address("2001:db8:1:2ff::1"))] == [
        "2001:db8:1:2ff::/64",
        "2001:db8:1:200::/56",
        "2001:db8:1::/48",
    ]


def test_hashes_depend_on_key_length_and_network() -> None:
    networks = [
        *prefixes(ip_address("192.0.2.0")),
        *prefixes(ip_address("192.0.3.0")),
        *prefixes(ip_address("2001:db8::")),
    ]
    hashes = {network_hash(key, n) for key in (b"today", b"yesterday") for n in networks}
    assert len(hashes) == 2 * len(networks)
    assert {len(h) for h in hashes} == {8}
    assert network_hash(b"today", networks[0]) == network_hash(b"today", networks[0])
