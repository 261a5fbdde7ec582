"""Classes of networks: the narrowest that is listed counts, shared before hosting."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from challenge.core.bands import Band
from challenge.core.classes import ORDINARY, NetworkClass, NetworkClasses, Shared
from challenge.core.networks import network_hash

CAMPUS, HALL, RENTED = map(ip_network, ("192.0.2.0/24", "192.0.2.64/26", "192.0.0.0/16"))
V6 = ip_network("2001:db8::/32")
CLASSES = NetworkClasses([Shared(CAMPUS, 20), Shared(HALL, 3), Shared(V6, 7)], [RENTED], 10)


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("192.0.2.1", NetworkClass(CAMPUS, 20)),
        ("192.0.2.65", NetworkClass(HALL, 3)),
        ("192.0.3.1", NetworkClass(percent=10)),
        ("2001:db8:9::1", NetworkClass(V6, 7)),
        ("192.1.2.1", ORDINARY),
        ("2001:db9::1", ORDINARY),
        # Its last bytes are the campus's address.
        ("::c000:201", ORDINARY),
    ],
)
def test_the_class_of_an_address(address: str, found: NetworkClass) -> None:
    assert CLASSES.of(ip_address(address)) == found


def test_a_listed_network_is_home_and_place() -> None:
    def ends(address: str, classes: NetworkClasses = CLASSES) -> tuple[bytes, bytes]:
        parsed = ip_address(address)
        found = classes.of(parsed)
        home, place = found.home_and_place(b"key", parsed)
        assert home == network_hash(b"key", found.home(parsed))
        return home, place

    def hashed(*networks: str) -> tuple[bytes, ...]:
        return tuple(network_hash(b"key", ip_network(network)) for network in networks)

    campus = hashed("192.0.2.0/24", "192.0.2.0/24")
    assert ends("192.0.2.1") == ends("192.0.2.200") == campus
    assert ends("192.0.3.1") == hashed("192.0.3.1/32", "192.0.3.0/24")
    assert ends("2001:db9::1") == hashed("2001:db9::/64", "2001:db9::/48")
    unlisted = NetworkClasses([], [], 10)
    assert ends("192.0.2.1", unlisted) == hashed("192.0.2.1/32", "192.0.2.0/24")


def test_a_part_of_a_band_is_never_nothing() -> None:
    assert Band(300, 48).part(10) == Band(30, 4)
    assert Band(20, 1).part(1) == Band(1, 1)
    assert Band(300, 48, (50, 30, 5)).part(10).shares == (50, 30, 5)
