"""What a store on Redis and Valkey promises beyond the suite of all stores."""

from __future__ import annotations

import base64
import itertools
import json
import logging
import os
import re
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, TypeVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from challenge.core import visitors
from challenge.core.bands import Wanted
from challenge.core.models import Charge
from challenge.core.purchases import first_purchase, top_up
from challenge.core.visitors import Charged, View, Visitor
from challenge.errors import ChallengeError, ConfigError, StoreUnavailable
from challenge.stores import from_uri, redis_served
from challenge.stores import redis as redis_store
from challenge.stores.base import Spending
from challenge.stores.compact import pack
from challenge.stores.redis import RedisStore
from challenge.stores.redis_uri import Address
from challenge.tally.selling import Seller

from ..redis_proxy import proxy_to, swallow
from ..redis_servers import KINDS, RedisServer, free_port, serve_redis
from ..solving import ASK, REDEEM, buy, redemption
from ..test_tally import World, body_of
from .conformance import (
    BAND,
    BODY,
    END,
    HOLDER,
    ID,
    KEY,
    NOW,
    StoreConformance,
    purchase,
    view,
    visitor,
)
from .test_redis_faults import BAN, VERBS

PREFIXES = (f"c-{number}" for number in itertools.count())
OLD_EPOCH = "store_changed"


@pytest.fixture(scope="module", params=KINDS)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RedisServer]:
    with serve_redis(request.param, tmp_path_factory.mktemp(request.param)) as server:
        yield server


@pytest.fixture
def own(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RedisServer]:
    """A server that the test may stop."""
    with serve_redis("valkey", tmp_path) as server:
        yield server


@pytest.fixture
def make_store(server: RedisServer) -> Iterator[Callable[[], RedisStore]]:
    address = Address("127.0.0.1", server.port, prefix=next(PREFIXES), timeout=2)
    with workers(lambda: RedisStore(address)) as make:
        yield make


S = TypeVar("S", bound=RedisStore)


@contextmanager
def workers(open_store: Callable[[], S]) -> Iterator[Callable[[], S]]:
    """A function that gives the store of one of sixteen workers, in turns."""
    stores: list[S] = []
    turns = itertools.count()

    def make() -> S:
        if len(stores) < 16:
            stores.append(open_store())
            return stores[-1]
        return stores[next(turns) % 16]

    yield make
    for store in stores:
        store.close()


def store_on(server: RedisServer, **options: Any) -> RedisStore:
    return RedisStore(Address("127.0.0.1", server.port, timeout=2, **options))


class TestRedis(StoreConformance):
    ends_by_callers_time = False


class HastyRedis(RedisStore):
    """The negative control: looks first, decides, and writes in a step of its own."""

    def spend(
        self, challenge: bytes, digest: bytes, claims: bytes, *, now: float, expires: int
    ) -> Spending:
        row = self._pool.call("GET", self._key(b"s", challenge))
        time.sleep(0.005)
        if row is None:
            # What came meanwhile is written over.
            self._pool.call("DEL", self._key(b"s", challenge))
        return super().spend(challenge, digest, claims, now=now, expires=expires)

    def charge(self, key: bytes, view: View, *, now: float) -> Charged:
        after, charged = visitors.charge(self.read(key, now=now), view, now)
        time.sleep(0.005)
        if after is not None:
            self._pool.call("SET", self._key(b"v", key), pack(after), "KEEPTTL")
        return charged


@pytest.mark.parametrize(
    "race",
    [
        StoreConformance.test_one_of_many_callers_wins,
        StoreConformance.test_a_budget_is_exact_for_many_callers,
    ],
)
def test_control_read_then_write_loses_the_race(race: Any, own: RedisServer) -> None:
    with pytest.raises(AssertionError):
        race(StoreConformance(), lambda: HastyRedis(Address("127.0.0.1", own.port, timeout=2)))


# -- what a view costs


ASIDE = {"info", "client", "hello"}


def calls(server: RedisServer) -> dict[str, int]:
    """How often each command was called from outside of a script."""
    stats = server.client().info("commandstats")
    return {name.removeprefix("cmdstat_"): told["calls"] for name, told in stats.items()}


def test_a_view_is_one_trip_and_one_script(
    server: RedisServer, make_store: Callable[[], RedisStore]
) -> None:
    store = make_store()
    store.open(KEY, visitor(left=1000))
    store.charge(KEY, view(0), now=NOW)
    before = calls(server)
    for number in range(100):
        assert store.charge(KEY, view(number), now=NOW).charge in (Charge.CHARGED, Charge.REVISIT)
    after = calls(server)
    called = {name: after[name] - before.get(name, 0) for name in after}
    # What a script calls is counted too; the rest is this test's own client.
    ours = {name: n for name, n in called.items() if n and name.split("|")[0] not in ASIDE}
    assert ours == {"evalsha": 100, "get": 100, "set": 100}


def reader(**changes: Any) -> Visitor:
    """Who has bought twice with a key, and has opened twenty profiles at home."""

    def named(number: int) -> str:
        return base64.urlsafe_b64encode(os.urandom(16)).rstrip(b"=").decode()

    thumbprint = base64.urlsafe_b64encode(os.urandom(32)).rstrip(b"=").decode()
    sale = replace(
        purchase(units=10, expires=int(NOW) + 88_230),
        thumbprint=thumbprint,
        jti=named(0),
        ends=int(NOW) + 1800,
    )
    further = replace(sale, number=1, units=20, reserved=20, challenge=b"n" * 16, jti=named(1))
    bought, _ = top_up(first_purchase(sale), further, NOW + 60)
    assert bought is not None
    return bought._replace(**changes)


def test_a_visitor_with_twenty_profiles_takes_at_most_400_bytes(
    server: RedisServer, request: pytest.FixtureRequest
) -> None:
    store = store_on(server, prefix="tallygate")
    record = reader()
    store.open(KEY, record)
    for number in range(20):
        shown = replace(view(number), jti=record.jti)
        assert store.charge(KEY, shown, now=NOW + 90).charge is Charge.CHARGED
    taken = server.client().memory_usage(store._key(b"v", KEY))
    assert taken is not None
    assert 0 < taken <= 400


def test_rows_leave_when_they_have_ended(
    server: RedisServer, make_store: Callable[[], RedisStore]
) -> None:
    store, client = make_store(), server.client()
    store.spend(ID, BODY, b"", now=NOW, expires=END)
    store.open(KEY, visitor())
    store.charge(KEY, view(1), now=NOW)
    store.reserve(KEY, ID, BAND, Wanted(4, 1, 0), holder=HOLDER, now=NOW)
    store.day_key(int(NOW) // 86400, b"1" * 32, now=NOW)
    lives = {
        key.removeprefix(store._prefix + b":")[:1]: client.pttl(key) / 1000
        for key in client.keys(store._prefix + b":*")
    }
    assert 200 < lives[b"s"] <= 260
    assert 200 < lives[b"v"] <= 260
    assert 230 < lives[b"b"] <= 241
    assert 890 < lives[b"r"] <= 900
    assert 0 < lives[b"d"] <= 48 * 3600
    assert lives[b"e"] < 0, "the epoch stays"
    store.top_up(KEY, purchase(1, expires=END + 500), now=NOW)
    assert 700 < client.pttl(store._key(b"v", KEY)) / 1000 <= 760


# -- what is demanded of a server


def refused(call: Callable[[], Any]) -> str:
    with pytest.raises(ConfigError) as refusal:
        call()
    assert refusal.value.code == "store_unusable"
    return refusal.value.detail


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl", "allkeys-random"])
def test_a_server_that_evicts_is_refused(server: RedisServer, policy: str) -> None:
    client = server.client()
    client.config_set("maxmemory-policy", policy)
    try:
        assert "noeviction" in refused(lambda: store_on(server))
    finally:
        client.config_set("maxmemory-policy", "noeviction")
    store_on(server).ping()


def test_a_policy_that_changes_later_is_noticed(own: RedisServer) -> None:
    store = store_on(own)
    store.ping()
    own.client().config_set("maxmemory-policy", "allkeys-lru")
    with pytest.raises(StoreUnavailable, match="noeviction"):
        store.ping()


def test_a_full_server_sells_nothing_and_serves_what_was_sold(
    own: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_served, "EVERY", 0)
    store, client = store_on(own), own.client()
    store.open(KEY, visitor(left=500))
    client.config_set("maxmemory", client.info("memory")["used_memory"] + 400_000)
    room = client.info("memory")
    while room["used_memory"] < 0.92 * room["maxmemory"]:
        client.set(os.urandom(8), b"x" * 10_000)
        room = client.info("memory")
    for call in (lambda: store.spend(ID, BODY, b"", now=NOW, expires=END), store.ping):
        with pytest.raises(StoreUnavailable) as refusal:
            call()
        assert refusal.value.code == "store_full"
    for number in range(100):
        assert store.charge(KEY, view(number), now=NOW).charge is Charge.CHARGED
    client.config_set("maxmemory", 0)
    assert store.spend(ID, BODY, b"", now=NOW, expires=END).state == "won"


def test_a_replica_and_a_part_of_a_cluster_are_refused(tmp_path: Path) -> None:
    with serve_redis("valkey", tmp_path, "--replicaof", "127.0.0.1", str(free_port())) as replica:
        assert "replica" in refused(lambda: store_on(replica))
    with serve_redis("valkey", tmp_path, "--cluster-enabled", "yes") as part:
        assert "cluster" in refused(lambda: store_on(part))


def test_a_server_that_is_away_at_the_start_is_waited_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with serve_redis("valkey", tmp_path) as server:
        server.stop()
        store = store_on(server)
        assert "does not answer" in caplog.text
        with pytest.raises(StoreUnavailable):
            store.epoch  # noqa: B018
        server.start()
        store.ping()
        assert store.epoch


# -- who may, and what is never told

ROOT = Path(__file__).parent.parent.parent
#: the rights that the docs give
RIGHTS = re.findall(r"^user gate on .*$", (ROOT / "docs" / "redis.md").read_text(), re.MULTILINE)
ACL = ["ACL", "SETUSER", *RIGHTS[0].replace("PASSWORD", "pass/word@x").split()[1:]]
URI = "redis://gate:pass%2Fword%40x@127.0.0.1:{port}/0"


@pytest.mark.parametrize("kind", KINDS)
def test_the_rights_are_enough(kind: str, tmp_path: Path) -> None:
    with serve_redis(kind, tmp_path) as server:
        server.client().execute_command(*ACL)
        uri = URI.format(port=server.port).replace("/0", "/1")
        do_everything(from_uri(uri, folder=tmp_path, max_bytes=1))


@pytest.mark.parametrize("lacking", [word for word in ACL if word.startswith("+")])
def test_control_each_right_is_needed(own: RedisServer, lacking: str) -> None:
    own.client().execute_command(*[word for word in ACL if word != lacking])
    uri = URI.format(port=own.port).replace("/0", "/1" if lacking == "+select" else "/0")
    with pytest.raises((ConfigError, StoreUnavailable)):
        do_everything(from_uri(uri, folder=Path(), max_bytes=1))


def do_everything(store: Any) -> None:
    suite = StoreConformance()
    suite.test_refunds_moves_and_sales_are_kept(lambda: store)
    suite.test_what_is_taken_back_is_as_before(store)
    store.reserve(KEY, ID, BAND, Wanted(4, 1, 0), holder=HOLDER, now=NOW)
    for verb in VERBS.values():
        verb(store)
    store.ban(replace(BAN, expires=int(NOW) + 1), limit=9, now=NOW)
    store.ban(replace(BAN, key=b"another"), limit=9, now=NOW + 5)


def test_a_wrong_password_is_refused_and_told_to_nobody(
    own: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    own.client().execute_command(*ACL)
    right, wrong = URI.format(port=own.port), URI.format(port=own.port).replace("%40x", "%40y")
    shown = []
    with caplog.at_level(logging.DEBUG):
        for uri in (
            wrong,
            wrong.replace("gate", "nobody"),
            right.replace("127.0.0.1", "no.invalid"),
        ):
            try:
                store = from_uri(uri, folder=Path(), max_bytes=1)
                shown.append(repr(vars(store)))
                store.ping()
            except ChallengeError as error:
                shown += [str(error), repr(error), error.detail, repr(error.__cause__)]
    shown.append(caplog.text)
    assert len(shown) > 8
    for secret in ("pass/word", "pass%2Fword", "word@y", "word%40"):
        assert secret not in "".join(shown)


@pytest.mark.parametrize(
    "reply",
    [b"-ERR unknown command `AUTH`, with args beginning with: `gate`, `hunter2`\r\n",
     b"-WRONGPASS hunter2 is no password\r\n", b"-LOADING hunter2\r\n", b"hunter2\r\n"],
)  # fmt: skip
def test_a_server_that_repeats_the_password_is_not_repeated(
    redis_server: RedisServer, reply: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with proxy_to(redis_server.port) as proxy:
        proxy.fate = lambda words: reply
        address = Address("127.0.0.1", proxy.port, username="gate", password="hunter2")
        shown = repr(address) + str(address)
        try:
            RedisStore(address).ping()
        except ChallengeError as error:
            shown += f"{error} {error.detail} {error!r} {error.__cause__!r}"
    assert "hunter2" not in shown + caplog.text


def certify(folder: Path, name: str) -> Path:
    """A file with a key, and a certificate that a host of this name has given itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    names: list[x509.GeneralName] = [x509.DNSName(name)]
    if name == "127.0.0.1":
        names = [x509.IPAddress(ip_address(name))]
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    file = folder / f"{name}.pem"
    file.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
        + certificate.public_bytes(pem)
    )
    return file


@pytest.mark.parametrize("case", ["its name", "another's name", "nobody we know", "no TLS"])
def test_a_server_that_speaks_tls_has_to_be_who_it_says(
    redis_server: RedisServer, tmp_path: Path, case: str
) -> None:
    own, other = certify(tmp_path, "127.0.0.1"), certify(tmp_path, "elsewhere.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(other if case == "another's name" else own)
    believed = {"another's name": f"?ca={other}", "nobody we know": ""}.get(case, f"?ca={own}")
    with proxy_to(redis_server.port) as proxy:
        if case != "no TLS":
            proxy.wrap = lambda client: context.wrap_socket(client, server_side=True)
        store = from_uri(f"rediss://127.0.0.1:{proxy.port}{believed}", folder=tmp_path, max_bytes=1)
        if case == "its name":
            store.ping()
        else:
            with pytest.raises(StoreUnavailable):
                store.ping()
        assert bool(proxy.seen) is (case == "its name"), "told nothing to anybody else"


@pytest.mark.parametrize(
    "uri",
    ["redis://", "redis:///0", "redis://h:port", "redis://h:99999", "redis://h/x", "redis://h/0/1",
     "redis://h?x=1", "redis://h?prefix=", "redis://h?prefix={a}", "redis://h?prefix=much-too-long",
     "redis://h?timeout_ms=5", "redis://h?timeout_ms=9999", "redis://h?prefix=a&prefix=b",
     "redis://:secret#tail@h/0", "redis://:sec/ret@h/0", "redis://h?ca=/etc/hosts",
     "rediss://h?ca=/no/such/file", "redis+sentinel://h", "redis+sentinel://h/name/x", "redis://h,i",
     "redis+sentinel://:s@h:x,i/name", "redis://h?sentinel_password=x", "redis+cluster://h/0",
     "redis+cluster://h,", "redis+cluster:///", "valkey://h",
     "redis+unix:///tmp/x"],
)  # fmt: skip
def test_a_uri_that_names_no_server(uri: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refusal:
        from_uri(uri, folder=tmp_path, max_bytes=1)
    assert "sec" not in str(refusal.value) + repr(refusal.value.__cause__ or "").replace(
        "second", ""
    )


def test_without_the_driver_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("challenge.stores.redis")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(ConfigError, match=r"tallygate\[redis\]"):
        from_uri("redis://127.0.0.1", folder=Path(), max_bytes=1)


# -- epochs


def forget(server: RedisServer) -> None:
    server.client().flushall()


def fail_over(server: RedisServer) -> None:
    """Another history of writes goes on under the same address."""
    client = server.client()
    client.replicaof("127.0.0.1", free_port())
    client.replicaof("NO", "ONE")
    # As a sentinel does when it has made another the master.
    client.client_kill_filter(_type="normal", skipme=True)


LOSSES = {"restart": RedisServer.restart, "flush": forget, "failover": fail_over}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with serve_redis("redis", tmp_path) as server, closing(store_on(server)) as store:
        world = World(store)
        world.server = server  # type: ignore[attr-defined]
        yield world


def code_of(call: Callable[[], Any]) -> str:
    try:
        call()
    except ChallengeError as error:
        return error.code
    return "fine"


@pytest.mark.parametrize("loss", LOSSES)
def test_what_names_an_epoch_with_lost_rows_is_asked_for_again(world: World, loss: str) -> None:
    token, spent, unspent = world.buy(), body_of(world.ask()), body_of(world.ask())
    world.admit(token, "ada")
    world.redeem(spent)
    before = world.store.epoch
    LOSSES[loss](world.server)  # type: ignore[attr-defined]
    # Who meets the loss is told that the store is away; who comes again is told what it is.
    codes = [code_of(lambda: world.redeem(spent + b" ")) for _ in range(3)]
    assert codes[-1] == OLD_EPOCH
    assert set(codes) <= {OLD_EPOCH, "store_unavailable"}
    assert world.store.epoch != before
    assert code_of(lambda: world.redeem(unspent)) == OLD_EPOCH
    assert code_of(lambda: world.admit(token, "ada")) == OLD_EPOCH
    world.clock.now += 31
    again = world.buy()
    assert world.opens(again, *range(30)) == 20


@pytest.mark.parametrize("loss", LOSSES)
def test_control_with_one_epoch_for_ever_a_challenge_is_spent_twice(
    world: World, loss: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spent = body_of(world.ask())
    world.redeem(spent)
    epoch = world.store.epoch
    monkeypatch.setattr(RedisStore, "epoch", property(lambda self: epoch))
    monkeypatch.setattr(RedisStore, "_epoch_told", lambda self: "")
    monkeypatch.setattr(redis_store.scripts, "SPEND", Unguarded(redis_store.scripts.SPEND))
    LOSSES[loss](world.server)  # type: ignore[attr-defined]
    world.clock.now += 31
    codes = [code_of(lambda: world.redeem(spent + b" ")) for _ in range(3)]
    # A failover loses what had not been copied; this one had lost nothing.
    assert ("fine" in codes) is (loss != "failover")


class Unguarded:
    """The script, whose caller is told no epoch."""

    def __init__(self, script: Any) -> None:
        self._script = script

    def run_with(self, lease: Any, keys: Any, arguments: Any, *more: Any) -> Any:
        return [self._script.run(lease, keys, *arguments), b""]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("then", ["meets it", "after another has met it"])
def test_a_loss_between_check_and_spend_grants_nothing(
    world: World, loss: str, then: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spent = body_of(world.ask())
    world.redeem(spent)
    buyer = Seller._buyer

    def interrupted(seller: Seller, *asked: Any) -> Any:
        """Comes when the epoch has been compared."""
        monkeypatch.setattr(Seller, "_buyer", buyer)
        LOSSES[loss](world.server)  # type: ignore[attr-defined]
        if then != "meets it":
            run_in_thread(lambda: [code_of(world.store.ping) for _ in range(2)])
            run_in_thread(lambda: world.store._pool.drop())
            run_in_thread(lambda: code_of(world.store.ping))
        return buyer(seller, *asked)

    monkeypatch.setattr(Seller, "_buyer", interrupted)
    assert code_of(lambda: world.redeem(spent + b" ")) == "store_unavailable"
    assert code_of(lambda: world.redeem(spent + b" ")) == OLD_EPOCH


def run_in_thread(call: Callable[[], Any]) -> None:
    thread = threading.Thread(target=call)
    thread.start()
    thread.join()


def test_a_loss_between_check_and_charge_opens_nothing(own: RedisServer) -> None:
    """What is there after a failover may be a record as it was before its last charges."""
    store = store_on(own)
    store.open(KEY, visitor(left=1))
    assert store.epoch
    fail_over(own)
    with pytest.raises(StoreUnavailable):
        store.charge(KEY, view(1), now=NOW)
    assert store.epoch
    assert store.charge(KEY, view(1), now=NOW).charge is Charge.CHARGED


def test_a_restart_in_good_order_is_a_new_epoch_for_all_workers(own: RedisServer) -> None:
    one, other = store_on(own), store_on(own)
    assert one.epoch == other.epoch
    before = one.epoch
    own.restart()
    for store in (one, other):
        code_of(store.ping)
        store.ping()
    assert one.epoch == other.epoch != before


def test_workers_that_knew_another_days_key_learn_the_new_one(world: World) -> None:
    """After a loss all workers know visitors by one key again."""
    other = World(store_on(world.server))  # type: ignore[attr-defined]
    first = world.buy()
    assert other.opens(first, 1) == 1
    forget(world.server)  # type: ignore[attr-defined]
    for each in (world, other):
        for _ in range(2):
            code_of(lambda each=each: each.redeem(body_of(each.ask())))
    fresh = World(store_on(world.server))  # type: ignore[attr-defined]
    for each in (world, other, fresh):
        each.clock.now += 31
    token = fresh.buy()
    assert [each.opens(token, 1) for each in (world, other, fresh)] == [1, 1, 1]


# -- processes, threads, greenlets


def test_a_connection_does_not_cross_a_fork(own: RedisServer) -> None:
    store = store_on(own)
    store.open(KEY, visitor())
    before = list(store._pool._idle)
    assert before
    child = os.fork()
    if child == 0:
        try:
            fine = not store._pool._idle
            charged = store.charge(KEY, view(1), now=NOW)
            fine = fine and charged.charge is Charge.CHARGED and before[0] not in store._pool._idle
            store.close()
            os._exit(0 if fine else 1)
        except BaseException:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert store._pool._idle == before
    assert store.charge(KEY, view(1), now=NOW).charge is Charge.REVISIT


def test_a_fork_in_the_middle_of_a_call_gives_its_connection_to_nobody(own: RedisServer) -> None:
    store = store_on(own)
    store.open(KEY, visitor())
    with store._pool.lease() as lease:
        child = os.fork()
        if child == 0:
            try:
                lease.__exit__(None, None, None)
                os._exit(1 if store._pool._idle else 0)
            except BaseException:
                os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert lease.call("PING") == b"PONG"


GREENLETS = """
import gevent.monkey
gevent.monkey.patch_all()
import random, sys
import gevent
from challenge.errors import StoreUnavailable
from challenge.stores.redis import RedisStore
from challenge.stores.redis_uri import Address
from tests.stores.conformance import NOW, digest, visitor

store = RedisStore(Address("127.0.0.1", int(sys.argv[1]), prefix="g", timeout=1))
keys = [digest(number) * 2 for number in range(20)]
for at, key in enumerate(keys):
    store.open(key, visitor(left=at + 1))
right = wrong = cancelled = 0

def call(seed):
    global right, wrong, cancelled
    dice = random.Random(seed)
    for _ in range(30):
        at = dice.randrange(20)
        try:
            with gevent.Timeout(dice.uniform(0.0005, 0.02)):
                record = store.read(keys[at], now=NOW)
        except (gevent.Timeout, StoreUnavailable):
            cancelled += 1
            continue
        if record is not None and record.left == at + 1:
            right += 1
        else:
            wrong += 1

gevent.joinall([gevent.spawn(call, seed) for seed in range(100)], raise_error=True)
print(right, wrong, cancelled)
"""


def test_greenlets_that_are_cancelled_leave_no_reply_to_others(own: RedisServer) -> None:
    told = subprocess.run(
        [sys.executable, "-c", GREENLETS, str(own.port)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    right, wrong, cancelled = map(int, told.stdout.split())
    assert wrong == 0
    assert right > 100
    assert cancelled > 100


# -- as a site


def test_a_site_whose_server_is_silent_denies_as_it_promises(
    make_app: Callable[..., Any], redis_server: RedisServer
) -> None:
    """Asks go on; redeeming and pages say 503 and when to come again; health is degraded."""
    with proxy_to(redis_server.port) as proxy:
        prefix = next(PREFIXES)
        app = make_app(store_uri=f"redis://127.0.0.1:{proxy.port}?prefix={prefix}&timeout_ms=100")
        client = app.test_client()
        buy(client)
        assert client.get("/people/ada").status_code == 200
        body = redemption(client.post(ASK, json={}).get_json())
        proxy.fate = lambda words: swallow
        for _ in range(8):
            asked = app.test_client().post(ASK, json={})
            redeemed = client.post(REDEEM, data=body, content_type="application/json")
            page = client.get("/people/ada")
            assert (asked.status_code, redeemed.status_code, page.status_code) == (201, 503, 503)
            assert int(redeemed.headers["Retry-After"]) > 0
            assert int(page.headers["Retry-After"]) > 0
            assert json.loads(redeemed.data)["code"] == "store_unavailable"
        assert app.test_client().get("/people/ada").status_code == 403
        assert client.get("/challenge/healthz").status_code == 503
