"""What a browser has sent, told to its visitor: the headers, and the clearance in plain words."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import jwt

from challenge.core.models import Holding

LONG = 16  # a cookie's value that is longer is a token or an id, and is shown by its ends
SECRET = ("Authorization", "Proxy-Authorization")


@dataclass(frozen=True)
class Said:
    """What a clearance says, for its visitor to read."""

    issued: str
    ends: str
    budget: str
    first: str
    visitor: str
    #: fingerprint of the browser key; empty without one
    key: str
    #: the token's ends, and how long it is
    token: str
    length: int


def headers_shown(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Names and values in the order of their names, with whatever opens a door by its ends only."""
    shown = sorted((name.title(), value) for name, value in headers)
    tokens = {
        long
        for name, value in shown
        if name == "Cookie"
        for long in re.findall(rf"=([^;]{{{LONG + 1},}})", value)
    }
    for token in sorted(tokens, key=len, reverse=True):
        shown = [(name, value.replace(token, both_ends(token))) for name, value in shown]
    return [(name, both_ends(value) if name in SECRET else value) for name, value in shown]


def read_clearance(token: str, now: float) -> Said | None:
    """What the token says, unverified: for display only. None if it is no clearance."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
        confirmed = claims.get("cnf", {})
        return Said(
            issued=moment(claims["iat"], now),
            ends=moment(claims["exp"], now),
            budget=counted(int(claims["budget"]), "profile"),
            first=f"{_utc(claims['first']):%Y-%m-%d, %H} h UTC",
            visitor=both_ends(str(claims["sub"])),
            key=both_ends(str(confirmed.get("jkt", ""))),
            token=both_ends(token),
            length=len(token),
        )
    except (jwt.PyJWTError, KeyError, TypeError, AttributeError, ValueError, OverflowError):
        return None


def left(holding: Holding | None) -> str:
    """What a visitor has, in the words of yours.js, which says it anew."""
    if holding is None:
        return "nothing"
    wait, minutes = holding.not_before_ms, math.ceil(holding.expires_in / 60)
    start = f", from {counted(math.ceil(wait / 1000), 'second')} on" if wait else ""
    profiles = counted(holding.remaining, "profile")
    return f"{profiles}{start}; for {counted(minutes, 'minute')} more, unless it is renewed"


def both_ends(value: str) -> str:
    """The first and last characters of a long value; a short one as it is."""
    return value if len(value) <= LONG else f"{value[:6]} … {value[-4:]}"


def moment(at: float, now: float) -> str:
    """A time of day, and how far from now it is."""
    away = abs(at - now)
    if away < 90:
        distance = counted(round(away), "second")
    elif away < 90 * 60:
        distance = counted(round(away / 60), "minute")
    else:
        distance = counted(round(away / 3600), "hour")
    told = f"in {distance}" if at > now else f"{distance} ago"
    return f"{_utc(at):%H:%M:%S} UTC, {told}"


def counted(number: int, of: str) -> str:
    """A number with its noun."""
    return f"{number} {of}{'' if number == 1 else 's'}"


def _utc(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
