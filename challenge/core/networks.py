"""Client addresses and the network prefixes they belong to, known only as keyed hashes."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from ..errors import ChallengeError
from .canonical import canonical

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

#: prefix lengths, narrowest first: the network one household or machine has, then wider ones
PREFIX_LENGTHS = {4: (32, 24), 6: (64, 56, 48)}


class UnknownAddress(ChallengeError):
    """The server gave no address for the peer, or one that is none."""

    status = 503
    default_code = "address_unknown"


def parse_address(text: str) -> Address:
    """Read one address as proxies write it: with a port, in brackets, with a zone id.

    An IPv4-mapped IPv6 address is the IPv4 address it stands for.

    :raises ValueError: if it is not an address.
    """
    text = text.strip()
    if text.startswith("["):
        text, bracket, port = text[1:].partition("]")
        if not bracket or (port and not _is_port(port)):
            raise ValueError("unbalanced brackets or a bad port")
    elif text.count(":") == 1:
        text, _, digits = text.partition(":")
        if not _is_port(":" + digits):
            raise ValueError("a bad port")
    address = ip_address(text)
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        # A zone names an interface of the machine that wrote it; it means nothing here.
        return IPv6Address(int(address))
    return address


def _is_port(text: str) -> bool:
    digits = text.removeprefix(":")
    return text.startswith(":") and digits.isascii() and digits.isdigit() and int(digits) < 65536


def client_address(
    peer: str | None, forwarded_for: Sequence[str], trusted: Sequence[Network]
) -> Address:
    """The address that a request is counted under.

    The socket peer, unless the peer is a trusted proxy: then X-Forwarded-For is walked from
    the right, and the first address that is not a trusted proxy's is the client. The walk
    ends at anything that is not an address, with the proxy that passed it on.

    :param peer: the socket peer, as the server gives it.
    :param forwarded_for: values of all X-Forwarded-For headers, in order.
    :param trusted: networks of the configured proxies.
    :raises UnknownAddress: if there is no peer address.
    """
    try:
        address = parse_address(peer or "")
    except ValueError as error:
        raise UnknownAddress("the peer has no address") from error
    hops = [hop for value in forwarded_for for hop in value.split(",")]
    while hops and _is_trusted(address, trusted):
        try:
            address = parse_address(hops.pop())
        except ValueError:
            break
    return address


def _is_trusted(address: Address, trusted: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in trusted)


def prefixes(address: Address) -> tuple[Network, ...]:
    """The networks an address counts for, narrowest first (v4 /32, /24; v6 /64, /56, /48)."""
    return tuple(
        ip_network((address, length), strict=False) for length in PREFIX_LENGTHS[address.version]
    )


def network_hash(key: bytes, network: Network) -> bytes:
    """8 bytes that stand for a network while `key` lives; without the key they name nobody."""
    packed = network.network_address.packed
    message = canonical("challenge/v1/network", bytes([network.prefixlen]), packed)
    return hmac.digest(key, message, hashlib.sha256)[:8]
