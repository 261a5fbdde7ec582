"""class Tally: one site's gate, apart from HTTP."""

from __future__ import annotations

from collections.abc import Callable

from ..config import Settings
from ..core.bands import Wanted
from ..core.baselines import Alarm
from ..core.behaviour import SILENT, Assessment, Headers
from ..core.models import (
    Admission,
    Client,
    Holding,
    Identity,
    Offer,
    Receipt,
    Response,
    Sale,
)
from ..errors import ChallengeError
from ..keys import Keys
from ..stores import Store
from ..tokens import Tokens
from ..wire import Ask
from .admitting import Admitter
from .alarms import Alarms
from .bans import BanList
from .books import Books
from .failing import Failures
from .marks import Marks
from .minting import Mint
from .outage import Outage
from .quoting import Quoter
from .redeeming import Redeemer
from .replays import Replays
from .responding import Responder
from .secret import SiteSecret
from .selling import Seller
from .spending import Spender
from .waiting import Waiter

#: how long an answer of healthz stands: asking costs the store a write lock
HEALTH_SECONDS = 1


#: told what an ask's report came to, and whether a visitor reads on
Judged = Callable[[Assessment, bool], None]


def _untold(_: Assessment, __: bool) -> None:
    """Nobody listens."""


class Tally:
    """One site's gate. Safe to share between threads.

    :param clock: Unix seconds.
    :param sleep: waits that many seconds.
    :param random: gives that many unpredictable bytes.
    :param ring: called with each alarm.
    :param judged: called with what each ask's report came to, and whether it renews.
    """

    def __init__(
        self,
        settings: Settings,
        keys: Keys,
        store: Store,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        random: Callable[[int], bytes],
        ring: Callable[[Alarm], None] = lambda _: None,
        judged: Judged = _untold,
    ) -> None:
        self.settings = settings
        self.keys = keys
        self.store = store
        self._tokens = Tokens(keys, settings.site_key, settings.test_keys)
        self._clock = clock
        self._health = (float("-inf"), "")
        self.bans = BanList(settings, keys, store, clock)
        alarms = Alarms(random(32), ring)
        self._books = Books(settings, keys.profile_secret, store, random, alarms)
        self._outage = Outage(settings, alarms.ring, clock)
        self._admitter = Admitter(
            settings.budget, keys, self._tokens, self._books, self._outage, clock=clock
        )
        self._mint = Mint(settings, keys, random)
        spender = Spender(self._books, clock=clock, sleep=sleep)
        marks = Marks(self.bans, clock)
        replays = Replays(self._books)
        self._quoter = Quoter(
            settings,
            self._mint,
            self._tokens,
            self._books,
            marks,
            replays,
            clock=clock,
            tell=judged,
        )
        self._seller = Seller(
            settings.budget, self._mint, self._tokens, self._books, spender, marks, replays
        )
        failures = Failures(settings.failure_burst, random(32), marks.persists)
        self._redeemer = Redeemer(
            settings, self._tokens, self._seller, failures, marks, clock=clock
        )
        self._responder = Responder(
            keys,
            self._tokens,
            self._mint,
            self._books,
            spender,
            failures,
            clock=clock,
            random=random,
        )
        self._secret = SiteSecret(settings.site_secret, self._books, clock=clock, random=random)
        self._waiter = Waiter(
            self._mint,
            self._tokens,
            self._books,
            self._seller,
            marks,
            site=settings.site_key,
            lifetime=settings.lifetime,
            clock=clock,
        )

    def health(self) -> str:
        """ "ok", or the code of what is wrong with the store; at most a second old."""
        now = self._clock()
        if not 0 <= now - self._health[0] < HEALTH_SECONDS:
            try:
                self.store.ping()
                self._health = (now, "ok")
            except ChallengeError as error:
                self._health = (now, error.code)
        return self._health[1]

    def quote(
        self,
        ask: Ask,
        clearance: str | None,
        client: Client,
        headers: Headers = SILENT,
    ) -> Offer:
        """Sign a challenge at the price of the moment. Nothing is stored.

        :param clearance: the caller's clearance, if it sent one: who reads on keeps the
            profiles already opened and, with a browser key, the rest of the budget.
        :param headers: what those of the ask say of the browser.
        :raises Banned: for who has no key to prove, on a network that an automatic ban covers.
        :raises BudgetFull: if the clearance can take no more.
        :raises Malformed: for another site's key, or one for tests where there are none.
        :raises StoreUnavailable: while nothing can be redeemed, if that is how the site wants it
            (`FAIL_ASK`), or for who asks when too many did.
        """
        if self.bans.is_stale():
            self._outage.ask()
        return self._quoter.quote(ask, clearance, self._books.known(client), headers)

    def redeem(self, body: bytes, client: Client) -> Sale:
        """Sell a clearance for a solved challenge. The same body always gets the same token.

        Cheapest check first; nothing is spent before all of them hold.

        :param body: the request's body, exactly as received.
        :raises ChallengeError: Malformed, TokenRefused (Expired, TooEarly), Unsolved, Banned,
            KeyRequired, Spent, InProgress, Stale, BudgetFull, Queued (the network's band, or
            its budget of wrong redemptions), StoreUnavailable.
        """
        return self._redeemer.redeem(body, self._books.known(client))

    def respond(self, body: bytes, client: Client, hostname: str) -> Receipt:
        """Give a response for a solved challenge. The same body always gets the same response.

        :param body: the request's body, exactly as received.
        :param hostname: of the page that asks.
        :raises ChallengeError: Malformed, TokenRefused (Expired, TooEarly), Unsolved, Spent,
            InProgress, Queued (60 an hour and address, or too many wrong ones), StoreUnavailable.
        """
        return self._responder.respond(body, self._books.known(client), hostname)

    def verify_response(self, token: str, idempotency_key: str = "") -> Response:
        """Say once that a response is good; again only to who sends the same key.

        :raises ChallengeError: TokenRefused (Expired), Spent, InProgress, StoreUnavailable.
        """
        return self._responder.verify(token, idempotency_key)

    def check_secret(self, shown: str, client: Client) -> None:
        """Return if it is the site's secret.

        :raises SecretRefused: if it is not.
        :raises Queued: after too many wrong ones from one address.
        """
        self._secret.check(shown, self._books.known(client))

    def join_queue(self, client: Client, units: int = 1, wait: int = 0) -> str:
        """A ticket for whoever has no scripts: for its network only, and kept for two minutes.

        Nothing is stored.

        :raises Banned: on a network that an automatic ban covers.
        :param units: what the page costs; fewer are not sold for the ticket.
        :param wait: seconds until it is due; from 30 to 480.
        """
        return self._waiter.join(self._books.known(client), units, wait)

    def foresee_wait(self, client: Client, units: int = 1) -> int:
        """Seconds until a network has units for visitors without scripts, if nobody is faster."""
        return self._waiter.foresee(self._books.known(client), units)

    def has_at_once(self, client: Client, units: int) -> bool:
        """Whether so many units could be sold now to a client that reads for the first time."""
        wanted = Wanted(units, units, max_wait_ms=0)
        return self._books.wait_ms(self._books.known(client), wanted, self._clock()) == 0

    def collect(self, ticket: str, client: Client) -> Sale:
        """Sell five units for a due ticket, once; the same ticket gets the same token.

        Where the network has no more for visitors without scripts, the page's units for later.

        :raises Banned: on a network that an automatic ban covers.
        :raises TooEarly: before it is due.
        :raises Queued: if that is too far off.
        :raises ChallengeError: TokenRefused (Expired), Spent, InProgress, StoreUnavailable.
        """
        return self._waiter.collect(ticket, self._books.known(client))

    def admit(
        self,
        clearance: str | None,
        profile: str,
        client: Client,
        *,
        sensitivity: str = "normal",
        free_only: bool = False,
    ) -> Admission:
        """Let a request for a profile pass, charging the visitor's budget if it is a new one.

        :param sensitivity: the route's class, "normal" or "high".
        :param free_only: pass only what has been charged before, and charge nothing.
        :raises NotYet: for a profile that `free_only` keeps out.
        :raises ClearanceRequired: with a code, if it has to be bought first.
        :raises TokenRefused: if the clearance is none of ours, or has ended.
        :raises Queued: if only time helps.
        :raises StoreUnavailable: if nobody can say.
        """
        return self._admitter.admit(
            clearance,
            profile,
            self._books.known(client),
            sensitivity=sensitivity,
            free_only=free_only,
        )

    def refund(self, admission: Admission) -> bool:
        """Give back what a request paid whose page was not there, unless it was shown since."""
        return self._admitter.refund(admission)

    def sign_part(self, place: str, visitor: Identity) -> str:
        """Let a visitor open a part of a page without being charged; see :meth:`part_opens`."""
        return self._admitter.sign_part(place, visitor)

    def part_opens(self, ticket: str, place: str, clearance: str | None) -> bool:
        """Whether a part's ticket is for this place and for this clearance's visitor.

        Needs no store: the clearance's signature and time, and the ticket's, are all.
        """
        return self._admitter.part_opens(ticket, place, clearance)

    def holding(self, clearance: str | None) -> Holding | None:
        """What the visitor of this clearance has; None if it opens nothing any more."""
        return self._admitter.holding(clearance)
