"""The site's keys: made once, kept in one file, shared by all workers."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from .errors import ConfigError, TokenRefused

SECRET_BYTES = 32
FILE_VERSION = 1

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

    def __post_init__(self) -> None:
        object.__setattr__(self, "private", Ed25519PrivateKey.from_private_bytes(self.seed))
        members = json.dumps(
            {"crv": "Ed25519", "kty": "OKP", "x": self.x}, separators=(",", ":"), sort_keys=True
        )
        object.__setattr__(self, "kid", encode_bytes(hashlib.sha256(members.encode()).digest()))

    @property
    def public(self) -> Ed25519PublicKey:
        """The half that verifies."""
        return self.private.public_key()

    @property
    def x(self) -> str:
        """The public half as JWK member `x` (RFC 8037)."""
        return encode_bytes(self.public.public_bytes(Encoding.Raw, PublicFormat.Raw))


@dataclass(frozen=True, slots=True)
class KeyRing:
    """All keys of a site. One key has one use and one algorithm.

    :ivar challenge_secret: HMAC-SHA-256 for challenges; never published.
    :ivar profile_secret: keys the digests of charged profiles.
    :ivar signers: Ed25519 keys for clearances, oldest first; the newest signs.
    """

    challenge_secret: bytes = field(repr=False)
    profile_secret: bytes = field(repr=False)
    signers: tuple[SigningKey, ...]

    def __post_init__(self) -> None:
        if not self.signers:
            raise ConfigError("no clearance key")
        secrets = [self.challenge_secret, self.profile_secret, *(s.seed for s in self.signers)]
        for secret in secrets:
            refuse_weak(secret, "a key")
        if len(set(secrets)) != len(secrets):
            raise ConfigError("one key has two uses", code="weak_key")

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


def load_or_make(path: Path, random: Callable[[int], bytes]) -> tuple[KeyRing, bool]:
    """The ring in `path`; if there is no such file, a new one is put there, mode 0600.

    Of several workers that start at once, one makes the file and all read the same.

    :returns: the ring, and whether this call made it.
    :raises ConfigError: if the file cannot be read or made, is open to others, or holds
        weak or known keys.
    """
    try:
        made = not path.exists() and _write_new(path, make(random))
        return load(path), made
    except OSError as error:
        raise ConfigError(
            f"keys file {path}: {error.strerror}; CHALLENGE_KEYS_PATH names another place",
            code="keys_unreadable",
        ) from error


def load(path: Path) -> KeyRing:
    """Read a ring.

    :raises ConfigError: see :func:`load_or_make`.
    :raises OSError: if the file cannot be read.
    """
    with path.open("rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if os.name == "posix" and mode & 0o077:
            raise ConfigError(
                f"keys file {path} has mode {mode:04o}; chmod 600 it", code="keys_exposed"
            )
        content = file.read()
    try:
        stored = json.loads(content)
        if stored["version"] != FILE_VERSION:
            raise ValueError(f"version {stored['version']}")
        return KeyRing(
            challenge_secret=decode_bytes(stored["challenge"]),
            profile_secret=decode_bytes(stored["profile"]),
            signers=tuple(SigningKey(decode_bytes(seed)) for seed in stored["clearance"]),
        )
    except ConfigError:
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"keys file {path}: {error!r}", code="keys_malformed") from error


def _write_new(path: Path, ring: KeyRing) -> bool:
    stored = {
        "version": FILE_VERSION,
        "challenge": encode_bytes(ring.challenge_secret),
        "profile": encode_bytes(ring.profile_secret),
        "clearance": [encode_bytes(key.seed) for key in ring.signers],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    # mkstemp makes it 0600; link() lets exactly one of several workers put a whole file there.
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".keys-")
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(stored, file)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        Path(temporary).unlink()
    return True
