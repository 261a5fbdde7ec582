"""What README promises to somebody who has only Python: install, five lines, a gated page."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from ..serving import ROOT, wait_for_port
from ..test_docs import snippets
from .pages import watch

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """README's program, served from an environment that holds what pip brings and nothing else."""
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", ROOT]
    subprocess.run(install, env=clean, check=True)
    program, *_ = [s.text for s in snippets(ROOT / "README.md") if s.language == "python"]
    (tmp_path / "app.py").write_text(program)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # What drives the browser here is a program, and would be asked to wait.
    clean["CHALLENGE_INTERACTION"] = "none"
    serve = [python, "-m", "flask", "--app", "app", "run", "--port", str(port)]
    with (tmp_path / "server.log").open("wb") as log:
        server = subprocess.Popen(serve, cwd=tmp_path, env=clean, stdout=log, stderr=log)
    wait_for_port(port, server)
    yield f"http://127.0.0.1:{port}/people/ada"
    server.terminate()
    server.wait(20)
    assert "Traceback" not in (tmp_path / "server.log").read_text()


def test_readmes_five_lines_make_a_gated_page(context: BrowserContext, url: str) -> None:
    page = context.new_page()
    wrong = watch(page)
    first = page.goto(url)
    assert first is not None
    assert first.status == 403
    expect(page.locator("body")).to_have_text("All about ada", timeout=15_000)
    assert wrong == []
