"""Whoever follows README and docs from top to bottom gets what they say: every snippet is run."""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from .serving import ROOT, wait_for_port

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
#: whose snippets are run where there is a server or browser for them
ELSEWHERE = {
    "nginx": "tests/test_nginx.py",
    "html": "tests/e2e/test_embedding.py",
    "css": "tests/e2e/test_embedding.py",
    "js": "tests/test_other_languages.py",
    "perl": "tests/test_other_languages.py",
}
#: what a site's own log has in it
LOG_LINE = '192.0.2.1 - - [24/Nov/2025:12:00:00 +0000] "GET /people/ada HTTP/1.1" 200 512\n'
_SNIPPET = re.compile(r"^```(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Snippet:
    language: str
    text: str


def snippets(page: Path) -> list[Snippet]:
    return [Snippet(*found) for found in _SNIPPET.findall(page.read_text())]


def first_program() -> str:
    """The app of the quickstart, from which other pages go on."""
    return next(s.text for s in snippets(ROOT / "docs/quickstart.md") if s.language == "python")


@dataclass
class Follower:
    """Somebody who does what a page says, in an empty folder."""

    folder: Path
    port: int
    program: str = field(default_factory=first_program)
    servers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def do(self, snippet: Snippet) -> None:
        if snippet.language in ELSEWHERE:
            assert (ROOT / ELSEWHERE[snippet.language]).exists()
            return
        follow: Callable[[str], None] = getattr(self, f"_{snippet.language}", self._nobody)
        follow(snippet.text)

    def save(self) -> None:
        (self.folder / "app.py").write_text(self.program)

    def call(self, *command: str, cwd: Path | None = None) -> str:
        # What a person's shell would not have: settings of whoever runs the tests.
        env = {k: v for k, v in os.environ.items() if not k.startswith(("CHALLENGE_", "FLASK_"))}
        env |= {"PATH": f"{BIN}{os.pathsep}{env['PATH']}", "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            command, cwd=cwd or self.folder, env=env, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, f"{shlex.join(command)}: {done.stdout}{done.stderr}"
        return done.stdout

    def _python(self, text: str) -> None:
        self.program = text if "Flask(" in text else f"{self.program}\n\n{text}"
        self.save()
        asks = "from app import app; print(app.test_client().get('/people/ada').status_code)"
        assert self.call("python", "-c", asks).split() == ["403"]

    def _toml(self, text: str) -> None:
        (self.folder / "instance").mkdir(exist_ok=True)
        (self.folder / "instance" / "challenge.toml").write_text(text)
        self.call("flask", "--app", "app", "challenge", "config")

    def _jinja(self, text: str) -> None:
        """A layout for the gate's pages, or a piece of one of the app's own pages."""
        if "challenge/base.html" in text:
            layout = self.folder / "templates" / "challenge" / "layout.html"
            layout.parent.mkdir(parents=True)
            layout.write_text(text)
            asks = "print(app.test_client().get('/people/ada').text)"
            assert "About us" in self.call("python", "-c", f"from app import app; {asks}")
            return
        (self.folder / "piece.html").write_text(text)
        asks = (
            "from pathlib import Path; from app import app;"
            "from flask import render_template_string;"
            "app.test_request_context().push();"
            "print(render_template_string(Path('piece.html').read_text()))"
        )
        assert "challenge" in self.call("python", "-c", asks)

    def _sh(self, text: str) -> None:
        for line in text.splitlines():
            command = shlex.split(line.replace("yourapp", "app"), comments=True)
            if command:
                self._command(command)

    def _command(self, command: list[str]) -> None:
        match command:
            case ["./run", task, *options]:
                # They take minutes, or are what runs this.
                told = self.call(sys.executable, str(ROOT / "run"), task, "--help")
                assert all(o in told for o in options if o.startswith("--")), options
            case ["pip", "install", "tallygate"]:
                pass  # tests/test_packaging.py, with what comes of it in a browser
            case ["flask", "--app", "app", "run"]:
                self._serve(command)
            case ["flask", *_]:
                if "access.log" in command:
                    (self.folder / "access.log").write_text(LOG_LINE)
                named = [self._kid() if word == "KID" else word for word in command]
                if "--app" not in command:
                    named[1:1] = ["--app", "app"]
                self.call(*named)
            case ["curl", *_]:
                self.call(*(word.replace(":5000", f":{self.port}") for word in command))
            case ["mv", *names]:
                self.call("mv", *names, cwd=self.folder / "instance")
            case _:
                self._nobody(shlex.join(command))

    def _serve(self, command: list[str]) -> None:
        env = os.environ | {"PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", *command, "--port", str(self.port)]
        with (self.folder / "server.log").open("wb") as log:
            server = subprocess.Popen(command, cwd=self.folder, env=env, stdout=log, stderr=log)
        self.servers.append(server)
        wait_for_port(self.port, server)

    def _kid(self) -> str:
        listed = self.call("flask", "--app", "app", "challenge", "keys", "list")
        return listed.splitlines()[-1].split()[0]

    def _text(self, text: str) -> None:
        """What is shown and not for running."""

    def _nobody(self, text: str) -> None:
        raise AssertionError(f"nobody runs this: {text}")


@pytest.fixture
def follower(tmp_path: Path) -> Iterator[Follower]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    follower = Follower(tmp_path, port)
    follower.save()
    yield follower
    for server in follower.servers:
        server.terminate()
        server.wait(20)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_snippet_does_what_it_says(page: Path, follower: Follower) -> None:
    for snippet in snippets(page):
        follower.do(snippet)


@pytest.mark.parametrize(
    "snippet",
    [
        Snippet("", "no language"),
        Snippet("python", "from challenge import Fence"),
        Snippet("python", "import flask\napp = flask.Flask(__name__)"),
        Snippet("sh", "flask --app app challenge kyes list"),
        Snippet("sh", "./run demo --prot 1"),
        Snippet("sh", "make install"),
        Snippet("sh", "curl -sS http://127.0.0.1:5000/"),
        Snippet("toml", "[challenge]\nbudgte = 3"),
        Snippet("jinja", "{{ challenge_gaet('/people/ada') }}"),
    ],
    ids=lambda snippet: snippet.text[:20],
)
def test_control_a_wrong_snippet_is_found(snippet: Snippet, follower: Follower) -> None:
    with pytest.raises(AssertionError):
        follower.do(snippet)


_LINK = re.compile(r"\]\(([^)#\s]*)(#[^)\s]*)?\)")


def broken_links(page: Path, text: str) -> list[str]:
    """Links of a page to files or headings that are not there."""
    broken = []
    for path, heading in _LINK.findall(text):
        target = (page.parent / path) if path else page
        if "://" in path or path.startswith("mailto:"):
            continue
        if not target.exists() or (heading and heading[1:] not in headings(target)):
            broken.append(path + heading)
    return broken


def headings(page: Path) -> set[str]:
    """The fragments of a page's headings, as code hosts make them."""
    found = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in found}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    assert broken_links(page, page.read_text()) == []


def test_control_a_broken_link_is_found() -> None:
    page = ROOT / "README.md"
    text = "[a](docs/nowhere.md) [b](docs/limits.md#no-such) [c](docs/limits.md)"
    assert broken_links(page, text) == ["docs/nowhere.md", "docs/limits.md#no-such"]


def test_every_page_is_reachable_from_the_first() -> None:
    seen, todo = set(), [ROOT / "README.md"]
    while todo:
        page = todo.pop().resolve()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        todo += [page.parent / path for path, _ in _LINK.findall(page.read_text()) if path]
        todo = [path for path in todo if path.exists()]
    assert {page.resolve() for page in PAGES} <= seen
