"""Settings: where they come from, and that wrong ones stop the start."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import fields
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from challenge import ConfigError, Gate
from challenge.config import Settings, Source, load, read_toml
from challenge.flask.client import EXTENSION

ROOT = Path(__file__).parent.parent


def settings_of(folder: Path, **config: Any) -> Settings:
    app = Flask("app", instance_path=str(folder))
    app.config.update(config)
    Gate(app)
    settings: Settings = app.extensions[EXTENSION].settings
    return settings


def test_without_any_the_defaults(tmp_path: Path) -> None:
    assert settings_of(tmp_path) == Settings()


def test_a_later_place_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "challenge.toml").write_text(
        '[challenge]\nbudget = 5\nlifetime = 600\nsite_key = "toml"\n'
    )
    monkeypatch.setenv("CHALLENGE_SITE_KEY", "env")
    settings = settings_of(tmp_path, CHALLENGE_LIFETIME=700, CHALLENGE_SITE_KEY="app")
    assert (settings.budget, settings.lifetime, settings.site_key) == (5, 700, "env")


def test_types_as_each_place_writes_them() -> None:
    texts = {"CHALLENGE_TRUSTED_PROXIES": "10.0.0.0/8, fd00::/8", "CHALLENGE_BUDGET": "7"}
    values = {"CHALLENGE_TRUSTED_PROXIES": ["10.0.0.0/8", "fd00::/8"], "CHALLENGE_BUDGET": 7}
    for place in ("/", "/sign-in?next=here", "https://id.example.org/"):
        assert load(Source("here", {"CHALLENGE_SIGN_IN_URL": place})).sign_in_url == place
    for source in (texts, values):
        settings = load(Source("here", source))
        assert settings.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
        assert settings.budget == 7


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("BUDGET", 0), ("BUDGET", "many"), ("BUDGET", True), ("BUDGET", 2.5), ("BUDGET", "٧"),
        ("BUDGET", 10**9), ("LIFETIME", 1), ("PRICE_MS", -1), ("PUZZLE", "md5"),
        ("SITE_KEY", "Main Site"), ("SITE_KEY", "a;b"), ("SITE_KEY", ""), ("SITE_KEY", "main\n"),
        ("URL_PREFIX", "challenge"), ("URL_PREFIX", "/challenge/"), ("URL_PREFIX", "/"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"), ("TRUSTED_PROXIES", "proxy.example"),
        ("TRUSTED_PROXIES", [10]), ("TRUSTED_PROXIES", "0.0.0.0/0"),
        ("TRUSTED_PROXIES", "10.0.0.0/8,::/0"), ("TRUSTED_PROXIES", "::ffff:10.0.0.0/104"),
        ("TRUSTED_PROXIES", "none,10.0.0.0/8"), ("ALLOWED_ORIGINS", "example.org"),
        ("ALLOWED_ORIGINS", "https://example.org/"), ("ALLOWED_ORIGINS", "*"),
        ("SITE_KEY", "test-pass"), ("ALLOW_TEST_KEYS", "perhaps"),
        ("STORE_URI", "mysql:///x"), ("STORE_URI", ""), ("KEYS_PATH", ""),
        ("UNLIMITED_PASS", "yes"), ("UNLIMITED_PASS", ""), ("UNLIMITED_PASS", 2),
        ("UNLIMITED_PASS", None), ("UNLIMITED_PASS", "1 "),
        ("SIGN_IN_URL", "sign-in"), ("SIGN_IN_URL", "//other.example"), ("SIGN_IN_URL", "https://"),
        ("SIGN_IN_URL", "/\\other.example"), ("SIGN_IN_URL", "javascript:alert(1)"),
        ("SIGN_IN_URL", "http://example.org/"), ("SIGN_IN_URL", "/a b"),
        ("LANES", "50,50"), ("LANES", "50,40,11"), ("LANES", "50,50,0"), ("LANES", "all"),
        ("LANES", ""), ("LANES", [50, 30, 5.5]), ("PRICE_BASE", 0), ("HOSTING_PERCENT", 0),
        ("SHARED_NETWORKS", "192.0.2.1/24"), ("SHARED_NETWORKS", "192.0.2.0/24=0"),
        ("SHARED_NETWORKS", "192.0.2.0/24="), ("SHARED_NETWORKS", "192.0.2.0/24=many"),
        ("SHARED_NETWORKS", "::/0=2"), ("HOSTING_NETWORKS", "a cloud"),
    ],
)  # fmt: skip
def test_a_wrong_value_stops_the_start_and_names_its_key(
    tmp_path: Path, key: str, value: object
) -> None:
    with pytest.raises(ConfigError) as refusal:
        settings_of(tmp_path, **{f"CHALLENGE_{key}": value})
    assert key in refusal.value.detail


def test_lanes_and_shared_networks() -> None:
    def read(**values: object) -> Settings:
        return load(Source("here", {f"CHALLENGE_{key}": value for key, value in values.items()}))

    assert load().lanes == (50, 30, 5)
    assert read(LANES="none").lanes == ()
    assert read(LANES="60, 30, 10").lanes == read(LANES=[60, 30, 10]).lanes == (60, 30, 10)
    listed = read(SHARED_NETWORKS="192.0.2.0/24 = 50, 2001:db8::/32").shared_networks
    assert [str(one) for one in listed] == ["192.0.2.0/24=50", "2001:db8::/32=20"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, True), ("true", True), ("1", True), (False, False), ("False", False), ("0", False)],
)
def test_a_switch_is_written_in_several_ways(value: object, expected: bool) -> None:
    assert load(Source("here", {"CHALLENGE_ALLOW_TEST_KEYS": value})).allow_test_keys is expected


@pytest.mark.parametrize(("value", "expected"), [("none", ()), ("", None), ([], None), (",", None)])
def test_no_proxies_is_another_thing_than_nothing_said(value: object, expected: object) -> None:
    assert load(Source("here", {"CHALLENGE_TRUSTED_PROXIES": value})).trusted_proxies == expected
    assert load().trusted_proxies is None


@pytest.mark.parametrize("secret", ["short", "x" * 40, "0123456789abcdef0123456789abcdef"])
def test_a_weak_site_secret_stops_the_start(tmp_path: Path, secret: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        settings_of(tmp_path, CHALLENGE_SITE_SECRET=secret)
    assert refusal.value.code in ("weak_key", "known_key")
    assert secret not in str(refusal.value)


def test_a_misspelt_key_stops_the_start_but_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ConfigError) as refusal:
        settings_of(tmp_path, CHALLENGE_BUGDET=5)
    assert refusal.value.code == "unknown_setting"
    (tmp_path / "challenge.toml").write_text("[challenge]\nbugdet = 5\n")
    with pytest.raises(ConfigError):
        settings_of(tmp_path)
    (tmp_path / "challenge.toml").unlink()
    monkeypatch.setenv("CHALLENGE_SERVICE_HOST", "10.0.0.1")
    with caplog.at_level(logging.WARNING, "challenge"):
        settings_of(tmp_path)
    assert "CHALLENGE_SERVICE_HOST" in caplog.text
    assert "10.0.0.1" not in caplog.text


@pytest.mark.parametrize("text", ["[challenge", "challenge = 5", "[challenge]\nbudget = 0"])
def test_a_broken_file_stops_the_start(tmp_path: Path, text: str) -> None:
    (tmp_path / "challenge.toml").write_text(text)
    with pytest.raises(ConfigError):
        settings_of(tmp_path)


def test_no_file_is_no_settings(tmp_path: Path) -> None:
    assert read_toml(tmp_path / "challenge.toml") == {}


def test_every_setting_is_documented_with_its_default() -> None:
    rows = (ROOT / "docs" / "configuration.md").read_text().splitlines()
    for item in fields(Settings):
        [row] = [row for row in rows if row.startswith(f"| `{item.name.upper()}` |")]
        default = item.default
        text = ",".join(map(str, default)) if isinstance(default, tuple) else str(default)
        shown = {(): "none", "": "empty", None: "not set"}.get(default, text)
        if isinstance(default, bool):
            shown = text.lower()
        assert f"| {shown} |" in row or f"| `{shown}` |" in row, row
        assert item.metadata["doc"] in row
        assert f"| {item.metadata['unit']} |" in row


def test_apps_in_one_process_have_their_own(make_app: Callable[..., Flask]) -> None:
    one, other = make_app(site_key="one", url_prefix="/gate"), make_app(site_key="other")
    assert one.test_client().get("/gate/healthz").status_code == 200
    assert one.test_client().get("/challenge/healthz").status_code == 404
    assert other.test_client().get("/challenge/healthz").status_code == 200
    kids = {
        client.get(f"{prefix}/jwks.json").get_json()["keys"][0]["kid"]
        for client, prefix in ((one.test_client(), "/gate"), (other.test_client(), "/challenge"))
    }
    assert len(kids) == 2
