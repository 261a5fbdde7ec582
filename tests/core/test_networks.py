"""Whose address is counted, how networks are kept, and the guard against a forgotten proxy."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from challenge.core import networks
from challenge.core.networks import (
    HOP_CHARS_MAX,
    HOPS_MAX,
    Address,
    Network,
    UnknownAddress,
    client_address,
    embedded_ipv4,
    network_hash,
    parse_address,
    prefix,
    prefix_hash,
    prefixes,
)
from challenge.core.proxies import SHARED_MULTIPLIER, ForgottenProxies, inner_network

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "forwarded.json").read_text())
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


@pytest.mark.parametrize("text", ["0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255"])
def test_what_is_no_hosts_address(text: str) -> None:
    with pytest.raises(ValueError):
        parse_address(text)


@pytest.mark.parametrize("vector", VECTORS["cases"], ids=lambda v: v["why"].replace(" ", "-"))
def test_the_walk(vector: dict[str, Any]) -> None:
    trusted = [ip_network(text) for text in vector["trusted"]]
    if vector["expected"] is None:
        with pytest.raises(UnknownAddress):
            client_address(vector["peer"], vector["headers"], trusted)
    else:
        counted = client_address(vector["peer"], vector["headers"], trusted)
        assert counted == ip_address(vector["expected"])


def from_the_left(peer: str, forwarded: Sequence[str]) -> Address:
    """What many an app does: believes the first element, from whomever."""
    try:
        return parse_address(",".join(forwarded).split(",")[0])
    except ValueError:
        return parse_address(peer)


def test_control_the_vectors_fail_an_app_that_reads_from_the_left() -> None:
    wrong = [
        vector["why"]
        for vector in VECTORS["cases"]
        if vector["expected"]
        and from_the_left(vector["peer"], vector["headers"]) != ip_address(vector["expected"])
    ]
    assert len(wrong) >= 30


@given(st.text(), st.sampled_from(["10.0.0.1", "fd00::1", "198.51.100.7"]))
def test_what_a_client_writes_on_the_left_changes_nothing(junk: str, peer: str) -> None:
    behind = client_address(peer, ["203.0.113.9, 10.2.2.2"], PROXIES)
    assert client_address(peer, [junk, "203.0.113.9, 10.2.2.2"], PROXIES) == behind
    assert client_address(peer, [junk + ",203.0.113.9, 10.2.2.2"], PROXIES) == behind


@given(st.lists(st.text(max_size=30), max_size=4), st.text(max_size=30))
def test_no_header_makes_an_error(forwarded: list[str], peer: str) -> None:
    client_address("10.0.0.1", forwarded, PROXIES)
    with contextlib.suppress(UnknownAddress):
        client_address(peer, forwarded, PROXIES)


def test_a_huge_header_costs_a_bounded_number_of_readings(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def counting(text: str) -> Address:
        read.append(text)
        return parse_address(text)

    monkeypatch.setattr(networks, "parse_address", counting)
    endless = ["10.2.2.2," * 5000 + "10.2.2.2"] * 200
    assert client_address("10.0.0.1", endless, PROXIES) == ip_address("10.2.2.2")
    assert len(read) == 1 + HOPS_MAX


@pytest.mark.parametrize(
    "text", ["9" * 5000, "192.0.2.1:" + "0" * 5000, "[::1%" + "z" * 5000 + "]"]
)
def test_a_huge_element_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="longer"):
        parse_address(text)
    assert len(text) > HOP_CHARS_MAX


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2002:808:404::1", "8.8.4.4"),
        ("2001:0:4136:e378:8000:63bf:f7f7:fbfb", "8.8.4.4"),
        ("64:ff9b::8.8.4.4", "8.8.4.4"),
        ("64:ff9b:0:0:0:1:808:404", None),
        ("64:ff9b:1::8.8.4.4", None),
        ("2001:db8::8.8.4.4", None),
        ("2002:a00:1::1", None),
        ("2002:e000:1::1", None),
        ("64:ff9b::169.254.169.254", None),
        ("8.8.4.4", None),
    ],
)
def test_the_ipv4_address_inside(text: str, expected: str | None) -> None:
    inside = embedded_ipv4(ip_address(text))
    assert inside == (ip_address(expected) if expected else None)


def counted_prefixes(texts: Sequence[str]) -> set[Network]:
    return {n for text in texts for n in prefixes(client_address(text, [], []))}


def test_tunnels_give_one_ipv4_address_no_more_networks() -> None:
    native = counted_prefixes(["8.8.4.4"])
    six_to_four = [f"2002:808:404:{n:x}::1" for n in range(300)]
    teredo = [f"2001:0:{n:x}:1:0:3fff:f7f7:fbfb" for n in range(300)]
    assert counted_prefixes([*six_to_four, *teredo, "64:ff9b::8.8.4.4"]) == native
    # the control: as plain IPv6 they would be hundreds
    assert len({n for text in six_to_four + teredo for n in prefixes(ip_address(text))}) > 900


def test_a_translator_does_not_make_one_network_of_all_of_ipv4() -> None:
    clients = ["64:ff9b::8.8.4.4", "64:ff9b::9.9.9.9"]
    assert len(counted_prefixes(clients)) == 4
    assert len({prefixes(ip_address(text))[0] for text in clients}) == 1


@given(st.ip_addresses(), st.integers(0, 128))
def test_a_prefix_is_the_network_that_the_address_is_in(address: Address, length: int) -> None:
    length = min(length, address.max_prefixlen)
    network = ip_network((address, length), strict=False)
    assert prefix(address, length) == network
    assert prefix_hash(b"key", address, length) == network_hash(b"key", network)


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


# -- the guard ------------------------------------------------------------------------------


def guard(*, enabled: bool = True, limit: int = 8) -> tuple[ForgottenProxies, list[Network]]:
    found: list[Network] = []
    return ForgottenProxies(enabled=enabled, limit=limit, found=found.append), found


INNER = ["127.0.0.1", "127.9.9.9", "10.1.2.3", "172.31.255.255", "192.168.0.1", "100.64.0.1",
         "169.254.1.1", "::1", "fd00::1", "fe80::1"]  # fmt: skip
OUTER = ["8.8.4.4", "172.32.0.1", "100.128.0.1", "192.0.2.1", "11.0.0.1", "2001:db8::1", "::2",
         "2600::1", "fec0::1"]  # fmt: skip


@pytest.mark.parametrize("text", INNER)
def test_an_inner_peer_that_forwards_is_shared_from_then_on(text: str) -> None:
    forgotten, found = guard()
    peer = ip_address(text)
    assert forgotten.multiplier(peer, False) == 1
    assert forgotten.multiplier(peer, True) == SHARED_MULTIPLIER == 20
    assert forgotten.multiplier(peer, False) == SHARED_MULTIPLIER
    assert found == [inner_network(peer)]


@pytest.mark.parametrize("text", OUTER)
def test_a_header_from_the_internet_changes_nothing(text: str) -> None:
    forgotten, found = guard()
    assert forgotten.multiplier(ip_address(text), True) == 1
    assert forgotten.multiplier(ip_address(text), False) == 1
    assert found == []


def test_one_peer_is_not_another() -> None:
    forgotten, _ = guard()
    forgotten.multiplier(ip_address("127.0.0.1"), True)
    assert forgotten.multiplier(ip_address("127.0.0.2"), False) == 1


def test_a_guard_that_is_off() -> None:
    forgotten, found = guard(enabled=False)
    assert {forgotten.multiplier(ip_address(text), True) for text in INNER} == {1}
    assert found == []


def test_it_tells_once_a_peer_and_not_without_end() -> None:
    forgotten, found = guard(limit=3)
    for number in [0, 0, 1, 1, 0, *range(100)]:
        forgotten.multiplier(ip_address(f"10.0.0.{number}"), True)
    assert len(found) == 3


def test_memory_is_bounded_and_who_forwards_now_is_kept() -> None:
    forgotten, _ = guard(limit=4)
    proxy = ip_address("127.0.0.1")
    for number in range(1000):
        assert forgotten.multiplier(proxy, True) == SHARED_MULTIPLIER
        other = ip_address("10.0.0.0") + number
        assert forgotten.multiplier(other, True) == SHARED_MULTIPLIER
    assert len(forgotten._peers) == 4
    assert forgotten.multiplier(proxy, False) == SHARED_MULTIPLIER
    assert forgotten.multiplier(ip_address("10.0.0.0"), False) == 1


def test_threads_that_meet_a_peer_together_tell_of_it_once() -> None:
    for _ in range(50):
        forgotten, found = guard(limit=100)
        start = threading.Barrier(8)

        def meet(forgotten: ForgottenProxies = forgotten, start: Any = start) -> None:
            start.wait()
            for number in range(20):
                forgotten.multiplier(ip_address(f"10.0.0.{number}"), True)

        threads = [threading.Thread(target=meet) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 20
