"""The snippets of docs/verify.md, as they stand there, against a running demo.

Each has to take a clearance that the demo has just sold, and to refuse twelve that are broken.
"""

from __future__ import annotations

import hmac
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from challenge.keys import SigningKey, load

from .serving import ROOT, serve
from .solving import ASK, REDEEM, redemption
from .test_docs import snippets
from .test_tokens import b64, claims_of, forge

HERE = ROOT / "tests" / "other_languages"
PAGE = ROOT / "docs" / "verify.md"


@dataclass(frozen=True)
class Language:
    """How a snippet is run: its code block, the driver that imports it, and what it needs."""

    tag: str
    #: a word that only this one of the page's snippets has
    word: str
    file: str
    command: tuple[str, ...]
    missing: str = ""


def lacks(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode != 0
    except OSError:
        return True


PYTHON = (sys.executable, "drive.py")
LANGUAGES = {
    "tallygate": Language("python", "from challenge", "snippet.py", PYTHON),
    "joserfc": Language("python", "joserfc", "snippet.py", PYTHON),
    "jose": Language(
        *("js", "jose", "snippet.mjs", ("node", "drive.mjs")),
        missing="no npm on PATH" if shutil.which("npm") is None else "",
    ),
    "Crypt::JWT": Language(
        *("perl", "Crypt::JWT", "snippet.pl", ("perl", "drive.pl")),
        missing="apt-get install libcrypt-jwt-perl" if lacks("perl", "-MCrypt::JWT", "-e1") else "",
    ),
}
#: how to take one check out of a snippet, and which broken token passes then
CHECKS = {
    "joserfc": {
        "for another site": r"    aud=.*\n",
        "by another issuer": r"    iss=.*\n",
        "of another type": r"    if decoded.header.*\n.*\n",
        "ended": r"    RULES.validate.*\n",
    },
    "jose": {
        "for another site": r"    audience.*\n",
        "by another issuer": r"    issuer.*\n",
        "of another type": r"    typ:.*\n",
    },
    "Crypt::JWT": {
        "for another site": r"        verify_aud.*\n",
        "by another issuer": r"        verify_iss.*\n",
        "of another type": r"    die \"no clearance.*\n",
    },
}


@dataclass(frozen=True)
class Sold:
    """A clearance that a running demo has sold, and the key that signed it."""

    url: str
    token: str
    key: SigningKey

    @property
    def jti(self) -> str:
        jti: str = claims_of(self.token)["jti"]
        return jti

    def broken(self) -> dict[str, str]:
        """Twelve that are no good, each made from it; most are signed with the demo's key."""
        claims, (head, body, signature) = claims_of(self.token), self.token.split(".")
        header: dict[str, Any] = {"alg": "EdDSA", "typ": "clearance+jwt", "kid": self.key.kid}
        now, foreign = int(time.time()), SigningKey(secrets.token_bytes(32))

        def forged(key: SigningKey = self.key, **changes: Any) -> str:
            heads = {name: changes.pop(name) for name in ("kid", "typ") if name in changes}
            return forge(header | heads, json.dumps(claims | changes).encode(), key)

        assert forged().split(".")[2] != signature
        public = self.key.public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        symmetric = f"{b64(header | {'alg': 'HS256'})}.{body}"
        return {
            "ended": forged(exp=now - 60),
            "not begun": forged(nbf=now + 120),
            "for another site": forged(aud="other"),
            "by another issuer": forged(iss="other"),
            "of another type": forged(typ="response+jwt"),
            "by another key": forged(foreign),
            "of an unknown kid": forged(foreign, kid=foreign.kid),
            "of no algorithm": f"{b64(header | {'alg': 'none'})}.{body}.",
            "of HMAC with the public key": f"{symmetric}."
            + b64(hmac.digest(public, symmetric.encode(), "sha256")),
            "of another payload": f"{head}.{b64(claims | {'budget': 9999})}.{signature}",
            "cut short": self.token[:-6],
            "empty": "",
        }


@pytest.fixture(scope="module")
def sold(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sold]:
    folder = tmp_path_factory.mktemp("demo")
    with serve("demo.app:create_app()", folder, workers=1) as server:
        kind = {"Content-Type": "application/json"}
        offer = json.loads(server.call("POST", ASK, kind, b"{}")[2])
        token = json.loads(server.call("POST", REDEEM, kind, redemption(offer))[2])["token"]
        yield Sold(f"{server.url}/challenge/jwks.json", token, load(folder / "keys.json").current)


def text_of(language: Language) -> str:
    """The snippet, from the page."""
    found = [s.text for s in snippets(PAGE) if s.language == language.tag]
    [text] = [text for text in found if language.word in text]
    return text


def ask(name: str, folder: Path, sold: Sold, tokens: list[str], text: str) -> list[dict[str, str]]:
    """What a snippet says of each token."""
    language = LANGUAGES[name]
    if language.missing:
        pytest.skip(language.missing)
    driver = language.command[-1]
    shutil.copy(HERE / driver, folder)
    (folder / language.file).write_text(text)
    if language.tag == "js" and not (folder / "node_modules").exists():
        for file in (HERE / "node").iterdir():
            shutil.copy(file, folder)
        # npm.cmd on Windows, which only `which` finds.
        npm = str(shutil.which("npm"))
        subprocess.run(
            [npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=folder, check=True
        )
    env = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    done = subprocess.run(
        language.command,
        cwd=folder,
        env=env | {"GATE_JWKS": sold.url, "PYTHONPATH": str(ROOT)},
        input=json.dumps(tokens),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    answers: list[dict[str, str]] = json.loads(done.stdout)
    return answers


@pytest.mark.parametrize("name", LANGUAGES)
def test_a_live_clearance_is_taken_and_twelve_broken_ones_refused(
    name: str, sold: Sold, tmp_path: Path
) -> None:
    broken = sold.broken()
    assert len(broken) == 12
    tokens = [sold.token, *broken.values(), sold.token]
    text = text_of(LANGUAGES[name])
    first, *middle, last = ask(name, tmp_path, sold, tokens, text)
    assert first == last == {"jti": sold.jti}
    assert {what: list(answer) for what, answer in zip(broken, middle, strict=True)} == {
        what: ["refused"] for what in broken
    }
    # The control: with one of its checks taken out, a snippet takes what that had refused.
    for what, line in CHECKS.get(name, {}).items():
        lax, cut = re.subn(line, "", text)
        assert cut == 1
        [answer] = ask(name, tmp_path, sold, [broken[what]], lax)
        assert answer == {"jti": sold.jti}


def test_every_snippet_of_the_page_is_run() -> None:
    found = [snippet.text for snippet in snippets(PAGE)]
    assert sorted(found) == sorted(text_of(language) for language in LANGUAGES.values())


def test_beside_each_snippet_stands_what_it_cannot_see() -> None:
    after = re.split(r"^```$", PAGE.read_text(), flags=re.MULTILINE)[1:]
    assert len(after) == len(LANGUAGES)
    for text in after:
        beside = " ".join(text.split("\n## ")[0].split())
        assert "budget" in beside
        assert "clearance was replaced or revoked" in beside
