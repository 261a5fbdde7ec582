"""New clearances, before it is known what the bands give; and as the spent row keeps them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict

from ..config import Settings
from ..core.models import Clearance, Identity
from ..keys import Keys, encode_bytes

ID_BYTES = 16


class Mint:
    """Makes clearances of one site. What is random in them is drawn here, once."""

    def __init__(self, settings: Settings, keys: Keys, random: Callable[[int], bytes]) -> None:
        self._settings = settings
        self._keys = keys
        self._random = random

    def new_id(self) -> str:
        """128 random bits, base64url."""
        return encode_bytes(self._random(ID_BYTES))

    def clearance(
        self, now: float, *, epoch: str, visitor: Identity | None = None, thumbprint: str = ""
    ) -> Clearance:
        """A clearance that holds nothing yet.

        :param visitor: who renews; None for a new visitor.
        """
        issued = int(now)
        return Clearance(
            site=self._settings.site_key,
            visitor=visitor or Identity(self.new_id(), issued - issued % 3600),
            jti=self.new_id(),
            kid=self._keys.current.kid,
            thumbprint=thumbprint,
            epoch=epoch,
            budget=0,
            issued=issued,
            not_before=issued,
            expires=issued + self._settings.lifetime,
        )


def write_claims(clearance: Clearance) -> bytes:
    """A clearance as the spent row keeps it."""
    return json.dumps(asdict(clearance)).encode()


def read_claims(claims: bytes) -> Clearance:
    """The clearance that a spent row keeps."""
    fields = json.loads(claims)
    return Clearance(**fields | {"visitor": Identity(**fields["visitor"])})
