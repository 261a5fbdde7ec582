"""A client written from docs/protocol.md alone, with the standard library only.

It shares no code with the package, so that the page is tested together with the server. ES256 is
not in the standard library, so the client has no browser key: it stays a bearer, whose next sale
makes a new visitor that has the same profiles paid.
"""

import hashlib
import http.client
import json
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

SELLS = {
    "clearance_required",
    "budget_spent",
    "clearance_unknown",
    "clearance_replaced",
    "networks_alternate",
    "expired",
    "store_changed",
    "token_malformed",
    "bad_signature",
    "key_unknown",
    "wrong_audience",
}
ASKS_AGAIN = {"expired", "store_changed", "stale"}
MOST_TRIES = 8
PATIENCE_S = 30.0


def canonical(*parts: str | bytes) -> bytes:
    encoded = [part.encode() if isinstance(part, str) else part for part in parts]
    return b"".join(struct.pack("<I", len(part)) + part for part in encoded)


def seed_of(challenge: str) -> bytes:
    return hashlib.sha256(canonical("challenge/v1", challenge)).digest()


def solve(challenge: str, puzzle: Mapping[str, Any]) -> list[int]:
    """The answers: for each index the first nonce whose output is at most the threshold.

    Raises ValueError for a kind that is not known.
    """
    if puzzle["kind"] != "sha256":
        raise ValueError(f"unknown puzzle {puzzle['kind']!r}")
    seed = seed_of(challenge)
    threshold = bytes.fromhex(puzzle["threshold"])
    return [_nonce(seed, index, threshold) for index in range(puzzle["count"])]


def _nonce(seed: bytes, index: int, threshold: bytes) -> int:
    start = hashlib.sha256(seed + struct.pack("<I", index))
    nonce = 0
    while True:
        digest = start.copy()
        digest.update(nonce.to_bytes(8, "little"))
        if digest.digest()[:8] <= threshold:
            return nonce
        nonce += 1


@dataclass(frozen=True)
class Answer:
    """What came back: status, headers with lower-case names, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The problem's code, or "" if this is no problem."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip()
        return str(self.json["code"]) if kind == "application/problem+json" else ""


class Refused(Exception):
    """The server said no, and waiting or repeating would not help."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status, answer.code)
        self.answer = answer


@dataclass
class Client:
    """A visitor of one site: asks, solves, redeems and reads, and keeps its cookie.

    `origin` is scheme, host and port; `headers` are sent with every request; `sleep` takes seconds.
    """

    origin: str
    prefix: str = "/challenge"
    headers: Mapping[str, str] = field(default_factory=dict)
    sleep: Callable[[float], None] = time.sleep
    cookie: str = ""
    sales: int = 0

    def read(self, path: str, units: int = 1) -> Answer:
        """The gated page, after at most one sale. `units` is its cost. Raises Refused."""
        answer = self._read(path)
        if answer.code in SELLS:
            self.buy(path, units)
            answer = self._read(path)
        if answer.status != 200:
            raise Refused(answer)
        return answer

    def buy(self, resource: str, units: int = 1) -> dict[str, Any]:
        """Sell yourself a clearance: its cookie is kept. Raises Refused."""
        answer = self._sale("clearances", {"resource": resource, "units": units})
        self.cookie = answer.headers["set-cookie"].partition(";")[0]
        self.sales += 1
        sold: dict[str, Any] = answer.json
        self.sleep(sold["not_before_ms"] / 1000)
        return sold

    def response(self, action: str = "page", cdata: str = "") -> str:
        """A response for a form. Raises Refused."""
        wish = {"buys": "response", "action": action} | ({"cdata": cdata} if cdata else {})
        return str(self._sale("responses", wish).json["response"])

    def standing(self) -> dict[str, Any] | None:
        """What the clearance holds; None without one that opens anything. Raises Refused."""
        answer = self.send("GET", f"{self.prefix}/v1/clearance")
        if answer.code == "no_clearance":
            return None
        if answer.status != 200:
            raise Refused(answer)
        held: dict[str, Any] = answer.json
        return held

    def ask(self, wish: Mapping[str, Any]) -> Answer:
        return self.post("challenges", json.dumps(wish).encode())

    def post(self, noun: str, body: bytes) -> Answer:
        return self.send(
            "POST", f"{self.prefix}/v1/{noun}", body, {"Content-Type": "application/json"}
        )

    def send(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request, one answer; raises OSError or HTTPException if the connection fails."""
        site = urlsplit(self.origin)
        kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
        connection = kinds[site.scheme](site.netloc, timeout=PATIENCE_S)
        cookie = {"Cookie": self.cookie} if self.cookie else {}
        try:
            connection.request(
                method,
                path,
                body or None,
                {"Accept": "application/problem+json", **cookie, **self.headers, **(headers or {})},
            )
            got = connection.getresponse()
            named = {name.lower(): value for name, value in got.getheaders()}
            return Answer(got.status, named, got.read())
        finally:
            connection.close()

    def _sale(self, noun: str, wish: Mapping[str, Any]) -> Answer:
        for _ in range(MOST_TRIES):
            asked = self._until_said(lambda: self.ask(wish))
            if asked.status != 201:
                raise Refused(asked)
            answer = self._redeem(noun, asked.json)
            if answer.status == 201:
                return answer
            if answer.code not in ASKS_AGAIN:
                break
        raise Refused(answer)

    def _redeem(self, noun: str, quote: Mapping[str, Any]) -> Answer:
        early_until = time.monotonic() + quote["wait_ms"] / 1000
        answers = solve(quote["challenge"], quote["puzzle"])
        body = json.dumps({"challenge": quote["challenge"], "answers": answers}).encode()
        self.sleep(max(0.0, early_until - time.monotonic()))
        return self._until_said(lambda: self.post(noun, body))

    def _read(self, path: str) -> Answer:
        return self._until_said(lambda: self.send("GET", path))

    def _until_said(self, once: Callable[[], Answer]) -> Answer:
        """Send the same again after a lost connection and whatever asks to wait."""
        for pause in _pauses():
            try:
                answer = once()
            except (OSError, http.client.HTTPException):
                if pause is None:
                    raise
                self.sleep(pause)
                continue
            told = _told_to_wait(answer, pause or 0)
            if told is None or told > PATIENCE_S or pause is None:
                return answer
            self.sleep(told)
        raise AssertionError("the last pause is None")


def _pauses() -> Iterator[float | None]:
    """Seconds between tries where the server names none; None for the last try."""
    yield from (0.1 * 2**attempt for attempt in range(MOST_TRIES - 1))
    yield None


def _told_to_wait(answer: Answer, pause: float) -> float | None:
    """Seconds until the same may be sent again; None if it is an answer to live with."""
    if answer.status == 425:
        return float(answer.json["retry_in_ms"]) / 1000
    if answer.status in (429, 503):
        return float(answer.headers.get("retry-after", pause))
    return pause if answer.code == "in_progress" else None
