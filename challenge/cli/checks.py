"""The checks of `flask challenge doctor`: each looks at one thing and says what it found."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Literal
from urllib.parse import unquote, urlsplit

from ..errors import ChallengeError, ConfigError
from ..keys import Stored
from ..stores import REDIS_SCHEMES, Store
from ..stores.redis_info import Info

#: `problem`: the site is unsafe or will fail; `warning`: it may; `advice`: it could be better.
Level = Literal["ok", "advice", "warning", "problem"]

YEAR = 365 * 86_400
#: Unix seconds at which this release was made; a clock that shows less is wrong.
RELEASED = 1_761_955_200
#: names of this machine
LOOPBACK = ("127.0.0.1", "::1", "localhost")
#: file systems on which SQLite's locks and shared memory are not to be relied on
REMOTE = re.compile(r"nfs4?|cifs|smb[23]?|smbfs|afs|9p|ceph|glusterfs|fuse(\..+|blk)?")


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, in plain words."""

    level: Level
    text: str
    #: what to do; empty if all is well
    advice: str = ""


def not_started(error: ConfigError) -> Finding:
    """The Gate refuses to start."""
    return Finding(
        "problem",
        f"the app does not start: {error.detail or error.code} ({error.code})",
        "mend this first; the other checks need the app",
    )


def keys_file(path: Path, user: int) -> Finding:
    """Who may read the keys.

    :param user: the id of who runs the check.
    """
    try:
        status = path.stat()
    except OSError as error:
        return Finding("problem", f"keys file {path}: {error.strerror}", "restore it")
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077:
        return Finding(
            "problem",
            f"keys file {path} has mode {mode:04o}: others may read it",
            f"chmod 600 {path}; if others had the chance to read it, make new keys",
        )
    if status.st_uid != user:
        return Finding(
            "warning",
            f"keys file {path} belongs to user {status.st_uid}, you are {user}",
            "run the check as the user of the workers; if it is you, chown the file",
        )
    return Finding("ok", f"keys file {path} is readable by its owner only")


def keys_content(stored: Stored | ConfigError, now: float) -> Finding:
    """Whether the keys can be used."""
    try:
        if isinstance(stored, ConfigError):
            raise stored
        ring = stored.ring(now)
    except ConfigError as error:
        return Finding("problem", f"keys: {error.detail} ({error.code})", "see docs/keys.md")
    return Finding("ok", f"keys are strong; {ring.current.kid} signs")


def key_age(made: int, now: float) -> Finding:
    """Whether the signing key is due for a change."""
    days = int((now - made) // 86_400)
    if now - made > YEAR:
        return Finding(
            "advice", f"the signing key is {days} days old", "flask challenge keys rotate"
        )
    return Finding("ok", f"the signing key is {max(0, days)} days old")


def clock(now: float, newest: int) -> Finding:
    """Whether the machine's clock can be right.

    :param newest: when the newest key was made.
    """
    shown = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    if now < RELEASED or now < newest - 60:
        past = "this release" if now < RELEASED else "the site's own keys"
        return Finding(
            "problem", f"the clock shows {shown}, before {past} were made", "set it, with NTP"
        )
    return Finding("ok", f"the clock shows {shown}")


def store_works(store: Store) -> Finding:
    """Whether the store answers."""
    try:
        store.ping()
    except ChallengeError as error:
        return Finding(
            "problem", f"the store does not answer: {error.detail}", "see its file, or its server"
        )
    return Finding("ok", "the store answers")


def store_server(uri: str) -> Finding | None:
    """Whether others could read or write what is kept on a server; None for other stores."""
    parts = urlsplit(uri)
    if parts.scheme not in REDIS_SCHEMES:
        return None
    if not parts.password:
        return Finding(
            "warning",
            "the store's server asks for no password: who reaches it can open every page",
            "give it a user with the rights in docs/redis.md",
        )
    if not parts.scheme.startswith("rediss") and parts.hostname not in LOOPBACK:
        return Finding(
            "advice",
            "what the store's server is told, its password too, travels as it is",
            "rediss://, or a network where nobody else listens",
        )
    return Finding("ok", "the store's server is for who has its password")


def store_copies(masters: Sequence[Info]) -> Finding | None:
    """Whether a server that is cut off from its replicas goes on selling; None without any."""
    if not any(info.replicas for info in masters):
        return None
    if all(info.needs_replicas for info in masters):
        return Finding("ok", "the store's server stops selling when its replicas do not follow")
    return Finding(
        "advice",
        "a server of the store that is cut off from its replicas goes on selling beside them",
        "min-replicas-to-write 1 on the server (docs/redis.md)",
    )


def store_file(uri: str, folder: Path) -> Path | None:
    """The file of a `sqlite:` URI; None for other stores."""
    parts = urlsplit(uri)
    return folder / unquote(parts.path.removeprefix("/")) if parts.scheme == "sqlite" else None


def file_system(path: Path, mounts: str) -> Finding:
    """Whether a file is on a disk of this machine.

    :param path: absolute, without links.
    :param mounts: the content of /proc/mounts.
    """
    kind, best = "unknown", -1
    for line in mounts.splitlines():
        _, point, mounted, *_ = [*line.split(" "), "", "", ""]
        point = re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), point)
        # The last of several mounts on one point is the one that is seen.
        if point and PurePosixPath(path).is_relative_to(point) and len(point) >= best:
            kind, best = mounted, len(point)
    if REMOTE.fullmatch(kind):
        return Finding(
            "warning",
            f"the store {path} is on {kind}, which may not lock files as SQLite needs it",
            "put it on a local disk: CHALLENGE_STORE_URI=sqlite:////var/lib/.../challenge.db",
        )
    return Finding("ok", f"the store is on a local file system ({kind})")


def disk(free: int, size: int, max_bytes: int) -> Finding:
    """Whether the store may grow as far as it is allowed to.

    :param size: what it takes now.
    """
    room, needed = free // 2**20, max(0, max_bytes - size) // 2**20
    if free < max_bytes - size:
        return Finding(
            "warning",
            f"the disk has {room} MiB free, the store may grow by {needed} MiB",
            "free some, or lower CHALLENGE_STORE_MAX_MB",
        )
    return Finding("ok", f"the disk has {room} MiB free, enough for the store")


def workers(shared: bool, environ: Mapping[str, str]) -> Finding:
    """Whether all workers see one store.

    :param shared: whether the store is shared between processes.
    """
    count = environ.get("WEB_CONCURRENCY", "")
    if not shared and count.isascii() and count.isdigit() and int(count) > 1:
        return Finding(
            "problem",
            f"memory:// holds the state of one process, and WEB_CONCURRENCY is {count}",
            "use the default store, sqlite:///challenge.db",
        )
    return Finding("ok", "all workers see one store" if shared else "memory:// with one worker")


def proxies(trusted: Sequence[object] | None) -> Finding:
    """Whether visitors behind a proxy can be told apart."""
    if trusted is not None and not trusted:
        return Finding("ok", "there is no proxy, says CHALLENGE_TRUSTED_PROXIES")
    if trusted is None:
        return Finding(
            "advice",
            "no trusted proxy is named: the socket peer is taken for the visitor",
            "right without a proxy; behind one, set CHALLENGE_TRUSTED_PROXIES (docs/proxies.md)",
        )
    return Finding("ok", f"trusted proxies: {', '.join(map(str, trusted))}")


def unlimited_pass(sold: bool) -> Finding:
    """Whether pages are counted at all."""
    if sold:
        return Finding(
            "problem",
            "CHALLENGE_UNLIMITED_PASS is on: one solved puzzle opens every page for a week",
            "unset it; it is there for measuring only",
        )
    return Finding("ok", "views are counted")


def debug_mode(debug: bool) -> Finding:
    """Whether Flask would show its insides."""
    if debug:
        return Finding(
            "problem",
            "debug mode is on: whoever causes an error may run code on this machine",
            "unset FLASK_DEBUG where visitors come",
        )
    return Finding("ok", "debug mode is off")


def keys_for_tests(allowed: bool) -> Finding:
    """Whether forms can be passed with keys for tests."""
    if allowed:
        return Finding(
            "problem",
            "test keys are allowed: any form of the site can be sent without work",
            "unset CHALLENGE_ALLOW_TEST_KEYS where visitors come",
        )
    return Finding("ok", "test keys are refused")


def site_secret(secret: str) -> Finding:
    """Whether the operator can see the details of healthz."""
    if not secret:
        return Finding(
            "advice",
            "CHALLENGE_SITE_SECRET is not set: healthz shows its details to nobody",
            "set it to 32 random bytes or more, as text",
        )
    return Finding("ok", "the site secret is set")


def bundle(folder: Path) -> Finding:
    """Whether the browser's files are there, and are those that were built."""
    wrong = []
    try:
        manifest = json.loads((folder / "manifest.json").read_text())
        for name, entry in manifest.items():
            plain = (folder / name).read_bytes()
            digest = base64.b64encode(hashlib.sha384(plain).digest()).decode()
            packed = gzip.decompress((folder / f"{name}.gz").read_bytes())
            if entry["integrity"] != f"sha384-{digest}" or packed != plain:
                wrong.append(name)
            if not (folder / f"{name}.br").stat().st_size:
                wrong.append(f"{name}.br")
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
        return Finding("problem", f"the bundle in {folder}: {error}", "install the package again")
    if wrong or not manifest:
        return Finding(
            "problem",
            f"the bundle in {folder} is not as its manifest says: {', '.join(wrong) or 'empty'}",
            "install the package again; in a checkout, ./run build",
        )
    return Finding("ok", "the bundle is there and matches its manifest")


def current_user() -> int:
    """The id of who runs this, or -1 where users have none."""
    return os.geteuid() if os.name == "posix" else -1
