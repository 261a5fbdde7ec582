"""Keys: made once, shared, never weak, never shown."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import os
import secrets
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask
from joserfc.jwk import KeySet

from challenge import ConfigError, Gate
from challenge.errors import TokenRefused
from challenge.keys import SigningKey, decode_bytes, encode_bytes, load_or_make, make, refuse_weak

ROOT = Path(__file__).parent.parent
# As random as it looks, and one byte too short.
SHORT = hashlib.sha256(b"short").digest()[:31]
RFC_8037 = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def write(path: Path, **changes: object) -> Path:
    content = {
        "version": 1,
        "challenge": b64(secrets.token_bytes(32)),
        "profile": b64(secrets.token_bytes(32)),
        "clearance": [b64(secrets.token_bytes(32))],
    }
    path.write_text(json.dumps(content | changes))
    path.chmod(0o600)
    return path


def test_made_once_with_mode_0600_and_one_log_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kids = []
    for name in ("one", "two"):
        app = Flask(name, instance_path=str(tmp_path))
        Gate(app)
        kids.append(app.test_client().get("/challenge/jwks.json").get_json()["keys"][0]["kid"])
    assert kids[0] == kids[1]
    assert stat.S_IMODE((tmp_path / "challenge-keys.json").stat().st_mode) == 0o600
    [line] = [record for record in caplog.records if "made new keys" in record.getMessage()]
    assert line.levelno == logging.WARNING
    assert kids[0] in line.getMessage()


def test_workers_that_start_at_once_share_one_ring(tmp_path: Path) -> None:
    for round_ in range(20):
        path = tmp_path / f"keys-{round_}.json"
        with ThreadPoolExecutor(8) as pool:
            results = list(pool.map(lambda _, p=path: load_or_make(p, os.urandom), range(8)))
        assert len({ring.current.kid for ring, _ in results}) == 1
        assert sum(made for _, made in results) == 1
    assert len(list(tmp_path.iterdir())) == 20, "temporary files were left"


def test_the_newest_key_signs_and_older_ones_verify(tmp_path: Path) -> None:
    old, new = secrets.token_bytes(32), secrets.token_bytes(32)
    ring, _ = load_or_make(write(tmp_path / "k", clearance=[b64(old), b64(new)]), os.urandom)
    assert ring.current.seed == new
    assert ring.signer(SigningKey(old).kid).seed == old
    with pytest.raises(TokenRefused) as refusal:
        ring.signer("another")
    assert refusal.value.code == "key_unknown"


def test_the_kid_is_the_thumbprint_of_rfc_8037() -> None:
    # RFC 8037, appendix A.3
    key = SigningKey(decode_bytes(RFC_8037))
    assert key.x == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    assert key.kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_the_jwks_shows_public_halves_only() -> None:
    ring = make(secrets.token_bytes)
    [shown] = ring.jwks()["keys"]
    assert shown.keys() == {"kty", "crv", "x", "kid", "use", "alg"}
    imported = KeySet.import_key_set(ring.jwks()).keys[0]
    assert imported.thumbprint() == ring.current.kid
    assert not imported.is_private
    text = json.dumps(ring.jwks()) + repr(ring)
    for secret in (ring.challenge_secret, ring.profile_secret, ring.current.seed):
        assert b64(secret) not in text
        assert repr(secret) not in text


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    path = write(tmp_path / "k")
    load_or_make(path, os.urandom)
    path.chmod(mode)
    with pytest.raises(ConfigError) as refusal:
        load_or_make(path, os.urandom)
    assert refusal.value.code == "keys_exposed"


@pytest.mark.parametrize(
    ("secret", "code"),
    [
        (b"", "weak_key"),
        (b"short", "weak_key"),
        (SHORT, "weak_key"),
        (bytes(32), "weak_key"),
        (b"x" * 64, "weak_key"),
        (bytes(range(32)), "weak_key"),
        (bytes(range(64, 0, -2)), "weak_key"),
        (b"abababababababababababababababab", "weak_key"),
        (b"your-256-bit-secret", "known_key"),
        (b"a-string-secret-at-least-256-bits-long", "known_key"),
        (decode_bytes(RFC_8037), "known_key"),
    ],
)
def test_weak_and_known_secrets_are_refused(secret: bytes, code: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        refuse_weak(secret, "a key")
    assert refusal.value.code == code


def test_random_secrets_are_not() -> None:
    for number in range(20_000):
        refuse_weak(hashlib.sha256(str(number).encode()).digest(), "a key")


@pytest.mark.parametrize("name", ["challenge", "profile", "clearance"])
@pytest.mark.parametrize("bad", [bytes(32), decode_bytes(RFC_8037)])
def test_a_configured_weak_key_stops_the_start(tmp_path: Path, name: str, bad: bytes) -> None:
    value = [b64(bad)] if name == "clearance" else b64(bad)
    write(tmp_path / "challenge-keys.json", **{name: value})
    with pytest.raises(ConfigError) as refusal:
        Gate(Flask("app", instance_path=str(tmp_path)))
    assert refusal.value.code in ("weak_key", "known_key")


def test_one_key_with_two_uses_stops_the_start(tmp_path: Path) -> None:
    same = b64(secrets.token_bytes(32))
    with pytest.raises(ConfigError) as refusal:
        load_or_make(write(tmp_path / "k", challenge=same, profile=same), os.urandom)
    assert refusal.value.code == "weak_key"


@pytest.mark.parametrize(
    "changes",
    [{"version": 2}, {"challenge": None}, {"challenge": "***"}, {"clearance": "text"},
     {"clearance": [b64(SHORT)]}],
    ids=str,
)  # fmt: skip
def test_a_malformed_file_stops_the_start(tmp_path: Path, changes: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        load_or_make(write(tmp_path / "k", **changes), os.urandom)


def test_no_file_and_no_folder_for_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError) as refusal:
        load_or_make(tmp_path / "file" / "keys.json", os.urandom)
    assert refusal.value.code == "keys_unreadable"
    assert "CHALLENGE_KEYS_PATH" in refusal.value.detail


@pytest.mark.parametrize("text", ["AA==", "A", "AB", "A A", "A+", "A/", "AA\n", "é"])
def test_one_text_for_some_bytes(text: str) -> None:
    with pytest.raises(ValueError):
        decode_bytes(text)


def test_base64url_both_ways() -> None:
    for length in range(40):
        data = secrets.token_bytes(length)
        assert decode_bytes(encode_bytes(data)) == data


# -- T12


def starts(folder: Path) -> str:
    """The code with which a Gate refuses the keys in a folder, or "started"."""
    try:
        Gate(Flask("app", instance_path=str(folder)))
    except ConfigError as refusal:
        return refusal.code
    return "started"


@pytest.mark.parametrize("form", ["text", "entry"])
@pytest.mark.parametrize("name", ["challenge", "profile", "clearance"])
@pytest.mark.parametrize(
    ("secret", "code"),
    [
        (secrets.token_bytes(32), "started"),  # the control
        (b"", "weak_key"),
        (b"x" * 32, "weak_key"),
        (bytes(range(32)), "weak_key"),
        (b"changemechangemechangemechangeme", "known_key"),
        (decode_bytes(RFC_8037), "known_key"),
    ],
    ids=["random", "empty", "one letter", "counting", "default", "RFC 8037"],
)
def test_t12_weak_empty_and_default_keys_are_refused_at_start(
    tmp_path: Path, form: str, name: str, secret: bytes, code: str
) -> None:
    value: object = b64(secret)
    if form == "entry":
        value = {"d": value, "made": 1_763_900_000, "retired": None, "revoked": False}
    if name == "profile":
        value = b64(secret)
    elif name == "clearance" or form == "entry":
        value = [value]
    write(tmp_path / "challenge-keys.json", **{name: value})
    if name == "clearance" and not secret:
        code = "keys_malformed"  # no Ed25519 key at all
    assert starts(tmp_path) == code


@pytest.mark.parametrize(
    ("mode", "code"), [(0o600, "started"), (0o640, "keys_exposed"), (0o604, "keys_exposed")]
)
def test_t12_the_mode_of_the_file_is_checked_at_start(tmp_path: Path, mode: int, code: str) -> None:
    write(tmp_path / "challenge-keys.json").chmod(mode)
    assert starts(tmp_path) == code


# Forks in a process of its own, since this one may have threads. Each of four workers asks for
# ten challenges and prints their ids.
FORKING = """
import base64, json, os, random, secrets, sys
from flask import Flask
from challenge import Gate
if sys.argv[2] == "seeded":
    secrets.token_bytes = random.Random(7).randbytes
app = Flask("app", instance_path=sys.argv[1])
app.config["CHALLENGE_STORE_URI"] = "memory://"
Gate(app)
client = app.test_client()
for _ in range(4):
    if os.fork() == 0:
        for _ in range(10):
            token = client.post("/challenge/v1/challenges", json={}).get_json()["challenge"]
            payload = token.split(".")[1]
            jti = json.loads(base64.urlsafe_b64decode(payload + "=="))["jti"]
            os.write(1, f"{jti} ".encode())
        os._exit(0)
for _ in range(4):
    assert os.wait()[1] == 0
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.parametrize(("source", "distinct"), [("system", 40), ("seeded", 10)])
def test_t12_a_forked_worker_does_not_repeat_randomness(
    tmp_path: Path, source: str, distinct: int
) -> None:
    command = [sys.executable, "-c", FORKING, str(tmp_path), source]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    ids = done.stdout.split()
    assert len(ids) == 40
    # A generator with a state of its own says the same in each fork: that is the control.
    assert len(set(ids)) == distinct
