"""Signed URLs for the parts of a profile's page, such as its photo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request

from ..config import Settings
from ..core.canonical import canonical

PARAMETER = "challenge-part"


def place(settings: Settings, endpoint: str, arguments: Mapping[str, Any], profile: str) -> str:
    """What a part's ticket is for: the site, the route with its arguments, and the profile."""
    named = [text for name in sorted(arguments) for text in (name, str(arguments[name]))]
    return canonical(settings.site_key, endpoint, profile, *named).hex()


def place_of_request(settings: Settings, profile: str) -> tuple[str | None, str]:
    """The ticket that the current request carries, and the place that it has to be for."""
    endpoint = request.endpoint or ""
    return request.args.get(PARAMETER), place(settings, endpoint, request.view_args or {}, profile)
