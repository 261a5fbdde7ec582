"""A flood of calls from a process of its own: as many as are answered, or so many a second."""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import resource
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

#: calls that wait for an answer at a time, when nothing else limits them
WAITING_MAX = 6_000
#: connections of who calls again as soon as it is answered
TOGETHER = 32
TICK = 0.005


@dataclass
class Told:
    """What came of a flood."""

    sent: int = 0
    #: how often each status came; 0 for a connection that ended without one
    statuses: Counter[int] = field(default_factory=Counter)


def request(port: int, path: str, network: str, body: bytes) -> bytes:
    """A call as its bytes, from an address that the server's proxy would name."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Forwarded-For: {network}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


@contextmanager
def flooding() -> Iterator[ProcessPoolExecutor]:
    """A process that floods, so that who measures is not slowed down by it."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        yield pool


def most(port: int, requests: Sequence[bytes], seconds: float) -> float:
    """Answers a second, when each is followed by the next call."""
    return asyncio.run(_Flood(port, requests).closed(seconds))


def flood(port: int, requests: Sequence[bytes], rate: float, seconds: float) -> Told:
    """Send so many calls a second, whatever comes of those before: an open loop."""
    # Where calls pile up, each holds a file.
    _, files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    return asyncio.run(_Flood(port, requests).open(rate, seconds))


class _Call(asyncio.Protocol):
    """A connection that is kept alive, with one call at a time."""

    def __init__(self, flood: _Flood) -> None:
        self._flood = flood
        self._buffer = b""
        self._waiting = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def send(self, request: bytes) -> None:
        assert self._transport is not None
        self._waiting = True
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, end, body = self._buffer.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if end and len(body) >= int(length):
            self._buffer, self._waiting = b"", False
            self._flood.answered(self, int(head.split(b" ", 2)[1]))

    def connection_lost(self, error: Exception | None) -> None:
        self._flood.lost(self, waiting=self._waiting)


class _Flood:
    def __init__(self, port: int, requests: Sequence[bytes]) -> None:
        self._port = port
        self._requests = itertools.cycle(requests)
        self._told = Told()
        self._idle: dict[_Call, None] = {}
        self._open = 0
        self._again = False

    async def closed(self, seconds: float) -> float:
        self._again = True
        for _ in range(TOGETHER):
            await self._connect()
        await asyncio.sleep(seconds / 4)
        before = self._told.statuses.total()
        await asyncio.sleep(seconds)
        self._again = False
        assert not self._told.statuses[0]
        return (self._told.statuses.total() - before) / seconds

    async def open(self, rate: float, seconds: float) -> Told:
        loop = asyncio.get_running_loop()
        start, connecting = loop.time(), set[asyncio.Task[None]]()
        while (passed := loop.time() - start) < seconds:
            for _ in range(int(passed * rate) - self._told.sent):
                self._told.sent += 1
                if self._idle:
                    self._idle.popitem()[0].send(next(self._requests))
                elif self._open + len(connecting) < WAITING_MAX:
                    task = loop.create_task(self._connect())
                    connecting.add(task)
                    task.add_done_callback(connecting.discard)
                else:
                    self._told.statuses[0] += 1
            await asyncio.sleep(TICK)
        for task in connecting:
            task.cancel()
        return self._told

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, call = await loop.create_connection(lambda: _Call(self), "127.0.0.1", self._port)
        except OSError:
            self._told.statuses[0] += 1
            return
        self._open += 1
        call.send(next(self._requests))

    def answered(self, call: _Call, status: int) -> None:
        self._told.statuses[status] += 1
        if self._again:
            call.send(next(self._requests))
        else:
            self._idle[call] = None

    def lost(self, call: _Call, *, waiting: bool) -> None:
        self._open -= 1
        self._idle.pop(call, None)
        self._told.statuses[0] += waiting
