"""Bans: enforced before anything costs, bounded, hashed at rest, and the allow-list wins."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import ScriptInfo
from flask.testing import FlaskClient

from challenge.cli import challenge
from challenge.errors import Banned, ConfigError, StoreUnavailable
from challenge.flask.client import EXTENSION
from challenge.stores import Store
from challenge.stores.sqlite import SQLiteStore
from challenge.tally.bans import BANS_MAX, REFRESH_SECONDS

from .solving import ASK, REDEEM, buy, redemption
from .test_tally import World

ADA = ip_address("192.0.2.7")
V6 = ip_address("2001:db8:1:2::7")


@pytest.fixture(params=["memory", "sqlite", "redis"])
def world(request: pytest.FixtureRequest, open_store: Callable[[str], Store]) -> World:
    return World(open_store(request.param), allowed_networks=(ip_network("198.51.100.0/24"),))


def ban(world: World, network: str, hours: float = 1) -> None:
    world.tally.bans.add(ip_network(network), reason="test", origin="operator", hours=hours)
    world.clock.now += REFRESH_SECONDS


def is_banned(world: World, address: str) -> bool:
    try:
        world.tally.bans.refuse(ip_address(address))
    except Banned:
        return True
    return False


@pytest.mark.parametrize(
    ("network", "inside", "outside"),
    [
        ("192.0.2.7/32", "192.0.2.7", "192.0.2.8"),
        ("192.0.2.0/24", "192.0.2.200", "192.0.3.1"),
        ("192.0.0.0/16", "192.0.255.1", "192.1.0.1"),
        ("2001:db8:1:2::/64", "2001:db8:1:2:ffff::", "2001:db8:1:3::"),
        ("2001:db8:1::/48", "2001:db8:1:ffff::", "2001:db8:2::"),
        ("2001:db8::/32", "2001:db8:ffff::", "2001:db9::"),
    ],
)
def test_a_ban_covers_its_network(world: World, network: str, inside: str, outside: str) -> None:
    assert not is_banned(world, inside)
    ban(world, network)
    assert is_banned(world, inside)
    assert not is_banned(world, outside)
    assert world.tally.bans.lift(ip_network(network))
    world.clock.now += REFRESH_SECONDS
    assert not is_banned(world, inside)
    assert not world.tally.bans.lift(ip_network(network))


def test_a_ban_ends_to_the_second(world: World) -> None:
    ban(world, "192.0.2.7/32", hours=1)
    world.clock.now += 3600 - REFRESH_SECONDS - 0.5
    assert is_banned(world, "192.0.2.7")
    world.clock.now += 0.5
    assert not is_banned(world, "192.0.2.7"), "also before the copy is read again"
    assert world.tally.bans.all() == []


@pytest.mark.parametrize(
    ("network", "hours", "code"),
    [
        ("0.0.0.0/0", 1, "ban_width"),
        ("192.0.0.0/15", 1, "ban_width"),
        ("2001:db8::/31", 1, "ban_width"),
        ("2001:db8::1/128", 1, "ban_width"),
        ("192.0.2.0/24", 0, "ban_length"),
        ("192.0.2.0/24", 721, "ban_length"),
        ("198.51.100.5/32", 1, "ban_allowed"),
        ("198.51.0.0/16", 1, "ban_allowed"),
    ],
)
def test_what_is_no_ban(world: World, network: str, hours: float, code: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        ban(world, network, hours)
    assert refusal.value.code == code


def test_an_allowed_network_wins_over_a_ban_made_before(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "store.db")
    before = World(store)
    ban(before, "192.0.2.0/24")
    assert is_banned(before, "192.0.2.7")
    after = World(store, allowed_networks=(ip_network("192.0.2.4/30"),))
    assert not is_banned(after, "192.0.2.7")
    assert is_banned(after, "192.0.2.9")
    store.close()


def test_the_list_is_bounded(world: World) -> None:
    store = world.store
    world.tally.bans.add(ip_network("192.0.2.7/32"), reason="", origin="operator", hours=1)
    [kept] = world.tally.bans.all()
    with pytest.raises(StoreUnavailable) as refusal:
        store.ban(type(kept)(b"x" * 16, 4, 32, "all", "", "", 0, 2**40), limit=1, now=0)
    assert refusal.value.code == "bans_full"
    store.ban(kept, limit=1, now=0)
    assert BANS_MAX == 10_000


def test_the_last_copy_is_obeyed_while_the_store_is_gone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ban(world, "192.0.2.7/32")
    assert is_banned(world, "192.0.2.7")

    def fail(**_: object) -> None:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(world.store, "bans", fail)
    world.clock.now += 100
    assert is_banned(world, "192.0.2.7")
    assert not is_banned(world, "192.0.2.8")


def test_networks_are_hashed_at_rest(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    world = World(SQLiteStore(tmp_path / "store.db"))
    with caplog.at_level(logging.DEBUG, "challenge"):
        ban(world, "192.0.2.7/32")
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"operator" in kept, "this test looks at the right bytes"
    assert b"192.0.2" not in kept
    assert ADA.packed not in kept
    assert "192.0.2" not in caplog.text


# -- at the gate


@pytest.fixture
def client(make_app: Callable[..., Flask]) -> FlaskClient:
    return make_app(contact="https://people.example/help").test_client()


def test_nothing_is_done_for_a_banned_network(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    buy(client)
    offer = client.post(ASK, json={}).get_json()
    assert client.get("/people/ada").status_code == 200
    tally = client.application.extensions[EXTENSION]
    tally.bans.add(ip_network("127.0.0.1/32"), reason="test", origin="operator", hours=1)
    tally.bans._copy = type(tally.bans._copy)(float("-inf"), {})
    for verb in ("charge", "spend", "reserve", "read"):
        monkeypatch.setattr(tally.store, verb, None, raising=False)
    page = client.get("/people/ada", headers={"Accept": "text/html"})
    calls = [
        client.post(ASK, json={}),
        client.post(REDEEM, data=redemption(offer), content_type="application/json"),
        client.get("/people/ada", headers={"Accept": "application/json"}),
    ]
    assert [json.loads(call.data)["code"] for call in calls] == ["banned"] * 3
    assert {call.status_code for call in calls} == {403}
    waiting = client.get("/challenge/v1/wait?to=/people/ada")
    assert waiting.status_code == page.status_code == 403
    assert waiting.text == page.text
    assert "Not from this network" in page.text
    assert "https://people.example/help" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert "secret" not in page.text


def test_the_command(client: FlaskClient) -> None:
    def run(*arguments: str) -> str:
        app = ScriptInfo(create_app=lambda: client.application)
        return CliRunner().invoke(challenge, ["bans", *arguments], obj=app).output

    assert "No bans." in run("list")
    assert "is kept out until" in run("add", "192.0.2.0/24", "--reason", "took everything")
    shown = run("list")
    assert "took everything" in shown
    assert "IPv4 /24" in shown
    assert "192.0.2" not in shown
    assert "is let in again" in run("lift", "192.0.2.0/24")
    assert "is not banned" in run("lift", "192.0.2.0/24")
    assert "ban_width" in run("add", "10.0.0.0/8", "--reason", "x")
    assert "Error" in run("add", "nonsense", "--reason", "x")
