"""Published clients of siteverify, pointed at us by their settings alone.

Each is asked about the same responses: a good one passes, the same again fails, garbage fails, and
with another secret all fail.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_wtf import FlaskForm, RecaptchaField

from .independent_client import Client
from .serving import ROOT, Server, serve
from .test_responses import SECRET

OTHER_SECRET = "b4Nc7Wq2Zx9Lm5Rt8Vy1Kd6Hj3Pf0Sg"
CLIENTS = ROOT / "tests" / "other_clients"
GARBAGE = "eyJhbGciOiJub25lIn0.e30.eA"
SCRIPT = "/challenge/static/challenge.js"
NPM = shutil.which("npm")

#: given secret and responses: whether each passes
Verifier = Callable[[str, list[str]], list[bool]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = {"CHALLENGE_SITE_SECRET": SECRET}
    folder = tmp_path_factory.mktemp("siteverify")
    with serve("tests.racing:create_app()", folder, workers=2, **settings) as server:
        yield server


def passes_once(server: Server, verify: Verifier) -> None:
    visitor = Client(server.url)
    good, other = (visitor.response("signup") for _ in range(2))
    changed = other[:-6] + ("AAAAAA" if other[-6:] != "AAAAAA" else "BBBBBB")
    clearance = visitor.buy("/people/ada")["token"]
    assert verify(SECRET, [good, good, GARBAGE, changed, clearance]) == [True, *[False] * 4]
    # Nor has a wrong secret spent it.
    assert verify(OTHER_SECRET, [other]) == [False]
    assert verify(SECRET, [other]) == [True]


def test_flask_wtf(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    def verify(secret: str, responses: list[str]) -> list[bool]:
        client = flask_wtf_app(server, secret).test_client()
        posts = [client.post("/", data={"g-recaptcha-response": r}) for r in responses]
        return [post.get_json()["valid"] for post in posts]

    passes_once(server, verify)


def flask_wtf_app(server: Server, secret: str) -> Flask:
    """A site with a form of flask-wtf; all that is ours in it are its settings."""
    app = Flask("signup")
    app.config.update(
        SECRET_KEY="of the sessions",
        WTF_CSRF_ENABLED=False,
        RECAPTCHA_PUBLIC_KEY="main",
        RECAPTCHA_PRIVATE_KEY=secret,
        RECAPTCHA_VERIFY_SERVER=f"{server.url}/challenge/siteverify",
        RECAPTCHA_SCRIPT=SCRIPT,
        RECAPTCHA_DIV_CLASS="challenge-widget",
        RECAPTCHA_DATA_ATTRS={"action": "signup", "response-field-name": "g-recaptcha-response"},
    )

    class SignUp(FlaskForm):  # type: ignore[misc]
        recaptcha = RecaptchaField()

    @app.route("/", methods=["GET", "POST"])
    def form() -> dict[str, Any]:
        form = SignUp()
        return {"valid": form.validate_on_submit(), "html": form.recaptcha()}

    return app


def test_flask_wtf_draws_our_widget(server: Server) -> None:
    html = flask_wtf_app(server, SECRET).test_client().get("/").get_json()["html"]
    assert f"<script src='{SCRIPT}' async defer></script>" in html
    assert 'class="challenge-widget"' in html
    assert 'data-sitekey="main"' in html
    assert 'data-action="signup"' in html
    assert 'data-response-field-name="g-recaptcha-response"' in html


def django(server: Server, secret: str, responses: list[str]) -> dict[str, Any]:
    told: dict[str, Any] = run(
        sys.executable,
        str(CLIENTS / "django_form.py"),
        f"{server.url}/challenge/siteverify",
        secret,
        *responses,
    )
    return told


def test_django_turnstile(server: Server) -> None:
    passes_once(server, lambda secret, responses: django(server, secret, responses)["valid"])


def test_django_turnstile_draws_our_script(server: Server) -> None:
    html = django(server, SECRET, [])["html"]
    assert f'<script src="{SCRIPT}" async defer></script>' in html
    assert 'data-sitekey="main"' in html
    assert 'data-response-field-name="cf-turnstile-response"' in html


@pytest.mark.skipif(NPM is None, reason="NO NODE: install Node 20; ./run does, and CI has to")
def test_cf_turnstile_of_npm(server: Server, tmp_path: Path) -> None:
    folder = shutil.copytree(CLIENTS / "node", tmp_path / "node")
    install = [str(NPM), "ci", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(install, cwd=folder, check=True, timeout=120)
    url = f"{server.url}/challenge/siteverify"

    def told(secret: str, responses: list[str], action: str = "signup") -> list[dict[str, Any]]:
        script = str(folder / "verify.js")
        answers: list[dict[str, Any]] = run("node", script, url, secret, action, *responses)
        return answers

    passes_once(server, lambda *asked: [answer["success"] for answer in told(*asked)])
    # It compares the action too.
    [other] = told(SECRET, [Client(server.url).response("login")])
    assert (other["success"], other["action"]) == (False, "login")


def run(*command: str) -> Any:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
