"""Values of settings: what an operator may write, read and checked.

Each reader takes a value from a file, `app.config` or the environment, and raises ValueError
with what is wrong about it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import IPv6Network, ip_network
from typing import Any

from . import words
from .core import interactions, puzzles
from .core.classes import Shared
from .core.models import Lane
from .core.networks import Network
from .core.proxies import SHARED_MULTIPLIER
from .keys import refuse_weak

#: Site keys for tests of forms: whoever asks with one gets a response for next to no work that
#: verifies (pass), is refused (fail), or verifies and takes its time (slow).
TEST_PASS, TEST_FAIL, TEST_SLOW = TEST_KEYS = ("test-pass", "test-fail", "test-slow")
#: a site that asks for nothing besides work
NO_INTERACTION = "none"
# As browsers write them: in small letters, and without the port that the scheme implies.
_ORIGIN = re.compile(r"(http|https)://[a-z0-9._-]+(:(?!80\Z|443\Z)[0-9]{1,5})?", re.ASCII)
_COLOUR = re.compile(r"(dark-)?(paper|ink|soft|pencil|accent|warning)=#[0-9a-fA-F]{6}", re.ASCII)


def text(pattern: str) -> Callable[[Any], str]:
    """Text of a form."""
    compiled = re.compile(pattern, re.ASCII)

    def read(value: Any) -> str:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            raise ValueError(f"must be text of the form {pattern}")
        return value

    return read


def whole(low: int, high: int) -> Callable[[Any], int]:
    """A whole number."""

    def read(value: Any) -> int:
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,15}", value, re.ASCII):
            value = int(value)
        if type(value) is not int or not low <= value <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return value

    return read


def site_key(value: Any) -> str:
    """A site's key."""
    key = text(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")(value)
    if key in TEST_KEYS:
        raise ValueError(f"{key} is a key for tests, no site's own")
    return key


def items(value: Any) -> list[str]:
    """Several texts."""
    if isinstance(value, str):
        value = [item.strip() for item in value.split(",") if item.strip()]
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise ValueError("must be a list of texts, or one text with commas")
    return list(value)


def ramp(value: Any) -> tuple[int, ...]:
    """Units of sales, one after the other."""
    return _numbers(value, whole(1, 1000))


def _numbers(value: Any, read: Callable[[Any], int]) -> tuple[int, ...]:
    if isinstance(value, str):
        value = [item.strip() for item in value.split(",")]
    if not isinstance(value, (list, tuple)) or not value:
        raise ValueError("must be a list of whole numbers")
    return tuple(read(item) for item in value)


def lanes(value: Any) -> tuple[int, ...]:
    """Hundredths of a band for each lane, or no lanes."""
    if value in ("none", ()):
        return ()
    shares = _numbers(value, whole(1, 98))
    if len(shares) != len(Lane) or sum(shares) > 100:
        raise ValueError("must be three percentages of 100 at most together, or none")
    return shares


def networks(value: Any) -> tuple[Network, ...]:
    """Networks."""
    return tuple(ip_network(item) for item in items(value))


def shared(value: Any) -> tuple[Shared, ...]:
    """Networks, each with how many times the usual band it has."""
    listed = []
    for item in items(value):
        text, sign, times = item.partition("=")
        network = ip_network(text.strip())
        if network.prefixlen == 0:
            raise ValueError(f"with {network}, all visitors would be one network")
        multiplier = whole(1, 10_000)(times.strip()) if sign else SHARED_MULTIPLIER
        listed.append(Shared(network, multiplier))
    return tuple(listed)


def proxies(value: Any) -> tuple[Network, ...] | None:
    """Networks of proxies, none of them, or nothing said."""
    if value == "none":
        return ()
    named = networks(value)
    for network in named:
        if network.prefixlen == 0:
            raise ValueError(f"with {network}, every client could name its own address")
        if isinstance(network, IPv6Network) and network.network_address.ipv4_mapped:
            raise ValueError(f"write {network} as the IPv4 network it stands for")
    return named or None


def origins(value: Any) -> tuple[str, ...]:
    """Origins of pages."""
    origins = tuple(items(value))
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise ValueError(f"{origin!r} is no origin such as https://example.org")
    return origins


def flag(value: Any) -> bool:
    """Yes or no."""
    flags = {"1": True, "true": True, "0": False, "false": False}
    flag = flags.get(str(value).lower())
    if flag is None:
        raise ValueError("must be true or false, or 1 or 0")
    return flag


def puzzle(value: Any) -> str:
    """A kind of puzzle."""
    if value not in puzzles.names():
        raise ValueError(f"must be one of {', '.join(puzzles.names())}")
    return str(value)


def interaction(value: Any) -> str:
    """A kind of interaction, or none."""
    known = (*interactions.names(), NO_INTERACTION)
    if value not in known:
        raise ValueError(f"must be one of {', '.join(known)}")
    return str(value)


def language(value: Any) -> str:
    """A language that the pages speak."""
    if value not in words.codes():
        raise ValueError(f"must be one of {', '.join(words.codes())}")
    return str(value)


def colours(value: Any) -> tuple[str, ...]:
    """Colours of the pages."""
    colours = tuple(items(value))
    for colour in colours:
        if not _COLOUR.fullmatch(colour):
            raise ValueError(f"{colour!r} is not of the form accent=#14523c or dark-accent=#98d6b6")
    return colours


def secret(value: Any) -> str:
    """A secret; empty for none."""
    if not isinstance(value, str):
        raise ValueError("must be text")
    if value:
        refuse_weak(value.encode(), "SITE_SECRET")
    return value
