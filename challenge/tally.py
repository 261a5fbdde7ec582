"""The conductor: quote, redeem, admit. The only module that knows all parts."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import threading
from collections.abc import Callable
from dataclasses import asdict
from math import ceil

from .config import Settings
from .core import puzzles
from .core.canonical import canonical
from .core.models import Admission, Challenge, Charge, Clearance, Identity, Offer, Sale
from .core.networks import Address, network_hash, prefixes
from .core.price import price
from .core.visitors import DIGEST_BYTES, Visitor, carried
from .errors import (
    ClearanceRequired,
    Expired,
    InProgress,
    Spent,
    StoreUnavailable,
    TokenRefused,
    Unsolved,
)
from .keys import KeyRing, decode_bytes, encode_bytes
from .stores import Store
from .stores.base import Spending
from .tokens import LEEWAY, Tokens
from .wire import Ask, read_redemption

log = logging.getLogger("challenge")

BUYS_CLEARANCE = "clearance"
ID_BYTES = 16
DAY = 86_400
#: a redeem that meets another of the same body looks again this often, for at most a second
WAIT_STEP, WAIT_STEPS = 0.05, 20
#: seconds that a spent row outlives the last moment at which its challenge could be redeemed
SPENT_MARGIN = 60


class Tally:
    """One site's gate, apart from HTTP. Safe to share between threads.

    :param clock: Unix seconds.
    :param sleep: waits that many seconds.
    :param random: gives that many unpredictable bytes.
    """

    def __init__(
        self,
        settings: Settings,
        keys: KeyRing,
        store: Store,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        random: Callable[[int], bytes],
    ) -> None:
        self.settings = settings
        self.keys = keys
        self.store = store
        self._tokens = Tokens(keys, settings.site_key)
        self._clock = clock
        self._sleep = sleep
        self._random = random
        self._waiter = threading.Semaphore(1)
        self._day_keys: dict[int, bytes] = {}

    def quote(self, ask: Ask, clearance: str | None) -> Offer:
        """Sign a challenge at the price of the moment. Nothing is stored.

        :param clearance: the caller's clearance, if it sent one; who reads on keeps the
            profiles already opened.
        """
        now = self._clock()
        quote = price(work_ms=self.settings.price_ms, budget=self.settings.budget)
        puzzle = puzzles.get(self.settings.puzzle).puzzle(quote.work_ms)
        issued = int(now)
        challenge = Challenge(
            id=encode_bytes(self._random(ID_BYTES)),
            site=self.settings.site_key,
            action=ask.action,
            buys=BUYS_CLEARANCE,
            puzzle=puzzle,
            budget=quote.budget,
            report=_digest_text(ask.report) if ask.report else "",
            visitor=self._visitor_of(clearance, now),
            issued=issued,
            not_before=issued + ceil(quote.wait_ms / 1000),
            expires=issued + self.settings.quote_lifetime,
        )
        return Offer(
            challenge=self._tokens.sign_challenge(challenge),
            puzzle=puzzle,
            budget=quote.budget,
            wait_ms=max(0, ceil((challenge.not_before - now) * 1000)),
            expires_in=self.settings.quote_lifetime,
        )

    def redeem(self, body: bytes, address: Address) -> Sale:
        """Sell a clearance for a solved challenge. The same body always gets the same token.

        Cheapest check first; nothing is spent before all of them hold.

        :param body: the request's body, exactly as received.
        :param address: the client's; only a keyed hash of its network is kept.
        :raises ChallengeError: Malformed, TokenRefused (Expired, TooEarly), Unsolved, Spent,
            InProgress, StoreUnavailable.
        """
        now = self._clock()
        redemption = read_redemption(body)
        challenge = self._tokens.read_challenge(redemption.challenge, now, buys=BUYS_CLEARANCE)
        try:
            kind = puzzles.get(challenge.puzzle.kind)
        except KeyError as error:
            raise Expired(f"puzzle kind {challenge.puzzle.kind!r} is gone") from error
        answers = kind.parse(redemption.answers, challenge.puzzle)
        seed = puzzles.seed(redemption.challenge)
        if not kind.meets_targets(seed, challenge.puzzle, answers):
            raise Unsolved("a target is missed")
        challenge_id = decode_bytes(challenge.id)
        spending = self._spend(challenge_id, body, challenge, now)
        if spending.state == "other":
            raise Spent(challenge.id)
        if spending.state == "failed":
            raise Unsolved("the dear check has failed before")
        clearance = _read_claims(spending.claims)
        if spending.state == "won":
            if not kind.confirm(seed, challenge.puzzle, answers):
                self.store.settle(challenge_id, "failed")
                raise Unsolved("the dear check failed")
            self._open(clearance, challenge, address, now)
            self.store.settle(challenge_id, "granted")
            log.info("clearance sold", extra={"budget": clearance.budget})
        return self._sale(clearance, now)

    def admit(self, clearance: str | None, profile: str) -> Admission:
        """Let a request for a profile pass, charging the visitor's budget if it is a new one.

        :raises ClearanceRequired: with a code, if it has to be bought first.
        :raises TokenRefused: if the clearance is none of ours, or not in time.
        :raises StoreUnavailable: if nobody can say.
        """
        if clearance is None:
            raise ClearanceRequired()
        now = self._clock()
        claims = self._tokens.read_clearance(clearance, now)
        key = self._visitor_key(claims.visitor, now)
        if key is None:
            raise ClearanceRequired("the day's key is gone", code=Charge.UNKNOWN.value)
        charge, left = self.store.charge(
            key, jti=claims.jti, profile=self._profile_digest(profile), now=now
        )
        if charge not in (Charge.CHARGED, Charge.REVISIT):
            raise ClearanceRequired(code=charge.value)
        return Admission(remaining=left)

    def _spend(
        self, challenge_id: bytes, body: bytes, challenge: Challenge, now: float
    ) -> Spending:
        """Spend the challenge, waiting for at most one second if its body is being redeemed."""
        digest = hashlib.sha256(body).digest()
        claims = _write_claims(self._mint(challenge, now))
        expires = challenge.expires + LEEWAY + SPENT_MARGIN

        def attempt() -> Spending:
            return self.store.spend(
                challenge_id, digest, claims, now=self._clock(), expires=expires
            )

        spending = attempt()
        if spending.state != "pending":
            return spending
        # One waiter a process: a flood of copies must not take every thread.
        if not self._waiter.acquire(blocking=False):
            raise InProgress()
        try:
            for _ in range(WAIT_STEPS):
                self._sleep(WAIT_STEP)
                spending = attempt()
                if spending.state != "pending":
                    return spending
        finally:
            self._waiter.release()
        raise InProgress()

    def _mint(self, challenge: Challenge, now: float) -> Clearance:
        issued = int(now)
        return Clearance(
            site=challenge.site,
            visitor=Identity(encode_bytes(self._random(ID_BYTES)), issued - issued % 3600),
            jti=encode_bytes(self._random(ID_BYTES)),
            kid=self.keys.current.kid,
            budget=challenge.budget,
            issued=issued,
            not_before=issued,
            expires=issued + self.settings.lifetime,
        )

    def _open(
        self, clearance: Clearance, challenge: Challenge, address: Address, now: float
    ) -> None:
        """Make the visitor's record, with the profiles that an earlier clearance opened."""
        earlier = self._record(challenge.visitor, now) if challenge.visitor else None
        key = self._visitor_key(clearance.visitor, now)
        today = self._day_key(int(now) // DAY, now)
        if key is None or today is None:
            raise StoreUnavailable("no key for today")
        visitor = Visitor(
            jti=clearance.jti,
            left=clearance.budget,
            bought=clearance.budget,
            home=network_hash(today, prefixes(address)[0]),
            charged=carried(earlier.charged) if earlier else b"",
            expires=clearance.expires + LEEWAY,
        )
        self.store.open(key, visitor)

    def _sale(self, clearance: Clearance, now: float) -> Sale:
        record = self._record(clearance.visitor, now)
        return Sale(
            token=self._tokens.sign_clearance(clearance),
            budget=clearance.budget,
            remaining=record.left if record else 0,
            not_before_ms=max(0, int((clearance.not_before - now) * 1000)),
            expires_in=max(0, clearance.expires - int(now)),
            current=record is not None and record.jti == clearance.jti,
        )

    def _visitor_of(self, clearance: str | None, now: float) -> Identity | None:
        if clearance is None:
            return None
        try:
            return self._tokens.read_clearance(clearance, now).visitor
        except TokenRefused:
            return None

    def _record(self, visitor: Identity, now: float) -> Visitor | None:
        key = self._visitor_key(visitor, now)
        return self.store.read(key, now=now) if key is not None else None

    def _visitor_key(self, visitor: Identity, now: float) -> bytes | None:
        """What the store knows a visitor by; None once the key of its first day is gone."""
        secret = self._day_key(visitor.first // DAY, now)
        if secret is None:
            return None
        return hmac.digest(secret, canonical("challenge/v1/visitor", visitor.sub), "sha256")[:16]

    def _day_key(self, day: int, now: float) -> bytes | None:
        key = self._day_keys.get(day)
        if key is None or now - day * DAY >= 2 * DAY:
            key = self.store.day_key(day, self._random(32), now=now)
            self._day_keys = {d: k for d, k in self._day_keys.items() if now - d * DAY < 2 * DAY}
            if key is not None:
                self._day_keys[day] = key
        return key

    def _profile_digest(self, profile: str) -> bytes:
        message = canonical("challenge/v1/profile", self.settings.site_key, profile)
        return hmac.digest(self.keys.profile_secret, message, "sha256")[:DIGEST_BYTES]


def _digest_text(text: str) -> str:
    return encode_bytes(hashlib.sha256(text.encode()).digest())


def _write_claims(clearance: Clearance) -> bytes:
    return json.dumps(asdict(clearance)).encode()


def _read_claims(claims: bytes) -> Clearance:
    fields = json.loads(claims)
    return Clearance(**fields | {"visitor": Identity(**fields["visitor"])})
