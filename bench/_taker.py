"""Whoever takes what one address gets, in earnest: the simulator's `takers.taken`, over HTTP.

Written from docs/protocol.md. It shares no code with the simulator, only the plan: how many
identities there are at a time, and which of them begin anew when their budget ends. All have a
browser key, and obey when they are told to wait: there is nothing to gain by coming sooner.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from challenge.core import puzzles
from challenge.core.canonical import canonical

from ._native import Native, tries
from ._scraper import ASK, REDEEM
from ._site import Answer, Site

#: refusals of a solved challenge after which another one is asked for
ASK_AGAIN = {"expired", "store_changed", "stale"}
#: times that a page may be refused after units were bought for it
REFUSALS_MAX = 5


class TimeUp(Exception):
    """The run has ended."""


class Key:
    """A browser key, as docs/protocol.md has it."""

    def __init__(self) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())

    def prove(self, challenge: str) -> dict[str, object]:
        """The fields of a redemption that show who redeems."""
        numbers = self._private.public_key().public_numbers()
        message = canonical("challenge/v1/proof", challenge)
        r, s = decode_dss_signature(self._private.sign(message, ec.ECDSA(SHA256())))
        key = {"kty": "EC", "crv": "P-256", "x": _b64(numbers.x), "y": _b64(numbers.y)}
        return {"key": key, "proof": _b64(r, s)}


@dataclass
class Taken:
    """What was got, and what it took. Several threads append to it."""

    #: when each distinct profile came with its personal details, monotonic seconds
    pages: list[float] = field(default_factory=list)
    #: tries that each solved puzzle took
    hashes: list[int] = field(default_factory=list)
    #: units that each sale gave
    sales: list[int] = field(default_factory=list)
    #: when each identity began, monotonic seconds
    identities: list[float] = field(default_factory=list)


class Identity:
    """One visitor, or one after the other, who takes profiles until the time is up.

    :param handles: profiles that nobody has tried to open; shared.
    :param until: monotonic seconds.
    :param over: set when there is no use in going on.
    :param rotate: be somebody new when a budget ends, instead of reading on.
    """

    def __init__(
        self,
        site: Site,
        native: Native,
        handles: deque[str],
        taken: Taken,
        *,
        until: float,
        over: threading.Event,
        rotate: bool,
    ) -> None:
        self._site = site
        self._native = native
        self._handles = handles
        self._taken = taken
        self._until = until
        self._over = over
        self._rotate = rotate
        self._begin()

    def run(self) -> None:
        """See :func:`take`."""
        with suppress(TimeUp):
            while True:
                self._take(f"/people/{self._handles.popleft()}")

    def _begin(self) -> None:
        self._cookie = ""
        self._key = Key()
        self._taken.identities.append(time.monotonic())

    def _take(self, path: str) -> None:
        for _ in range(REFUSALS_MAX):
            page = self._patiently("GET", path)
            if page.is_profile:
                self._taken.pages.append(time.monotonic())
                if self._rotate and page.headers["Challenge-Remaining"] == "0":
                    self._begin()
                return
            if page.status != 403:
                break
            self._buy(path)
        raise _unexplained(path, page)

    def _buy(self, path: str) -> None:
        """Buy, and wait until the units may be spent."""
        while True:
            asked = time.monotonic()
            offered = self._patiently("POST", ASK, json.dumps({"resource": path}).encode())
            if offered.status != 201:
                raise _unexplained(ASK, offered)
            offer = json.loads(offered.body)
            body = self._solve(offer["challenge"], offer["puzzle"])
            self._wait(asked + offer["wait_ms"] / 1000 - time.monotonic())
            sold = self._patiently("POST", REDEEM, body, lapses=asked + offer["expires_in"])
            if sold.status == 201:
                break
            # Who was told to wait for longer than the challenge lasts has waited.
            if sold.status != 429 and json.loads(sold.body)["code"] not in ASK_AGAIN:
                raise _unexplained(REDEEM, sold)
        sale = json.loads(sold.body)
        self._taken.sales.append(sale["budget"])
        self._cookie = sold.headers["Set-Cookie"].partition(";")[0]
        self._wait(sale["not_before_ms"] / 1000)

    def _solve(self, challenge: str, puzzle: dict[str, Any]) -> bytes:
        """The body that redeems a challenge."""
        threshold = int(puzzle["threshold"], 16)
        [answers] = self._native.solve([puzzles.seed(challenge)], puzzle["count"], threshold)
        self._taken.hashes.append(sum(map(tries, answers)))
        sent = {"challenge": challenge, "answers": answers, **self._key.prove(challenge)}
        return json.dumps(sent).encode()

    def _patiently(
        self, method: str, path: str, body: bytes = b"", lapses: float = float("inf")
    ) -> Answer:
        """The first answer that does not ask to wait; or, when it has lapsed, the last that did."""
        while True:
            self._wait(0)
            answer = self._site.call(method, path, self._cookie, body)
            if not answer.wait_s:
                return answer
            self._wait(answer.wait_s)
            if time.monotonic() >= lapses:
                return answer

    def _wait(self, seconds: float) -> None:
        """:raises TimeUp: as soon as the time is up."""
        left = self._until - time.monotonic()
        if self._over.wait(max(0.0, min(seconds, left))) or seconds >= left:
            raise TimeUp


def take(
    site: Site, native: Native, handles: list[str], rotates: list[bool], *, seconds: float
) -> tuple[Taken, float]:
    """Take from a site for so many seconds, with an identity for each of `rotates`.

    :returns: what was taken, and when it began, monotonic seconds.
    :raises IndexError: if there are not enough profiles.
    :raises RuntimeError: for an answer that the protocol does not explain.
    """
    taken, began, todo, over = Taken(), time.monotonic(), deque(handles), threading.Event()
    plans = [
        Identity(site, native, todo, taken, until=began + seconds, over=over, rotate=rotate)
        for rotate in rotates
    ]
    with ThreadPoolExecutor(len(plans)) as pool:
        try:
            for ended in as_completed([pool.submit(plan.run) for plan in plans]):
                ended.result()
        finally:
            over.set()
    return taken, began


def _unexplained(path: str, answer: Answer) -> RuntimeError:
    return RuntimeError(f"{path}: {answer.status} {answer.body[:300]!r}")


def _b64(*numbers: int) -> str:
    data = b"".join(number.to_bytes(32) for number in numbers)
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
