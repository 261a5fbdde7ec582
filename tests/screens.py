"""X servers that show nothing to anybody."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

XVFB = ("Xvfb", "-screen", "0", "1024x768x24")


def start_screen(program: Sequence[str] = XVFB) -> tuple[subprocess.Popen[str], str]:
    """An X server, and its name."""
    command = [*program, "-displayfd", "1", "-nolisten", "tcp"]
    screen = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert screen.stdout is not None
    with screen.stdout:
        number = screen.stdout.readline().strip()
    assert number, f"{program[0]} does not start"
    return screen, f":{number}"


@contextmanager
def screen(program: Sequence[str] = XVFB) -> Iterator[str]:
    """The name of an X server, which runs until the block ends."""
    server, name = start_screen(program)
    try:
        yield name
    finally:
        server.terminate()
        server.wait(60)
