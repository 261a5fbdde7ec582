"""Every setting once: default, unit, and one line of what it does."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from ipaddress import IPv6Network, ip_network
from pathlib import Path
from typing import Any

from . import words
from .core import puzzles
from .core.networks import Network
from .errors import ConfigError
from .keys import refuse_weak

PREFIX = "CHALLENGE_"
#: Site keys for tests of forms: whoever asks with one gets a response for next to no work that
#: verifies (pass), is refused (fail), or verifies and takes its time (slow).
TEST_PASS, TEST_FAIL, TEST_SLOW = TEST_KEYS = ("test-pass", "test-fail", "test-slow")
# As browsers write them: in small letters, and without the port that the scheme implies.
_ORIGIN = re.compile(r"(http|https)://[a-z0-9._-]+(:(?!80\Z|443\Z)[0-9]{1,5})?", re.ASCII)
_COLOUR = re.compile(r"(dark-)?(paper|ink|soft|pencil|accent|warning)=#[0-9a-fA-F]{6}", re.ASCII)


def _text(pattern: str) -> Callable[[Any], str]:
    compiled = re.compile(pattern, re.ASCII)

    def read(value: Any) -> str:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            raise ValueError(f"must be text of the form {pattern}")
        return value

    return read


def _whole(low: int, high: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,15}", value, re.ASCII):
            value = int(value)
        if type(value) is not int or not low <= value <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return value

    return read


def _site_key(value: Any) -> str:
    key = _text(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")(value)
    if key in TEST_KEYS:
        raise ValueError(f"{key} is a key for tests, no site's own")
    return key


def _items(value: Any) -> list[str]:
    if isinstance(value, str):
        value = [item.strip() for item in value.split(",") if item.strip()]
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise ValueError("must be a list of texts, or one text with commas")
    return list(value)


def _ramp(value: Any) -> tuple[int, ...]:
    read = _whole(1, 1000)
    if isinstance(value, str):
        value = [item.strip() for item in value.split(",")]
    if not isinstance(value, (list, tuple)) or not value:
        raise ValueError("must be a list of whole numbers")
    return tuple(read(item) for item in value)


def _networks(value: Any) -> tuple[Network, ...]:
    return tuple(ip_network(item) for item in _items(value))


def _proxies(value: Any) -> tuple[Network, ...] | None:
    if value == "none":
        return ()
    networks = _networks(value)
    for network in networks:
        if network.prefixlen == 0:
            raise ValueError(f"with {network}, every client could name its own address")
        if isinstance(network, IPv6Network) and network.network_address.ipv4_mapped:
            raise ValueError(f"write {network} as the IPv4 network it stands for")
    return networks or None


def _origins(value: Any) -> tuple[str, ...]:
    origins = tuple(_items(value))
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise ValueError(f"{origin!r} is no origin such as https://example.org")
    return origins


def _flag(value: Any) -> bool:
    flags = {"1": True, "true": True, "0": False, "false": False}
    flag = flags.get(str(value).lower())
    if flag is None:
        raise ValueError("must be true or false, or 1 or 0")
    return flag


def _puzzle(value: Any) -> str:
    if value not in puzzles.names():
        raise ValueError(f"must be one of {', '.join(puzzles.names())}")
    return str(value)


def _language(value: Any) -> str:
    if value not in words.codes():
        raise ValueError(f"must be one of {', '.join(words.codes())}")
    return str(value)


def _colours(value: Any) -> tuple[str, ...]:
    colours = tuple(_items(value))
    for colour in colours:
        if not _COLOUR.fullmatch(colour):
            raise ValueError(f"{colour!r} is not of the form accent=#14523c or dark-accent=#98d6b6")
    return colours


def _secret(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text")
    if value:
        refuse_weak(value.encode(), "SITE_SECRET")
    return value


def _setting(default: Any, read: Callable[[Any], Any], unit: str, doc: str) -> Any:
    return field(default=default, metadata={"read": read, "unit": unit, "doc": doc})


@dataclass(frozen=True, slots=True)
class Settings:
    """The configuration of one site, validated. Each field is the key `CHALLENGE_<NAME>`."""

    site_key: str = _setting(
        "main", _site_key, "text",
        "Names the site in tokens and in the cookie; one a site on a host.",
    )  # fmt: skip
    site_secret: str = _setting(
        "", _secret, "text", "Shows the details of healthz to who sends it. Empty: to nobody."
    )
    store_uri: str = _setting(
        "sqlite:///challenge.db", _text(r"[\x21-\x7e]{1,500}"), "URI",
        "Where state is kept: sqlite:///file (in the instance folder) or memory://.",
    )  # fmt: skip
    store_max_mb: int = _setting(
        1024, _whole(1, 1_000_000), "MiB", "How large the store's file may grow."
    )
    keys_path: str = _setting(
        "challenge-keys.json", _text(r"[^\x00]{1,500}"), "path",
        "The keys file; made with mode 0600 if missing. Relative to the instance folder.",
    )  # fmt: skip
    url_prefix: str = _setting(
        "/challenge",
        _text(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+"),
        "path",
        "Where the gate's own routes are.",
    )
    budget: int = _setting(20, _whole(4, 1000), "units", "What a clearance can hold at most.")
    ramp: tuple[int, ...] = _setting(
        (5, 10, 20), _ramp, "units", "Units of a visitor's first sale, the second, and all later."
    )
    band_burst: int = _setting(
        300, _whole(20, 1_000_000), "units", "What an address (/32, /64) may buy at once."
    )
    band_per_hour: int = _setting(
        48, _whole(1, 1_000_000), "units/h", "How fast an address's band refills."
    )
    failure_burst: int = _setting(
        60, _whole(10, 1_000_000), "redeems",
        "Wrong redeems an address may send at once; as many come back in six minutes.",
    )  # fmt: skip
    lifetime: int = _setting(1800, _whole(60, 86_400), "s", "How long a clearance lasts.")
    quote_lifetime: int = _setting(
        120, _whole(10, 600), "s", "How long a challenge may be redeemed."
    )
    puzzle: str = _setting("sha256", _puzzle, "kind", "The kind of proof of work.")
    price_ms: int = _setting(
        200, _whole(0, 60_000), "ms", "Work of one challenge on the puzzle's reference engine."
    )
    trusted_proxies: tuple[Network, ...] | None = _setting(
        None, _proxies, "networks",
        "Proxies whose X-Forwarded-For is believed. `none`: there are none, so no warning.",
    )  # fmt: skip
    mode: str = _setting(
        "enforce", _text("enforce|observe"), "mode",
        "observe: decide, count and log, and let every request pass.",
    )  # fmt: skip
    name: str = _setting(
        "", _text(r"[^\x00-\x1f\x7f]{1,60}"), "text", "The site's name, shown on the gate's pages."
    )
    why: str = _setting(
        "", _text(r"[^\x00-\x1f\x7f]{1,400}"), "text",
        "Your own sentence in place of the one that says why visitors wait, in all languages.",
    )  # fmt: skip
    colours: tuple[str, ...] = _setting(
        (), _colours, "colours", "The gate's colours, such as accent=#14523c,dark-accent=#98d6b6."
    )
    lang: str = _setting(
        "", _language, "language", "The language of the gate's pages. Empty: the visitor's own."
    )
    contact: str = _setting(
        "", _text(r"(https?://|mailto:)[\x21-\x7e]{1,300}"), "URL",
        "Where a refused visitor can reach you; shown on every refusal.",
    )  # fmt: skip
    sign_in_url: str = _setting(
        "", _text(r"(https://[\x21-\x7e]|/(?![/\\]))[\x21-\x7e]{0,300}"), "URL",
        "Where visitors sign in, a path of the site or https://; offered to who has to queue.",
    )  # fmt: skip
    allowed_networks: tuple[Network, ...] = _setting(
        (), _networks, "networks", "Networks that no ban touches."
    )
    allowed_origins: tuple[str, ...] = _setting(
        (), _origins, "origins", "Origins besides the site's own whose pages may call the gate."
    )
    unlimited_pass: bool = _setting(
        False, _flag, "yes or no",
        "For measuring only, never for a site: one solved puzzle opens everything for a week.",
    )  # fmt: skip
    allow_test_keys: bool = _setting(
        False, _flag, "yes or no",
        "Forms may use the site keys test-pass, test-fail, test-slow. Never in production.",
    )  # fmt: skip

    @property
    def test_keys(self) -> tuple[str, ...]:
        """The site keys for tests that may be used here."""
        return TEST_KEYS if self.allow_test_keys else ()


#: What the unlimited pass puts in place of other settings: the gate that others sell. A band
#: refills by a unit a millisecond from a burst that no run comes to the end of. A visitor's
#: record still ends with the key of its day, after one day at least.
UNLIMITED: Mapping[str, Any] = {
    "budget": 1_000_000,
    "ramp": (1_000_000,),
    "band_burst": 10**12,
    "band_per_hour": 3_600_000,
    "lifetime": 7 * 86_400,
}


@dataclass(frozen=True, slots=True)
class Source:
    """A place that settings come from. Keys without the prefix are not ours."""

    #: for messages
    place: str
    values: Mapping[str, Any]
    #: told of keys with our prefix that are no setting; without it they are errors
    unknown: Callable[[str], None] | None = None


def load(*sources: Source) -> Settings:
    """Settings from several places; a later source wins, and the unlimited pass over all.

    :raises ConfigError: `bad_setting` or `unknown_setting`, naming key and place.
    """
    known = {PREFIX + item.name.upper(): item for item in fields(Settings)}
    values: dict[str, Any] = {}
    for source in sources:
        for key in [key for key in source.values if key.startswith(PREFIX)]:
            if key in known:
                read = known[key].metadata["read"]
                values[known[key].name] = _read(read, key, source)
            elif source.unknown is not None:
                source.unknown(key)
            else:
                raise ConfigError(f"{key} in {source.place}", code="unknown_setting")
    settings = Settings(**values)
    return replace(settings, **UNLIMITED) if settings.unlimited_pass else settings


def _read(read: Callable[[Any], Any], key: str, source: Source) -> Any:
    try:
        return read(source.values[key])
    except ConfigError:
        raise
    except ValueError as error:
        raise ConfigError(f"{key} in {source.place}: {error}", code="bad_setting") from error


def read_toml(path: Path) -> dict[str, Any]:
    """Table `[challenge]` of a TOML file, as keys `CHALLENGE_<NAME>`; empty without the file.

    :raises ConfigError: if the file is no such TOML.
    """
    try:
        table = tomllib.loads(path.read_text()).get("challenge", {})
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path.name}: {error}", code="bad_setting") from error
    if not isinstance(table, dict):
        raise ConfigError(f"{path.name}: [challenge] is no table", code="bad_setting")
    return {PREFIX + key.upper(): value for key, value in table.items()}
