"""The signed tokens: the challenge a browser is given, and the clearance it buys.

JWTs (RFC 7519) with one algorithm a key, never the header's choice. PyJWT checks signatures;
claims are checked here, against a clock that is an argument.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import jwt

from .core.models import Challenge, Clearance, Identity, Puzzle, Response, Ticket
from .errors import Expired, Malformed, TokenRefused, TooEarly
from .keys import Keys, decode_bytes
from .wire import BUYS_RESPONSE, TOKEN_MAX, read_object

ISSUER = "tallygate"
#: seconds that clocks may differ by, on `exp` and `iat`
LEEWAY = 30
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
        self._verified = _Verified(CACHE_MAX)

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
            "epoch": challenge.epoch,
            "iat": challenge.issued,
            "nbf": challenge.not_before,
            "exp": challenge.expires,
        }
        if challenge.cdata:
            claims["cdata"] = challenge.cdata
        if challenge.visitor is not None:
            claims["sub"], claims["first"] = challenge.visitor.sub, challenge.visitor.first
            claims["sales"] = challenge.sales
        return _sign(claims, self._keys.challenge_secret, "HS256", {"typ": CHALLENGE_TYPE})

    def read_challenge(self, token: str, now: float, *, buys: str) -> Challenge:
        """The challenge, if this site signed it, it buys what is asked for and it is in time.

        :raises TokenRefused: with a code; :class:`Expired` and :class:`TooEarly` for time.
        """
        claims = self._read_own(token, CHALLENGE_TYPE)
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
                visitor=Identity(claims["sub"], claims["first"]) if "sub" in claims else None,
                sales=claims.get("sales", 0),
                epoch=claims["epoch"],
                issued=claims["iat"],
                not_before=claims["nbf"],
                expires=claims["exp"],
                cdata=claims.get("cdata", ""),
            )
        except (KeyError, TypeError, ValueError) as error:
            # Signed by our key, yet not of our form: another version's.
            raise Expired(f"challenge of another form: {error!r}") from error
        sites = self._response_sites if buys == BUYS_RESPONSE else (self._site,)
        if challenge.site not in sites or challenge.buys != buys:
            raise TokenRefused(f"for {challenge.site}/{challenge.buys}", code="wrong_audience")
        _check_times(challenge.issued, challenge.not_before, challenge.expires, now, now)
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
        return _sign(claims, self._keys.challenge_secret, "HS256", {"typ": TICKET_TYPE})

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
        _check_times(ticket.issued, ticket.due, ticket.expires, now, now)
        return ticket

    def _read_own(self, token: str, kind: str) -> dict[str, Any]:
        """Claims of a token that only we read."""
        _read_header(token, algorithm="HS256", kind=kind, names={"alg", "typ"})
        return _claims(_verify_any(token, self._keys.challenge_secrets, "HS256"))

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
        return _sign(claims, key.private, "EdDSA", headers)

    def read_clearance(self, token: str, now: float, *, grace: int = 0) -> Clearance:
        """The clearance, if this site signed it and it is in time.

        :param grace: seconds for which one that has ended is read all the same.
        :raises TokenRefused: with a code; :class:`Expired` and :class:`TooEarly` for time.
        """
        header = _read_header(
            token, algorithm="EdDSA", kind=CLEARANCE_TYPE, names={"alg", "typ", "kid"}
        )
        key = self._keys.signer(header["kid"])
        digest = hashlib.sha256(token.encode()).digest()
        payload = self._verified.get(digest)
        if payload is None:
            payload = _verify(token, key.public, "EdDSA")
            self._verified.put(digest, payload)
        claims = _claims(payload)
        try:
            clearance = Clearance(
                site=claims["aud"],
                visitor=Identity(claims["sub"], claims["first"]),
                jti=claims["jti"],
                kid=key.kid,
                thumbprint=claims.get("cnf", {}).get("jkt", ""),
                epoch=claims["epoch"],
                budget=claims["budget"],
                issued=claims["iat"],
                not_before=claims["nbf"],
                expires=claims["exp"],
            )
        except (KeyError, AttributeError) as error:
            raise Expired(f"clearance of another form: {error!r}") from error
        if clearance.site != self._site or claims.get("iss") != ISSUER:
            raise TokenRefused(f"for {clearance.site}", code="wrong_audience")
        _check_times(clearance.issued, clearance.not_before, clearance.expires, now - grace, now)
        return clearance

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
        return _sign(claims, key.private, "EdDSA", headers)

    def read_response(self, token: str, now: float) -> Response:
        """The response, if this site signed it and it is in time.

        :raises TokenRefused: with a code; :class:`Expired` for time.
        """
        names = {"alg", "typ", "kid"}
        header = _read_header(token, algorithm="EdDSA", kind=RESPONSE_TYPE, names=names)
        kid = header["kid"]
        claims = _claims(_verify(token, self._keys.signer(kid).public, "EdDSA"))
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
        _check_times(response.issued, response.issued, response.expires, now, now)
        return response


def _audience(site: str, action: str) -> str:
    # Neither has a slash in it.
    return f"{site}/{action}"


class _Verified:
    """Payloads of tokens whose signature was good, by SHA-256 of the token; oldest fall out."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._payloads: OrderedDict[bytes, bytes] = OrderedDict()

    def get(self, digest: bytes) -> bytes | None:
        with self._lock:
            if digest in self._payloads:
                self._payloads.move_to_end(digest)
            return self._payloads.get(digest)

    def put(self, digest: bytes, payload: bytes) -> None:
        with self._lock:
            self._payloads[digest] = payload
            if len(self._payloads) > self._limit:
                self._payloads.popitem(last=False)


def _sign(claims: Mapping[str, Any], key: Any, algorithm: str, headers: dict[str, Any]) -> str:
    payload = json.dumps(claims, separators=(",", ":"), sort_keys=True).encode()
    return jwt.PyJWS().encode(payload, key, algorithm=algorithm, headers=headers)


def _verify(token: str, key: Any, algorithm: str) -> bytes:
    try:
        payload: bytes = jwt.PyJWS().decode(token, key, algorithms=[algorithm])
    except jwt.InvalidTokenError as error:
        raise TokenRefused(str(error), code="bad_signature") from error
    return payload


def _verify_any(token: str, keys: Sequence[bytes], algorithm: str) -> bytes:
    """As `_verify`, with one of several keys: the one that signs, or one just retired."""
    for key in keys[:-1]:
        with suppress(TokenRefused):
            return _verify(token, key, algorithm)
    return _verify(token, keys[-1], algorithm)


def _read_header(token: str, *, algorithm: str, kind: str, names: set[str]) -> dict[str, Any]:
    """The header, if it has exactly the members that our own tokens have.

    So `crit`, `jku`, `jwk`, `x5u`, `b64` and whatever comes next are refused unread.
    """
    if len(token) > TOKEN_MAX:
        raise TokenRefused(f"{len(token)} characters", code="token_malformed")
    try:
        encoded, _, _ = parts = token.split(".")
        for part in parts:
            decode_bytes(part)
        header = read_object(decode_bytes(encoded), limit=TOKEN_MAX)
    except (ValueError, Malformed) as error:
        raise TokenRefused(str(error), code="token_malformed") from error
    if header.keys() != names or header["alg"] != algorithm or header["typ"] != kind:
        raise TokenRefused("header", code="token_malformed")
    return header


def _claims(payload: bytes) -> dict[str, Any]:
    try:
        return read_object(payload, limit=TOKEN_MAX)
    except Malformed as error:
        raise TokenRefused(str(error), code="token_malformed") from error


def _check_times(
    issued: object, not_before: object, expires: object, ended_at: float, now: float
) -> None:
    if not (type(issued) is int and type(not_before) is int and type(expires) is int):
        raise TokenRefused("a time is no whole number", code="token_malformed")
    if ended_at >= expires + LEEWAY:
        raise Expired(f"{now - expires:.0f} s ago")
    if issued > now + LEEWAY:
        raise TokenRefused("issued in the future", code="token_malformed")
    if now < not_before:
        raise TooEarly(retry_in_ms=int((not_before - now) * 1000) + 1)
