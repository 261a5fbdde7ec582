"""Keys change while visitors read: nobody is refused, and a revoked key is worth nothing (T09)."""

from __future__ import annotations

import json
import logging
import math
import os
import secrets
import stat
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from challenge import ConfigError, Gate, keys, tokens
from challenge.config import Settings, Source
from challenge.config import load as load_settings
from challenge.core.models import Clearance, Identity
from challenge.errors import TokenRefused
from challenge.jose import Verified
from challenge.keys import KeyFile, change, encode_bytes, file, watch
from challenge.keys.file import CHALLENGE_KEPT, CHALLENGE_SIGNS_AFTER, CLEARANCE_KEPT
from challenge.tokens import Tokens

from .serving import ROOT, Server, serve
from .solving import ASK, REDEEM, redemption

NOW = 1_800_000_000
DAY = 86_400


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        return self.now


class Worker:
    """A process with the keys file, as far as tokens go."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.clock = clock
        self.keys = KeyFile(path, random=secrets.token_bytes, clock=clock)
        self.tokens = Tokens(self.keys, "main")

    def sign(self) -> str:
        now = int(self.clock())
        blank = Clearance(**dict.fromkeys(Clearance.__dataclass_fields__, ""))
        clearance = replace(
            blank, site="main", visitor=Identity("s" * 22, now), jti="j" * 22,
            kid=self.keys.current.kid, budget=20, issued=now, not_before=now, expires=now + DAY,
        )  # fmt: skip
        return self.tokens.sign_clearance(clearance)

    def accepts(self, token: str, *, at: float | None = None) -> bool:
        """Whether the token's key is good; its own end is not looked at."""
        try:
            self.tokens.read_clearance(token, self.clock() if at is None else at)
        except TokenRefused as refusal:
            assert refusal.code == "key_unknown"
            return False
        return True


@pytest.fixture
def path(tmp_path: Path) -> Path:
    place = tmp_path / "keys.json"
    assert keys.load_or_make(place, secrets.token_bytes, clock=lambda: NOW)[1]
    return place


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def never_looking(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The control: workers read the file once, when they start."""

    def switch() -> None:
        monkeypatch.setattr(watch, "LOOK_EVERY", math.inf)
        monkeypatch.setattr(watch, "LOOK_AGAIN", math.inf)
        monkeypatch.setattr(KeyFile, "_look", lambda *_: None)

    return switch


def rotate(path: Path, clock: Clock) -> str:
    return keys.rotate(path, secrets.token_bytes, clock()).kid


def revoke(path: Path, kid: str, clock: Clock, *, rotating: bool = False) -> None:
    keys.revoke(path, kid, secrets.token_bytes, clock(), rotating=rotating)


def stored(path: Path) -> keys.Stored:
    return keys.read(path)[0]


# -- T09


def test_t09_overlap_old_tokens_are_good_after_a_rotation(path: Path, clock: Clock) -> None:
    worker = Worker(path, clock)
    old = worker.sign()
    rotate(path, clock)
    clock.now += 2
    new = worker.sign()
    assert worker.accepts(old)
    assert worker.accepts(new)
    assert Worker(path, clock).accepts(old), "after a restart too"
    # Control: a rotation without overlap refuses what was sold a moment ago.
    file.replace(path, replace(stored(path), clearance=stored(path).clearance[-1:]))
    assert not Worker(path, clock).accepts(old)


def test_t09_overlap_ends_and_the_key_is_dropped(path: Path, clock: Clock) -> None:
    worker = Worker(path, clock)
    first = worker.keys.current.kid
    old = worker.sign()
    rotate(path, clock)
    clock.now += CLEARANCE_KEPT - 1
    assert worker.accepts(old, at=NOW)
    assert rotate(path, clock) and len(stored(path).clearance) == 3
    clock.now += 2
    assert not worker.accepts(old, at=NOW), "its time is up, also in a worker that runs on"
    assert first not in json.dumps(worker.keys.jwks())
    assert first in [entry.kid for entry in stored(path).clearance]
    assert keys.rotate(path, secrets.token_bytes, clock()).dropped == (first,)
    assert first not in [entry.kid for entry in stored(path).clearance]


def test_the_overlap_outlasts_every_token_and_its_renewal() -> None:
    longest = load_settings(
        Source("here", {"CHALLENGE_LIFETIME": DAY, "CHALLENGE_QUOTE_LIFETIME": 600})
    )
    with pytest.raises(ConfigError):
        load_settings(Source("here", {"CHALLENGE_LIFETIME": DAY + 1}))
    with pytest.raises(ConfigError):
        load_settings(Source("here", {"CHALLENGE_QUOTE_LIFETIME": 601}))
    renewable = 24 * 3600 + 1800
    assert longest.lifetime + renewable + tokens.LEEWAY + watch.LOOK_EVERY < CLEARANCE_KEPT
    assert CHALLENGE_KEPT > 600 + tokens.LEEWAY + CHALLENGE_SIGNS_AFTER + watch.LOOK_EVERY
    assert Settings().lifetime <= DAY


def test_t09_a_revoked_key_verifies_nothing_at_once(path: Path, clock: Clock) -> None:
    worker, kid = Worker(path, clock), keys.load(path).current.kid
    old = worker.sign()
    rotate(path, clock)
    clock.now += 1
    assert worker.accepts(old)  # also the control: it is the revocation that ends it
    assert len(worker.tokens._verified._kept) == 1, "its signature is remembered as good"
    revoke(path, kid, clock)
    clock.now += 1
    assert not worker.accepts(old)
    assert not Worker(path, clock).accepts(old)
    assert kid not in json.dumps(worker.keys.jwks())
    with pytest.raises(TokenRefused):
        worker.keys.signer(kid)
    assert isinstance(worker.tokens._verified, Verified)


def test_t09_the_new_key_is_used_at_once_and_known_to_all(
    path: Path, clock: Clock, never_looking: Callable[[], None]
) -> None:
    late, seller, control = (Worker(path, clock) for _ in range(3))
    kid = rotate(path, clock)
    clock.now += watch.LOOK_EVERY / 2
    assert late.keys.current.kid != kid, "it has no reason to look yet"
    clock.now += watch.LOOK_EVERY / 2
    token = seller.sign()
    assert json.dumps(seller.keys.jwks()).count(kid) == 1
    assert seller.keys.current.kid == kid
    late.keys._looked = clock()  # as if it had looked just before the file changed
    assert late.accepts(token)
    assert late.keys.current.kid == kid
    never_looking()
    assert not control.accepts(token)


def private_parts(path: Path, shown: dict[str, Any]) -> set[str]:
    """What a JWK set tells of the file's secrets, and members that only private keys have."""
    content, text = stored(path), json.dumps(shown)
    kept = [content.profile, *(e.secret for e in (*content.challenge, *content.clearance))]
    found = {encode_bytes(secret) for secret in kept if encode_bytes(secret) in text}
    return found | {name for key in shown["keys"] for name in key if name in {"d", "k", "p", "q"}}


def test_t09_the_jwks_shows_public_parts_only(path: Path, clock: Clock) -> None:
    for _ in range(3):
        rotate(path, clock)
    shown = Worker(path, clock).keys.jwks()
    assert len(shown["keys"]) == 4
    assert private_parts(path, shown) == set()
    # Control: the check sees a private half.
    seed = encode_bytes(stored(path).clearance[0].secret)
    shown["keys"][0]["d"] = seed
    assert private_parts(path, shown) == {"d", seed}


# -- the challenge secret


def test_challenges_outlive_a_rotation_and_need_no_unknown_secret(path: Path, clock: Clock) -> None:
    first, late = Worker(path, clock).keys, Worker(path, clock).keys
    before = first.challenge_secret
    rotate(path, clock)
    new = stored(path).challenge[-1].secret
    clock.now += 1
    assert first.challenge_secrets == (before, new), "known, and not signing yet"
    clock.now += CHALLENGE_SIGNS_AFTER
    late.ring(clock())
    assert first.challenge_secrets == late.challenge_secrets == (new, before)
    clock.now = NOW + CHALLENGE_KEPT
    assert first.challenge_secrets == (new,)
    rotate(path, clock)
    assert [entry.made for entry in stored(path).challenge] == [NOW, NOW + CHALLENGE_KEPT]


def test_revocation_ends_the_challenge_secrets_too(path: Path, clock: Clock) -> None:
    worker = Worker(path, clock).keys
    before = worker.challenge_secret
    revoke(path, worker.current.kid, clock, rotating=True)
    clock.now += 1
    assert len(worker.challenge_secrets) == 1
    assert before not in worker.challenge_secrets


# -- the file


def test_a_file_of_the_first_form_is_read_and_rotated(tmp_path: Path, clock: Clock) -> None:
    seeds = [encode_bytes(secrets.token_bytes(32)) for _ in range(4)]
    content = {"version": 1, "challenge": seeds[0], "profile": seeds[1], "clearance": seeds[2:]}
    path = tmp_path / "keys.json"
    path.write_text(json.dumps(content))
    path.chmod(0o600)
    os.utime(path, (NOW - DAY, NOW - DAY))
    worker = Worker(path, clock)
    assert encode_bytes(worker.keys.current.seed) == seeds[3]
    token = worker.sign()
    kid = rotate(path, clock)
    clock.now += 1
    assert (worker.keys.current.kid, worker.accepts(token)) == (kid, True)
    written = json.loads(path.read_text())
    assert [entry["d"] for entry in written["clearance"][:2]] == seeds[2:]
    assert [entry["retired"] for entry in written["clearance"]] == [NOW, NOW, None]
    assert [entry["made"] for entry in written["clearance"]] == [NOW - DAY, NOW - DAY, NOW]
    assert written["profile"] == seeds[1]


def test_revoking_the_last_key_needs_a_new_one(path: Path, clock: Clock) -> None:
    kid = keys.load(path).current.kid
    with pytest.raises(ConfigError) as refusal:
        revoke(path, kid, clock)
    assert refusal.value.code == "last_key"
    rotate(path, clock)
    revoke(path, keys.load(path, clock=clock).signers[0].kid, clock)
    with pytest.raises(ConfigError):  # what is left beside it is revoked
        revoke(path, keys.load(path, clock=clock).current.kid, clock)
    with pytest.raises(ConfigError) as refusal:
        revoke(path, "no such kid", clock)
    assert refusal.value.code == "key_unknown"
    revoke(path, keys.load(path, clock=clock).current.kid, clock, rotating=True)
    assert len(keys.load(path, clock=clock).signers) == 1


@pytest.mark.parametrize(
    "entry",
    [{"made": 1.5}, {"made": True}, {"made": None}, {"retired": "no"}, {"revoked": 0}, {"d": "A"},
     {"retired": NOW}, {"revoked": True}],
    ids=str,
)  # fmt: skip
def test_a_file_with_a_wrong_entry_is_refused(path: Path, entry: dict[str, object]) -> None:
    keys.load(path)
    content = json.loads(path.read_text())
    content["clearance"][0] |= entry
    path.write_text(json.dumps(content))
    with pytest.raises(ConfigError):
        keys.load(path)


def test_a_change_keeps_mode_and_link_and_leaves_nothing_behind(path: Path, clock: Clock) -> None:
    link = path.with_name("link.json")
    link.symlink_to(path)
    rotate(link, clock)
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {item.name for item in path.parent.iterdir()} == {
        "keys.json", "link.json", "keys.json.lock"
    }  # fmt: skip


@pytest.mark.parametrize("call", ["fsync", "fdopen"])
def test_a_change_that_fails_changes_nothing(
    path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    before = path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(file.os, call, fail)
    with pytest.raises(ConfigError) as refusal:
        rotate(path, clock)
    assert refusal.value.code == "keys_unwritable"
    assert path.read_bytes() == before
    assert not list(path.parent.glob(".keys-*"))


@pytest.mark.parametrize("locked", [True, False])
def test_two_operators_at_once_lose_nothing(
    path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, locked: bool
) -> None:
    read = file.read

    def read_slowly(place: Path) -> tuple[keys.Stored, os.stat_result]:
        content = read(place)
        time.sleep(0.01)
        return content

    monkeypatch.setattr(change.file, "read", read_slowly)
    if not locked:
        monkeypatch.setattr(change, "_locked", lambda _: nullcontext())
    with ThreadPoolExecutor(4) as pool:
        made = set(pool.map(lambda _: rotate(path, clock), range(12)))
    lost = made - {entry.kid for entry in stored(path).clearance}
    # Without the lock, each overwrites what the others have added since it read.
    assert bool(lost) is not locked


# -- a worker that runs on


def test_junk_kids_cost_a_look_each_100_ms_and_no_read(
    path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Worker(path, clock)
    looks, reads = [], []
    mark, read = watch._mark, file.read
    monkeypatch.setattr(watch, "_mark", lambda place: looks.append(1) or mark(place))
    monkeypatch.setattr(file, "read", lambda place: reads.append(1) or read(place))
    for _ in range(1000):
        with pytest.raises(TokenRefused):
            worker.keys.signer(secrets.token_urlsafe(32))
        clock.now += 0.001
    assert len(looks) <= 11
    assert reads == []
    rotate(path, clock)
    reads.clear()
    clock.now += 1
    worker.keys.ring(clock())
    assert reads == [1]  # the control: the counter counts


def test_looks_at_the_file_once_a_second_also_after_the_clock_was_set_back(
    path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Worker(path, clock)
    looks = []
    mark = watch._mark
    monkeypatch.setattr(watch, "_mark", lambda place: looks.append(clock()) or mark(place))
    for _ in range(100):
        clock.now += 1 / 16
        assert worker.keys.current
    assert len(looks) == 6
    clock.now -= DAY
    kid = rotate(path, clock)
    assert worker.keys.current.kid == kid


def write_badly(path: Path, how: str) -> None:
    if how == "malformed":
        path.write_text("{")
    elif how == "weak":
        content = json.loads(path.read_text())
        content["clearance"].append({**content["clearance"][0], "d": encode_bytes(bytes(32))})
        path.write_text(json.dumps(content))
    elif how == "exposed":
        path.chmod(0o644)
    else:
        path.unlink()


@pytest.mark.parametrize("how", ["malformed", "weak", "exposed", "missing"])
def test_a_bad_new_file_keeps_the_ring_and_is_logged_once(
    path: Path, clock: Clock, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    worker, good = Worker(path, clock), path.read_bytes()
    token = worker.sign()
    write_badly(path, how)
    for _ in range(5):
        clock.now += 1
        assert worker.accepts(token)
        assert worker.accepts(worker.sign())
    [line] = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert "keys file" in line.getMessage()
    assert encode_bytes(worker.keys.profile_secret) not in caplog.text
    path.unlink(missing_ok=True)
    path.write_bytes(good)
    path.chmod(0o600)
    kid = rotate(path, clock)
    clock.now += 1
    assert worker.keys.current.kid == kid


def test_many_threads_see_a_change_once_and_whole(path: Path, clock: Clock) -> None:
    worker = Worker(path, clock)
    rotate(path, clock)
    token = Worker(path, clock).sign()
    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(lambda _: worker.accepts(token), range(200)))


# -- the whole house: four workers, and an operator at the command line


def create_app() -> Flask:
    """The app that gunicorn and the command line load."""
    app = Flask("tests.rotation")
    app.config.update(CHALLENGE_PRICE_MS=0, CHALLENGE_BUDGET=5)
    gate = Gate(app)

    @app.get("/people/<handle>")
    @gate.protect("handle")
    def person(handle: str) -> str:
        return f"the secret of {handle}"

    return app


JSON = {"Content-Type": "application/json"}


def kid_of(token: str) -> str:
    kid: str = tokens.read_header(
        token, algorithm="EdDSA", kind=tokens.CLEARANCE_TYPE, names={"alg", "typ", "kid"}
    )["kid"]
    return kid


class Readers:
    """Visitors who buy now and then, and read with every clearance bought so far."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.held: list[str] = []
        self.sales: list[tuple[float, str]] = []
        self.failures: list[str] = []
        self.statuses: Counter[int] = Counter()

    def ask(self) -> dict[str, Any]:
        status, _, body = self.server.call("POST", ASK, JSON, b"{}")
        assert status == 201, (status, body)
        offer: dict[str, Any] = json.loads(body)
        return offer

    def redeem(self, offer: dict[str, Any]) -> None:
        asked = time.monotonic()
        status, _, body = self.server.call("POST", REDEEM, JSON, redemption(offer))
        assert status == 201, (status, body)
        self.sales.append((asked, kid_of(json.loads(body)["token"])))
        self.held.append(json.loads(body)["token"])

    def view(self, number: int) -> None:
        token = self.held[number % len(self.held)]
        headers = {"Cookie": f"challenge-main={token}", "Accept": "application/json"}
        status, _, body = self.server.call("GET", f"/people/{number % 3}", headers)
        self.statuses[status] += 1
        if status != 200:
            self.failures.append(f"{status} {body[:200]!r} for key {kid_of(token)}")

    def read_until(self, ended: threading.Event, rate: int) -> None:
        """Offer that many views a second, whether or not earlier ones are answered."""
        with ThreadPoolExecutor(32) as pool:
            start, number = time.monotonic(), 0
            while not ended.is_set():
                pool.submit(self.view, number)
                number += 1
                time.sleep(max(0.0, start + number / rate - time.monotonic()))


def flask_command(folder: Path, *arguments: str) -> str:
    """`flask challenge ...`, as an operator types it beside the running server."""
    command = [sys.executable, "-m", "flask", "--app", "tests.test_rotation:create_app()"]
    settings = {
        "CHALLENGE_KEYS_PATH": str(folder / "keys.json"),
        "CHALLENGE_STORE_URI": f"sqlite:///{folder / 'challenge.db'}",
    }
    done = subprocess.run(
        [*command, "challenge", *arguments],
        cwd=ROOT, env=os.environ | settings, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_t09_three_rotations_under_50_requests_a_second_fail_nobody(tmp_path: Path) -> None:
    with serve("tests.test_rotation:create_app()", tmp_path, workers=4) as server:
        readers, ended = Readers(server), threading.Event()
        for _ in range(2):
            readers.redeem(readers.ask())
        load = threading.Thread(target=readers.read_until, args=(ended, 50))
        load.start()
        try:
            for _ in range(3):
                in_flight = readers.ask()
                said = flask_command(tmp_path, "keys", "rotate")
                rotated, [kid] = time.monotonic(), [said.split()[0]]
                readers.redeem(in_flight)
                while time.monotonic() < rotated + 2:
                    readers.redeem(readers.ask())
                    time.sleep(0.6)
                readers.redeem(readers.ask())
                late = {sold for at, sold in readers.sales if at >= rotated + 2}
                assert late == {kid}, "the new key signs within 2 s"
        finally:
            ended.set()
            load.join()
        assert readers.failures == []
        assert readers.statuses.total() >= 300
        assert len({sold for _, sold in readers.sales}) == 4
        shown = json.loads(server.call("GET", "/challenge/jwks.json")[2])
        assert len(shown["keys"]) == 4


@pytest.mark.parametrize("looking", [True, False])
def test_t09_a_worker_that_does_not_look_refuses_tokens_of_the_new_key(
    tmp_path: Path, looking: bool, never_looking: Callable[[], None], make_app: Callable[..., Flask]
) -> None:
    place = {"keys_path": str(tmp_path / "keys.json")}
    place["store_uri"] = f"sqlite:///{tmp_path / 'challenge.db'}"
    running = make_app(**place).test_client()
    if not looking:
        never_looking()
    keys.rotate(tmp_path / "keys.json", secrets.token_bytes, time.time())
    seller = make_app(**place).test_client()
    offer = seller.post(ASK, json={}).get_json()
    sale = seller.post(REDEEM, data=redemption(offer), content_type="application/json")
    token = sale.get_json()["token"]
    assert seller.get("/people/ada").status_code == 200
    running.set_cookie("challenge-main", token)
    assert running.get("/people/ada").status_code == (200 if looking else 403)
