"""Jobs on several threads, results in the order of the jobs, few of them at a time."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

SPARE = 1
"""Jobs beside those at work that are taken ahead, so that no thread waits while the next job is made; each is held in memory."""

ResultT = TypeVar("ResultT")

MOST = 4
"""Threads that are used at most, however many cores there are: every one holds a part of the book in memory."""


def default_threads() -> int:
    """Return how many threads this machine gives."""
    return min(MOST, os.cpu_count() or 1)


def in_order(jobs: Iterator[Callable[[], ResultT]], threads: int) -> Iterator[ResultT]:
    """Yield every job's result, in order.

    Jobs are taken as threads become free, so that no more than one result a thread and `SPARE` wait.

    The first job that fails ends it: its error is raised where its result would be.
    """
    if threads == 1:
        for job in jobs:
            yield job()
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="engine") as pool:
        waiting: deque[Future[ResultT]] = deque()
        try:
            for job in jobs:
                waiting.append(pool.submit(job))
                if len(waiting) > threads + SPARE:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def ahead(results: Iterator[ResultT], use: Callable[[ResultT], object]) -> Iterator[ResultT]:
    """Yield every result, in order, each used in a thread of its own while the next is made; one is in use at a time.

    All are used when it ends. The first use that fails ends it: its error is raised at the next result.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="engine-use") as pool:
        used: Future[object] | None = None
        for result in results:
            if used is not None:
                used.result()
            used = pool.submit(use, result)
            yield result
        if used is not None:
            used.result()
