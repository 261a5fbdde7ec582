"""What programs without a clearance get from the running demo: nothing about anybody."""

from __future__ import annotations

import base64
import json
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from challenge import keys
from challenge.core.models import Clearance, Identity
from challenge.tokens import Tokens
from demo.app import PEOPLE, SEED
from demo.town import members

from .demo.reading import told
from .serving import Server, serve
from .solving import ASK, REDEEM, redemption

MEMBERS = {member.handle: member for member in members(SEED, PEOPLE)}
CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/156.0.0.0 Safari/537.36"
)
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
FACEBOOK = "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"


class Demo:
    """The demo, served by two processes, and what of a member must not leave it."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.handle = re.findall(r'href="/people/([^"/]+)"', self.get("/")[2].decode())[0]
        self.token = self.buy()
        cookie = {"Cookie": f"challenge-main={self.token}"}
        status, _, body = self.get(f"/people/{self.handle}", cookie)
        assert status == 200
        self.personal = told(body.decode(), MEMBERS[self.handle].personal)
        assert len(self.personal) == 5
        status, _, self.photo = self.get(f"/people/{self.handle}/photo", cookie)
        assert status == 200
        assert len(self.photo) > 500

    def get(
        self, path: str, headers: Mapping[str, str] | None = None, method: str = "GET"
    ) -> tuple[int, dict[str, str], bytes]:
        return self.server.call(method, path, headers)

    def buy(self) -> str:
        kind = {"Content-Type": "application/json"}
        offer = json.loads(self.server.call("POST", ASK, kind, b"{}")[2])
        status, _, body = self.server.call("POST", REDEEM, kind, redemption(offer))
        assert status == 201
        return str(json.loads(body)["token"])

    def leaks(self, body: bytes) -> list[str]:
        found = told(body.decode("utf-8", "replace"), tuple(self.personal))
        return found + (["photo"] if self.photo[:200] in body or self.photo[-200:] in body else [])


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo")
    with serve("demo.app:create_app()", folder, workers=2, CHALLENGE_PRICE_MS="1") as server:
        yield Demo(server, folder)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def clearance(ring: keys.KeyRing, epoch: str, age: int) -> str:
    issued = int(time.time()) - age
    identity = Identity("s" * 22, issued - issued % 3600)
    claims = Clearance(
        site="main",
        visitor=identity,
        jti="j" * 22,
        kid=ring.current.kid,
        thumbprint="",
        epoch=epoch,
        budget=20,
        issued=issued,
        not_before=issued,
        expires=issued + 1800,
    )
    return Tokens(ring, "main").sign_clearance(claims)


def bad_cookies(demo: Demo) -> dict[str, str]:
    ours = keys.load(demo.folder / "keys.json")
    head, payload, signature = demo.token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    richer = b64(json.dumps({**claims, "budget": 10**6}).encode())
    none = b64(json.dumps({"alg": "none", "typ": "clearance+jwt"}).encode())
    return {
        "expired": clearance(ours, claims["epoch"], age=1900),
        "tampered": f"{head}.{richer}.{signature}",
        "foreign": clearance(keys.make(secrets.token_bytes), claims["epoch"], age=0),
        "alg none": f"{none}.{payload}.",
        "unknown visitor": clearance(ours, claims["epoch"], age=0),
        "nonsense": "nonsense",
        "empty": "",
    }


HEADERS: dict[str, dict[str, str]] = {
    "no header": {},
    "Chrome": {"User-Agent": CHROME, "Accept": "text/html,application/xhtml+xml,*/*;q=0.8"},
    "Googlebot": {"User-Agent": GOOGLEBOT},
    "facebookexternalhit": {"User-Agent": FACEBOOK},
    "X-Forwarded-For": {"X-Forwarded-For": "127.0.0.1"},
    "X-Original-URL": {"X-Original-URL": "/"},
    "X-Rewrite-URL": {"X-Rewrite-URL": "/"},
    "Range": {"Range": "bytes=0-99"},
    "If-None-Match": {"If-None-Match": "*"},
    "JSON": {"Accept": "application/json"},
    "image": {"Accept": "image/avif,image/webp,image/svg+xml,*/*;q=0.8"},
    "method override": {"X-HTTP-Method-Override": "POST", "X-Method-Override": "POST"},
    "prefetch": {"Sec-Purpose": "prefetch"},
}
COOKIES = [
    "expired", "tampered", "foreign", "alg none", "unknown visitor", "nonsense", "empty"
]  # fmt: skip
PATHS = ["", "/photo", "/contact"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", [*HEADERS, *(f"cookie {name}" for name in COOKIES), "HEAD"])
def test_refused(demo: Demo, path: str, name: str) -> None:
    headers = HEADERS.get(name, {})
    if name.startswith("cookie "):
        headers = {"Cookie": f"challenge-main={bad_cookies(demo)[name.removeprefix('cookie ')]}"}
    method = "HEAD" if name == "HEAD" else "GET"
    status, answered, body = demo.get(f"/people/{demo.handle}{path}", headers, method)
    assert status == (503 if name == "prefetch" else 403)
    assert answered["cache-control"] == "no-store"
    assert demo.leaks(body) == []
    assert "set-cookie" not in answered


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_show_nothing(demo: Demo, method: str) -> None:
    status, _, body = demo.get(f"/people/{demo.handle}?_method=GET", {}, method)
    assert status in (200, 403, 405)
    assert demo.leaks(body) == []


def test_every_public_page_shows_nothing(demo: Demo) -> None:
    for path in ("/", f"/cards/{demo.handle}", "/people/nobody", "/challenge/jwks.json", "/x"):
        _, _, body = demo.get(path)
        assert demo.leaks(body) == []


def test_control_with_the_clearance_all_of_it_is_there(demo: Demo) -> None:
    cookie = {"Cookie": f"challenge-main={demo.token}"}
    _, answered, body = demo.get(f"/people/{demo.handle}", cookie)
    assert demo.leaks(body) == demo.personal
    assert answered["cache-control"] == "private, no-cache"
    assert demo.leaks(demo.get(f"/people/{demo.handle}/photo", cookie)[2]) == ["photo"]


def test_the_public_pages_keep_the_demos_contract(demo: Demo) -> None:
    status, _, home = demo.get("/")
    assert status == 200
    assert len(set(re.findall(r'href="(/people/[^"/]+)"', home.decode()))) >= 40
    status, _, card = demo.get(f"/cards/{demo.handle}")
    assert status == 200
    assert f'<challenge-gate src="/people/{demo.handle}/contact">' in card.decode()
