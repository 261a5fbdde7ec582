"""The guard against a proxy that the operator has forgotten to name."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import ip_network

from .networks import Address, Network

#: how many times the band of a network one address gets behind which a whole site may be
SHARED_MULTIPLIER = 20

# Not `is_private`: that has documentation networks too, lacks 100.64.0.0/10, and changes
# between releases of Python.
_INNER: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),
        *("100.64.0.0/10", "169.254.0.0/16", "::1/128", "fc00::/7", "fe80::/10"),
    )
)


def inner_network(peer: Address) -> Network | None:
    """The loopback or private range that an address is in; None for one of the Internet's."""
    inner = (network for network in _INNER if network.version == peer.version)
    return next((network for network in inner if peer in network), None)


class ForgottenProxies:
    """Tells peers that look like a proxy nobody has named.

    Such a peer is loopback or private and has sent X-Forwarded-For. All visitors look like it,
    so its band is multiplied, from then on for all of its requests; it never is without limit,
    and an address of the Internet is never multiplied. Each process learns for itself. Safe to
    share between threads.

    :param enabled: False once the operator has named the proxies, or said that there are none.
    :param limit: how many peers are remembered; those that sent something last are kept.
    :param found: called once a peer, for at most `limit` peers, with the range it is in:
        that tells the operator enough, and is nobody's address.
    """

    def __init__(
        self, *, enabled: bool, limit: int = 1024, found: Callable[[Network], None]
    ) -> None:
        self._enabled = enabled
        self._limit = limit
        self._found = found
        self._untold = limit
        self._peers: OrderedDict[Address, None] = OrderedDict()
        self._lock = threading.Lock()

    def multiplier(self, peer: Address, forwarded: bool) -> int:
        """How many times the usual band this peer's networks have: 1 or `SHARED_MULTIPLIER`.

        :param peer: the socket peer.
        :param forwarded: whether this request has an X-Forwarded-For header, whatever is in it.
        """
        # What most requests find: no such header, and no peer that ever sent one.
        if not self._enabled or not (forwarded or self._peers):
            return 1
        network = inner_network(peer)
        if network is None:
            return 1
        with self._lock:
            known = peer in self._peers
            if not known and not forwarded:
                return 1
            self._peers[peer] = None
            self._peers.move_to_end(peer)
            if len(self._peers) > self._limit:
                self._peers.popitem(last=False)
            tell = not known and self._untold > 0
            self._untold -= tell
        if tell:
            self._found(network)
        return SHARED_MULTIPLIER
