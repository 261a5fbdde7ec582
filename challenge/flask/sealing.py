"""No shared cache ever keeps a gated page, or what stood in its place.

Done as the answer leaves the app, behind every `after_request` of the application: a hook that
makes all pages cacheable is common.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from flask import request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_SEAL = "challenge.seal"
Headers = list[tuple[str, str]]
#: what intermediaries obey in place of Cache-Control
_CACHE_HEADERS = frozenset(
    ("cache-control", "expires", "pragma", "surrogate-control", "edge-control", "x-accel-expires")
)


def seal(cache_control: str, *vary: str, **headers: str) -> None:
    """Fix how the answer to the current request may be cached.

    :param cache_control: its whole Cache-Control; a page's own `no-store` is kept.
    :param vary: headers that are added to Vary.
    :param headers: further headers to set, with `_` for `-`.
    """
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    request.environ[_SEAL] = (cache_control, vary, named)


def sealed(app: WSGIApplication) -> WSGIApplication:
    """Wrap a WSGI application so that seals are put on its answers."""

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: Headers, *rest: Any) -> Callable[[bytes], object]:
            if _SEAL in environ:
                headers = _with_seal(headers, *environ[_SEAL])
            return start_response(status, headers, *rest)

        return app(environ, start)

    return application


def _with_seal(
    headers: Headers, cache_control: str, vary: tuple[str, ...], named: Headers
) -> Headers:
    strict = any("no-store" in v.lower() for k, v in headers if k.lower() == "cache-control")
    wanted = {word.strip() for k, v in headers if k.lower() == "vary" for word in v.split(",")}
    kept = [(k, v) for k, v in headers if not _is_about_caching(k.lower())]
    return [
        *kept,
        ("Cache-Control", "no-store" if strict else cache_control),
        ("Vary", ", ".join(sorted(wanted.union(vary)))),
        *named,
    ]


def _is_about_caching(name: str) -> bool:
    return name in _CACHE_HEADERS or name == "vary" or name.endswith("cdn-cache-control")
