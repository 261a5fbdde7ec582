"""One tree of errors. `code` is public and stable; `detail` is for the operator's log only."""

from __future__ import annotations

from typing import ClassVar


class ChallengeError(Exception):
    """Any refusal of this package.

    :ivar code: stable, public, snake_case; what HTTP answers carry.
    :ivar detail: private; never leaves the process but in logs.
    :cvar status: the HTTP status that an adapter answers with.
    """

    status: ClassVar[int] = 403
    default_code: ClassVar[str] = "refused"

    def __init__(self, detail: str = "", *, code: str | None = None) -> None:
        self.code = code or self.default_code
        self.detail = detail
        super().__init__(f"{self.code}: {detail}" if detail else self.code)


class ConfigError(ChallengeError, ValueError):
    """A setting, key file or combination of them that must not be started with."""

    status = 503
    default_code = "misconfigured"


class Malformed(ChallengeError):
    """A body or token that is not of the agreed form."""

    status = 400
    default_code = "malformed"


class WrongMediaType(ChallengeError):
    """A body that does not say it is `application/json`."""

    status = 415
    default_code = "unsupported_media_type"


class ForeignOrigin(ChallengeError):
    """A browser call that another site's page made."""

    default_code = "foreign_origin"


class TokenRefused(ChallengeError):
    """A token of ours that is not valid: bad form, signature, key, site, kind or claims."""

    default_code = "invalid_token"


class Expired(TokenRefused):
    """A token past its end; asking again helps."""

    default_code = "expired"


class TooEarly(TokenRefused):
    """A token before its start. Nothing was spent.

    :ivar retry_in_ms: milliseconds until it will be accepted.
    """

    status = 425
    default_code = "too_early"

    def __init__(self, detail: str = "", *, retry_in_ms: int) -> None:
        super().__init__(detail)
        self.retry_in_ms = retry_in_ms


class Unsolved(ChallengeError):
    """Answers that do not solve the puzzle."""

    default_code = "unsolved"


class InteractionRequired(ChallengeError):
    """A challenge that asks for more than answers, redeemed with these alone."""

    default_code = "interaction_required"


class InteractionRefused(ChallengeError):
    """Evidence of an interaction that contradicts itself, or the challenge."""

    default_code = "interaction_refused"


class Spent(ChallengeError):
    """A challenge that another body has redeemed."""

    status = 409
    default_code = "spent"


class InProgress(ChallengeError):
    """The same body is being redeemed at this moment; send it again."""

    status = 409
    default_code = "in_progress"


class Stale(ChallengeError):
    """A renewal, while another sale has come between. Nothing was granted."""

    status = 409
    default_code = "stale"


class BudgetFull(ChallengeError):
    """A renewal for a clearance that can take no more units."""

    status = 409
    default_code = "budget_full"


class KeyRequired(ChallengeError):
    """A renewal without a proof by the visitor's browser key. Nothing was spent."""

    default_code = "key_required"


class Queued(ChallengeError):
    """Only time helps: the band is empty, or the units are for later.

    :ivar retry_after: seconds until asking again may help.
    :ivar opens_in: seconds until a page can open; longer where what comes first is only a place
        in the queue.
    """

    status = 429
    default_code = "queued"

    def __init__(
        self, detail: str = "", *, code: str | None = None, retry_after: int, opens_in: int = 0
    ) -> None:
        super().__init__(detail, code=code)
        self.retry_after = max(1, retry_after)
        self.opens_in = max(self.retry_after, opens_in)


class Banned(ChallengeError):
    """The network is kept out for a time."""

    default_code = "banned"


class SecretRefused(ChallengeError):
    """A call of a site's own server without the site's secret."""

    status = 401
    default_code = "secret_refused"


class ClearanceRequired(ChallengeError):
    """A gated page was asked for without a clearance that opens it."""

    default_code = "clearance_required"


class NotYet(ChallengeError):
    """A page that was fetched ahead and not asked for by a person. Nothing was charged."""

    status = 503
    default_code = "prefetch"


class StoreUnavailable(ChallengeError):
    """The store did not answer, or is full. Nothing was granted."""

    status = 503
    default_code = "store_unavailable"
