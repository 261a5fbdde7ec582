"""A server of key sets on a loopback port, which answers as it is told and counts who asks."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from challenge.errors import TokenRefused
from challenge.jwks import JwksClient
from challenge.keys import KeyRing

Answer = Callable[[socket.socket], None]


def respond(body: bytes, status: str = "200 OK", *headers: str) -> Answer:
    """An answer at once."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return lambda connection: connection.sendall("\r\n".join(lines).encode() + body)


def key_set(*rings: KeyRing) -> Answer:
    """The public halves of these rings."""
    return respond(json.dumps({"keys": [k for r in rings for k in r.jwks()["keys"]]}).encode())


@dataclass
class KeyServer:
    """Counts connections; `answer` may be changed at any time."""

    port: int
    answer: Answer
    scheme: str = "http"
    #: the bytes of each request
    asked: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/challenge/jwks.json"


@contextmanager
def serve_keys(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[KeyServer]:
    """Serve until the block ends, each connection in a thread of its own."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    server = KeyServer(listener.getsockname()[1], answer, "https" if tls else "http")
    threads: list[threading.Thread] = []

    def attend(plain: socket.socket) -> None:
        # Whoever is refused hangs up in the middle.
        with plain, suppress(OSError):
            plain.settimeout(10)
            connection = tls.wrap_socket(plain, server_side=True) if tls else plain
            with connection:
                request = b""
                while not request.endswith(b"\r\n\r\n"):
                    request += connection.recv(4096) or b"\r\n\r\n"
                server.asked.append(request)
                server.answer(connection)

    def accept() -> None:
        with suppress(OSError):
            while True:
                thread = threading.Thread(target=attend, args=[listener.accept()[0]], daemon=True)
                thread.start()
                threads.append(thread)

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in [accepting, *threads]:
            thread.join(10)


class Clock:
    """Seconds that go forward when told to."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def together(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each got, called at one moment in threads: a value, or the error that was raised."""
    gate = threading.Barrier(len(calls))
    got: list[Any] = [None] * len(calls)

    def run(at: int) -> None:
        gate.wait(30)
        try:
            got[at] = calls[at]()
        except Exception as error:
            got[at] = error

    threads = [threading.Thread(target=run, args=[at]) for at in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


def code(client: JwksClient, kid: str) -> str:
    """`good`, or why there is no key."""
    try:
        client.key(kid)
    except TokenRefused as refused:
        return refused.code
    return "good"
