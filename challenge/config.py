"""Every setting once: default, unit, and one line of what it does."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from . import values
from .core.classes import Shared
from .core.networks import Network
from .core.price import Work
from .errors import ConfigError
from .values import NO_INTERACTION as NO_INTERACTION
from .values import TEST_FAIL as TEST_FAIL
from .values import TEST_KEYS as TEST_KEYS
from .values import TEST_SLOW as TEST_SLOW

PREFIX = "CHALLENGE_"


def _setting(default: Any, read: Callable[[Any], Any], unit: str, doc: str) -> Any:
    return field(default=default, metadata={"read": read, "unit": unit, "doc": doc})


@dataclass(frozen=True, slots=True)
class Settings:
    """The configuration of one site, validated. Each field is the key `CHALLENGE_<NAME>`."""

    site_key: str = _setting(
        "main", values.site_key, "text",
        "Names the site in tokens and in the cookie; one a site on a host.",
    )  # fmt: skip
    site_secret: str = _setting(
        "", values.secret, "text", "Shows the details of healthz to who sends it. Empty: to nobody."
    )
    store_uri: str = _setting(
        "sqlite:///challenge.db", values.text(r"[\x21-\x7e]{1,500}"), "URI",
        "Where state is kept: sqlite:///file (in the instance folder), redis://host/0, or memory://.",
    )  # fmt: skip
    store_max_mb: int = _setting(
        1024, values.whole(1, 1_000_000), "MiB", "How large the store's file may grow."
    )
    keys_path: str = _setting(
        "challenge-keys.json", values.text(r"[^\x00]{1,500}"), "path",
        "The keys file; made with mode 0600 if missing. Relative to the instance folder.",
    )  # fmt: skip
    url_prefix: str = _setting(
        "/challenge",
        values.text(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+"),
        "path",
        "Where the gate's own routes are.",
    )
    budget: int = _setting(20, values.whole(4, 1000), "units", "What a clearance can hold at most.")
    ramp: tuple[int, ...] = _setting(
        (5, 10, 20),
        values.ramp,
        "units",
        "Units of a visitor's first sale, the second, and all later.",
    )
    band_burst: int = _setting(
        300, values.whole(20, 1_000_000), "units", "What an address (/32, /64) may buy at once."
    )
    band_per_hour: int = _setting(
        48, values.whole(1, 1_000_000), "units/h", "How fast an address's band refills."
    )
    lanes: tuple[int, ...] = _setting(
        (50, 30, 5), values.lanes, "%",
        "Of a band, what visitors who are known, new, flagged are guaranteed; none: no lanes.",
    )  # fmt: skip
    shared_networks: tuple[Shared, ...] = _setting(
        (), values.shared, "networks",
        "Networks that many people share: each one band, so many times as wide (192.0.2.0/24=50).",
    )  # fmt: skip
    hosting_networks: tuple[Network, ...] = _setting(
        (), values.networks, "networks", "Networks of hosting, where few people read from."
    )
    hosting_percent: int = _setting(
        10, values.whole(1, 100), "%", "How much of the usual bands hosting networks have."
    )
    failure_burst: int = _setting(
        60, values.whole(10, 1_000_000), "redeems",
        "Wrong redeems an address may send at once; as many come back in six minutes.",
    )  # fmt: skip
    lifetime: int = _setting(1800, values.whole(60, 86_400), "s", "How long a clearance lasts.")
    quote_lifetime: int = _setting(
        120, values.whole(10, 600), "s", "How long a challenge may be redeemed."
    )
    puzzle: str = _setting("sha256", values.puzzle, "kind", "The kind of proof of work.")
    price_ms: int = _setting(
        200, values.whole(0, 60_000), "ms",
        "Work of a first sale, or a form's response, on the puzzle's reference engine.",
    )  # fmt: skip
    price_further_ms: int = _setting(
        100, values.whole(0, 60_000), "ms", "Work of each further sale; never more than PRICE_MS."
    )
    price_base: int = _setting(
        100, values.whole(1, 1_000_000), "units",
        "What a visitor may buy in a day before work grows: twice as much for twice as many.",
    )  # fmt: skip
    price_max_ms: int = _setting(
        2000, values.whole(0, 60_000), "ms", "What the work of a sale grows to at most."
    )
    trusted_proxies: tuple[Network, ...] | None = _setting(
        None, values.proxies, "networks",
        "Proxies whose X-Forwarded-For is believed. `none`: there are none, so no warning.",
    )  # fmt: skip
    mode: str = _setting(
        "enforce", values.text("enforce|observe"), "mode",
        "observe: decide, count and log, and let every request pass.",
    )  # fmt: skip
    name: str = _setting(
        "",
        values.text(r"[^\x00-\x1f\x7f]{1,60}"),
        "text",
        "The site's name, shown on the gate's pages.",
    )
    why: str = _setting(
        "", values.text(r"[^\x00-\x1f\x7f]{1,400}"), "text",
        "Your own sentence in place of the one that says why visitors wait, in all languages.",
    )  # fmt: skip
    colours: tuple[str, ...] = _setting(
        (),
        values.colours,
        "colours",
        "The gate's colours, such as accent=#14523c,dark-accent=#98d6b6.",
    )
    lang: str = _setting(
        "",
        values.language,
        "language",
        "The language of the gate's pages. Empty: the visitor's own.",
    )
    contact: str = _setting(
        "", values.text(r"(https?://|mailto:)[\x21-\x7e]{1,300}"), "URL",
        "Where a refused visitor can reach you; shown on every refusal.",
    )  # fmt: skip
    sign_in_url: str = _setting(
        "", values.text(r"(https://[\x21-\x7e]|/(?![/\\]))[\x21-\x7e]{0,300}"), "URL",
        "Where visitors sign in, a path of the site or https://; offered to who has to queue.",
    )  # fmt: skip
    allowed_networks: tuple[Network, ...] = _setting(
        (), values.networks, "networks", "Networks that no ban touches."
    )
    allowed_origins: tuple[str, ...] = _setting(
        (),
        values.origins,
        "origins",
        "Origins besides the site's own whose pages may call the gate.",
    )
    behaviour: bool = _setting(
        True, values.flag, "yes or no",
        "Let what is odd about a browser, or how it is used, move the price; nobody is shut out.",
    )  # fmt: skip
    interaction: str = _setting(
        "hold", values.interaction, "kind",
        "What who behaves very oddly does besides work: hold a button; none: nothing.",
    )  # fmt: skip
    interaction_wait: int = _setting(
        30, values.whole(5, 300), "s",
        "How long they may wait instead; at most half of QUOTE_LIFETIME.",
    )  # fmt: skip
    fail_open: int = _setting(
        0, values.whole(0, 1_000_000), "views/min",
        "While the store does not answer, what each process opens uncounted to clearances.",
    )  # fmt: skip
    fail_ask: str = _setting(
        "serve", values.text("serve|refuse"), "mode",
        "Asking for a challenge while the store does not answer: up to 600 a minute, or none.",
    )  # fmt: skip
    fail_bans: str = _setting(
        "last", values.text("last|refuse"), "mode",
        "Bans while the store does not answer: the last known ones, or refuse everybody.",
    )  # fmt: skip
    unlimited_pass: bool = _setting(
        False, values.flag, "yes or no",
        "For measuring only, never for a site: one solved puzzle opens everything for a week.",
    )  # fmt: skip
    allow_test_keys: bool = _setting(
        False, values.flag, "yes or no",
        "Forms may use the site keys test-pass, test-fail, test-slow. Never in production.",
    )  # fmt: skip

    @property
    def work(self) -> Work:
        """What sales cost."""
        return Work(self.price_ms, self.price_further_ms, self.price_base, self.price_max_ms)

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
    "lanes": (),
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
    found: dict[str, Any] = {}
    for source in sources:
        for key in [key for key in source.values if key.startswith(PREFIX)]:
            if key in known:
                read = known[key].metadata["read"]
                found[known[key].name] = _read(read, key, source)
            elif source.unknown is not None:
                source.unknown(key)
            else:
                raise ConfigError(f"{key} in {source.place}", code="unknown_setting")
    settings = Settings(**found)
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
