"""`flask challenge`: what an operator types, what it says, and what it never shows."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Callable
from dataclasses import fields
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import ScriptInfo

from challenge import Gate, assets, keys
from challenge.cli import challenge, checks
from challenge.cli.checks import Finding
from challenge.cli.settings import Row, markdown_table, rows
from challenge.config import Settings, Source
from challenge.config import load as load_settings
from challenge.errors import StoreUnavailable
from challenge.keys import encode_bytes

ROOT = Path(__file__).parent.parent
NOW = 1_800_000_000
DAY = 86_400
SECRET = secrets.token_urlsafe(32)


def run(*arguments: str, app: Callable[[], Flask] | None = None, **options: Any) -> Result:
    info = ScriptInfo(create_app=app, set_debug_flag=False)
    result = CliRunner().invoke(challenge, list(arguments), obj=info, **options)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture
def path(tmp_path: Path) -> Path:
    place = tmp_path / "keys.json"
    assert run("keys", "new", "--path", str(place)).exit_code == 0
    return place


def kids(path: Path) -> list[str]:
    return [entry.kid for entry in keys.read(path)[0].clearance]


def shows_nothing_private(output: str, path: Path) -> bool:
    stored, _ = keys.read(path)
    entries = (*stored.challenge, *stored.clearance)
    held = [stored.profile, *(entry.secret for entry in entries)]
    return not any(encode_bytes(secret) in output or secret.hex() in output for secret in held)


# -- keys


def test_flask_finds_the_commands() -> None:
    [entry] = entry_points(group="flask.commands", name="challenge")
    assert entry.load() is challenge
    assert set(challenge.commands) >= {"keys", "config", "doctor"}


def test_new_makes_a_file_and_never_overwrites_one(tmp_path: Path) -> None:
    place = tmp_path / "deep" / "keys.json"
    result = run("keys", "new", "--path", str(place))
    assert result.exit_code == 0
    assert kids(place)[0] in result.output
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    before = place.read_bytes()
    again = run("keys", "new", "--path", str(place))
    assert (again.exit_code, place.read_bytes()) == (1, before)
    assert "is there already" in again.output


def test_new_for_an_app_says_what_loading_it_has_made(make_app: Callable[..., Flask]) -> None:
    app = make_app()
    place = Path(app.instance_path) / "challenge-keys.json"
    first = run("keys", "new", app=lambda: app)
    assert first.exit_code == 0, first.output
    assert str(place) in first.output
    again = Flask("again", instance_path=app.instance_path)
    Gate(again)
    assert run("keys", "new", app=lambda: again).exit_code == 1


def test_rotate_and_list(path: Path) -> None:
    first = kids(path)[0]
    result = run("keys", "rotate", "--path", str(path))
    second = kids(path)[1]
    assert result.output.startswith(f"{second} signs now.")
    listed = run("keys", "list", "--path", str(path))
    head, *lines = listed.output.splitlines()
    assert head.split()[:3] == ["KID", "STATE", "MADE"]
    date = r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ"
    assert re.fullmatch(rf"{re.escape(first)}  retired   {date}  {date}", lines[0])
    assert re.fullmatch(rf"{re.escape(second)}  signs     {date}  -", lines[1])
    assert len(lines) == 2
    for output in (result.output, listed.output):
        assert shows_nothing_private(output, path)
    # Control: the check sees a secret.
    assert not shows_nothing_private(path.read_text(), path)


def test_list_tells_ended_and_revoked_keys(path: Path) -> None:
    for _ in range(2):
        run("keys", "rotate", "--path", str(path))
    content = json.loads(path.read_text())
    content["clearance"][0] |= {"made": 1_700_000_000, "retired": 1_700_000_001}
    content["clearance"][1]["revoked"] = True
    path.write_text(json.dumps(content))
    lines = run("keys", "list", "--path", str(path)).output.splitlines()[1:]
    assert [line.split()[1] for line in lines] == ["ended", "revoked", "signs"]
    result = run("keys", "rotate", "--path", str(path))
    assert f"{lines[0].split()[0]} is dropped" in result.output


def test_revoke_asks_first(path: Path) -> None:
    run("keys", "rotate", "--path", str(path))
    old = kids(path)[0]
    refused = run("keys", "revoke", old, "--path", str(path), input="n\n")
    assert refused.exit_code == 1
    assert len(keys.load(path).signers) == 2
    done = run("keys", "revoke", old, "--path", str(path), input="y\n")
    assert done.exit_code == 0
    assert [key.kid for key in keys.load(path).signers] == kids(path)[1:]
    assert shows_nothing_private(done.output, path)


def test_revoke_keeps_the_only_key_that_signs(path: Path) -> None:
    [only] = kids(path)
    refused = run("keys", "revoke", only, "--yes", "--path", str(path))
    assert refused.exit_code == 1
    assert "--rotate" in refused.output
    assert kids(path) == [only]
    done = run("keys", "revoke", only, "--yes", "--rotate", "--path", str(path))
    assert done.exit_code == 0
    assert [key.kid for key in keys.load(path).signers] == kids(path)[1:]
    assert run("keys", "revoke", "unknown", "--yes", "--path", str(path)).exit_code == 1


def test_a_key_id_may_begin_with_a_hyphen(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    while not (kid := keys.SigningKey(seed := secrets.token_bytes(32)).kid).startswith("-"):
        pass
    content = {name: encode_bytes(secrets.token_bytes(32)) for name in ("challenge", "profile")}
    path.write_text(json.dumps({"version": 1, **content, "clearance": [encode_bytes(seed)]}))
    path.chmod(0o600)
    done = run("keys", "revoke", kid, "--rotate", "--yes", "--path", str(path))
    assert done.exit_code == 0, done.output


def test_refusals_are_one_plain_line(tmp_path: Path, path: Path) -> None:
    path.chmod(0o644)
    for command in (["rotate"], ["list"], ["revoke", "x", "--yes"]):
        for place in (path, tmp_path / "missing.json"):
            result = run("keys", *command, "--path", str(place))
            assert result.exit_code == 1
            assert re.fullmatch(r"Error: .*(chmod 600|No such file).*\n", result.output)


def test_without_a_gate_or_with_one_that_does_not_start(tmp_path: Path) -> None:
    bare = run("keys", "list", app=lambda: Flask("bare"))
    assert (bare.exit_code, "Gate(app)" in bare.output) == (1, True)

    def broken() -> Flask:
        app = Flask("broken", instance_path=str(tmp_path))
        app.config["CHALLENGE_BUDGET"] = "much"
        Gate(app)
        return app

    for command in (["keys", "list"], ["config"]):
        result = run(*command, app=broken)
        assert result.exit_code == 1
        assert "CHALLENGE_BUDGET in app.config" in result.output


# -- config


def by_name(found: Any) -> dict[str, Row]:
    return {row.name: row for row in found}


def test_config_shows_values_and_who_set_them(
    make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    instance = tmp_path / "instance-0"
    instance.mkdir()
    toml = "[challenge]\nlifetime = 600\nquote_lifetime = 60\nbudget = 7\n"
    (instance / "challenge.toml").write_text(toml)
    monkeypatch.setenv("CHALLENGE_BUDGET", "9")
    app = make_app(quote_lifetime=90, site_secret=SECRET)
    result = run("config", app=lambda: app)
    assert result.exit_code == 0
    for setting, origin in (
        ("BUDGET = 9 units", "the environment"),
        ("LIFETIME = 600 s", "challenge.toml"),
        ("QUOTE_LIFETIME = 90 s", "app.config"),
        ("SITE_KEY = main", "default"),
    ):
        [after] = re.findall(rf"^CHALLENGE_{setting}\n.*\n    from: (.*?);", result.output, re.M)
        assert after == origin
    assert result.output.count("\nCHALLENGE_") == len(fields(Settings)) - 1
    assert SECRET not in result.output


def test_config_hides_secrets_and_passwords() -> None:
    values = {"CHALLENGE_SITE_SECRET": SECRET, "CHALLENGE_STORE_URI": "redis://me:pw@host/0?x=pw"}
    settings = load_settings(Source("here", values))
    shown = by_name(rows(settings, {"here": values}))
    assert SECRET not in shown["SITE_SECRET"].value
    assert shown["STORE_URI"].value == "redis://***@host/0?***"
    values["CHALLENGE_STORE_URI"] = "redis://me:p@pw@host/0"
    shown = by_name(rows(load_settings(Source("here", values)), {"here": values}))
    assert shown["STORE_URI"].value == "redis://***@host/0"
    assert by_name(rows(Settings(), {}))["SITE_SECRET"].value == "empty"
    assert by_name(rows(Settings(), {}))["STORE_URI"].value == "sqlite:///challenge.db"


def test_the_documented_table_is_the_printed_one() -> None:
    documented = (ROOT / "docs" / "configuration.md").read_text()
    [table] = re.findall(r"^\| setting \|.*\n(?:\|.*\n)+", documented, re.M)
    assert run("config", "--markdown").output == table
    assert markdown_table().count("\n") == len(fields(Settings)) + 1


def test_embed_prints_a_tag_that_pins_the_script(make_app: Callable[..., Flask]) -> None:
    app = make_app(url_prefix="/gate")
    app.config["APPLICATION_ROOT"] = "/town/"
    printed = run("embed", app=lambda: app).output
    [(root, name, integrity)] = re.findall(
        r'^<script src="(.*)/static/(.*?)" integrity="(.*?)" async></script>$', printed, re.M
    )
    assert root == "/town/gate"
    served = app.test_client().get(f"/gate/static/{name}")
    digest = base64.b64encode(hashlib.sha384(served.data).digest()).decode()
    assert (integrity, served.status_code) == (f"sha384-{digest}", 200)
    assert "immutable" in served.headers["Cache-Control"]


# -- doctor: each check, with what it must not complain about


def level(finding: Finding) -> str:
    assert (finding.level == "ok") is (finding.advice == ""), finding
    return finding.level


def test_check_of_the_keys_file(path: Path) -> None:
    user = os.geteuid()
    assert level(checks.keys_file(path, user)) == "ok"
    assert level(checks.keys_file(path, user + 1)) == "warning"
    assert level(checks.keys_file(path.with_name("missing"), user)) == "problem"
    path.chmod(0o640)
    assert level(checks.keys_file(path, user)) == "problem"


def test_check_of_the_keys(path: Path) -> None:
    content = json.loads(path.read_text())
    assert level(checks.keys_content(keys.read(path)[0], time.time())) == "ok"
    content["clearance"][0]["d"] = encode_bytes(b"changemechangemechangemechangeme")
    path.write_text(json.dumps(content))
    finding = checks.keys_content(keys.read(path)[0], time.time())
    assert level(finding) == "problem"
    assert "known_key" in finding.text


def test_check_of_age_and_clock() -> None:
    assert level(checks.key_age(NOW, NOW + 365 * DAY)) == "ok"
    assert level(checks.key_age(NOW, NOW + 366 * DAY)) == "advice"
    assert level(checks.clock(NOW, NOW)) == "ok"
    assert level(checks.clock(NOW - 30, NOW)) == "ok"
    assert level(checks.clock(NOW - 90, NOW)) == "problem"
    assert level(checks.clock(0, 0)) == "problem"


MOUNTS = r"""
/dev/sda1 / ext4 rw 0 0
tmpfs /run tmpfs rw 0 0
server:/home /home nfs4 rw 0 0
/dev/sdb1 /home/local xfs rw 0 0
//nas/a\040b /mnt/a\040b cifs rw 0 0
portal /mnt/fuse fuse.sshfs rw 0 0
/dev/sdc /mnt/block fuseblk rw 0 0
broken
"""


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("/var/lib/a.db", "ok"), ("/home/local/a.db", "ok"), ("/home/localities/a.db", "warning"),
        ("/home/a.db", "warning"), ("/homes/a.db", "ok"), ("/mnt/a b/a.db", "warning"),
        ("/mnt/fuse/a.db", "warning"), ("/mnt/block/a.db", "warning"), ("/mnt/a.db", "ok"),
    ],
)  # fmt: skip
def test_check_of_the_file_system(file: str, expected: str) -> None:
    assert level(checks.file_system(Path(file), MOUNTS)) == expected


def test_a_later_mount_hides_an_earlier_one() -> None:
    over = MOUNTS + "/dev/sdd /home ext4 rw 0 0\n"
    assert level(checks.file_system(Path("/home/a.db"), over)) == "ok"
    assert level(checks.file_system(Path("/home/a.db"), "")) == "ok"


def test_check_of_the_disk() -> None:
    assert level(checks.disk(100, 0, 100)) == "ok"
    assert level(checks.disk(99, 0, 100)) == "warning"
    assert level(checks.disk(99, 1, 100)) == "ok"


@pytest.mark.parametrize(
    ("shared", "count", "expected"),
    [(False, "4", "problem"), (False, "1", "ok"), (False, "", "ok"), (False, "x", "ok"),
     (True, "4", "ok")],
)  # fmt: skip
def test_check_of_the_workers(shared: bool, count: str, expected: str) -> None:
    assert level(checks.workers(shared, {"WEB_CONCURRENCY": count})) == expected


def test_checks_of_single_settings() -> None:
    assert level(checks.proxies(None)) == "advice"
    assert level(checks.proxies(())) == "ok"
    assert level(checks.proxies(["10.0.0.0/8"])) == "ok"
    assert level(checks.debug_mode(True)) == "problem"
    assert level(checks.debug_mode(False)) == "ok"
    assert level(checks.site_secret("")) == "advice"
    assert level(checks.site_secret(SECRET)) == "ok"
    assert SECRET not in checks.site_secret(SECRET).text


def test_check_of_the_store() -> None:
    class Store:
        def __init__(self, fault: Exception | None) -> None:
            self.fault = fault

        def ping(self) -> None:
            if self.fault:
                raise self.fault

    assert level(checks.store_works(Store(None))) == "ok"  # type: ignore[arg-type]
    broken = checks.store_works(Store(StoreUnavailable("disk I/O error")))  # type: ignore[arg-type]
    assert level(broken) == "problem"
    assert "disk I/O error" in broken.text


@pytest.mark.parametrize(
    ("uri", "found"),
    [
        ("redis://10.0.0.5/0", "warning"),
        ("redis://gate:pw@10.0.0.5/0", "advice"),
        ("rediss://gate:pw@10.0.0.5/0", "ok"),
        ("redis://:pw@127.0.0.1", "ok"),
        ("rediss://10.0.0.5/0", "warning"),
    ],
)
def test_check_of_the_stores_server(uri: str, found: str) -> None:
    finding = checks.store_server(uri)
    assert finding is not None
    assert level(finding) == found
    assert "pw" not in finding.text + finding.advice
    assert checks.store_server("sqlite:///challenge.db") is None


def damage(folder: Path, how: str) -> None:
    script = folder / "challenge.js"
    if how == "plain":
        script.write_bytes(script.read_bytes() + b"//")
    elif how == "packed":
        (folder / "challenge.js.gz").write_bytes(gzip.compress(b"old"))
    elif how == "no br":
        (folder / "challenge.js.br").unlink()
    elif how == "cut gz":
        (folder / "challenge.js.gz").write_bytes((folder / "challenge.js.gz").read_bytes()[:99])
    elif how == "manifest":
        (folder / "manifest.json").write_text("{}")
    elif how == "list":
        (folder / "manifest.json").write_text("[]")
    elif how == "nothing":
        shutil.rmtree(folder)


@pytest.mark.parametrize(
    "how", ["plain", "packed", "no br", "cut gz", "manifest", "list", "nothing", "untouched"]
)
def test_check_of_the_bundle(tmp_path: Path, how: str) -> None:
    folder = tmp_path / "dist"
    shutil.copytree(assets.folder(), folder)
    damage(folder, how)
    assert level(checks.bundle(folder)) == ("ok" if how == "untouched" else "problem")


# -- doctor as a whole


def test_doctor_on_a_good_site(make_app: Callable[..., Flask]) -> None:
    app = make_app(site_secret=SECRET, trusted_proxies="10.0.0.0/8")
    result = run("doctor", app=lambda: app)
    assert result.exit_code == 0, result.output
    assert result.output.endswith("0 problems\n")
    assert {line.split()[0] for line in result.output.splitlines()[:-1]} <= {"ok", "warning", "->"}
    assert SECRET not in result.output
    assert shows_nothing_private(result.output, Path(app.instance_path) / "challenge-keys.json")


def test_doctor_says_what_is_wrong_and_fails(make_app: Callable[..., Flask]) -> None:
    app = make_app(store_uri="memory://", allow_test_keys=True)
    (Path(app.instance_path) / "challenge-keys.json").chmod(0o644)
    app.debug = True
    result = run("doctor", app=lambda: app, env={"WEB_CONCURRENCY": "3"})
    assert result.exit_code == 1
    for words in ("mode 0644", "debug mode is on", "WEB_CONCURRENCY is 3", "chmod 600",
                  "no trusted proxy", "keys_exposed", "test keys are allowed",
                  "5 problems"):  # fmt: skip
        assert words in result.output, result.output


def test_doctor_on_an_app_that_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "challenge-keys.json").write_text("{")
    (tmp_path / "challenge-keys.json").chmod(0o600)

    def broken() -> Flask:
        app = Flask("broken", instance_path=str(tmp_path))
        Gate(app)
        return app

    result = run("doctor", app=broken)
    assert result.exit_code == 1
    assert "does not start" in result.output
    assert "keys_malformed" in result.output
