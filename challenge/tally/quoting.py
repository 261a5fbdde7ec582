"""Quoting: an ask becomes a signed challenge at the price of the moment. Nothing is stored."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from math import ceil

from ..config import NO_INTERACTION, TEST_KEYS, TEST_SLOW, Settings
from ..core import interactions, puzzles
from ..core.behaviour import NEUTRAL, Assessment, Headers
from ..core.lanes import lane_of
from ..core.models import Challenge, Client, Identity, Interaction, Offer, Quote
from ..core.price import dearer, price
from ..core.visitors import Visitor
from ..errors import BudgetFull, Malformed, StoreUnavailable, TokenRefused
from ..keys import decode_bytes, encode_bytes
from ..tokens import Tokens
from ..wire import BUYS_RESPONSE, Ask
from .books import Books
from .judging import judge, read_report
from .marks import Marks
from .minting import Mint
from .replays import Replays
from .selling import RENEWABLE

#: milliseconds that a response takes for the test key that takes its time
SLOW_MS = 3000


class Quoter:
    """Names prices."""

    def __init__(
        self,
        settings: Settings,
        mint: Mint,
        tokens: Tokens,
        books: Books,
        marks: Marks,
        replays: Replays,
        *,
        clock: Callable[[], float],
        tell: Callable[[Assessment, bool], None],
    ) -> None:
        self._settings = settings
        self._mint = mint
        self._tokens = tokens
        self._books = books
        self._marks = marks
        self._replays = replays
        self._clock = clock
        self._tell = tell

    def quote(self, ask: Ask, clearance: str | None, client: Client, headers: Headers) -> Offer:
        """See :meth:`challenge.tally.Tally.quote`."""
        now = self._clock()
        site = self._site_asked(ask)
        # Before anything is read: what was lost meanwhile must not be sold upon.
        epoch = self._books.epoch()
        if site in TEST_KEYS:
            wait_ms = SLOW_MS if site == TEST_SLOW else 0
            return self._offer(ask, Quote(0, 0, wait_ms), now, epoch, site=site)
        if ask.buys == BUYS_RESPONSE:
            self._marks.refuse(client)
            judged, _ = self._judged(ask, headers, None, now)
            self._tell(judged, False)
            work = self._settings.work
            work_ms = dearer(work.first_ms, judged.factor, work.max_ms)
            return self._offer(ask, Quote(work_ms, 0, 0), now, epoch, judged)
        visitor, record = self._reader(clearance, epoch, now)
        judged, sketch = self._judged(ask, headers, visitor, now)
        self._tell(judged, record is not None)
        keyed = record is not None and record.thumbprint != ""
        # Whether the key signs is for redeem to see; the record says the rest.
        if not keyed:
            self._marks.refuse(client)
        renews = keyed and record is not None and now < record.ends
        room = self._settings.budget - (record.left if record is not None and renews else 0)
        if room < 1:
            raise BudgetFull("nothing to add")
        quote = price(
            work=self._settings.work,
            ramp=self._settings.ramp,
            bought=record.recent.last(now) if record is not None else 0,
            pace=record.pace.last(now) if record is not None else 0,
            factor=max(judged.factor, record.factor_at(now) if record is not None else 1),
            room=room,
            most=None if ask.most is None else max(ask.most, ask.units),
            lane=self._marks.lane(client, lane_of(record, proved=keyed, now=now)),
        )
        sales = record.sales if record is not None else 0
        return self._offer(ask, quote, now, epoch, judged, sketch, visitor, sales)

    def _judged(
        self, ask: Ask, headers: Headers, visitor: Identity | None, now: float
    ) -> tuple[Assessment, bytes]:
        """What the report comes to, and its sketch."""
        if not self._settings.behaviour:
            return NEUTRAL, b""
        values = read_report(ask.report)
        sketch, others = self._replays.seen(values, visitor, now)
        return judge(values, headers, others), sketch

    def _site_asked(self, ask: Ask) -> str:
        own = self._settings.site_key
        if ask.sitekey in ("", own):
            return own
        if ask.sitekey not in TEST_KEYS:
            raise Malformed("another site's key", code="sitekey_unknown")
        # A clearance opens pages, and of those there are none for tests only.
        if ask.sitekey not in self._settings.test_keys or ask.buys != BUYS_RESPONSE:
            raise Malformed(ask.sitekey, code="test_key_refused")
        return ask.sitekey

    def _offer(
        self,
        ask: Ask,
        quote: Quote,
        now: float,
        epoch: str,
        judged: Assessment = NEUTRAL,
        sketch: bytes = b"",
        visitor: Identity | None = None,
        sales: int = 0,
        site: str = "",
    ) -> Offer:
        puzzle = puzzles.get(self._settings.puzzle).puzzle(quote.work_ms)
        issued = int(now)
        challenge_id = self._mint.new_id()
        interaction = self._interaction(challenge_id) if quote.interacts else None
        challenge = Challenge(
            id=challenge_id,
            site=site or self._settings.site_key,
            action=ask.action,
            buys=ask.buys,
            puzzle=puzzle,
            budget=quote.budget,
            least=min(ask.units, quote.budget),
            report=_digest_text(ask.report) if ask.report else "",
            factor=judged.factor,
            visitor=visitor,
            sales=sales,
            lane=quote.lane,
            epoch=epoch,
            issued=issued,
            not_before=issued + ceil(quote.wait_ms / 1000),
            expires=issued + self._settings.quote_lifetime,
            cdata=ask.cdata,
            interaction=interaction,
            sketch=encode_bytes(sketch),
        )
        return Offer(
            challenge=self._tokens.sign_challenge(challenge),
            puzzle=puzzle,
            budget=quote.budget,
            wait_ms=max(0, ceil((challenge.not_before - now) * 1000)),
            expires_in=self._settings.quote_lifetime,
            interaction=interaction,
        )

    def _interaction(self, challenge_id: str) -> Interaction | None:
        """What is asked for besides work, where the site wants anything."""
        if self._settings.interaction == NO_INTERACTION:
            return None
        kind = interactions.get(self._settings.interaction)
        # Who waits has the other half of the challenge's life to redeem it.
        wait_s = min(self._settings.interaction_wait, self._settings.quote_lifetime // 2)
        return Interaction(kind.name, kind.takes_ms(decode_bytes(challenge_id)), wait_s * 1000)

    def _reader(
        self, clearance: str | None, epoch: str, now: float
    ) -> tuple[Identity | None, Visitor | None]:
        """The visitor that reads on, if the clearance still says so."""
        if clearance is None:
            return None, None
        try:
            claims = self._tokens.read_clearance(clearance, now, grace=RENEWABLE)
            # Its record may be as it was before the last charges.
            if claims.epoch != epoch:
                return None, None
            record = self._books.record(claims.visitor, now)
        except (TokenRefused, StoreUnavailable):
            # Asking goes on without the store; it is redeeming that needs one.
            return None, None
        # What a bearer holds ends with the clearance, and belongs to its newest one.
        bearer = record is not None and not record.thumbprint
        if record is None or (bearer and (now >= record.ends or record.jti != claims.jti)):
            return None, None
        return claims.visitor, record


def _digest_text(text: str) -> str:
    return encode_bytes(hashlib.sha256(text.encode()).digest())
