"""Keys as values: what may be one, who signs, who verifies, what is public."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ..errors import ConfigError, TokenRefused

SECRET_BYTES = 32

#: SHA-256 of keys that stand in specifications, tutorials and tools.
KNOWN_EXAMPLES = frozenset(
    hashlib.sha256(base64.urlsafe_b64decode(key + "=" * (-len(key) % 4))).digest()
    for key in (
        # RFC 8037 appendix A.1 (Ed25519)
        "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        # RFC 8032 section 7.1, tests 2 and 3 (Ed25519)
        "TM0Imyj_ltqdtsNG7BFOD1uKMZ81q6Yk2oz27U-4pvs",
        "xaqN9D-fg3vtt0QvMdy3sWbThTUHbwlLhc46LgtEWPc",
        # RFC 7515 appendix A.1 (HS256)
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
        # RFC 7517 appendix A.3 (HMAC)
        "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg",
    )
) | frozenset(
    hashlib.sha256(text).digest()
    for text in (
        b"your-256-bit-secret",
        b"a-string-secret-at-least-256-bits-long",
        b"changemechangemechangemechangeme",
        b"0123456789abcdef0123456789abcdef",
        b"thisisasecretkeythisisasecretkey",
        b"secretsecretsecretsecretsecretse",
    )
)


def encode_bytes(data: bytes) -> str:
    """Base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode_bytes(text: str) -> bytes:
    """The bytes of canonical, unpadded base64url; exactly one text stands for some bytes.

    :raises ValueError: for padding, foreign characters or spare bits that are set.
    """
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from error
    if encode_bytes(data) != text:
        raise ValueError("not canonical base64url")
    return data


def refuse_weak(secret: bytes, name: str) -> None:
    """Let only secrets pass that could have been drawn at random.

    :raises ConfigError: `weak_key` if it is short or patterned, `known_key` for a known example.
    """
    if hashlib.sha256(secret).digest() in KNOWN_EXAMPLES:
        raise ConfigError(f"{name} is a published example; make your own", code="known_key")
    if len(secret) < SECRET_BYTES:
        raise ConfigError(f"{name} needs at least {SECRET_BYTES} bytes", code="weak_key")
    # 32 random bytes hold 30 distinct values on average, and fewer than 16 practically never.
    steps = {(b - a) % 256 for a, b in pairwise(secret)}
    if len(set(secret)) < 16 or len(steps) < 8:
        raise ConfigError(f"{name} is patterned; draw it at random", code="weak_key")


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An Ed25519 key of the ring. `kid` is its JWK thumbprint (RFC 7638)."""

    seed: bytes = field(repr=False)
    kid: str = field(init=False)
    private: Ed25519PrivateKey = field(init=False, repr=False, compare=False)
    #: the half that verifies
    public: Ed25519PublicKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        private = Ed25519PrivateKey.from_private_bytes(self.seed)
        object.__setattr__(self, "private", private)
        object.__setattr__(self, "public", private.public_key())
        members = json.dumps(
            {"crv": "Ed25519", "kty": "OKP", "x": self.x}, separators=(",", ":"), sort_keys=True
        )
        object.__setattr__(self, "kid", encode_bytes(hashlib.sha256(members.encode()).digest()))

    @property
    def x(self) -> str:
        """The public half as JWK member `x` (RFC 8037)."""
        return encode_bytes(self.public.public_bytes(Encoding.Raw, PublicFormat.Raw))


class Keys(Protocol):
    """What tokens are signed and read with: a :class:`KeyRing`, or a file that gives one.

    A file may give another ring from one call to the next; a caller that needs two answers
    of one ring takes the ring.
    """

    @property
    def challenge_secret(self) -> bytes:
        """Signs challenges."""
        ...

    @property
    def challenge_secrets(self) -> tuple[bytes, ...]:
        """Verify challenges; the one that signs is first."""
        ...

    @property
    def profile_secret(self) -> bytes:
        """Keys the digests of charged profiles."""
        ...

    @property
    def signers(self) -> tuple[SigningKey, ...]:
        """Clearance keys that are good now, oldest first."""
        ...

    @property
    def current(self) -> SigningKey:
        """The key that signs new clearances."""
        ...

    def signer(self, kid: str) -> SigningKey:
        """:raises TokenRefused: `key_unknown` if no good key has this id."""
        ...

    def jwks(self) -> dict[str, Any]:
        """The public halves as a JWK set (RFC 7517), newest last."""
        ...


@dataclass(frozen=True, slots=True)
class KeyRing:
    """All keys of a site at one moment. One key has one use and one algorithm.

    :ivar challenge_secret: HMAC-SHA-256 for challenges; never published.
    :ivar profile_secret: keys the digests of charged profiles.
    :ivar signers: Ed25519 keys for clearances, oldest first; the newest signs.
    :ivar other_challenge_secrets: verify challenges and sign none: just retired, or so new
        that another worker may not know them yet.
    """

    challenge_secret: bytes = field(repr=False)
    profile_secret: bytes = field(repr=False)
    signers: tuple[SigningKey, ...]
    other_challenge_secrets: tuple[bytes, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if not self.signers:
            raise ConfigError("no clearance key")
        secrets = [*self.challenge_secrets, self.profile_secret, *(s.seed for s in self.signers)]
        for secret in secrets:
            refuse_weak(secret, "a key")
        if len(set(secrets)) != len(secrets):
            raise ConfigError("one key has two uses", code="weak_key")

    @property
    def challenge_secrets(self) -> tuple[bytes, ...]:
        """All that verify challenges; the one that signs is first."""
        return (self.challenge_secret, *self.other_challenge_secrets)

    @property
    def current(self) -> SigningKey:
        """The key that signs new clearances."""
        return self.signers[-1]

    def signer(self, kid: str) -> SigningKey:
        """:raises TokenRefused: `key_unknown` if the ring has no such key."""
        for key in self.signers:
            if key.kid == kid:
                return key
        raise TokenRefused("kid is not in the ring", code="key_unknown")

    def jwks(self) -> dict[str, Any]:
        """The public halves as a JWK set (RFC 7517), newest last."""
        return {
            "keys": [
                {"kty": "OKP", "crv": "Ed25519", "x": key.x, "kid": key.kid}
                | {"use": "sig", "alg": "EdDSA"}
                for key in self.signers
            ]
        }


def make(random: Callable[[int], bytes]) -> KeyRing:
    """A new ring.

    :param random: gives that many unpredictable bytes.
    """
    return KeyRing(
        challenge_secret=random(SECRET_BYTES),
        profile_secret=random(SECRET_BYTES),
        signers=(SigningKey(random(SECRET_BYTES)),),
    )
