"""A ceiling on the memory of a check: what a packet unfolds to is the sender's choice.

A few kilobytes of a PDF can unfold to gigabytes. With the ceiling that ends as a rejection; without
it, as a machine that stands still. Where the system knows no such limit, there is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BUDGET = 2 << 30
"""Bytes beyond what the process holds when the check begins."""


@contextmanager
def bounded(budget: int = BUDGET) -> Iterator[None]:
    """Within it the whole process gets `MemoryError` beyond the budget, all its threads included.

    For a program of its own, not for a library: that is why `examine_packet` leaves it out.
    """
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        ceiling = pages * resource.getpagesize() + budget
    except (ImportError, OSError, ValueError):
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limits = [each for each in (ceiling, soft, hard) if each != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min(limits), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
