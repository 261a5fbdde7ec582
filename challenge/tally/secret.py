"""The site's secret, which its own servers show."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from math import ceil

from ..core.models import Client
from ..errors import Queued, SecretRefused
from .books import GUESS_BAND, Books

RANDOM_BYTES = 16


class SiteSecret:
    """Compares what is shown with the site's secret; who guesses has to wait."""

    def __init__(
        self,
        secret: str,
        books: Books,
        *,
        clock: Callable[[], float],
        random: Callable[[int], bytes],
    ) -> None:
        self._secret = secret.encode()
        self._books = books
        self._clock = clock
        self._random = random

    def check(self, shown: str, client: Client) -> None:
        """Return if the secret is right.

        :raises SecretRefused: if it is wrong, or the site has none.
        :raises Queued: `secret_throttled` after ten wrong ones from one address.
        """
        now = self._clock()
        retry = self._books.retry_ms("guess", client, GUESS_BAND, now)
        if retry:
            raise Queued("wrong secrets", code="secret_throttled", retry_after=ceil(retry / 1000))
        if self._secret and hmac.compare_digest(shown.encode(), self._secret):
            return
        self._books.take("guess", client, GUESS_BAND, self._random(RANDOM_BYTES), now)
        raise SecretRefused("wrong" if self._secret else "CHALLENGE_SITE_SECRET is not set")
