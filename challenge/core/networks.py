"""Client addresses and the network prefixes they belong to, known only as keyed hashes."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
)
from itertools import islice

from ..errors import ChallengeError
from .canonical import canonical

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

#: prefix lengths, narrowest first: the network one household or machine has, then wider ones
PREFIX_LENGTHS = {4: (32, 24), 6: (64, 56, 48)}
#: how many elements of X-Forwarded-For are read, from the right; no honest chain is as long
HOPS_MAX = 32
#: Characters of one element. An address has at most 45; a zone id, brackets and a port fit too.
HOP_CHARS_MAX = 100

_NETWORK = canonical("challenge/v1/network")
_NAT64 = IPv6Network("64:ff9b::/96")
_BROADCAST = IPv4Address("255.255.255.255")
#: RFC 9110, 5.6.3. Headers are decoded as Latin-1, where str.strip() would take more.
_WHITE_SPACE = " \t"


class UnknownAddress(ChallengeError):
    """The server gave no address for the peer, or one that is none."""

    status = 503
    default_code = "address_unknown"


def parse_address(text: str) -> Address:
    """Read one address as proxies write it: with a port, in brackets, with a zone id.

    An IPv4-mapped IPv6 address is the IPv4 address it stands for.

    :raises ValueError: if it is not the address of one host, or longer than `HOP_CHARS_MAX`.
    """
    text = text.strip(_WHITE_SPACE)
    if len(text) > HOP_CHARS_MAX:
        raise ValueError("longer than any address")
    if text.startswith("["):
        text, bracket, port = text[1:].partition("]")
        if not bracket or (port and not _is_port(port)):
            raise ValueError("unbalanced brackets or a bad port")
    elif text.count(":") == 1:
        text, _, digits = text.partition(":")
        if not _is_port(":" + digits):
            raise ValueError("a bad port")
    address: Address = IPv6Address(text) if ":" in text else IPv4Address(text)
    if isinstance(address, IPv6Address):
        # A zone names an interface of the machine that wrote it; it means nothing here.
        address = address.ipv4_mapped or IPv6Address(int(address))
    if address.is_unspecified or address.is_multicast or address == _BROADCAST:
        raise ValueError("no host has this address")
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
    ends at anything that is not an address, an empty element too, and after `HOPS_MAX`
    elements: with the proxy that passed it on. An address that tells which IPv4 address is
    behind it (see :func:`embedded_ipv4`) is counted as that one.

    :param peer: the socket peer, as the server gives it.
    :param forwarded_for: values of all X-Forwarded-For headers, in order.
    :param trusted: networks of the configured proxies.
    :raises UnknownAddress: if there is no peer address.
    """
    try:
        address = parse_address(peer or "")
    except ValueError as error:
        raise UnknownAddress("the peer has no address") from error
    for hop in islice(_from_the_right(forwarded_for), HOPS_MAX):
        if not _is_trusted(address, trusted):
            break
        try:
            address = parse_address(hop)
        except ValueError:
            break
    # Last, so that nobody is a trusted proxy for carrying a proxy's address in an IPv6 one.
    return embedded_ipv4(address) or address


def _from_the_right(values: Sequence[str]) -> Iterator[str]:
    for value in reversed(values):
        # What is left of the last split is longer than one element; the walk ends before it.
        yield from reversed(value.rsplit(",", HOPS_MAX))


def _is_trusted(address: Address, trusted: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in trusted)


def embedded_ipv4(address: Address) -> IPv4Address | None:
    """The public IPv4 address that answers to a 6to4, Teredo or NAT64 address reach, or None.

    Whoever holds one IPv4 address holds a whole /48 of 6to4 and, choosing the server's part,
    any number of Teredo networks; as IPv6 they would be networks of their own, beside the IPv4
    one. Behind 64:ff9b::/96, on the other hand, all of IPv4 would be one /64. An IPv4 address
    that cannot be a client's on the Internet is not believed, so nobody can wear an inner one.
    """
    if not isinstance(address, IPv6Address):
        return None
    embedded = address.sixtofour
    if address.teredo is not None:
        embedded = address.teredo[1]
    elif address in _NAT64:
        embedded = IPv4Address(address.packed[-4:])
    if embedded is None or not embedded.is_global or embedded.is_multicast:
        return None
    return embedded


def prefixes(address: Address) -> tuple[Network, ...]:
    """The networks an address counts for, narrowest first (v4 /32, /24; v6 /64, /56, /48)."""
    return tuple(prefix(address, length) for length in PREFIX_LENGTHS[address.version])


def prefix(address: Address, length: int) -> Network:
    """The network of this prefix length that an address is in."""
    # `ip_network` takes ten times as long: it guesses the version, and reads IPv6 as text again.
    kind = IPv4Network if address.version == 4 else IPv6Network
    return kind((int(address), length), strict=False)


def network_hash(key: bytes, network: Network) -> bytes:
    """8 bytes that stand for a network while `key` lives; without the key they name nobody."""
    return _hash(key, network.prefixlen, network.network_address.packed)


def prefix_hash(key: bytes, address: Address, length: int) -> bytes:
    """The same of the network of this prefix length that an address is in."""
    rest = address.max_prefixlen - length
    packed = (int(address) >> rest << rest).to_bytes(address.max_prefixlen // 8)
    return _hash(key, length, packed)


def _hash(key: bytes, length: int, packed: bytes) -> bytes:
    message = _NETWORK + canonical(bytes([length]), packed)
    return hmac.digest(key, message, hashlib.sha256)[:8]
