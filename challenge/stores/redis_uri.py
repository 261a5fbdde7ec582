"""What a `redis:` URI says: where the server is, and how to speak to it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote

from ..errors import ConfigError

PORT = 6379
#: before all keys, so that others may use the same server
PREFIX = "tallygate"
#: milliseconds that connecting, and each reply, may take
TIMEOUT_MS = 200
SENTINEL_PORT = 26379
_HOST = re.compile(r"(\[(?P<bare>[0-9a-fA-F:.]+)\]|(?P<host>[^\s\[\]:@]+))(:(?P<port>[0-9]{1,5}))?")
_PATHS = {
    "": re.compile(r"(/(?P<db>[0-9]{1,5})?)?", re.ASCII),
    "sentinel": re.compile(r"/(?P<service>[^/]{1,100})(/(?P<db>[0-9]{1,5})?)?", re.ASCII),
    "cluster": re.compile(r"/?"),
}
_FORMS = {
    "": "host:port/db",
    "sentinel": "host:port,host:port/service/db",
    "cluster": "host:port,host:port",
}
_OPTIONS = {
    "prefix": re.compile(r"[a-z0-9-]{1,9}", re.ASCII),
    "timeout_ms": re.compile(r"[0-9]{2,4}", re.ASCII),
    "ca": re.compile(r"[^\x00]+"),
    "cert": re.compile(r"[^\x00]+"),
    "key": re.compile(r"[^\x00]+"),
    "sentinel_password": re.compile(r".+"),
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
    #: Sentinels that know where the server is, and what they call it; none: it is where it is.
    sentinels: tuple[tuple[str, int], ...] = ()
    service: str = ""
    #: servers of a cluster that know the others; none: it is no cluster
    servers: tuple[tuple[str, int], ...] = ()
    #: what sentinels want to hear, which need not be what the server wants
    sentinel_password: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{self.service or f'{self.host}:{self.port}'}/{self.db}"


def read_address(parts: SplitResult) -> Address:
    """The address in a `redis:` URI, taken apart.

    `redis://[user[:password]@]host[:port][/db][?prefix=...&timeout_ms=...]`; or
    `redis+sentinel://[user[:password]@]host[:port][,host[:port]...]/service[/db]`, which knows
    `sentinel_password` too; or `redis+cluster://[user[:password]@]host[:port][,host[:port]...]`.
    `rediss` speaks TLS and knows `ca`, `cert`, `key`.

    :raises ConfigError: for another form. It never says what the URI was.
    """
    user, _, hosts = parts.netloc.rpartition("@")
    username, _, password = user.partition(":")
    _, _, kind = parts.scheme.partition("+")
    watched = kind == "sentinel"
    servers = tuple(_server(host, SENTINEL_PORT if watched else PORT) for host in hosts.split(","))
    path = _PATHS[kind].fullmatch(parts.path)
    # What follows a / that should have been written as %2F may be half of a password.
    if path is None or (len(servers) > 1 and not kind):
        raise ConfigError(f"STORE_URI {parts.scheme}://...: not of the form {_FORMS[kind]}")
    options = _options(parts)
    timeout_ms = int(options.get("timeout_ms", TIMEOUT_MS))
    if not 20 <= timeout_ms <= 2000:
        raise ConfigError(f"STORE_URI {parts.scheme}://...: timeout_ms must be from 20 to 2000")
    address = Address(
        host=servers[0][0],
        port=servers[0][1],
        db=int(path.groupdict().get("db") or 0),
        username=unquote(username),
        password=unquote(password),
        tls=parts.scheme.startswith("rediss"),
        timeout=timeout_ms / 1000,
        ca=options.get("ca", ""),
        cert=options.get("cert", ""),
        key=options.get("key", ""),
        prefix=options.get("prefix", PREFIX),
        sentinel_password=options.get("sentinel_password", ""),
    )
    if watched:
        return replace(address, sentinels=servers, service=unquote(path["service"]))
    return replace(address, servers=servers) if kind else address


def _server(text: str, port: int) -> tuple[str, int]:
    """A host, in brackets if it has colons, and perhaps a port."""
    found = _HOST.fullmatch(text)
    if found is None or not 0 < int(found["port"] or port) < 65_536:
        # What it says may be a part of the password.
        raise ConfigError(
            "STORE_URI redis://...: no such host and port; is a / in the password? Write %2F"
        )
    return found["bare"] or found["host"], int(found["port"] or port)


def _options(parts: SplitResult) -> dict[str, str]:
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    options = dict(pairs)
    for name, value in pairs:
        form = _OPTIONS.get(name)
        needs = "rediss" if name in _FILES else "sentinel" if "sentinel" in name else ""
        if form is None or needs not in parts.scheme:
            raise ConfigError("STORE_URI redis://...?: an option that is not known")
        if not form.fullmatch(value):
            raise ConfigError(f"STORE_URI redis://...?{name}=...: must be {form.pattern}")
        if name in _FILES and not Path(value).is_file():
            raise ConfigError(f"STORE_URI rediss://...?{name}=...: no such file")
    if len(options) != len(pairs) or parts.fragment:
        raise ConfigError("STORE_URI redis://...: an option twice, or a # in the password?")
    return options
