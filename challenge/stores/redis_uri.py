"""What a `redis:` URI says: where the server is, and how to speak to it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote

from ..errors import ConfigError

PORT = 6379
#: before all keys, so that others may use the same server
PREFIX = "tallygate"
#: milliseconds that connecting, and each reply, may take
TIMEOUT_MS = 200
_OPTIONS = {
    "prefix": re.compile(r"[a-z0-9-]{1,9}", re.ASCII),
    "timeout_ms": re.compile(r"[0-9]{2,4}", re.ASCII),
    "ca": re.compile(r"[^\x00]+"),
    "cert": re.compile(r"[^\x00]+"),
    "key": re.compile(r"[^\x00]+"),
}
_FILES = ("ca", "cert", "key")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is. What it is shown as has no password in it."""

    host: str
    port: int
    db: int = 0
    username: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False
    #: files in PEM: whom to believe instead of the system's authorities, and who we are
    ca: str = ""
    cert: str = ""
    key: str = ""
    #: seconds
    timeout: float = TIMEOUT_MS / 1000
    prefix: str = PREFIX

    def __str__(self) -> str:
        return f"{self.host}:{self.port}/{self.db}"


def read_address(parts: SplitResult) -> Address:
    """The address in a `redis://` or `rediss://` URI, taken apart.

    `redis://[user[:password]@]host[:port][/db][?prefix=...&timeout_ms=...]`; `rediss` speaks TLS
    and knows `ca`, `cert`, `key` too.

    :raises ConfigError: for another form. It never says what the URI was.
    """
    try:
        host, port = parts.hostname or "", parts.port or PORT
    except ValueError:
        # What it says may be the password.
        raise ConfigError(
            "STORE_URI redis://...: no such port; is / in the password? Write %2F"
        ) from None
    db = parts.path.removeprefix("/") or "0"
    # What follows a / that should have been written as %2F may be half of a password.
    if not host or not re.fullmatch(r"[0-9]{1,5}", db, re.ASCII):
        raise ConfigError("STORE_URI redis://...: not of the form redis://host:port/db")
    options = _options(parts)
    timeout_ms = int(options.pop("timeout_ms", TIMEOUT_MS))
    if not 20 <= timeout_ms <= 2000:
        raise ConfigError("STORE_URI redis://...: timeout_ms must be from 20 to 2000")
    return Address(
        host=host,
        port=port,
        db=int(db),
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls=parts.scheme == "rediss",
        timeout=timeout_ms / 1000,
        **options,
    )


def _options(parts: SplitResult) -> dict[str, str]:
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    options = dict(pairs)
    for name, value in pairs:
        form = _OPTIONS.get(name)
        if form is None or (name in _FILES and parts.scheme != "rediss"):
            raise ConfigError("STORE_URI redis://...?: an option that is not known")
        if not form.fullmatch(value):
            raise ConfigError(f"STORE_URI redis://...?{name}=: must be {form.pattern}")
        if name in _FILES and not Path(value).is_file():
            raise ConfigError(f"STORE_URI rediss://...?{name}=: no such file")
    if len(options) != len(pairs) or parts.fragment:
        raise ConfigError("STORE_URI redis://...: an option twice, or a # in the password?")
    return options
