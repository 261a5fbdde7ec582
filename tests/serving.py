"""Real servers for the tests that need several processes, and raw calls to them."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Server:
    """A server on a loopback port."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def call(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers in lower case, and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body or None, dict(headers or {}))
            response = connection.getresponse()
            content = response.read()
            return response.status, {k.lower(): v for k, v in response.getheaders()}, content
        finally:
            connection.close()


@contextmanager
def serve(app: str, folder: Path, *, workers: int, **env: str) -> Iterator[Server]:
    """Serve `module:factory()` with gunicorn until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", app, "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", str(workers), "--threads", "8", "--log-level", "warning"]
    settings = {
        "CHALLENGE_KEYS_PATH": str(folder / "keys.json"),
        "CHALLENGE_STORE_URI": f"sqlite:///{folder / 'challenge.db'}",
        # What drives a browser here is a program, and would pay for it.
        "CHALLENGE_BEHAVIOUR": "false",
        "CHALLENGE_INTERACTION": "none",
        "PYTHONPATH": str(ROOT),
    }
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | settings | env, stdout=log, stderr=log
        )
    try:
        wait_for_port(port, process)
        yield Server(port)
    finally:
        process.terminate()
        process.wait(20)
    assert "Traceback" not in (folder / "server.log").read_text()


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None, "the server has ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the server does not answer")


def post_together(server: Server, path: str, bodies: list[bytes]) -> list[tuple[int, bytes]]:
    """Post all bodies at one moment: each call lacks its last byte until all are there."""
    gate = threading.Barrier(len(bodies))
    answers: list[tuple[int, bytes]] = [(0, b"")] * len(bodies)

    def post(at: int) -> None:
        body = bodies[at]
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
            head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nConnection: close\r\n"
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + body[:-1])
            gate.wait(60)
            connection.sendall(body[-1:])
            response = http.client.HTTPResponse(connection)
            response.begin()
            answers[at] = (response.status, response.read())

    threads = [threading.Thread(target=post, args=(at,)) for at in range(len(bodies))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
