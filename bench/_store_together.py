"""How many profiles a second several workers open over one store, each as fast as it can."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from challenge.stores import from_uri

from ._store_sites import PROFILES, Servers, Site, Trips, crowd

#: worker processes, and visitors that read at each of them
WORKERS, READERS = 2, 150


def views_a_second(uri: str, folder: Path) -> float:
    """New profiles that all of them opened in a second, with the sales for them."""
    context = get_context("spawn")
    ready, told = context.Barrier(WORKERS), context.SimpleQueue()
    workers = [
        context.Process(target=_work, args=(uri, folder, number, READERS, ready, told))
        for number in range(WORKERS)
    ]
    for worker in workers:
        worker.start()
    # A worker that has failed tells nothing.
    with ThreadPoolExecutor(1) as pool:
        times = [pool.submit(told.get).result(120) for _ in workers]
    for worker in workers:
        worker.join(10)
    seconds: float = max(ended for _, ended in times) - min(began for began, _ in times)
    return WORKERS * READERS * PROFILES / seconds


def _work(uri: str, folder: Path, number: int, many: int, ready: Barrier, told: Any) -> None:
    store = from_uri(uri, folder=folder, max_bytes=2**30)
    site = Site(store, Trips(), Servers())
    visitors = crowd(100_000 * (number + 1))
    site.warm(next(visitors))
    readers = list(islice(visitors, many))
    ready.wait(60)
    began = time.time()
    for reader in readers:
        site.read([reader])
    told.put((began, time.time()))
    store.close()
