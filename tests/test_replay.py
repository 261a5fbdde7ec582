"""R06, R08, R09 and R10 of the threat list: nothing is had twice, and nothing for nothing.

R01, R03, R04 and R07 are in test_races.py, R05 is in test_kill.py.
"""

from __future__ import annotations

import itertools
import json
import multiprocessing
import os
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask, Response, abort, redirect, request
from flask.testing import FlaskClient

from challenge import Gate
from challenge.core.visitors import PREVIOUS_GRACE
from challenge.errors import Expired, Spent
from challenge.flask import checking
from challenge.jose import LEEWAY
from challenge.stores.sqlite import SQLiteStore

from .serving import Server, serve
from .solving import ASK, REDEEM, redemption
from .stores.conformance import BODY, digest, purchase, visitor
from .stores.test_stores import END
from .test_selling import at
from .test_tally import World, body_of, world

__all__ = ["world"]

JSON = {"Content-Type": "application/json"}


# -- R06: a spent mark outlives its challenge


def grants_after(world: World, wait: float) -> int:
    """Redeem a challenge after `wait` seconds, then try another body at every half second.

    Everything that has ended is swept each time, as other visitors' sales would.
    """
    body = body_of(world.ask())
    world.clock.now += wait
    world.redeem(body)
    granted = 1
    for number in range(2 * 300):
        world.clock.now += 0.5
        world.store._swept = 0
        world.store.spend(
            os.urandom(16), BODY, b"", epoch=world.store.epoch, now=world.clock.now, expires=0
        )
        try:
            world.redeem(body + b" " * (1 + number % 3), at(number))
            granted += 1
        except (Spent, Expired):
            pass
    return granted


@pytest.mark.parametrize("wait", [0, 119, 120 + LEEWAY - 1])
def test_r06_no_moment_between_a_challenges_end_and_its_spent_marks(
    world: World, wait: float
) -> None:
    assert grants_after(world, wait) == 1


@pytest.mark.parametrize("margin", [-1, -LEEWAY])
def test_r06_control_a_mark_that_ends_with_its_challenge(
    world: World, monkeypatch: pytest.MonkeyPatch, margin: int
) -> None:
    monkeypatch.setattr("challenge.tally.spending.SPENT_MARGIN", margin)
    assert grants_after(world, 0) > 1


# -- R08: sweeping while a row is lengthened

SWEEPERS, RENEWERS, RECORDS = 2, 2, 24
LATER = END + 1800


class Hasty(SQLiteStore):
    """The negative control: looks which rows have ended, and deletes those in another step."""

    def _sweep_all(self, now: float) -> None:
        with self._file.connection() as connection:
            query = "SELECT id FROM visitors WHERE expires <= ?"
            ended = connection.execute(query, (now,)).fetchall()
        time.sleep(0.002)
        with self._file.transaction() as connection:
            connection.executemany("DELETE FROM visitors WHERE id = ?", ended)


def sweep(kind: type[SQLiteStore], path: Path, rounds: int, barrier: Any, results: Any) -> None:
    """Sweep at the second at which the records end."""
    store = kind(path)
    for round_ in range(rounds):
        barrier.wait(60)
        # Now and then the others have a start, so that each side wins some on any machine.
        time.sleep(round_ % 4 * 0.002)
        for _ in range(4):
            store._swept = 0
            store.read(b"", now=END)
        barrier.wait(60)
    results.put([])


def renew(part: int, path: Path, rounds: int, barrier: Any, results: Any) -> None:
    """Lengthen records one second before they end: which of them were."""
    store = SQLiteStore(path)
    renewed = []
    for round_ in range(rounds):
        keys = [key_of(round_, number) for number in range(part, RECORDS, RENEWERS)]
        for key in keys:
            store.open(key, visitor(expires=END))
        barrier.wait(60)
        sale = purchase(number=1, expires=LATER)
        renewed += [key for key in keys if store.top_up(key, sale, now=END - 1)]
        barrier.wait(60)
    results.put(renewed)


def key_of(round_: int, number: int) -> bytes:
    return digest(round_) + digest(number)


def swept_while_renewed(kind: type[SQLiteStore], path: Path, rounds: int) -> tuple[int, int]:
    """How many records were renewed, and how many of those are gone."""
    SQLiteStore(path).close()
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(SWEEPERS + RENEWERS), context.Queue()
    rest = (path, rounds, barrier, results)
    processes = [context.Process(target=sweep, args=(kind, *rest)) for _ in range(SWEEPERS)]
    processes += [context.Process(target=renew, args=(at, *rest)) for at in range(RENEWERS)]
    for process in processes:
        process.start()
    renewed = [key for _ in processes for key in results.get(timeout=200)]
    for process in processes:
        process.join(30)
    store = SQLiteStore(path)
    lost = [key for key in renewed if store.read(key, now=END) is None]
    store.close()
    return len(renewed), len(lost)


def test_r08_sweeping_deletes_no_row_that_was_just_renewed(tmp_path: Path, rounds: int) -> None:
    # On a busy machine one side may come first each time, which shows nothing.
    for more in range(1, 6):
        renewed, lost = swept_while_renewed(SQLiteStore, tmp_path / f"{more}.db", 3 * rounds)
        assert lost == 0
        if 0 < renewed < 3 * rounds * RECORDS:
            return
    pytest.fail("both have to have their turns")


def test_r08_control_a_sweeper_that_looks_first(tmp_path: Path) -> None:
    tries = (swept_while_renewed(Hasty, tmp_path / f"{n}.db", 10) for n in range(10))
    assert any(0 < lost <= renewed for renewed, lost in tries)


# -- R10: every way to ask is counted, or shows nothing

SECRET = "q7Yv2nLr9Xw4Tb8Kd1Mz6Pc3Fh5Js0Ga"
PAGE = f"the secret of somebody is {SECRET}".encode()
#: what a sale buys; more than a test opens
UNITS = 200
#: views by what they answer with
KINDS = ("page", "moved", "missing", "gone", "fails", "busy", "streamed", "not-modified")
ASKS: dict[str, tuple[str, dict[str, str]]] = {
    "GET": ("GET", {}),
    "HEAD": ("HEAD", {}),
    "a range": ("GET", {"Range": "bytes=0-60"}),
    "the last bytes": ("GET", {"Range": "bytes=-32"}),
    "HEAD of a range": ("HEAD", {"Range": "bytes=-32"}),
    "a range that is not there": ("GET", {"Range": "bytes=900-"}),
    "two ranges": ("GET", {"Range": "bytes=0-9,20-60"}),
    "If-Range": ("GET", {"Range": "bytes=-32", "If-Range": f'"{SECRET}"'}),
    "If-None-Match": ("GET", {"If-None-Match": f'"{SECRET}"'}),
    "If-None-Match any": ("GET", {"If-None-Match": "*"}),
    "If-Modified-Since": ("GET", {"If-Modified-Since": "Mon, 23 Nov 2026 00:00:00 GMT"}),
    "If-Match": ("GET", {"If-Match": '"another"'}),
    "POST": ("POST", {}),
    "OPTIONS": ("OPTIONS", {}),
    "prefetch": ("GET", {"Sec-Purpose": "prefetch"}),
    "HEAD prefetch": ("HEAD", {"Sec-Purpose": "prefetch;prerender"}),
}


def answer(kind: str) -> Any:
    """What a view of each kind returns; all but the errors have data to lose."""
    if kind == "moved":
        return redirect(f"/elsewhere/{SECRET}")
    if kind == "not-modified":
        return Response(status=304, headers={"ETag": f'"{SECRET}"'})
    if kind in ("missing", "gone", "busy"):
        abort({"missing": 404, "gone": 410, "busy": 503}[kind])
    if kind == "fails":
        raise RuntimeError(f"a fault over {SECRET}")
    if kind == "streamed":
        return Response(iter([PAGE[:20], PAGE[20:]]))
    response = Response(PAGE)
    response.set_etag(SECRET)
    return response.make_conditional(request, accept_ranges=True, complete_length=len(PAGE))


def create_app() -> Flask:
    """An app whose views answer in every way; GATELESS=1 leaves the gate away."""
    app = Flask("tests.replay")
    app.config.update(CHALLENGE_PRICE_MS=0, CHALLENGE_BUDGET=UNITS, CHALLENGE_RAMP=[UNITS])
    app.config.update(CHALLENGE_BAND_BURST=1_000_000, PROPAGATE_EXCEPTIONS=False)
    # The faults of the views are wanted; a traceback in the log of a server is not.
    app.logger.disabled = True
    gate, clicks = Gate(app), itertools.count()

    @app.route("/kinds/<kind>/<handle>", methods=["GET", "POST"])
    @gate.protect("handle")
    def view(kind: str, handle: str) -> Any:
        return answer(kind)

    @app.get("/slow/<handle>")
    @gate.protect("handle")
    def slow(handle: str) -> str:
        time.sleep(0.01)
        return SECRET

    # The control of the double click: here each request is a profile of its own.
    @app.get("/each/<handle>")
    @gate.protect(lambda handle: f"{handle} {os.getpid()} {next(clicks)}")
    def each(handle: str) -> str:
        return SECRET

    # The control of all: the same answers, and no gate.
    @app.route("/open/<kind>/<handle>", methods=["GET", "POST"])
    def open_view(kind: str, handle: str) -> Any:
        return answer(kind)

    return app


@dataclass(frozen=True)
class Answer:
    """A status, and all that came with it."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def shows(self) -> bool:
        """Whether any of the secret is in it, be it a piece."""
        text = " ".join([self.body.decode(), *self.headers.values()])
        return any(SECRET[at : at + 6] in text for at in range(len(SECRET) - 5))

    @property
    def tells(self) -> bool:
        """Whether it tells anything of the page: also its length, its version, or its place."""
        about = {"etag", "last-modified", "location", "content-range", "accept-ranges"}
        length = self.headers.get("content-length")
        return self.shows or bool(about & self.headers.keys()) or length == str(len(PAGE))


Call = Callable[[str, str, dict[str, str], bytes], Answer]


def through_the_client(client: FlaskClient) -> Call:
    def call(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Answer:
        got = client.open(path, method=method, headers=headers, data=body or None)
        return Answer(got.status_code, {k.lower(): v for k, v in got.headers}, got.data)

    return call


def through_a_socket(server: Server) -> Call:
    """Every byte that comes counts, also those that a HEAD must not have."""

    def call(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Answer:
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{server.port}"]
        lines += ["Connection: close", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
            connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)
            response = HTTPResponse(connection, method="GET" if method == "HEAD" else method)
            response.begin()
            # Read past what the headers promise: to the end of the connection.
            rest = response.fp.read() if response.fp is not None else b""
            got = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, got, rest)

    return call


@pytest.fixture(scope="module", params=["client", "server"])
def call(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Call]:
    """A way to call the app: the test client, or a real server."""
    tmp_path = tmp_path_factory.mktemp("replay")
    if request.param == "server":
        with serve("tests.test_replay:create_app()", tmp_path, workers=2) as server:
            yield through_a_socket(server)
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHALLENGE_KEYS_PATH", str(tmp_path / "keys.json"))
        patch.setenv("CHALLENGE_STORE_URI", f"sqlite:///{tmp_path / 'challenge.db'}")
        app = create_app()
    yield through_the_client(app.test_client(use_cookies=False))
    app.extensions["challenge"].store.close()


def cookie_of(call: Call) -> dict[str, str]:
    """Buy a clearance."""
    offer = json.loads(call("POST", ASK, JSON, b"{}").body)
    sale = call("POST", REDEEM, JSON, redemption(offer))
    assert sale.status == 201
    return {"Cookie": f"challenge-main={json.loads(sale.body)['token']}"}


def left(call: Call, cookie: dict[str, str]) -> int:
    remaining: int = json.loads(call("GET", "/challenge/v1/clearance", cookie, b"").body)[
        "remaining"
    ]
    return remaining


def free_data(call: Call, path: str = "/kinds") -> set[tuple[str, str]]:
    """Ways to ask that tell something and are not counted, at whatever number of tries."""
    found, cookie = set(), cookie_of(call)
    for kind, (name, (method, headers)) in itertools.product(KINDS, ASKS.items()):
        url = f"{path}/{kind}/{kind}-{name.replace(' ', '-')}"
        before = left(call, cookie)
        answers = [call(method, url, headers | cookie, b"") for _ in range(3)]
        counted = before - left(call, cookie)
        assert counted in (0, 1), "one profile is one unit, however it is asked for"
        if not counted and any(a.tells for a in answers):
            found.add((kind, name))
    return found


def test_r10_without_a_clearance_nothing_is_told(call: Call) -> None:
    for kind, (name, (method, headers)) in itertools.product(KINDS, ASKS.items()):
        got = call(method, f"/kinds/{kind}/ada", headers, b"")
        assert not got.tells
        refused = 503 if "prefetch" in name else 403
        assert got.status == (200 if method == "OPTIONS" else refused)
        assert method != "HEAD" or got.body == b""


def test_r10_every_way_to_ask_is_counted_or_tells_nothing(call: Call) -> None:
    assert free_data(call) == set()


@pytest.mark.parametrize("kind", KINDS)
def test_r10_what_each_costs(call: Call, kind: str) -> None:
    refunded = kind in ("missing", "fails", "busy")
    for name, (method, headers) in ASKS.items():
        cookie = cookie_of(call)
        got = call(method, f"/kinds/{kind}/ada", headers | cookie, b"")
        free = refunded or "prefetch" in name or method == "OPTIONS"
        assert left(call, cookie) == UNITS - (not free), name
        assert not (free and got.tells), name


def test_r10_control_the_open_views_tell(call: Call) -> None:
    told = {kind for kind, name in free_data(call, "/open")}
    assert told == {"page", "moved", "streamed", "not-modified"}


@pytest.fixture
def client_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Call]:
    monkeypatch.setenv("CHALLENGE_KEYS_PATH", str(tmp_path / "keys.json"))
    monkeypatch.setenv("CHALLENGE_STORE_URI", "memory://")
    yield through_the_client(create_app().test_client(use_cookies=False))


def test_r10_control_a_gate_that_gives_back_too_much(
    client_call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As one that counts pages of status 200 only would.
    def finish(response: Response, admission: Any) -> Response:
        if response.status_code != 200:
            checking.current_tally().refund(admission)
        return response

    monkeypatch.setattr(checking, "_finish", finish)
    found = free_data(client_call)
    assert {("moved", "GET"), ("not-modified", "GET"), ("page", "If-None-Match")} <= found


# -- R09: one unit, however often the page is opened


def seen_as(call: Call, cookie: dict[str, str], name: str, path: str) -> Answer:
    purpose = {"Sec-Purpose": name} if name else {}
    return call("GET", path, purpose | cookie, b"")


def test_r09_a_visit_with_all_that_browsers_do_is_one_unit(call: Call) -> None:
    cookie, path = cookie_of(call), "/kinds/page/ada"
    for ahead in ("prefetch", "prefetch;prerender", "prefetch;anonymous-client-ip"):
        early = seen_as(call, cookie, ahead, path)
        assert (early.status, early.headers["cache-control"]) == (503, "no-store")
        assert not early.tells
        assert left(call, cookie) == UNITS
    for again in ("", "", "prefetch", "prefetch;prerender", ""):  # a click, the back button, ...
        assert seen_as(call, cookie, again, path).shows
        assert left(call, cookie) == UNITS - 1


def test_r09_control_a_gate_that_knows_no_prefetch(
    client_call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "_is_prefetch", lambda: False)
    cookie = cookie_of(client_call)
    for number in range(3):
        assert seen_as(client_call, cookie, "prefetch", f"/kinds/page/{number}").shows
    assert left(client_call, cookie) == UNITS - 3


def click_together(call: Call, cookie: dict[str, str], path: str, times: int) -> int:
    """Ask for one page several times at one moment: units paid."""
    gate, before = Barrier(times), left(call, cookie)
    shown: list[bool] = []

    def click() -> None:
        gate.wait(30)
        shown.append(call("GET", path, cookie, b"").shows)

    threads = [Thread(target=click) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shown == [True] * times
    return before - left(call, cookie)


def test_r09_a_double_click_is_one_unit(rounds: int, tmp_path: Path) -> None:
    with serve("tests.test_replay:create_app()", tmp_path, workers=4) as server:
        call = through_a_socket(server)
        cookie = cookie_of(call)
        paid = [click_together(call, cookie, f"/slow/{n}", 2 + n % 7) for n in range(rounds)]
        assert paid == [1] * rounds
        # The control: where every request is a profile of its own, each is paid for.
        assert click_together(call, cookie, "/each/ada", 2) == 2


def test_r09_two_tabs_with_the_clearance_before_and_after_a_sale(world: World) -> None:
    # See test_selling.py for keys; a bearer's older clearance goes on with its own rest.
    first = world.buy()
    world.opens(first, *range(5))
    second = world.buy(first)
    assert world.opens(second, *range(5)) == 5
    assert world.admit(second, "0").remaining == 20
    world.clock.now += PREVIOUS_GRACE + 1
    assert world.opens(first, *range(100, 200)) + world.opens(second, *range(200, 300)) == 35
