"""What is demanded of a server, who may use it, and what is never told."""

from __future__ import annotations

import logging
import os
import ssl
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from challenge.core.bands import Wanted
from challenge.core.models import Charge
from challenge.errors import ChallengeError, ConfigError, StoreUnavailable
from challenge.stores import from_uri, redis_served
from challenge.stores.redis import RedisStore
from challenge.stores.redis_uri import Address

from ..redis_proxy import proxy_to
from ..redis_servers import KINDS, RedisServer, free_port, serve_redis
from .conformance import (
    BAND,
    BODY,
    HOLDER,
    ID,
    KEY,
    NOW,
    StoreConformance,
    charge,
    spend,
    view,
    visitor,
)
from .redis_stores import ACL, URI, store_on
from .test_redis_faults import BAN, VERBS


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
    for call in (lambda: spend(store, ID, BODY), store.ping):
        with pytest.raises(StoreUnavailable) as refusal:
            call()
        assert refusal.value.code == "store_full"
    for number in range(100):
        assert charge(store, KEY, view(number)).charge is Charge.CHARGED
    client.config_set("maxmemory", 0)
    assert spend(store, ID, BODY).state == "won"


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
            for _ in range(3):
                store.ping()
            # The start's, and one that all three have had.
            assert proxy.connections == 2
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
