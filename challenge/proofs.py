"""What a browser key proves at redeem: that its owner is the one who redeems."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from .core.canonical import canonical
from .errors import KeyRequired, Malformed
from .keys import decode_bytes, encode_bytes

PROOF_BYTES = 64


def thumbprint(key: Mapping[str, str], proof: str, challenge: str) -> str:
    """The key's JWK thumbprint (RFC 7638), once it has proved itself.

    :param key: public P-256 key as a JWK.
    :param proof: ES256, raw r||s in base64url, over `canonical("challenge/v1/proof", challenge)`.
    :raises Malformed: `key_malformed` for what is no key or signature.
    :raises KeyRequired: `proof_invalid` if the signature is not the key's.
    """
    try:
        x, y = (int.from_bytes(decode_bytes(key[name])) for name in ("x", "y"))
        public = EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()
        raw = decode_bytes(proof)
        if len(raw) != PROOF_BYTES:
            raise ValueError("no raw signature")
    except ValueError as error:
        raise Malformed(str(error), code="key_malformed") from error
    signature = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    try:
        public.verify(signature, canonical("challenge/v1/proof", challenge), ECDSA(SHA256()))
    except InvalidSignature as error:
        raise KeyRequired("the signature is another key's", code="proof_invalid") from error
    members = {name: key[name] for name in ("crv", "kty", "x", "y")}
    text = json.dumps(members, separators=(",", ":"), sort_keys=True)
    return encode_bytes(hashlib.sha256(text.encode()).digest())
