"""Evidence that an interaction was done, or waited out."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from typing import Any

from ...errors import Expired, InteractionRefused, InteractionRequired, Malformed, TooEarly
from ..canonical import canonical
from ..models import Interaction
from . import Kind, get

#: the kind of evidence that is good for every interaction, once its time has passed
WAIT = "wait"
#: longer than any challenge lives, in milliseconds
LONGEST_MS = 3_600_000


def seal(challenge: str, kind: str, after_ms: int, took_ms: int) -> str:
    """Binds evidence to the one challenge that it is for: 43 characters of base64url.

    SHA-256 of `canonical("challenge/v1/interaction", challenge, kind, after_ms, took_ms)`, the
    numbers in decimal.

    :param challenge: its signed text.
    """
    parts = (challenge, kind, str(after_ms), str(took_ms))
    digest = hashlib.sha256(canonical("challenge/v1/interaction", *parts)).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def check(
    asked: Interaction | None, evidence: dict[str, Any] | None, challenge: str, passed_ms: int
) -> None:
    """Return if what was asked has been done or waited out, as far as can be seen.

    Whoever makes it up has to wait as long as it would have taken: no more is claimed.

    :param asked: what the challenge asks for, if anything.
    :param evidence: `{"kind": "wait"}`, or `kind`, `after_ms` from the challenge's arrival to the
        start, `took_ms` from there to the end, and their `seal`.
    :param challenge: its signed text.
    :param passed_ms: since the challenge was signed, on the server's clock.
    :raises InteractionRequired: without evidence.
    :raises InteractionRefused: for evidence that contradicts itself or the challenge.
    :raises TooEarly: for more time than has passed.
    :raises Expired: for a kind that is no more.
    :raises Malformed: for evidence of another form, or where nothing was asked.
    """
    if asked is None:
        if evidence is not None:
            raise Malformed("interaction", code="interaction_unasked")
        return
    if evidence is None:
        raise InteractionRequired(asked.kind)
    if evidence == {"kind": WAIT}:
        least_ms = asked.wait_ms
    else:
        after_ms, took_ms = _times(evidence)
        if evidence["kind"] != asked.kind or not _kind(asked).plausible(asked.ms, took_ms):
            raise InteractionRefused("not what was asked")
        if evidence["seal"] != seal(challenge, asked.kind, after_ms, took_ms):
            raise InteractionRefused("another challenge's")
        least_ms = after_ms + took_ms
    if passed_ms < least_ms:
        raise TooEarly("interaction", retry_in_ms=least_ms - passed_ms)


def _kind(asked: Interaction) -> Kind:
    try:
        return get(asked.kind)
    except KeyError as error:
        raise Expired(f"interaction {asked.kind!r} is gone") from error


def _times(evidence: dict[str, Any]) -> tuple[int, int]:
    """Both numbers of evidence whose form is right."""
    numbers = [evidence.get("after_ms"), evidence.get("took_ms")]
    if (
        evidence.keys() != {"kind", "after_ms", "took_ms", "seal"}
        or not all(type(n) is int and 0 <= n <= LONGEST_MS for n in numbers)
        or not all(type(evidence[name]) is str for name in ("kind", "seal"))
    ):
        raise Malformed("interaction", code="interaction_malformed")
    return evidence["after_ms"], evidence["took_ms"]
