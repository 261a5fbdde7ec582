"""A way to a Redis server on which things go wrong: replies are errors, late, or never come."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

#: What becomes of a command: these bytes in place of the server's reply, the server's reply (None),
#: or what a function does to the client's connection.
Fate = bytes | None | Callable[[socket.socket], None]


def swallow(_: socket.socket) -> None:
    """No reply ever comes."""


def reset(client: socket.socket) -> None:
    """The connection breaks."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raise ConnectionResetError


def break_off(client: socket.socket) -> None:
    """The server goes in the middle of a reply."""
    client.sendall(b"*2\r\n$3\r\nwo")
    raise ConnectionAbortedError


@dataclass
class Proxy:
    """Listens on a port of its own, and passes on what it is not told to spoil.

    :ivar fate: asked for each command, as its words; unless told, all goes well.
    :ivar delay: seconds by which each of the server's replies to such commands is late.
    """

    upstream: int
    port: int = 0
    fate: Callable[[list[bytes]], Fate] = lambda _: None
    delay: Callable[[list[bytes]], float] = lambda _: 0.0
    #: makes of a client's connection one that speaks TLS
    wrap: Callable[[socket.socket], socket.socket] = lambda client: client
    #: commands seen, the first word of each
    seen: list[bytes] = field(default_factory=list)
    connections: int = 0
    _sockets: list[socket.socket] = field(default_factory=list)

    def listen(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        # A thread that waits in accept() is woken by shutdown(), not by close().
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        for each in [self._listener, *self._sockets]:
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(OSError, ValueError), self.wrap(client) as client:
            server = socket.create_connection(("127.0.0.1", self.upstream))
            self._sockets += [client, server]
            with server, client.makefile("rb") as asked, server.makefile("rb") as told:
                while True:
                    raw, words = read(asked)
                    self.seen.append(words[0])
                    fate = self.fate(words)
                    if callable(fate):
                        fate(client)
                        continue
                    if fate is None:
                        server.sendall(raw)
                        fate, _ = read(told)
                        time.sleep(self.delay(words))
                    client.sendall(fate)


@contextmanager
def late_copies(master: int, seconds: float) -> Iterator[int]:
    """A port for a replica, to which all that its master writes comes so much later."""
    listener = socket.create_server(("127.0.0.1", 0))
    sockets = [listener]

    def serve() -> None:
        with suppress(OSError):
            while True:
                replica, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", master))
                sockets.extend([replica, server])
                for ends in ((replica, server, 0), (server, replica, seconds)):
                    threading.Thread(target=_pass_on, args=ends, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        for each in sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


def _pass_on(source: socket.socket, target: socket.socket, seconds: float) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            time.sleep(seconds)
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)


def read(file: object) -> tuple[bytes, list[bytes]]:
    """One request or reply, as its bytes and as the words in it."""
    line: bytes = file.readline()  # type: ignore[attr-defined]
    if not line.endswith(b"\r\n"):
        raise ValueError("the other side has gone")
    kind, count = line[:1], line[1:-2]
    if kind == b"$" and count != b"-1":
        word = file.read(int(count) + 2)  # type: ignore[attr-defined]
        return line + word, [word[:-2]]
    if kind == b"*" and count != b"-1":
        parts = [read(file) for _ in range(int(count))]
        return line + b"".join(raw for raw, _ in parts), [
            word for _, words in parts for word in words
        ]
    return line, [count]


@contextmanager
def proxy_to(upstream: int) -> Iterator[Proxy]:
    """A proxy until the block ends."""
    proxy = Proxy(upstream)
    proxy.listen()
    try:
        yield proxy
    finally:
        proxy.close()
