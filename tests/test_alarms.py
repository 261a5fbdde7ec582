"""Alarms: who takes much more than usual is told of once an hour, and nobody is refused for it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from flask import Flask, request

from challenge.core import baselines
from challenge.core.baselines import Alarm
from challenge.core.classes import Shared
from challenge.core.models import Client
from challenge.flask import signals
from challenge.stores.memory import MemoryStore
from challenge.tally import alarms
from challenge.tally.alarms import LEAST_ACCOUNT, LEAST_NETWORK, Alarms

from .solving import buy
from .test_tally import HOME, START, World

HOUR = 3600


class Bell:
    """Alarms, and what they told."""

    def __init__(self) -> None:
        self.rung: list[Alarm] = []
        self.alarms = Alarms(b"key", self.rung.append)
        self.now = START // HOUR * HOUR

    def sells(self, client: Client, units: int, *, by: int = 5) -> list[Alarm]:
        """The alarms that go off as a client buys so many units, five at a time."""
        before = len(self.rung)
        for _ in range(units // by):
            self.alarms.sold(client, by, self.now)
        return self.rung[before:]


@pytest.fixture
def bell() -> Bell:
    return Bell()


def at(host: int, account: str = "") -> Client:
    return Client(ip_address("192.0.2.0") + host, account)


def test_a_network_that_takes_much_rings_once_an_hour(bell: Bell) -> None:
    assert bell.sells(at(1), LEAST_NETWORK) == []
    assert bell.sells(at(1), 300) == [Alarm("network", LEAST_NETWORK + 5, LEAST_NETWORK)]
    bell.now += HOUR
    assert bell.sells(at(2), 300) == [], "400 are usual now, as far as is known"


def test_three_times_its_own_baseline(bell: Bell) -> None:
    for _ in range(10):
        bell.sells(at(1), 200)
        for other in range(2, 30):
            bell.sells(at(other), 10)
        bell.now += HOUR
    # The others bought 10 each, so that one network like the first is no rule.
    assert bell.sells(at(1), 600) == []
    assert bell.sells(at(1), 5) == [Alarm("network", 605, 600)]
    assert bell.sells(at(30), 105) == [Alarm("network", 105, LEAST_NETWORK)]


def test_three_times_the_sites(bell: Bell) -> None:
    for hour in range(5):
        for other in range(20):
            bell.sells(at(20 * hour + other), 80)
        bell.now += HOUR
    assert bell.sells(at(200), 240) == []
    assert bell.sells(at(200), 5) == [Alarm("network", 245, 240)]


def test_control_without_the_factor_it_rings_too_soon(
    bell: Bell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(baselines, "FACTOR", 1)
    for other in range(20):
        bell.sells(at(other), 110)
    bell.now += HOUR
    assert bell.sells(at(200), 240) != []


def test_readers_ring_nothing(bell: Bell) -> None:
    for _ in range(48):
        for reader in range(50):
            bell.sells(at(reader), 35)
        bell.now += HOUR
    assert bell.rung == []


def test_an_account_rings_wherever_it_buys(bell: Bell) -> None:
    told = [alarm for host in range(4) for alarm in bell.sells(at(host, "ada"), 10)]
    assert told == [Alarm("account", LEAST_ACCOUNT + 5, LEAST_ACCOUNT)]
    assert bell.sells(at(9, "eve"), 10) == []


def test_a_shared_network_may_take_as_many_times_more() -> None:
    rung: list[Alarm] = []
    world = World(
        MemoryStore(),
        ring=rung.append,
        shared_networks=(Shared(ip_network("198.51.100.0/24"), 4),),
    )
    campus = [Client(ip_address(f"198.51.100.{host}")) for host in range(1, 21)]
    for client in campus:
        world.buy(client=client)
    assert rung == []
    world.buy(client=campus[0])
    assert rung == [Alarm("network", 420, 400)]


def test_what_a_moved_reader_takes_counts_where_it_reads() -> None:
    rung: list[Alarm] = []
    world = World(MemoryStore(), ring=rung.append)
    for host in range(1, 60):
        clearance = world.buy(client=at(host))
        world.opens(clearance, *range(20), client=at(200))
    assert {alarm.who for alarm in rung} == {"network"}
    assert len(rung) == 1


def test_memory_is_bounded(bell: Bell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarms, "BUYERS_MAX", 100)
    for number in range(1_000):
        bell.alarms.sold(Client(ip_address(0x0A000000 + number), f"user {number}"), 5, bell.now)
    assert len(bell.alarms._networks._own) == len(bell.alarms._accounts._own) == 100


def test_the_log_names_nobody(bell: Bell, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="challenge"):
        bell.sells(at(7, "ada@example.org"), 300)
    assert [record.getMessage() for record in caplog.records] == [
        "alarm: one account has bought 35 units this hour; 30 would be much",
        "alarm: one network has bought 105 units this hour; 100 would be much",
    ]


def test_a_receiver_that_fails_stops_no_sale(caplog: pytest.LogCaptureFixture) -> None:
    def fails(_: Alarm) -> None:
        raise ZeroDivisionError

    world = World(MemoryStore(), ring=fails)
    for _ in range(10):
        assert world.opens(world.buy(), "one") == 1
    assert "a receiver of alarms failed" in caplog.text


def test_a_site_hears_of_it(make_app: Callable[..., Flask]) -> None:
    heard: list[tuple[str, Any, str | None]] = []

    def hear(sender: Flask, alarm: Alarm) -> None:
        heard.append((alarm.who, sender.name, request.remote_addr))

    app = make_app()
    with signals.alarm_raised.connected_to(hear, sender=app):
        for _ in range(6):
            buy(app.test_client())
    assert heard == [("network", app.name, "127.0.0.1")]


def test_home_is_at_rest() -> None:
    """The control of the whole: what one reader buys in an hour rings nothing."""
    rung: list[Alarm] = []
    world = World(MemoryStore(), ring=rung.append)
    clearance = world.buy()
    world.opens(clearance, *range(15))
    world.buy(client=HOME)
    assert rung == []
