"""The codes on the protocol's page are those that the package says over HTTP, and no others."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from challenge import errors
from challenge.core.models import Charge
from challenge.core.networks import UnknownAddress
from challenge.errors import ChallengeError

from .serving import ROOT

PACKAGE = ROOT / "challenge"
PAGE = ROOT / "docs" / "protocol.md"
CLASSES: dict[str, type[ChallengeError]] = {
    kind.__name__: kind
    for kind in [*vars(errors).values(), UnknownAddress]
    if isinstance(kind, type) and issubclass(kind, ChallengeError)
}
#: never said to a client, and why
UNSAID = {
    (400, "form_malformed"): "siteverify has words of its own: bad-request",
    (400, "unsupported_media_type"): "likewise; everywhere else it is 415",
    (403, "jwks_unavailable"): "for who verifies away from the gate",
    (403, "wrong_issuer"): "likewise: the gate's own keys sign for one issuer",
    (403, "test_failed"): "siteverify has words of its own: invalid-input-response",
    (403, "network_changed"): "the way in without scripts gives a new ticket",
    (503, "bans_full"): "for the command line",
}

Codes = set[tuple[int, str]]


def section(title: str) -> str:
    return PAGE.read_text().partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def table_of_codes() -> Codes:
    """Each status with each of its codes, as the page's table has them."""
    rows = re.findall(r"^\| (\d{3}) \| (.*) \|$", section("9. Codes"), re.MULTILINE)
    return {(int(status), code) for status, row in rows for code in re.findall(r"`(\w+)`", row)}


def sources() -> Iterator[str]:
    for path in sorted(PACKAGE.rglob("*.py")):
        if "cli" not in path.relative_to(PACKAGE).parts:
            yield path.read_text()


def raised(source: str) -> Codes:
    """Each status with its code, as far as it can be said while the gate is running."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return {pair for call in calls for pair in said_by(call)}


def said_by(call: ast.Call) -> Codes:
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    if name == "_coded" and isinstance(call.args[0], ast.Constant):
        return {tuple(ast.literal_eval(argument) for argument in call.args)}  # type: ignore[misc]
    if name not in CLASSES:
        return set()
    kind = CLASSES[name]
    given = [word.value for word in call.keywords if word.arg == "code"]
    if not given:
        assert kind.default_code not in ("refused", "malformed", "invalid_token", "queued"), (
            f"line {call.lineno}: {name} without a code"
        )
        return {(kind.status, kind.default_code)}
    if name == "ConfigError":
        # With a code of its own it stops the start, or a command.
        return set()
    if isinstance(given[0], ast.Constant):
        return {(kind.status, given[0].value)}
    assert name == "ClearanceRequired", f"line {call.lineno}: what code is it?"
    charges = (Charge.EMPTY, Charge.UNKNOWN, Charge.REPLACED, Charge.ALTERNATES)
    return {(kind.status, charge.value) for charge in charges}


def test_the_table_is_what_the_package_says() -> None:
    said = set().union(*map(raised, sources()))
    assert said >= UNSAID.keys()
    assert said - UNSAID.keys() == table_of_codes()


def test_control_codes_are_found_where_they_are_raised() -> None:
    assert raised('raise Malformed("x", code="new_code")') == {(400, "new_code")}
    assert raised("raise Queued(code='busy', retry_after=1)") == {(429, "busy")}
    assert raised("raise Banned()") == {(403, "banned")}
    assert raised("return _coded(404, 'gone')") == {(404, "gone")}
    assert raised("raise ConfigError('x', code='bad_setting')") == set()


def test_every_code_of_a_class_is_in_the_table() -> None:
    abstract = {"ChallengeError", "Malformed", "TokenRefused", "Queued"}
    defaults = {(k.status, k.default_code) for n, k in CLASSES.items() if n not in abstract}
    assert defaults <= table_of_codes()


def test_codes_in_the_pages_text_are_in_its_table() -> None:
    """A code with a status before it, wherever the page speaks of one."""
    text = PAGE.read_text().partition("\n## 9. Codes\n")[0]
    spoken = {(int(s), c) for s, c in re.findall(r"\b([45]\d\d) `([a-z_]+)`", text)}
    assert len(spoken) > 15
    assert spoken <= table_of_codes()
