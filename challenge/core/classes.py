"""Classes of networks: those that many people share, those of hosting, and all others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .networks import PREFIX_LENGTHS, Address, Network, network_hash, prefix, prefix_hash


@dataclass(frozen=True, slots=True)
class Shared:
    """A network that many people share, as a site's operator lists it."""

    network: Network
    multiplier: int

    def __str__(self) -> str:
        return f"{self.network}={self.multiplier}"


@dataclass(frozen=True, slots=True)
class NetworkClass:
    """What a site's operator says of a network."""

    #: the listed network that counts as one, however many prefixes are in it
    shared: Network | None = None
    #: how many times as wide its band is
    multiplier: int = 1
    #: how many hundredths of the usual bands its prefixes have
    percent: int = 100

    def home(self, address: Address) -> Network:
        """The network that a visitor reads from."""
        return self.shared or prefix(address, PREFIX_LENGTHS[address.version][0])

    def home_and_place(self, key: bytes, address: Address) -> tuple[bytes, bytes]:
        """Its keyed hash, and that of the place in which a visitor goes nowhere (`alternating`)."""
        if self.shared is not None:
            shared = network_hash(key, self.shared)
            return shared, shared
        narrowest, *_, widest = PREFIX_LENGTHS[address.version]
        return prefix_hash(key, address, narrowest), prefix_hash(key, address, widest)


#: of a network that nobody has listed
ORDINARY = NetworkClass()


class NetworkClasses:
    """Finds the class of an address; the narrowest listed network counts, shared before hosting.

    :param hosting: networks of hosting.
    :param hosting_percent: what they have of the usual bands.
    """

    def __init__(
        self, shared: Iterable[Shared], hosting: Iterable[Network], hosting_percent: int
    ) -> None:
        rented = NetworkClass(percent=hosting_percent)
        self._shared = _Table({s.network: NetworkClass(s.network, s.multiplier) for s in shared})
        self._hosting = _Table(dict.fromkeys(hosting, rented))

    def of(self, address: Address) -> NetworkClass:
        """The class of an address's network."""
        return self._shared.of(address) or self._hosting.of(address) or ORDINARY


class _Table:
    """Networks by prefix length, so that thousands cost no more than a few."""

    def __init__(self, classes: Mapping[Network, NetworkClass]) -> None:
        self._classes = classes
        lengths = {(network.version, network.prefixlen) for network in classes}
        self._lengths = sorted(lengths, key=lambda pair: pair[1], reverse=True)

    def of(self, address: Address) -> NetworkClass | None:
        for version, length in self._lengths:
            if version == address.version:
                found = self._classes.get(prefix(address, length))
                if found is not None:
                    return found
        return None
