"""Access logs: common, combined, and JSON lines; what is in them that concerns the gate."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from ..core.networks import Address, parse_address

#: a line that is longer is no request
LINE_MAX = 65_536
#: what is a profile's page, and which part of its path names the profile
PROFILES = r"^/(?:people|profiles?|users?|members?|u)/([^/?#]+)/?(?:[?#]|$)"

_LINE = re.compile(
    r'(?P<host>\S+) \S+ \S+ \[(?P<time>[^\]]+)\] "(?P<method>[A-Z]+) (?P<path>\S+)[^"]*"'
    r' (?P<status>\d{3}) \S+(?: "(?:[^"\\]|\\.)*" "(?P<agent>(?:[^"\\]|\\.)*)")?',
    re.ASCII,
)
#: names that servers give to the same thing in JSON
_HOSTS = ("remote_addr", "client_ip", "remote_ip", "ip", "clientip", "host", "remote_host")
_TIMES = ("time", "timestamp", "@timestamp", "time_iso8601", "ts", "msec", "time_local")
_PATHS = ("path", "uri", "request_uri", "url", "RequestPath")
_METHODS = ("method", "request_method", "verb")
_AGENTS = ("user_agent", "http_user_agent", "agent", "userAgent")


@dataclass(frozen=True, slots=True)
class Hit:
    """A request for a profile's page that was answered with it."""

    #: Unix seconds
    at: float
    address: Address
    agent: str
    profile: str


@dataclass
class Read:
    """How far a log has been read."""

    lines: int = 0
    #: lines that are no request in any format that is known
    unread: int = 0
    hits: int = 0


def hits(
    path: Path, profiles: re.Pattern[str], read: Read, at: Callable[[int], None]
) -> Iterator[Hit]:
    """The requests for profiles in a log, one line in memory at a time.

    Other methods than GET and HEAD, and answers from 400 on, are left out: the gate takes nothing
    for them.

    :param profiles: its first group, or all that it matches, is the profile.
    :param read: is kept up to date.
    :param at: told the position in the file, in bytes, now and then.
    """
    with path.open("rb") as raw:
        packed = raw.peek(2)[:2] == b"\x1f\x8b"
        lines = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if packed else raw
        while line := lines.readline(LINE_MAX):
            read.lines += 1
            if read.lines % 10_000 == 0:
                at(raw.tell())
            try:
                hit = _hit(line.decode("utf-8", "replace"), profiles)
            except (ValueError, KeyError, TypeError):
                read.unread += 1
                continue
            if hit is not None:
                read.hits += 1
                yield hit
        at(raw.tell())


def _hit(line: str, profiles: re.Pattern[str]) -> Hit | None:
    fields = _json_fields(line) if line.startswith("{") else _text_fields(line)
    if fields["method"] not in ("GET", "HEAD") or not 200 <= fields["status"] < 400:
        return None
    found = profiles.search(fields["path"])
    if found is None:
        return None
    return Hit(
        at=_time(fields["time"]),
        address=parse_address(fields["host"]),
        agent=fields["agent"] or "",
        profile=found[1] if profiles.groups else found[0],
    )


def _text_fields(line: str) -> dict[str, Any]:
    found = _LINE.match(line)
    if found is None:
        raise ValueError("no request")
    return {**found.groupdict(), "status": int(found["status"])}


def _json_fields(line: str) -> dict[str, Any]:
    entry = json.loads(line)
    # nginx and others write the request line as one field.
    method, path, *_ = [*str(entry.get("request", "")).split(" "), "", ""]
    return {
        "host": str(_first(entry, _HOSTS)),
        "time": _first(entry, _TIMES),
        "method": _first(entry, _METHODS, method or "GET"),
        "path": _first(entry, _PATHS, path),
        "agent": str(_first(entry, _AGENTS, "")),
        "status": int(entry.get("status", 200)),
    }


def _first(entry: dict[str, Any], names: tuple[str, ...], default: Any = None) -> Any:
    value = next((entry[name] for name in names if name in entry), default)
    if value is None:
        raise KeyError(names[0])
    return value


def _time(value: Any) -> float:
    if isinstance(value, (int, float)):
        # Some count in milliseconds.
        return value / 1000 if value > 1e11 else float(value)
    text = str(value)
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return _time(float(text))
    if text[2:3] == "/":
        return datetime.strptime(text, "%d/%b/%Y:%H:%M:%S %z").timestamp()
    return datetime.fromisoformat(text).timestamp()
