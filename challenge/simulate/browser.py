"""A visitor's browser, as our script behaves in it.

It follows `client.js`, `offer.js`, `renew.js` and the pages that stand in for a gated one. What a
network takes to carry a request is left out: what is told is the time that the gate costs.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    derive_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from ..core.canonical import canonical
from ..core.models import Client
from ..core.networks import Address
from ..errors import (
    Banned,
    BudgetFull,
    ChallengeError,
    ClearanceRequired,
    Expired,
    KeyRequired,
    Queued,
    Stale,
    TokenRefused,
)
from ..keys import encode_bytes
from ..wire import read_ask
from . import puzzle
from .counting import Count
from .loop import Steps, Task
from .world import World

#: as in `renew.js`: what is left of a clearance when it is renewed
LAST_UNITS, LAST_SECONDS = 1, 120
#: as in `offer.js`: beyond this much solving a smaller sale is asked for
SOLVING_SECONDS = 5.0
#: as in `client.js`
SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 600.0
MOST_STALE = 5
#: As in `reloads.js`: pauses before a page is asked for again that came back although the clearance
#: seemed to do; after so many rounds another one is bought, and after so many more it stops.
ROUND_PAUSES = (0.0, 0.0, 0.0, 1.0, 2.0, 4.0)
STUBBORN_ROUNDS, LOOP_ROUNDS = len(ROUND_PAUSES), 12
#: sub-puzzles of a challenge: they make the time that solving takes less uneven
SUB_PUZZLES = 16
#: refusals after which the script tells its visitor that it did not work
TURNED_AWAY = (Banned, BudgetFull, Expired, Stale, KeyRequired)
#: seconds for which somebody keeps a page in view; nothing is renewed for one that nobody sees
IN_VIEW_SECONDS = 600


@dataclass(frozen=True, slots=True)
class _Offer:
    body: bytes
    lapses: float


class Browser:
    """One visitor's browser: one window, one cookie, one key.

    :param where: its address at the moment.
    :param slowness: how many times as long as the reference engine it solves; 0 for who has any
        number of cores.
    :param patience: seconds that somebody waits for a page before they give up.
    """

    def __init__(
        self,
        world: World,
        where: Callable[[], Address],
        count: Count,
        *,
        account: str = "",
        slowness: float = 1.0,
        patience: float = LONGEST_PAUSE,
    ) -> None:
        self.token: str | None = None
        #: units left, as the last page said
        self.remaining = 0
        self._world = world
        self.where = where
        #: what is noted of it; another may be put in its place
        self.count = count
        self._account = account
        self._slowness = slowness
        self._patience = patience
        self._key: EllipticCurvePrivateKey | None = None
        self._renewal: Task | None = None
        count.identities += 1

    def open(self, profile: str) -> Steps[bool]:
        """Ask for a profile until it opens; False if somebody's patience ended."""
        self.leave()
        self.count.wanted += 1
        asked, rounds, queued = self._world.now, 0, False
        while True:
            try:
                admitted = self._world.tally.admit(self.token, profile, self._client())
                break
            except Queued as refusal:
                queued = True
                pause = _pause(refusal)
            except (ClearanceRequired, TokenRefused):
                try:
                    pause = yield from self._earn(rounds)
                except TURNED_AWAY:
                    self.count.refused += 1
                    return False
                rounds += 1
            if rounds > LOOP_ROUNDS or self._world.now + pause - asked > self._patience:
                self.count.refused += 1
                self.count.queued += queued
                return False
            if pause:
                yield pause
        self.count.interstitials += rounds > 0
        self.count.queued += queued
        self.count.open(self._world.now, self._world.now - asked)
        self.remaining = admitted.remaining
        self._keep_renewed(admitted.expires_in)
        return True

    def buy(self, *, in_view: bool = True) -> Steps[float]:
        """Buy; seconds until the units may be used.

        In view, a refusal is answered by waiting; in the background too, but not beyond the
        challenge's life.

        :raises ChallengeError: one of `TURNED_AWAY`.
        """
        offer: _Offer | None = None
        tried: dict[type[ChallengeError], int] = {}
        began = self._world.now
        while True:
            try:
                if offer is None or self._world.now >= offer.lapses:
                    offer = yield from self._offer(as_new=KeyRequired in tried)
                return self._redeem(offer)
            except Queued as refusal:
                pause = _pause(refusal)
                lapses = offer is None or self._world.now + pause >= offer.lapses
                waited = self._world.now + pause - began
                if (lapses and not in_view) or (in_view and waited > self._patience):
                    return pause
                yield pause
            except (Expired, Stale, KeyRequired) as refusal:
                kind = type(refusal)
                tried[kind] = tried.get(kind, 0) + 1
                if tried[kind] > (MOST_STALE if kind is Stale else 1):
                    raise
                offer = None

    def leave(self) -> None:
        """Close the page: what it renewed in the background stops."""
        if self._renewal is not None:
            self._renewal.cancel()
            self._renewal = None

    def _earn(self, rounds: int) -> Steps[float]:
        """Go through the interstitial; seconds until the page is worth asking for again.

        :param rounds: how often it came back before.
        """
        held = self._world.tally.holding(self.token)
        if held is not None and held.remaining >= 1 and rounds < STUBBORN_ROUNDS:
            return max(held.not_before_ms / 1000, ROUND_PAUSES[rounds])
        return (yield from self.buy(in_view=True))

    def _keep_renewed(self, expires_in: int) -> None:
        """Renew now, or when it is time, while the page is in view."""
        pause = max(0, expires_in - LAST_SECONDS + 1) if self.remaining > LAST_UNITS else 0
        if pause <= IN_VIEW_SECONDS:
            self._renewal = self._world.loop.spawn(self._renew(), after=pause)

    def _renew(self) -> Steps[None]:
        """Buy in the background; a queue that outlasts the work is not stood in."""
        with suppress(*TURNED_AWAY):
            yield from self.buy(in_view=False)

    def _offer(self, *, as_new: bool) -> Steps[_Offer]:
        """Ask for a challenge and do its work."""
        tally, wish = self._world.tally, {"resource": "/people"}
        cookie = None if as_new else self.token
        offer = tally.quote(read_ask(_body(wish)), cookie, self._client())
        work = puzzle.work_ms(offer.puzzle)
        expected = work * self._slowness / 1000
        if expected > SOLVING_SECONDS and offer.budget > 1:
            most = max(1, int(offer.budget * SOLVING_SECONDS / expected))
            offer = tally.quote(read_ask(_body({**wish, "most": most})), cookie, self._client())
            work = puzzle.work_ms(offer.puzzle)
        asked = self._world.now
        self.count.work_ms += work
        solving = self._world.random.gammavariate(SUB_PUZZLES, work / SUB_PUZZLES) if work else 0
        yield max(solving * self._slowness, offer.wait_ms) / 1000
        sent = {"challenge": offer.challenge, "answers": [], **self._proof(offer.challenge)}
        return _Offer(_body(sent), asked + offer.expires_in)

    def _redeem(self, offer: _Offer) -> float:
        sale = self._world.tally.redeem(offer.body, self._client())
        self.count.sales += 1
        if sale.current:
            self.token, self.remaining = sale.token, sale.remaining
        return sale.not_before_ms / 1000

    def _proof(self, challenge: str) -> dict[str, object]:
        """The browser key and its signature, as `browser_key.js` makes them."""
        if self._key is None:
            secret = int.from_bytes(self._world.random.randbytes(31)) + 1
            self._key = derive_private_key(secret, SECP256R1())
        message = canonical("challenge/v1/proof", challenge)
        r, s = decode_dss_signature(self._key.sign(message, ECDSA(SHA256())))
        public = self._key.public_key().public_numbers()
        key = {"kty": "EC", "crv": "P-256", "x": _number(public.x), "y": _number(public.y)}
        return {"key": key, "proof": encode_bytes(r.to_bytes(32) + s.to_bytes(32))}

    def _client(self) -> Client:
        return self._world.client(self.where(), self._account)


def _pause(refusal: Queued) -> float:
    return min(max(float(refusal.retry_after), SHORTEST_PAUSE), LONGEST_PAUSE)


def _body(fields: dict[str, object] | dict[str, str]) -> bytes:
    return json.dumps(fields).encode()


def _number(value: int) -> str:
    return encode_bytes(value.to_bytes(32))
