"""What it costs to take pages, at prices that are stated."""

from __future__ import annotations

from dataclasses import dataclass

from .counting import Count

#: USD for an hour of one virtual CPU, as large clouds rent them
CPU_HOUR_USD = 0.04
#: USD for a gigabyte through residential proxies; from 1 to 5 were asked in 2026
PROXY_GB_USD = 3.0
#: bytes that a profile's page and its part of the sales take through the proxy
PAGE_BYTES = 50_000


@dataclass(frozen=True, slots=True)
class Bill:
    """What pages cost who took them."""

    cpu_seconds: float
    #: of a million pages
    usd_per_million: float
    cpu_usd: float
    #: the prices that it is reckoned by
    stated: str = (
        f"USD {CPU_HOUR_USD} a CPU hour at the reference engine's speed,"
        f" USD {PROXY_GB_USD:g} a GB of residential proxy, {PAGE_BYTES // 1000} kB a page"
    )


def bill(count: Count, *, proxied: bool = True) -> Bill:
    """What a million pages like these would cost.

    :param proxied: whether the pages come through rented networks.
    """
    cpu_seconds = count.work_ms / 1000
    pages = max(1, count.opened)
    cpu_usd = cpu_seconds / 3600 * CPU_HOUR_USD * 1e6 / pages
    proxy_usd = PAGE_BYTES * 1e6 / 1e9 * PROXY_GB_USD if proxied else 0.0
    return Bill(cpu_seconds, cpu_usd + proxy_usd, cpu_usd)
