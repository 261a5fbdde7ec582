"""The signed tokens: the challenge a browser is given, and the clearance it buys.

JWTs (RFC 7519) with one algorithm a key, never the header's choice. PyJWT checks signatures;
claims are checked here, against a clock that is an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from .core.models import Challenge, Clearance, Identity, Interaction, Lane, Puzzle, Response, Ticket
from .errors import Expired, TokenRefused
from .jose import LEEWAY, Verified, check_times, read_claims, read_header, sign, verify, verify_any
from .keys import Keys
from .wire import BUYS_RESPONSE

ISSUER = "tallygate"
CHALLENGE_TYPE = "challenge+jwt"
CLEARANCE_TYPE = "clearance+jwt"
TICKET_TYPE = "ticket+jwt"
RESPONSE_TYPE = "response+jwt"
#: signatures that a process remembers as good
CACHE_MAX = 4096


class Tokens:
    """Signs and reads the tokens of one site. Safe to share between threads.

    :param test_keys: other site keys, whose responses and challenges for responses are read too.
    """

    def __init__(self, keys: Keys, site: str, test_keys: Sequence[str] = ()) -> None:
        self._keys = keys
        self._site = site
        self._response_sites = (site, *test_keys)
        self._verified: Verified[Clearance] = Verified(CACHE_MAX)

    def sign_challenge(self, challenge: Challenge) -> str:
        """The challenge as a JWT, HS256."""
        claims: dict[str, Any] = {
            "aud": challenge.site,
            "jti": challenge.id,
            "action": challenge.action,
            "buys": challenge.buys,
            "kind": challenge.puzzle.kind,
            "count": challenge.puzzle.count,
            "threshold": f"{challenge.puzzle.threshold:016x}",
            "budget": challenge.budget,
            "least": challenge.least,
            "report": challenge.report,
            "factor": challenge.factor,
            "lane": challenge.lane.name.lower(),
            "epoch": challenge.epoch,
            "iat": challenge.issued,
            "nbf": challenge.not_before,
            "exp": challenge.expires,
        }
        if challenge.cdata:
            claims["cdata"] = challenge.cdata
        if challenge.interaction is not None:
            claims["interaction"] = asdict(challenge.interaction)
        if challenge.sketch:
            claims["sketch"] = challenge.sketch
        if challenge.visitor is not None:
            claims["sub"], claims["first"] = challenge.visitor.sub, challenge.visitor.first
            claims["sales"] = challenge.sales
        return sign(claims, self._keys.challenge_secret, "HS256", {"typ": CHALLENGE_TYPE})

    def read_challenge(self, token: str, now: float, *, buys: str) -> Challenge:
        """The challenge, if this site signed it, it buys what is asked for and it is in time.

        :raises TokenRefused: with a code; :class:`Expired` and :class:`TooEarly` for time.
        """
        claims = self._read_own(token, CHALLENGE_TYPE)
        asked = claims.get("interaction")
        try:
            challenge = Challenge(
                id=claims["jti"],
                site=claims["aud"],
                action=claims["action"],
                buys=claims["buys"],
                puzzle=Puzzle(claims["kind"], claims["count"], int(claims["threshold"], 16)),
                budget=claims["budget"],
                least=claims["least"],
                report=claims["report"],
                factor=claims["factor"],
                visitor=Identity(claims["sub"], claims["first"]) if "sub" in claims else None,
                sales=claims.get("sales", 0),
                lane=Lane[claims["lane"].upper()],
                epoch=claims["epoch"],
                issued=claims["iat"],
                not_before=claims["nbf"],
                expires=claims["exp"],
                cdata=claims.get("cdata", ""),
                interaction=Interaction(**asked) if asked is not None else None,
                sketch=claims.get("sketch", ""),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            # Signed by our key, yet not of our form: another version's.
            raise Expired(f"challenge of another form: {error!r}") from error
        sites = self._response_sites if buys == BUYS_RESPONSE else (self._site,)
        if challenge.site not in sites or challenge.buys != buys:
            raise TokenRefused(f"for {challenge.site}/{challenge.buys}", code="wrong_audience")
        check_times(challenge.issued, challenge.not_before, challenge.expires, now=now)
        return challenge

    def sign_ticket(self, ticket: Ticket) -> str:
        """The ticket as a JWT, HS256."""
        claims: dict[str, Any] = {
            "aud": ticket.site,
            "jti": ticket.id,
            "network": ticket.network,
            "day": ticket.day,
            "least": ticket.least,
            "epoch": ticket.epoch,
            "iat": ticket.issued,
            "nbf": ticket.due,
            "exp": ticket.expires,
        }
        return sign(claims, self._keys.challenge_secret, "HS256", {"typ": TICKET_TYPE})

    def read_ticket(self, token: str, now: float) -> Ticket:
        """The ticket, if this site signed it and it is due.

        :raises TokenRefused: with a code; :class:`Expired` and :class:`TooEarly` for time.
        """
        claims = self._read_own(token, TICKET_TYPE)
        try:
            ticket = Ticket(
                id=claims["jti"],
                site=claims["aud"],
                network=claims["network"],
                day=claims["day"],
                least=claims["least"],
                epoch=claims["epoch"],
                issued=claims["iat"],
                due=claims["nbf"],
                expires=claims["exp"],
            )
        except KeyError as error:
            raise Expired(f"ticket of another form: {error!r}") from error
        if ticket.site != self._site:
            raise TokenRefused(f"for {ticket.site}", code="wrong_audience")
        check_times(ticket.issued, ticket.due, ticket.expires, now=now)
        return ticket

    def _read_own(self, token: str, kind: str) -> dict[str, Any]:
        """Claims of a token that only we read."""
        read_header(token, algorithm="HS256", kind=kind, names={"alg", "typ"})
        return read_claims(verify_any(token, self._keys.challenge_secrets, "HS256"))

    def sign_clearance(self, clearance: Clearance) -> str:
        """The clearance as a JWT, EdDSA. The same record always gives the same text."""
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": clearance.site,
            "sub": clearance.visitor.sub,
            "first": clearance.visitor.first,
            "jti": clearance.jti,
            "epoch": clearance.epoch,
            "budget": clearance.budget,
            "iat": clearance.issued,
            "nbf": clearance.not_before,
            "exp": clearance.expires,
        }
        if clearance.thumbprint:
            claims["cnf"] = {"jkt": clearance.thumbprint}
        key = self._keys.signer(clearance.kid)
        headers = {"typ": CLEARANCE_TYPE, "kid": clearance.kid}
        return sign(claims, key.private, "EdDSA", headers)

    def read_clearance(self, token: str, now: float, *, grace: int = 0) -> Clearance:
        """The clearance, if this site signed it and it is in time.

        :param grace: seconds for which one that has ended is read all the same.
        :raises TokenRefused: with a code; :class:`Expired` and :class:`TooEarly` for time.
        """
        clearance = self._verified.get(token)
        if clearance is None:
            clearance = _signed_clearance(token, self._public, site=self._site, issuer=ISSUER)
            self._verified.put(token, clearance)
        else:
            # The key may have been revoked since.
            self._keys.signer(clearance.kid)
        _check_clearance(clearance, now=now, leeway=LEEWAY, grace=grace)
        return clearance

    def _public(self, kid: str) -> Ed25519PublicKey:
        return self._keys.signer(kid).public

    def sign_response(self, response: Response) -> str:
        """The response as a JWT, EdDSA. The same record always gives the same text."""
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": _audience(response.site, response.action),
            "jti": response.jti,
            "hostname": response.hostname,
            "cdata": response.cdata,
            "epoch": response.epoch,
            "iat": response.issued,
            "exp": response.expires,
        }
        key = self._keys.signer(response.kid)
        headers = {"typ": RESPONSE_TYPE, "kid": response.kid}
        return sign(claims, key.private, "EdDSA", headers)

    def read_response(self, token: str, now: float) -> Response:
        """The response, if this site signed it and it is in time.

        :raises TokenRefused: with a code; :class:`Expired` for time.
        """
        names = {"alg", "typ", "kid"}
        kid = read_header(token, algorithm="EdDSA", kind=RESPONSE_TYPE, names=names)["kid"]
        if not isinstance(kid, str):
            raise TokenRefused("kid is no text", code="token_malformed")
        claims = read_claims(verify(token, self._public(kid), "EdDSA"))
        try:
            site, _, action = claims["aud"].partition("/")
            response = Response(
                site=site,
                action=action,
                jti=claims["jti"],
                kid=kid,
                hostname=claims["hostname"],
                cdata=claims["cdata"],
                epoch=claims["epoch"],
                issued=claims["iat"],
                expires=claims["exp"],
            )
        except (KeyError, AttributeError) as error:
            raise Expired(f"response of another form: {error!r}") from error
        if response.site not in self._response_sites or claims.get("iss") != ISSUER:
            raise TokenRefused(f"for {response.site}", code="wrong_audience")
        check_times(response.issued, response.issued, response.expires, now=now)
        return response


def _audience(site: str, action: str) -> str:
    # Neither has a slash in it.
    return f"{site}/{action}"


def read_clearance(
    token: str,
    key_of: Callable[[str], Ed25519PublicKey],
    *,
    site: str,
    issuer: str,
    now: float,
    leeway: int,
) -> Clearance:
    """The clearance, if a key of the site's has signed it and it is in time.

    :param key_of: gives the public key of a `kid`, or raises TokenRefused.
    :param leeway: seconds that clocks may differ by, on `exp` and `iat`.
    :raises TokenRefused: with a code; :class:`Expired` and :class:`TooEarly` for time.
    """
    clearance = _signed_clearance(token, key_of, site=site, issuer=issuer)
    _check_clearance(clearance, now=now, leeway=leeway)
    return clearance


def _signed_clearance(
    token: str, key_of: Callable[[str], Ed25519PublicKey], *, site: str, issuer: str
) -> Clearance:
    names = {"alg", "typ", "kid"}
    kid = read_header(token, algorithm="EdDSA", kind=CLEARANCE_TYPE, names=names)["kid"]
    if not isinstance(kid, str):
        raise TokenRefused("kid is no text", code="token_malformed")
    claims = read_claims(verify(token, key_of(kid), "EdDSA"))
    if claims.get("aud") != site:
        raise TokenRefused(f"for {claims.get('aud')}", code="wrong_audience")
    if claims.get("iss") != issuer:
        raise TokenRefused(f"by {claims.get('iss')}", code="wrong_issuer")
    return _clearance(claims, kid)


def _check_clearance(clearance: Clearance, *, now: float, leeway: int, grace: int = 0) -> None:
    times = (clearance.issued, clearance.not_before, clearance.expires)
    check_times(*times, now=now, leeway=leeway, grace=grace)


def _clearance(claims: Mapping[str, Any], kid: str) -> Clearance:
    try:
        thumbprint = claims["cnf"]["jkt"] if "cnf" in claims else ""
        texts = [claims["sub"], claims["jti"], claims["epoch"], thumbprint]
        numbers = [claims["first"], claims["budget"]]
        if {*map(type, texts)} != {str} or {*map(type, numbers)} != {int}:
            raise TypeError("a claim is of another type")
        return Clearance(
            site=claims["aud"],
            visitor=Identity(claims["sub"], claims["first"]),
            jti=claims["jti"],
            kid=kid,
            thumbprint=thumbprint,
            epoch=claims["epoch"],
            budget=claims["budget"],
            issued=claims["iat"],
            not_before=claims["nbf"],
            expires=claims["exp"],
        )
    except (KeyError, TypeError) as error:
        # Signed by a key of the site's, yet not of our form: another version's.
        raise Expired(f"clearance of another form: {error!r}") from error
